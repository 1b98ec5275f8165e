// SPDX-License-Identifier: MIT
// Inside the room only: the tty side of slcan, where a line discipline makes a network interface of a serial
// line. One kind, one file. Nothing waits for the device.
#pragma once

#include <string>

#include "base/error.hpp"
#include "base/unique_fd.hpp"

namespace mqttcan::netlink {

/// Opens a tty for us alone (TIOCEXCL; root is let in nevertheless), raw and with 115,200 baud: adapters with
/// a USB interface of their own, which is nearly all, take any speed, and this is what most others are
/// delivered with.
Result<UniqueFd> open_serial(const std::string& device);

/// Makes it a CAN interface and returns the name that the kernel gave that. The interface lives in the
/// kernel's initial network namespace (6.1), whoever asks.
Result<std::string> attach_discipline(const UniqueFd& tty, const std::string& device);

/// Takes the interface away. Closing the tty does, too, if no other descriptor of it is open.
void detach_discipline(const UniqueFd& tty);

}  // namespace mqttcan::netlink
