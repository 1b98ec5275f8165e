#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Retained frames, malformed messages and a second bridge on one interface: refused, counted, reported."""
import collections
import json

import harness
import peer
from harness import Frame

VECTORS = json.loads((harness.REPOSITORY / "tests/golden/savvycan/vectors.json").read_text(encoding="utf-8"))["vectors"]
# Those that can arrive over MQTT on topic "can".
BAD = [vector for vector in VECTORS if "refused" in vector and vector.get("publishable", True)]
REPEATED = 100


class ARetainedFrame(harness.Scenario):
    def leave_retained_frames(self, broker):
        for role in ("server", "client"):
            someone = self.place.peer(role, "can", broker)
            level, payload = peer.encode(Frame(0x666, b"stale"))
            someone.publish(f"can/{level}" if role == "server" else f"can/s/{level}", payload, retain=True)
            someone.stop()

    def test_is_not_written_to_a_bus(self):
        broker = self.place.broker()
        self.leave_retained_frames(broker)
        for interface in ("vnear0", "vfar0"):
            self.place.vcan(interface)
        near, far = self.place.can("vnear0"), self.place.can("vfar0")
        self.tunnel(broker=broker)
        self.assert_quiet(near, far)

    def test_is_counted_where_the_broker_sends_it_and_is_not_written(self):
        # With MQTT 5 the daemon does not let the broker send it; a broker of 3.1.1 does.
        broker = self.place.broker()
        self.leave_retained_frames(broker)
        for interface in ("vnear0", "vfar0"):
            self.place.vcan(interface)
        near, far = self.place.can("vnear0"), self.place.can("vfar0")
        tunnel = self.tunnel(broker=broker, port=self.place.old_broker(broker).port)
        self.assert_quiet(near, far)

        def both_counted(*ends):
            return all(end["to_bus"].get("dropped") == {"retained": 1} and harness.is_balanced(end) for end in ends)

        tunnel.counters("can", both_counted, "one retained frame is counted at each end")


class AFloodOfMalformedMessages(harness.Scenario):
    def flood(self, tunnel, sender, daemon, side):
        """Every bad vector of that sender, often; the daemon counts each by its reason and logs each reason once."""
        vectors = [vector for vector in BAD if vector["sender"] == sender]
        wanted = collections.Counter(vector["refused"] for vector in vectors)
        wanted = {reason: count * REPEATED for reason, count in wanted.items()}
        log_before = len(daemon.log())
        stranger = self.place.peer(sender, "can", tunnel.broker)
        for _ in range(REPEATED):
            for vector in vectors:
                stranger.publish(vector["topic"], bytes.fromhex(vector["payload"]))
        stranger.flush()

        def all_counted(*ends):
            return ends[side]["to_bus"]["received"] >= sum(wanted.values())

        counters = tunnel.counters("can", all_counted, "the malformed messages are counted")[side]
        self.assertEqual(counters["to_bus"]["dropped"], wanted)
        self.assertEqual(counters["to_bus"]["written"], 0)
        lines = daemon.log()[log_before:].splitlines()
        # One line per reason and burst, and perhaps one when it is over.
        self.assertGreaterEqual(len(lines), len(wanted), lines)
        self.assertLessEqual(len(lines), 2 * len(wanted) + 2, lines)

    def test_is_counted_by_reason_and_does_not_harm_the_server(self):
        tunnel = self.tunnel()
        near, far = self.place.can(tunnel.near[0]), self.place.can(tunnel.far[0])
        self.flood(tunnel, "client", tunnel.server, 0)
        self.assert_quiet(near, far)

    def test_is_counted_by_reason_and_does_not_harm_the_client(self):
        tunnel = self.tunnel()
        near, far = self.place.can(tunnel.near[0]), self.place.can(tunnel.far[0])
        self.flood(tunnel, "server", tunnel.client, 1)
        self.assert_quiet(near, far)


class ASecondBridgeOnAnInterface(harness.Scenario):
    def test_is_refused_and_told_who_holds_it(self):
        tunnel = self.tunnel()
        near, far = self.place.can(tunnel.near[0]), self.place.can(tunnel.far[0])
        second = self.place.daemon("second", {
            "brokers": harness.broker_entry(tunnel.broker.port, "second"),
            "buses": {"again": {"interface": tunnel.far[0], "topic": "can", "role": "client"}}})
        said = second.wait_log(rf"[^\n]*{tunnel.far[0]}[^\n]*\b{tunnel.client.pid}\b[^\n]*")
        self.assertTrue(said)
        # A second client would send each frame of the real bus back to it as a write request.
        self.assert_cross(harness.every_kind(), near, far)
        self.assert_cross(harness.every_kind(), far, near)

    def test_takes_over_when_the_holder_is_gone(self):
        tunnel = self.tunnel()
        second = self.place.daemon("second", {
            "brokers": harness.broker_entry(tunnel.broker.port, "second"),
            "buses": {"again": {"interface": tunnel.far[0], "topic": "can", "role": "client"}}})
        second.wait_log(rf"\b{tunnel.client.pid}\b")
        tunnel.client.kill()
        tunnel.status.wait_online(harness.client_status("can", "second"))
        near, far = self.place.can(tunnel.near[0]), self.place.can(tunnel.far[0])
        self.assert_crosses_soon(near, far)


if __name__ == "__main__":
    harness.main()
