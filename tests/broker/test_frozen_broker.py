#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What a stranger sent to a broker that stood still reaches no bus when the broker goes on.

mosquitto reads what its kernel had received meanwhile, packet by packet, while our new session is already served; and
a stranger (SavvyCAN, PyMQTT2CAN) does not reset its connection as mqttcan does.
"""
import struct

import harness
from harness import Frame

BACKLOG = 3000
FREEZE = 4  # seconds, twice max_age


class AStrangersBacklog(harness.Scenario):
    def server(self, broker):
        return self.place.daemon("near", {
            "brokers": harness.broker_entry(broker.port, "near"),
            "buses": {"car": {"interface": "vcar", "topic": "can", "role": "server", "write": "all"}}})

    def freeze_with_backlog(self, broker, stranger, start=lambda: None):
        """`start` runs while the broker stands still."""
        broker.stop()
        start()
        for number in range(BACKLOG):
            stranger.send(Frame(0x100, struct.pack("<I", number)))
        harness.let_pass(FREEZE)
        broker.resume()

    def assert_only_markers(self, stranger, bus):
        """The stranger's markers come after its backlog, on the same connection: once one is through, so is that."""
        seen = []

        def marker_is_through():
            stranger.send(Frame(0x200))
            bus_frames = bus.drain()
            seen.extend(str(frame) for frame in bus_frames if frame.id != 0x200)
            return any(frame.id == 0x200 for frame in bus_frames)

        harness.wait_for(marker_is_through, "a marker reaches the bus")
        self.assertEqual(seen[:5], [], f"{len(seen)} frames that were older than max_age")

    def test_does_not_reach_a_bus_that_was_connected_before(self):
        broker = self.place.broker()
        stranger = self.place.peer("client", "can", broker)
        daemon = self.server(broker)
        self.place.status(broker).wait_online(harness.server_status("can"))
        bus = self.place.can("vcar")
        self.freeze_with_backlog(broker, stranger)
        self.assert_only_markers(stranger, bus)
        daemon.terminate()

    def test_does_not_reach_a_bus_whose_daemon_started_meanwhile(self):
        broker = self.place.broker()
        stranger = self.place.peer("client", "can", broker)
        self.place.vcan("vcar")
        bus = self.place.can("vcar")
        started = []
        self.freeze_with_backlog(broker, stranger, lambda: started.append(self.server(broker)))
        self.assert_only_markers(stranger, bus)
        started[0].terminate()


if __name__ == "__main__":
    harness.main()
