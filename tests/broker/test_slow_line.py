#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""On a slow line ticks are under way all the time: a bus comes online on it, and frames cross, all the same."""
import harness
from harness import every_kind
from kit.slow_line import SlowLine

ONE_WAY = 0.4  # seconds; there and back takes two periods of the tick


class ATunnelOverASlowLine(harness.Scenario):
    def assert_carries(self, **settings):
        broker = self.place.broker()
        line = SlowLine(broker.port, ONE_WAY)
        self.addCleanup(line.stop)
        tunnel = self.tunnel(broker=broker, port=line.port, near=settings, far=settings)
        near, far = self.place.can(tunnel.near[0]), self.place.can(tunnel.far[0])
        self.assert_cross(every_kind(0x100), near, far)
        self.assert_cross(every_kind(0x200), far, near)

    def test_carries_single_frames(self):
        self.assert_carries()

    def test_carries_a_stream(self):
        self.assert_carries(formats=["stream"])


if __name__ == "__main__":
    harness.main()
