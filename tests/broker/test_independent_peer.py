#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Frames cross between our daemon and a peer that was written from the wire format alone.

The peer speaks MQTT by way of Paho's Python library, the bus is read and written by python-can: no code of ours.
"""
import can

import harness
import peer
from harness import Frame


def to_message(frame):
    return can.Message(arbitration_id=frame.id, data=frame.data, is_extended_id=frame.extended, is_fd=frame.fd,
                       is_remote_frame=frame.rtr, bitrate_switch=frame.brs, error_state_indicator=frame.esi, check=True)


def to_frame(message):
    return Frame(id=message.arbitration_id, data=bytes(message.data), extended=message.is_extended_id,
                 rtr=message.is_remote_frame, fd=message.is_fd, brs=message.bitrate_switch,
                 esi=message.error_state_indicator, error=message.is_error_frame)


class AnIndependentPeer(harness.Scenario):
    FRAMES = harness.every_kind()

    def setUp(self):
        super().setUp()
        self.broker = self.place.broker()
        self.place.daemon("daemon", {
            "brokers": harness.broker_entry(self.broker.port, "daemon"),
            "buses": {"car": {"interface": "vcar", "topic": "car", "role": "server", "write": "all"},
                      "desk": {"interface": "vdesk", "topic": "desk", "role": "client"}}})
        status = self.place.status(self.broker)
        status.wait_online(harness.server_status("car"))
        status.wait_online(harness.client_status("desk", "daemon"))

    def bus(self, interface):
        bus = can.Bus(interface="socketcan", channel=interface, fd=True)
        self.addCleanup(bus.shutdown)
        return bus

    def exchange(self, protocol, role, topic, interface):
        bus = self.bus(interface)
        other = self.place.peer(role, topic, self.broker, protocol=protocol)
        before = peer.now_us()
        for frame in self.FRAMES:
            bus.send(to_message(frame), timeout=harness.DEADLINE)
        arrived = other.take(len(self.FRAMES), harness.DEADLINE)
        self.assertEqual([str(frame) for frame in arrived], [str(frame) for frame in harness.crossed(self.FRAMES)])
        stamps = [frame.timestamp_us for frame in arrived]
        self.assertEqual(stamps, sorted(stamps))
        self.assertLessEqual(before, stamps[0], "a frame carries the time at which the kernel received it")
        self.assertLessEqual(stamps[-1], peer.now_us())
        for frame in self.FRAMES:
            other.send(frame)
        written = []
        while len(written) < len(self.FRAMES):
            message = bus.recv(harness.DEADLINE)
            self.assertIsNotNone(message, f"only {len(written)} of {len(self.FRAMES)} frames reached {interface}")
            written.append(str(to_frame(message)))
        self.assertEqual(written, [str(frame) for frame in self.FRAMES])
        self.assertEqual(dict(other.refused), {})

    def test_is_a_client_of_our_server(self):
        self.exchange(peer.MQTTv5, "client", "car", "vcar")

    def test_is_a_client_of_our_server_over_mqtt_3_1_1(self):
        self.exchange(peer.MQTTv311, "client", "car", "vcar")

    def test_is_a_client_of_our_server_over_mqtt_3_1_as_savvycan_is(self):
        self.exchange(peer.MQTTv31, "client", "car", "vcar")

    def test_is_the_server_of_our_client(self):
        self.exchange(peer.MQTTv5, "server", "desk", "vdesk")

    def test_is_the_server_of_our_client_over_mqtt_3_1_1(self):
        self.exchange(peer.MQTTv311, "server", "desk", "vdesk")

    def test_is_the_server_of_our_client_over_mqtt_3_1(self):
        self.exchange(peer.MQTTv31, "server", "desk", "vdesk")

    def test_hears_no_status_of_ours_as_a_frame(self):
        other = self.place.peer("client", "car", self.broker, protocol=peer.MQTTv31)
        harness.cansend("vcar", "123#01")
        self.assertEqual(str(other.take(1)[0]), "123#01")
        self.assertEqual(dict(other.refused), {})


if __name__ == "__main__":
    harness.main()
