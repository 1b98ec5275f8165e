#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Two codecs of format `stream` that share nothing, the test kit's and the project's: both against the golden vectors,
and each against the other.

Usage: stream_test.py PATH-OF-stream_dump [UNITTEST-OPTION...]
"""
import collections
import json
import pathlib
import random
import subprocess
import sys
import unittest

sys.dont_write_bytecode = True
TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TESTS / "broker"))

from kit import stream  # noqa: E402

VECTORS = json.loads((TESTS / "golden" / "stream" / "vectors.json").read_text(encoding="utf-8"))["vectors"]
VALID = [vector for vector in VECTORS if "records" in vector]
BAD = [vector for vector in VECTORS if "refused" in vector]
MANY = 10_000
T0 = 1795348800123456


def message_of(vector):
    return b"".join(bytes.fromhex(part) if isinstance(part, str) else bytes.fromhex(part["hex"]) * part["repeat"]
                    for part in vector["message"])


def meaning_of(fields):
    """A stream.Message of "header" and "records" as the golden vectors have them."""
    records = []
    for record in fields["records"]:
        record = dict(record)
        repeat = record.pop("repeat", 1)
        record["data"] = bytes.fromhex(record.get("data", ""))
        if "confirms" in record:
            record["confirms"] = (record["confirms"]["epoch"], record["confirms"]["sequence"])
        records += [stream.Record(**record) for _ in range(repeat)]
    return stream.Message(**fields["header"], records=records)


def verdict(message):
    """(what it means, None) or (None, why it is refused)."""
    try:
        return stream.decode(message), None
    except stream.Refused as refusal:
        return None, refusal.reason


def dump(*arguments, lines=()):
    """stream_dump's lines."""
    out = subprocess.run([PROGRAM, *arguments], input="".join(f"{line}\n" for line in lines), stdout=subprocess.PIPE,
                         text=True, check=True, timeout=250).stdout
    return [json.loads(line) for line in out.splitlines()]


def verdicts_of_the_project(messages):
    answers = dump("decode", lines=[message.hex() for message in messages])
    return [(None, answer["refused"]) if "refused" in answer else (meaning_of(answer), None) for answer in answers]


class Chance:
    """Messages by chance, the same in each run; by Python's own means, so that no generator's habit is shared."""

    def __init__(self, seed):
        self._random = random.Random(seed)

    def number(self, bits):
        """Of any size up to so many bits."""
        return self._random.getrandbits(self._random.randint(0, bits))

    def record(self, timestamp_us):
        chance = self._random
        if chance.random() < 0.1:
            return stream.Record(self.number(29), chance.randbytes(chance.randint(0, 8)), error=True,
                                 timestamp_us=timestamp_us)
        extended = chance.random() < 0.5
        record = stream.Record(self.number(29 if extended else 11), extended=extended, timestamp_us=timestamp_us)
        kind = chance.choice(("data", "rtr", "fd"))
        if kind == "rtr":
            record.rtr, record.length = True, chance.randint(0, 8)
        else:
            record.fd = kind == "fd"
            lengths = sorted(stream.FD_LENGTHS) if record.fd else range(9)
            record.data = chance.randbytes(chance.choice(lengths))
            record.brs, record.esi = (record.fd and chance.random() < 0.5 for _ in range(2))
        if chance.random() < 0.3:
            record.confirms = (self.number(32), self.number(64))
        return record

    def message(self):
        message = stream.Message(self.number(32), self.number(63), self.number(63))
        timestamp_us = message.timestamp_us
        for _ in range(self._random.randint(0, 20)):
            message.records.append(self.record(timestamp_us))
            timestamp_us += self.number(32)
        return message

    def spoil(self, message):
        """Some bytes changed, left out or added."""
        changed = bytearray(message)
        for _ in range(self._random.randint(1, 3)):
            place = self._random.randrange(len(changed)) if self._random.random() < 0.8 else self._random.randrange(28)
            what = self._random.random()
            if what < 0.5:
                changed[place] = self._random.randrange(256)
            elif what < 0.8:
                changed[place] ^= 1 << self._random.randrange(8)
            elif what < 0.9 and len(changed) > 28:
                del changed[place]
            else:
                changed.insert(place, self._random.randrange(256))
        return bytes(changed)


