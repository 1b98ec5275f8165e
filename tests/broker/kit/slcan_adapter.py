# SPDX-License-Identifier: MIT
"""A serial CAN adapter on a pty, played by a script: what a test needs to see a CAN controller fail.

It speaks the protocol of the kernel's slcan driver. Towards the kernel: frames (t1232AABB, T..., r..., R...) and states
of its controller (sw000096: error-warning, no reception and 96 transmission errors). From the kernel: commands (C
close, S6 bit rate, O open, L listen only) and frames. A thread reads and records what comes; a test may stop it: an
adapter whose bus is dead takes nothing any more. The kernel's driver then hands over one frame more, which sits in the
tty as in an adapter's mailbox; the rest wait in the interface's queue. As adapters do, it forgets the mailbox when the
channel is closed.

A pty differs from a real tty in that the line discipline stays when its last user closes it; here a thread removes it.
"""
import errno
import fcntl
import os
import pathlib
import re
import select
import struct
import termios
import threading
import time
import tty

from kit.waiting import DEADLINE, Late, wait_for
from peer import Frame

BIT_RATES = [10_000, 20_000, 50_000, 100_000, 125_000, 250_000, 500_000, 800_000, 1_000_000]
# Letter, and the counters of transmission and reception errors that go with it if none are given.
STATES = {"error-active": ("a", 0, 0), "error-warning": ("w", 96, 0), "error-passive": ("p", 128, 0),
          "bus-off": ("b", 256, 0)}
COMMAND = re.compile(r"[CFOL]|S[0-8]")
FRAME = re.compile(r"(?:([tr])([0-9A-F]{3})|([TR])([0-9A-F]{8}))([0-8])((?:[0-9A-F]{2})*)")
N_TTY = 0
STOP, WAKE = b"s", b"w"
NOBODY_THERE = 0.02  # the kernel tells a master nothing when somebody opens the slave: look again


def frame_from(line):
    """The frame that a line means, or None."""
    found = FRAME.fullmatch(line)
    if not found:
        return None
    kind, number = found[1] or found[3], found[2] or found[4]
    data = bytes.fromhex(found[6])
    rtr = kind in "rR"
    if len(data) != (0 if rtr else int(found[5])):
        return None
    return Frame(int(number, 16), data, extended=kind in "TR", rtr=rtr)


def line_of(frame):
    kind = "r" if frame.rtr else "t"
    number = f"{kind.upper()}{frame.id:08X}" if frame.extended else f"{kind}{frame.id:03X}"
    return f"{number}{len(frame.data)}{frame.data.hex().upper()}"


