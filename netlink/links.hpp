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

#include "base/error.hpp"
#include "base/names.hpp"
#include "netlink/link.hpp"

namespace mqttcan::netlink {

struct VcanRequest {
    std::optional<InterfaceName> name;  ///< unset: the lowest free vcan0, vcan1, ...
    std::uint32_t mtu = kFdMtu;  ///< bytes: kClassicMtu or kFdMtu (the kernel would take nonsense here)
    std::string alias;           ///< at most 255 bytes
};

class Links {
  public:
    virtual ~Links() = default;

    /// Creates a vcan in kOwnedGroup, UP, with that MTU, then gives it the alias. EEXIST if the name is
    /// taken, by whatever kind. If a step after the creation fails, removes what it made. Returns the link as
    /// it is now.
    virtual Result<Link> create_vcan(const VcanRequest&) = 0;

    /// ENODEV if there is no such link, here and below.
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
