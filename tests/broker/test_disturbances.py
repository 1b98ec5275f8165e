#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What others do to our links: whatever it was, it ends in the declared state, is told once, and frames cross again."""
import collections
import contextlib
import os
import pathlib
import re
import signal
import subprocess
import threading

import harness
from harness import link, run

ELSEWHERE = "elsewhere"
INIT_PROCESSES = 0xEFFFFFFC  # the inode of the kernel's first process namespace


class Bus:
    """One of the tunnel's buses: our link, and where programs use it."""

    def __init__(self, place, name, here, peer=None):
        self.name, self.here = name, here
        self.local = peer or name  # what programs call it
        self._place = place
        self._space = place.space if peer else None

    def socket(self):
        if self._space:
            harness.wait_for(lambda: self._space.inside(link, self.local), f"{self.local} is in {self._space.path}")
            return self._space.inside(self._place.can, self.local)
        harness.wait_up(self.local)
        return self._place.can(self.local)

    def is_as_declared(self):
        found = link(self.name)
        return (found is not None and "UP" in found["flags"] and found["mtu"] == 72
                and self.here in found.get("ifalias", "") and found["group"] != "default")


class Disturbed(harness.Scenario):
    """`far` has a vcan and a vxcan, whose other end is in another network namespace; `near` serves both."""

    def setUp(self):
        super().setUp()
        self.place.space = self.place.namespace("ecu-sim").add()
        self.tunnel_ = harness.Tunnel(self.place, self.place.broker(), ("one", "two"), {}, {})
        self.tunnel_.far_config["buses"]["far1"].update(
            kind="vxcan", peer={"interface": "can0", "netns": self.place.space.name})
        self.tunnel_.start()
        self.daemon = self.tunnel_.client
        self.buses = (Bus(self.place, self.tunnel_.far[0], "far0"),
                      Bus(self.place, self.tunnel_.far[1], "far1", "can0"))

    def assert_declared(self, bus):
        harness.wait_for(bus.is_as_declared, f"{bus.name} is as declared")
        index = self.buses.index(bus)
        with self.place.can(self.tunnel_.near[index]) as near:
            self.retry(lambda: self.assert_crosses_soon(near, bus.socket()))
            self.retry(lambda: self.assert_crosses_soon(bus.socket(), near))

    @staticmethod
    def retry(action):
        """A link may still vanish under a fresh socket."""
        def done():
            with contextlib.suppress(OSError):
                action()
                return True
        harness.wait_for(done, "frames cross")

    @contextlib.contextmanager
    def stopped(self, daemon=None):
        """The daemon sees what happens meanwhile all at once."""
        daemon = daemon or self.daemon
        daemon.signal(signal.SIGSTOP)
        try:
            yield
        finally:
            daemon.signal(signal.SIGCONT)

    @contextlib.contextmanager
    def told(self, pattern):
        """Meanwhile that is logged once, and nothing twice."""
        before = len(self.daemon.log())
        yield
        self.daemon.wait_log(pattern, after=before)
        log = self.daemon.log()[before:]
        self.assertEqual(len(re.findall(pattern, log)), 1, log)
        lines = collections.Counter(line for line in log.splitlines() if "warning" in line or "error" in line)
        self.assertEqual([line for line, count in lines.items() if count > 1], [], log)

    def each(self, pattern, *commands):
        """The commands, with {} for our link, on each bus; `pattern` tells of it in the log."""
        for bus in self.buses:
            with self.subTest(bus=bus.name), self.told(pattern.replace("{}", bus.name)):
                with self.stopped():
                    for command in commands:
                        run(*command.format(bus.name).split())
                self.assert_declared(bus)


