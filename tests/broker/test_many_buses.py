#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""256 buses in one process: all come up and carry frames. What that costs is shown, not judged: the lab is slow."""
import os
import pathlib
import re
import time

import harness
import peer
from harness import Frame, links

COUNT = 256
TICKS = os.sysconf("SC_CLK_TCK")


class ManyBuses(harness.Scenario):
    def show(self, what):
        """What it has cost the daemon since it was started."""
        fields = pathlib.Path(f"/proc/{self.daemon.pid}/stat").read_text().rpartition(")")[2].split()
        status = pathlib.Path(f"/proc/{self.daemon.pid}/status").read_text()
        resident = int(re.search(r"VmRSS:\s+(\d+) kB", status)[1])
        print(f"{COUNT} vcans: {what} after {time.monotonic() - self.started:.2f} s; the daemon: "
              f"{(int(fields[11]) + int(fields[12])) / TICKS:.2f} s of CPU, {resident / 1024:.1f} MiB", flush=True)

    def test_come_up_and_carry_a_frame_each_way(self):
        broker = self.place.broker()
        status = self.place.status(broker)
        names = [f"vbus{number}" for number in range(COUNT)]
        self.started = time.monotonic()
        self.daemon = self.place.daemon("many", {
            "brokers": harness.broker_entry(broker.port, "many"),
            "buses": {name: {"interface": name, "topic": name, "role": "client"} for name in names}})

        def all_up():
            found = links()
            return all(name in found and "UP" in found[name]["flags"] for name in names)

        harness.wait_for(all_up, "all interfaces are up")
        self.show("all up")
        for name in names:
            status.wait_online(harness.client_status(name, "many"))
        self.show("all online")
        print(f"{self.daemon.log().count('trying again')} connections given up on the way", flush=True)
        sockets = [self.place.can(name) for name in names]
        far = self.place.peer("server", "+", broker)  # of all topics; the ID says which
        for number, socket in enumerate(sockets):
            socket.send(Frame(number, b"\x01"))
        self.assertEqual(sorted(frame.id for frame in far.take(COUNT, harness.DEADLINE)), list(range(COUNT)))
        for number, name in enumerate(names):
            level, payload = peer.encode(Frame(number, b"\x02", timestamp_us=peer.now_us()))
            far.publish(f"{name}/{level}", payload)
        for number, socket in enumerate(sockets):
            self.assertEqual([str(frame) for frame in socket.receive(1)], [str(Frame(number, b"\x02"))])
        self.show("a frame each way")
        self.assertEqual([far.pending(), sum(len(socket.drain()) for socket in sockets)], [0, 0])
        before = {name: found["ifindex"] for name, found in links().items()}
        self.daemon.terminate()
        for name in names:
            status.wait(harness.client_status(name, "many"), lambda found: found["state"] == "offline", "offline")
        self.assertEqual({name: found["ifindex"] for name, found in links().items()}, before)


if __name__ == "__main__":
    harness.main()
