# SPDX-License-Identifier: MIT
"""Numbered frames on several buses at a steady pace, and whether each arrived, once and in its order."""
import struct
import threading

from kit.waiting import DEADLINE, wait_for
from peer import Frame

NUMBER = struct.Struct(">I")


class Lane:
    """Frames from one bus to another."""

    def __init__(self, source, target, identifier):
        self.source, self.target, self.identifier = source, target, identifier
        self.sent = 0
        self.arrived = []

    def send(self):
        self.source.send(Frame(self.identifier, NUMBER.pack(self.sent)))
        self.sent += 1

    def collect(self):
        self.arrived += [NUMBER.unpack(frame.data)[0] for frame in self.target.drain()
                         if frame.id == self.identifier]
        return self.arrived

    def complaint(self):
        """What is wrong with it; nothing if all is well."""
        wanted = list(range(self.sent))
        if self.arrived == wanted:
            return ""
        missing = sorted(set(wanted) - set(self.arrived))
        return (f"{self.source.interface} to {self.target.interface}: {self.sent} sent, {len(self.arrived)} arrived, "
                f"{len(missing)} missing {missing[:5]}, {len(self.arrived) - len(set(self.arrived))} more than once, "
                f"{'not ' if self.arrived != sorted(self.arrived) else ''}in order")


class Traffic:
    """Sends on all lanes, one frame per lane and period, until stopped."""

    def __init__(self, lanes, period=0.05):
        self.lanes = lanes
        self._period = period
        self._stop = threading.Event()
        self._failure = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        try:
            while not self._stop.wait(self._period):
                for lane in self.lanes:
                    lane.send()
        except OSError as error:
            self._failure = error

    def wait_more(self, count=20):
        """So many more frames arrive on each lane."""
        goals = [(lane, len(lane.collect()) + count) for lane in self.lanes]
        for lane, goal in goals:
            wait_for(lambda: self._failure or len(lane.collect()) >= goal,  # pylint: disable=cell-var-from-loop
                     f"traffic flows from {lane.source.interface}")

    def stop(self):
        self._stop.set()
        self._thread.join(DEADLINE)

    def complaints(self):
        """Stops, waits for the last frame of each lane, and says what is wrong."""
        self.stop()
        found = [f"sending failed: {self._failure}"] if self._failure else []
        for lane in self.lanes:
            wait_for(lambda: lane.sent - 1 in lane.collect(),  # pylint: disable=cell-var-from-loop
                     f"the last frame of {lane.source.interface} arrives; {lane.complaint()}")
        return found + [lane.complaint() for lane in self.lanes if lane.complaint()]
