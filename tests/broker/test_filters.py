#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Filters and samples: what passes on a real bus is what the manual says, in the kernel and beside it."""
import struct

import harness
from harness import Frame

# One more list than the kernel takes blocks, so that it is applied by the daemon.
MANY = [f"{0x10000000 + 2 * number:08X}" for number in range(600)]
FILTERS = {
    "allowed": ["100-1FF", "240/7F0", "7FF", "18FEF100", "18DA0000/1FFF0000"],
    "denied": {"deny": ["100-1FF", "7FF", "18DA0000/1FFF0000"]},
    "one": {"deny": ["123"]},
    "both": {"allow": ["000-3FF", "10000000-1FFFFFFF"], "deny": ["123", "18DA0000-18DAFFFF", "200/7F0"]},
    "extended": ["18FEF100"],
    "many": ["100-1FF", *MANY],
}
IN_USER_SPACE = {"many"}
ERROR = Frame(0x4, bytes(8), error=True)


def matches(pattern, frame):
    """As the manual has it: 3 digits are standard, 8 extended; ID, ID/MASK or FIRST-LAST."""
    digits = len(pattern.replace("/", "-").partition("-")[0])
    if frame.extended != (digits == 8):
        return False
    if "/" in pattern:
        value, mask = (int(part, 16) for part in pattern.split("/"))
        return frame.id & mask == value & mask
    first, _, last = pattern.partition("-")
    return int(first, 16) <= frame.id <= int(last or first, 16)


def passes(rule, frame):
    if frame.error:
        return True
    rule = {"allow": rule} if isinstance(rule, list) else rule
    allowed = "allow" not in rule or any(matches(pattern, frame) for pattern in rule["allow"])
    return allowed and not any(matches(pattern, frame) for pattern in rule.get("deny", []))


def probes():
    """Frames on both sides of each edge, of every kind."""
    standard = (0x000, 0x0FF, 0x100, 0x123, 0x1FF, 0x200, 0x20F, 0x210, 0x23F, 0x240, 0x24F, 0x250, 0x3FF, 0x400, 0x7FE,
                0x7FF)
    extended = (0x100, 0x123, 0x7FF, 0x0FFFFFFF, 0x10000000, 0x10000001, 0x100004AE, 0x100004B0, 0x18D9FFFF, 0x18DA0000,
                0x18DAFFFF, 0x18DB0000, 0x18FEF0FF, 0x18FEF100, 0x18FEF101, 0x1FFFFFFF)
    for number, is_extended in [(number, False) for number in standard] + [(number, True) for number in extended]:
        data = struct.pack(">I", number)
        yield Frame(number, data, extended=is_extended)
        yield Frame(number, extended=is_extended, rtr=True)
        yield Frame(number, data, extended=is_extended, fd=True, brs=True)


def words(frames):
    return [str(frame) for frame in frames]


def bus(name, index, role, **more):
    side = "near" if role == "server" else "far"
    return {"interface": f"v{side}{index}", "topic": name, "role": role, **more}


