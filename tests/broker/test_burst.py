#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A burst of 4,000 frames, written as fast as the socket takes them, arrives complete and in order."""
import harness
from harness import Frame

COUNT = 4000


def burst(mark):
    return [Frame(number % 0x7F0, bytes((mark, 0, 0, 0)) + number.to_bytes(4, "big")) for number in range(COUNT)]


class ABurst(harness.Scenario):
    def assert_complete(self, frames, target):
        arrived = [frame.data for frame in target.receive(COUNT)]
        wanted = [frame.data for frame in frames]
        missing = len(set(wanted) - set(arrived))
        self.assertTrue(arrived == wanted, f"{missing} of {COUNT} frames are missing, or they are out of order")

    def assert_nothing_dropped(self, tunnel, near, far):
        def all_counted(near, far):
            return near["from_bus"]["received"] >= COUNT and harness.is_balanced(near) and harness.is_balanced(far)

        self.assert_quiet(near, far)
        for counters in tunnel.counters("can", all_counted, "the counters are even"):
            self.assertEqual([harness.dropped(counters[way]) for way in ("from_bus", "to_bus")], [0, 0], counters)

    def test_crosses_from_the_server_to_the_client(self):
        tunnel = self.tunnel()
        near, far = self.place.can(tunnel.near[0]), self.place.can(tunnel.far[0])
        frames = burst(1)
        near.burst(frames)
        self.assert_complete(frames, far)
        self.assert_nothing_dropped(tunnel, near, far)

    def test_crosses_from_the_client_to_the_server(self):
        tunnel = self.tunnel()
        near, far = self.place.can(tunnel.near[0]), self.place.can(tunnel.far[0])
        frames = burst(2)
        far.burst(frames)
        self.assert_complete(frames, near)
        self.assert_quiet(near, far)

    def test_crosses_a_burst_that_goes_the_other_way(self):
        tunnel = self.tunnel()
        near, far = self.place.can(tunnel.near[0]), self.place.can(tunnel.far[0])
        there, back = burst(3), burst(4)
        for one, other in zip(there, back):
            near.send(one)
            far.send(other)
        self.assert_complete(there, far)
        self.assert_complete(back, near)


if __name__ == "__main__":
    harness.main()
