// SPDX-License-Identifier: MIT
// Links and wishes in few words, for the tests of the planner. Included by those alone.
#pragma once

#include <gmock/gmock.h>

#include <string>
#include <string_view>
#include <utility>

#include "daemon/supervisor/plan.hpp"

namespace mqttcan::supervisor {

using config::Kind;
using netlink::Link;

inline EntryName bus(std::string_view name) {
    return EntryName::parse(name).value();
}
inline InterfaceName interface(std::string_view name) {
    return InterfaceName::parse(name).value();
}

inline DesiredLink named(std::string_view name, std::string_view link, Kind kind = Kind::vcan) {
    return {.bus = bus(name), .kind = kind, .interface = interface(link)};
}
inline DesiredLink numbered(std::string_view name) {
    return {.bus = bus(name), .interface = {}};
}

inline Link vcan(int ifindex, std::string name) {
    return {
        .ifindex = ifindex, .name = std::move(name), .kind = "vcan", .is_can = true, .up = true, .mtu = 72};
}
inline Link ours(int ifindex, std::string name, std::string alias) {
    Link link = vcan(ifindex, std::move(name));
    link.group = netlink::kOwnedGroup;
    link.alias = std::move(alias);
    return link;
}
inline Link hardware(int ifindex, std::string name) {
    Link link = vcan(ifindex, std::move(name));
    link.kind = "can";
    link.operstate = netlink::kOperstateUp;
    link.mtu = 16;
    return link;
}
inline Link down(Link link) {
    link.up = false;
    return link;
}
inline Actual actual(std::initializer_list<Link> links) {
    Actual all;
    for (const Link& link : links) {
        all.emplace(link.ifindex, link);
    }
    return all;
}
inline Plan plan_default(const Desired& desired, const Actual& now) {
    return plan(desired, now, "");
}
inline const Assignment& of(const Plan& made, std::string_view name) {
    return made.buses.at(bus(name));
}

inline auto is_ready(int ifindex) {
    return ::testing::VariantWith<Ready>(Ready{ifindex});
}
template <typename Matcher>
auto is_waiting(Matcher reason) {
    return ::testing::VariantWith<Waiting>(::testing::Field(&Waiting::reason, reason));
}
template <typename Matcher>
auto is_refused(Matcher reason) {
    return ::testing::VariantWith<Refused>(::testing::Field(&Refused::reason, reason));
}
inline auto removes(int ifindex) {
    return ::testing::VariantWith<Remove>(::testing::Field(&Remove::ifindex, ifindex));
}

}  // namespace mqttcan::supervisor
