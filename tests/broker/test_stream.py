#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Format stream: servers, clients and peers, every kind of frame, a burst, and what a receiver does not believe."""
import socket
import struct

import harness
from harness import Frame, every_kind
from kit import stream
from kit.listener import Listener

STREAM = {"formats": ["stream"]}
BURST = 4000


def burst(count=BURST):
    return [Frame(number % 0x7F0, struct.pack(">II", 0, number)) for number in range(count)]


class ATunnelOfFormatStream(harness.Scenario):
    def tunnel(self, near=None, far=None, **options):  # pylint: disable=arguments-renamed
        return super().tunnel(near={**STREAM, **(near or {})}, far={**STREAM, **(far or {})}, **options)

    def both(self, tunnel):
        return self.place.can(tunnel.near[0]), self.place.can(tunnel.far[0])

    def test_carries_every_kind_of_frame_both_ways_in_order(self):
        tunnel = self.tunnel()
        near, far = self.both(tunnel)
        self.assert_cross(every_kind(0x100), near, far)
        self.assert_cross(every_kind(0x200), far, near)

    def test_carries_what_the_other_format_cannot(self):
        tunnel = self.tunnel()
        near, far = self.both(tunnel)
        near.send(Frame(0x123, b"\x01\x02", fd=True, brs=False))
        near.send(Frame(0x123, b"\x01\x02", fd=True, brs=True))
        self.assertEqual([str(frame) for frame in far.receive(2)], ["123##00102", "123##10102"])
        with socket.socket(socket.AF_CAN, socket.SOCK_RAW, socket.CAN_RAW) as raw:
            raw.bind((tunnel.far[0],))
            raw.settimeout(harness.DEADLINE)
            harness.cansend(tunnel.near[0], "123#R5")
            self.assertEqual(raw.recv(16)[4], 5, "how much a remote request asks for")

    def test_carries_a_burst_complete_and_in_order_both_ways(self):
        tunnel = self.tunnel()
        for source, target in (self.both(tunnel), reversed(self.both(tunnel))):
            frames = burst()
            source.burst(frames)
            arrived = [frame.data for frame in target.receive(BURST, 120)]
            self.assertTrue(arrived == [frame.data for frame in frames], f"{len(arrived)} of {BURST}, or out of order")

        def even(near, far):
            return (near["from_bus"]["received"] == far["from_bus"]["received"] == far["from_bus"]["confirmed"] == BURST
                    and harness.is_balanced(near) and harness.is_balanced(far))

        for counters in tunnel.counters("can", even, "both bursts are counted"):
            self.assertEqual((counters["to_bus"]["lost"], harness.dropped(counters["to_bus"])), (0, 0), counters)

    def test_needs_far_fewer_messages_than_frames(self):
        tunnel = self.tunnel()
        near, far = self.both(tunnel)
        listener = Listener(tunnel.broker.port, "can/mqttcan/rx")
        self.addCleanup(listener.stop)
        near.burst(burst())
        far.receive(BURST, 120)
        harness.wait_for(lambda: sum(len(stream.decode(payload).records) for payload in listener.payloads) == BURST,
                         "all frames are in messages")
        self.assertLess(len(listener.payloads), BURST / 4)

    def test_counts_what_its_filters_and_queues_lose(self):
        tunnel = self.tunnel(near={"from_bus": {"filter": {"deny": ["100-1FF"]}}})
        near, far = self.both(tunnel)
        near.burst([Frame(0x100), Frame(0x200), Frame(0x101), Frame(0x201)])
        self.assertEqual([str(frame) for frame in far.receive(2)], ["200#", "201#"])
        self.assert_quiet(near, far)
        (_, counters) = tunnel.counters("can", lambda _, far: far["to_bus"]["written"] == 3, "the frames are counted")
        self.assertEqual(counters["to_bus"]["lost"], 0, "what was filtered has no number")


def message(sequence, ids, epoch=7):
    stamp = 1_795_348_800_000_000
    records = [stream.Record(number, timestamp_us=stamp) for number in ids]
    return stream.encode(stream.Message(epoch, sequence, stamp, records))


