#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""scripts/bench runs through with tiny loads: every figure is there, and the sums are even. How large they are is shown
and not judged: the machine may be busy. The programs are taken from the folder $MQTTCAN_BIN."""
import json
import pathlib
import subprocess
import tempfile
import unittest

BENCH = pathlib.Path(__file__).resolve().parents[2] / "scripts" / "bench"
TINY = ["--quick", "--rates", "100", "--seconds", "0.3", "--frames", "50", "--silences", "2", "--pause", "0.5"]
FRAMES = {"100": 30, "flat": 50, "tls": 30, "silence": 2}
ROWS = ["forwarder-100", "cangw-flat", "savvycan-flat", "savvycan-tls", "stream-100", "stream-silence"]
PARTS = {"forwarder": {"near"}, "cangw": set()}
DAEMONS = {"near", "far", "broker"}
DEADLINE = 250


def bench(*arguments):
    done = subprocess.run([BENCH, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=DEADLINE, check=False)
    return done.returncode, done.stdout


class ATinyRun(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="mqttcan-test.")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def assert_row(self, name, row):
        way, what = name.split("-")
        self.assertIsNone(row["error"])
        self.assertEqual((row["way"], row["sent"]), (way, FRAMES[what]))
        self.assertEqual(row["delivered"] + row["lost"], row["sent"])
        self.assertLessEqual(row["reordered"], row["delivered"])
        for counted in ("duplicated", "foreign", "missed_by_sink", "refused_by_kernel", "dropped_by_backlog"):
            self.assertGreaterEqual(row[counted], 0, counted)
        parts = PARTS.get(way, DAEMONS)
        self.assertEqual(set(row["memory_kib"]), parts)
        self.assertEqual(set(row["cpu_seconds"]), parts | {"load"})
        self.assertEqual(set(row["cpu_us_per_frame"]), parts | {"load"})
        self.assertGreater(row["delivered"], 0)
        latency = [row["latency_us"][p] for p in ("p50", "p90", "p99", "max")]
        self.assertEqual(latency, sorted(latency))
        self.assertGreater(row["seconds"], 0)
        self.assertGreater(row["send_seconds"], 0)

    def test_measures_every_figure_and_compares_with_an_earlier_run(self):
        code, said = bench(*TINY, "--rows", ",".join(ROWS), "--json", self.folder / "new.json")
        print(said)
        self.assertEqual(code, 0, said)
        result = json.loads((self.folder / "new.json").read_text())
        self.assertEqual(list(result["rows"]), [name for name in ROWS if name.split("-")[0] not in result["left_out"]])
        for name, row in result["rows"].items():
            with self.subTest(name):
                self.assert_row(name, row)
        for key in ("commit", "kernel", "cpus", "broker", "started", "settings", "host_load", "host_load_after", "cpu_clock", "clock_source"):
            self.assertTrue(result["about"][key], key)
        wide = [line for line in said.splitlines() if len(line) > 100 and not line.startswith("with-can:")]
        self.assertEqual(wide, [])
        report = pathlib.Path(__file__).with_name("report.py")
        compared = subprocess.run([report, self.folder / "new.json", self.folder / "new.json"], capture_output=True,
                                  text=True, check=True).stdout
        (same,) = [line for line in compared.partition("New divided by old")[2].splitlines()
                   if line.startswith("savvycan-tls")]
        self.assertLessEqual(set(same.split()[1:]), {"1.00", "-"})


class WrongOptions(unittest.TestCase):
    def assert_refused(self, arguments, *words):
        code, said = bench(*arguments)
        self.assertEqual(code, 2, said)
        for word in words:
            self.assertIn(word, said)

    def test_are_refused_before_anything_starts(self):
        self.assert_refused(["--rows", "savvycan-12"], "savvycan-12", "--list")
        self.assert_refused(["--formats", "morse"], "morse", "savvycan")
        self.assert_refused(["--rate", "7"], "--rate 7", "--rates")
        self.assert_refused(["--seconds"], "--seconds needs a value")
        self.assert_refused(["--cpus", "2"], "--qemu")
        self.assert_refused(["--mips", "99"], "--mips 99")
        self.assert_refused(["--mips", "125", "--cpus", "2"], "one processor")
        self.assert_refused(["--compare", "/nonexistent"], "/nonexistent")

    def test_a_list_of_rows_needs_no_kernel(self):
        code, said = bench("--list")
        self.assertEqual(code, 0, said)
        self.assertIn("* forwarder-1000\n", said)
        self.assertIn("  savvycan-256buses\n", said)


if __name__ == "__main__":
    unittest.main(verbosity=2)
