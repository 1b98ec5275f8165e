// SPDX-License-Identifier: MIT
// The kernel's own links, over rtnetlink(7). Owns a request socket that belongs to the network namespace in
// which it was opened. One thread; calls block while the kernel works (about 0.1 ms; the first vcan may load
// a module). Changing needs CAP_NET_ADMIN, find() needs nothing.
#pragma once

#include <memory>

#include "netlink/links.hpp"

namespace mqttcan::netlink {

class RouteSocket;

class KernelLinks final : public Links {
  public:
    static Result<std::unique_ptr<KernelLinks>> open();
    ~KernelLinks() override;

    Result<Link> create_vcan(const VcanRequest&) override;
    Result<void> set_up(int ifindex) override;
    Result<void> set_down(int ifindex) override;
    Result<void> set_mtu(int ifindex, std::uint32_t mtu) override;
    Result<void> set_alias(int ifindex, const std::string& alias) override;
    Result<void> rename(int ifindex, const InterfaceName&) override;
    Result<void> remove(int ifindex) override;
    Result<std::optional<Link>> find(int ifindex) override;
    Result<std::optional<Link>> find(const InterfaceName&) override;

  private:
    explicit KernelLinks(std::unique_ptr<RouteSocket>);
    Result<InterfaceName> create_numbered(std::uint32_t mtu);
    Result<Link> finish(const InterfaceName&, const std::string& alias);
    /// "vcan0", or "link 7" when the kernel no longer knows it.
    std::string name_of(int ifindex);

    std::unique_ptr<RouteSocket> socket_;
};

}  // namespace mqttcan::netlink
