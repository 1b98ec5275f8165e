# SPDX-License-Identifier: MIT
"""The CAN side: raw sockets of Python's own, can-utils, and sample frames."""
import dataclasses
import errno
import os
import re
import select
import socket
import struct
import subprocess
import time

import peer
from kit.links import bound_sockets
from kit.processes import Process
from kit.waiting import DEADLINE, POLL, Late, run, wait_for
from peer import Frame

SO_RCVBUFFORCE, SO_TIMESTAMPNS, SO_MEMINFO, CAN_RAW_ERR_FILTER = 33, 35, 55, 2  # not in module socket
SK_MEMINFO_WMEM_ALLOC = 2
EFF, RTR, ERR = 0x80000000, 0x40000000, 0x20000000
BRS, ESI = 1, 2
CLASSIC, FD = struct.Struct("=IB3x8s"), struct.Struct("=IBB2x64s")


def to_kernel(frame):
    """struct can_frame or struct canfd_frame."""
    number = frame.id | (EFF if frame.extended else 0) | (RTR if frame.rtr else 0) | (ERR if frame.error else 0)
    if frame.fd:
        return FD.pack(number, len(frame.data), (BRS if frame.brs else 0) | (ESI if frame.esi else 0), frame.data)
    return CLASSIC.pack(number, len(frame.data), frame.data)


def from_kernel(raw, timestamp_us=0):
    is_fd = len(raw) == FD.size
    if is_fd:
        number, length, flags, data = FD.unpack(raw)
    else:
        (number, length, data), flags = CLASSIC.unpack(raw), 0
    is_error = bool(number & ERR)
    is_extended = bool(number & EFF) and not is_error
    is_rtr = bool(number & RTR)
    return Frame(id=number & (0x1FFFFFFF if is_extended or is_error else 0x7FF), data=b"" if is_rtr else data[:length],
                 extended=is_extended, rtr=is_rtr, fd=is_fd, brs=bool(flags & BRS), esi=bool(flags & ESI),
                 error=is_error, timestamp_us=timestamp_us)


class CanSocket:
    """A raw CAN socket with room for a burst. It hears everybody on the interface but itself."""

    def __init__(self, interface, send_buffer=None):
        """`send_buffer`: bytes, of which the kernel makes 4608 at least."""
        self.interface = interface
        self._socket = socket.socket(socket.AF_CAN, socket.SOCK_RAW | socket.SOCK_NONBLOCK, socket.CAN_RAW)
        try:
            self._socket.setsockopt(socket.SOL_CAN_RAW, socket.CAN_RAW_FD_FRAMES, 1)
            self._socket.setsockopt(socket.SOL_CAN_RAW, CAN_RAW_ERR_FILTER, 0x1FFFFFFF)
            self._socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 32 << 20)
            self._socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
            if send_buffer is not None:
                self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer)
            self._socket.bind((interface,))
        except OSError:
            self._socket.close()
            raise

    def close(self):
        self._socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def send(self, frame):
        self._socket.send(to_kernel(frame))

    def burst(self, frames):
        """Sends all as fast as the socket takes them."""
        packed = [to_kernel(frame) for frame in frames]
        for raw in packed:
            while True:
                try:
                    self._socket.send(raw)
                    break
                except OSError as error:
                    if error.errno not in (errno.EAGAIN, errno.ENOBUFS):
                        raise
                    select.select([], [self._socket], [], POLL)

    def poll(self):
        """The next frame if one is there, with the kernel's time of its reception, else None."""
        try:
            raw, control, _, _ = self._socket.recvmsg(FD.size, 64)
        except BlockingIOError:
            return None
        for level, kind, data in control:
            if level == socket.SOL_SOCKET and kind == SO_TIMESTAMPNS:
                seconds, nanoseconds = struct.unpack("@ll", data[:16])
                return from_kernel(raw, seconds * 1_000_000 + nanoseconds // 1000)
        return from_kernel(raw)

    def receive(self, count=1, deadline=DEADLINE):
        """The next `count` frames in their order."""
        end = time.monotonic() + deadline
        frames = []
        while len(frames) < count:
            frame = self.poll()
            if frame:
                frames.append(frame)
                continue
            left = end - time.monotonic()
            if left <= 0 or not select.select([self._socket], [], [], left)[0]:
                raise Late(f"{self.interface}: {len(frames)} of {count} frames within {deadline} s, the last ones: "
                           f"{[str(frame) for frame in frames[-5:]]}")
        return frames

    def drain(self):
        """All frames that are there already."""
        return list(iter(self.poll, None))

    def unsent(self):
        """How many bytes its frames occupy in the interface's queue."""
        memory = self._socket.getsockopt(socket.SOL_SOCKET, SO_MEMINFO, 64)
        return struct.unpack_from("=I", memory, 4 * SK_MEMINFO_WMEM_ALLOC)[0]

    def fileno(self):
        return self._socket.fileno()


class Candump(Process):
    """can-utils' candump -L, ready to hear the next frame."""

    def __init__(self, interface, log, options=()):
        before = bound_sockets(interface)
        super().__init__(f"candump:{interface}", ["candump", "-L", *options, interface], log, stdout=subprocess.PIPE)
        os.set_blocking(self.stdout.fileno(), False)
        self._text = ""
        wait_for(lambda: bound_sockets(interface) > before, f"candump listens on {interface}")

    def lines(self):
        """The frames so far, as cansend takes them: 123#DEADBEEF, 123##1AABB, 123#R.

        Without the flag that newer kernels set on every CAN FD frame, and without the length of a remote request.
        """
        while chunk := self.stdout.read():
            self._text += chunk.decode()
        shown = [line.split()[2] for line in self._text.splitlines(keepends=True) if line.endswith("\n")]
        shown = [re.sub("##(.)", lambda found: f"##{int(found[1], 16) & (BRS | ESI):X}", line) for line in shown]
        return [re.sub("#R.$", "#R", line) for line in shown]

    def wait_lines(self, count, deadline=DEADLINE):
        """All frames once they are at least `count`."""

        def enough():
            lines = self.lines()
            return lines if len(lines) >= count else None

        try:
            return wait_for(enough, f"{self.name} shows {count} frames", deadline)
        except Late as late:
            raise Late(f"{late}; it shows {self.lines()[-20:]}") from None


def cansend(interface, text):
    run("cansend", interface, text)


def every_kind(first_id=0x100):
    """One frame of every kind that crosses unchanged (BRS is not carried: the far side sends CAN FD with BRS)."""
    frames = [Frame(0, b""), Frame(0x7FF, bytes(range(8))), Frame(first_id, b"\xde\xad\xbe\xef"),
              Frame(0, b"", extended=True), Frame(0x1FFFFFFF, bytes(range(8)), extended=True),
              Frame(first_id, b"\x01", extended=True), Frame(first_id, rtr=True),
              Frame(0x1ABCDEF0, extended=True, rtr=True)]
    frames += [Frame(first_id + length, bytes(range(length))) for length in range(9)]
    for length in peer.FD_LENGTHS:
        data = bytes((7 * index + length) & 0xFF for index in range(length))
        frames.append(Frame(first_id + length, data, fd=True, brs=True))
        frames.append(Frame(0x18DAF100 + length, data, extended=True, fd=True, brs=True, esi=True))
    return frames


def crossed(frames):
    """What arrives at a peer: BRS does not."""
    return [dataclasses.replace(frame, brs=False) for frame in frames]
