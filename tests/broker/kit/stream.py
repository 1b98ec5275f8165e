# SPDX-License-Identifier: MIT
"""Format `stream`, written from docs/wire-format.md alone: it shares no code with the project that it testifies about.

    message = Message(epoch=7, sequence=1, timestamp_us=now, records=[Record(id=0x123, data=b"..", timestamp_us=now)])
    decode(encode(message)) == message
"""
import dataclasses
import struct

MAGIC, VERSION = b"MC", 1
HEADER = struct.Struct("<2sBBHHIQQ")
ORIGIN = struct.Struct("<IQ")
LARGEST_MESSAGE = 16384

SEALED = 1
EXTENDED, RTR, FD, BRS, ESI, ERROR, CONFIRMATION, MORE = (1 << bit for bit in range(8))
# The combinations of flags that are legal, but for EXTENDED and CONFIRMATION, which stand with all of them except ERROR.
KINDS = {0, RTR, FD, FD | BRS, FD | ESI, FD | BRS | ESI}

FD_LENGTHS = {*range(9), 12, 16, 20, 24, 32, 48, 64}
LARGEST_STANDARD, LARGEST_EXTENDED = 0x7FF, 0x1FFFFFFF
LARGEST_STEP = 2**32 - 1
END_OF_64_BITS = 2**64


class Refused(ValueError):
    """A message of which nothing is taken; `reason` is its class."""

    def __init__(self, reason, text):
        super().__init__(f"{reason}: {text}")
        self.reason = reason


@dataclasses.dataclass
class Record:
    """One frame. `length` is for remote requests alone: what they ask for. `confirms` is (epoch, sequence)."""

    id: int
    data: bytes = b""
    length: int = 0
    extended: bool = False
    rtr: bool = False
    fd: bool = False
    brs: bool = False
    esi: bool = False
    error: bool = False
    timestamp_us: int = 0
    confirms: tuple | None = None


@dataclasses.dataclass
class Message:
    """`timestamp_us` is that of the first record; `sequence` its number, or in a heartbeat that of the next record."""

    epoch: int
    sequence: int
    timestamp_us: int
    records: list = dataclasses.field(default_factory=list)


# ---- writing


def varint(number):
    groups = [number & 0x7F]
    while number := number >> 7:
        groups.append(number & 0x7F)
    return bytes([group | 0x80 for group in groups[:-1]] + groups[-1:])


def encode_record(record, step):
    flags = (EXTENDED * record.extended | RTR * record.rtr | FD * record.fd | BRS * record.brs | ESI * record.esi
             | ERROR * record.error | CONFIRMATION * (record.confirms is not None))
    identifier = struct.pack("<I" if record.extended or record.error else "<H", record.id)
    length = record.length if record.rtr else len(record.data)
    return (bytes([flags]) + varint(step) + identifier + bytes([length]) + record.data
            + (ORIGIN.pack(*record.confirms) if record.confirms is not None else b""))


def encode(message):
    """Writes what it is told, well-formed or not, as long as the fields can hold it."""
    parts = [HEADER.pack(MAGIC, VERSION, HEADER.size, 0, len(message.records), message.epoch, message.sequence,
                         message.timestamp_us)]
    before = message.timestamp_us
    for record in message.records:
        parts.append(encode_record(record, record.timestamp_us - before))
        before = record.timestamp_us
    return b"".join(parts)


# ---- reading


class Bytes:
    """What is left of a message."""

    def __init__(self, message, offset):
        self._message = message
        self._offset = offset

    def take(self, count):
        piece = self._message[self._offset:self._offset + count]
        if len(piece) < count:
            raise Refused("truncated", f"{len(piece)} bytes where {count} belong")
        self._offset += count
        return piece

    def byte(self):
        return self.take(1)[0]

    def left(self):
        return len(self._message) - self._offset

    def varint(self):
        number = 0
        for place in range(5):
            byte = self.byte()
            number += (byte & 0x7F) << 7 * place
            if byte < 0x80:
                break
        else:
            raise Refused("bad_time", "a sixth byte")
        if number > LARGEST_STEP:
            raise Refused("bad_time", f"{number} us after the record before")
        return number


def decode_header(message):
    """(Message without records, how many there are, the bytes after the header)."""
    if len(message) > LARGEST_MESSAGE:
        raise Refused("long_message", f"{len(message)} bytes")
    if len(message) < HEADER.size:
        raise Refused("short_message", f"{len(message)} bytes")
    magic, version, length, flags, count, epoch, sequence, timestamp_us = HEADER.unpack_from(message)
    if magic != MAGIC:
        raise Refused("bad_magic", magic.hex())
    if version != VERSION:
        raise Refused("bad_version", version)
    if length < HEADER.size:
        raise Refused("bad_header", f"a header of {length} bytes")
    if length > len(message):
        raise Refused("short_message", f"{len(message)} bytes with a header of {length}")
    if flags & ~SEALED:
        raise Refused("unknown_flags", f"{flags:#06x} in the header")
    if flags & SEALED:
        raise Refused("sealed", "no key")
    if sequence + count >= END_OF_64_BITS:
        raise Refused("bad_header", f"{count} records from number {sequence} on")
    return Message(epoch, sequence, timestamp_us), count, Bytes(message, length)


def check_flags(flags):
    if flags & MORE:
        raise Refused("unknown_flags", f"{flags:#04x} in a record")
    if flags != ERROR and flags & ~(EXTENDED | CONFIRMATION) not in KINDS:
        raise Refused("bad_combination", f"{flags:#04x}")


def decode_record(rest, before):
    flags = rest.byte()
    check_flags(flags)
    timestamp_us = before + rest.varint()
    if timestamp_us >= END_OF_64_BITS:
        raise Refused("bad_time", "more than 64 bits")
    wide = bool(flags & (EXTENDED | ERROR))
    identifier = int.from_bytes(rest.take(4 if wide else 2), "little")
    if identifier > (LARGEST_EXTENDED if wide else LARGEST_STANDARD):
        raise Refused("id_out_of_range", f"{identifier:#x}")
    length = rest.byte()
    if length not in (FD_LENGTHS if flags & FD else range(9)):
        raise Refused("bad_length", f"{length} bytes")
    record = Record(identifier, extended=bool(flags & EXTENDED), rtr=bool(flags & RTR), fd=bool(flags & FD),
                    brs=bool(flags & BRS), esi=bool(flags & ESI), error=bool(flags & ERROR), timestamp_us=timestamp_us)
    if record.rtr:
        record.length = length
    else:
        record.data = bytes(rest.take(length))
    if flags & CONFIRMATION:
        record.confirms = ORIGIN.unpack(rest.take(ORIGIN.size))
    return record


def decode(message):
    """The message that the bytes mean. Raises Refused."""
    result, count, rest = decode_header(message)
    before = result.timestamp_us
    for _ in range(count):
        record = decode_record(rest, before)
        before = record.timestamp_us
        result.records.append(record)
    if result.records and result.records[0].timestamp_us != result.timestamp_us:
        raise Refused("bad_time", "the first record is later than the header says")
    if rest.left():
        raise Refused("trailing_bytes", f"{rest.left()} bytes after the last record")
    return result
