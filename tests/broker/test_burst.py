#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A burst of 4,000 frames, written as fast as the socket takes them, arrives complete and in order."""
import harness
from harness import Frame

COUNT = 4000
DEADLINE = 120


def burst(mark, count=COUNT):
    return [Frame(number % 0x7F0, bytes((mark, 0, 0, 0)) + number.to_bytes(4, "big")) for number in range(count)]


def inversions(data):
    """Where the numbers fall: the first of those places."""
    numbers = [int.from_bytes(entry[4:], "big") for entry in data]
    return [pair for pair in zip(numbers, numbers[1:]) if pair[1] <= pair[0]][:10]


class ABurst(harness.Scenario):
    def assert_complete(self, frames, *sockets):
        """All of them, in order, on each of these; first on the bus that they were written to."""
        wanted = [frame.data for frame in frames]
        for socket in sockets:
            arrived = [frame.data for frame in socket.receive(len(frames), DEADLINE)]
            missing = len(set(wanted) - set(arrived))
            self.assertTrue(arrived == wanted,
                            f"on {socket.interface} {missing} of {len(frames)} frames are missing; out of order, "
                            f"each behind the one before it: {inversions(arrived)}")

    def assert_nothing_dropped(self, tunnel, sent):
        """Both ends' counters know every frame and count no loss."""

        def even(near, far):
            return [near["from_bus"]["received"], far["from_bus"]["received"]] == sent and all(
                map(harness.is_balanced, (near, far)))

        for counters in tunnel.counters("can", even, f"{sent} frames are counted at the two ends"):
            self.assertEqual([harness.dropped(counters[way]) for way in ("from_bus", "to_bus")], [0, 0], counters)

    def test_crosses_from_the_server_to_the_client(self):
        tunnel = self.tunnel()
        near, far = self.place.can(tunnel.near[0]), self.place.can(tunnel.far[0])
        witness = self.place.can(tunnel.near[0])
        frames = burst(1)
        near.burst(frames)
        self.assert_complete(frames, witness, far)
        self.assert_nothing_dropped(tunnel, [COUNT, 0])

    def test_crosses_from_the_client_to_the_server(self):
        tunnel = self.tunnel()
        near, far = self.place.can(tunnel.near[0]), self.place.can(tunnel.far[0])
        witness = self.place.can(tunnel.far[0])
        frames = burst(2)
        far.burst(frames)
        self.assert_complete(frames, witness, near)
        self.assert_nothing_dropped(tunnel, [0, COUNT])

    def test_crosses_a_burst_that_goes_the_other_way(self):
        tunnel = self.tunnel()
        near, far = self.place.can(tunnel.near[0]), self.place.can(tunnel.far[0])
        count = 1000
        there, back = burst(3, count), burst(4, count)
        for one, other in zip(there, back):
            near.send(one)
            far.send(other)
        self.assert_complete(there, far)
        self.assert_complete(back, near)
        self.assert_nothing_dropped(tunnel, [count, count])


if __name__ == "__main__":
    harness.main()