class SlcanAdapter:
    """Plugged in when made. `path`, if given, is a link to the tty that vanishes and comes back with it."""

    def __init__(self, path=None):
        self._path = path and pathlib.Path(path)
        self._lock = threading.Lock()
        self._lines = []  # (monotonic time, text), complete ones
        self._taken = 0
        self._rest = ""
        self._reading = threading.Lock()
        self._forgotten = []
        self._draining = True
        self._held = False  # the next that is read has waited in the adapter
        self._pace = 0
        self._master = self._tty = self._thread = None
        self.plug()

    # ---- the plug

    @property
    def device(self):
        """What a user would put into a configuration."""
        return str(self._path or self._tty)

    def plug(self):
        self._master, slave = os.openpty()
        self._tty = os.ttyname(slave)
        tty.setraw(slave)
        os.close(slave)  # held by nobody but the kernel's user: as he lets go, the line discipline goes
        os.set_blocking(self._master, False)
        if self._path:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.symlink_to(self._tty)
        self._wake_read, self._wake_write = os.pipe()
        self._rest, self._draining, self._held = "", True, False
        self._thread = threading.Thread(target=self._read_all, name="slcan adapter", daemon=True)
        self._thread.start()

    def unplug(self):
        """As a USB adapter goes: the tty hangs up, and the kernel removes the interface."""
        if self._thread is None:
            return
        os.write(self._wake_write, STOP)
        self._thread.join()
        self._thread = None
        if self._path:
            self._path.unlink(missing_ok=True)
        for descriptor in (self._master, self._wake_read, self._wake_write):
            os.close(descriptor)

    def replug(self):
        self.unplug()
        self.plug()

    close = unplug

    # ---- what comes from the kernel

    def stop_draining(self):
        """Takes nothing any more from now on, as an adapter does whose bus is dead."""
        with self._reading:
            self._draining = False
        os.write(self._wake_write, WAKE)

    def resume(self):
        """The bus lives again. What waited in the adapter goes out now, unless the channel was closed meanwhile."""
        with self._reading:
            self._draining = True
            self._held = bool(select.select([self._master], [], [], 0)[0])
        os.write(self._wake_write, WAKE)

    def slow_down(self, seconds):
        """From now on it takes so long for each frame, as on a bus that others fill."""
        self._pace = seconds

    def lines(self):
        """(monotonic time, text) of all that came, without the CR."""
        with self._lock:
            return list(self._lines)

    def commands(self):
        """["C", "S6", "O"]"""
        return [text for _, text in self.lines() if COMMAND.fullmatch(text)]

    def garbled(self):
        """Lines that mean nothing."""
        return [text for _, text in self.lines() if not COMMAND.fullmatch(text) and frame_from(text) is None]

    def is_open(self):
        return next((command for command in reversed(self.commands()) if command in "COL"), "C") != "C"

    def is_listening_only(self):
        return next((command for command in reversed(self.commands()) if command in "COL"), "C") == "L"

    def bitrate(self):
        """As last set, in bit/s; None if it never was."""
        last = next((command for command in reversed(self.commands()) if command[0] == "S"), None)
        return last and BIT_RATES[int(last[1])]

    def wait_open(self, deadline=DEADLINE):
        wait_for(self.is_open, f"the kernel opens the adapter {self.device}", deadline)

    def take_frames(self):
        """The frames that came since the last call."""
        with self._lock:
            fresh, self._taken = self._lines[self._taken:], len(self._lines)
        return [frame for frame in (frame_from(text) for _, text in fresh) if frame]

    def wait_frames(self, count, deadline=DEADLINE):
        """The next frames, once they are at least `count`."""
        frames = []

        def enough():
            frames.extend(self.take_frames())
            return len(frames) >= count

        try:
            wait_for(enough, f"{count} frames come to the adapter", deadline)
        except Late as late:
            raise Late(f"{late}; {len(frames)} came, the last ones {[str(frame) for frame in frames[-5:]]}") from None
        return frames

    def forgotten(self):
        """Frames that the kernel had handed over, but the adapter not sent yet when the channel was closed."""
        with self._lock:
            return [frame_from(line) for line in self._forgotten]

    # ---- what it says to the kernel

    def send_frame(self, frame):
        """A frame from the bus."""
        self.send_line(line_of(frame))

    def state(self, name, tx=None, rx=None):
        """The controller changes its state; the counters are those of transmission and reception errors."""
        letter, usual_tx, usual_rx = STATES[name]
        self.send_line(f"s{letter}{usual_rx if rx is None else rx:03}{usual_tx if tx is None else tx:03}")

    def send_line(self, text):
        os.write(self._master, text.encode() + b"\r")

    # ---- the thread

    def _read_all(self):
        vacant = True  # plug() has closed the slave; what hangs up later is a user of it
        while True:
            with self._reading:
                draining = self._draining
            watched = select.poll()
            watched.register(self._wake_read, select.POLLIN)
            watched.register(self._master, select.POLLIN if draining else 0)  # POLLHUP comes always
            events = dict(watched.poll())
            if self._told_to_stop(self._wake_read in events):
                return
            happened = events.get(self._master, 0)
            vacant = vacant and bool(happened & select.POLLHUP)
            if self._pace and happened & select.POLLIN:
                time.sleep(self._pace)
            if happened & select.POLLIN and self._read_some() or not happened & select.POLLHUP:
                continue
            if not vacant:
                self._let_go()
                vacant = True
            if self._told_to_stop(select.select([self._wake_read], [], [], NOBODY_THERE)[0]):
                return

    def _told_to_stop(self, woken):
        return bool(woken) and STOP in os.read(self._wake_read, 64)

    def _read_some(self):
        """False if there is nothing, or nobody."""
        with self._reading:
            if not self._draining:
                return True
            try:
                self._note(os.read(self._master, 4096))
            except OSError as error:
                if error.errno not in (errno.EAGAIN, errno.EIO):
                    raise
                return False
        return True

    def _let_go(self):
        """Nobody has the tty open: a real one loses its line discipline then, a pty only when the master closes too."""
        slave = os.open(self._tty, os.O_RDWR | os.O_NOCTTY)
        try:
            fcntl.ioctl(slave, termios.TIOCSETD, struct.pack("i", N_TTY))
        finally:
            os.close(slave)

    def _note(self, block):
        *lines, self._rest = (self._rest + block.decode("ascii", "replace")).split("\r")
        now = time.monotonic()
        with self._lock:
            if self._held and "C" in lines:
                closed = len(lines) - lines[::-1].index("C") - 1
                self._forgotten += [line for line in lines[:closed] if frame_from(line)]
                lines = [line for line in lines[:closed] if not frame_from(line)] + lines[closed:]
            self._held = False
            self._lines += [(now, line) for line in lines]