class ALink(Disturbed):
    def test_that_is_deleted_is_made_again(self):
        self.each("{}.*the interface is gone", "ip link delete {}")

    def test_that_is_renamed_gets_its_name_back(self):
        self.each("stray.*{}", "ip link set {} down", "ip link set {} name stray", "ip link set stray up")

    def test_that_is_set_down_is_set_up(self):
        self.each("{}.*set down by somebody else", "ip link set {} down")

    def test_whose_mtu_changes_gets_it_back(self):
        self.each("{}.*MTU|MTU of {}", "ip link set {} down", "ip link set {} mtu 16", "ip link set {} up")

    def test_that_is_moved_to_another_namespace_is_made_again(self):
        self.place.namespace(ELSEWHERE).add()
        self.each("{}.*the interface is gone", "ip link set {} netns " + ELSEWHERE)

    def test_whose_module_is_unloaded_is_made_again(self):
        if os.stat("/proc/self/ns/pid").st_ino != INIT_PROCESSES:
            self.skipTest("the kernel is not ours alone: others have such links, too")
        for module, bus in zip(("vcan", "vxcan"), self.buses):
            with self.subTest(module=module), self.told(f"{bus.name}.*the interface is gone"):
                run("rmmod", module)
                self.assert_declared(bus)


class APeer(Disturbed):
    def setUp(self):
        super().setUp()
        self.bus = self.buses[1]
        self.bus.socket().close()

    def test_that_is_deleted_is_made_again_with_its_pair(self):
        with self.told(f"{self.bus.name}.*the interface is gone"):
            with self.stopped():
                self.place.space.run("ip", "link", "delete", "can0")
            self.assert_declared(self.bus)

    def test_that_is_moved_on_is_brought_back(self):
        self.place.namespace(ELSEWHERE).add()
        with self.told(f"{self.bus.name}.*other end is not in network namespace"):
            with self.stopped():
                self.place.space.run("ip", "link", "set", "can0", "netns", ELSEWHERE)
            self.assert_declared(self.bus)


class ManyLinks(Disturbed):
    COUNT, GROUP = 500, "500"

    def lost_events(self):
        """How many netlink messages the daemon's sockets could not take."""
        folder = pathlib.Path(f"/proc/{self.daemon.pid}/fd")
        inodes = {re.sub(r"socket:\[(\d+)\]", r"\1", os.readlink(entry)) for entry in folder.iterdir()}
        rows = [row.split() for row in pathlib.Path("/proc/net/netlink").read_text().splitlines()[1:]]
        return sum(int(row[8]) for row in rows if row[9] in inodes)

    def batch(self, lines):
        path = self.place.folder / "batch"
        path.write_text("".join(line + "\n" for line in lines))
        run("ip", "-batch", str(path))

    def test_that_come_in_one_go_disturb_nobody_even_if_events_are_lost(self):
        with self.told(f"{self.buses[0].name}.*the interface is gone"):
            with self.stopped():
                self.batch(f"link add flood{number} group {self.GROUP} type vcan" for number in range(self.COUNT))
                self.addCleanup(run, "ip", "link", "delete", "group", self.GROUP)  # one by one would take long

                def overrun():
                    for state in ("up", "down"):
                        run("ip", "link", "set", "group", self.GROUP, state)
                    return self.lost_events()

                harness.wait_for(overrun, "netlink messages are lost")
                run("ip", "link", "delete", self.buses[0].name)
            for bus in self.buses:
                self.assert_declared(bus)


class SomebodyElse(Disturbed):
    def test_who_undoes_what_we_do_is_told_of_once_and_does_not_wear_us_out(self):
        bus, stop = self.buses[0], threading.Event()

        def undo():
            while not stop.is_set():
                subprocess.run(["ip", "link", "set", bus.name, "down"], check=False, stderr=subprocess.DEVNULL)

        thread = threading.Thread(target=undo)
        thread.start()
        try:
            self.daemon.wait_log("somebody keeps changing our links")
        finally:
            stop.set()
            thread.join()
        for bus in self.buses:
            self.assert_declared(bus)
        self.assertEqual(self.daemon.log().count("somebody keeps changing our links"), 1)


if __name__ == "__main__":
    harness.main()
