# SPDX-License-Identifier: MIT
"""The programs of a scenario: a private mosquitto, and mqttcand."""
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import time

from kit.waiting import DEADLINE, Late, free_port, wait_for

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent.parent.parent


def binary(name):
    """A program of the project: from $MQTTCAN_BIN, else from the build folders that the presets make."""
    if os.environ.get("MQTTCAN_BIN"):
        folders = [pathlib.Path(os.environ["MQTTCAN_BIN"])]
    else:
        folders = [REPOSITORY / "build" / preset for preset in ("ci", "dev", "release")]
    for folder in folders:
        folder = folder if folder.is_absolute() else REPOSITORY / folder
        if os.access(folder / name, os.X_OK):
            return str(folder / name)
    raise AssertionError(f"no {name} in {', '.join(map(str, folders))}: build it, or set MQTTCAN_BIN to its folder")


def tool(*arguments, **more):
    """`mqttcan ...`, run to its end."""
    return subprocess.run([binary("mqttcan"), *map(str, arguments)], capture_output=True, text=True,
                          timeout=DEADLINE, check=False, **more)


class Process:
    """A child with its output in files; killed and reaped at the end, stopped or not."""

    def __init__(self, name, command, log, stdout=None, env=None):
        self.name = name
        self.log_path = log
        self._log = open(log, "ab")
        self._told_to_end = False
        self._popen = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=stdout or self._log,
                                       stderr=self._log, env=env)

    @property
    def pid(self):
        return self._popen.pid

    @property
    def stdout(self):
        return self._popen.stdout

    def is_running(self):
        return self._popen.poll() is None

    def died(self):
        """Whether it ended though nobody told it to."""
        return not self._told_to_end and not self.is_running()

    def signal(self, number):
        self._told_to_end = self._told_to_end or number in (signal.SIGTERM, signal.SIGINT, signal.SIGKILL)
        self._popen.send_signal(number)

    def wait(self, deadline=DEADLINE):
        """The exit code (negative: the signal that ended it)."""
        try:
            return self._popen.wait(deadline)
        except subprocess.TimeoutExpired:
            raise Late(f"{self.name}: still running after {deadline} s") from None

    def kill(self):
        """SIGKILL, also for a stopped process, and the end is awaited."""
        if self.is_running():
            self.signal(signal.SIGKILL)
        self._popen.wait(DEADLINE)

    def close(self):
        self.kill()
        self._log.close()
        if self._popen.stdout:
            self._popen.stdout.close()

    def log(self):
        return self.log_path.read_text(errors="replace")

    def wait_log(self, pattern, deadline=DEADLINE, after=0):
        """The first match of a regular expression in the log behind its first `after` characters."""

        def look():
            found = re.search(pattern, self.log()[after:], re.IGNORECASE)
            if not found and not self.is_running():
                found = re.search(pattern, self.log()[after:], re.IGNORECASE)
                if not found:
                    raise AssertionError(f"{self.name} ended before it logged {pattern!r}:\n{self.log()}")
            return found

        try:
            return wait_for(look, f"{self.name} logs {pattern!r}", deadline)
        except Late as late:
            raise Late(f"{late}; its log:\n{self.log()[after:]}") from None


class Broker:
    """A mosquitto of our own on a loopback port, which it keeps over restarts."""

    def __init__(self, folder, settings=(), port=None, tls=None):
        """`settings`: more lines for the listener; `tls`: a (certificate, key) pair of paths."""
        self.port = port or free_port()
        self._folder = folder
        self._process = None
        lines = ["user root", "persistence false", "log_dest stderr", "connection_messages true",
                 f"listener {self.port} 127.0.0.1", "allow_anonymous true", *settings]
        if tls:
            lines += [f"certfile {tls[0]}", f"keyfile {tls[1]}"]
        self._config = folder / f"mosquitto-{self.port}.conf"
        self._config.write_text("\n".join(lines) + "\n")

    @property
    def process(self):
        return self._process

    def start(self):
        """Returns once it accepts connections; that moment, on the monotonic clock."""
        if self._process:
            self._process.close()
        self._process = Process(f"mosquitto:{self.port}", ["mosquitto", "-c", str(self._config)],
                                self._folder / f"mosquitto-{self.port}.log")
        return wait_for(self._accepts, f"mosquitto listens on port {self.port}")

    def _accepts(self):
        if not self._process.is_running():
            raise AssertionError(f"mosquitto did not start:\n{self._process.log()}")
        with socket.socket() as probe:
            return time.monotonic() if probe.connect_ex(("127.0.0.1", self.port)) == 0 else None

    def kill(self):
        """As a power cut: no wills, no goodbyes."""
        self._process.kill()

    def restart(self):
        self.kill()
        return self.start()

    def stop(self):
        self._process.signal(signal.SIGSTOP)
        wait_for(lambda: process_state(self._process.pid) == "T", "mosquitto is stopped")

    def resume(self):
        self._process.signal(signal.SIGCONT)

    def close(self):
        if self._process:
            self._process.close()

    def log(self):
        return self._process.log() if self._process else ""


def process_state(pid):
    """The letter of /proc/PID/stat: R, S, T (stopped), Z ..."""
    return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


class Daemon(Process):
    """mqttcand in the foreground with a configuration given as a dictionary."""

    def __init__(self, name, folder, config, arguments=(), env=None, control=False):
        """`control`: with a control socket, so that it can reload()."""
        self.config_path = folder / f"{name}.json"
        self.drop_ins = folder / f"{name}.d"
        self.control_path = folder / f"{name}.control"
        self.write(config)
        if control:
            arguments = ("--control", str(self.control_path), *arguments)
        environment = {key: value for key, value in os.environ.items()
                       if key not in ("JOURNAL_STREAM", "NOTIFY_SOCKET", "INVOCATION_ID")}
        super().__init__(name, [binary("mqttcand"), "--config", str(self.config_path), *arguments],
                         folder / f"{name}.log", env={**environment, **(env or {})})

    def terminate(self):
        """SIGTERM; the exit code must be 0."""
        self.signal(signal.SIGTERM)
        code = self.wait()
        if code != 0:
            raise AssertionError(f"{self.name}: exit code {code} after SIGTERM, wanted 0; its log:\n{self.log()}")

    def write(self, config):
        """Another configuration: a dictionary, or the text of the file."""
        text = config if isinstance(config, str) else json.dumps(config, indent=2)
        new = self.config_path.with_suffix(".new")
        new.write_text(text)
        new.rename(self.config_path)

    def reload(self, config=None, code=0):
        """`mqttcan reload`, with another configuration in the file if one is given; what it printed."""
        if config is not None:
            self.write(config)
        wait_for(self.control_path.exists, f"{self.name} has a control socket")
        done = tool("reload", "--control", self.control_path)
        if done.returncode != code:
            raise AssertionError(f"mqttcan reload: exit code {done.returncode}, wanted {code}: {done.stderr}")
        return done.stdout + done.stderr
