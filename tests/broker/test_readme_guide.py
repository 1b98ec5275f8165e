#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The README's "Five minutes: car and laptop", typed word for word on four machines: broker, car, engineer's, viewer's.

Commands, files and names are those of the README; only network, `sudo`, `apt` and `systemctl` are kit/machine.py's.
The car's can0 is a serial adapter played by a script: hardware to mqttcan, and a bus that a test can read.
"""
import fcntl
import json
import os
import re
import shutil
import struct
import termios
import time

import harness
from harness import Frame, run, wait_for
from kit import stream
from kit.machine import Machine
from peer import encode

HOST = "broker.example.com"
FILE = re.compile(r"\b[Aa]s `([^`]+)`")  # the words before a file's text say where it belongs
FOREGROUND = re.compile(r"mqttcan tunnel|mosquitto_sub")  # commands that do not return
N_SLCAN, SIOCGIFNAME = 17, 0x8910
SEEN, FORGED, ASKED = Frame(0x123, b"\x01\x02"), Frame(0x666, b"\x06"), Frame.parse("7DF#02010C")


class Guide:
    """The guide's steps by number: of each its fenced blocks as (words before, language, text)."""

    def __init__(self):
        readme = (harness.REPOSITORY / "README.md").read_text(encoding="utf-8")
        section = readme.split("## Five minutes: car and laptop\n")[1].split("\n## ")[0]
        self._steps = {}
        for number, step in re.findall(r"^\*\*(\d+)\. (.*?)(?=^\*\*\d+\. |\Z)", section, re.DOTALL | re.MULTILINE):
            parts = re.split(r"^```(\w*)\n(.*?)^```$", step, flags=re.DOTALL | re.MULTILINE)
            self._steps[int(number)] = (step, list(zip(parts[0::3], parts[1::3], parts[2::3])))

    def blocks(self, step):
        return self._steps[step][1]

    def command(self, step, beginning):
        """The command of a step that begins so: that of a line, or one that stands amid words."""
        words, blocks = self._steps[step]
        lines = [line for _, language, text in blocks if language == "sh"
                 for line in text.replace("\\\n", "").splitlines()]
        found = [command for command in lines + re.findall(r"`([^`\n]+)`", words) if command.startswith(beginning)]
        assert len(found) == 1, f"step {step} of the guide has {len(found)} commands that begin with {beginning!r}"
        return found[0]


class Guided(harness.Scenario):
    """A broker as in steps 1 and 2, and what else of the guide a test has its machines follow."""

    FORMATS = ""  # more settings of each bus

    def setUp(self):
        super().setUp()
        self.guide = Guide()
        self.machines = 0
        self.broker = self.machine("broker")
        self.follow(1, self.broker)
        self.said = self.follow(2, self.broker)
        # As step 6 says; so that a test sees what the broker refuses.
        self.broker.shell("echo 'log_type all' >>car.conf\nsudo install -m 644 car.conf /etc/mosquitto/conf.d\n"
                          "sudo systemctl restart mosquitto")

    def machine(self, name):
        machine = self.place._keep(Machine(self.place.folder, name, self.machines))
        broker = f"10.77.{self.machines}.1" if self.machines else "127.0.0.1"
        machine.write("/etc/hosts", f"127.0.0.1 localhost\n{broker} {HOST}\n")
        self.place.processes += machine.service_logs()
        self.machines += 1
        return machine

    def follow(self, step, machine, user="viewer"):
        """Types the commands and writes the files of a step; what the commands say."""
        said = ""
        for words, language, text in self.guide.blocks(step):
            text = text.replace("viewer", user)
            if language == "json":
                text = text.replace('"topic": "car7"', f'"topic": "car7"{self.FORMATS}')
            if language != "sh":
                machine.write(FILE.search(words)[1], text)
            elif not FOREGROUND.search(text):
                said += machine.shell(text)
        return said

    def bring(self, machine, user):
        for name in ("ca.pem", f"{user}.password"):
            shutil.copy(self.broker.path(name), machine.path(name))

    def car(self):
        """As in step 3; with an adapter as its bus."""
        self.adapter = self.place.slcan_adapter()
        tty = os.open(self.adapter.device, os.O_RDWR | os.O_NOCTTY)
        self.addCleanup(os.close, tty)
        fcntl.ioctl(tty, termios.TIOCSETD, struct.pack("i", N_SLCAN))
        name = fcntl.ioctl(tty, SIOCGIFNAME, bytes(16)).rstrip(b"\0").decode()
        machine = self.machine("car")
        run("ip", "link", "set", name, "netns", str(machine.pid), "name", "can0")
        self.bring(machine, "gateway-7")
        self.assertRegex(self.follow(3, machine), r"engine +can0 +server +online")
        return machine

    def laptop(self, user):
        """As in step 4."""
        machine = self.machine(user)
        self.bring(machine, user)
        self.assertRegex(self.follow(4, machine, user), r"engine +vcan0 +client +online")
        return machine

    def wait_bus(self, machine, predicate, what):
        """What `mqttcan status` says of the bus, once it is so."""
        def look():
            bus, = json.loads(machine.shell("sudo mqttcan status --json"))["buses"]
            return bus if predicate(bus) else None
        return wait_for(look, f"{machine.name}: {what}")

    def publish(self, user, topic, payload):
        """As anybody with that user's password can; the broker has decided about it when this returns."""
        self.broker.path("payload").write_bytes(payload)
        self.broker.shell(f"mosquitto_pub -h {HOST} -p 8883 --cafile ca.pem -u {user} -P $(cat {user}.password) "
                          f"-i by-hand-{user} -q 1 -t {topic} -f payload")

    def assert_denied(self, client, topic):
        log = self.broker.service_logs()[-1]
        wait_for(lambda: re.search(rf"Denied PUBLISH from {client}[^\n]*'{topic}'", log.log()),
                 f"the broker denies {client} {topic}")


