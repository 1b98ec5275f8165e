#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A bus on a CAN card: set from the file, kept so, crossed through, pressed hard, and dead. can1 is the vehicle."""
import contextlib
import re
import signal
import socket
import threading
import time

import harness
from harness import Frame, link, run
from kit import cards

PATIENT = {"max_age": "10min"}  # nothing is to be lost for its age
SERVER = harness.server_status("van")


def numbered(phase, count):
    return [Frame(0x100 + phase, bytes((phase,)) + number.to_bytes(4, "big")) for number in range(count)]


class Cards(harness.Scenario):
    def setUp(self):
        super().setUp()
        for card in ("can0", "can1"):
            cards.reset(card)
            self.addCleanup(cards.hold_interrupts, cards.device_of(card), False)
        self.broker = self.place.broker()
        self.status = self.place.status(self.broker)

    def bus(self, interface="can0", **more):
        """An entry of a server on hardware."""
        return {**({"interface": interface} if interface else {}), "kind": "can", "topic": "van", "role": "server",
                "write": "all", "to_bus": PATIENT, "from_bus": PATIENT, **more}

    def serve(self, *, buses=None, **more):
        self.server = self.place.daemon("near", {"brokers": harness.broker_entry(self.broker.port, "near"),
                                                 "buses": buses or {"van": self.bus(**more)}})
        return self.server

    def client(self, name="far", **more):
        self.place.daemon(name, {
            "brokers": harness.broker_entry(self.broker.port, name),
            "buses": {name: {"interface": f"v{name}", "topic": "van", "role": "client", "to_bus": PATIENT,
                             "from_bus": PATIENT, **more}}})
        self.status.wait_online(harness.client_status("van", name))
        return self.place.can(f"v{name}")

    def vehicle(self, bitrate=125_000):
        cards.start("can1", bitrate)
        return self.place.can("can1")

    def wait_online(self):
        return self.status.wait_online(SERVER)

    def wait_waiting(self):
        return self.status.wait(SERVER, lambda status: status["state"] == "waiting", "waiting")

    def wait_received(self, count):
        """Once the server has had so many frames for the bus and none of them waits any more."""
        return self.status.wait(SERVER, lambda status: status["counters"]["to_bus"]["received"] >= count
                                and harness.is_balanced(status["counters"]), f"{count} frames are counted")


