#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A bus behind a serial adapter: attached, followed through its controller's states, unplugged, dead, and alive again."""
import contextlib
import threading
import time

import harness
from harness import Frame, link

PATIENT = {"max_age": "10min"}  # what is old must not come out for another reason than its age
STALL = 0.5  # seconds, the default
IN_TTY = 1  # frames that the kernel's driver has handed to an adapter that takes nothing: out of reach
QUEUE = 7  # frames that the least send buffer lets into the queue of the interface


def numbered(phase, count, first=0):
    return [Frame(0x100 + phase, bytes((phase,)) + number.to_bytes(4, "big")) for number in range(first, first + count)]


def phases(frames):
    """How many frames of each phase."""
    found = {}
    for frame in frames:
        found[frame.data[0]] = found.get(frame.data[0], 0) + 1
    return found


class SerialBuses(harness.Scenario):
    def setUp(self):
        super().setUp()
        self.broker = self.place.broker()
        self.status = self.place.status(self.broker)

    def serve(self, *adapters, to_bus=PATIENT, **more):
        """A server bus for each adapter with interfaces slcan0.., topics van0..; and its client with far0.. ."""
        self.config = {
            "brokers": harness.broker_entry(self.broker.port, "near"),
            "buses": {f"van{index}": {"interface": f"slcan{index}", "kind": "slcan", "device": adapter.device,
                                      "bitrate": "500k", "topic": f"van{index}", "role": "server", "write": "all",
                                      "to_bus": to_bus, "from_bus": PATIENT, **more}
                      for index, adapter in enumerate(adapters)}}
        self.server = self.place.daemon("near", self.config)
        self.client = self.place.daemon("far", {
            "brokers": harness.broker_entry(self.broker.port, "far"),
            "buses": {f"far{index}": {"interface": f"vfar{index}", "topic": f"van{index}", "role": "client",
                                      "to_bus": PATIENT, "from_bus": PATIENT} for index in range(len(adapters))}})
        for index in range(len(adapters)):
            self.status.wait_online(harness.client_status(f"van{index}", "far"))
        return [self.place.can(f"vfar{index}") for index in range(len(adapters))]

    def one(self, **more):
        """One adapter, at work, and the client's end of its bus."""
        self.adapter = self.place.slcan_adapter()
        far, = self.serve(self.adapter, **more)
        self.wait_online()
        return far

    def wait_online(self, index=0):
        self.status.wait_online(harness.server_status(f"van{index}"))

    def wait(self, predicate, what, index=0):
        """The server's status when it is so."""
        return self.status.wait(harness.server_status(f"van{index}"), predicate, what)

    def wait_controller(self, state):
        return self.wait(lambda status: status.get("controller", {}).get("state") == state, f"{state} in the status")

    def wait_dropped(self, reason, count, index=0):
        def enough(status):
            return status["counters"]["to_bus"]["dropped"].get(reason, 0) >= count
        return self.wait(enough, f"{count} dropped as {reason}", index)

    def assert_balanced(self):
        return self.wait(lambda status: harness.is_balanced(status["counters"]), "the sums are even")

    def come_out(self, far, adapter, phase):
        """Sends frames of a phase until one arrives; what else arrived meanwhile."""
        arrived = []

        def attempt():
            with contextlib.suppress(OSError):
                far.send(numbered(phase, 1)[0])
            harness.let_pass(0.05)
            arrived.extend(adapter.take_frames())
            return phase in phases(arrived)

        harness.wait_for(attempt, f"a frame of phase {phase} comes to the adapter")
        return arrived


class ASerialAdapter(SerialBuses):
    def test_is_attached_named_and_opened_with_its_bit_rate_and_carries_frames_both_ways(self):
        far = self.one()
        self.assertEqual(self.adapter.commands(), ["C", "S6", "O"])
        found = link("slcan0")
        self.assertRegex(found["ifalias"], "^mqttcan:van0")
        self.assertIn("UP", found["flags"])
        status = self.wait_controller("error-active")
        self.assertEqual((status["interface"], status["controller"]["bitrate"]), ("slcan0", 500_000))
        frames = [Frame(0), Frame(0x7FF, bytes(range(8))), Frame(0x123, rtr=True), Frame(0x1ABCDEF0, b"\x01", extended=True)]
        far.burst(frames)
        self.assertEqual([str(frame) for frame in self.adapter.wait_frames(len(frames))], list(map(str, frames)))
        for frame in frames:
            self.adapter.send_frame(frame)
        self.assertEqual([str(frame) for frame in far.receive(len(frames))], list(map(str, frames)))
        self.assertEqual(self.adapter.garbled(), [])

    def test_listens_only_if_the_bus_says_so(self):
        self.adapter = self.place.slcan_adapter()
        self.serve(self.adapter, listen_only=True, write="none")
        self.wait_online()
        self.assertTrue(self.adapter.is_listening_only())

    def test_is_waited_for_and_used_when_it_is_plugged_in(self):
        self.adapter = self.place.slcan_adapter()
        self.adapter.unplug()
        far, = self.serve(self.adapter)
        self.wait(lambda status: status["state"] == "waiting", "waiting")
        self.server.wait_log(r"waiting for [^\n]*by-id[^\n]*plug")
        far.burst(numbered(1, 20))
        self.wait_dropped("no_link", 20)
        self.adapter.plug()
        self.wait_online()
        self.assertEqual(phases(self.come_out(far, self.adapter, 2)).get(1), None)

    def test_is_closed_when_the_daemon_ends(self):
        self.one()
        self.server.terminate()
        harness.wait_for(lambda: link("slcan0") is None, "slcan0 is gone")
        self.assertFalse(self.adapter.is_open())

    def test_is_attached_anew_after_the_daemon_was_killed(self):
        far = self.one()
        before = self.status.get(harness.server_status("van0"))["session"]
        self.server.kill()
        harness.wait_for(lambda: link("slcan0") is None, "slcan0 is gone")
        far.burst(numbered(1, 20))
        self.server = self.place.daemon("near", self.config)
        self.wait(lambda status: status["session"] != before and status["state"] == "online", "the successor is online")
        self.adapter.take_frames()
        self.assertEqual(phases(self.come_out(far, self.adapter, 2)).get(1), None)


