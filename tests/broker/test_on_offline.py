#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A client's interface that goes down while the other end of its bus cannot be reached ("on_offline": "down")."""
import harness
from harness import Frame
from kit.processes import Process, binary

SILENCE = 0.5  # seconds after which a server that says nothing is believed to be there
INTERFACE = "vfar0"


def wait_down(interface=INTERFACE):
    harness.wait_for(lambda: not harness.is_up(interface), f"{interface} is down")


class AClient(harness.Scenario):
    def setUp(self):
        super().setUp()
        self.broker = self.place.broker()

    def client(self, on_offline="down"):
        return self.place.daemon("far", {
            "brokers": harness.broker_entry(self.broker.port, "far"),
            "buses": {"far": {"interface": INTERFACE, "topic": "can", "on_offline": on_offline}}})

    def server(self):
        return self.place.daemon("near", {
            "brokers": harness.broker_entry(self.broker.port, "near"),
            "buses": {"near": {"interface": "vnear0", "topic": "can", "role": "server", "write": "all"}}})

    def test_is_down_while_the_broker_is_away(self):
        self.server()
        self.client()
        harness.wait_up(INTERFACE)
        candump = self.place.candump(INTERFACE, "-D")
        index = harness.link(INTERFACE)["ifindex"]
        status = self.place.status(self.broker)
        status.wait_online(harness.client_status("can", "far"))
        self.broker.kill()
        wait_down()
        self.broker.start()
        self.assertEqual(harness.wait_up(INTERFACE)["ifindex"], index)
        near, far = self.place.can("vnear0"), self.place.can(INTERFACE)
        self.assert_crosses_soon(near, far)
        near.send(Frame(0x123, b"\x01"))
        harness.wait_for(lambda: "123#01" in candump.lines(), "the same candump hears frames again")
        self.broker.stop()  # it does not even hang up
        wait_down()
        self.broker.resume()
        harness.wait_up(INTERFACE)

    def test_is_down_while_the_server_says_that_it_is_gone_or_waits(self):
        self.place.vcan("vnear0")  # not the daemon's, so it is not set up by it
        server = self.server()
        client = self.client()
        harness.wait_up(INTERFACE)
        harness.run("ip", "link", "set", "vnear0", "down")
        wait_down()
        harness.run("ip", "link", "set", "vnear0", "up")
        harness.wait_up(INTERFACE)
        server.terminate()
        wait_down()
        client.terminate()
        # What is retained counts as well, although a broker sends it before it acknowledges the subscription.
        client = self.client()
        client.wait_log("cannot be reached|on_offline")
        client.wait_log("connected")
        harness.let_pass(3 * SILENCE)
        self.assertFalse(harness.is_up(INTERFACE), client.log())
        self.server()
        harness.wait_up(INTERFACE)
        self.assert_crosses_soon(self.place.can("vnear0"), self.place.can(INTERFACE))

    def test_is_down_when_the_server_was_killed(self):
        server = self.server()
        self.client()
        harness.wait_up(INTERFACE)
        status = self.place.status(self.broker)
        status.wait_online(harness.server_status("can"))
        server.kill()
        wait_down()
        self.assertEqual(status.get(harness.server_status("can"))["state"], "online", "only its host's will tells")
        self.server()
        harness.wait_up(INTERFACE)
        self.assert_crosses_soon(self.place.can("vnear0"), self.place.can(INTERFACE))

    def test_is_down_when_a_tunnel_has_ended(self):
        self.place.vcan("vnear0")
        tunnel = Process("tunnel", [binary("mqttcan"), "tunnel", "-S", "-i", "vnear0", "-H", "127.0.0.1",
                                    "-P", str(self.broker.port), "-t", "can"],
                         self.place.folder / "tunnel.log")
        self.addCleanup(tunnel.close)
        self.place.processes.append(tunnel)
        tunnel.wait_log("connected")
        self.client()
        harness.wait_up(INTERFACE)
        status = self.place.status(self.broker)
        status.wait_online(harness.server_status("can"))
        status.wait_online(harness.client_status("can", "far"))
        tunnel.signal(2)
        wait_down()
        harness.wait_for(lambda: status.get(harness.server_status("can")) is None, "the tunnel's status is cleared")

    def test_believes_in_a_server_that_says_nothing(self):
        server = self.place.peer("server", "can", self.broker)
        self.client()
        harness.wait_up(INTERFACE)
        far = self.place.can(INTERFACE)
        server.send(Frame(0x123, b"\x01"))
        self.assertEqual([str(frame) for frame in far.receive(1)], ["123#01"])
        far.send(Frame(0x124, b"\x02"))
        self.assertEqual([str(frame) for frame in server.take(1)], ["124#02"])

    def test_stays_up_unless_told_otherwise(self):
        server = self.server()
        client = self.client("keep")
        harness.wait_up(INTERFACE)
        status = self.place.status(self.broker)
        status.wait_online(harness.client_status("can", "far"))
        status.wait_online(harness.server_status("can"))
        here, there = self.place.can(INTERFACE), self.place.can(INTERFACE)
        server.terminate()
        self.broker.kill()
        client.wait_log("trying again")
        harness.let_pass(2 * SILENCE)
        here.send(Frame(0x123, b"\x01"))
        self.assertEqual(str(there.receive(1)[0]), "123#01")  # and no ENETDOWN before it
        self.assertEqual(here.drain(), [])


if __name__ == "__main__":
    harness.main()
