#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The scripted serial CAN adapter, against the kernel's slcan driver: what the scenarios with it may rely on.

The line discipline is attached by hand here, so this also says what that driver does with a bus that is dead.
"""
import errno
import fcntl
import os
import pathlib
import select
import struct
import termios

import harness
from harness import Frame, link, run
from kit.slcan_adapter import line_of

N_SLCAN = 17
SIOCGIFNAME = 0x8910
IN_TTY = 1  # frames that the driver of a dead bus still hands over


class Adapter(harness.Scenario):
    def setUp(self):
        super().setUp()
        self.adapter = self.place.slcan_adapter()
        self.attach()

    def attach(self):
        self.tty = os.open(self.adapter.device, os.O_RDWR | os.O_NOCTTY)
        self.addCleanup(self.close_tty)
        fcntl.ioctl(self.tty, termios.TIOCSETD, struct.pack("i", N_SLCAN))
        self.name = fcntl.ioctl(self.tty, SIOCGIFNAME, bytes(16)).rstrip(b"\0").decode()

    def close_tty(self):
        if self.tty is not None:
            os.close(self.tty)
            self.tty = None

    def up(self, *settings):
        run("ip", "link", "set", self.name, "type", "can", "bitrate", "500000", *settings)
        run("ip", "link", "set", self.name, "up")
        self.adapter.wait_open()
        return self.place.can(self.name)

    def state(self):
        return link(self.name)["linkinfo"]["info_data"]["state"]

    def wait_state(self, state):
        harness.wait_for(lambda: self.state() == state, f"{self.name} is {state}")

    def fill(self, bus, first=0):
        """Sends numbered frames until the kernel takes no more; how many it took."""
        for number in range(first, first + 10_000):
            try:
                bus.send(Frame(0x100, number.to_bytes(4, "big")))
            except OSError as error:
                self.assertIn(error.errno, (errno.ENOBUFS, errno.EAGAIN))
                return number - first
        raise AssertionError("the kernel takes frames without end")

    def assert_soon_sends(self, bus, frame):
        """The next frame that the adapter gets is this one; an ENETDOWN of the past is told once before."""
        try:
            bus.send(frame)
        except OSError as error:
            self.assertEqual(error.errno, errno.ENETDOWN)
            bus.send(frame)
        self.assertEqual([str(found) for found in self.adapter.wait_frames(1)], [str(frame)])


class AChannel(Adapter):
    def test_is_opened_with_its_bit_rate_and_closed_by_the_link(self):
        self.up()
        self.assertEqual(self.adapter.commands(), ["C", "S6", "O"])
        self.assertEqual(self.adapter.bitrate(), 500_000)
        self.assertFalse(self.adapter.is_listening_only())
        run("ip", "link", "set", self.name, "down")
        harness.wait_for(lambda: not self.adapter.is_open(), "the channel is closed")

    def test_listens_only_if_told_so(self):
        self.up("listen-only", "on")
        self.assertTrue(self.adapter.is_listening_only())

    def test_carries_every_kind_of_classic_frame_both_ways(self):
        bus = self.up()
        frames = [Frame(0), Frame(0x7FF, bytes(range(8))), Frame(0x123, b"\xde\xad"), Frame(0x123, rtr=True),
                  Frame(0, extended=True), Frame(0x1FFFFFFF, b"\x01", extended=True),
                  Frame(0x1ABCDEF0, extended=True, rtr=True)]
        for frame in frames:
            bus.burst([frame])
            self.adapter.send_frame(frame)
        self.assertEqual([str(frame) for frame in self.adapter.wait_frames(len(frames))], list(map(str, frames)))
        self.assertEqual([str(frame) for frame in bus.receive(len(frames))], list(map(str, frames)))
        self.assertEqual(self.adapter.garbled(), [])
        self.assertEqual(line_of(frames[2]), "t1232DEAD")


class AController(Adapter):
    def test_shows_its_states_in_the_link_and_in_error_frames_with_counters(self):
        bus = self.up()
        for state, more in (("error-warning", {"tx": 97, "rx": 3}), ("error-passive", {}), ("error-active", {}),
                            ("bus-off", {})):
            self.adapter.state(state, **more)
            self.wait_state(state.upper())
        warning, passive, active, bus_off = bus.receive(4)
        self.assertEqual((warning.id & 0x04, warning.data[1], warning.data[6:]), (0x04, 0x08, b"\x61\x03"))
        self.assertEqual((passive.id & 0x04, passive.data[1], passive.data[6:]), (0x04, 0x20, b"\x80\x00"))
        self.assertEqual((active.id & 0x04, active.data[1]), (0x04, 0x40))
        self.assertEqual(bus_off.id & 0x40, 0x40)
        self.assertTrue(all(frame.error for frame in (warning, passive, active, bus_off)))
        statistics = link(self.name)["linkinfo"].get("info_xstats")
        if statistics:
            self.assertEqual([statistics[key] for key in ("error_warning", "error_passive", "bus_off")], [1, 1, 1])

    def test_that_is_bus_off_loses_what_waits_and_swallows_frames_until_the_link_was_down_and_up(self):
        bus = self.up()
        self.adapter.stop_draining()
        self.fill(bus)
        self.adapter.state("bus-off")
        # Up to a second late, and later than NO-CARRIER shows; until then frames still reach the controller.
        harness.wait_for(lambda: bus.unsent() == 0, "the queue is emptied")
        local = self.place.can(self.name)
        bus.send(Frame(0x666))
        self.assertEqual(str(local.receive(1)[0]), "666#", "sent, as far as other programs see")
        self.adapter.resume()
        self.assertEqual(len(self.adapter.wait_frames(IN_TTY)), IN_TTY)
        run("ip", "link", "set", self.name, "down")
        run("ip", "link", "set", self.name, "up")
        self.assert_soon_sends(bus, Frame(0x123))
        self.assertEqual(self.state(), "ERROR-ACTIVE")


class ADeadBus(Adapter):
    def test_that_comes_back_to_life_gets_all_that_waited(self):
        bus = self.up()
        self.adapter.stop_draining()
        count = self.fill(bus)
        self.assertLess(count, 50)
        self.adapter.resume()
        numbers = [int.from_bytes(frame.data, "big") for frame in self.adapter.wait_frames(count)]
        self.assertEqual(numbers, list(range(count)))

    def test_forgets_what_waited_when_the_link_was_down_and_up(self):
        bus = self.up()
        self.adapter.stop_draining()
        self.fill(bus)
        run("ip", "link", "set", self.name, "down")  # for a second it waits for the adapter to take "C"
        self.adapter.resume()
        run("ip", "link", "set", self.name, "up")
        self.assert_soon_sends(bus, Frame(0x123))
        self.assertEqual(len(self.adapter.forgotten()), IN_TTY)
        self.assertEqual(self.adapter.garbled(), [])

    def test_forgets_all_but_the_adapters_own_when_the_length_of_the_queue_is_changed(self):
        bus = self.up()
        self.adapter.stop_draining()
        self.fill(bus)
        run("ip", "link", "set", self.name, "txqueuelen", "11")
        run("ip", "link", "set", self.name, "txqueuelen", "10")
        self.assertIn("LOWER_UP", link(self.name)["flags"])
        self.adapter.resume()
        self.assertEqual(len(self.adapter.wait_frames(IN_TTY)), IN_TTY)
        self.assert_soon_sends(bus, Frame(0x123))


    def test_stops_a_socket_with_the_least_send_buffer_before_the_queue_is_full_and_pollout_tells_of_its_end(self):
        self.up()
        bus = self.place.can(self.name, send_buffer=1)
        self.adapter.stop_draining()
        count = self.fill(bus)
        self.assertLess(count, 10, "the length of the queue")
        with self.assertRaises(BlockingIOError):  # EAGAIN, not ENOBUFS
            bus.send(Frame(0x123))
        self.assertEqual(select.select([], [bus], [], 0)[1], [])
        self.adapter.resume()
        self.assertEqual(select.select([], [bus], [], harness.DEADLINE)[1], [bus])
        self.adapter.wait_frames(count)


class ReplugReattach(Adapter):
    def test_takes_link_and_path_away_and_brings_the_path_back(self):
        bus = self.up()
        path = pathlib.Path(self.adapter.device)
        self.adapter.unplug()
        harness.wait_for(lambda: link(self.name) is None, f"{self.name} is gone")
        self.assertFalse(path.is_symlink())
        with self.assertRaises(OSError):
            bus.send(Frame(0x123))
        self.assertEqual(os.read(self.tty, 1), b"", "the tty has hung up")
        self.close_tty()
        self.adapter.plug()
        self.attach()
        self.assert_soon_sends(self.up(), Frame(0x124))

    def test_of_the_program_alone_takes_the_link_away_as_with_a_real_tty(self):
        self.up()
        self.close_tty()
        harness.wait_for(lambda: link(self.name) is None, f"{self.name} is gone")
        self.attach()
        self.assert_soon_sends(self.up(), Frame(0x125))


if __name__ == "__main__":
    harness.main()
