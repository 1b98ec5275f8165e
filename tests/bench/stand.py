# SPDX-License-Identifier: MIT
"""Where a row is measured: two sides with buses, and what carries frames from the one to the other.

Each row gets its own, started afresh and taken down afterwards, so that no row inherits anything of another.
"""
import contextlib
import json
import re
import socket
import subprocess
import time

import harness
from kit.certificates import Authority
from kit.processes import Process, binary
from kit.status import Status, client_status, server_status
from kit.waiting import run, wait_for

AGE = "10min"  # nothing is thinned out because it is late
FRESH = 6.0  # seconds: a daemon tells its counters of mere traffic every 5


class Stand:
    """A context. `lanes`: (source interface, target interface) pairs; `processes`: what carries, by its part."""

    def __init__(self, row):
        self.row = row
        self.lanes = [(f"vnear{index}", f"vfar{index}") for index in range(row.buses)]
        self.processes = {}
        self._stack = contextlib.ExitStack()
        self.place = harness.Place()
        self._stack.callback(self.place.close)

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *_):
        self._stack.close()

    def start(self):
        raise NotImplementedError

    def counters(self):
        """What the two sides say of their frames; nothing if there is nobody to ask."""
        return {}

    def _make_buses(self):
        for lane in self.lanes:
            for name in lane:
                self.place.vcan(name)


class Cangw(Stand):
    """The kernel forwards by itself, in the context of whoever sends: no process to look at."""

    def start(self):
        self._make_buses()
        subprocess.run(["modprobe", "-q", "can-gw"], check=False)  # if that fails cangw says what is missing
        for source, target in self.lanes:
            run("cangw", "-A", "-s", source, "-d", target, "-e")


class Forwarder(Stand):
    """One read and one write for each frame."""

    def start(self):
        self._make_buses()
        process = Process("forwarder", [binary("bench_forwarder"), *self.lanes[0]], self.place.folder / "forwarder.log")
        self._stack.callback(process.close)
        self.place.processes.append(process)
        self.processes["near"] = process
        process.wait_log("ready")


class Mqttcan(Stand):
    """Two daemons and a broker: `near` serves the buses that frames are sent on, `far` is its client."""

    def __init__(self, row, formats, queue):
        super().__init__(row)
        self._formats, self._queue = formats, queue
        self._plain_port = None

    def start(self):
        entry = self._start_broker()
        for side in ("near", "far"):
            self.processes[side] = self.place.daemon(
                side, configuration(side, entry, self.row.buses, self._formats, self._queue))
        with self._status() as status:
            for index in range(self.row.buses):
                for topic in self._topics(index).values():
                    status.wait_online(topic)

    def _start_broker(self):
        """What the daemons are told of it."""
        settings = ["set_tcp_nodelay true"]  # as README.md tells users to set it
        if not self.row.tls:
            broker = self.place.broker(*settings)
            self.processes["broker"] = broker.process
            self._plain_port = broker.port
            return {"url": f"mqtt://127.0.0.1:{broker.port}"}
        authority = Authority(self.place.folder, "bench")
        certificate, key = authority.issue("broker", "IP:127.0.0.1")
        self._plain_port = harness.free_port()  # for our own questions
        broker = self.place.broker(f"certfile {certificate}", f"keyfile {key}", *settings,
                                   f"listener {self._plain_port} 127.0.0.1")
        self.processes["broker"] = broker.process
        wait_for(lambda: accepts(self._plain_port), "mosquitto listens for our own questions")
        return {"url": f"mqtts://127.0.0.1:{broker.port}", "tls": {"ca_file": str(authority.certificate)}}

    def _status(self):
        """For as long as it is a context only: a connection that stays would cost the broker something."""
        return Status(self._plain_port, self.place.processes)

    @staticmethod
    def _topics(index):
        return {"near": server_status(f"bench{index}"), "far": client_status(f"bench{index}", "far")}

    def counters(self):
        time.sleep(FRESH)
        found = {}
        with self._status() as status:
            for index in range(self.row.buses):
                for side, topic in self._topics(index).items():
                    said = wait_for(lambda: status.get(topic), f"{topic} is there")  # pylint: disable=cell-var-from-loop
                    found[side] = added(found.get(side, {}), said.get("counters", {}))
        return found


def accepts(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def configuration(side, entry, buses, formats, queue):
    """A daemon's. `savvycan`, which all speak, is not said, so that versions can be compared that know no `formats`."""
    patience = {"max_age": AGE, "queue": queue}
    role = {"role": "server", "write": "all"} if side == "near" else {"role": "client"}
    if formats != ["savvycan"]:
        role["formats"] = formats
    return {"brokers": {"default": {"client_id": side, **entry}},
            "buses": {f"bus{index}": {"interface": f"v{side}{index}", "topic": f"bench{index}", "from_bus": patience,
                                      "to_bus": patience, **role} for index in range(buses)}}


def refusal(formats, queue, folder):
    """Why mqttcan does not speak these formats; nothing if it does. A file is left in `folder`."""
    for side in ("near", "far"):
        path = folder / f"{side}.json"
        path.write_text(json.dumps(configuration(side, {"url": "mqtt://127.0.0.1:1883"}, 1, formats, queue)))
        done = harness.tool("check", path)
        if done.returncode != 0:
            said = (done.stderr + done.stdout).strip().splitlines() or [f"exit code {done.returncode}"]
            return re.split("[;\n]", said[0].removeprefix(f"{path}:"))[0]  # the cure is for those who meant it
    return ""


def added(sums, numbers):
    """Objects of numbers, and of such objects, added."""
    result = dict(sums)
    for name, value in numbers.items():
        if isinstance(value, dict):
            result[name] = added(result.get(name, {}), value)
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            result[name] = result.get(name, 0) + value
    return result
