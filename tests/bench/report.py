#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Shows what measure.py measured.

Usage: report.py RESULT.json [OLD.json]

Prints the ratios to the forwarder, and to an earlier run if there is one. All in 100 columns.
"""
import json
import pathlib
import statistics
import sys

WIDTHS = (19, 7, 7, 7, 6, 6, 6, 6, 6, 6, 6, 7, 6, 5)
PARTS = ("near", "far", "broker", "load")
NEARLY = 0.95
PROMPT_MS = 100  # p99 of a rate that is called mastered


def number(value):
    """Three digits where there is a fraction, in five characters."""
    if value is None:
        return "-"
    if value >= 99_999.5:
        return f"{value / 1000:.0f}k" if value < 9_999_500 else f"{value / 1e6:.0f}M"
    if value >= 99.95 or value == 0 or isinstance(value, int):
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= 9.995 else f"{value:.2f}"


def ratio(new, old):
    return "-" if new is None or not old else f"{number(new / old)}"


def cells(*texts, widths=WIDTHS):
    first, *others = zip(texts, widths)
    return f"{first[0]:<{first[1]}}" + "".join(f"{text:>{width}}" for text, width in others)


HEAD = (cells("", "frames/s", "", "frames", "", "latency, ms", "", "", "", "CPU, us per frame", "", "", "", "MiB",
              widths=(19, 12, 2, 9, 4, 17, 0, 0, 7, 21, 0, 0, 4, 5))
        + "\n" + cells("row", "sent", "came", "lost", "reord", "p50", "p90", "p99", "max", "near", "far", "broker",
                       "load", "RSS"))


def rate(frames, seconds):
    return (frames - 1) / seconds if seconds and frames > 1 else None


def line(name, row):
    """One row of the table, and below it whatever needs words."""
    if row["error"]:
        return f"{name}: {row['error']}"
    latency = row["latency_us"] or {}
    cpu = row["cpu_us_per_frame"]
    memory = max(row["memory_kib"].values(), default=None)
    shown = cells(
        name, number(rate(row["sent"], row["send_seconds"])), number(rate(row["delivered"], row["seconds"])),
        number(row["lost"]), number(row["reordered"]),
        *(number(latency[p] / 1000 if latency else None) for p in ("p50", "p90", "p99", "max")),
        *(number(cpu.get(part)) for part in PARTS), number(memory / 1024 if memory else None))
    return "\n".join([shown, *(f"    {remark}" for remark in remarks(row))])


def remarks(row):
    """What went wrong, and where, as far as anybody noticed."""
    sent = rate(row["sent"], row["send_seconds"])
    if row.get("rate") and sent and sent < NEARLY * row["rate"]:
        yield f"asked were {row['rate']} frames/s: with all that runs here the generator cannot do more"
    for name, what in (("duplicated", "arrived twice"), ("foreign", "were not ours, or damaged"),
                       ("missed_by_sink", "were dropped at the sink: the measurement's fault"),
                       ("refused_by_kernel", "times the kernel had no room for a frame"),
                       ("dropped_by_backlog", "frames or packets dropped by the kernel (netdev_max_backlog)")):
        if row.get(name):
            yield f"{row[name]} {what}"
    for side, ways in row.get("counters", {}).items():
        for way, counts in ways.items():
            dropped = counts.get("dropped", {}) if isinstance(counts, dict) else {}
            for reason, count in dropped.items():
                if count:
                    yield f"{count} dropped by the {side} daemon, {way}: {reason}"


# ---- ratios

FIGURES = ("came", "p50", "p90", "p99", "max", "CPU", "+broker", "RSS")
RATIO_WIDTHS = (19,) + 8 * (10,)


def figures(row):
    """What is compared, by the names of FIGURES; None: it was not measured."""
    if row is None or row["error"]:
        return {}
    latency = row["latency_us"] or {}
    cpu = {part: value for part, value in row["cpu_us_per_frame"].items() if value is not None and part != "load"}
    carriers = [cpu[side] for side in ("near", "far") if side in cpu]
    memory = [row["memory_kib"][side] for side in ("near", "far") if side in row["memory_kib"]]
    return {"came": rate(row["delivered"], row["seconds"]), **{p: latency.get(p) for p in ("p50", "p90", "p99", "max")},
            "CPU": sum(carriers) if carriers else None, "+broker": sum(cpu.values()) if cpu else None,
            "RSS": max(memory, default=None)}


def ratios(row, other):
    """{figure: ratio or None}"""
    mine, others = figures(row), figures(other)
    return {name: mine[name] / others[name] if mine.get(name) is not None and others.get(name) else None
            for name in FIGURES}


def ratio_line(name, values):
    return cells(name, *(number(values[figure]) for figure in FIGURES), widths=RATIO_WIDTHS)


def to_floor(rows):
    """Each row against the forwarder at its rate."""
    found = {name: ratios(row, rows.get(row["floor"])) for name, row in rows.items()
             if not row["error"] and row["way"] != "forwarder" and figures(rows.get(row["floor"]))}
    if found:
        yield "As multiples of the forwarder's at the same rate (CPU: of both daemons; +broker: and of the broker)"
        yield cells("row", *FIGURES, widths=RATIO_WIDTHS)
        for name, values in found.items():
            yield ratio_line(name, values)


def to_old(rows, old):
    """Each row against that of an earlier run; and the machine's part in it, by what the forwarder became."""
    found = {name: ratios(row, old[name]) for name, row in rows.items() if figures(row) and figures(old.get(name))}
    yield "New divided by old" if found else "The two runs have no row in common."
    if found:
        yield cells("row", *FIGURES, widths=RATIO_WIDTHS)
    for name, values in found.items():
        yield ratio_line(name, values)
    floors = [values["CPU"] for name, values in found.items() if rows[name]["way"] == "forwarder" and values["CPU"]]
    if floors:
        yield (f"CPU time per frame of the forwarder became {number(statistics.median(floors))} of what it was (median):\n"
               "so much of each change is the machine's.")


def is_whole(row):
    """Whether all frames came, in order, at the rate asked for, and promptly."""
    sent = rate(row["sent"], row["send_seconds"])
    return (row["lost"] == row["reordered"] == row["duplicated"] == 0 and sent and sent >= NEARLY * row["rate"]
            and row["latency_us"]["p99"] < 1000 * PROMPT_MS)


def mastered(rows):
    """The highest rate of each way, of those that were tried."""
    best = {}
    for name, row in rows.items():
        if not row["error"] and name.partition("-")[2].isdecimal():
            best[row["way"]] = max(best.get(row["way"], 0), row["rate"] if is_whole(row) else 0)
    if best:
        yield f"The highest of these rates at which all came, in order, 99 % of them within {PROMPT_MS} ms:"
        yield ", ".join(f"{way} {most or 'none'}" for way, most in best.items())


def main(arguments):
    if not 1 <= len(arguments) <= 2 or arguments[0].startswith("-"):
        print(__doc__.strip(), file=sys.stderr)
        return 2
    rows, *old = (json.loads(pathlib.Path(path).read_text(encoding="utf-8"))["rows"] for path in arguments)
    print("\n".join(["", *to_floor(rows)]))
    print("\n".join(["", *mastered(rows)]))
    if old:
        print("\n".join(["", *to_old(rows, old[0])]))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
