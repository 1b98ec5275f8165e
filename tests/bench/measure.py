#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Measures the rows of the benchmark, one after the other, as root where there is CAN.

scripts/bench starts it there. Its arguments are those of scripts/bench that say what is measured (rows.py).
$LAB_RESULTS/bench.json is written anew after each row. $MQTTCAN_BIN is the folder with the programs, $BENCH_ABOUT a
JSON object with what else is to be kept about the run.
"""
import contextlib
import datetime
import json
import os
import pathlib
import platform
import signal
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "broker")]

# pylint: disable=wrong-import-position
import cost  # noqa: E402
import report  # noqa: E402
import rows  # noqa: E402
import stand  # noqa: E402
from kit.processes import binary  # noqa: E402
from kit.waiting import wait_for  # noqa: E402

WARM_UP = {"id": "700", "rate": 500, "frames": 100}
EDGE = 60  # seconds that a load may take beyond what it should


def load(lanes, frames, rate, length, settle, first_id="100"):
    """What bench_load says; a failure raises."""
    command = [binary("bench_load"), "--frames", str(frames), "--length", str(length), "--settle", str(settle),
               "--id", first_id, *(word for lane in lanes for word in ("--lane", ":".join(lane)))]
    if rate:
        command += ["--rate", str(rate)]
    seconds = frames / min(rate or 100, 100)  # nothing that is slower is worth waiting for
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=3 * seconds + settle + EDGE)
    if done.returncode != 0:
        raise AssertionError(done.stderr.strip() or f"bench_load: exit code {done.returncode}")
    return json.loads(done.stdout)


def stand_for(row, settings):
    if row.way == "cangw":
        return stand.Cangw(row)
    if row.way == "forwarder":
        return stand.Forwarder(row)
    return stand.Mqttcan(row, rows.FORMATS[row.way], settings.queue)


@contextlib.contextmanager
def profiled(row, pids, folder):
    """Meanwhile perf samples each process; FOLDER/ROW-PART.txt says where its time went. That costs time itself."""
    folder.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir="/run") as work:
        recorders = {}
        for part, pid in pids.items():
            data = pathlib.Path(work, part)
            command = ["perf", "record", "-q", "-e", "cpu-clock", "-F", "997", "-g", "-o", data, "-p", str(pid)]
            recorders[part] = subprocess.Popen(command, stdin=subprocess.DEVNULL)
            wait_for(lambda: data.exists() and data.stat().st_size, f"perf looks at {part}")  # pylint: disable=cell-var-from-loop
        try:
            yield
        finally:
            for part, recorder in recorders.items():
                recorder.send_signal(signal.SIGINT)
                recorder.wait(EDGE)
                report_profile(pathlib.Path(work, part), folder / f"{row.name}-{part}.txt")


PROFILES = {"By thread and library": ["overhead,comm,dso", "none", "0.5"],
            "By function": ["overhead,dso,symbol", "none", "0.5"],
            "By function, and who calls it": ["overhead,symbol", "caller,0.5,callee", "1"]}


def report_profile(data, path):
    with open(path, "w", encoding="utf-8") as file:
        for title, (fields, graph, least) in PROFILES.items():
            command = ["perf", "report", "--stdio", "--no-children", "-F", fields, "-g", graph, "--max-stack", "16",
                       "--percent-limit", least, "-i", data]
            done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
            said = done.stdout if done.returncode == 0 else done.stderr
            lines = [line.rstrip() for line in said.splitlines() if line.strip() and not line.startswith("#")]
            file.write("\n".join([title, *lines, "", ""]))


def measure(row, settings, results):
    """The figures of a row; a stand that does not come about raises."""
    with stand_for(row, settings) as here:
        pids = {part: process.pid for part, process in here.processes.items()}
        warm = load(here.lanes, max(WARM_UP["frames"], 2 * row.buses), WARM_UP["rate"], row.length, settings.settle,
                    WARM_UP["id"])
        if warm["delivered"] == 0:
            raise AssertionError(f"no frame of the warm-up arrived; the logs:\n{here.place.logs()}")
        dropped = cost.backlog_drops()
        before = {part: cost.cpu_seconds(pid) for part, pid in pids.items()}
        with profiled(row, pids, results / "profile") if settings.profile else contextlib.nullcontext():
            figures = load(here.lanes, row.frames, row.rate, row.length, settings.settle)
        after = {part: cost.cpu_seconds(pid) for part, pid in pids.items()}
        figures["dropped_by_backlog"] = cost.backlog_drops() - dropped
        spent = {part: after[part] - before[part] for part in pids} | {"load": figures.pop("cpu_seconds")}
        figures["cpu_seconds"] = spent
        delivered = figures["delivered"]
        figures["cpu_us_per_frame"] = {part: 1e6 * seconds / delivered if delivered else None
                                       for part, seconds in spent.items()}
        figures["memory_kib"] = {part: cost.peak_memory(pid) for part, pid in pids.items()}
        figures["counters"] = here.counters() if figures["lost"] else {}
        died = [process.name for process in here.processes.values() if process.died()]
        if died:
            raise AssertionError(f"{', '.join(died)} ended; the logs:\n{here.place.logs()}")
        return figures


def about(settings):
    """What a run was: machine, programs, settings."""
    version = subprocess.run(["mosquitto", "-h"], capture_output=True, text=True, check=False).stdout.partition("\n")[0]
    return {"kernel": platform.release(), "machine": platform.machine(), "cpus": len(os.sched_getaffinity(0)),
            "broker": version, "cpu_clock": cost.clock(), "clock_source": cost.clock_source(),
            "started": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
            "settings": {name: value for name, value in vars(settings).items() if name != "list"},
            **json.loads(os.environ.get("BENCH_ABOUT", "{}"))}


def write(path, result):
    new = path.with_suffix(".new")
    new.write_text(json.dumps(result, indent=1) + "\n")
    new.rename(path)


def refusals(settings):
    """{format: why mqttcan does not speak it}, of those that it does not."""
    with tempfile.TemporaryDirectory() as folder:
        reasons = {name: stand.refusal(rows.FORMATS[name], settings.queue, pathlib.Path(folder))
                   for name in settings.formats}
    return {name: reason for name, reason in reasons.items() if reason}


def entry(row, settings, results):
    """What is kept of a row: what it was, and its figures or why there are none."""
    kept = {"way": row.way, "formats": rows.FORMATS.get(row.way, []), "rate": row.rate, "length": row.length,
            "buses": row.buses, "tls": row.tls, "floor": row.floor, "error": None}
    try:
        return kept | measure(row, settings, results)
    except (AssertionError, OSError, subprocess.SubprocessError) as error:
        return kept | {"error": str(error)}


def run(settings, results):
    path = results / "bench.json"
    refused = refusals(settings)
    for name, reason in refused.items():
        print(f"Without the rows of format {name}: {reason}", flush=True)
    result = {"schema": 1, "about": about(settings), "left_out": refused, "rows": {}}
    write(path, result)
    print(report.HEAD, flush=True)
    for row in rows.selected(settings, [name for name in settings.formats if name not in refused]):
        result["rows"][row.name] = entry(row, settings, results)
        write(path, result)
        print(report.line(row.name, result["rows"][row.name]), flush=True)
    return 1 if any(row["error"] for row in result["rows"].values()) else 0


if __name__ == "__main__":
    sys.exit(run(rows.parse(sys.argv[1:]), pathlib.Path(os.environ["LAB_RESULTS"])))
