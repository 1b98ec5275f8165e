# SPDX-License-Identifier: MIT
"""Machines of a scenario: each with a name, a network, /etc, /run and services of its own, over this one's other files.

So what a user types on several machines, as root and with mqttcan and mosquitto installed, can be run as it is. What it
leaves in /etc, /run, the home and mosquitto's folders goes with the machine. `sudo` and `apt` do nothing there that is
not done; `systemctl` is kit/systemctl.py.
"""
import contextlib
import os
import pathlib
import re
import signal
import subprocess

from kit.can_bus import CanSocket
from kit.namespaces import Namespace
from kit.processes import REPOSITORY, Process, binary
from kit.waiting import DEADLINE, run

HOME = "/run/home"
UNIT = {"MQTTCAN_SBINDIR": "/usr/local/bin", "MQTTCAN_BINDIR": "/usr/local/bin", "MQTTCAN_UNIT": "mqttcan",
        "MQTTCAN_UNIT_RUN": "mqttcan"}
PATH = "/run/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
NETWORK = """
mount -t sysfs sysfs /sys
ip link set lo up
"""
SET_UP = """
mount -t tmpfs -o mode=755 tmpfs /run
mkdir /run/upper /run/work /run/bin /run/lock "$HOME"
mount -t overlay -o lowerdir=/etc,upperdir=/run/upper,workdir=/run/work overlay /etc
mount -t tmpfs tmpfs /var/lib/mosquitto
mount --bind "$LOGS" /var/log/mosquitto
mount --bind "$PROGRAMS" /usr/local/bin
chown mosquitto: /var/lib/mosquitto
rm -rf /etc/mqttcan* /etc/mosquitto/passwd /etc/mosquitto/acl /etc/mosquitto/conf.d/*
hostname "$NAME"
tr -d - </proc/sys/kernel/random/uuid >/etc/machine-id
getent passwd mqttcan >/dev/null || useradd --system --user-group --no-create-home mqttcan
cd "$HOME"
echo ready
exec sleep infinity
"""


class ServiceLog:
    """What a service said, in the shape that Place.logs() wants."""

    def __init__(self, path):
        self.name, self.log_path = path.stem, path

    def log(self):
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""


class Machine:
    """`number`: of its network, in which 10.77.NUMBER.1 is the test and 10.77.NUMBER.2 the machine; 0: the test's own.

    Its home is the working directory of all that is run, until a shell() goes elsewhere.
    """

    def __init__(self, folder, name, number):
        self.name = name
        self._folder = folder
        self._logs = folder / f"{name}.logs"
        self._logs.mkdir()
        self._directory = HOME
        environment = {"PATH": PATH, "HOME": HOME, "NAME": name, "LOGS": str(self._logs),
                       "PROGRAMS": str(pathlib.Path(binary("mqttcand")).parent)}
        own, script = (["--net"], NETWORK + SET_UP) if number else ([], SET_UP)
        self._holder = Process(name, ["unshare", "--mount", "--uts", *own, "bash", "-ec", script],
                               folder / f"{name}.log", env=environment)
        self._holder.wait_log("(?m)^ready$")
        self._network = Namespace(f"/proc/{self._holder.pid}/ns/net")
        if number:
            self._connect(f"m{number}", f"10.77.{number}")
        self._furnish()

    def _connect(self, interface, network):
        run("ip", "link", "add", interface, "type", "veth", "peer", "name", "eth0", "netns", str(self._holder.pid))
        run("ip", "address", "add", f"{network}.1/30", "dev", interface)
        run("ip", "link", "set", interface, "up")
        self.run("ip", "address", "add", f"{network}.2/30", "dev", "eth0")
        self.run("ip", "link", "set", "eth0", "up")

    def _furnish(self):
        unit = (REPOSITORY / "systemd" / "mqttcan.service").read_text()
        unit = re.sub("@([A-Z_]+)@", lambda found: UNIT.get(found[1], ""), unit)
        self.write("/etc/systemd/system/mqttcan.service", unit)
        systemctl = pathlib.Path(__file__).with_name("systemctl.py")
        self.write("/run/bin/sudo", 'exec "$@"\n', 0o755)
        self.write("/run/bin/apt", 'shift\nexec dpkg-query --show "$@"\n', 0o755)
        self.write("/run/bin/systemctl", f'exec /usr/bin/python3 {systemctl} {self._folder}/{self.name}- "$@"\n', 0o755)

    def close(self):
        for path in self.path("/run").glob("*.pid"):
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(path.read_text()), signal.SIGKILL)
        self._holder.close()

    @property
    def pid(self):
        return self._holder.pid

    # ---- its files

    def path(self, path):
        """A file of the machine, for us; relative ones to the directory where its shell is."""
        return pathlib.Path(f"/proc/{self._holder.pid}/root", os.path.join(self._directory, path)[1:])

    def write(self, path, text, mode=0o644):
        """Replaces a file, or makes it."""
        path = self.path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        text = f"#!/bin/sh\n{text}" if mode & 0o100 else text
        path.write_text(text)
        path.chmod(mode)

    # ---- its programs

    def _command(self, *command):
        return ["nsenter", f"--target={self._holder.pid}", "--mount", "--uts", "--net", f"--wdns={self._directory}",
                "env", "-i", f"PATH={PATH}", f"HOME={HOME}", "LANG=C.UTF-8", *command]

    def run(self, *command):
        return run(*self._command(*command), stdin=subprocess.DEVNULL)

    def attempt(self, script):
        """(exit code, output) of what may fail."""
        done = subprocess.run(self._command("bash", "-o", "pipefail", "-c", script), check=False, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=DEADLINE)
        return done.returncode, done.stdout

    def shell(self, script):
        """What the lines say that somebody types there, all of which succeed; a `cd` holds on."""
        code, output = self.attempt(f"set -e\ntrap 'pwd >/run/directory' EXIT\n{script}")
        if code != 0:
            raise AssertionError(f"{self.name}: exit code {code}:\n{script}\n{output}")
        self._directory = self.path("/run/directory").read_text().rstrip("\n")
        return output

    def start(self, script):
        """A program that runs until it is told to end."""
        name = f"{self.name}-{len(list(self._folder.iterdir()))}"
        return Process(name, self._command("bash", "-c", f"exec {script}"), self._folder / f"{name}.log")

    def can(self, interface):
        return self._network.inside(CanSocket, interface)

    def service_logs(self):
        """Those of mqttcan, and of mosquitto where it runs."""
        return [ServiceLog(self._folder / f"{self.name}-mqttcan.log"), ServiceLog(self._logs / "mosquitto.log")]