class TheVectors(unittest.TestCase):
    def test_are_many_and_of_both_sorts_with_names_of_their_own(self):
        self.assertGreaterEqual(len(VECTORS), 120)
        self.assertEqual(len(VECTORS), len(VALID) + len(BAD))
        self.assertEqual(len(VECTORS), len({vector["name"] for vector in VECTORS}))

    def test_hold_every_length_and_every_combination_that_matters(self):
        records = [record for vector in VALID for record in meaning_of(vector).records]
        self.assertEqual({len(record.data) for record in records if record.fd}, stream.FD_LENGTHS)
        self.assertEqual({len(record.data) for record in records if not (record.fd or record.rtr)}, set(range(9)))
        self.assertEqual({record.length for record in records if record.rtr}, set(range(9)))
        kinds = {(record.rtr, record.fd, record.brs, record.esi, record.error) for record in records}
        self.assertEqual(len(kinds), 7)
        for kind in ("rtr", "fd"):
            of_kind = [record for record in records if getattr(record, kind)]
            self.assertEqual({record.extended for record in of_kind}, {True, False}, kind)
            self.assertEqual({record.confirms is None for record in of_kind}, {True, False}, kind)


class TheKit(unittest.TestCase):
    def test_decodes_each_valid_vector_to_its_meaning(self):
        for vector in VALID:
            with self.subTest(vector["name"]):
                self.assertEqual(stream.decode(message_of(vector)), meaning_of(vector))

    def test_encodes_each_meaning_to_its_vector(self):
        for vector in VALID:
            with self.subTest(vector["name"]):
                same = stream.encode(meaning_of(vector)) == message_of(vector)
                self.assertEqual(same, "decode_only" not in vector)

    def test_refuses_each_bad_vector_for_its_reason(self):
        for vector in BAD:
            with self.subTest(vector["name"]):
                self.assertEqual(verdict(message_of(vector)), (None, vector["refused"]))

    def test_refuses_a_message_that_is_cut_off_anywhere(self):
        for vector in VALID:
            message = message_of(vector)
            for length in range(min(len(message), 500)):
                self.assertIsNone(verdict(message[:length])[0], f"{vector['name']}: {length} bytes")


class Both(unittest.TestCase):
    maxDiff = 2000

    def test_judge_each_vector_alike(self):
        messages = [message_of(vector) for vector in VECTORS]
        self.assertEqual(verdicts_of_the_project(messages), [verdict(message) for message in messages])

    def test_agree_on_what_the_kit_writes(self):
        chance = Chance(1)
        meanings = [chance.message() for _ in range(MANY)]
        found = verdicts_of_the_project([stream.encode(meaning) for meaning in meanings])
        self.assertEqual(len(found), MANY)
        for meaning, (decoded, refused) in zip(meanings, found):
            self.assertIsNone(refused)
            self.assertEqual(decoded, meaning)

    def test_agree_on_what_the_project_writes(self):
        lines = dump("make", "2", str(MANY))
        self.assertEqual(len(lines), MANY)
        longest = 0
        for line in lines:
            message = bytes.fromhex(line["message"])
            longest = max(longest, len(message))
            meaning = stream.decode(message)
            self.assertEqual(meaning, meaning_of(line))
            self.assertEqual(stream.encode(meaning), message)
        self.assertGreater(longest, 12_000)

    def test_agree_on_what_is_spoilt(self):
        chance = Chance(3)
        messages = [chance.spoil(stream.encode(chance.message())) for _ in range(MANY)]
        counts = collections.Counter()
        for message, theirs in zip(messages, verdicts_of_the_project(messages)):
            ours = verdict(message)
            # Of several faults each may name another.
            self.assertEqual(ours[0], theirs[0], message.hex())
            counts[ours[1]] += 1
        self.assertGreater(counts.pop(None), MANY / 20)
        self.assertGreaterEqual(len(counts), 10, counts)


if __name__ == "__main__":
    PROGRAM = sys.argv.pop(1)
    unittest.main()
