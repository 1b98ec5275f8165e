#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A broker that is not there yet is no failure."""
import harness


class ADaemonWithoutABroker(harness.Scenario):
    def test_has_its_interfaces_up_says_what_is_wrong_and_connects_once_the_broker_is_there(self):
        port = harness.free_port()
        broker = self.place.broker(port=port, start=False)
        daemon = self.place.daemon("lonely", {
            "brokers": harness.broker_entry(port, "lonely"),
            "buses": {"here": {"interface": "vhere", "topic": "can", "role": "server", "write": "all"},
                      "there": {"interface": "vthere", "topic": "can", "role": "client"}}})
        harness.wait_up("vhere")
        harness.wait_up("vthere")
        daemon.wait_log("refused")
        broker.start()
        status = self.place.status(broker)
        status.wait_online(harness.server_status("can"))
        status.wait_online(harness.client_status("can", "lonely"))
        self.assert_cross(harness.every_kind(), self.place.can("vhere"), self.place.can("vthere"))
        daemon.terminate()

    def test_stops_when_told_to(self):
        port = harness.free_port()
        daemon = self.place.daemon("lonely", {
            "brokers": harness.broker_entry(port, "lonely"),
            "buses": {"there": {"interface": "vthere", "topic": "can", "role": "client"}}})
        daemon.wait_log("refused")
        daemon.terminate()
        self.assertFalse(harness.is_up("vthere"))


if __name__ == "__main__":
    harness.main()
