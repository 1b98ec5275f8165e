// SPDX-License-Identifier: MIT
// The kernel's links in memory, as far as netlink::Links can tell: links_contract.hpp holds for both. Tests
// reach behind it with the functions that netlink::Links has not, to play the other programs of the machine,
// its other network namespaces and its hardware.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "netlink/links.hpp"

namespace mqttcan::testing {

class FakeLinks final : public netlink::Links {
  public:
    using Link = netlink::Link;

    // ---- what other programs do

    /// Of our namespace.
    const std::map<int, Link>& all();

    /// Any link, made by somebody else; gets the next ifindex. A vxcan without `peer` is one whose other end
    /// nobody looks at.
    int add(Link link);
    int add_vcan(const std::string& name, bool up = true);
    /// With the modes of a classic controller, a bit rate of 500,000 and no termination. tamper() with
    /// controller->settings gives it more: what is unset there, its driver does not know.
    int add_hardware(const std::string& name, bool up);
    /// Whatever `change` does to the link, the rules of the kernel aside.
    template <typename Change>
    void tamper(int ifindex, Change change) {
        change(links_.at(ifindex));
        settle();
    }
    /// A vxcan takes its other end along, wherever that is.
    void erase(int ifindex);

    bool privileged = true;  ///< CAP_NET_ADMIN
    bool has_vcan = true;    ///< the kernel has the module, here and below
    bool has_vxcan = true;
    bool has_slcan = true;
    bool dies_before_naming = false;  ///< create_*() leave what a crash in their middle would

    // ---- other network namespaces

    void add_namespace(const NetworkNamespace&);
    /// With all links in it, and their other ends here.
    void remove_namespace(const NetworkNamespace&);
    /// A link in there, for the name of which there is a conflict.
    void add_elsewhere(const NetworkNamespace&, const std::string& name);
    /// What is there by that name; changes reach our end as the kernel would have it.
    std::optional<Link> find_elsewhere(const NetworkNamespace&, const std::string& name) const;
    void set_up_elsewhere(const NetworkNamespace&, const std::string& name, bool up);
    /// Names of our own namespace.
    std::set<NetworkNamespace> ours;

    // ---- hardware

    /// A serial adapter appears. A deaf one can be attached, but not set up.
    void plug(const std::string& device, bool deaf = false);
    /// It vanishes, with its link; the tty that was handed out is at its end then.
    void unplug(const std::string& device);
    /// The driver's counters; the state in there is ignored, that of the link counts.
    netlink::ControllerStatistics& counters(int ifindex) { return counters_[ifindex]; }

    // ---- netlink::Links

    Result<Link> create_vcan(const netlink::VcanRequest&) override;
    Result<Link> create_vxcan(const netlink::VxcanRequest&) override;
    Result<void> move(int ifindex, const NetworkNamespace&, const InterfaceName&) override;
    Result<std::optional<Link>> find_peer(const netlink::PeerPlace&) override;
    Result<netlink::NamespaceView> look_at(const NetworkNamespace&) override;
    Result<netlink::SerialLink> attach_slcan(const netlink::SlcanRequest&) override;
    Result<void> configure(int ifindex, const CanSettings&) override;
    Result<void> restart(int ifindex) override;
    Result<netlink::ControllerStatistics> statistics(int ifindex) override;
    Result<void> set_up(int ifindex) override;
    Result<void> set_down(int ifindex) override;
    Result<void> set_mtu(int ifindex, std::uint32_t mtu) override;
    Result<void> set_alias(int ifindex, const std::string& alias) override;
    Result<void> rename(int ifindex, const InterfaceName&) override;
    Result<void> remove(int ifindex) override;
    Result<std::optional<Link>> find(int ifindex) override;
    Result<std::optional<Link>> find(const InterfaceName&) override;

  private:
    struct Away {
        NetworkNamespace space;
        Link link;
    };
    struct Serial {
        bool deaf = false;
        std::optional<int> ifindex = {};
        UniqueFd our_end = {};  ///< tells when the other one, which was handed out, is closed
    };

    /// `errno_of` changes the link or says why not.
    Result<void> change(int ifindex, const std::function<int(Link&)>& errno_of);
    int set_flag(Link& link, bool up);
    int accept(const Link&, const CanSettings&) const;
    const Serial* serial_of(int ifindex) const;
    const Link* find_name(const std::string& name) const;
    std::string lowest_free() const;
    /// Whatever follows from what was done: closed ttys, the state of pairs.
    void settle();
    void settle_pair(Link& link);
    Link* end_of_pair(int ifindex);

    std::map<int, Link> links_;
    std::map<int, Away> away_;  ///< in other namespaces; the fake numbers all links of the machine at once
    std::map<NetworkNamespace, std::optional<int>> namespaces_;  ///< with the numbers we have for them
    std::map<std::string, Serial> serials_;
    std::map<int, netlink::ControllerStatistics> counters_;
    int next_ = 2;  ///< 1 is lo
    int next_namespace_ = 0;
};

}  // namespace mqttcan::testing
