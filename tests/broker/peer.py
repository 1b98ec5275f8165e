#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A test peer of format `savvycan`, written from the wire format's text alone: an independent witness.

It shares no code with mqttcan; keep it so. As a library: Frame, encode, decode and Peer. As a command:

    peer.py --role client --topic can --port 1883 send 123#DEADBEEF 1ABCDEF0##1AABB 123#R
    peer.py --role client --topic can --port 1883 dump --count 3 --timeout 5

Frames are written as cansend and candump -L write them. `dump` ends with 0 once it has its frames, else with 1.
A peer of role `client` speaks to a server (the side with the bus) and the other way round. Protocols: 5, 3.1.1 and
3.1 (level 3, "MQIsdp", client ids of at most 23 characters), which is what SavvyCAN uses.
"""
import argparse
import collections
import dataclasses
import os
import random
import struct
import sys
import threading
import time

import paho.mqtt.client as mqtt
from paho.mqtt.client import MQTTv31, MQTTv311, MQTTv5
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

PROTOCOLS = {"3.1": MQTTv31, "3.1.1": MQTTv311, "5": MQTTv5}

EXTENDED, RTR, FD, ERROR_OR_ESI = 1, 2, 4, 8
KNOWN_FLAGS = EXTENDED | RTR | FD | ERROR_OR_ESI
FD_LENGTHS = (0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 20, 24, 32, 48, 64)
LARGEST_STANDARD, LARGEST_EXTENDED = 0x7FF, 0x1FFFFFFF
DIGITS = frozenset("0123456789")


class Refused(ValueError):
    """A message that is no frame; `reason` is its class."""

    def __init__(self, reason, text):
        super().__init__(f"{reason}: {text}")
        self.reason = reason


@dataclasses.dataclass(frozen=True)
class Frame:
    """One CAN frame. `brs` exists on a bus only: the format does not carry it. For an error frame `id` is its class."""

    id: int
    data: bytes = b""
    extended: bool = False
    rtr: bool = False
    fd: bool = False
    brs: bool = False
    esi: bool = False
    error: bool = False
    timestamp_us: int = dataclasses.field(default=0, compare=False)

    def __str__(self):
        if self.error:
            return f"{self.id | 0x20000000:08X}#{self.data.hex().upper()}"
        name = f"{self.id:08X}" if self.extended else f"{self.id:03X}"
        if self.rtr:
            return f"{name}#R"
        if self.fd:
            return f"{name}##{self.brs | self.esi << 1:X}{self.data.hex().upper()}"
        return f"{name}#{self.data.hex().upper()}"

    @classmethod
    def parse(cls, text):
        """From cansend's notation: 123#DEADBEEF, 12345678#, 123#R, 123##1AABB, 20000040#0000000000000000."""
        name, separator, rest = text.partition("#")
        if not separator or len(name) not in (3, 8):
            raise ValueError(f"{text!r}: not a frame; write it like 123#DEADBEEF, 1ABCDEF0##1AABB or 123#R")
        number = int(name, 16)
        kind = {"extended": len(name) == 8}
        if len(name) == 8 and number & 0x20000000:
            kind = {"error": True}
            number &= ~0x20000000
        if rest.startswith("#"):
            flags = int(rest[1:2], 16)
            kind.update(fd=True, brs=bool(flags & 1), esi=bool(flags & 2))
            rest = rest[2:]
        elif rest[:1] in ("R", "r"):
            kind.update(rtr=True)
            rest = ""
        frame = cls(id=number, data=bytes.fromhex(rest.replace(".", "")), **kind)
        check(frame)
        return frame


def check(frame):
    """Refuses what no CAN bus can carry."""
    if frame.rtr and (frame.fd or frame.data):
        raise Refused("bad_combination", "a remote request is neither CAN FD nor has it data")
    if frame.error and (frame.rtr or frame.fd or frame.extended):
        raise Refused("bad_combination", "an error frame is of no other kind")
    if frame.esi and not frame.fd:
        raise Refused("bad_combination", "ESI without CAN FD")
    largest = LARGEST_EXTENDED if frame.extended or frame.error else LARGEST_STANDARD
    if not 0 <= frame.id <= largest:
        raise Refused("id_out_of_range", f"{frame.id} is larger than {largest}")
    if len(frame.data) not in (FD_LENGTHS if frame.fd else range(9)):
        raise Refused("bad_length", f"{len(frame.data)} bytes")


def encode(frame):
    """(last level of the topic, payload) of a frame."""
    check(frame)
    flags = 0
    if frame.extended:
        flags |= EXTENDED
    if frame.rtr:
        flags |= RTR
    if frame.fd:
        flags |= FD
    if frame.esi or frame.error:
        flags |= ERROR_OR_ESI
    return str(frame.id), struct.pack("<QB", frame.timestamp_us, flags) + frame.data


