# SPDX-License-Identifier: MIT
"""What the scenario tests stand on: a private broker, the daemon, CAN sockets, and waiting with a deadline.

A test runs as root where there is CAN (scripts/with-can starts it there) and finds the daemon in $MQTTCAN_BIN.
Everything a test makes belongs to its Place and goes with it, whatever happens; several tests may run side by side,
each in a kernel or network namespace of its own. On failure the logs of broker and daemons are shown.
Waiting is always for an event with a deadline (wait_for); the deadlines are generous, the lab's kernel is slow.
"""
import contextlib
import pathlib
import select
import shutil
import subprocess
import tempfile
import unittest

import peer
from kit.can_bus import Candump, CanSocket, cansend, crossed, every_kind
from kit.certificates import Authority
from kit.links import is_up, link, links, wait_up
from kit.namespaces import NamedNamespace, ProcessNamespace
from kit.old_broker import OldBroker
from kit.processes import REPOSITORY, Broker, Daemon, binary, tool
from kit.slcan_adapter import SlcanAdapter
from kit.status import Status, client_status, dropped, is_balanced, server_status
from kit.varlink import Varlink, VarlinkError
from kit.waiting import DEADLINE, Late, free_port, let_pass, run, wait_for
from peer import Frame

__all__ = ["DEADLINE", "REPOSITORY", "Frame", "Late", "Place", "Scenario", "Tunnel", "Varlink", "VarlinkError",
           "binary", "broker_entry", "cansend", "client_status", "crossed", "dropped", "every_kind", "free_port", "is_balanced",
           "is_up", "let_pass", "link", "links", "main", "run", "server_status", "tool", "wait_for", "wait_up"]


class Place:
    """A folder, and all that a test started or made; taken down in reverse order."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="mqttcan-test."))
        self._stack = contextlib.ExitStack()
        self._stack.callback(shutil.rmtree, self.folder, ignore_errors=True)
        self._stack.callback(self._remove_links, set(links()))
        self.processes = []
        self._statuses = []
        self._number = 0

    def close(self):
        self._stack.close()

    @staticmethod
    def _remove_links(before):
        batch = "".join(f"link delete {name}\n" for name in set(links()) - before)  # a process each would take long
        subprocess.run(["ip", "-force", "-batch", "-"], input=batch, text=True, check=False, stderr=subprocess.DEVNULL)

    def _keep(self, thing):
        self._stack.callback(thing.close)
        return thing

    def broker(self, *settings, port=None, tls=None, start=True):
        broker = self._keep(Broker(self.folder, settings, port, tls))
        if start:
            broker.start()
            self.processes.append(broker.process)
        return broker

    def old_broker(self, broker):
        return self._keep(OldBroker(broker.port))

    def daemon(self, name, config, arguments=(), env=None, control=False):
        """A running mqttcand. The name may come again for a second life with the same files."""
        daemon = self._keep(Daemon(name, self.folder, config, arguments, env, control))
        self.processes.append(daemon)
        return daemon

    def can(self, interface, **options):
        return self._keep(CanSocket(interface, **options))

    def candump(self, interface, *options):
        self._number += 1
        return self._keep(Candump(interface, self.folder / f"candump-{self._number}.log", options))

    def status(self, broker):
        status = self._keep(Status(broker.port, self.processes))
        self._statuses.append(status)
        return status

    def peer(self, role, topic, broker, **options):
        found = peer.Peer(role, topic, port=broker.port, **options).start()
        self._stack.callback(found.stop)
        return found

    def vcan(self, name, mtu=72):
        """An interface that is not the daemon's: made by hand, as its user would."""
        run("ip", "link", "add", name, "mtu", str(mtu), "type", "vcan")
        run("ip", "link", "set", name, "up")
        return name

    def slcan_adapter(self, name="usb-mqttcan_Test_Adapter_0001-if00"):
        """Plugged in, and found under a path that stays the same when it is plugged in again."""
        return self._keep(SlcanAdapter(self.folder / "by-id" / name))

    def namespace(self, name):
        """Not there yet: add() it."""
        return self._keep(NamedNamespace(name))

    def process_namespace(self):
        self._number += 1
        return self._keep(ProcessNamespace(self.folder / f"unshare-{self._number}.log"))

    def authority(self, name):
        return Authority(self.folder, name)

    def logs(self):
        """What the programs said, and the newest status of each bus."""
        seen = {process.log_path: process for process in self.processes}
        logs = [f"---- {process.name}\n{process.log()[-20000:]}\n" for process in seen.values()]
        return "".join(logs + [f"---- status\n{status}\n" for status in self._statuses])


