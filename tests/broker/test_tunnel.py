#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""`mqttcan tunnel -b`: every kind of interface carries frames, and what the tunnel created is gone afterwards."""
import fcntl
import json
import os
import pathlib
import signal
import struct
import subprocess
import termios

import harness
from harness import Frame, link, run
from kit.processes import Process, binary

N_SLCAN = 17
SIOCGIFNAME = 0x8910


class Tunnels(harness.Scenario):
    ROLE = "client"

    def setUp(self):
        super().setUp()
        self.broker = self.place.broker()
        self.other = self.place.peer("server" if self.ROLE == "client" else "client", "can", self.broker)

    def command(self, *arguments):
        side = ["-S"] if self.ROLE == "server" else []
        return [binary("mqttcan"), "tunnel", *arguments, "-H", "127.0.0.1", "-P", str(self.broker.port), "-t", "can", *side]

    def start(self, *arguments):
        tunnel = Process("tunnel", self.command(*arguments), self.place.folder / "tunnel.log")
        self.place._keep(tunnel)
        self.place.processes.append(tunnel)
        tunnel.wait_log("(attached to|serving) topic can")
        tunnel.wait_log("connected")
        return tunnel

    def end(self, tunnel):
        tunnel.signal(signal.SIGTERM)
        self.assertEqual(tunnel.wait(), 0, tunnel.log())

    def assert_fails(self, *arguments, says):
        done = subprocess.run(self.command(*arguments), input="", capture_output=True, text=True, check=False,
                              timeout=harness.DEADLINE)
        self.assertEqual(done.returncode, 1, done)
        self.assertRegex(done.stderr, says)

    def assert_traffic(self, send, receives):
        """A frame from here reaches the broker, and one from there reaches here."""
        out, back = Frame(0x123, b"\x01"), Frame(0x321, b"\x02")

        def leaves():
            send(out)
            try:
                return str(out) == str(self.other.take(1, 0.05)[0])
            except TimeoutError:
                return False

        def comes():
            self.other.send(back)
            return str(back) in map(str, receives())

        harness.wait_for(leaves, "a frame leaves")
        harness.wait_for(comes, "a frame comes")


class Virtual(Tunnels):
    def test_vcan_of_any_name_is_created_and_removed(self):
        tunnel = self.start("-b", "vcan", "-i", "bench7", "-s", "500000")
        self.assertIn("-s 500k changes nothing: bench7 is virtual", tunnel.log())
        bus = self.place.can("bench7")
        self.assert_traffic(bus.send, bus.drain)
        self.end(tunnel)
        self.assertIsNone(link("bench7"))

    def test_vxcan_has_its_other_end_here(self):
        tunnel = self.start("-b", "vxcan", "-i", "bench7", "--peer", "can7")
        bus = self.place.can("can7")
        self.assert_traffic(bus.send, bus.drain)
        self.end(tunnel)
        self.assertIsNone(link("bench7"))
        self.assertIsNone(link("can7"))

    def test_vxcan_has_its_other_end_in_a_namespace(self):
        run("ip", "netns", "add", "ecu-sim")
        self.addCleanup(run, "ip", "netns", "delete", "ecu-sim")
        tunnel = self.start("-b", "vxcan", "-i", "can0", "--peer", "can0", "--netns", "ecu-sim")

        def there():
            return {one["ifname"]: one for one in json.loads(run("ip", "-n", "ecu-sim", "-j", "link", "show"))}

        self.assertIn("UP", there()["can0"]["flags"])
        self.assert_traffic(lambda frame: run("ip", "netns", "exec", "ecu-sim", "cansend", "can0", str(frame)),
                            lambda: [Frame(0x321, b"\x02")])
        self.end(tunnel)
        self.assertNotIn("can0", there())
        self.assertIsNone(link("can0"))

    def test_vxcan_waits_for_attach(self):
        box = subprocess.Popen(["unshare", "-n", "sleep", "1000"])
        self.addCleanup(box.wait)
        self.addCleanup(box.kill)
        self.start("-b", "vxcan", "-i", "bench7", "--peer", "can0")
        harness.wait_for(lambda: os.readlink(f"/proc/{box.pid}/ns/net") != os.readlink("/proc/self/ns/net"), "a namespace")
        run(binary("mqttcan"), "attach", "bench7", "--pid", str(box.pid))
        self.assert_traffic(lambda frame: run("nsenter", "-t", str(box.pid), "-n", "cansend", "can0", str(frame)),
                            lambda: [Frame(0x321, b"\x02")])

    def test_vcan_is_made_by_anybody_in_a_user_namespace_as_a_rootless_sidecar_does(self):
        program = pathlib.Path("/run/mqttcan-copy")  # the build folder need not be open to everybody
        program.write_bytes(pathlib.Path(binary("mqttcan")).read_bytes())
        program.chmod(0o755)
        self.addCleanup(program.unlink)
        sidecar = Process("sidecar", ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "unshare", "-Urn",
                                      str(program), "tunnel", "-b", "vcan", "-i", "can0", "-H", "127.0.0.1", "--no-tls"],
                          self.place.folder / "sidecar.log")
        self.place._keep(sidecar)
        sidecar.wait_log("attached to topic can")
        self.assertIn("can0: <NOARP,UP", run("nsenter", "-t", str(sidecar.pid), "-n", "ip", "link"))
        self.assertIsNone(link("can0"))

    def test_that_cannot_be_made_ends_the_tunnel_with_a_reason(self):
        self.place.vcan("taken")
        self.assert_fails("-b", "vxcan", "-i", "taken", "--peer", "can7", says="taken exists already")
        self.assert_fails("-b", "vxcan", "-i", "bench7", "--peer", "can7", "--netns", "gone", says="/run/netns/gone")
        self.assert_fails("-i", "bench7", says="any with -b vcan")


