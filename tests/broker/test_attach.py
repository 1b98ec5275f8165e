#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""`mqttcan attach` and `mqttcan detach`: a bus goes into a container, survives it, and goes into the next one.

A container is here what it is to the kernel: processes in a network namespace of their own.
"""
import contextlib
import ctypes
import json
import os
import pathlib
import select
import subprocess
import sys

import harness
from harness import Frame, link
from kit.processes import Process, binary

CLONE_NEWNET = 0x40000000
NOBODY = 65534


class Container:
    """A process that sleeps in a network namespace of its own, which dies with it."""

    def __init__(self, place, name, *flags):
        self.name = name
        ready = "import sys, time; print('ready', flush=True); time.sleep(1000)"
        self._process = Process(f"container {name}", ["unshare", *(flags or ["-n"]), "--", sys.executable, "-c", ready],
                                place.folder / f"container-{name}.log")
        place._keep(self)
        self._process.wait_log("ready")

    @property
    def pid(self):
        return self._process.pid

    def run(self, *command):
        return harness.run("nsenter", "-t", str(self.pid), "-n", "--", *command)

    def link(self, name):
        found = {one["ifname"]: one for one in json.loads(self.run("ip", "-j", "-d", "link", "show"))}
        return found.get(name)

    def can(self, place, interface):
        """A socket of a program in there."""
        with inside(self.pid):
            return place.can(interface)

    def kill(self):
        self._process.kill()

    def close(self):
        self._process.close()


@contextlib.contextmanager
def inside(pid):
    """This thread is in another network namespace: sockets that are opened belong there for good."""
    libc = ctypes.CDLL(None, use_errno=True)
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    there = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY)
    try:
        if libc.setns(there, CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "setns")
        yield
    finally:
        libc.setns(home, CLONE_NEWNET)
        os.close(home)
        os.close(there)


def mqttcan(*arguments, stdin="", **options):
    """A finished run: returncode, stdout, stderr."""
    return subprocess.run([binary("mqttcan"), *map(str, arguments)], input=stdin, capture_output=True, text=True,
                          timeout=harness.DEADLINE, check=False, **options)


class Containers(harness.Scenario):
    def setUp(self):
        super().setUp()
        self.broker = self.place.broker()
        self.daemon = self.place.daemon("daemon", {
            "brokers": harness.broker_entry(self.broker.port, "daemon"),
            "buses": {"bench": {"interface": "bench0", "kind": "vxcan", "topic": "can", "peer": {"interface": "can0"}},
                      "body": {"interface": "vbody", "topic": "body"}}})
        harness.wait_up("bench0")
        self.server = self.place.peer("server", "can", self.broker)

    def attach(self, *arguments, **options):
        done = mqttcan("attach", *arguments, **options)
        self.assertEqual((done.returncode, done.stderr), (0, ""), done)
        return done.stdout

    def assert_fails(self, done, code, *words):
        self.assertEqual(done.returncode, code, done)
        for word in words:
            self.assertIn(word, done.stderr)
        self.assertNotIn("\n", done.stderr.strip() if code == 1 else "", done)

    def assert_traffic(self, container, interface="can0"):
        """Frames of the real bus reach a program in the container, and its frames the real bus."""
        program = container.can(self.place, interface)
        self.number = getattr(self, "number", 0) + 1
        ask, answer = Frame(0x100, bytes([self.number])), Frame(0x200, bytes([self.number]))

        def arrives():
            self.server.send(ask)
            select.select([program], [], [], 0.05)
            return str(ask) in map(str, program.drain())

        def answered():
            with contextlib.suppress(OSError):
                program.send(answer)
            with contextlib.suppress(TimeoutError):
                return str(answer) == str(self.server.take(1, 0.05)[0])

        harness.wait_for(arrives, f"a frame reaches {interface} in container {container.name}")
        harness.wait_for(answered, f"a frame of container {container.name} reaches the broker")
        program.close()  # it would keep the namespace alive when the container is dead


class AttachedBus(Containers):
    def test_carries_frames_into_the_container_and_out_of_it(self):
        box = Container(self.place, "one")
        self.assertIn("as can0", self.attach("bench", "--pid", box.pid))
        self.assertIsNone(link("can0"))
        self.assertIn("UP", box.link("can0")["flags"])
        self.assert_traffic(box)

    def test_goes_on_to_the_next_container_when_one_dies(self):
        number = None
        for name in ("one", "two", "three"):
            box = Container(self.place, name)
            self.attach("bench", "--pid", box.pid)  # at once: the pair of the dead one may still be there
            self.assertNotEqual(link("bench0")["ifindex"], number, "a new pair")
            number = link("bench0")["ifindex"]
            self.assert_traffic(box)
            box.kill()

    def test_stays_where_it_is_when_it_is_attached_there_again(self):
        box = Container(self.place, "one")
        self.attach("bench", "--pid", box.pid)
        number = link("bench0")["ifindex"]
        self.assertIn("already", self.attach("bench", "--pid", box.pid))
        self.assertIn("already", self.attach("bench", "--netns", f"/proc/{box.pid}/ns/net"))
        self.assertEqual(link("bench0")["ifindex"], number)
        self.assert_traffic(box)

    def test_is_not_taken_from_a_container_that_lives_until_it_is_detached(self):
        box, other = Container(self.place, "one"), Container(self.place, "two")
        self.attach("bench", "--pid", box.pid)
        self.assert_fails(mqttcan("attach", "bench", "--pid", other.pid), 1, "mqttcan attach: bench:",
                          "mqttcan detach bench")
        self.assertIsNotNone(box.link("can0"))
        done = mqttcan("detach", "bench")
        self.assertEqual((done.returncode, done.stdout), (0, "bench: detached\n"), done.stderr)
        self.assertIsNone(box.link("can0"))
        self.attach("bench", "--pid", other.pid)
        self.assert_traffic(other)

    def test_is_found_by_its_interface_and_gets_another_name_if_asked(self):
        box = Container(self.place, "one")
        self.attach("bench0", "--pid", box.pid, "--interface", "ecu0")
        self.assertIsNone(box.link("can0"))
        self.assert_traffic(box, "ecu0")

    def test_goes_into_a_container_of_a_user_namespace(self):
        box = Container(self.place, "rootless", "-U", "-r", "-n")
        self.attach("bench", "--pid", box.pid)
        self.assert_traffic(box)

    def test_goes_where_the_state_on_standard_input_says_as_hooks_get_it(self):
        box = Container(self.place, "one")
        state = {"ociVersion": "1.0.2", "id": "c1", "status": "creating", "pid": box.pid, "bundle": "/b"}
        self.attach("bench", "--pid", "-", stdin=json.dumps(state), env={})
        self.assert_traffic(box)

    def test_goes_into_a_namespace_that_ip_made(self):
        harness.run("ip", "netns", "add", "ecu-sim")
        self.addCleanup(harness.run, "ip", "netns", "delete", "ecu-sim")
        self.attach("bench", "--netns", "ecu-sim")
        self.assertIn("can0", harness.run("ip", "-n", "ecu-sim", "link"))

    def test_outlives_the_daemon_and_works_again_with_the_next_one(self):
        box = Container(self.place, "one")
        self.attach("bench", "--pid", box.pid)
        number = link("bench0")["ifindex"]
        self.daemon.kill()
        self.daemon = self.place.daemon("daemon", json.loads(self.daemon.config_path.read_text()))
        self.place.status(self.broker).wait_online(harness.client_status("can", "daemon"))
        self.assertEqual(link("bench0")["ifindex"], number)
        self.assert_traffic(box)


class AttachingFails(Containers):
    def setUp(self):
        super().setUp()
        self.box = Container(self.place, "one")

    def test_soon_for_an_unknown_bus_with_those_that_there_are(self):
        self.assert_fails(mqttcan("attach", "seat", "--pid", self.box.pid, "--timeout", "300ms"), 1,
                          "mqttcan attach: seat:", "there are: bench (bench0)", "(waited 300ms)")
        self.assert_fails(mqttcan("detach", "seat"), 1, "mqttcan detach: seat:", "there are: bench (bench0)")

    def test_at_once_for_a_bus_that_has_no_other_end(self):
        for command in (("attach", "--pid", self.box.pid, "--timeout", "1h"), ("detach",)):
            self.assert_fails(mqttcan(*command, "body"), 1, "vbody, which is a vcan", "the kind vxcan")

    def test_when_no_daemon_brings_the_bus_in_time(self):
        self.daemon.terminate()
        harness.run("ip", "link", "delete", "bench0")
        self.assert_fails(mqttcan("attach", "bench", "--pid", self.box.pid, "--timeout", "200ms"), 1,
                          "is the daemon running", "(waited 200ms)")

    def test_at_once_without_such_a_process_or_namespace(self):
        pid = self.box.pid
        self.box.kill()
        self.assert_fails(mqttcan("attach", "bench", "--pid", pid), 1, f"process {pid}", "is the container running?")
        self.assert_fails(mqttcan("attach", "bench", "--netns", "nowhere"), 1, "/run/netns/nowhere")

    def test_for_a_container_that_shares_our_network(self):
        self.assert_fails(mqttcan("attach", "bench", "--pid", os.getpid()), 1, "--network host")

    def test_when_the_name_is_taken_there_and_leaves_the_bus_here(self):
        self.box.run("ip", "link", "add", "can0", "type", "vcan")
        self.assert_fails(mqttcan("attach", "bench", "--pid", self.box.pid), 1, "has that name")
        self.assertIsNotNone(link("can0"))
        self.attach("bench", "--pid", self.box.pid, "--interface", "can1")
        self.assert_traffic(self.box, "can1")

    def test_without_privilege_and_says_which_is_missing(self):
        # A copy: the build folder need not be open to everybody.
        program = pathlib.Path("/run/mqttcan-copy")
        program.write_bytes(pathlib.Path(binary("mqttcan")).read_bytes())
        program.chmod(0o755)
        self.addCleanup(program.unlink)
        try:
            os.chown(self.place.folder, NOBODY, NOBODY)
        except OSError:
            self.skipTest("there are no other users in this user namespace")

        def as_nobody(*arguments):
            return subprocess.run([str(program), *map(str, arguments)], user=NOBODY, group=NOBODY, extra_groups=[],
                                  cwd="/", input="", capture_output=True, text=True, timeout=harness.DEADLINE,
                                  check=False)

        self.assert_fails(as_nobody("attach", "bench", "--pid", self.box.pid), 1, "mqttcan attach: bench:",
                          "it needs CAP_NET_ADMIN")
        self.attach("bench", "--pid", self.box.pid)
        self.assert_fails(as_nobody("detach", "bench"), 1, "mqttcan detach: bench:", "it needs CAP_NET_ADMIN")
        self.assertIsNotNone(self.box.link("can0"))

    def test_for_a_state_without_a_process(self):
        self.assert_fails(mqttcan("attach", "bench", "--pid", "-", stdin='{"id": "c1", "status": "stopped"}'), 1,
                          "createRuntime")
        self.assert_fails(mqttcan("attach", "bench", "--pid", "-", stdin="hello"), 1, "OCI")

    def test_with_code_2_when_misused(self):
        for arguments in (("attach",), ("attach", "bench"), ("attach", "bench", "--pid", "x"), ("detach",)):
            self.assert_fails(mqttcan(*arguments), 2, "Try: mqttcan")


if __name__ == "__main__":
    harness.main()
