// SPDX-License-Identifier: MIT
// Links and wishes in few words, for the tests of the planner. Included by those alone.
#pragma once

#include <gmock/gmock.h>

#include <optional>
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
/// An end of a vxcan of ours whose other end is here and UP as well.
inline Link end_of_pair(int ifindex, std::string name, int peer, std::string alias) {
    Link link = ours(ifindex, std::move(name), std::move(alias));
    link.kind = "vxcan";
    link.operstate = netlink::kOperstateUp;
    link.peer = {{.ifindex = peer}};
    return link;
}
/// The same with the other end in the namespace of that number.
inline Link away(Link link, int namespace_id) {
    link.peer->namespace_id = namespace_id;
    return link;
}
inline DesiredLink pair(std::string_view name, std::string_view link, std::string_view peer,
                        std::optional<NetworkNamespace> netns = {}) {
    DesiredLink wish = named(name, link, Kind::vxcan);
    wish.peer = {.interface = interface(peer), .netns = std::move(netns)};
    return wish;
}
/// A controller of 500 kbit/s that knows the classic modes.
inline Link controller(int ifindex, std::string name) {
    Link link = hardware(ifindex, std::move(name));
    link.controller = {{.settings = {.bitrate = 500000,
                                     .sample_point = 875,
                                     .listen_only = false,
                                     .one_shot = false,
                                     .restart = Duration::zero(),
                                     .tx_queue_length = 10},
                        .state = netlink::ControllerState::error_active}};
    return link;
}
inline DesiredLink configured(DesiredLink wish, CanSettings settings) {
    wish.settings = settings;
    return wish;
}
inline DesiredLink matching(std::string_view name, config::Match match) {
    return {.bus = bus(name), .kind = Kind::can, .interface = {}, .match = std::move(match)};
}
inline DesiredLink serial(std::string_view name, std::string_view link, std::string device) {
    DesiredLink wish = named(name, link, Kind::slcan);
    wish.device = std::move(device);
    wish.settings.bitrate = 500000;
    return wish;
}
inline Link down(Link link) {
    link.up = false;
    return link;
}
inline Actual actual(std::initializer_list<Link> links) {
    Actual all;
    for (const Link& link : links) {
        all.links.emplace(link.ifindex, link);
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
