#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A changed configuration under traffic on ten buses: only what changed is touched."""
import harness
from harness import Frame
from kit.reloading import SETTINGS, Reloads, far_bus, near_bus


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
        self.assert_crosses_again(far, near)
        self.assert_cross([Frame(0x322)], near, far)
        near.send(Frame(0x321))
        self.assert_cross([Frame(0x323)], near, far)
        self.assert_cross([Frame(0x321)], far, near)

    def roles_change(self, near, far):
        self.change({9: {**far_bus(9, topic="moved"), "interface": "vnear9"}},
                    {9: {**near_bus(9, topic="moved"), "interface": "vfar9"}})
        self.wait_gone(harness.client_status("moved", "far"))
        self.status.wait(harness.server_status("moved"), lambda status: status["interface"] == "vfar9", "the far one")
        self.status.wait_online(harness.client_status("moved", "near"))
        self.assert_cross([Frame(0x321), Frame(0x324)], near, far)
        self.assert_cross([Frame(0x321), Frame(0x324)], far, near)


if __name__ == "__main__":
    harness.main()
