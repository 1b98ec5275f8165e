#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A vxcan whose far end is somewhere else: made, moved, lost and found again, and frames cross it."""
import json

import harness
from harness import Frame, link
from kit.processes import binary

BUS, NEAR = "bench", "bench0"
ELSEWHERE = "ecu-sim"


class Pairs(harness.Scenario):
    """Beside the daemon with the vxcan stands another that serves the same topic from a vcan: `serving`."""

    def setUp(self):
        super().setUp()
        self.control = self.place.folder / "control"
        self.broker = self.place.broker()
        self.place.daemon("server", {
            "brokers": harness.broker_entry(self.broker.port, "server"),
            "buses": {"near": {"interface": "vnear", "topic": "can", "role": "server", "write": "all"}}})
        self.status = self.place.status(self.broker)
        self.status.wait_online(harness.server_status("can"))
        self.serving = self.place.can("vnear")

    def config(self, peer, **more):
        return {"brokers": harness.broker_entry(self.broker.port, "client"),
                "buses": {BUS: {"interface": NEAR, "kind": "vxcan", "topic": "can", "peer": peer, **more}}}

    def start(self, name="client", **peer):
        """The daemon; `peer` as in the configuration."""
        self.daemon = self.place.daemon(name, self.config({"interface": "can0", **peer}),
                                        ("--control", str(self.control)))
        return self.daemon

    def reload(self, **peer):
        self.daemon.config_path.write_text(json.dumps(self.config({"interface": "can0", **peer})))
        harness.run(binary("mqttcan"), "reload", "--control", str(self.control))

    def wait_state(self, state):
        return self.status.wait(harness.client_status("can", "client"), lambda found: found.get("state") == state,
                                state)

    def inside(self, space, name="can0"):
        """A socket on the far end, from the moment that it is there."""
        harness.wait_for(lambda: space.inside(link, name), f"{name} is in {space.path}")
        return space.inside(self.place.can, name)

    def assert_bridged(self, space, name="can0"):
        """Once the bus is online every frame crosses, the first included, both ways."""
        there = self.inside(space, name)
        self.wait_state("online")
        self.assertIn("UP", space.inside(link, name)["flags"])
        self.assert_cross([Frame(0x100 + number, bytes([number])) for number in range(8)], self.serving, there)
        self.assert_cross([Frame(0x200 + number, bytes([number])) for number in range(8)], there, self.serving)
        return there


