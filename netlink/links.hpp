// SPDX-License-Identifier: MIT
// What we ask of the kernel about links, in our own words. KernelLinks (netlink/kernel_links.hpp) asks the
// real one, FakeLinks (tests/support) plays one in memory; one contract suite holds for both.
//
// One thread. Every call is complete when it returns: the link is as asked, or an Error says why not, with
// the kernel's errno as `code` (generic category) and place, object, reason and cure as `what`.
// Whoever calls decides what may be touched: nothing here checks ownership.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/can_settings.hpp"
#include "base/error.hpp"
#include "base/names.hpp"
#include "base/network_namespace.hpp"
#include "netlink/attached_tty.hpp"
#include "netlink/link.hpp"

namespace mqttcan::netlink {

struct VcanRequest {
    std::optional<InterfaceName> name;  ///< unset: the lowest free vcan0, vcan1, ...
    std::uint32_t mtu = kFdMtu;  ///< bytes: kClassicMtu or kFdMtu (the kernel would take nonsense here)
    std::string alias;           ///< at most 255 bytes
};

struct VxcanRequest {
    InterfaceName name;
    InterfaceName peer;          ///< in our namespace too, until move_peer()
    std::uint32_t mtu = kFdMtu;  ///< bytes, of both ends
    std::string alias;           ///< at most 255 bytes
    std::string peer_alias;
};

struct SlcanRequest {
    std::string device;  ///< absolute path of the tty
    InterfaceName name;
    std::string alias;  ///< at most 255 bytes
};

/// A link that lives for as long as its tty is attached.
struct SerialLink {
    AttachedTty tty;
    Link link;
};

/// A network namespace as seen from ours.
struct NamespaceView {
    bool exists = false;
    bool ours = false;
    /// As in PeerPlace::namespace_id; unset while the kernel has given it no number, which it does when a
    /// link of ours first has its peer there.
    std::optional<int> id = {};

    bool operator==(const NamespaceView&) const = default;
};

/// Counted by the controller's driver since the interface was made (struct can_device_stats,
/// can_berr_counter).
struct ControllerStatistics {
    ControllerState state = ControllerState::stopped;
    std::uint16_t tx_errors = 0;  ///< TEC of ISO 11898-1, 0-255 and above
    std::uint16_t rx_errors = 0;  ///< REC
    std::uint32_t bus_errors = 0;
    std::uint32_t error_warnings = 0;
    std::uint32_t error_passives = 0;
    std::uint32_t bus_offs = 0;
    std::uint32_t arbitration_lost = 0;
    std::uint32_t restarts = 0;

    bool operator==(const ControllerStatistics&) const = default;
};

class Links {
  public:
    virtual ~Links() = default;

    /// Creates a vcan in kOwnedGroup, UP, with that MTU, then gives it the alias. EEXIST if the name is
    /// taken, by whatever kind. If a step after the creation fails, removes what it made. Returns the link as
    /// it is now.
    virtual Result<Link> create_vcan(const VcanRequest&) = 0;

    /// Creates a pair in kOwnedGroup, both ends in our namespace and DOWN, then gives them their aliases.
    /// EEXIST if either name is taken. If a step after the creation fails, removes what it made. Returns our
    /// end.
    virtual Result<Link> create_vxcan(const VxcanRequest&) = 0;

    /// Moves a link to another network namespace, gives it that name there and sets it UP, in one request:
    /// needs CAP_NET_ADMIN, not setns(). ENOENT or ESRCH if there is no such namespace, EINVAL if the path is
    /// none, EEXIST if the name is taken there (and then it stays, unless the name was taken this very
    /// moment). Afterwards the link is out of reach: only its peer tells of it. If the namespace is ours, it
    /// is renamed and set UP. A link of that name there that has the same alias, is in kOwnedGroup and has
    /// its own peer elsewhere is a leftover, whose near end somebody moved out of reach: it goes, with its
    /// pair.
    virtual Result<void> move(int ifindex, const NetworkNamespace&, const InterfaceName&) = 0;

    /// A peer in another namespace, as it is there; empty if it is gone. Needs CAP_NET_ADMIN there, not
    /// setns().
    virtual Result<std::optional<Link>> find_peer(const PeerPlace&) = 0;

    /// Never an error for a namespace that does not exist.
    virtual Result<NamespaceView> look_at(const NetworkNamespace&) = 0;

    /// Attaches the slcan line discipline to a tty and names the link that comes of it; it is DOWN, in
    /// kOwnedGroup and has the alias. ENOENT without the device, EEXIST if the name is taken, EBUSY if
    /// another program has the tty for itself or attached it; if the link of that is in kOwnedGroup and has
    /// the same alias, it is a leftover, and made anew. Resetting the tty removes the link.
    virtual Result<SerialLink> attach_slcan(const SlcanRequest&) = 0;

    /// Sets a controller's parameters, those that are set and no others, in one request. EBUSY while the link
    /// is UP (but for tx_queue_length and termination), EDOM, ERANGE or EINVAL for what the controller cannot
    /// do, EOPNOTSUPP for what its driver does not know, and for a link that has no controller. A mode that
    /// is to be off and that the driver does not know is no fault; link.controller has it unset then. What
    /// was not refused may have been set all the same; link.controller tells what the kernel made of it.
    virtual Result<void> configure(int ifindex, const CanSettings&) = 0;

    /// Ends bus-off now. EBUSY if the controller is not in bus-off or restarts by itself; EOPNOTSUPP where
    /// only setting the link down and up helps (slcan).
    virtual Result<void> restart(int ifindex) = 0;

    /// EOPNOTSUPP for a link that has no controller.
    virtual Result<ControllerStatistics> statistics(int ifindex) = 0;

    /// ENODEV if there is no such link, here and below (for those above as well). A controller whose bit rate
    /// is not set: EINVAL, but for slcan, which leaves it to the adapter. A serial adapter that takes
    /// nothing: ETIMEDOUT after a second, and set_down() takes a second, too.
    virtual Result<void> set_up(int ifindex) = 0;
    virtual Result<void> set_down(int ifindex) = 0;
    /// EBUSY while the link is UP, EINVAL for an MTU that is none of CAN's.
    virtual Result<void> set_mtu(int ifindex, std::uint32_t mtu) = 0;
    /// ERANGE above 255 bytes; "" takes the alias away. A watcher is not told if the link is DOWN
    /// (kernel 6.1).
    virtual Result<void> set_alias(int ifindex, const std::string& alias) = 0;
    /// EBUSY while the link is UP, EEXIST if another link has the name.
    virtual Result<void> rename(int ifindex, const InterfaceName&) = 0;
    /// EOPNOTSUPP for hardware (where the kernel itself reports success and does nothing).
    virtual Result<void> remove(int ifindex) = 0;

    /// Links of any type, not only CAN; empty if there is none.
    virtual Result<std::optional<Link>> find(int ifindex) = 0;
    virtual Result<std::optional<Link>> find(const InterfaceName&) = 0;
};

}  // namespace mqttcan::netlink
