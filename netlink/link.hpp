// SPDX-License-Identifier: MIT
// What the kernel says about one network link, as a value of ours: copied freely, any thread, cannot fail.
// A link is known by its ifindex: names change (rename) and come back as another link (delete and create),
// an ifindex does neither while the link lives. Alias and name are world-writable by CAP_NET_ADMIN and hold
// arbitrary bytes: quote before printing, parse before believing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/can_settings.hpp"

namespace mqttcan::netlink {

/// The group of every link that we create: "mc". It is the only mark that the creating RTM_NEWLINK sets
/// together with the link; IFLA_IFALIAS is silently ignored there (probed on 6.1), so it follows in a second
/// request.
inline constexpr std::uint32_t kOwnedGroup = 0x6d63;

/// MTUs of CAN links, in bytes: sizeof(can_frame) and sizeof(canfd_frame).
inline constexpr std::uint32_t kClassicMtu = 16;
inline constexpr std::uint32_t kFdMtu = 72;

/// RFC 2863 states as the kernel numbers them (IF_OPER_UNKNOWN, IF_OPER_UP). vcan stays at unknown for life;
/// vxcan and hardware go through down to up.
inline constexpr int kOperstateUnknown = 0;
inline constexpr int kOperstateUp = 6;

/// enum can_state, CAN_STATE_*, as linux/can/netlink.h numbers it.
enum class ControllerState { error_active, error_warning, error_passive, bus_off, stopped, sleeping };

/// What drivers of CAN controllers (IFLA_INFO_KIND "can": hardware and slcan) tell beside what every link
/// has.
struct Controller {
    CanSettings settings = {};  ///< as they are; a member that the driver does not know is unset
    ControllerState state = ControllerState::stopped;

    bool operator==(const Controller&) const = default;
};

/// Where the other end of a vxcan is.
struct PeerPlace {
    int ifindex = 0;  ///< in its own namespace
    /// By which number our namespace knows the peer's (IFLA_LINK_NETNSID); unset: it is ours.
    std::optional<int> namespace_id = {};

    bool operator==(const PeerPlace&) const = default;
};

/// What udev knows of hardware; empty where it knows nothing (yet).
struct Device {
    std::string serial = {};  ///< ID_SERIAL_SHORT
    std::string path = {};    ///< ID_PATH
    std::string driver = {};  ///< ID_NET_DRIVER

    bool operator==(const Device&) const = default;
};

struct Link {
    int ifindex = 0;
    std::string name = {};
    std::string kind = {};  ///< "vcan", "vxcan", "can" (hardware, slcan); "" if the driver names none
    bool is_can = false;    ///< ARPHRD_CAN, whatever the kind
    bool up = false;        ///< IFF_UP: what the administrator wants
    bool running = false;   ///< IFF_RUNNING
    bool echo = false;      ///< IFF_ECHO: its driver tells the sender when a frame has left
    int operstate = kOperstateUnknown;
    std::uint32_t mtu = 0;  ///< bytes: kClassicMtu or kFdMtu
    std::uint32_t group = 0;
    std::string alias = {};
    std::optional<Controller> controller = {};  ///< kind "can" only
    std::optional<PeerPlace> peer = {};         ///< kind "vxcan" only
    Device device = {};                         ///< filled by LinkWatcher alone

    bool operator==(const Link&) const = default;
};

/// Whether frames can be exchanged on it now. A vxcan loses frames silently until its operstate is UP
/// (unknown, where it begins, will not do). For a vcan, unknown for life, and for a controller IFF_UP is
/// enough: in bus-off a controller has no carrier, yet its socket goes on working and reports the recovery.
bool usable(const Link&);

}  // namespace mqttcan::netlink