def decode(topic, payload):
    """The frame in a message; the ID is the topic's last level. Raises Refused."""
    level = topic.rpartition("/")[2]
    # int() would take signs, spaces, underscores and any script's digits.
    if not level or not DIGITS.issuperset(level):
        raise Refused("bad_id", f"{level!r} is not a decimal number")
    if level != "0" and level.startswith("0"):
        raise Refused("bad_id", f"{level!r} has leading zeros")
    number = int(level) if len(level) <= 10 else 1 << 32
    if number >= 1 << 32:
        raise Refused("id_out_of_range", f"{level!r} has more than 32 bits")
    if len(payload) < 9:
        raise Refused("short_payload", f"{len(payload)} bytes, a frame has at least 9")
    timestamp_us, flags = struct.unpack_from("<QB", payload)
    if flags & ~KNOWN_FLAGS:
        raise Refused("unknown_flags", f"{flags:#04x}")
    is_fd = bool(flags & FD)
    frame = Frame(
        id=number,
        data=bytes(payload[9:]),
        extended=bool(flags & EXTENDED),
        rtr=bool(flags & RTR),
        fd=is_fd,
        esi=is_fd and bool(flags & ERROR_OR_ESI),
        error=not is_fd and bool(flags & ERROR_OR_ESI),
        timestamp_us=timestamp_us,
    )
    check(frame)
    return frame


def now_us():
    return time.time_ns() // 1000


class Peer:
    """One end of a bus over MQTT, without the bus. Use as a context manager: inside, it is connected and subscribed.

    `on_frame(frame)` is called on the network thread for each frame; without it frames gather for `take`.
    Messages that are no frames are counted in `refused` by reason and go no further.
    """

    def __init__(self, role, topic, host="127.0.0.1", port=1883, protocol=MQTTv5, on_frame=None, *, client_id=None,
                 username=None, password=None, ca_file=None, timeout=20):
        if role not in ("server", "client"):
            raise ValueError(f"{role!r}: a role is server or client")
        self.refused = collections.Counter()
        self._publish_below = f"{topic}/" if role == "server" else f"{topic}/s/"
        self._filter = f"{topic}/s/+" if role == "server" else f"{topic}/+"
        self._address = (host, port)
        self._protocol = protocol
        self._timeout = timeout
        self._on_frame = on_frame
        self._frames = collections.deque()
        self._changed = threading.Condition()
        self._started = False
        self._subscribed = False
        self._failure = None
        self._last_publish = None
        client_id = client_id or f"peer-{os.getpid() % 100000}-{random.getrandbits(40):x}"
        if len(client_id) > 23:
            raise ValueError(f"{client_id!r}: MQTT 3.1 allows 23 characters")
        options = {} if protocol == MQTTv5 else {"clean_session": True}
        self._client = mqtt.Client(client_id, protocol=protocol, **options)
        self._client.on_connect = self._connected
        self._client.on_subscribe = self._acknowledged
        self._client.on_message = self._received
        self._client.on_disconnect = self._disconnected
        if username is not None:
            self._client.username_pw_set(username, password)
        if ca_file:
            self._client.tls_set(ca_certs=ca_file)

    # ---- life

    def start(self):
        """Connects and returns once the broker acknowledged the subscription."""
        options = {}
        if self._protocol == MQTTv5:
            options = {"clean_start": True, "properties": Properties(PacketTypes.CONNECT)}
            options["properties"].SessionExpiryInterval = 0
        self._client.connect(*self._address, keepalive=60, **options)
        self._client.loop_start()
        self._started = True
        try:
            with self._changed:
                self._changed.wait_for(lambda: self._subscribed or self._failure, self._timeout)
                if self._failure:
                    raise ConnectionError(self._failure)
                if not self._subscribed:
                    raise TimeoutError(f"no subscription at {self._address} within {self._timeout} s")
        except Exception:
            self._client.loop_stop()
            raise
        return self

    def stop(self):
        """Hands over what was published, then leaves."""
        try:
            if self._client.is_connected():
                self.flush()
                self._client.disconnect()
        finally:
            self._client.loop_stop()

    def __enter__(self):
        return self if self._started else self.start()

    def __exit__(self, *_):
        self.stop()

    # ---- frames

    def send(self, frame):
        """Publishes one frame: QoS 0, not retained, stamped now unless it has a time."""
        if not frame.timestamp_us:
            frame = dataclasses.replace(frame, timestamp_us=now_us())
        level, payload = encode(frame)
        self.publish(self._publish_below + level, payload)

    def publish(self, topic, payload, retain=False):
        """Publishes anything, well-formed or not."""
        info = self._client.publish(topic, payload, qos=0, retain=retain)
        if info.rc != mqtt.MQTT_ERR_SUCCESS:
            raise ConnectionError(mqtt.error_string(info.rc))
        self._last_publish = info

    def flush(self):
        """Returns once all that was published is with the operating system."""
        if self._last_publish is not None:
            self._last_publish.wait_for_publish(self._timeout)
            if not self._last_publish.is_published():
                raise TimeoutError(f"the broker did not take all messages within {self._timeout} s "
                                   f"(failure: {self._failure})")

    def take(self, count=1, timeout=None):
        """The next `count` frames; TimeoutError, telling what came, if they do not arrive."""
        timeout = self._timeout if timeout is None else timeout
        with self._changed:
            if not self._changed.wait_for(lambda: len(self._frames) >= count, timeout):
                got = [str(frame) for frame in list(self._frames)[:20]]
                raise TimeoutError(f"{len(self._frames)} of {count} frames within {timeout} s: {got}, "
                                   f"refused {dict(self.refused)}")
            return [self._frames.popleft() for _ in range(count)]

    def pending(self):
        """How many frames wait for `take`."""
        with self._changed:
            return len(self._frames)

    # ---- called by Paho, on its thread

    def _connected(self, client, _userdata, _flags, code, _properties=None):
        if code != 0:
            self._fail(f"the broker refused the connection: {code}")
            return
        if self._protocol == MQTTv5:
            client.subscribe(self._filter, options=SubscribeOptions(qos=0, noLocal=False, retainHandling=2))
        else:
            client.subscribe(self._filter, 0)

    def _acknowledged(self, _client, _userdata, _mid, codes, _properties=None):
        code = codes[0].value if self._protocol == MQTTv5 else codes[0]
        if code >= 0x80:
            self._fail(f"the broker refused the subscription to {self._filter}: {code:#x}")
            return
        with self._changed:
            self._subscribed = True
            self._changed.notify_all()

    def _disconnected(self, _client, _userdata, code, _properties=None):
        if code != 0:
            self._fail(f"connection lost: {code}")

    def _received(self, _client, _userdata, message):
        frame = None
        try:
            if message.retain:
                raise Refused("retained", message.topic)
            frame = decode(message.topic, message.payload)
        except Refused as refusal:
            with self._changed:
                self.refused[refusal.reason] += 1
                self._changed.notify_all()
            return
        if self._on_frame:
            self._on_frame(frame)
            return
        with self._changed:
            self._frames.append(frame)
            self._changed.notify_all()

    def _fail(self, text):
        with self._changed:
            self._failure = self._failure or text
            self._changed.notify_all()


