#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The interfaces: made, marked, put right, handed back; and those of others left alone."""
import errno

import harness
from harness import Frame, link, run


class Links(harness.Scenario):
    def one(self, name="daemon", bus="body", interface="vbody", broker=None, **more):
        """A daemon with one client bus, and its online status."""
        broker = broker or self.place.broker()
        daemon = self.place.daemon(name, {
            "brokers": harness.broker_entry(broker.port, "daemon"),
            "buses": {bus: {"interface": interface, "topic": "can", "role": "client", **more}}})
        return broker, daemon


class AnInterfaceOfOurs(Links):
    def test_is_created_up_with_room_for_fd_frames_and_is_marked_with_group_and_bus_name(self):
        self.one()
        harness.wait_up("vbody")
        harness.wait_for(lambda: "body" in link("vbody").get("ifalias", ""), "the alias names the bus")
        found = link("vbody")
        self.assertEqual(found["linkinfo"]["info_kind"], "vcan")
        self.assertEqual(found["mtu"], 72)
        self.assertNotIn(found["group"], ("default", "0", 0))

    def test_is_numbered_by_the_kernel_if_it_has_no_name(self):
        broker = self.place.broker()
        self.place.daemon("daemon", {"brokers": harness.broker_entry(broker.port, "daemon"),
                                     "buses": {"a": {"topic": "can"}}})
        self.place.status(broker).wait_online(harness.client_status("can", "daemon"))
        self.assertTrue(harness.is_up("vcan0"), sorted(harness.links()))

    def test_comes_back_when_it_is_deleted_and_traffic_goes_on(self):
        tunnel = self.tunnel()
        for name, other in ((tunnel.far[0], tunnel.near[0]), (tunnel.near[0], tunnel.far[0])):
            before = link(name)["ifindex"]
            run("ip", "link", "delete", name)
            harness.wait_for(lambda: link(name) and link(name)["ifindex"] != before and harness.is_up(name),
                             f"{name} is back")
            here, there = self.place.can(other), self.place.can(name)
            self.assert_crosses_soon(here, there)
            self.assert_crosses_soon(there, here)

    def test_is_put_right_when_it_is_set_down_and_traffic_goes_on(self):
        tunnel = self.tunnel()
        for name, other in ((tunnel.far[0], tunnel.near[0]), (tunnel.near[0], tunnel.far[0])):
            before = link(name)["ifindex"]
            run("ip", "link", "set", name, "down")
            harness.wait_up(name)
            self.assertEqual(link(name)["ifindex"], before)
            here, there = self.place.can(other), self.place.can(name)
            self.assert_crosses_soon(here, there)
            self.assert_crosses_soon(there, here)

    def test_is_down_after_sigterm_and_writes_of_local_programs_fail(self):
        broker, daemon = self.one()
        self.place.status(broker).wait_online(harness.client_status("can", "daemon"))
        local = self.place.can("vbody")
        daemon.terminate()
        self.assertIsNotNone(link("vbody"))
        self.assertFalse(harness.is_up("vbody"))
        with self.assertRaises(OSError) as caught:
            local.send(Frame(0x123))
        self.assertEqual(caught.exception.errno, errno.ENETDOWN)

    def test_is_used_again_after_a_stop(self):
        broker, daemon = self.one()
        before = harness.wait_up("vbody")["ifindex"]
        daemon.terminate()
        self.one(broker=broker)
        self.assertEqual(harness.wait_up("vbody")["ifindex"], before)

    def test_is_deleted_on_stop_if_so_configured(self):
        _, daemon = self.one(on_stop="remove")
        harness.wait_up("vbody")
        daemon.terminate()
        self.assertIsNone(link("vbody"))

    def test_is_removed_once_its_bus_left_the_configuration(self):
        broker, daemon = self.one()
        harness.wait_up("vbody")
        daemon.terminate()
        self.one(broker=broker, bus="other", interface="vother")
        harness.wait_up("vother")
        harness.wait_for(lambda: link("vbody") is None, "vbody is gone")

    def test_survives_a_killed_daemon_and_its_successor_uses_it_while_candump_runs_on(self):
        tunnel = self.tunnel()
        name = tunnel.far[0]
        before = link(name)["ifindex"]
        topic = harness.client_status("can", tunnel.CLIENT)
        session = tunnel.status.get(topic)["session"]
        candump = self.place.candump(name)
        near = self.place.can(tunnel.near[0])
        near.send(Frame(0x123, b"\x01"))
        candump.wait_lines(1)
        tunnel.client.kill()
        self.assertTrue(harness.is_up(name))
        tunnel.client = self.place.daemon("far", tunnel.far_config)
        tunnel.status.wait(topic, lambda status: status["session"] != session and status["state"] == "online",
                           "the successor is online")
        self.assertEqual(link(name)["ifindex"], before)
        near.send(Frame(0x124, b"\x02"))
        self.assertEqual(candump.wait_lines(2), ["123#01", "124#02"])


class AnInterfaceOfSomebodyElse(Links):
    @staticmethod
    def looks(name):
        found = link(name)
        return {key: found.get(key) for key in ("ifindex", "flags", "mtu", "group", "ifalias", "operstate", "txqlen")}

    def test_is_used_as_it_is_and_untouched_afterwards(self):
        self.place.vcan("vtheirs", mtu=72)
        before = self.looks("vtheirs")
        broker, daemon = self.one(interface="vtheirs", on_stop="remove")
        self.place.status(broker).wait_online(harness.client_status("can", "daemon"))
        self.assertEqual(self.looks("vtheirs"), before)
        other = self.place.peer("server", "can", broker)
        bus = self.place.can("vtheirs")
        other.send(Frame(0x123, b"\x01"))
        self.assertEqual(str(bus.receive(1)[0]), "123#01")
        daemon.terminate()
        self.assertEqual(self.looks("vtheirs"), before)

    def test_is_refused_if_it_is_of_another_kind(self):
        run("ip", "link", "add", "vtheirs", "type", "vxcan", "peer", "name", "vpeer")
        before = self.looks("vtheirs")
        _, daemon = self.one(interface="vtheirs")
        daemon.wait_log(r"vtheirs[^\n]*vxcan")
        self.assertEqual(self.looks("vtheirs"), before)
        daemon.terminate()
        self.assertEqual(self.looks("vtheirs"), before)


if __name__ == "__main__":
    harness.main()
