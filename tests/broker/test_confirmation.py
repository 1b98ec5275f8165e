#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A server says of each client's frame that the bus has sent it: to its sender as proof, to the others as a frame."""
import signal

import harness
from harness import Frame
from kit import stream
from kit.listener import Listener

STREAM = {"formats": ["stream"]}


def message(sequence, ids, epoch=7):
    stamp = 1_795_348_800_000_000
    return stream.encode(stream.Message(epoch, sequence, stamp,
                                        [stream.Record(number, timestamp_us=stamp) for number in ids]))


class AServer(harness.Scenario):
    """Heard by clients that were written from the document alone."""

    def serve(self, **more):
        self.broker = self.place.broker()
        self.place.daemon("near", {"brokers": harness.broker_entry(self.broker.port, "near"), "buses": {
            "car": harness.patient({"interface": "vcar", "topic": "can", "role": "server", "write": "all", **STREAM,
                                    **more})}})
        self.status = self.place.status(self.broker)
        self.online = self.status.wait_online(harness.server_status("can"))
        self.bus = self.place.can("vcar")
        self.client = Listener(self.broker.port, "can/mqttcan/rx")
        self.addCleanup(self.client.stop)

    def send(self, sequence, ids, sender="stranger", epoch=7):
        self.client.publish(f"can/mqttcan/tx/{sender}", message(sequence, ids, epoch))

    def rx(self, count):
        """(ID, what it confirms) of each record, as soon as there are so many; heard in order, and none missing."""
        def look():
            messages = [stream.decode(payload) for payload in list(self.client.payloads)]
            expected = messages[0].sequence if messages else 0
            records = []
            for found in messages:
                self.assertEqual(found.sequence, expected)
                expected += len(found.records)
                records += found.records
            return len(records) >= count and [(record.id, record.confirms) for record in records]

        return harness.wait_for(look, f"{count} records on rx")

    def test_confirms_in_the_order_of_the_bus(self):
        self.serve()
        self.send(10, [0x10, 0x11])
        self.assertEqual([frame.id for frame in self.bus.receive(2)], [0x10, 0x11])
        self.bus.send(Frame(0x20))
        self.rx(3)
        self.send(5, [0x12], sender="another", epoch=8)
        self.assertEqual(self.rx(4), [(0x10, (7, 10)), (0x11, (7, 11)), (0x20, None), (0x12, (8, 5))])
        self.assertEqual(self.online["confirms"], "accepted", "a vcan tells no more")

    def test_confirms_what_its_filter_and_its_samples_leave_out(self):
        self.serve(from_bus={"filter": {"deny": ["100-1FF"]}, "sample": [{"ids": ["0-7FF"], "interval": "1h"}]})
        self.send(0, [0x123, 0x123])
        self.assertEqual(self.rx(2), [(0x123, (7, 0)), (0x123, (7, 1))])
        self.bus.burst([Frame(0x124), Frame(0x200)])
        self.assertEqual(self.rx(3)[2:], [(0x200, None)])

    def test_confirms_a_burst_complete(self):
        self.serve()
        count = 20 * 900
        for number in range(20):
            self.send(number * 900, [index % 0x7F0 for index in range(900)])
        found = self.rx(count)
        self.assertEqual(len(found), count)
        self.assertEqual([origin for _, origin in found], [(7, number) for number in range(count)])

    def test_that_is_not_written_to_says_nothing_of_confirming(self):
        self.serve(write="none")
        self.assertNotIn("confirms", self.online)

    def test_of_both_formats_tells_of_a_savvycan_clients_frames_without_saying_whose_they_are(self):
        self.serve(formats=["savvycan", "stream"])
        single = Listener(self.broker.port, "can/+")
        self.addCleanup(single.stop)
        viewer = self.place.peer("client", "can", self.broker)
        viewer.send(Frame(0x300, b"\x01"))
        self.assertEqual(self.rx(1), [(0x300, (0, 0))])
        self.bus.send(Frame(0x301))
        self.assertEqual(self.rx(2)[1:], [(0x301, None)])
        harness.wait_for(lambda: single.payloads, "the frame of the bus in format savvycan")
        self.assertEqual(single.topics, [f"can/{0x301}"], "and no confirmation")


class TwoClients(harness.Scenario):
    def setUp(self):
        super().setUp()
        self.link = self.tunnel(near=STREAM, far=STREAM, control=True)
        self.place.daemon("third", {"brokers": harness.broker_entry(self.link.broker.port, "third"), "buses": {
            "third": harness.patient({"interface": "vthird", "topic": "can", "role": "client", **STREAM})}})
        self.link.status.wait_online(harness.client_status("can", "third"))
        self.near, self.far = self.place.can(self.link.near[0]), self.place.can(self.link.far[0])
        self.third = self.place.can("vthird")

    def status(self, predicate, what):
        topic = harness.client_status("can", self.link.CLIENT)
        return self.link.status.wait(topic, lambda status: predicate(status["counters"]["from_bus"]), what)

    def test_see_what_was_on_the_bus_and_in_its_order(self):
        frames = harness.every_kind(0x100)
        self.far.burst(frames)
        words = [str(frame) for frame in frames]
        self.assertEqual([str(frame) for frame in self.near.receive(len(frames))], words)
        self.assertEqual([str(frame) for frame in self.third.receive(len(frames))], words)
        self.third.send(Frame(0x55))
        self.near.receive(1)
        self.near.send(Frame(0x66))
        self.assertEqual([frame.id for frame in self.far.receive(2)], [0x55, 0x66], "and never its own")
        self.assertEqual([frame.id for frame in self.third.receive(1)], [0x66])

    def test_count_what_was_confirmed_and_how_long_that_took(self):
        count = 500
        self.far.burst([Frame(number) for number in range(count)])
        self.near.receive(count)
        status = self.status(lambda counters: counters["confirmed"] == count, "all are confirmed")
        self.assertEqual(status["counters"]["from_bus"]["unconfirmed"], 0)
        trip, clock = status["round_trip_us"], status["clock_offset_us"]
        self.assertTrue(0 < trip["smoothed"] <= trip["worst"], trip)
        self.assertTrue(clock["at_least"] <= 0 <= clock["at_most"], f"it is the same clock: {clock}")
        self.assertLess(clock["at_most"] - clock["at_least"], 2 * trip["worst"], "no better, and little worse")

    def test_count_what_nobody_confirms(self):
        self.link.server.terminate()
        self.far.burst([Frame(1), Frame(2), Frame(3)])
        status = self.status(lambda counters: counters["unconfirmed"] == 3, "all are given up")
        self.assertEqual(status["counters"]["from_bus"]["confirmed"], 0)
        self.assertNotIn("round_trip_us", status)

    def test_is_none_of_its_own_frames_to_one_that_was_configured_anew(self):
        self.link.server.signal(signal.SIGSTOP)
        self.far.send(Frame(0x10))
        self.status(lambda counters: counters["published"] == 1, "it is published")
        self.link.far_config["buses"]["far0"]["on_stop"] = "remove"
        self.assertEqual(self.link.client.reload(self.link.far_config), "")
        self.link.server.signal(signal.SIGCONT)
        self.assertEqual([frame.id for frame in self.third.receive(1)], [0x10])
        self.near.send(Frame(0x20))
        self.assertEqual([frame.id for frame in self.far.receive(1)], [0x20])


if __name__ == "__main__":
    harness.main()