class Settings(Cards):
    def test_are_those_of_the_file_and_read_back(self):
        self.serve(bitrate="125k", sample_point=0.75, restart="100ms", triple_sampling=True, berr_reporting=True,
                   one_shot=True, tx_queue_length=77)
        status = self.wait_online()
        found = cards.settings("can0")
        self.assertEqual(found["bitrate"], 125_000)
        self.assertEqual(float(found["sample_point"]), 0.75)
        self.assertEqual(found["modes"], {"TRIPLE-SAMPLING", "BERR-REPORTING", "ONE-SHOT"})
        self.assertEqual((found["restart_ms"], found["txqlen"]), (100, 77))
        self.assertEqual(found["state"], "ERROR-ACTIVE")
        self.assertTrue(harness.is_up("can0"))
        status = self.status.wait(SERVER, lambda status: "controller" in status, "the controller is in the status")
        self.assertEqual({key: status["controller"][key] for key in ("state", "bitrate")},
                         {"state": "error-active", "bitrate": 125_000})
        self.assertEqual(status["interface"], "can0")

    def test_listen_only_is_one_of_them(self):
        self.serve(bitrate="125k", listen_only=True, write="none")
        self.wait_online()
        self.assertEqual(cards.settings("can0")["modes"], {"LISTEN-ONLY"})

    def test_stay_when_the_daemon_ends(self):
        self.serve(bitrate="125k").wait_log("serving")
        self.server.terminate()
        self.assertEqual(cards.settings("can0")["bitrate"], 125_000)
        self.assertTrue(harness.is_up("can0"))

    def test_that_no_controller_has_are_a_fault_of_the_file(self):
        server = self.serve(bitrate="5M")
        self.assertNotEqual(server.wait(), 0)
        self.assertRegex(server.log(), r"/buses/van/bitrate: [^\n]*1M")

    def test_that_the_clock_cannot_make_are_rounded_and_reported(self):
        self.serve(bitrate=123457)
        self.wait_online()
        self.server.wait_log(r"asked for 123457 bit/s, the controller makes 123076 bit/s")
        self.assertEqual(cards.settings("can0")["bitrate"], 123_076)
        status = self.status.wait(SERVER, lambda status: "controller" in status, "the controller is in the status")
        self.assertEqual(status["controller"]["bitrate"], 123_076)
        changes = cards.carrier_changes("can0")
        run("ip", "link", "set", "can0", "txqueuelen", "20")  # an event: it plans again
        harness.let_pass(1)
        self.assertEqual(cards.carrier_changes("can0"), changes, "and it is not asked for again")

    def test_that_the_controller_refuses_give_the_kernels_reason(self):
        for more, words in (({"bitrate": "500k", "sample_point": 0.1}, r"sample point 100 per mille[^\n]*out of domain"),
                            ({"bitrate": "1k"}, r"1000 bit/s[^\n]*out of domain"),
                            ({"bitrate": "500k", "termination": True}, r"termination[^\n]*not supported"),
                            ({"bitrate": "500k", "fd": True, "data_bitrate": "2M"}, r"FD[^\n]*not supported")):
            with self.subTest(more):
                before = len(self.serve(**more).log())
                try:
                    self.server.wait_log(words, after=before)
                    self.wait_waiting()
                    self.assertEqual(len(re.findall(words, self.server.log()[before:], re.IGNORECASE)), 1, "said once")
                finally:
                    self.server.terminate()

    def test_that_are_as_wanted_already_leave_the_interface_alone(self):
        cards.start("can0", 125_000)
        user, before = self.place.can("can0"), cards.carrier_changes("can0")
        self.serve(bitrate="125k", restart="never", one_shot=False, tx_queue_length=10)
        self.wait_online()
        self.assertEqual(user._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR), 0)
        self.assertEqual(cards.carrier_changes("can0"), before)
        self.server.terminate()
        self.assertEqual(user._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR), 0)
        self.assertEqual(cards.carrier_changes("can0"), before)

    def test_that_somebody_changes_are_put_right(self):
        self.serve(bitrate="125k")
        self.wait_online()
        run("ip", "link", "set", "can0", "down")
        harness.wait_up("can0")
        self.server.signal(signal.SIGSTOP)  # or it would be up again too soon
        run("ip", "link", "set", "can0", "down")
        cards.start("can0", 500_000)
        self.server.signal(signal.SIGCONT)
        harness.wait_for(lambda: cards.settings("can0")["bitrate"] == 125_000 and harness.is_up("can0"),
                         "can0 is as the file has it")
        self.wait_online()