class Scenario(unittest.TestCase):
    """A test case with a Place of its own. Its logs are shown if it fails."""

    maxDiff = 4000

    def setUp(self):
        self.place = Place()
        self.addCleanup(self.place.close)
        self.markers = 0

    # ---- the usual set-up: a bus here, a bus there, a broker between

    def tunnel(self, topics=("can",), broker=None, far=None, near=None, **options):
        """Two daemons: `near` serves buses near0.., `far` is their client with buses far0..; all online."""
        broker = broker or self.place.broker()
        tunnel = Tunnel(self.place, broker, topics, near or {}, far or {}, **options)
        tunnel.start()
        return tunnel

    def assert_cross(self, frames, source, target):
        """Frames sent on one bus arrive on the other, all and in order, and nothing else does."""
        source.burst(frames)
        self.assertEqual([str(frame) for frame in target.receive(len(frames))], [str(frame) for frame in frames])
        self.assert_quiet(source, target)

    def assert_quiet(self, *sockets):
        """Nothing is on its way between these sockets' buses: markers sent now come next, alone.

        What is on its way to a bus goes the way that a marker goes, before it.
        """
        for here in sockets:
            for there in sockets:
                if here is not there:
                    self.markers += 1
                    marker = Frame(0x7AA, self.markers.to_bytes(4, "big"))
                    here.send(marker)
                    self.assertEqual(str(there.receive(1)[0]), str(marker), f"on {there.interface}")

    def assert_crosses_soon(self, source, target):
        """Frames cross again, after a disturbance: tried until one arrives."""
        self.markers += 1
        marker = Frame(0x7AB, self.markers.to_bytes(4, "big"))

        def attempt():
            with contextlib.suppress(OSError):
                source.send(marker)
            select.select([target], [], [], 0.05)
            return marker in target.drain()

        wait_for(attempt, f"a frame crosses from {source.interface} to {target.interface}")


def broker_entry(port, client_id, **more):
    return {"default": {"url": f"mqtt://127.0.0.1:{port}", "client_id": client_id, **more}}


# Where age is not what is tested, a machine that stands still for two seconds must not make frames stale.
PATIENT = {"to_bus": {"max_age": "10min"}, "from_bus": {"max_age": "10min"}}


def patient(settings):
    """Settings of a bus, its ages long unless it says otherwise."""
    ways = {way: {**ages, **settings.get(way, {})} for way, ages in PATIENT.items()}
    return {**settings, **ways}


class Tunnel:
    """A server daemon and a client daemon, one bus per topic: frames cross between nearN and farN."""

    SERVER, CLIENT = "near", "far"

    def __init__(self, place, broker, topics, near, far, entry=None, port=None, control=False):
        """`near` and `far`: settings for each bus of that side; `entry`: more settings of both broker entries;
        `control`: the daemons can reload."""
        near, far = patient(near), patient(far)
        self.place, self.broker, self.topics, self.control = place, broker, topics, control
        self.near = [f"vnear{index}" for index in range(len(topics))]
        self.far = [f"vfar{index}" for index in range(len(topics))]
        port = port or broker.port
        self.near_config = {
            "brokers": broker_entry(port, self.SERVER, **(entry or {})),
            "buses": {f"near{index}": {"interface": self.near[index], "topic": topic, "role": "server", "write": "all",
                                       **near} for index, topic in enumerate(topics)}}
        self.far_config = {
            "brokers": broker_entry(port, self.CLIENT, **(entry or {})),
            "buses": {f"far{index}": {"interface": self.far[index], "topic": topic, "role": "client", **far}
                      for index, topic in enumerate(topics)}}
        self.server = self.client = self.status = None

    def start(self):
        self.server = self.place.daemon("near", self.near_config, control=self.control)
        self.client = self.place.daemon("far", self.far_config, control=self.control)
        self.status = self.place.status(self.broker)
        self.wait_online()

    def wait_online(self):
        for topic in self.topics:
            self.status.wait_online(server_status(topic))
            self.status.wait_online(client_status(topic, self.CLIENT))

    def counters(self, topic, predicate=lambda near, far: True, what="counters", deadline=DEADLINE):
        """{"near": {"from_bus", "to_bus"}, "far": ...} once `predicate(near, far)` holds."""

        def look():
            found = [self.status.get(server_status(topic)), self.status.get(client_status(topic, self.CLIENT))]
            if not all(found):
                return None
            near, far = (status["counters"] for status in found)
            return (near, far) if predicate(near, far) else None

        try:
            return wait_for(look, what, deadline)
        except Late as late:
            raise Late(f"{late}; near {self.status.get(server_status(topic))}, "
                       f"far {self.status.get(client_status(topic, self.CLIENT))}") from None


class LogShowingResult(unittest.TextTestResult):
    """Shows the logs of a failed scenario while they still exist."""

    def addFailure(self, test, err):
        self._show_logs(test)
        super().addFailure(test, err)

    def addError(self, test, err):
        self._show_logs(test)
        super().addError(test, err)

    def _show_logs(self, test):
        if isinstance(test, Scenario) and hasattr(test, "place"):
            self.stream.write(f"\n==== {test.id()}: the logs\n{test.place.logs()}====\n")


def main():
    unittest.main(testRunner=unittest.TextTestRunner(verbosity=2, resultclass=LogShowingResult))
