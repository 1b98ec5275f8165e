#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What can be measured: the rows of the benchmark, and which of them a run measures.

A row is a way from one bus to another and a load for it. Its name says both: forwarder-1000, savvycan-flat, stream-tls.
The floors are ways without mqttcan: the kernel's own gateway (cangw) and the least program that forwards (forwarder).

As a program it checks the arguments of scripts/bench, and with --list shows the rows, those of a usual run with a star.
"""
import argparse
import dataclasses
import fnmatch
import sys

FLOORS = ("forwarder", "cangw")
FORMATS = {"savvycan": ["savvycan"], "stream": ["stream"], "both": ["savvycan", "stream"]}
PREFERRED = ("stream", "savvycan")  # for the rows that are measured once
RATES = (100, 1000, 5000, 10000)
QUICK = {"seconds": 1.0, "frames": 4000, "rates": (100, 1000), "silences": 2, "pause": 1.0}
FD_LENGTH = 64


@dataclasses.dataclass(frozen=True)
class Row:
    name: str
    way: str  # one of FLOORS or FORMATS
    frames: int
    rate: float  # frames per second over all buses; 0: as fast as the kernel takes them
    floor: str  # the row of the forwarder that it is compared with
    length: int = 8
    buses: int = 1
    tls: bool = False

    @property
    def is_floor(self):
        return self.way in FLOORS


def frames_at(rate, settings):
    return max(2, round(rate * settings.seconds))


def catalogue(settings):
    """Every row there is with these settings, by name, in the order in which they are measured."""
    rows = []
    special = {
        "fd64": {"length": FD_LENGTH}, "tls": {"tls": True}, "16buses": {"buses": 16}, "256buses": {"buses": 256}}
    for way in (*FLOORS, *settings.formats):
        for rate in settings.rates:
            rows.append(Row(f"{way}-{rate}", way, frames_at(rate, settings), rate, f"forwarder-{rate}"))
        rows.append(Row(f"{way}-flat", way, settings.frames, 0, "forwarder-flat"))
        if way != "cangw":
            rows.append(Row(f"{way}-silence", way, settings.silences, 1 / settings.pause, "forwarder-silence"))
        if way not in FLOORS:
            rate = settings.rate
            for what, how in special.items():
                rows.append(Row(f"{way}-{what}", way, frames_at(rate, settings), rate, f"forwarder-{rate}", **how))
    return {row.name: row for row in rows}


def usual(settings, formats):
    """The names of the rows that a run measures unless told otherwise; `formats`: those that mqttcan speaks."""
    preferred = next((name for name in PREFERRED if name in formats), None)
    names = []
    for name, row in catalogue(settings).items():
        what = name.partition("-")[2]
        if row.is_floor or what in ("flat", "silence") or what.isdecimal():
            wanted = row.way != "both" or what == str(settings.rate)
        else:
            wanted = row.way == preferred and not (settings.quick and what == "256buses")
        if wanted:
            names.append(name)
    return names


def selected(settings, formats):
    """The rows of this run; `formats`: those that mqttcan speaks."""
    spoken = [row for row in catalogue(settings).values() if row.is_floor or row.way in formats]
    if settings.rows is None:
        names = usual(settings, formats)
        return [row for row in spoken if row.name in names]
    return [row for row in spoken if any(fnmatch.fnmatchcase(row.name, want) for want in settings.rows)]


# ---- the command line

def positive(kind):
    def parse(text):
        value = kind(text)
        if value <= 0:
            raise argparse.ArgumentTypeError(f"{text}: not above 0")
        return value
    parse.__name__ = kind.__name__
    return parse


def listed(kind):
    def parse(text):
        return tuple(kind(part) for part in text.split(","))
    parse.__name__ = f"list of {kind.__name__}"
    return parse


def parser():
    """The options that say what is measured. scripts/bench --help describes them."""
    options = argparse.ArgumentParser(prog="scripts/bench", add_help=False, allow_abbrev=False)
    options.add_argument("--quick", action="store_true")
    options.add_argument("--rows", type=listed(str))
    options.add_argument("--seconds", type=positive(float))
    options.add_argument("--frames", type=positive(int))
    options.add_argument("--rates", type=listed(positive(int)))
    options.add_argument("--rate", type=positive(int))
    options.add_argument("--formats", type=listed(str), default=tuple(FORMATS))
    options.add_argument("--silences", type=positive(int))
    options.add_argument("--pause", type=positive(float))
    options.add_argument("--queue", type=positive(int), default=65536)
    options.add_argument("--settle", type=positive(float), default=5.0)
    options.add_argument("--profile", action="store_true")
    options.add_argument("--list", action="store_true")
    return options


def parse(arguments):
    """The settings; a mistake ends the program with exit code 2."""
    options = parser()
    settings = options.parse_args(arguments)
    defaults = {"seconds": 10.0, "frames": 60000, "rates": RATES, "silences": 10, "pause": 5.0}
    for name, value in (defaults | (QUICK if settings.quick else {})).items():
        if getattr(settings, name) is None:
            setattr(settings, name, value)
    if settings.rate is None:
        settings.rate = 1000 if 1000 in settings.rates else settings.rates[-1]
    if settings.rate not in settings.rates:
        options.error(f"--rate {settings.rate}: one of --rates, please, for the forwarder is compared at the same rate")
    unknown = [name for name in settings.formats if name not in FORMATS]
    if unknown:
        options.error(f"--formats {','.join(unknown)}: known are {', '.join(FORMATS)}")
    for want in settings.rows or ():
        if not fnmatch.filter(catalogue(settings), want):
            options.error(f"--rows {want}: no such row; --list shows them")
    return settings


def main(arguments):
    settings = parse(arguments)
    if settings.list:
        wanted = [row.name for row in selected(settings, settings.formats)]
        print("\n".join(f"{'*' if name in wanted else ' '} {name}" for name in catalogue(settings)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