class APeerInANamedNamespace(Pairs):
    def setUp(self):
        super().setUp()
        self.space = self.place.namespace(ELSEWHERE)

    def test_is_there_and_up_and_loses_no_frame(self):
        self.space.add()
        self.start(netns=ELSEWHERE)
        self.assert_bridged(self.space)
        self.assertIsNone(link("can0"))

    def test_appears_with_the_namespace(self):
        self.start(netns=ELSEWHERE)
        self.wait_state("waiting")
        self.daemon.wait_log(f"waiting for network namespace /run/netns/{ELSEWHERE}")
        self.assertIsNone(link(NEAR))
        self.space.add()
        self.assert_bridged(self.space)

    def test_comes_again_when_the_namespace_does(self):
        self.space.add()
        self.start(netns=ELSEWHERE)
        for _ in range(2):
            self.assert_bridged(self.space).close()
            before = link(NEAR)["ifindex"]
            self.space.delete()
            harness.wait_for(lambda: (link(NEAR) or {}).get("ifindex") != before, "the pair is gone")
            self.wait_state("waiting")
            self.space.add()
        self.assert_bridged(self.space)

    def test_that_is_set_down_there_is_reported_once_and_bridged_again_when_it_is_up(self):
        self.space.add()
        self.start(netns=ELSEWHERE)
        self.assert_bridged(self.space).close()
        before = len(self.daemon.log())
        self.space.run("ip", "link", "set", "can0", "down")
        self.wait_state("waiting")
        self.daemon.wait_log(r"other end of bench0 is down[^\n]*ip link set can0 up", after=before)
        self.space.run("ip", "link", "set", "can0", "up")
        self.assert_bridged(self.space)
        told = self.daemon.log()[before:]
        self.assertEqual(told.count("warning"), 1, told)

    def test_moves_when_the_configuration_says_so(self):
        other = self.place.namespace("other")
        self.space.add()
        other.add()
        self.start(netns=ELSEWHERE)
        self.assert_bridged(self.space)
        self.reload(netns="other")
        self.assert_bridged(other)
        self.assertIsNone(self.space.inside(link, "can0"))

    def test_gets_the_name_that_the_configuration_says(self):
        self.space.add()
        self.start(netns=ELSEWHERE)
        self.assert_bridged(self.space)
        self.reload(netns=ELSEWHERE, interface="can7")
        self.assert_bridged(self.space, "can7")
        self.assertIsNone(self.space.inside(link, "can0"))

    def test_survives_a_killed_daemon_and_its_successor_uses_the_same_pair(self):
        self.space.add()
        self.start(netns=ELSEWHERE)
        self.assert_bridged(self.space).close()
        before = link(NEAR)["ifindex"], self.space.inside(link, "can0")["ifindex"]
        session = self.wait_state("online")["session"]
        candump = self.space.inside(self.place.candump, "can0")
        self.daemon.kill()
        self.start(netns=ELSEWHERE)
        self.status.wait(harness.client_status("can", "client"),
                         lambda found: found["session"] != session and found["state"] == "online", "a new session")
        self.assertEqual((link(NEAR)["ifindex"], self.space.inside(link, "can0")["ifindex"]), before)
        self.serving.send(Frame(0x125, b"\x03"))
        self.assertEqual(candump.wait_lines(1), ["125#03"])
        self.assertEqual(candump.log(), "")  # as it would tell of a link that goes down or away

    def test_stays_without_carrier_after_a_stop_and_is_used_again(self):
        self.space.add()
        self.start(netns=ELSEWHERE)
        self.assert_bridged(self.space).close()
        before = link(NEAR)["ifindex"]
        self.daemon.terminate()
        self.assertFalse(harness.is_up(NEAR))
        harness.wait_for(lambda: self.space.inside(link, "can0")["operstate"] != "UP", "the far end knows")
        self.start(netns=ELSEWHERE)
        self.assert_bridged(self.space)
        self.assertEqual(link(NEAR)["ifindex"], before)

    def test_goes_with_the_pair_on_stop_if_so_configured(self):
        self.space.add()
        self.daemon = self.place.daemon("client", self.config({"interface": "can0", "netns": ELSEWHERE},
                                                              on_stop="remove"))
        self.assert_bridged(self.space)
        self.daemon.terminate()
        self.assertIsNone(link(NEAR))
        self.assertIsNone(self.space.inside(link, "can0"))

    def test_is_reported_if_its_name_is_taken_there_and_bridged_when_it_is_free(self):
        self.space.add()
        self.space.run("ip", "link", "add", "can0", "type", "vcan")
        self.start(netns=ELSEWHERE)
        self.wait_state("waiting")
        self.daemon.wait_log("an interface there has that name")
        self.space.run("ip", "link", "delete", "can0")
        self.assert_bridged(self.space)
        self.assertEqual(self.daemon.log().count("has that name"), 1)


class APeerOfAProcess(Pairs):
    def setUp(self):
        super().setUp()
        self.space = self.place.process_namespace()

    def test_is_known_by_the_path_of_its_namespace(self):
        self.start(netns=str(self.space.path))
        self.assert_bridged(self.space)

    def test_is_known_by_its_number_and_waited_for_once_it_is_gone(self):
        self.start(pid=self.space.pid)
        self.assert_bridged(self.space).close()
        self.space.close()
        self.wait_state("waiting")
        self.daemon.wait_log(f"waiting for[^\n]*{self.space.pid}")
        self.assertIsNone(link(NEAR))


class APeerHere(Pairs):
    class Here:  # as a Namespace
        path = "our own namespace"

        @staticmethod
        def inside(function, *arguments):
            return function(*arguments)

    def test_is_named_and_up_and_stays_so(self):
        self.start()
        self.assert_bridged(self.Here).close()
        before = len(self.daemon.log())
        harness.run("ip", "link", "set", "can0", "down")
        harness.wait_up("can0")
        self.assert_crosses_soon(self.serving, self.place.can("can0"))
        self.assert_crosses_soon(self.place.can("can0"), self.serving)
        told = self.daemon.log()[before:]
        self.assertEqual(told.count("warning"), 1, told)
        self.reload(interface="can7")
        self.assert_bridged(self.Here, "can7")
        self.assertIsNone(link("can0"))


if __name__ == "__main__":
    harness.main()
