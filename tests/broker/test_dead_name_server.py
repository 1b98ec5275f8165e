#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""One broker's dead name server does not hold up the buses of another broker."""
import os
import socket

import harness


class ABrokerWhoseNameServerIsDead(harness.Scenario):
    def setUp(self):
        super().setUp()
        self.name_server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(self.name_server.close)
        self.name_server.bind(("127.0.0.1", 53))
        self.name_server.settimeout(harness.DEADLINE)
        resolver = self.place.folder / "resolv.conf"
        resolver.write_text("nameserver 127.0.0.1\noptions timeout:30 attempts:1\n")
        target = os.path.realpath("/etc/resolv.conf")
        if not os.path.exists(target):
            open(target, "w").close()
        harness.run("mount", "--bind", str(resolver), target)
        self.addCleanup(harness.run, "umount", target)

    def test_leaves_the_buses_of_another_broker_alone(self):
        broker = self.place.broker()
        daemon = self.place.daemon("both", {
            "brokers": {**harness.broker_entry(broker.port, "both"), "dead": {"url": "mqtt://broker.example.com"}},
            "buses": {"waiting": {"interface": "vwait", "topic": "other", "broker": "dead"},
                      "here": {"interface": "vhere", "topic": "can", "role": "server", "broker": "default"},
                      "there": {"interface": "vthere", "topic": "can", "broker": "default"}}})
        self.name_server.recv(512)  # somebody waits for an answer now, and none will come
        status = self.place.status(broker)
        status.wait_online(harness.server_status("can"))
        status.wait_online(harness.client_status("can", "both"))
        self.assert_cross(harness.every_kind(), self.place.can("vhere"), self.place.can("vthere"))
        self.assertNotIn("broker.example.com\" cannot be resolved", daemon.log(), "the question is still open")
        daemon.terminate()


if __name__ == "__main__":
    harness.main()
