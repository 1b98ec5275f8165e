# SPDX-License-Identifier: MIT
"""Two daemons with a bus each per number, whose configuration changes: servers t0.. on vnear0.., clients on vfar0.."""
import re

import harness
from harness import Frame
from kit.sequence import Lane, Traffic

SETTINGS = {"to_bus": {"max_age": "30s"}, "from_bus": {"max_age": "30s"}}  # this kernel may stand still for a while


def near_bus(number, **more):
    return {"interface": f"vnear{number}", "topic": f"t{number}", "role": "server", "write": "all", **SETTINGS, **more}


def far_bus(number, **more):
    return {"interface": f"vfar{number}", "topic": f"t{number}", "role": "client", **SETTINGS, **more}


class Reloads(harness.Scenario):
    def start(self, numbers):
        self.broker = self.place.broker()
        self.config = {
            side: {"brokers": harness.broker_entry(self.broker.port, side),
                   "buses": {f"b{number}": bus(number) for number in numbers}}
            for side, bus in (("near", near_bus), ("far", far_bus))}
        self.daemons = {side: self.place.daemon(side, config, control=True) for side, config in self.config.items()}
        self.status = self.place.status(self.broker)
        for number in numbers:
            self.wait_online(f"t{number}")

    def wait_online(self, topic):
        self.status.wait_online(harness.server_status(topic))
        self.status.wait_online(harness.client_status(topic, "far"))

    def traffic(self, numbers):
        lanes = []
        for number in numbers:
            near, far = self.place.can(f"vnear{number}"), self.place.can(f"vfar{number}")
            lanes += [Lane(near, far, 0x100), Lane(far, near, 0x200)]
        traffic = Traffic(lanes)
        self.addCleanup(traffic.stop)
        traffic.wait_more()
        return traffic

    def change(self, near=None, far=None):
        """Buses by number: another one, or None to remove it. On both sides, each with its reload."""
        for side, buses in (("near", near or {}), ("far", far or {})):
            wanted = self.config[side]["buses"]
            for number, bus in buses.items():
                wanted.pop(f"b{number}", None)
                if bus is not None:
                    wanted[f"b{number}"] = bus
            self.assertEqual(self.daemons[side].reload(self.config[side]), "")

    def connects(self):
        """How often each side greeted the broker."""
        return re.findall(r"New client connected from \S+ as (near|far) ", self.broker.log())

    def assert_crosses_again(self, source, target):
        """After a change of the buses between them; then nothing is under way any more."""
        self.assert_crosses_soon(source, target)
        self.markers += 1
        last = Frame(0x7AC, self.markers.to_bytes(4, "big"))
        source.send(last)
        harness.wait_for(lambda: last in target.drain(), f"{last} arrives on {target.interface}")

    def wait_gone(self, topic):
        harness.wait_for(lambda: self.status.get(topic) is None, f"{topic} is cleared")