class Together(Guided):
    """All machines of the guide, whatever the format; not a test itself."""

    def all_machines(self):
        self.car_itself, self.engineer, self.viewer = self.car(), self.laptop("engineer"), self.laptop("viewer")
        self.local = [self.place._keep(laptop.can("vcan0")) for laptop in (self.engineer, self.viewer)]

    def test_everybody_sees_the_bus_and_of_all_laptops_only_the_engineers_writes_to_it(self):
        self.all_machines()
        self.assert_all_see(SEEN)
        self.follow(6, self.car_itself)
        self.car_itself.shell("sudo mqttcan wait --online")
        self.try_as_a_viewer()
        # Whatever the viewer might have caused comes before this.
        self.engineer.shell(self.guide.command(6, "cansend"))
        self.assert_written(ASKED)
        told = self.car_itself.shell(self.guide.command(6, "sudo mqttcan status"))
        self.assertRegex(told, r"published, written +1 +1\n")
        self.publish("engineer", self.asking(FORGED, "by-hand"), self.message(FORGED))
        self.assert_written(FORGED)  # what the viewer said in the same words was good but for the user
        # What was sent there, and what others had written to the bus, if the format tells of that.
        self.assert_local([[ASKED, *self.told([FORGED])], [FORGED, *self.told([ASKED, FORGED])]])
        self.try_to_be_the_car()
        self.assert_all_see(SEEN)

    def assert_all_see(self, frame):
        self.adapter.send_frame(frame)
        self.assert_local([[frame], [frame]])

    def assert_local(self, frames):
        """What comes next at the engineer's, and at the viewer's."""
        for bus, wanted in zip(self.local, frames):
            self.assertEqual([str(one) for one in bus.receive(len(wanted))], [str(one) for one in wanted])

    def assert_written(self, frame):
        self.assertEqual([str(one) for one in self.adapter.wait_frames(1)], [str(frame)])

    def try_as_a_viewer(self):
        """By way of mqttcan, and without it."""
        self.viewer.shell(f"cansend vcan0 {FORGED}")
        told = self.wait_bus(self.viewer, self.is_all_a_viewer_sees, "its frame is counted")
        self.assertEqual((told["state"], told["from_bus"]["passed"], told["from_bus"]["dropped"]), ("online", 1, {}))
        self.assert_denied("mqttcan-viewer-[0-9a-f]+", self.asking(FORGED, "mqttcan-viewer-[0-9a-f]+"))
        for topic in (f"car7/s/{FORGED.id}", "car7/mqttcan/tx/by-hand"):
            self.publish("viewer", topic, self.message(FORGED))
            self.assert_denied("by-hand-viewer", topic)

    def try_to_be_the_car(self):
        for user in ("viewer", "engineer"):
            for topic in (f"car7/{FORGED.id}", "car7/mqttcan/rx", "car7/mqttcan/status/server"):
                self.publish(user, topic, self.message(FORGED))
                self.assert_denied(f"by-hand-{user}", topic)


class InFormatSavvycan(Together):
    def message(self, frame):
        return encode(frame)[1]

    @staticmethod
    def asking(frame, _client):
        return f"car7/s/{frame.id}"

    @staticmethod
    def told(_written):
        return []

    @staticmethod
    def is_all_a_viewer_sees(bus):
        return bus["from_bus"]["passed"]


