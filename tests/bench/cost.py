# SPDX-License-Identifier: MIT
"""What a process has cost so far, as the kernel counts it."""
import os
import pathlib
import re

TICKS = os.sysconf("SC_CLK_TCK")


def clock():
    """What CPU time is counted in here."""
    return "ns" if pathlib.Path("/proc/self/schedstat").exists() else f"ticks of {1000 // TICKS} ms"


def clock_source():
    """Where the kernel takes its time from: "tsc" is read without asking it, others make each look a system call."""
    path = pathlib.Path("/sys/devices/system/clocksource/clocksource0/current_clocksource")
    return path.read_text().strip() if path.exists() else "unknown"


def cpu_seconds(pid):
    """CPU time of all its threads: to the nanosecond where the kernel keeps schedstat, else to the tick.

    A thread that ended is in the ticks only; those of a daemon that is connected live as long as it does.
    """
    try:
        tasks = list(pathlib.Path(f"/proc/{pid}/task").iterdir())
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9
    except FileNotFoundError:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS


def peak_memory(pid):
    """KiB that were resident at once, at most."""
    return int(re.search(r"VmHWM:\s+(\d+) kB", pathlib.Path(f"/proc/{pid}/status").read_text())[1])


def backlog_drops():
    """Frames and packets that the kernel dropped between a virtual interface and the sockets: netdev_max_backlog."""
    return sum(int(line.split()[1], 16) for line in pathlib.Path("/proc/net/softnet_stat").read_text().splitlines())
