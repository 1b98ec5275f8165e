#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The daemon is killed and started again, time after time: the links are the same ones, and nobody sees them vanish."""
import harness
from harness import link
from kit.traffic import Traffic

MAX_AGE = 1.0
TIMES = 10


class AKilledDaemon(harness.Scenario):
    def test_leaves_its_links_to_its_successor_under_traffic(self):
        ages = {"to_bus": {"max_age": f"{MAX_AGE:g}s"}, "from_bus": {"max_age": f"{MAX_AGE:g}s"}}
        tunnel = self.tunnel(near=ages, far=ages)
        names = tunnel.near[0], tunnel.far[0]
        before = [link(name)["ifindex"] for name in names]
        candumps = [self.place.candump(name) for name in names]
        near, far = (Traffic(self.place.can(name), identifier) for name, identifier in zip(names, (0x100, 0x200)))
        ways = ((near, far), (far, near))
        for end in (near, far):
            end.start()
            self.addCleanup(end.stop)
        for number in range(TIMES):
            if number % 2:
                tunnel.client.kill()
                tunnel.client = self.place.daemon("far", tunnel.far_config)
            else:
                tunnel.server.kill()
                tunnel.server = self.place.daemon("near", tunnel.near_config)
            for sender, receiver in ways:
                goal = len(sender.sent_at) + 20  # sent after the successor's start

                def flows(receiver=receiver, goal=goal):
                    return any(number >= goal for number, _, _ in receiver.collect()[-100:])

                harness.wait_for(flows, "traffic flows again")
            for candump in candumps:
                candump.lines()  # a full pipe would stop it
        for end in (near, far):
            end.stop()
        self.assertEqual([link(name)["ifindex"] for name in names], before)
        for sender, receiver in ways:
            receiver.collect()
            numbers = [number for number, _, _ in receiver.arrived]
            self.assertEqual(numbers, sorted(set(numbers)), f"in order and once, on {receiver.socket.interface}")
            number, age, _ = max(receiver.arrived, key=lambda entry: entry[1])
            self.assertLessEqual(age, 2 * MAX_AGE, f"number {number} on {receiver.socket.interface} is stale")
            print(f"{receiver.socket.interface}: {len(sender.sent_at)} frames sent, {len(numbers)} arrived, the oldest "
                  f"{age:.3f} s old", flush=True)
        for candump, end, identifier in zip(candumps, (near, far), ("100#", "200#")):
            wanted = len(end.sent_at)

            def all_seen(candump=candump, identifier=identifier, wanted=wanted):
                return sum(line.startswith(identifier) for line in candump.lines()) == wanted

            harness.wait_for(all_seen, f"{candump.name} shows all {wanted} frames of its bus")
            self.assertTrue(candump.is_running())
            self.assertEqual(candump.log(), "")  # it would tell of an interface that goes down or away

    def test_leaves_numbered_links_that_keep_their_numbers_whatever_the_order(self):
        broker = self.place.broker()
        status = self.place.status(broker)
        self.place.vcan("vcan0")  # somebody's
        buses = {name: {"topic": name, "role": "client"} for name in ("a", "b", "c")}

        def start(*names):
            daemon = self.place.daemon("daemon", {"brokers": harness.broker_entry(broker.port, "daemon"),
                                                  "buses": {name: buses[name] for name in names}})
            found = {}
            for name in names:
                topic = harness.client_status(name, "daemon")
                wait = status.wait(topic, lambda now: now["state"] == "online" and now["session"] not in sessions,
                                   "online again")
                found[name] = wait["interface"], link(wait["interface"])["ifindex"]
            sessions.add(wait["session"])
            return daemon, found

        sessions = set()
        daemon, first = start("a", "b", "c")
        self.assertEqual([first[name][0] for name in "abc"], ["vcan1", "vcan2", "vcan3"])
        daemon.kill()
        harness.run("ip", "link", "delete", "vcan0")
        daemon, second = start("c", "b", "a")
        self.assertEqual(second, first)
        daemon.terminate()
        _, third = start("b", "c")
        self.assertEqual(third, {name: first[name] for name in "bc"})


if __name__ == "__main__":
    harness.main()
