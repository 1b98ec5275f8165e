#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The benchmark's table: what it says of a row, in 100 columns. Results are written out here by hand."""
import json
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import report  # noqa: E402 pylint: disable=wrong-import-position
import rows  # noqa: E402 pylint: disable=wrong-import-position


def row(way="savvycan", cpu=None, p50=1000, **more):
    return {"way": way, "error": None, "floor": "forwarder-1000", "sent": 1001, "delivered": 1001, "lost": 0,
            "reordered": 0, "duplicated": 0, "rate": 1000, "send_seconds": 1.0, "seconds": 1.0,
            "latency_us": {"p50": p50, "p90": 2000, "p99": 30000, "max": 400000},
            "cpu_us_per_frame": cpu or {"near": 300.0, "far": 100.0, "broker": 50.0, "load": 20.0},
            "memory_kib": {"near": 10240, "far": 20480, "broker": 5120}, "counters": {}, **more}


class Rates(unittest.TestCase):
    def best(self, **rows_by_name):
        return list(report.mastered({name.replace("_", "-"): row for name, row in rows_by_name.items()}))[1:]

    def test_that_are_mastered_came_whole_in_order_and_promptly(self):
        late = {"p50": 1, "p90": 1, "p99": 100_000, "max": 100_000}
        good, fast = row(rate=1000), {"rate": 5000, "sent": 5001, "delivered": 5001}
        self.assertEqual(self.best(savvycan_1000=good, savvycan_5000=row(**fast)), ["savvycan 5000"])
        for fault in ({"lost": 1}, {"reordered": 1}, {"duplicated": 1}, {"latency_us": late}, {"send_seconds": 2.0}):
            with self.subTest(fault):
                self.assertEqual(self.best(savvycan_1000=good, savvycan_5000=row(**{**fast, **fault})), ["savvycan 1000"])
        self.assertEqual(self.best(savvycan_1000=row(lost=1)), ["savvycan none"])
        self.assertEqual(self.best(savvycan_tls=good), [])


FORWARDER = row("forwarder", {"near": 40.0, "load": 20.0}, 500, memory_kib={"near": 2048})


class Line(unittest.TestCase):
    def test_shows_each_figure_with_three_digits(self):
        self.assertEqual(report.line("savvycan-1000", row()).split(),
                         ["savvycan-1000", "1000", "1000", "0", "0", "1.00", "2.00", "30.0", "400", "300", "100",
                          "50.0", "20.0", "20.0"])

    def test_shows_what_was_not_measured_as_a_dash(self):
        lost = row(delivered=0, lost=1001, seconds=None, latency_us=None,
                   cpu_us_per_frame={"near": None, "far": None, "broker": None, "load": None})
        self.assertEqual(report.line("savvycan-1000", lost).split(),
                         ["savvycan-1000", "1000", "-", "1001", "0", *"----", *"----", "20.0"])

    def test_fits_100_columns_with_blanks_between(self):
        for digits in range(1, 10):
            most = 10 ** digits - 1
            largest = row(sent=most, lost=most, reordered=most, delivered=most, seconds=1.0,
                          latency_us={p: most * 1000 for p in ("p50", "p90", "p99", "max")},
                          cpu_us_per_frame={part: float(most) for part in report.PARTS},
                          memory_kib={"near": min(most, 9999) * 1024})
            line = report.line("savvycan-256buses", largest).splitlines()[0]
            self.assertEqual((len(line), len(line.split())), (100, 14), line)
        self.assertEqual([len(line) for line in report.HEAD.splitlines()][1], 100)

    def test_says_why_there_are_no_figures(self):
        self.assertEqual(report.line("cangw-100", {"error": "no can-gw here"}), "cangw-100: no can-gw here")

    def test_says_who_dropped_what(self):
        counters = {"near": {"from_bus": {"received": 1001, "dropped": {"overflow": 3, "stale": 0}}}}
        remarks = report.line("savvycan-1000", row(duplicated=2, counters=counters)).splitlines()[1:]
        self.assertEqual(remarks, ["    2 arrived twice", "    3 dropped by the near daemon, from_bus: overflow"])


class Ratios(unittest.TestCase):
    def test_are_those_of_both_daemons_to_the_forwarder(self):
        self.assertEqual(report.ratios(row(), FORWARDER),
                         {"came": 1.0, "p50": 2.0, "p90": 1.0, "p99": 1.0, "max": 1.0, "CPU": 10.0, "+broker": 11.25,
                          "RSS": 10.0})

    def test_are_dashes_without_a_forwarder(self):
        self.assertEqual(set(report.ratios(row(), None).values()), {None})

    def test_to_an_earlier_run_tell_the_machines_part(self):
        slower = {**FORWARDER, "cpu_us_per_frame": {"near": 60.0, "load": 20.0}}
        lines = list(report.to_old({"forwarder-1000": slower, "a": row()}, {"forwarder-1000": FORWARDER, "b": row()}))
        self.assertEqual([line.split()[0] for line in lines[2:-1]], ["forwarder-1000"])
        self.assertIn("became 1.50 of what it was", lines[-1])


class Rows(unittest.TestCase):
    def names(self, formats, *arguments):
        return [found.name for found in rows.selected(rows.parse(list(arguments)), formats)]

    def test_of_formats_that_are_not_spoken_are_left_out(self):
        self.assertEqual(self.names(["savvycan"], "--rows", "*-flat"), ["forwarder-flat", "cangw-flat", "savvycan-flat"])

    def test_that_are_measured_once_are_of_the_stream_if_it_is_spoken(self):
        self.assertIn("savvycan-tls", self.names(["savvycan"]))
        every = self.names(["savvycan", "stream", "both"])
        self.assertEqual([name for name in every if name.endswith("tls")], ["stream-tls"])
        self.assertEqual([name for name in every if name.startswith("both")], ["both-1000"])

    def test_carry_as_many_frames_as_the_rate_gives(self):
        every = rows.catalogue(rows.parse(["--seconds", "2", "--frames", "7", "--pause", "4"]))
        self.assertEqual([every[f"savvycan-{what}"].frames for what in (100, 10000, "flat", "tls")], [200, 20000, 7, 2000])
        self.assertEqual((every["savvycan-silence"].rate, every["savvycan-256buses"].buses), (0.25, 256))


class Main(unittest.TestCase):
    def test_shows_a_result_of_which_no_row_could_be_measured(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "result.json")
            path.write_text(json.dumps({"rows": {"cangw-100": {"way": "cangw", "error": "none"}}}))
            self.assertEqual(report.main([str(path), str(path)]), 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
