#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Frames of an outage are kept, and published afterwards as history: nothing is missing, and no bus gets to see them."""
import struct

import harness
from harness import Frame
from kit import stream
from kit.listener import Listener

MAX_AGE = 0.5
SERVER = harness.server_status("can")


def numbered(first, count):
    return [Frame(number % 0x7F0, struct.pack(">Q", number)) for number in range(first, first + count)]


class Recorder:
    """What came on rx and on backfill: {sequence number: the frame's own number}. Present and history never disagree."""

    def __init__(self, test, port):
        self._test = test
        self.present = Listener(port, "can/mqttcan/rx")
        self.history = Listener(port, "can/mqttcan/backfill")
        for listener in (self.present, self.history):
            test.addCleanup(listener.stop)

    @staticmethod
    def frames(listener):
        found = {}
        for payload in list(listener.payloads):
            message = stream.decode(payload)
            for place, record in enumerate(message.records):
                found[message.epoch, message.sequence + place] = struct.unpack(">Q", record.data)[0]
        return found

    def all(self):
        present, history = self.frames(self.present), self.frames(self.history)
        # What a lost connection had in its hands may come twice, with its number.
        for number in present.keys() & history.keys():
            self._test.assertEqual(present[number], history[number])
        return {**present, **history}


class AServerWithABuffer(harness.Scenario):
    def setUp(self):
        super().setUp()
        self.sent = 0

    def serve(self, buffer="1MiB", rules=(), **entry):
        self.broker = self.place.broker(*rules)
        self.daemon = self.place.daemon("near", {
            "brokers": harness.broker_entry(self.broker.port, "near", tick="100ms", **entry),
            "buses": {"car": {"interface": "vcar", "topic": "can", "role": "server", "write": "none",
                              "formats": ["savvycan", "stream"],
                              "from_bus": {"max_age": f"{MAX_AGE:g}s", "buffer": buffer}}}})
        self.status = self.place.status(self.broker)
        self.status.wait_online(SERVER)
        self.bus = self.place.can("vcar")
        self.recorder = Recorder(self, self.broker.port)

    def wait_counted(self, predicate, what):
        return self.status.wait(SERVER, lambda status: predicate(status["counters"]["from_bus"])
                                and harness.is_balanced(status["counters"]), what)["counters"]["from_bus"]

    def wait_emptied(self):
        return self.wait_counted(lambda counters: counters["received"] == self.sent and counters["buffered"] == 0,
                                 "all that was kept has arrived")

    def send(self, count, pieces=1):
        for _ in range(pieces):
            self.bus.burst(numbered(self.sent, count))
            self.sent += count

    def outage(self, count, pieces):
        """The broker stands still: those who only listen stay connected."""
        before = len(self.daemon.log())
        self.broker.stop()
        self.send(1)  # or nobody would notice
        self.daemon.wait_log("has not answered for", after=before)
        self.send(count, pieces)
        harness.let_pass(2 * MAX_AGE)
        self.send(1)  # with it goes what is too old by now
        self.broker.resume()

    def heard(self, count):
        """All frames of history, by epoch and number."""
        return harness.wait_for(lambda: len(found := self.recorder.frames(self.recorder.history)) == count and found,
                                f"{count} frames of history are heard")

    def test_publishes_what_an_outage_held_back_and_nothing_is_missing(self):
        self.serve()
        self.place.daemon("far", {"brokers": harness.broker_entry(self.broker.port, "far"), "buses": {
            "copy": {"interface": "vcopy", "topic": "can", "formats": ["stream"]}}})
        self.status.wait_online(harness.client_status("can", "far"))
        copy = self.place.can("vcopy")
        self.send(100)
        harness.wait_for(lambda: len(self.recorder.all()) == 100, "the first frames are published")
        self.outage(500, 10)
        counted = self.wait_emptied()
        self.assertEqual(counted["dropped"], {})
        self.assertGreaterEqual(counted["backfilled"], 4000)
        history = self.heard(counted["backfilled"])
        self.assertEqual(sorted(self.recorder.all().values()), list(range(self.sent)), "each once, and none missing")
        numbers = []

        def comes():
            self.send(1)
            harness.let_pass(0.1)
            numbers.extend(struct.unpack(">Q", frame.data)[0] for frame in copy.drain())
            return numbers and numbers[-1] >= 5102

        harness.wait_for(comes, "the client's bus has present frames again")
        present = set(self.recorder.frames(self.recorder.present).values())
        self.assertEqual((set(history.values()) & set(numbers)) - present, set(), "history on a bus")

    def test_drops_the_oldest_when_its_memory_is_full(self):
        self.serve("64KiB")
        self.outage(500, 20)
        counted = self.wait_emptied()
        self.assertEqual(counted["dropped"].keys(), {"overflow"})
        self.assertGreater(counted["backfilled"], 64 * 1024 / 20)
        kept = sorted(self.heard(counted["backfilled"]).values())
        self.assertEqual(kept, list(range(kept[0], kept[0] + len(kept))), "the newest are kept")
        self.assertGreaterEqual(kept[0], counted["dropped"]["overflow"])

    def test_sends_again_what_a_lost_connection_had_in_its_hands(self):
        self.serve(limits={"bytes_per_second": 5_000})
        self.outage(500, 10)
        self.wait_counted(lambda counters: counters["backfilled"] > 0 and counters["buffered"] > 0, "it is at it")
        self.outage(0, 0)
        counted = self.wait_emptied()
        self.assertEqual(counted["dropped"], {})
        self.heard(counted["backfilled"])
        self.assertEqual(sorted(self.recorder.all().values()), list(range(self.sent)))

    def test_says_so_if_it_may_not_publish_it(self):
        rules = self.place.folder / "acl"
        rules.write_text("topic readwrite can/#\ntopic deny can/mqttcan/backfill\npattern readwrite mqttcan/%c/#\n")
        self.serve(rules=[f"acl_file {rules}"])
        self.outage(50, 1)
        self.daemon.wait_log(r"error: the broker refuses frames of the buffer[^\n]*can/mqttcan/backfill")
        counted = self.wait_emptied()
        self.assertGreaterEqual(counted["dropped"]["refused"], 50)

    def test_counts_as_stopped_what_it_still_has_when_it_ends(self):
        self.serve()
        self.broker.kill()
        self.daemon.wait_log("connection lost")
        self.send(100)
        harness.let_pass(2 * MAX_AGE)
        self.send(1)
        self.daemon.terminate()
        self.assertRegex(self.daemon.log(), r"101 frames from the bus, 0 published, 101 dropped")


if __name__ == "__main__":
    harness.main()