class AServerOfBothFormats(harness.Scenario):
    def test_speaks_and_hears_either(self):
        tunnel = self.tunnel(near={"formats": ["savvycan", "stream"]}, far=STREAM)
        near, far = self.place.can(tunnel.near[0]), self.place.can(tunnel.far[0])
        viewer = self.place.peer("client", "can", tunnel.broker)
        near.burst([Frame(0x100 + number) for number in range(100)])
        wanted = [f"{0x100 + number:03X}#" for number in range(100)]
        self.assertEqual([str(frame) for frame in far.receive(100)], wanted)
        self.assertEqual([str(frame) for frame in viewer.take(100)], wanted)
        viewer.send(Frame(0x300, b"\x01"))
        self.assertEqual(str(near.receive(1)[0]), "300#01")
        far.send(Frame(0x301, b"\x02"))
        self.assertEqual(str(near.receive(1)[0]), "301#02")


class AClientOfAServerThatSpeaksOtherwise(harness.Scenario):
    def test_says_so_and_when_it_learns_the_language(self):
        broker = self.place.broker()
        client = self.place.daemon("far", {"brokers": harness.broker_entry(broker.port, "far"), "buses": {
            "copy": {"interface": "vcopy", "topic": "can", **STREAM}}})
        client.wait_log("no mqttcan serves topic can so far")
        server = {"brokers": harness.broker_entry(broker.port, "near"), "buses": {
            "car": {"interface": "vcar", "topic": "can", "role": "server", "write": "all"}}}
        daemon = self.place.daemon("near", server, control=True)
        client.wait_log(r"\(vcopy\): warning: the server of topic can speaks no format stream, so nothing can cross")
        server["buses"]["car"]["formats"] = ["savvycan", "stream"]
        self.assertEqual(daemon.reload(server), "")
        client.wait_log("the server of topic can speaks format stream")
        near, far = self.place.can("vcar"), self.place.can("vcopy")
        self.assert_crosses_soon(near, far)
        broker.restart()
        client.wait_log("the broker is back")
        self.assert_crosses_soon(near, far)
        self.assertEqual(client.log().count("speaks no format stream,"), 1, "said once")
        self.assertEqual(client.log().count("speaks format stream"), 1)


class Peers(harness.Scenario):
    def test_share_one_bus_all_to_all_and_hear_no_echo(self):
        broker = self.place.broker()
        names = ["alice", "bob", "carol"]
        for name in names:
            self.place.daemon(name, {"brokers": harness.broker_entry(broker.port, name), "buses": {
                name: {"interface": f"v{name}", "topic": "bench", "role": "peer"}}})
        status = self.place.status(broker)
        for name in names:
            status.wait_online(f"bench/mqttcan/status/peer/{name}")
        sockets = [self.place.can(f"v{name}") for name in names]
        for number, source in enumerate(sockets):
            frames = every_kind(0x100 * (number + 1))
            source.burst(frames)
            for target in sockets:
                if target is not source:
                    self.assertEqual([str(frame) for frame in target.receive(len(frames))],
                                     [str(frame) for frame in frames])
        self.assert_quiet_together(sockets)

    def assert_quiet_together(self, sockets):
        for number, source in enumerate(sockets):
            source.send(Frame(0x7A0 + number))
            for target in sockets:
                if target is not source:
                    self.assertEqual(str(target.receive(1)[0]), f"{0x7A0 + number:03X}#", "and nothing before it")


