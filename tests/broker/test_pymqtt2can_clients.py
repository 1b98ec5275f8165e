#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A server that accepts PyMQTT2CAN's clients hears what they publish among the frames, and no echo of itself."""
import harness
from harness import Frame


class AServerThatAcceptsPyMqtt2CanClients(harness.Scenario):
    def start(self):
        broker = self.place.broker()
        daemon = self.place.daemon("near", {
            "brokers": harness.broker_entry(broker.port, "near"),
            "buses": {"car": {"interface": "vcar", "topic": "can", "role": "server", "write": "all",
                              "accept_pymqtt2can_clients": True}}})
        self.place.status(broker).wait_online(harness.server_status("can"))
        return broker, daemon

    def test_writes_their_frames_to_its_bus_and_not_its_own(self):
        broker, daemon = self.start()
        car = self.place.can("vcar")
        # Such a client publishes where a server does.
        stranger = self.place.peer("server", "can", broker)
        viewer = self.place.peer("client", "can", broker)
        own, theirs, marker = Frame(0x100, b"\x01"), Frame(0x200, b"\x02"), Frame(0x300, b"\x03")
        car.send(own)
        self.assertEqual(str(viewer.take(1)[0]), str(own))
        stranger.send(theirs)
        viewer.send(marker)
        heard = {str(frame) for frame in car.receive(2)}
        self.assertEqual(heard, {str(theirs), str(marker)}, "nothing else, above all not what the bus said itself")
        self.assertEqual(car.drain(), [])
        daemon.terminate()


if __name__ == "__main__":
    harness.main()
