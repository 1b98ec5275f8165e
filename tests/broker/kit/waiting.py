# SPDX-License-Identifier: MIT
"""Waiting for an event with a deadline, and small helpers about processes and ports."""
import socket
import subprocess
import threading
import time

DEADLINE = 60.0  # seconds, for anything that should happen soon: the lab's kernel is slow
POLL = 0.01


class Late(AssertionError):
    """What was awaited did not happen in time."""


def wait_for(predicate, what, deadline=DEADLINE):
    """Returns the predicate's first true value. The only place that polls."""
    end = time.monotonic() + deadline
    while True:
        value = predicate()
        if value:
            return value
        if time.monotonic() > end:
            raise Late(f"{what}: not within {deadline} s")
        time.sleep(POLL)


def let_pass(seconds):
    """For a time that is itself the scenario ("the broker is gone for two seconds"), never to await something."""
    threading.Event().wait(seconds)


def run(*command, **options):
    """A command's stdout; its stderr is in the exception if it fails."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE, **options)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(command)}: exit code {done.returncode}: {done.stderr.strip()}")
    return done.stdout


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
