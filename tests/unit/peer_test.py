#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The test peer's codec against the golden vectors: the witness is examined before it testifies."""
import json
import pathlib
import sys
import unittest

sys.dont_write_bytecode = True
TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TESTS / "broker"))

import peer  # noqa: E402

VECTORS = json.loads((TESTS / "golden" / "savvycan" / "vectors.json").read_text(encoding="utf-8"))["vectors"]
VALID = [vector for vector in VECTORS if "frame" in vector]
BAD = [vector for vector in VECTORS if "refused" in vector]


def frame_of(vector):
    fields = dict(vector["frame"])
    fields["data"] = bytes.fromhex(fields["data"])
    return peer.Frame(**fields)


class TheVectors(unittest.TestCase):
    def test_are_many_and_of_both_sorts_with_names_of_their_own(self):
        self.assertGreaterEqual(len(VECTORS), 40)
        self.assertEqual(len(VECTORS), len(VALID) + len(BAD))
        self.assertEqual(len(VECTORS), len({vector["name"] for vector in VECTORS}))

    def test_hold_every_fd_length_and_every_reason(self):
        lengths = {len(vector["frame"]["data"]) // 2 for vector in VALID if vector["frame"]["fd"]}
        self.assertEqual(lengths, {*range(9), 12, 16, 20, 24, 32, 48, 64})
        self.assertEqual({vector["refused"] for vector in BAD},
                         {"short_payload", "bad_id", "id_out_of_range", "bad_length", "unknown_flags",
                          "bad_combination"})


class TheCodec(unittest.TestCase):
    def test_decodes_each_valid_vector_to_its_frame(self):
        for vector in VALID:
            with self.subTest(vector["name"]):
                frame = peer.decode(vector["topic"], bytes.fromhex(vector["payload"]))
                self.assertEqual(frame, frame_of(vector))
                self.assertEqual(frame.timestamp_us, vector["frame"]["timestamp_us"])

    def test_encodes_each_frame_to_its_vector(self):
        for vector in VALID:
            with self.subTest(vector["name"]):
                level, payload = peer.encode(frame_of(vector))
                below = "" if vector["sender"] == "server" else "s/"
                self.assertEqual(f"{vector['bus_topic']}/{below}{level}", vector["topic"])
                self.assertEqual(payload.hex(), vector["payload"])

    def test_does_not_carry_brs(self):
        self.assertEqual(peer.encode(peer.Frame(1, fd=True, brs=True)), peer.encode(peer.Frame(1, fd=True)))

    def test_refuses_each_bad_vector_for_its_reason(self):
        for vector in BAD:
            with self.subTest(vector["name"]), self.assertRaises(peer.Refused) as caught:
                peer.decode(vector["topic"], bytes.fromhex(vector["payload"]))
            self.assertEqual(caught.exception.reason, vector["refused"], vector["name"])

    def test_refuses_to_encode_what_no_bus_carries(self):
        for frame in (peer.Frame(0x800), peer.Frame(-1), peer.Frame(1, bytes(9)), peer.Frame(1, bytes(9), fd=True),
                      peer.Frame(1, b"x", rtr=True), peer.Frame(1, rtr=True, fd=True), peer.Frame(1, esi=True),
                      peer.Frame(1, error=True, extended=True)):
            with self.subTest(frame), self.assertRaises(peer.Refused):
                peer.encode(frame)


class TheNotation(unittest.TestCase):
    def test_is_read_and_written_as_by_cansend_and_candump(self):
        for text in ("123#DEADBEEF", "123#", "7FF#R", "1ABCDEF0#R", "1ABCDEF0#0102030405060708", "123##1AABB", "123##0",
                     "1ABCDEF0##3" + "55" * 64, "20000040#0000000000000000"):
            with self.subTest(text):
                self.assertEqual(str(peer.Frame.parse(text)), text)

    def test_tells_extended_from_standard_by_the_number_of_digits(self):
        self.assertFalse(peer.Frame.parse("123#").extended)
        self.assertTrue(peer.Frame.parse("00000123#").extended)

    def test_refuses_what_is_no_frame(self):
        for text in ("", "123", "12#", "1234#00", "800#00", "123#1", "123#" + "00" * 9, "123##1" + "00" * 9, "xyz#00"):
            with self.subTest(text), self.assertRaises(ValueError):
                peer.Frame.parse(text)


if __name__ == "__main__":
    unittest.main()
