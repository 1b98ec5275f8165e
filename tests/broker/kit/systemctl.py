#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""systemctl where no systemd runs: starts a service as its unit says, and returns when the service says it is ready.

Of units it knows what those of mosquitto and mqttcan need to be started as the same user with the same folders; their
sandbox it leaves out. Usage: systemctl.py LOG-PREFIX VERB [--now] UNIT
"""
import contextlib
import os
import pathlib
import select
import shlex
import shutil
import signal
import socket
import subprocess
import sys

FOLDERS = [pathlib.Path(folder) for folder in ("/etc/systemd/system", "/lib/systemd/system")]
DEADLINE = 60


def settings(unit):
    """{"ExecStartPre": ["/bin/mkdir ...", ...], ...}"""
    path = next((folder / f"{unit}.service" for folder in FOLDERS if (folder / f"{unit}.service").exists()), None)
    if not path:
        sys.exit(f"Unit {unit}.service not found.")
    found = {}
    for line in path.read_text().splitlines():
        key, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            found.setdefault(key, []).append(value)
    return found


def main_process(unit):
    """A descriptor of the running service, or None."""
    try:
        return os.pidfd_open(int(pathlib.Path(f"/run/{unit}.pid").read_text()))
    except (FileNotFoundError, ProcessLookupError):
        return None


def make_folders(unit, user):
    for name in unit.get("RuntimeDirectory", []):
        folder = pathlib.Path("/run") / name
        folder.mkdir(exist_ok=True)
        shutil.chown(folder, user, user)
    for name in unit.get("ConfigurationDirectory", []):
        folder = pathlib.Path("/etc") / name
        folder.mkdir(exist_ok=True)
        folder.chmod(int(unit["ConfigurationDirectoryMode"][-1], 8))


def command(unit, user):
    capabilities = ",".join(["-all"] + [f"+{name.removeprefix('CAP_').lower()}"
                                        for names in unit.get("AmbientCapabilities", []) for name in names.split()])
    become = ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups", f"--inh-caps={capabilities}",
              f"--ambient-caps={capabilities}", f"--bounding-set={capabilities}", "--no-new-privs"]
    return (become if user != "root" else []) + shlex.split(unit["ExecStart"][-1])


def start(name, log_prefix):
    if main_process(name) is not None:
        return
    unit = settings(name)
    user = unit.get("User", ["root"])[-1]
    make_folders(unit, user)
    for line in unit.get("ExecStartPre", []):
        subprocess.run(shlex.split(line), check=True)
    path = pathlib.Path(f"/run/{name}.notify")
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify, open(f"{log_prefix}{name}.log", "ab") as log:
        notify.bind(str(path))
        path.chmod(0o666)
        service = subprocess.Popen(command(unit, user), stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/",
                                   start_new_session=True, env={"PATH": os.environ["PATH"], "NOTIFY_SOCKET": str(path)})
        pathlib.Path(f"/run/{name}.pid").write_text(str(service.pid))
        ended = os.pidfd_open(service.pid)
        while True:
            ready = select.select([notify, ended], [], [], DEADLINE)[0]
            if notify in ready and b"READY=1" in notify.recv(4096).splitlines():
                return
            if not ready or ended in ready:
                sys.exit(f"Job for {name}.service failed.")


def stop(name):
    process = main_process(name)
    if process is not None:
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(process, signal.SIGTERM)
        if not select.select([process], [], [], DEADLINE)[0]:
            sys.exit(f"{name}.service does not stop.")
    pathlib.Path(f"/run/{name}.pid").unlink(missing_ok=True)


def main():
    log_prefix, verb, *rest = sys.argv[1:]
    *options, name = rest
    if verb == "enable" and options in ([], ["--now"]):
        settings(name)
    elif verb not in ("start", "stop", "restart") or options:
        sys.exit(f"systemctl {verb} {' '.join(rest)}: not known here")
    if verb in ("stop", "restart"):
        stop(name)
    if verb in ("start", "restart") or options == ["--now"]:
        start(name, log_prefix)


if __name__ == "__main__":
    main()
