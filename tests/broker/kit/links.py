# SPDX-License-Identifier: MIT
"""Interfaces, as ip shows them."""
import json
import pathlib
import re

from kit.waiting import DEADLINE, run, wait_for


def links():
    return {link["ifname"]: link for link in json.loads(run("ip", "-j", "-d", "link", "show"))}


def link(name):
    """What `ip -j -d link` says of an interface, or None."""
    return links().get(name)


def is_up(name):
    found = link(name)
    return found is not None and "UP" in found["flags"]


def wait_up(name, deadline=DEADLINE):
    wait_for(lambda: is_up(name), f"{name} exists and is up", deadline)
    return link(name)


def bound_sockets(name):
    """How many CAN_RAW receivers without a filter listen on an interface: says when a candump is ready."""
    text = pathlib.Path("/proc/thread-self/net/can/rcvlist_all").read_text()  # this thread's network namespace
    return len(re.findall(rf"^\s*{re.escape(name)}\s+[0-9a-fA-F]+", text, re.MULTILINE))
