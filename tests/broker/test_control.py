#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The control socket and its reload, as the tool, systemd and other Varlink clients use them."""
import json
import os
import signal
import socket
import stat

import harness
from harness import tool

GOOD = {"buses": {}}


class Control(harness.Scenario):
    def setUp(self):
        super().setUp()
        self.path = self.place.folder / "control"

    def start(self, name="idle", **more):
        daemon = self.place.daemon(name, GOOD, ("--control", str(self.path)), **more)
        harness.wait_for(self.path.exists, "the control socket is there")
        return daemon

    def reload(self):
        return tool("reload", "--control", self.path)

    def test_reloads_a_good_configuration(self):
        daemon = self.start()
        done = self.reload()
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))
        daemon.wait_log("^configuration reloaded$|\nconfiguration reloaded$")
        daemon.terminate()
        self.assertFalse(self.path.exists())

    def test_prints_the_faults_of_a_bad_one_as_check_does_and_goes_on(self):
        daemon = self.start()
        daemon.config_path.write_text('{"busses": {},\n "x": 1}')
        done = self.reload()
        checked = tool("check", daemon.config_path)
        self.assertGreaterEqual(checked.stderr.count("\n"), 2)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (78, checked.stdout, checked.stderr))
        daemon.wait_log("configuration unchanged")
        daemon.config_path.write_text(json.dumps(GOOD))
        self.assertEqual(self.reload().returncode, 0)
        daemon.terminate()

    def test_sighup_reloads_as_well(self):
        daemon = self.start()
        daemon.signal(signal.SIGHUP)
        daemon.wait_log("configuration reloaded")
        end = len(daemon.log())
        daemon.config_path.write_text("{")
        daemon.signal(signal.SIGHUP)
        daemon.wait_log("configuration unchanged", after=end)
        daemon.terminate()

    def test_tells_systemd_before_it_answers(self):
        manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(manager.close)
        manager.settimeout(harness.DEADLINE)
        manager.bind(str(self.place.folder / "notify"))
        self.start(env={"NOTIFY_SOCKET": str(self.place.folder / "notify")})
        while b"READY=1" not in manager.recv(4096):
            pass
        self.assertEqual(self.reload().returncode, 0)
        manager.settimeout(0)  # all was said already
        told = [manager.recv(4096).decode() for _ in range(2)]
        self.assertRegex(told[0], r"^RELOADING=1\nMONOTONIC_USEC=[1-9][0-9]*\n")
        self.assertIn("READY=1", told[1])

    def test_speaks_varlink(self):
        self.start()
        with harness.Varlink(self.path) as varlink:
            info = varlink.call("org.varlink.service.GetInfo")
            self.assertEqual(info["interfaces"], ["org.mqttcan", "org.varlink.service"])
            for name in info["interfaces"]:
                described = varlink.call("org.varlink.service.GetInterfaceDescription", interface=name)["description"]
                self.assertIn(f"\ninterface {name}\n", described)
            with self.assertRaises(harness.VarlinkError) as unknown:
                varlink.call("org.mqttcan.Explode")
            self.assertEqual(unknown.exception.name, "org.varlink.service.MethodNotFound")
            varlink.send("org.mqttcan.Reload", oneway=True)
            self.assertEqual(varlink.call("org.mqttcan.Reload"), {})

    def test_is_found_again_after_a_crash_and_has_one_owner(self):
        daemon = self.start()
        daemon.kill()
        self.assertTrue(stat.S_ISSOCK(os.stat(self.path).st_mode))
        gone = self.reload()
        self.assertEqual(gone.returncode, 1)
        self.assertIn("is mqttcand running?", gone.stderr)
        daemon = self.start()
        harness.wait_for(lambda: self.reload().returncode == 0, "the second daemon answers")
        other = self.place.daemon("other", GOOD, ("--control", str(self.path)))
        self.assertEqual(other.wait(), 1)
        self.assertIn("another process answers on it", other.log())
        self.assertEqual(self.reload().returncode, 0)
        daemon.terminate()

    def test_is_for_those_who_may(self):
        if os.getuid() != 0 or os.stat("/proc/self/ns/user").st_ino != 0xEFFFFFFD:
            self.skipTest("other users are to be had only by the root of the machine")
        os.chmod(self.place.folder, 0o755)
        self.start()
        done = tool("reload", "--control", self.path, user=65534, group=65534, extra_groups=[])
        self.assertEqual(done.returncode, 1)
        self.assertIn("no permission", done.stderr)
        done = tool("reload", "--control", self.path, user=65534, group=65534, extra_groups=[os.getgid()])
        self.assertEqual((done.returncode, done.stderr), (0, ""))


if __name__ == "__main__":
    harness.main()
