#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A broker's access list that keeps from mqttcan what it needs: said in status, waited for, and mended as it runs."""
import json
import pathlib
import signal
import subprocess

import harness
from harness import Frame, tool

FORBIDDEN = "topic readwrite car/#\npattern readwrite mqttcan/%c/status\n"
MENDED = FORBIDDEN + "pattern readwrite mqttcan/%c/tick\n"


class AnAccessList(harness.Scenario):
    def start(self, broker):
        daemon = self.place.daemon("gate", {
            "brokers": {"default": {"url": f"mqtt://127.0.0.1:{broker.port}", "client_id": "gate"}},
            "buses": {"engine": {"interface": "vcan7", "topic": "car", "role": "server", "formats": ["savvycan"]}}},
            control=True)
        harness.wait_up("vcan7")
        return daemon

    def mqttcan(self, daemon, command, *arguments):
        return tool(command, *arguments, "--control", daemon.control_path)

    def assert_says(self, daemon, reason):
        """In the log, to who waits, and in status; and never that all is well."""
        daemon.wait_log(f"error: broker default [^\n]*{reason}")
        waited = self.mqttcan(daemon, "wait", "engine", "--online", "--timeout", "100ms")
        self.assertEqual(waited.returncode, 1)
        self.assertRegex(waited.stderr, f"bus engine is offline: .*{reason}")
        shown = self.mqttcan(daemon, "status", "engine", "--json")
        bus = json.loads(shown.stdout)
        self.assertRegex(json.dumps(bus), f'"state": "offline".*{reason}|{reason}.*"state": "offline"')

    def assert_crosses_both_ways(self, daemon, broker):
        waited = self.mqttcan(daemon, "wait", "engine", "--online", "--timeout", f"{harness.DEADLINE:.0f}s")
        self.assertEqual((waited.returncode, waited.stderr), (0, ""))
        other = self.place.peer("client", "car", broker)
        bus = self.place.can("vcan7")
        other.send(Frame(0x123, b"\x01"))
        self.assertEqual(str(bus.receive(1)[0]), "123#01")
        bus.send(Frame(0x124, b"\x02"))
        self.assertEqual(str(other.take(1)[0]), "124#02")

    def test_that_keeps_the_tick_back_leaves_a_bus_to_be_seen_and_not_written_to(self):
        rules = self.place.folder / "rules"
        rules.write_text(FORBIDDEN)
        broker = self.place.broker(f"acl_file {rules}")
        daemon = self.start(broker)
        self.assert_says(daemon, "our tick does not come back, .* let this client write and read mqttcan/gate/tick")
        other = self.place.peer("client", "car", broker)
        self.place.can("vcan7").send(Frame(0x321, b"\x03"))
        self.assertEqual(str(other.take(1)[0]), "321#03")

        rules.write_text(MENDED)
        broker.process.signal(signal.SIGHUP)
        daemon.wait_log("our tick comes back")
        self.assert_crosses_both_ways(daemon, broker)
        daemon.terminate()

    def test_that_refuses_a_subscription_leaves_a_bus_offline(self):
        rules = self.place.folder / "dynamic-security.json"
        subprocess.run(["mosquitto_ctrl", "dynsec", "init", rules, "admin", "secret"], check=True, capture_output=True)
        settings = json.loads(rules.read_text())
        settings["defaultACLAccess"] = dict.fromkeys(
            ("publishClientSend", "publishClientReceive", "subscribe", "unsubscribe"), True)
        settings["roles"].append({"rolename": "blind", "acls": [
            {"acltype": "subscribeLiteral", "topic": "car/s/+", "priority": 0, "allow": False}]})
        settings["groups"] = [{"groupname": "anybody", "roles": [{"rolename": "blind"}]}]
        settings["anonymousGroup"] = "anybody"
        rules.write_text(json.dumps(settings))
        plugin, = pathlib.Path("/usr/lib").glob("*/mosquitto_dynamic_security.so")
        broker = self.place.broker(f"plugin {plugin}", f"plugin_opt_config_file {rules}")
        daemon = self.start(broker)
        self.assert_says(daemon, r"the broker refuses the subscription to car/s/\+: .* let this client read that topic")
        harness.run("mosquitto_ctrl", "-h", "127.0.0.1", "-p", str(broker.port), "-u", "admin", "-P", "secret",
                    "dynsec", "removeRoleACL", "blind", "subscribeLiteral", "car/s/+")
        self.assert_crosses_both_ways(daemon, broker)
        daemon.terminate()


if __name__ == "__main__":
    harness.main()