class ACard(Cards):
    def test_is_crossed_through_both_ways(self):
        vehicle, _ = self.vehicle(), self.serve(bitrate="125k")
        self.wait_online()
        far = self.client()
        frames = [frame for frame in harness.every_kind() if not frame.fd]
        self.assert_cross(frames, far, vehicle)
        self.assert_cross(frames, vehicle, far)

    def test_tells_clients_of_format_stream_what_it_has_sent(self):
        stream = {"formats": ["stream"]}
        vehicle, _ = self.vehicle(), self.serve(bitrate="125k", **stream)
        self.assertEqual(self.wait_online()["confirms"], "sent")
        far, other = self.client(**stream), self.client("other", **stream)
        frames = [frame for frame in harness.every_kind() if not frame.fd] + numbered(1, 300)
        self.assert_confirmed(frames, 0, far, vehicle, other)
        # While nobody acknowledges, nothing is said; what was dropped then never is.
        run("ip", "link", "set", "can1", "down")
        cards.hold_interrupts(cards.device_of("can0"), True)
        far.burst(numbered(2, 20))
        self.server.wait_log("taken no frame")
        self.assertEqual(other.drain(), [])
        run("ip", "link", "set", "can1", "up")
        vehicle = self.place.can("can1")
        cards.hold_interrupts(cards.device_of("can0"), False)
        self.wait_confirmations(lambda counters: counters["unconfirmed"] == 20, "what was dropped is given up")
        vehicle.send(Frame(0x7AB))
        self.assertEqual([str(client.receive(1)[0]) for client in (far, other)], ["7AB#", "7AB#"])
        self.assert_confirmed(numbered(3, 100), len(frames), far, vehicle, other)

    def assert_confirmed(self, frames, before, sender, vehicle, other):
        """They reach the vehicle, then the other client; the sender hears that they did, and nothing else."""
        sender.burst(frames)
        words = [str(frame) for frame in frames]
        self.assertEqual([str(frame) for frame in vehicle.receive(len(frames))], words)
        self.assertEqual([str(frame) for frame in other.receive(len(frames))], words)
        self.wait_confirmations(lambda counters: counters["confirmed"] == before + len(frames), "all are confirmed")
        self.assertEqual(sender.drain(), [])

    def wait_confirmations(self, predicate, what):
        self.status.wait(harness.client_status("van", "far"),
                         lambda status: predicate(status["counters"]["from_bus"]), what)

    def test_that_is_set_down_by_hand_is_put_right_and_carries_on(self):
        vehicle, _ = self.vehicle(), self.serve(bitrate="125k")
        self.wait_online()
        far = self.client()
        for _ in range(3):
            run("ip", "link", "set", "can0", "down")
            harness.wait_up("can0")
            self.assert_crosses_soon(far, vehicle)
            self.assert_crosses_soon(vehicle, far)
        self.server.wait_log("set down by somebody else")

    def test_of_somebody_else_is_used_as_it_is_and_not_set_up(self):
        cards.start("can0", 125_000)
        vehicle, _ = self.vehicle(), self.serve()
        self.wait_online()
        far = self.client()
        self.assert_crosses_soon(far, vehicle)
        run("ip", "link", "set", "can0", "down")
        self.wait_waiting()
        self.server.wait_log("can0[^\n]*set down by somebody else")
        harness.let_pass(1)
        self.assertFalse(harness.is_up("can0"))
        run("ip", "link", "set", "can0", "up")
        self.wait_online()
        self.assert_crosses_soon(far, vehicle)
        self.assert_crosses_soon(vehicle, far)

    def test_that_leaves_its_driver_is_waited_for_and_set_anew(self):
        self.serve(bitrate="125k")
        self.wait_online()
        before, device = link("can0")["ifindex"], cards.device_of("can0")
        driver = cards.unbind(device)
        try:
            self.wait_waiting()
            self.server.wait_log("can0[^\n]*(gone|does not exist)")
        finally:
            cards.bind(device, driver)
        self.wait_online()
        self.assertNotEqual(link("can0")["ifindex"], before)
        self.assertEqual(cards.settings("can0")["bitrate"], 125_000)

    def test_is_found_by_its_driver(self):
        self.serve(buses={"other": self.bus("can0", topic="truck"),
                          "van": self.bus(None, match={"driver": "kvaser_pci"}, bitrate="125k")})
        self.assertEqual(self.wait_online()["interface"], "can1", "the first has a bus already")

    def test_that_matches_nothing_is_waited_for(self):
        self.serve(interface=None, match={"driver": "kvaser_pci", "path": "pci-0000:77:05.0"}, bitrate="125k")
        self.server.wait_log(r"waiting for an interface with path pci-0000:77:05\.0, driver kvaser_pci")
        self.wait_waiting()
        self.assertFalse(harness.is_up("can0"))


class UnderPressure(Cards):
    """The bus moves, but slowly: most of the time nothing leaves (kit/cards.py says how)."""

    @contextlib.contextmanager
    def slow_bus(self):
        """A bus for fifty milliseconds, then none for a hundred; or longer, if this machine is busy."""
        devices, ended = [cards.device_of(card) for card in ("can0", "can1")], threading.Event()

        def tread():
            while not ended.is_set():
                for held, seconds in ((True, 0.1), (False, 0.05)):
                    for device in devices:
                        cards.hold_interrupts(device, held)
                    ended.wait(seconds)

        with self.background(tread, ended):
            yield
        for device in devices:
            cards.hold_interrupts(device, False)

    @contextlib.contextmanager
    def background(self, work, ended):
        thread = threading.Thread(target=work)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def check(self, **more):
        # Not the default: the pauses here are made by a thread of python's on a slow machine.
        vehicle, _ = self.vehicle(), self.serve(bitrate="125k", to_bus={**PATIENT, "stall": "5s"}, **more)
        self.wait_online()
        far, other = self.client(), self.place.can("can0")
        witness = self.place.can("vfar")
        ended, refusals, frames, arrived = threading.Event(), [0], numbered(1, 2000), []

        def hog():
            while not ended.is_set():
                try:
                    other.send(Frame(0x7FF))
                except OSError:
                    refusals[0] += 1
                    ended.wait(0.002)
                other.drain()

        started = time.monotonic()
        with self.slow_bus(), self.background(hog, ended):
            # A vcan loses what exceeds the backlog of a CPU (net.core.netdev_max_backlog, 1,000), and nobody is told.
            for first in range(0, len(frames), 500):
                far.burst(frames[first:first + 500])
                heard = 0
                while heard < 500:
                    heard += sum(frame.id == 0x101 for frame in witness.receive(1) + witness.drain())
            while len(arrived) < len(frames):
                arrived += [frame for frame in vehicle.receive(1) + vehicle.drain() if frame.id == 0x101]
                self.assertLess(time.monotonic() - started, 3 * harness.DEADLINE, f"{len(arrived)} arrived")
        print(f"{more}: 2000 frames in {time.monotonic() - started:.1f} s, another program was refused {refusals[0]} "
              "times", flush=True)
        self.assertGreater(refusals[0], 0, "the queue was full")
        self.assertEqual([frame.data for frame in arrived], [frame.data for frame in frames])
        self.assertEqual(self.wait_received(2000)["counters"]["to_bus"]["dropped"], {})
        self.assertNotIn("taken no frame", self.server.log())

    def test_of_a_full_queue_nothing_is_lost(self):
        self.check()

    def test_of_a_queue_of_one_frame_nothing_is_lost(self):
        self.check(tx_queue_length=1)