class OnABus(harness.Scenario):
    def start(self, near, far):
        """Servers and clients of the topics that are the keys, with those settings."""
        broker = self.place.broker()
        self.place.daemon("near", {
            "brokers": harness.broker_entry(broker.port, "near"),
            "buses": {name: bus(name, index, "server", write="all", **more)
                      for index, (name, more) in enumerate(near.items())}})
        self.place.daemon("far", {
            "brokers": harness.broker_entry(broker.port, "far"),
            "buses": {name: bus(name, index, "client", **more) for index, (name, more) in enumerate(far.items())}})
        self.status = self.place.status(broker)
        for name in near:
            self.status.wait_online(harness.server_status(name))
            self.status.wait_online(harness.client_status(name, "far"))

    def sockets(self, index):
        return self.place.can(f"vnear{index}"), self.place.can(f"vfar{index}")

    def assert_only(self, source, target, frames, expected):
        """The last of them passes, so that nothing is still under way when it has arrived."""
        assert str(frames[-1]) == str(expected[-1])
        source.burst(frames)
        self.assertEqual(words(target.receive(len(expected))), words(expected))
        self.assertEqual(target.drain(), [])

    def wait_counters(self, topic, direction, expected):
        def is_so(status):
            found = status["counters"][direction]
            return {key: found[key] for key in expected} == expected

        self.status.wait(topic, is_so, f"{direction} {expected}")

    def test_from_bus_filters_choose_what_is_published(self):
        self.start({name: {"from_bus": {"filter": rule, "error_frames": True}} for name, rule in FILTERS.items()},
                   {name: {} for name in FILTERS})
        for index, (name, rule) in enumerate(FILTERS.items()):
            with self.subTest(name):
                near, far = self.sockets(index)
                frames = [*probes(), ERROR]
                expected = [frame for frame in frames if passes(rule, frame)]
                self.assertTrue(1 < len(expected) < len(frames))
                self.assert_only(near, far, frames, expected)
                filtered = len(frames) - len(expected)
                # What the kernel keeps back the daemon does not even see.
                self.wait_counters(harness.server_status(name), "from_bus", {
                    "received": len(frames) if name in IN_USER_SPACE else len(expected), "published": len(expected),
                    "dropped": {"filtered": filtered} if name in IN_USER_SPACE else {}})
                self.assert_only(far, near, list(probes()), list(probes()))

    def test_to_bus_filters_choose_what_is_written(self):
        self.start({name: {"to_bus": {"filter": rule}} for name, rule in FILTERS.items()},
                   {name: {"to_bus": {"filter": ["123"]}} for name in FILTERS})
        for index, (name, rule) in enumerate(FILTERS.items()):
            with self.subTest(name):
                near, far = self.sockets(index)
                last = Frame(0x101 if "many" in name or passes(rule, Frame(0x101)) else 0x18FEF100,
                             extended=not passes(rule, Frame(0x101)))
                frames = [*probes(), last]
                expected = [frame for frame in frames if passes(rule, frame)]
                self.assertTrue(1 < len(expected) < len(frames))
                self.assert_only(far, near, frames, expected)
                self.wait_counters(harness.server_status(name), "to_bus", {
                    "received": len(frames), "written": len(expected),
                    "dropped": {"filtered": len(frames) - len(expected)}})
                marker = Frame(0x123, b"\x01")
                self.assert_only(near, far, [Frame(0x122), Frame(0x123, extended=True), marker], [marker])

    def test_samples_thin_out_what_is_published(self):
        near_settings = {"from_bus": {"error_frames": True, "sample": [
            {"ids": ["100-10F"], "interval": "1h"},
            {"ids": ["100-2FF", "18FEF100"], "on_change": True},
            {"ids": ["300"], "interval": "1h", "on_change": True},
            {"ids": ["400"], "interval": "200ms"}]}}
        self.start({"can": near_settings}, {"can": {}})
        near, far = self.sockets(0)
        a, b = b"\x01", b"\x02"
        frames, expected = [], []

        def expect(frame, taken):
            frames.append(frame)
            expected.extend([frame] if taken else [])

        for number in (0x100, 0x10F):  # the first rule that names it counts: no change is seen
            expect(Frame(number, a), True)
            expect(Frame(number, b), False)
        for kind in ({"id": 0x200}, {"id": 0x18FEF100, "extended": True}, {"id": 0x201, "fd": True, "brs": True}):
            for data, taken in ((a, True), (a, False), (b, True), (b, False), (b + a, True), (a, True)):
                expect(Frame(data=data, **kind), taken)
        expect(Frame(0x202, rtr=True), True)
        expect(Frame(0x202, a), True)  # an answer is not the request
        expect(Frame(0x202, rtr=True), False)
        expect(Frame(0x300, a), True)
        expect(Frame(0x300, b), False)
        for _ in range(2):
            expect(ERROR, True)
            expect(Frame(0x100, a, extended=True), True)  # named by no rule
            expect(Frame(0x7FF, a), True)
        self.assert_only(near, far, frames, expected)
        self.wait_counters(harness.server_status("can"), "from_bus", {
            "received": len(frames), "published": len(expected), "dropped": {"sampled": len(frames) - len(expected)}})
        self.assert_only(far, near, frames[:4], frames[:4])  # the other way nothing is sampled
        self.assert_intervals(near, far, 0.2)

    def assert_intervals(self, near, far, interval):
        """Of a steady stream at most one frame per interval arrives: by the bus's clock, which is the sender's."""
        clock = self.place.can(near.interface)
        sent, arrived = {}, []
        number = 0
        while len(arrived) < 6:
            near.send(Frame(0x400, struct.pack(">I", number)))
            number += 1
            harness.let_pass(0.005)
            sent.update({frame.data: frame.timestamp_us / 1e6 for frame in clock.drain()})
            arrived += [frame.data for frame in far.drain()]
        times = [sent[data] for data in arrived]
        gaps = [later - earlier for earlier, later in zip(times, times[1:])]
        self.assertGreater(min(gaps), interval - 0.02, gaps)
        self.assertLess(len(arrived), len(sent))


if __name__ == "__main__":
    harness.main()