class AReplug(SerialBuses):
    def test_under_traffic_is_followed_by_the_status_and_nothing_stale_comes_out(self):
        far = self.one()
        ended = threading.Event()
        background = numbered(1, 1)[0]

        def talk():
            while not ended.wait(0.005):
                far.send(background)

        talker = threading.Thread(target=talk)
        talker.start()
        try:
            for _ in range(3):
                self.adapter.wait_frames(20)
                self.adapter.unplug()
                self.wait(lambda status: status["state"] == "waiting", "waiting")
                self.assertEqual(self.status.get(harness.server_status("van0"))["interface"], "")
                before = self.status.get(harness.server_status("van0"))["counters"]["to_bus"]["dropped"]
                other = self.place.can("vfar0")
                other.burst(numbered(2, 50))
                self.wait_dropped("no_link", before.get("no_link", 0) + 50)
                self.adapter.take_frames()
                self.adapter.plug()
                self.wait_online()
        finally:
            ended.set()
            talker.join()
        arrived = self.come_out(far, self.adapter, 3)
        self.assertEqual(phases(arrived).get(2), None)
        for socket in (far, other):
            socket.drain()
        self.adapter.send_frame(Frame(0x321, b"\x05"))
        self.assertEqual(str(far.receive(1)[0]), "321#05")
        self.assert_balanced()


class AController(SerialBuses):
    def test_that_is_ill_shows_in_the_status_and_names_causes_and_is_healed_from_bus_off(self):
        far = self.one()
        self.wait_controller("error-active")
        self.adapter.state("error-warning")
        self.wait_controller("error-warning")
        self.adapter.state("error-passive")
        self.wait_controller("error-passive")
        self.server.wait_log(r"error-passive[^\n]*acknowledged[^\n]*bit rate[^\n]*termination")
        started = time.monotonic()
        self.adapter.state("bus-off")
        self.wait_controller("bus-off")
        print(f"bus-off is in the status after {1000 * (time.monotonic() - started):.0f} ms", flush=True)
        self.server.wait_log(r"bus-off[^\n]*bit rate[^\n]*termination[^\n]*restarted in 1\.0 s")
        self.adapter.take_frames()
        far.burst(numbered(1, 100))
        dropped = self.wait_dropped("stalled", 100)
        self.assertEqual(dropped["counters"]["to_bus"]["dropped"], {"stalled": 100})
        status = self.wait_controller("error-active")
        print(f"and healed after {1000 * (time.monotonic() - started):.0f} ms", flush=True)
        self.assertEqual(status["controller"]["bus_offs"], 1)
        self.assertEqual(status["state"], "online")
        self.server.wait_log(r"error-active again")
        self.assertEqual(phases(self.come_out(far, self.adapter, 2)).get(1), None, "frames of bus-off came out")
        self.assertEqual(self.adapter.commands()[-3:], ["C", "S6", "O"])
        self.assert_balanced()

    def test_that_falls_into_bus_off_under_traffic_counts_each_frame_once(self):
        far = self.one()
        self.adapter.slow_down(0.02)
        far.burst(numbered(1, 300))
        self.adapter.wait_frames(20)
        self.adapter.state("bus-off")
        self.wait_controller("bus-off")
        self.wait(lambda status: status["counters"]["to_bus"]["received"] >= 300, "all are counted")
        self.adapter.slow_down(0)
        self.wait_controller("error-active")
        self.come_out(far, self.adapter, 2)
        status = self.assert_balanced()
        came = sum(1 for _, line in self.adapter.lines() if line.startswith("t101"))
        counted = status["counters"]["to_bus"]["dropped"]["stalled"]
        print(f"of 300 frames {came} came out, {counted} were counted as stalled", flush=True)
        # When the kernel takes the carrier away it drops what the interface's queue holds, and tells nobody. That is
        # what the least send buffer takes, at most, should the error frame be read late.
        self.assertIn(300 - came - counted, range(-IN_TTY - 1, QUEUE + IN_TTY + 1))

    def test_that_stays_in_bus_off_if_the_bus_says_so(self):
        self.one(restart="never")
        self.adapter.state("bus-off")
        self.wait_controller("bus-off")
        self.server.wait_log(r"bus-off[^\n]*never")
        commands = self.adapter.commands()
        harness.let_pass(2.5)
        self.assertEqual(self.adapter.commands(), commands)