# ---- the command


def dump(options, connection):
    # BRS is not carried; a bus gets CAN FD frames with BRS unless told otherwise, so that is what is shown.
    with Peer(**connection) as peer:
        print(f"subscribed to {peer._filter}", file=sys.stderr, flush=True)
        deadline = None if options.timeout is None else time.monotonic() + options.timeout
        seen = 0
        while options.count is None or seen < options.count:
            left = 1e6 if deadline is None else max(0.0, deadline - time.monotonic())
            try:
                frame = peer.take(1, left)[0]
            except TimeoutError:
                return 0 if options.count is None else 1
            print(dataclasses.replace(frame, brs=frame.fd), flush=True)
            seen += 1
    return 0


def send(options, connection):
    frames = [Frame.parse(text) for text in options.frames]
    with Peer(**connection) as peer:
        for frame in frames:
            peer.send(frame)
    return 0


def main():
    parser = argparse.ArgumentParser(description="test peer of format savvycan")
    parser.add_argument("--role", choices=("server", "client"), required=True)
    parser.add_argument("--topic", default="can")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=1883)
    parser.add_argument("--protocol", choices=sorted(PROTOCOLS), default="5")
    parser.add_argument("--client-id")
    parser.add_argument("--username")
    parser.add_argument("--password")
    parser.add_argument("--ca-file", help="use TLS and trust this CA")
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("send", help="publish frames written as for cansend")
    command.add_argument("frames", nargs="+", metavar="FRAME")
    command = commands.add_parser("dump", help="print the frames that arrive")
    command.add_argument("--count", type=int)
    command.add_argument("--timeout", type=float)
    options = parser.parse_args()
    connection = {"role": options.role, "topic": options.topic, "host": options.host, "port": options.port,
                  "protocol": PROTOCOLS[options.protocol], "client_id": options.client_id,
                  "username": options.username, "password": options.password, "ca_file": options.ca_file}
    try:
        return {"send": send, "dump": dump}[options.command](options, connection)
    except (OSError, ValueError) as error:
        print(f"peer.py: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