class InFormatStream(Together):
    FORMATS = ', "formats": ["stream"]'

    def message(self, frame):
        now = time.time_ns() // 1000
        record = stream.Record(frame.id, frame.data, timestamp_us=now)
        return stream.encode(stream.Message(epoch=7, sequence=1, timestamp_us=now, records=[record]))

    @staticmethod
    def asking(_frame, client):
        return f"car7/mqttcan/tx/{client}"

    @staticmethod
    def told(written):
        return written

    @staticmethod
    def is_all_a_viewer_sees(bus):
        return bus["from_bus"]["unconfirmed"]


class TheBroker(Guided):
    def test_is_verified_and_lets_in_nobody_without_a_password(self):
        self.assertIn("Verification: OK", self.said)
        laptop = self.laptop("viewer")
        watch = f"{self.guide.command(4, 'mosquitto_sub')} -E"  # until it has subscribed
        self.assertEqual(laptop.attempt(watch)[0], 0)
        for wrong in (re.sub(r'-u \S+ -P "[^"]+"', "", watch), watch.replace("$(cat ", "$(echo ")):
            code, said = laptop.attempt(wrong)
            self.assertNotEqual(code, 0, wrong)
            self.assertIn("not authorised", said)

        good = laptop.path("/etc/mqttcan.json").read_text()
        laptop.write("/etc/mqttcan.json", re.sub(r' *"(username|password_file)".*\n', "", good))
        self.assert_not_online(laptop, "not authorized: ")
        laptop.write("/etc/mqttcan.json", good.replace(HOST, "10.77.1.1"))
        self.assert_not_online(laptop, "wrong host name: the certificate of ")

        laptop.write("/etc/mqttcan.json", good)
        self.follow(1, laptop)  # somebody else's authority
        laptop.shell("sudo install -m 640 -g mqttcan ca.pem /etc/mqttcan/ca.pem\ncp ../viewer.password .")
        self.assert_not_online(laptop, "is not signed by a CA that is trusted")
        for command in (self.guide.command(2, "openssl s_client"), watch):
            code, said = laptop.attempt(command)
            self.assertNotEqual(code, 0, command)
            self.assertRegex(said, "certificate verify failed|TLS error")

    def assert_not_online(self, laptop, why):
        """With the changed files; neither after a while."""
        laptop.shell("sudo systemctl restart mqttcan")
        wait_for(lambda: why in " ".join(laptop.shell("sudo mqttcan status").split()), f"mqttcan says {why!r}")
        code, said = laptop.attempt("sudo mqttcan wait --online --timeout 1s")
        self.assertEqual(code, 1, said)


class WithoutTheService(Guided):
    def test_a_tunnel_and_mosquitto_sub_show_the_bus(self):
        self.car()
        laptop = self.machine("viewer")
        self.bring(laptop, "viewer")
        tunnel = self.run_in_foreground(laptop, self.guide.command(4, "sudo mqttcan tunnel"))
        tunnel.wait_log("attached to topic car7")
        tunnel.wait_log("connected")
        bus = self.place._keep(laptop.can("vcan0"))
        watch = self.run_in_foreground(laptop, self.guide.command(4, "mosquitto_sub"))

        def shown():
            self.adapter.send_frame(SEEN)
            return watch.log()

        wait_for(shown, "mosquitto_sub shows a frame")
        self.assertRegex(watch.log(), f"^car7/{SEEN.id} [0-9a-f]{{16}}00{SEEN.data.hex()}\n")
        self.assertEqual(str(bus.receive(1)[0]), str(SEEN))

    def test_savvycan_comes_in_as_the_engineer(self):
        car = self.car()
        self.follow(6, car)
        car.shell("sudo mqttcan wait --online")
        laptop = self.machine("engineer")
        self.bring(laptop, "engineer")
        peer = (f"/usr/bin/python3 {harness.REPOSITORY}/tests/broker/peer.py --role client --topic car7 --host {HOST} "
                "--port 8883 --protocol 3.1 --username engineer --password $(cat engineer.password) --ca-file ca.pem")
        laptop.shell(f"{peer} send '{ASKED}'")
        self.assertEqual([str(frame) for frame in self.adapter.wait_frames(1)], [str(ASKED)])
        watch = self.run_in_foreground(laptop, f"{peer} dump --count 1")
        watch.wait_log("subscribed to")
        self.adapter.send_frame(SEEN)
        watch.wait_log(str(SEEN))

    def run_in_foreground(self, machine, command):
        program = self.place._keep(machine.start(command))
        self.place.processes.append(program)
        return program


del Together

if __name__ == "__main__":
    harness.main()
