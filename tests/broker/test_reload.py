#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A changed configuration under traffic: only what changed is touched."""
import copy
import re
import signal

import harness
from harness import Frame
from kit.sequence import Lane, Traffic

SETTINGS = {"to_bus": {"max_age": "30s"}, "from_bus": {"max_age": "30s"}}  # this kernel may stand still for a while


def near_bus(number, **more):
    return {"interface": f"vnear{number}", "topic": f"t{number}", "role": "server", "write": "all", **SETTINGS, **more}


def far_bus(number, **more):
    return {"interface": f"vfar{number}", "topic": f"t{number}", "role": "client", **SETTINGS, **more}


class Reloads(harness.Scenario):
    def start(self, numbers):
        self.broker = self.place.broker()
        self.config = {
            side: {"brokers": harness.broker_entry(self.broker.port, side),
                   "buses": {f"b{number}": bus(number) for number in numbers}}
            for side, bus in (("near", near_bus), ("far", far_bus))}
        self.daemons = {side: self.place.daemon(side, config, control=True) for side, config in self.config.items()}
        self.status = self.place.status(self.broker)
        for number in numbers:
            self.wait_online(f"t{number}")

    def wait_online(self, topic):
        self.status.wait_online(harness.server_status(topic))
        self.status.wait_online(harness.client_status(topic, "far"))

    def traffic(self, numbers):
        lanes = []
        for number in numbers:
            near, far = self.place.can(f"vnear{number}"), self.place.can(f"vfar{number}")
            lanes += [Lane(near, far, 0x100), Lane(far, near, 0x200)]
        traffic = Traffic(lanes)
        self.addCleanup(traffic.stop)
        traffic.wait_more()
        return traffic

    def change(self, near=None, far=None):
        """Buses by number: another one, or None to remove it. On both sides, each with its reload."""
        for side, buses in (("near", near or {}), ("far", far or {})):
            wanted = self.config[side]["buses"]
            for number, bus in buses.items():
                wanted.pop(f"b{number}", None)
                if bus is not None:
                    wanted[f"b{number}"] = bus
            self.assertEqual(self.daemons[side].reload(self.config[side]), "")

    def connects(self):
        """How often each side greeted the broker."""
        return re.findall(r"New client connected from \S+ as (near|far) ", self.broker.log())

    def wait_gone(self, topic):
        harness.wait_for(lambda: self.status.get(topic) is None, f"{topic} is cleared")


class OfTenBuses(Reloads):
    def test_touch_only_those_that_changed(self):
        self.start(range(10))
        sessions = {topic: self.status.get(topic)["session"] for topic in ("mqttcan/near/status", "mqttcan/far/status")}
        indexes = {name: harness.link(name)["ifindex"] for name in ("vnear0", "vfar7", "vnear9", "vfar9")}
        traffic = self.traffic(range(8))
        near, far = self.place.can("vnear9"), self.place.can("vfar9")
        self.assert_cross([Frame(0x300 + number) for number in range(20)], near, far)
        self.one_goes_one_comes_one_moves(near, far)
        traffic.wait_more()
        self.only_a_filter_changes(near, far)
        traffic.wait_more()
        self.roles_change(near, far)
        traffic.wait_more()
        self.assertEqual(traffic.complaints(), [])
        self.assertEqual(sorted(self.connects()), ["far", "near"])
        for topic, session in sessions.items():
            self.assertEqual(self.status.get(topic)["session"], session)
            self.assertEqual(self.status.get(topic)["state"], "online")
        self.assertEqual({name: harness.link(name)["ifindex"] for name in indexes}, indexes)

    def one_goes_one_comes_one_moves(self, near, far):
        old = [harness.server_status("t9"), harness.client_status("t9", "far")]
        counters = [self.status.get(topic)["counters"] for topic in old]
        self.change({8: None, 10: near_bus(10), 9: near_bus(9, topic="moved")},
                    {8: None, 10: far_bus(10), 9: far_bus(9, topic="moved")})
        for side in ("near", "far"):  # no waiting: reload has returned
            self.assertIsNone(harness.link(f"v{side}8"))
            self.assertTrue(harness.is_up(f"v{side}10"))
        for topic in (*old, harness.server_status("t8"), harness.client_status("t8", "far")):
            self.wait_gone(topic)
        self.wait_online("moved")
        self.wait_online("t10")
        self.assert_cross([Frame(0x310)], near, far)
        self.assert_cross([Frame(0x310)], self.place.can("vnear10"), self.place.can("vfar10"))
        for topic, before in zip((harness.server_status("moved"), harness.client_status("moved", "far")), counters):
            self.status.wait(topic, lambda status: all(  # what was counted before, and two frames more at least
                status["counters"][way]["received"] >= before[way]["received"] + 2 for way in ("from_bus", "to_bus")),
                "the counters go on")

    def only_a_filter_changes(self, near, far):
        from_bus = {**SETTINGS["from_bus"], "filter": {"deny": ["321"]}}
        self.change({9: near_bus(9, topic="moved", from_bus=from_bus)})
        self.assert_cross([Frame(0x322)], near, far)
        near.send(Frame(0x321))
        self.assert_cross([Frame(0x323)], near, far)
        self.assert_cross([Frame(0x321)], far, near)

    def roles_change(self, near, far):
        self.change({9: near_bus(9, topic="moved", role="client")}, {9: far_bus(9, topic="moved", role="server")})
        self.wait_gone(harness.client_status("moved", "far"))
        self.status.wait(harness.server_status("moved"), lambda status: status["interface"] == "vfar9", "the far one")
        self.status.wait_online(harness.client_status("moved", "near"))
        self.assert_cross([Frame(0x321), Frame(0x324)], near, far)
        self.assert_cross([Frame(0x321), Frame(0x324)], far, near)


class OfFewBuses(Reloads):
    def test_many_in_quick_succession(self):
        self.start(range(2))
        traffic = self.traffic(range(2))
        with harness.Varlink(self.daemons["near"].control_path) as near, \
                harness.Varlink(self.daemons["far"].control_path) as far:
            for turn in range(25):
                for side, bus, varlink in (("near", near_bus, near), ("far", far_bus, far)):
                    buses = self.config[side]["buses"]
                    buses["b5"] = bus(5, topic=f"turn{turn}")
                    buses.pop(f"b{10 + turn - 1}", None)
                    buses[f"b{10 + turn}"] = bus(10 + turn)
                    self.daemons[side].write(self.config[side])
                    self.assertEqual(varlink.call("org.mqttcan.Reload"), {})
                    self.assertTrue(harness.is_up(f"v{side}{10 + turn}"))
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
            self.assertIsNone(self.status.get(harness.client_status(f"t{turn + 10}", "far")))
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
