#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Reloads of all sorts under traffic: many at once, of a bad file, by SIGHUP, and of what a bus may do."""
import signal

import harness
from harness import Frame
from kit.reloading import Reloads, far_bus, near_bus


class OfFewBuses(Reloads):
    def test_many_in_quick_succession(self):
        self.start(range(2))
        traffic = self.traffic(range(2))
        with harness.Varlink(self.daemons["near"].control_path) as varlink:
            for turn in range(25):
                buses = self.config["near"]["buses"]
                buses["b5"] = near_bus(5, topic=f"turn{turn}")
                buses.pop(f"b{10 + turn - 1}", None)
                buses[f"b{10 + turn}"] = near_bus(10 + turn)
                self.daemons["near"].write(self.config["near"])
                self.assertEqual(varlink.call("org.mqttcan.Reload"), {})
                self.assertTrue(harness.is_up(f"vnear{10 + turn}"))
        self.change(far={5: far_bus(5, topic="turn24"), 34: far_bus(34)})
        for topic in ("turn24", "t34"):
            self.wait_online(topic)
        self.assert_cross([Frame(0x300)], self.place.can("vnear5"), self.place.can("vfar5"))
        self.assert_cross([Frame(0x300)], self.place.can("vfar34"), self.place.can("vnear34"))
        self.assertEqual(traffic.complaints(), [])
        self.assertEqual(sorted(self.connects()), ["far", "near"])
        self.assertEqual([name for name in harness.links() if name.startswith("vnear")],
                         ["vnear0", "vnear1", "vnear5", "vnear34"])
        for turn in range(24):
            self.assertIsNone(self.status.get(harness.server_status(f"turn{turn}")))
            self.assertIsNone(self.status.get(harness.server_status(f"t{turn + 10}")))
        for side, daemon in self.daemons.items():
            self.assertNotRegex(daemon.log(), "somebody|nobody subscribed", side)
            daemon.terminate()

    def test_of_a_bad_file_change_nothing(self):
        self.start(range(2))
        traffic = self.traffic(range(2))
        near = self.daemons["near"]
        for bad in ('{"buses": {}, "bosses": 1}', "{", '{"buses": {"a": {"topic": "a/#", "role": "king"}}}'):
            near.write(bad)
            checked = harness.tool("check", near.config_path)
            self.assertEqual(checked.returncode, 78)
            self.assertEqual(near.reload(code=78), checked.stdout + checked.stderr)
        end = len(near.log())
        near.signal(signal.SIGHUP)
        near.wait_log("configuration unchanged", after=end)
        near.config_path.unlink()
        self.assertIn(str(near.config_path), near.reload(code=78))
        traffic.wait_more()
        self.assertEqual(near.reload(self.config["near"]), "")
        traffic.wait_more()
        self.assertEqual(traffic.complaints(), [])
        self.assertEqual(sorted(self.connects()), ["far", "near"])

    def test_by_sighup_do_the_same(self):
        self.start(range(2))
        traffic = self.traffic(range(1))
        self.config["near"]["buses"] |= {"b1": near_bus(1, topic="moved"), "b2": near_bus(2)}
        near = self.daemons["near"]
        near.write(self.config["near"])
        near.signal(signal.SIGHUP)
        near.wait_log("configuration reloaded")
        self.assertTrue(harness.is_up("vnear2"))
        self.status.wait_online(harness.server_status("moved"))
        self.wait_gone(harness.server_status("t1"))
        traffic.wait_more()
        self.assertEqual(traffic.complaints(), [])
        self.assertEqual(sorted(self.connects()), ["far", "near"])

    def test_let_a_bus_that_may_not_write_write(self):
        self.broker = self.place.broker()
        config = {"brokers": harness.broker_entry(self.broker.port, "near"),
                  "buses": {"b0": near_bus(0, write="none"), "b1": near_bus(1, write="none")}}
        near = self.place.daemon("near", config, control=True)
        self.place.daemon("far", {"brokers": harness.broker_entry(self.broker.port, "far"),
                                  "buses": {"b0": far_bus(0), "b1": far_bus(1)}})
        self.status = self.place.status(self.broker)
        for topic in ("t0", "t1"):
            self.wait_online(topic)
        near0, far0 = self.place.can("vnear0"), self.place.can("vfar0")
        near1, far1 = self.place.can("vnear1"), self.place.can("vfar1")
        self.assert_one_way(near0, far0)
        # Long after the session began, so that only a tick can show that frames are fresh.
        ages = {"to_bus": {"max_age": "1s"}}
        harness.let_pass(1.5)
        config["buses"]["b0"] = near_bus(0, **ages)
        began = self.status.get(harness.server_status("t0"))
        self.assertEqual(near.reload(config), "")
        self.status.wait(harness.server_status("t0"), lambda status: status != began and status["state"] == "online",
                         "online again")
        self.assert_cross([Frame(0x300)], far0, near0)
        harness.let_pass(1.5)
        self.assert_cross([Frame(0x301)], far0, near0)
        self.assert_one_way(near1, far1)
        config["buses"]["b0"] = near_bus(0, write="none")
        self.assertEqual(near.reload(config), "")
        far0.send(Frame(0x302))
        self.assert_one_way(near0, far0)
        self.assertEqual(near0.drain(), [])
        self.assertEqual(sorted(self.connects()), ["far", "near"])

    def assert_one_way(self, near, far):
        far.send(Frame(0x310))
        near.send(Frame(0x311))
        self.assertEqual(str(far.receive(1)[0]), "311#")
        self.assertEqual(near.drain(), [])


if __name__ == "__main__":
    harness.main()
