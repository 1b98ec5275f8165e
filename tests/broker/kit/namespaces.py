# SPDX-License-Identifier: MIT
"""Other network namespaces: of ip-netns(8) by name, and of processes; and doing things inside."""
import concurrent.futures
import ctypes
import os
import pathlib
import subprocess

from kit.processes import Process
from kit.waiting import run, wait_for

CLONE_NEWNET = 0x40000000


class Namespace:
    """A network namespace that exists, known by a path."""

    def __init__(self, path):
        self.path = pathlib.Path(path)

    def inside(self, function, *arguments):
        """The function's result. Sockets that it opened and processes that it started stay in the namespace."""
        with concurrent.futures.ThreadPoolExecutor(1, initializer=self._enter) as thread:
            return thread.submit(function, *arguments).result()

    def _enter(self):  # this thread only, and it ends in there
        library = ctypes.CDLL(None, use_errno=True)
        with open(self.path, "rb") as file:
            if library.setns(file.fileno(), CLONE_NEWNET) != 0:
                raise OSError(ctypes.get_errno(), f"setns: {self.path}")

    def run(self, *command):
        return self.inside(run, *command)


class NamedNamespace(Namespace):
    """As `ip netns add` makes it; it can be deleted, and made again."""

    def __init__(self, name):
        super().__init__(f"/run/netns/{name}")
        self.name = name

    def add(self):
        run("ip", "netns", "add", self.name)
        return self

    def delete(self):
        run("ip", "netns", "delete", self.name)

    def close(self):
        subprocess.run(["ip", "netns", "delete", self.name], check=False, stderr=subprocess.DEVNULL)


class ProcessNamespace(Namespace):
    """The namespace of a process of its own, as a container's; it goes when the process ends."""

    def __init__(self, log):
        self.process = Process("unshare", ["unshare", "--net", "sleep", "infinity"], log)
        super().__init__(f"/proc/{self.pid}/ns/net")
        ours = os.stat("/proc/self/ns/net").st_ino
        wait_for(lambda: os.stat(self.path).st_ino != ours, "the process has a network namespace of its own")

    @property
    def pid(self):
        return self.process.pid

    def close(self):
        self.process.close()