class AServer(harness.Scenario):
    """Heard by a client that was written from the document alone."""

    def setUp(self):
        super().setUp()
        self.broker = self.place.broker()
        self.place.daemon("near", {"brokers": harness.broker_entry(self.broker.port, "near"), "buses": {
            "car": harness.patient({"interface": "vcar", "topic": "can", "role": "server", "write": "all", **STREAM})}})
        self.status = self.place.status(self.broker)
        self.status.wait_online(harness.server_status("can"))
        self.bus = self.place.can("vcar")
        self.client = Listener(self.broker.port, "can/mqttcan/rx")
        self.addCleanup(self.client.stop)

    def send(self, sequence, ids, epoch=7, sender="stranger"):
        self.client.publish(f"can/mqttcan/tx/{sender}", message(sequence, ids, epoch))

    def counters(self, predicate, what):
        def look():
            status = self.status.get(harness.server_status("can"))
            return status and predicate(status["counters"]["to_bus"]) and status["counters"]["to_bus"]

        return harness.wait_for(look, what)

    def assert_written(self, *ids):
        self.assertEqual([frame.id for frame in self.bus.receive(len(ids))], list(ids))

    def test_writes_each_frame_once_and_counts_what_is_missing(self):
        self.send(10, [0x10, 0x11])
        self.send(10, [0x10, 0x11])
        self.send(11, [0x11, 0x12])
        self.send(20, [0x20])
        self.assert_written(0x10, 0x11, 0x12, 0x20)
        counted = self.counters(lambda counters: counters["received"] == 7, "all are counted")
        self.assertEqual((counted["written"], counted["lost"], counted["dropped"]), (4, 7, {"late": 3}))

    def test_learns_of_a_loss_from_a_heartbeat(self):
        self.send(0, [0x10])
        self.send(5, [])
        self.assertEqual(self.counters(lambda counters: counters["lost"] > 0, "a loss is counted")["lost"], 4)

    def test_takes_a_restarted_sender_at_its_word_and_not_its_past(self):
        self.send(100, [0x10], epoch=1)
        self.send(0, [0x11], epoch=2)
        self.send(101, [0x12], epoch=1)
        self.send(1, [0x13], epoch=2)
        self.assert_written(0x10, 0x11, 0x13)

    def test_writes_nothing_of_two_senders_that_share_a_topic(self):
        for number in range(10):
            self.send(number, [0x10], epoch=1)
            self.send(number, [0x11], epoch=2)
        self.counters(lambda counters: counters["dropped"].get("two_senders", 0) > 0, "the rivals are counted")
        self.send(0, [0x99], sender="another")
        self.assertLess([frame.id for frame in self.receive_until(0x99)].count(0x10), 5)
        harness.wait_for(lambda: "two senders use its topic" in self.place.logs(), "they are told of")

    def receive_until(self, last):
        frames = []
        while not frames or frames[-1].id != last:
            frames += self.bus.receive(1)
        return frames

    def test_refuses_what_is_no_message_whole(self):
        good = message(0, [0x10, 0x11])
        refused = (b"", b"MC", b"XX" + good[2:], good[:-1], good + b"\0")
        for bad in refused:
            self.client.publish("can/mqttcan/tx/stranger", bad)
        self.send(0, [0x99])
        self.assert_written(0x99)
        counted = self.counters(lambda counters: counters["written"] == 1, "all are counted")
        self.assertEqual(counted["dropped"], {"bad_message": len(refused)})


class AServerWithinLimits(harness.Scenario):
    def test_tells_how_far_it_has_come_as_soon_as_it_may(self):
        broker = self.place.broker()
        self.place.daemon("near", {
            "brokers": harness.broker_entry(broker.port, "near", limits={"messages_per_second": 1}),
            "buses": {"car": {"interface": "vcar", "topic": "can", "role": "server", "write": "none", **STREAM}}})
        self.place.status(broker).wait_online(harness.server_status("can"))
        client = Listener(broker.port, "can/mqttcan/rx")
        self.addCleanup(client.stop)
        self.place.can("vcar").send(Frame(0x123))

        def told():
            messages = [stream.decode(payload) for payload in client.payloads]
            return [(number, len(found.records)) for number, found in enumerate(messages) if found.sequence in (0, 1)]

        harness.wait_for(lambda: [records for _, records in told()][-2:] == [1, 0], "a heartbeat follows the frame", 20)


class AClient(harness.Scenario):
    """Beside a server that was written from the document alone, and that confirms."""

    def test_writes_what_is_confirmed_to_others_and_not_its_own(self):
        broker = self.place.broker()
        self.place.daemon("far", {"brokers": harness.broker_entry(broker.port, "far"), "buses": {
            "copy": harness.patient({"interface": "vcopy", "topic": "can", "role": "client", **STREAM})}})
        self.place.status(broker).wait_online(harness.client_status("can", "far"))
        bus = self.place.can("vcopy")
        server = Listener(broker.port, "can/mqttcan/tx/far")
        self.addCleanup(server.stop)
        bus.send(Frame(0x10))
        asked = stream.decode(harness.wait_for(lambda: server.payloads and server.payloads[0], "it asks for a frame"))
        stamp = asked.timestamp_us
        confirmed = [stream.Record(0x10, timestamp_us=stamp, confirms=(asked.epoch, asked.sequence)),
                     stream.Record(0x20, timestamp_us=stamp, confirms=(asked.epoch ^ 1, 5)),
                     stream.Record(0x30, timestamp_us=stamp, confirms=(0, 0)), stream.Record(0x40, timestamp_us=stamp)]
        server.publish("can/mqttcan/rx", stream.encode(stream.Message(9, 0, stamp, confirmed)))
        self.assertEqual([frame.id for frame in bus.receive(3)], [0x20, 0x30, 0x40])


if __name__ == "__main__":
    harness.main()
