#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A broker that knows MQTT 3.1.1 only."""
import harness


class ABrokerWithoutMqtt5(harness.Scenario):
    def test_carries_frames_both_ways(self):
        broker = self.place.broker()
        door = self.place.old_broker(broker)
        tunnel = self.tunnel(broker=broker, port=door.port)
        self.assertGreaterEqual(door.refused, 2, "both daemons tried MQTT 5 first")
        near, far = self.place.can(tunnel.near[0]), self.place.can(tunnel.far[0])
        self.assert_cross(harness.every_kind(0x100), near, far)
        self.assert_cross(harness.every_kind(0x200), far, near)


if __name__ == "__main__":
    harness.main()
