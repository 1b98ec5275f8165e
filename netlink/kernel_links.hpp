// SPDX-License-Identifier: MIT
// The kernel's own links, over rtnetlink(7). Owns a request socket that belongs to the network namespace in
// which it was opened. One thread; calls block while the kernel works (about 0.1 ms; the first vcan may load
// a module; a serial adapter that does not listen costs a second). Changing needs CAP_NET_ADMIN, find()
// needs nothing. One implementation file per kind of duty: kernel_*.cpp.
#pragma once

#include <memory>

#include "netlink/links.hpp"

namespace mqttcan::netlink {

class RouteSocket;
struct SerialPort;

class KernelLinks final : public Links {
  public:
    static Result<std::unique_ptr<KernelLinks>> open();
    ~KernelLinks() override;

    Result<Link> create_vcan(const VcanRequest&) override;
    Result<Link> create_vxcan(const VxcanRequest&) override;
    Result<void> move(int ifindex, const NetworkNamespace&, const InterfaceName&) override;
    Result<std::optional<Link>> find_peer(const PeerPlace&) override;
    Result<NamespaceView> look_at(const NetworkNamespace&) override;
    Result<SerialLink> attach_slcan(const SlcanRequest&) override;
    Result<void> configure(int ifindex, const CanSettings&) override;
    Result<void> restart(int ifindex) override;
    Result<ControllerStatistics> statistics(int ifindex) override;
    Result<void> set_up(int ifindex) override;
    Result<void> set_down(int ifindex) override;
    Result<void> set_mtu(int ifindex, std::uint32_t mtu) override;
    Result<void> set_alias(int ifindex, const std::string& alias) override;
    Result<void> rename(int ifindex, const InterfaceName&) override;
    Result<void> remove(int ifindex) override;
    Result<std::optional<Link>> find(int ifindex) override;
    Result<std::optional<Link>> find(const InterfaceName&) override;

  private:
    KernelLinks(std::unique_ptr<RouteSocket>, UniqueFd home);

    // kernel_create.cpp
    Result<InterfaceName> create_numbered(std::uint32_t mtu);
    Result<Link> created(const InterfaceName&, const char* kind);
    Result<Link> finish(const Link&, const std::string& alias);
    // kernel_namespaces.cpp
    struct Place;
    Result<std::optional<int>> number_of(const Place&, const std::string& action);
    Result<bool> is_home(const Place&, std::optional<int> id);
    Result<int> number(const Place&, const std::string& action);
    Result<std::optional<Link>> find_there(int namespace_id, const InterfaceName&, const std::string& action);
    Result<void> make_room(int ifindex, int namespace_id, const Link& taken, const std::string& action);
    // kernel_slcan.cpp
    Result<void> release(SerialPort&, const SlcanRequest&);
    Result<Link> name_link(const AttachedTty&, const SlcanRequest&);
    // kernel_controller.cpp
    Result<Link> controller_of(int ifindex, const char* doing);

    /// "vcan0", or "link 7" when the kernel no longer knows it.
    std::string name_of(int ifindex);

    std::unique_ptr<RouteSocket> socket_;
    UniqueFd home_;  ///< the namespace of socket_
};

}  // namespace mqttcan::netlink
