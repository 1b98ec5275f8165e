#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Format savvycan, both roles of ours: what is sent on one bus comes out of the other."""
import harness
from harness import Frame, every_kind


class ATunnel(harness.Scenario):
    def test_carries_every_kind_of_frame_both_ways_in_order(self):
        tunnel = self.tunnel()
        near, far = self.place.can(tunnel.near[0]), self.place.can(tunnel.far[0])
        self.assert_cross(every_kind(0x100), near, far)
        self.assert_cross(every_kind(0x200), far, near)

    def test_carries_what_cansend_sends_to_candump_both_ways(self):
        tunnel = self.tunnel()
        texts = ["123#DEADBEEF", "123#", "7FF#0102030405060708", "1ABCDEF0#11", "00000123#22", "123#R", "1ABCDEF0#R",
                 "123##1AABB", "1ABCDEF0##3" + "5A" * 64]
        for source, target in ((tunnel.near[0], tunnel.far[0]), (tunnel.far[0], tunnel.near[0])):
            candump = self.place.candump(target)
            for text in texts:
                harness.cansend(source, text)
            self.assertEqual(candump.wait_lines(len(texts)), texts)

    def test_sends_fd_frames_with_bit_rate_switch_though_the_format_does_not_carry_it(self):
        tunnel = self.tunnel()
        near, far = self.place.can(tunnel.near[0]), self.place.can(tunnel.far[0])
        near.send(Frame(0x123, b"\x01\x02", fd=True, brs=False))
        self.assertEqual(str(far.receive(1)[0]), "123##10102")

    def test_sends_fd_frames_without_bit_rate_switch_if_so_configured(self):
        tunnel = self.tunnel(far={"to_bus": {"brs": False}})
        near, far = self.place.can(tunnel.near[0]), self.place.can(tunnel.far[0])
        near.send(Frame(0x123, b"\x01\x02", fd=True, brs=True))
        self.assertEqual(str(far.receive(1)[0]), "123##00102")

    def test_carries_error_frames_if_the_bus_asks_for_them(self):
        tunnel = self.tunnel(near={"from_bus": {"error_frames": True}})
        near, far = self.place.can(tunnel.near[0]), self.place.can(tunnel.far[0])
        self.assert_cross([Frame(0x40, bytes(8), error=True), Frame(0x123, b"\x01"),
                           Frame(0x0C, bytes.fromhex("0004040000006000"), error=True)], near, far)

    def test_carries_no_error_frames_unless_the_bus_asks_for_them(self):
        tunnel = self.tunnel()
        near, far = self.place.can(tunnel.near[0]), self.place.can(tunnel.far[0])
        near.send(Frame(0x40, bytes(8), error=True))
        self.assert_quiet(near, far)


class ThreeBusesInOneProcess(harness.Scenario):
    def test_never_get_each_others_frames(self):
        tunnel = self.tunnel(topics=("red", "green", "blue"))
        near = [self.place.can(name) for name in tunnel.near]
        far = [self.place.can(name) for name in tunnel.far]
        for sources, targets in ((near, far), (far, near)):
            for number in range(100):
                for bus, source in enumerate(sources):
                    source.send(Frame(0x100 + bus, bytes((bus, number))))
            for bus, target in enumerate(targets):
                wanted = [str(Frame(0x100 + bus, bytes((bus, number)))) for number in range(100)]
                self.assertEqual([str(frame) for frame in target.receive(100)], wanted)
        for one, other in zip(near, far):
            self.assert_quiet(one, other)


class AServerAndAClientOfOneTopicInOneProcess(harness.Scenario):
    def test_hear_each_other(self):
        broker = self.place.broker()
        self.place.daemon("both", {
            "brokers": harness.broker_entry(broker.port, "both"),
            "buses": {"here": {"interface": "vhere", "topic": "can", "role": "server", "write": "all"},
                      "there": {"interface": "vthere", "topic": "can", "role": "client"}}})
        status = self.place.status(broker)
        status.wait_online(harness.server_status("can"))
        status.wait_online(harness.client_status("can", "both"))
        here, there = self.place.can("vhere"), self.place.can("vthere")
        self.assert_cross(every_kind(0x100), here, there)
        self.assert_cross(every_kind(0x200), there, here)


if __name__ == "__main__":
    harness.main()