class Serial(Tunnels):
    ROLE = "server"

    def setUp(self):
        super().setUp()
        self.adapter = self.place.slcan_adapter()

    def test_adapter_is_attached_with_its_bit_rate_and_let_go(self):
        tunnel = self.start("-b", "slcan", "-i", self.adapter.device, "-s", "250000")
        self.adapter.wait_open()
        self.assertEqual(self.adapter.bitrate(), 250_000)
        self.assertTrue(harness.is_up("slcan0"))
        self.assert_traffic(self.adapter.send_frame, self.adapter.take_frames)
        self.end(tunnel)
        harness.wait_for(lambda: link("slcan0") is None, "slcan0 is gone")
        self.assertFalse(self.adapter.is_open())

    def test_adapter_may_be_unplugged_and_plugged_in_again(self):
        self.start("-b", "slcan", "-i", self.adapter.device, "-s", "500k", "--name", "can7")
        self.adapter.wait_open()
        self.adapter.replug()
        harness.wait_up("can7")
        self.adapter.wait_open()
        self.assert_traffic(self.adapter.send_frame, self.adapter.take_frames)

    def test_adapter_that_is_not_there_ends_the_tunnel_with_a_reason(self):
        self.adapter.unplug()
        self.assert_fails("-b", "slcan", "-i", self.adapter.device, "-s", "500k", says="is the adapter plugged in")

    def test_bit_rate_that_it_cannot_do_ends_the_tunnel_with_a_reason(self):
        self.assert_fails("-b", "slcan", "-i", self.adapter.device, "-s", "123456", says="123456")

    def test_controller_that_exists_gets_the_bit_rate_that_is_asked_for(self):
        tty = os.open(self.adapter.device, os.O_RDWR | os.O_NOCTTY)
        self.addCleanup(os.close, tty)
        fcntl.ioctl(tty, termios.TIOCSETD, struct.pack("i", N_SLCAN))
        name = fcntl.ioctl(tty, SIOCGIFNAME, bytes(16)).rstrip(b"\0").decode()
        tunnel = self.start("-i", name, "-s", "125k")
        self.adapter.wait_open()
        self.assertEqual(self.adapter.bitrate(), 125_000)
        self.assert_traffic(self.adapter.send_frame, self.adapter.take_frames)
        self.end(tunnel)
        self.assertTrue(harness.is_up(name), "not created, not removed")


if __name__ == "__main__":
    harness.main()
