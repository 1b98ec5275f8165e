# SPDX-License-Identifier: MIT
"""Frames that tell their number and age, on a bus at a steady pace; and what arrived there of such."""
import struct
import threading
import time

from kit.waiting import DEADLINE
from peer import Frame

PERIOD = 0.005
# What carries the frames' times: sequence number, milliseconds of the wall clock modulo 2^32. One machine, one clock.
STAMP = struct.Struct(">II")


def milliseconds():
    return time.time_ns() // 1_000_000


class Traffic:
    """Frames on a bus at a steady pace, each with its number and the time of its sending; and what arrived there."""

    def __init__(self, socket, identifier):
        self.socket = socket
        self.sent_at = []
        self.arrived = []  # (number, age in s, arrival in s of the wall clock)
        self._identifier = identifier
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._send, daemon=True)

    def start(self):
        self._thread.start()

    def stop(self):
        self._stop.set()
        self._thread.join(DEADLINE)

    def burst(self, count):
        """Many more at once."""
        for _ in range(count):
            self._send_one()

    def _send(self):
        while not self._stop.wait(PERIOD):
            self._send_one()

    def _send_one(self):
        with self._lock:
            now = milliseconds()
            number = len(self.sent_at)
            self.sent_at.append(now / 1000)  # first: it may arrive before send() returns
            self.socket.send(Frame(self._identifier, STAMP.pack(number, now & 0xFFFFFFFF)))

    def collect(self):
        for frame in self.socket.drain():
            number, sent = STAMP.unpack(frame.data)
            arrival = frame.timestamp_us / 1e6
            self.arrived.append((number, ((frame.timestamp_us // 1000 - sent) & 0xFFFFFFFF) / 1000, arrival))
        return self.arrived
