# SPDX-License-Identifier: MIT
"""CAN cards, as an administrator handles them, and one way to break an emulated one.

What the emulated cards of the lab are not: their bus has no bit rate and no acknowledgement, each frame is sent the
moment it is given to the controller, and there are no error states. What can be had is a controller that no longer
says that it has sent anything: its interrupt is held back. The driver waits for that before it hands over the next
frame, as it does on a bus where nobody acknowledges. The two cards share an interrupt line, and each driver looks
at its own card whenever it comes, so the other card must be down for it.
"""
import pathlib

from kit.links import link
from kit.waiting import run

INTX_DISABLE = 0x400  # in PCI's command register
MODES = ("listen-only", "one-shot", "triple-sampling", "berr-reporting")


def settings(name):
    """What the kernel says of a card: bit rate, sample point, modes, ..."""
    found = link(name)
    data = found["linkinfo"]["info_data"]
    timing = data.get("bittiming", {})
    return {"bitrate": timing.get("bitrate"), "sample_point": timing.get("sample_point"),
            "modes": set(data.get("ctrlmode") or ()), "restart_ms": data["restart_ms"], "txqlen": found["txqlen"],
            "state": data["state"]}


def reset(name):
    """Down, and all but the bit rate as a driver has it at first."""
    run("ip", "link", "set", name, "down")
    run("ip", "link", "set", name, "type", "can", "bitrate", "1000000", "restart-ms", "0",
        *(word for mode in MODES for word in (mode, "off")))
    run("ip", "link", "set", name, "txqueuelen", "10")


def start(name, bitrate):
    run("ip", "link", "set", name, "type", "can", "bitrate", str(bitrate))
    run("ip", "link", "set", name, "up")


def carrier_changes(name):
    """How often it went up or down since it was made."""
    return int(pathlib.Path(f"/sys/class/net/{name}/carrier_changes").read_text())


def device_of(name):
    """The card's folder in sysfs."""
    return pathlib.Path(f"/sys/class/net/{name}/device").resolve()


def hold_interrupts(device, held):
    """Whether a card may tell its driver anything."""
    with open(device / "config", "r+b", buffering=0) as config:
        config.seek(4)
        command = int.from_bytes(config.read(2), "little")
        command = command | INTX_DISABLE if held else command & ~INTX_DISABLE
        config.seek(4)
        config.write(command.to_bytes(2, "little"))


def unbind(device):
    """The card leaves its driver, and the interface goes; as when it is unplugged."""
    driver = (device / "driver").resolve()
    (driver / "unbind").write_text(device.name)
    return driver


def bind(device, driver):
    (driver / "bind").write_text(device.name)
