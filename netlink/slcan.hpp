// SPDX-License-Identifier: MIT
// Inside the room only: the tty side of slcan, where a line discipline makes a network interface of a serial
// line. One kind, one file. Nothing waits for the device.
#pragma once

#include <string>

#include "base/error.hpp"
#include "base/names.hpp"
#include "netlink/attached_tty.hpp"

namespace mqttcan::netlink {

/// A tty that is open for us alone (TIOCEXCL; root is let in nevertheless).
struct SerialPort {
    AttachedTty tty;
    bool attached_before = false;  ///< it is a CAN interface: somebody else's, or one that a crash left
};

/// Opens it without changing anything but that.
Result<SerialPort> open_serial(const std::string& device);

/// Makes it a CAN interface: raw and with 115,200 baud. Adapters with a USB interface of their own, which is
/// nearly all, take any speed, and this is what most others are delivered with.
Result<void> attach_discipline(const AttachedTty& tty, const std::string& device);

/// The name that the kernel has for the interface of an attached tty. It lives in the kernel's initial
/// network namespace (6.1), whoever attached it.
Result<InterfaceName> interface_of(const AttachedTty& tty, const std::string& device);

}  // namespace mqttcan::netlink
