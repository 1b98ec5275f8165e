#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A server with "write": "none" shows its bus and lets nobody write to it."""
import harness
from harness import Frame


class AServerThatMayNotWrite(harness.Scenario):
    def test_shows_its_bus_and_does_not_even_hear_clients(self):
        tunnel = self.tunnel(near={"write": "none"})
        near, far = self.place.can(tunnel.near[0]), self.place.can(tunnel.far[0])
        far.send(Frame(0x666, b"\x01"))
        far.send(Frame(0x667, b"\x02"))
        # Once they were published, whatever the server might have made of them comes before what its bus says next.
        tunnel.counters("can", lambda _near, far: far["from_bus"]["published"] == 2, "the client published its frames")
        self.assert_one_way(near, far)
        server, _ = tunnel.counters("can", lambda near, _: near["from_bus"]["published"] >= 1, "the server publishes")
        self.assertEqual(server["to_bus"]["received"], 0, "the write topic is not subscribed")
        self.assertEqual(near.drain(), [])

    def assert_one_way(self, near, far):
        marker = Frame(0x123, b"\x03")
        near.send(marker)
        self.assertEqual(str(far.receive(1)[0]), str(marker))


if __name__ == "__main__":
    harness.main()