class ADeadAdapter(SerialBuses):
    def test_loses_its_queue_which_is_counted_and_nothing_but_the_ttys_frame_is_stale_afterwards(self):
        far = self.one()
        far.burst(numbered(1, 5))
        self.adapter.wait_frames(5)
        self.adapter.stop_draining()
        far.burst(numbered(2, 100))
        self.server.wait_log(r"taken no frame for 0\.5 s")
        dropped = self.wait_dropped("stalled", 100 - IN_TTY)
        self.assertEqual(dropped["counters"]["to_bus"]["dropped"], {"stalled": 100 - IN_TTY})
        far.burst(numbered(3, 50))  # in the pause, or an attempt
        self.wait_dropped("stalled", 150 - IN_TTY)
        self.adapter.resume()
        arrived = self.come_out(far, self.adapter, 4)
        print(f"stale frames out of the tty: {phases(arrived).get(2, 0) + phases(arrived).get(3, 0)}", flush=True)
        self.assertLessEqual(phases(arrived).get(2, 0), IN_TTY)
        self.assertEqual(phases(arrived).get(3, 0), 0)
        self.server.wait_log(r"takes frames again, after")
        self.assertEqual(self.server.log().count("taken no frame"), 1)
        frames = numbered(5, 600)
        far.burst(frames)
        self.assertEqual([frame.data for frame in self.adapter.wait_frames(600) if frame.data[0] == 5],
                         [frame.data for frame in frames])
        self.assert_balanced()

    def test_that_takes_frames_slowly_loses_none_however_long_the_queue(self):
        far = self.one()
        self.adapter.slow_down(0.02)
        frames = numbered(1, 600)
        started = time.monotonic()
        far.burst(frames)
        arrived = self.adapter.wait_frames(600)
        print(f"600 frames through a slow adapter in {time.monotonic() - started:.1f} s", flush=True)
        self.assertEqual([frame.data for frame in arrived], [frame.data for frame in frames])
        self.assertEqual(self.assert_balanced()["counters"]["to_bus"]["dropped"], {})
        self.assertNotIn("taken no frame", self.server.log())

    def test_slower_than_the_age_allows_drops_only_as_stale(self):
        far = self.one(to_bus={"max_age": "1s"})
        self.adapter.slow_down(0.05)
        far.burst(numbered(1, 100))
        status = self.wait_dropped("stale", 1)
        status = self.wait(lambda status: status["counters"]["to_bus"]["received"] == 100
                           and harness.is_balanced(status["counters"]), "all are counted")
        self.assertEqual(set(status["counters"]["to_bus"]["dropped"]), {"stale"})


class TwoBuses(SerialBuses):
    """What a dead one costs the other is printed: how late its frames are."""

    def delays(self, far, adapter, seconds, meanwhile=lambda: None):
        """Milliseconds of each frame on its way to this adapter's bus."""
        adapter.take_frames()
        seen, sent = len(adapter.lines()), []
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            sent.append(time.monotonic())
            far.send(numbered(len(sent) % 200, 1)[0])
            meanwhile()
            harness.let_pass(0.02)
        adapter.wait_frames(len(sent))
        return [1000 * (came - left) for left, (came, _) in zip(sent, adapter.lines()[seen:])]

    def show(self, what, delays):
        delays = sorted(delays)
        print(f"{what}: median {delays[len(delays) // 2]:.1f} ms, longest {delays[-1]:.1f} ms of {len(delays)}", flush=True)

    def test_do_not_disturb_each_other_while_one_is_dead(self):
        adapters = [self.place.slcan_adapter(f"usb-mqttcan_{index}") for index in range(2)]
        dead, live = self.serve(*adapters)
        self.wait_online(0)
        self.wait_online(1)

        def feed():
            dead.burst(numbered(1, 2))

        self.show("both alive", self.delays(live, adapters[1], 3, feed))
        adapters[0].stop_draining()
        self.show("the other dead", self.delays(live, adapters[1], 6, feed))
        self.wait_dropped("stalled", 1, 0)
        adapters[0].state("bus-off")
        self.show("the other dead and in bus-off", self.delays(live, adapters[1], 10, feed))
        status = self.status.get(harness.server_status("van1"))
        self.assertEqual(status["counters"]["to_bus"]["dropped"], {})
        adapters[0].resume()
        self.come_out(dead, adapters[0], 9)
        self.wait_online(0)


if __name__ == "__main__":
    harness.main()
