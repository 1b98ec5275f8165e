#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""mqttcan status, monitor, wait, down, up and log-level, against a daemon that carries buses."""
import json
import subprocess

import harness
from harness import tool


class TheTool(harness.Scenario):
    def setUp(self):
        super().setUp()
        self.broker = self.place.broker()
        self.path = self.place.folder / "control"
        self.config = {"brokers": harness.broker_entry(self.broker.port, "gw"), "buses": {
            "engine": {"interface": "near0", "topic": "car", "role": "server", "write": "all"},
            "body": {"interface": "far0", "topic": "car"}}}

    def start(self, wait=True):
        daemon = self.place.daemon("gw", self.config, ("--control", str(self.path)))
        if wait:
            self.good("wait", "--online", "--timeout", f"{harness.DEADLINE:.0f}s")
        return daemon

    def mqttcan(self, command, *arguments):
        return tool(command, "--control", self.path, *arguments)

    def good(self, command, *arguments):
        done = self.mqttcan(command, *arguments)
        self.assertEqual((done.returncode, done.stderr), (0, ""), done)
        return done.stdout

    def bad(self, code, command, *arguments):
        done = self.mqttcan(command, *arguments)
        self.assertEqual((done.returncode, done.stdout), (code, ""), done)
        return done.stderr

    def status(self, *bus):
        return json.loads(self.good("status", "--json", *bus))

    def monitor(self, *arguments):
        """A running monitor that has begun to listen."""
        path = self.place.folder / "monitor.log"
        with open(path, "wb") as log:
            process = subprocess.Popen([harness.binary("mqttcan"), "monitor", "--control", str(self.path), *arguments],
                                       stdout=log, stderr=subprocess.STDOUT)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process, path

    def test_shows_how_all_buses_are(self):
        self.start()
        self.assert_cross([harness.Frame(0x123, b"\x01\x02")], self.place.can("near0"), self.place.can("far0"))
        lines = self.good("status").splitlines()
        self.assertRegex(lines[0], r"^BUS +INTERFACE +ROLE +STATE +FROM/s +TO/s +LOST +DROPPED$")
        self.assertRegex(lines[1], r"^engine +near0 +server +online +\d+ +\d+ +0 +0$")
        self.assertRegex(lines[2], r"^body +far0 +client +online +\d+ +\d+ +0 +0$")
        self.assertRegex(lines[3], r"^broker default \(mqtt://127.0.0.1:\d+\): connected \(MQTT 5\) for \d+ (s|min)$")
        engine, body = self.status()["buses"]
        self.assertGreater(engine["from_bus"]["passed"], 0)
        self.assertEqual(engine["from_bus"]["passed"], body["to_bus"]["passed"])

    def test_shows_one_bus_by_its_name_or_its_interface(self):
        self.start()
        for name in ("engine", "near0"):
            shown = self.good("status", name)
            self.assertTrue(shown.startswith("bus engine: online\n  interface   near0 (vcan)\n"), shown)
            self.assertEqual([bus["name"] for bus in self.status(name)["buses"]], ["engine"])
        said = self.bad(1, "status", "x")
        self.assertIn('there is no bus "x"', said)
        self.assertIn("there are: engine, body", said)

    def test_tells_why_a_bus_is_not_online(self):
        self.config["buses"]["van"] = {"interface": "nowhere0", "kind": "can", "bitrate": "500k", "topic": "van"}
        self.start(wait=False)
        self.good("wait", "engine", "far0", "--online", "--timeout", f"{harness.DEADLINE:.0f}s")
        said = self.bad(1, "wait", "van", "--online", "--timeout", "100ms")
        self.assertRegex(said, r"^mqttcan wait: not within 0.1 s: .*bus van is waiting: waiting for nowhere0, which does")
        self.assertRegex(self.good("status"), r"\nvan +nowhere0 +client +waiting .*\n    waiting for nowhere0, which ")

    def test_waits_for_the_daemon_and_the_broker(self):
        self.broker.process.signal(15)
        self.broker.process.wait()
        waiting = subprocess.Popen([harness.binary("mqttcan"), "wait", "--online", "--control", str(self.path),
                                    "--timeout", "2min"], stderr=subprocess.PIPE, text=True)
        self.addCleanup(waiting.wait)
        self.addCleanup(waiting.kill)
        daemon = self.start(wait=False)
        daemon.wait_log("trying again")
        self.assertRegex(self.good("status"), r"\n    no connection to the broker\n")
        self.assertRegex(" ".join(self.good("status").split()), r" broker default \(.*\): not connected for \d+ s: .*refused")
        self.assertIsNone(waiting.poll())
        self.broker.start()
        self.assertEqual(waiting.wait(harness.DEADLINE), 0)
        self.assertEqual({bus["state"] for bus in self.status()["buses"]}, {"online"})

    def test_waits_for_others_on_the_bus(self):
        self.start()
        for bus in ("engine", "body"):
            self.good("wait", bus, "--online", "--peers", "1", "--timeout", f"{harness.DEADLINE:.0f}s")
        self.assertIn("of 2 others on bus engine 1 is online",
                      self.bad(1, "wait", "engine", "--online", "--peers", "2", "--timeout", "1s"))
        waiting = subprocess.Popen([harness.binary("mqttcan"), "wait", "engine", "--online", "--peers", "2", "--control",
                                    str(self.path), "--timeout", "2min"], stderr=subprocess.PIPE, text=True)
        self.addCleanup(waiting.wait)
        self.addCleanup(waiting.kill)
        desk = {"brokers": harness.broker_entry(self.broker.port, "desk"),
                "buses": {"body": {"interface": "desk0", "topic": "car"}}}
        other = self.place.daemon("desk", desk)
        self.assertEqual(waiting.wait(harness.DEADLINE), 0)
        other.kill()  # its bus goes on saying "online", but its will says "offline"
        harness.wait_for(lambda: self.mqttcan("wait", "engine", "--online", "--peers", "2", "--timeout", "1s").returncode,
                         "who was killed is not counted any more")

    def test_stops_a_bus_until_it_is_resumed(self):
        daemon = self.start()
        self.good("down", "body")
        self.assertFalse(harness.is_up("far0"))
        self.assertTrue(harness.is_up("near0"))
        state = {bus["name"]: bus for bus in self.status()["buses"]}
        self.assertEqual((state["body"]["state"], state["engine"]["state"]), ("dropped", "online"))
        self.assertIn("mqttcan up body", state["body"]["reason"])
        self.assertIn("dropped by hand", self.bad(1, "wait", "body", "--online"))
        status = self.place.status(self.broker)
        status.wait(harness.client_status("car", "gw"), lambda told: told["state"] == "waiting", "waits")
        end = len(daemon.log())
        self.good("reload")  # does not resume it
        self.assertFalse(harness.is_up("far0"))
        self.good("up", "far0")
        self.good("wait", "body", "--online")
        self.assert_cross([harness.Frame(0x7, b"\x01")], self.place.can("near0"), self.place.can("far0"))
        self.assertNotIn("somebody else", daemon.log()[end:])
        self.assertIn('there is no bus "x"', self.bad(1, "down", "x"))

    def test_resumes_a_bus_by_the_interface_that_the_kernel_numbered(self):
        self.config["buses"]["any"] = {"topic": "any"}
        self.start()
        interface = self.status("any")["buses"][0]["interface"]
        self.assertRegex(interface, r"^vcan\d+$")
        self.good("down", interface)
        self.assertFalse(harness.is_up(interface))
        self.assertEqual(self.status(interface)["buses"][0]["state"], "dropped")
        self.good("up", interface)
        self.good("wait", interface, "--online")
        self.assertTrue(harness.is_up(interface))

    def test_means_the_bus_of_a_name_before_that_of_an_interface(self):
        self.config["buses"]["near0"] = {"interface": "third0", "topic": "third"}
        self.start()
        self.good("down", "near0")
        states = {bus["name"]: bus["state"] for bus in self.status()["buses"]}
        self.assertEqual(states, {"engine": "online", "body": "online", "near0": "dropped"})
        self.good("wait", "engine", "--online", "--timeout", "5s")
        self.assertIn("dropped by hand", self.bad(1, "wait", "near0", "--online"))

    def test_prints_a_line_for_each_change(self):
        self.start()
        process, path = self.monitor()

        def heard():
            self.good("log-level", "debug")
            self.good("log-level", "info")
            return "logging debug and what is worse, was info" in path.read_text()
        harness.wait_for(heard, "monitor listens")
        self.good("down", "body")
        harness.wait_for(lambda: "dropped by hand" in path.read_text(), "the change is told")
        self.assertRegex(path.read_text(), r"(?m)^\d\d:\d\d:\d\d bus body \(far0\): warning: dropped by hand")
        self.assertIsNone(process.poll())

    def test_monitors_one_bus_as_json(self):
        daemon = self.start()
        process, path = self.monitor("--json", "engine")

        def cycled():
            self.good("down", "engine")
            self.good("down", "body")
            self.good("up", "engine")
            self.good("up", "body")
            return path.read_text()
        harness.wait_for(cycled, "monitor hears")
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        self.assertEqual({line["bus"] for line in lines}, {"engine"})
        daemon.terminate()
        self.assertEqual(process.wait(harness.DEADLINE), 1)

    def test_names_the_cure_where_nobody_answers(self):
        for command in (["status"], ["monitor"], ["down", "x"], ["log-level", "debug"]):
            said = self.bad(1, *command)
            self.assertRegex(said, rf"^mqttcan {command[0]}: no daemon listens on .*: is mqttcand running\?")
        self.assertIn("--online", self.bad(2, "wait"))
        self.assertIn("give the name of a bus", self.bad(2, "up"))
        self.assertIn('no level "loud"', self.bad(2, "log-level", "loud"))


if __name__ == "__main__":
    harness.main()
