#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""systemd's varlinkctl, which nobody of us wrote, understands the control socket of a daemon that runs.

Usage: varlinkctl_test.py PATH-OF-mqttcand
"""
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

DEADLINE = 30
MQTTCAND = sys.argv.pop(1)
METHODS = {"CountPeers", "GetStatus", "GetLog", "Drop", "Resume", "Reload", "SetLogLevel"}


class Varlinkctl(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="mqttcan-varlinkctl."))
        self.addCleanup(shutil.rmtree, self.folder)
        (self.folder / "mqttcan.json").write_text('{"buses": {}}')
        self.socket = self.folder / "control"
        self.daemon = subprocess.Popen([MQTTCAND, "--config", self.folder / "mqttcan.json", "--control", self.socket])
        self.addCleanup(self.daemon.wait, DEADLINE)
        self.addCleanup(self.daemon.terminate)
        deadline = time.monotonic() + DEADLINE
        while not self.socket.exists():
            self.assertIsNone(self.daemon.poll(), "the daemon ended")
            self.assertLess(time.monotonic(), deadline, "the daemon makes its socket")
            time.sleep(0.01)

    def varlinkctl(self, verb, *arguments, form="short"):
        return subprocess.run(["varlinkctl", f"--json={form}", verb, self.socket, *arguments], capture_output=True,
                              text=True, timeout=DEADLINE, check=False)

    def told(self, verb, *arguments, **more):
        done = self.varlinkctl(verb, *arguments, **more)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_is_told_who_serves(self):
        info = json.loads(self.told("info"))
        self.assertEqual((info["vendor"], info["product"]), ("mqttcan", "mqttcand"))
        self.assertEqual(sorted(info["interfaces"]), ["org.mqttcan", "org.varlink.service"])

    def test_understands_the_description_of_both_interfaces(self):
        found = self.told("introspect", "org.mqttcan", form="off")
        self.assertEqual(set(re.findall(r"^method (\w+)", found, re.MULTILINE)), METHODS)
        self.assertIn("method GetInterfaceDescription", self.told("introspect", "org.varlink.service", form="off"))

    def test_gets_the_status(self):
        status = json.loads(self.told("call", "org.mqttcan.GetStatus", "{}"))
        self.assertEqual((status["buses"], status["brokers"]), ([], []))

    def test_is_told_what_went_wrong(self):
        done = self.varlinkctl("call", "org.mqttcan.Drop", '{"bus": "nowhere"}')
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("org.mqttcan.NoSuchBus", done.stderr)
        self.assertIn("MethodNotFound", self.varlinkctl("call", "org.mqttcan.Nonsense", "{}").stderr)


if __name__ == "__main__":
    unittest.main()
