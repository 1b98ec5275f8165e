#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What a reload does to interfaces, and where it finds its configuration: drop-ins."""
import json

import harness
from harness import Frame


def bus(name, **more):
    return {"interface": f"v{name}", "topic": name, "role": "server", "write": "all", **more}


class AReload(harness.Scenario):
    def setUp(self):
        super().setUp()
        self.broker = self.place.broker()
        self.config = {"brokers": harness.broker_entry(self.broker.port, "here"),
                       "buses": {"a": bus("a"), "b": bus("b")}}
        self.status = self.place.status(self.broker)

    def start(self):
        self.daemon = self.place.daemon("daemon", self.config, control=True)
        self.wait_on("a", "va")
        self.wait_on("b", "vb")

    def wait_on(self, topic, interface):
        self.status.wait(harness.server_status(topic),
                         lambda status: status["state"] == "online" and status["interface"] == interface, interface)

    def reload(self):
        self.assertEqual(self.daemon.reload(self.config), "")

    def assert_bridged(self, socket, topic):
        with self.place.peer("client", topic, self.broker) as peer:
            socket.send(Frame(0x123, b"\x01"))
            self.assertEqual([str(frame) for frame in peer.take(1)], ["123#01"])
            peer.send(Frame(0x124, b"\x02"))
            self.assertEqual([str(frame) for frame in socket.receive(1)], ["124#02"])

    def test_swaps_the_interfaces_of_two_buses(self):
        self.start()
        indexes = [harness.link(name)["ifindex"] for name in ("va", "vb")]
        a, b = self.place.can("va"), self.place.can("vb")
        for first, second in (("vb", "va"), ("va", "vb")):
            self.config["buses"] = {"a": bus("a", interface=first), "b": bus("b", interface=second)}
            self.reload()
            self.wait_on("a", first)
            self.wait_on("b", second)
            sockets = {"va": a, "vb": b}  # which a local program held all along
            self.assert_bridged(sockets[first], "a")
            self.assert_bridged(sockets[second], "b")
            self.assertEqual([harness.link(name)["ifindex"] for name in ("va", "vb")], indexes)
            self.assertEqual(harness.link(first)["ifalias"].split("@")[0], "mqttcan:a")

    def test_gives_the_interface_of_a_bus_that_goes_to_one_that_comes(self):
        self.start()
        index = harness.link("va")["ifindex"]
        self.config["buses"] = {"c": bus("c", interface="va"), "b": bus("b", interface="vnew")}
        self.reload()
        self.assertEqual(harness.link("va")["ifindex"], index)
        self.assertTrue(harness.is_up("vnew"))
        self.assertIsNone(harness.link("vb"))
        self.wait_on("c", "va")
        self.wait_on("b", "vnew")
        self.assert_bridged(self.place.can("va"), "c")
        self.assert_bridged(self.place.can("vnew"), "b")
        self.assertIsNone(self.status.get(harness.server_status("a")))

    def test_leaves_interfaces_alone_that_are_not_its_own(self):
        self.place.vcan("vb")
        self.start()
        del self.config["buses"]["b"]
        self.reload()
        self.assertTrue(harness.is_up("vb"))

    def test_of_a_filter_takes_no_interface_down_at_either_end(self):
        self.start()
        far_config = {"brokers": harness.broker_entry(self.broker.port, "far"),
                      "buses": {"a": {"interface": "vfar", "topic": "a", "on_offline": "down"}}}
        far = self.place.daemon("far", far_config, control=True)
        self.status.wait_online(harness.client_status("a", "far"))
        near_socket, far_socket = self.place.can("va"), self.place.can("vfar")
        self.assert_cross([Frame(0x100)], near_socket, far_socket)
        self.config["buses"]["a"]["from_bus"] = {"filter": {"deny": ["666"]}}
        self.reload()
        self.wait_on("a", "va")
        self.assert_crosses_soon(near_socket, far_socket)
        far_config["buses"]["a"]["from_bus"] = {"filter": {"deny": ["666"]}}
        end = len(far.log())
        self.assertEqual(far.reload(far_config), "")
        self.assertTrue(harness.is_up("vfar"))
        self.assert_crosses_soon(near_socket, far_socket)
        self.assert_crosses_soon(far_socket, near_socket)
        self.assertNotIn("cannot be reached", far.log()[end:])  # and no socket got ENETDOWN

    def test_reads_drop_ins(self):
        folder = self.place.folder / "daemon.d"
        folder.mkdir()

        def drop_in(name, content):
            (folder / name).write_text(content if isinstance(content, str) else json.dumps(content))

        drop_in("10-first.json", {"buses": {"a": {"topic": "first"}, "c": bus("c")}})
        drop_in("20-second.json", {"buses": {"a": {"topic": "second"}, "b": None}})
        drop_in("30-ignored.txt", "{")
        drop_in(".40-hidden.json", "{")
        self.daemon = self.place.daemon("daemon", self.config, control=True)
        self.wait_on("second", "va")
        self.wait_on("c", "vc")
        self.assertIsNone(harness.link("vb"))
        self.assertIsNone(self.status.get(harness.server_status("first")))
        drop_in("50-bad.json", '{"buses":\n  {"a": {"topic": "a/#"}}}')
        said = self.daemon.reload(code=78)
        self.assertIn(f"{folder / '50-bad.json'}:2:", said)
        checked = harness.tool("check", self.daemon.config_path)
        self.assertEqual((checked.returncode, checked.stdout + checked.stderr), (78, said))
        drop_in("50-bad.json", '{"buses": {"nobody": null}}')
        self.assertIn("50-bad.json:1:", self.daemon.reload(code=78))
        (folder / "50-bad.json").unlink()
        drop_in("60-new.json", {"buses": {"d": bus("d"), "c": None}})
        (folder / "10-first.json").unlink()
        self.assertIn("60-new.json:1:", self.daemon.reload(code=78))  # nobody says c any more
        drop_in("60-new.json", {"buses": {"d": bus("d")}})
        self.assertEqual(self.daemon.reload(), "")
        self.assertTrue(harness.is_up("vd"))
        self.assertIsNone(harness.link("vc"))
        self.wait_on("d", "vd")
        self.assert_bridged(self.place.can("va"), "second")


if __name__ == "__main__":
    harness.main()
