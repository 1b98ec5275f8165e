#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A changed broker entry replaces its own connection and no other; without broker a reload works all the same."""
import re

import harness
from harness import Frame

AGES = {"to_bus": {"max_age": "30s"}, "from_bus": {"max_age": "30s"}}


def server(name, entry="a", **more):
    return {"interface": f"v{name}", "topic": name, "role": "server", "write": "all", "broker": entry, **AGES, **more}


class AReload(harness.Scenario):
    def setUp(self):
        super().setUp()
        self.broker = self.place.broker()
        self.config = {"brokers": {entry: self.entry(entry) for entry in "ab"},
                       "buses": {"one": server("one"), "two": server("two", "b")}}

    def entry(self, client_id, broker=None, **more):
        return {"url": f"mqtt://127.0.0.1:{(broker or self.broker).port}", "client_id": client_id, **more}

    def start(self):
        self.daemon = self.place.daemon("daemon", self.config, control=True)
        self.status = self.place.status(self.broker)
        for bus in self.config["buses"]:
            self.status.wait_online(harness.server_status(bus))

    def reload(self):
        self.assertEqual(self.daemon.reload(self.config), "")

    def connects(self, client_id):
        return len(re.findall(rf"New client connected from \S+ as {client_id} ", self.broker.log()))

    def wait_broker_log(self, pattern):
        harness.wait_for(lambda: re.search(pattern, self.broker.log()), f"mosquitto logs {pattern!r}")

    def assert_crosses(self, interface, topic):
        with self.place.can(interface) as bus, self.place.peer("client", topic, self.broker) as peer:
            bus.send(Frame(0x123, b"\x01"))
            self.assertEqual([str(frame) for frame in peer.take(1)], ["123#01"])
            peer.send(Frame(0x124, b"\x02"))
            self.assertEqual([str(frame) for frame in bus.receive(1)], ["124#02"])

    def test_replaces_the_connection_of_a_changed_entry_alone(self):
        self.start()
        for turn, more in enumerate(({"tick": "300ms"}, {"username": "u", "password": "p"}, {"keep_alive": "30s"}), 2):
            self.config["brokers"]["a"] = self.entry("a", **more)
            self.reload()
            harness.wait_for(lambda: self.connects("a") == turn, "connected anew")  # pylint: disable=cell-var-from-loop
            self.status.wait_online(harness.server_status("one"))
            self.assert_crosses("vone", "one")
        self.assertEqual(self.connects("a"), 4)
        self.assertEqual(self.connects("b"), 1)
        self.assertNotRegex(self.broker.log(), "already connected|Client [ab] closed its connection")
        self.assertEqual(len(re.findall("Client a disconnected", self.broker.log())), 3)
        self.assertEqual(self.status.get("mqttcan/a/status")["state"], "online")
        self.assert_crosses("vtwo", "two")

    def test_with_another_client_id_leaves_the_old_one_offline(self):
        self.config["brokers"]["a"]["status_topic"] = "mqttcan/here/status"
        self.config["buses"]["three"] = {"interface": "vthree", "topic": "three", "broker": "a"}
        self.start_with_client()
        for number in range(5):
            self.config["brokers"]["a"] = self.entry(f"n{number}", status_topic="mqttcan/here/status")
            self.reload()
            self.wait_broker_log(rf"New client connected from \S+ as n{number} ")
            self.status.wait_online(harness.client_status("three", f"n{number}"))
        self.wait_broker_log("Client n3 disconnected")
        for topic in ("mqttcan/here/status", harness.server_status("one")):
            self.status.wait_online(topic)
        self.assertIsNone(self.status.get(harness.client_status("three", "a")))
        self.assertIsNone(self.status.get(harness.client_status("three", "n0")))
        self.assert_crosses("vone", "one")
        self.config["brokers"]["a"] = self.entry("last")
        self.reload()
        self.status.wait_online("mqttcan/last/status")
        self.assertEqual(self.status.get("mqttcan/here/status")["state"], "offline")

    def start_with_client(self):
        self.daemon = self.place.daemon("daemon", self.config, control=True)
        self.status = self.place.status(self.broker)
        self.status.wait_online(harness.server_status("one"))
        self.status.wait_online(harness.client_status("three", "a"))

    def test_says_goodbye_where_no_bus_is_left(self):
        self.start()
        del self.config["buses"]["two"]
        self.reload()
        self.wait_broker_log("Client b disconnected")
        self.status.wait("mqttcan/b/status", lambda status: status["state"] == "offline", "offline")
        harness.wait_for(lambda: self.status.get(harness.server_status("two")) is None, "its status is cleared")
        self.assertIsNone(harness.link("vtwo"))
        self.assertNotIn("Client b closed its connection", self.broker.log())
        self.assert_crosses("vone", "one")
        self.config["buses"]["two"] = server("two", "b")
        self.reload()
        self.status.wait_online("mqttcan/b/status")
        self.assertEqual(self.connects("a"), 1)

    def test_clears_what_it_said_at_a_broker_that_it_leaves(self):
        self.start()
        other = self.place.broker()
        self.config["brokers"]["a"] = self.entry("a", other)
        self.reload()
        elsewhere = self.place.status(other)
        elsewhere.wait_online(harness.server_status("one"))
        harness.wait_for(lambda: self.status.get(harness.server_status("one")) is None, "the old status is cleared")
        self.status.wait("mqttcan/a/status", lambda status: status["state"] == "offline", "offline")
        self.config["buses"]["one"] = server("one", "b")  # and back, by the other entry
        self.reload()
        self.status.wait_online(harness.server_status("one"))
        harness.wait_for(lambda: elsewhere.get(harness.server_status("one")) is None, "and there, too")
        self.assert_crosses("vone", "one")
        self.assertEqual(self.connects("b"), 1)

    def test_works_while_the_broker_is_away(self):
        keeps = self.place.broker("persistence true", f"persistence_location {self.place.folder}/")
        self.broker = keeps
        self.config["brokers"] = {entry: self.entry(entry) for entry in "ab"}
        self.start()
        keeps.process.signal(15)
        keeps.process.wait()
        self.daemon.wait_log("trying again")
        waiting = {"interface": "nowhere0", "kind": "can", "bitrate": "500k", "topic": "waits", "broker": "a"}
        self.config["buses"] = {"one": server("one", topic="moved"), "three": server("three"), "waits": waiting}
        self.reload()
        self.assertIsNone(harness.link("vtwo"))
        self.assertTrue(harness.is_up("vthree"))
        keeps.start()
        for topic in ("moved", "three"):
            self.status.wait_online(harness.server_status(topic))
        self.assert_crosses("vone", "moved")
        self.status.wait(harness.client_status("waits", "a"), lambda status: status["state"] == "waiting", "waits")
        # The broker remembered it, and the entry still has a connection that can say so.
        harness.wait_for(lambda: self.status.get(harness.server_status("one")) is None, "the old topic is cleared")
        end = len(self.daemon.log())
        self.config["buses"]["four"] = server("four")  # while one waits
        self.reload()
        self.status.wait_online(harness.server_status("four"))
        self.assertNotIn("nowhere0", self.daemon.log()[end:])

    def test_ends_well_though_a_connection_is_still_leaving(self):
        self.start()
        self.config["brokers"]["a"] = self.entry("a", tick="300ms")
        self.reload()
        self.daemon.terminate()
        for topic in ("mqttcan/a/status", "mqttcan/b/status", harness.server_status("one")):
            self.status.wait(topic, lambda status: status["state"] == "offline", "offline")


if __name__ == "__main__":
    harness.main()
