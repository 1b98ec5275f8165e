// SPDX-License-Identifier: MIT
// The kernel's links in memory, as far as netlink::Links can tell: links_contract.hpp holds for both. Tests
// reach behind it with the functions that netlink::Links has not, to play the other programs of the machine.
#pragma once

#include <algorithm>
#include <cerrno>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "netlink/links.hpp"

namespace mqttcan::testing {

class FakeLinks final : public netlink::Links {
  public:
    using Link = netlink::Link;

    // ---- what other programs do

    const std::map<int, Link>& all() const { return links_; }

    /// Any link, made by somebody else; gets the next ifindex.
    int add(Link link) {
        link.ifindex = next_++;
        links_.emplace(link.ifindex, link);
        return link.ifindex;
    }
    int add_vcan(const std::string& name, bool up = true) {
        return add(
            {.name = name, .kind = "vcan", .is_can = true, .up = up, .running = up, .mtu = netlink::kFdMtu});
    }
    int add_hardware(const std::string& name, bool up) {
        return add({.name = name,
                    .kind = "can",
                    .is_can = true,
                    .up = up,
                    .running = up,
                    .operstate = up ? netlink::kOperstateUp : 2,
                    .mtu = netlink::kClassicMtu});
    }
    /// Whatever `change` does to the link, the rules of the kernel aside.
    template <typename Change>
    void tamper(int ifindex, Change change) {
        change(links_.at(ifindex));
    }
    void erase(int ifindex) { links_.erase(ifindex); }

    bool privileged = true;           ///< CAP_NET_ADMIN
    bool has_vcan = true;             ///< the kernel has the module
    bool dies_before_naming = false;  ///< create_vcan() leaves what a crash in its middle would

    // ---- netlink::Links

    Result<Link> create_vcan(const netlink::VcanRequest& request) override {
        if (!privileged || !has_vcan) {
            return fail_errno(privileged ? EOPNOTSUPP : EPERM, "creating a vcan");
        }
        const std::string name = request.name ? request.name->str() : lowest_free();
        if (find_name(name) != nullptr) {
            return fail_errno(EEXIST, "creating ", name);
        }
        const int ifindex = add_vcan(name);
        Link& link = links_.at(ifindex);
        link.mtu = request.mtu;
        link.group = netlink::kOwnedGroup;
        if (dies_before_naming) {
            return fail_errno(EINTR, "creating ", name);
        }
        if (auto named = set_alias(ifindex, request.alias); !named) {
            erase(ifindex);
            return std::unexpected(std::move(named.error()));
        }
        return link;
    }

    Result<void> set_up(int ifindex) override {
        return change(ifindex, [](Link& link) { return set_flag(link, true); });
    }
    Result<void> set_down(int ifindex) override {
        return change(ifindex, [](Link& link) { return set_flag(link, false); });
    }
    Result<void> set_mtu(int ifindex, std::uint32_t mtu) override {
        return change(ifindex, [&](Link& link) {
            if (link.up) {
                return EBUSY;
            }
            if (mtu != netlink::kClassicMtu && mtu != netlink::kFdMtu) {
                return EINVAL;
            }
            link.mtu = mtu;
            return 0;
        });
    }
    Result<void> set_alias(int ifindex, const std::string& alias) override {
        return change(ifindex, [&](Link& link) {
            if (alias.size() > 255) {
                return ERANGE;
            }
            link.alias = alias;
            return 0;
        });
    }
    Result<void> rename(int ifindex, const InterfaceName& name) override {
        return change(ifindex, [&](Link& link) {
            if (link.up) {
                return EBUSY;
            }
            if (const Link* other = find_name(name.str()); other != nullptr && other != &link) {
                return EEXIST;
            }
            link.name = name.str();
            return 0;
        });
    }
    Result<void> remove(int ifindex) override {
        auto removed = change(ifindex, [](Link& link) { return link.kind == "can" ? EOPNOTSUPP : 0; });
        if (removed) {
            erase(ifindex);
        }
        return removed;
    }
    Result<std::optional<Link>> find(int ifindex) override {
        const auto at = links_.find(ifindex);
        return at == links_.end() ? std::nullopt : std::optional(at->second);
    }
    Result<std::optional<Link>> find(const InterfaceName& name) override {
        const Link* link = find_name(name.str());
        return link == nullptr ? std::nullopt : std::optional(*link);
    }

  private:
    template <typename Change>
    Result<void> change(int ifindex, Change apply) {
        const auto at = links_.find(ifindex);
        const int number = !privileged ? EPERM : at == links_.end() ? ENODEV : apply(at->second);
        return number == 0 ? Result<void>() : Result<void>(fail_errno(number, "changing link ", ifindex));
    }
    /// vcan's operstate is unknown for life; hardware's follows.
    static int set_flag(Link& link, bool up) {
        link.up = link.running = up;
        if (link.kind != "vcan") {
            link.operstate = up ? netlink::kOperstateUp : 2;
        }
        return 0;
    }
    const Link* find_name(const std::string& name) const {
        const auto at = std::ranges::find(links_, name, [](const auto& entry) { return entry.second.name; });
        return at == links_.end() ? nullptr : &at->second;
    }
    std::string lowest_free() const {
        int number = 0;
        while (find_name(text("vcan", number)) != nullptr) {
            ++number;
        }
        return text("vcan", number);
    }

    std::map<int, Link> links_;
    int next_ = 2;  ///< 1 is lo
};

}  // namespace mqttcan::testing