class ADeadBus(Cards):
    """Its controller says of no frame that it has left (kit/cards.py says how). The vehicle is away meanwhile."""

    def dead(self):
        run("ip", "link", "set", "can1", "down")
        cards.hold_interrupts(cards.device_of("can0"), True)

    def alive(self):
        run("ip", "link", "set", "can1", "up")
        vehicle = self.place.can("can1")
        cards.hold_interrupts(cards.device_of("can0"), False)
        return vehicle

    def check(self, in_controller=0, **more):
        """`in_controller`: frames that count as written though the controller still had them."""
        vehicle, _ = self.vehicle(), self.serve(**more)
        self.wait_online()
        far = self.client()
        self.assert_crosses_soon(far, vehicle)
        before = link("can0")["ifindex"]
        sent = self.wait_received(1)["counters"]["to_bus"]
        self.dead()
        far.burst(numbered(1, 100))
        self.server.wait_log(r"taken no frame for 0\.5 s; \d+ frames[^\n]*acknowledge[^\n]*bit rate[^\n]*terminated")
        status = self.wait_received(sent["received"] + 100)
        self.assertEqual(status["counters"]["to_bus"]["dropped"], {"stalled": 100 - in_controller})
        self.assertEqual(status["counters"]["to_bus"]["written"], sent["written"] + in_controller)
        self.assertEqual(status["state"], "online")
        for _ in range(3):
            far.burst(numbered(2, 50))
        status = self.wait_received(sent["received"] + 250)
        self.assertGreaterEqual(status["counters"]["to_bus"]["dropped"]["stalled"], 250 - 4 * in_controller)
        vehicle = self.alive()
        arrived = []

        def comes():
            far.send(numbered(3, 1)[0])
            harness.let_pass(0.1)
            arrived.extend(frame for frame in vehicle.drain() if not frame.error)
            return arrived

        harness.wait_for(comes, "a frame comes to the vehicle again")
        self.assertEqual({frame.data[0] for frame in arrived}, {3}, "something stale came")
        self.server.wait_log(r"takes frames again, after")
        if not in_controller:  # where the first one always seems to leave
            self.assertEqual(self.server.log().count("taken no frame"), 1)
        self.assertNotIn("by somebody else", self.server.log())
        self.assertEqual(link("can0")["ifindex"], before)
        frames = numbered(4, 500)
        far.burst(frames)
        arrived = []
        while len(arrived) < 500:
            arrived += [frame for frame in vehicle.receive(1) if frame.data[:1] == b"\x04"]
        self.assertEqual([frame.data for frame in arrived], [frame.data for frame in frames])
        self.assert_crosses_soon(vehicle, far)

    def test_loses_what_waited_and_nothing_stale_comes_when_it_lives_again(self):
        self.check(bitrate="125k")

    def test_with_frames_that_are_sent_once_does_so_as_well(self):
        self.check(in_controller=1, bitrate="125k", one_shot=True)

    def test_on_somebody_elses_interface_does_so_as_well(self):
        cards.start("can0", 125_000)
        self.check()


if __name__ == "__main__":
    harness.main()
