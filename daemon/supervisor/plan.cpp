// SPDX-License-Identifier: MIT
#include "daemon/supervisor/plan.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/text.hpp"
#include "daemon/supervisor/planner.hpp"

namespace mqttcan::supervisor {
namespace {

constexpr std::string_view kAliasHead = "mqttcan:";
constexpr std::string_view kPeerAliasHead = "mqttcan-peer:";

std::string marked(std::string_view head, const EntryName& bus, const std::string& instance) {
    return text(head, bus.str(), instance.empty() ? "" : "@", instance);
}

template <typename Visit>
void for_each_setting(Visit visit) {
    visit(&CanSettings::bitrate);
    visit(&CanSettings::sample_point);
    visit(&CanSettings::data_bitrate);
    visit(&CanSettings::data_sample_point);
    visit(&CanSettings::fd);
    visit(&CanSettings::listen_only);
    visit(&CanSettings::one_shot);
    visit(&CanSettings::triple_sampling);
    visit(&CanSettings::berr_reporting);
    visit(&CanSettings::restart);
    visit(&CanSettings::termination);
    visit(&CanSettings::tx_queue_length);
}

template <typename T>
bool is_met(const std::optional<T>& wanted, const std::optional<T>& actual) {
    return !wanted || wanted == actual;
}

/// A mode that the driver does not know is off.
bool is_met(const std::optional<bool>& wanted, const std::optional<bool>& actual) {
    return !wanted || *wanted == actual.value_or(false);
}

}  // namespace

std::string alias_for(const EntryName& bus, const std::string& instance) {
    return marked(kAliasHead, bus, instance);
}

std::string peer_alias_for(const EntryName& bus, const std::string& instance) {
    return marked(kPeerAliasHead, bus, instance);
}

std::optional<Mark> parse_alias(std::string_view alias) {
    if (!alias.starts_with(kAliasHead)) {
        return std::nullopt;
    }
    alias.remove_prefix(kAliasHead.size());
    const std::size_t at = alias.find('@');  // no bus name holds one
    const bool named = at != std::string_view::npos;
    auto bus = EntryName::parse(alias.substr(0, at));
    if (!bus || (named && at + 1 == alias.size())) {
        return std::nullopt;
    }
    return Mark{std::move(*bus), std::string(named ? alias.substr(at + 1) : std::string_view())};
}

InterfaceName passing_name(const EntryName& bus, const std::string& instance) {
    // FNV-1a, 32 bit: two buses that meet here are told apart by EEXIST and try again.
    std::uint32_t hash = 0x811c9dc5;
    for (const char byte : alias_for(bus, instance)) {
        hash = (hash ^ static_cast<unsigned char>(byte)) * 0x01000193;
    }
    std::string name = "mqttcan";
    for (int shift = 28; shift >= 0; shift -= 4) {
        name += "0123456789abcdef"[hash >> shift & 0xf];
    }
    return InterfaceName::parse(name).value();
}

CanSettings differing(const CanSettings& wanted, const CanSettings& actual) {
    CanSettings result;
    for_each_setting([&](auto member) {
        if (!is_met(wanted.*member, actual.*member)) {
            result.*member = wanted.*member;
        }
    });
    return result;
}

CanSettings restricted(const CanSettings& settings, const CanSettings& wanted) {
    CanSettings result;
    for_each_setting([&](auto member) {
        if (wanted.*member) {
            result.*member = settings.*member;
        }
    });
    return result;
}

bool needs_down(const CanSettings& settings) {
    CanSettings harmless;
    harmless.termination = settings.termination;
    harmless.tx_queue_length = settings.tx_queue_length;
    return settings != harmless;
}

Plan plan(const Desired& desired, const Actual& actual, const std::string& instance,
          const std::set<int>& stale_leftovers) {
    return Planner(desired, actual, instance).make(stale_leftovers);
}

std::vector<Action> stop_actions(const Desired& desired, const Actual& actual, const std::string& instance) {
    std::vector<Action> actions;
    for (const auto& [ifindex, link] : actual.links) {
        const auto mark = parse_alias(link.alias);
        const bool created = link.kind == "vcan" || link.kind == "vxcan";
        if (!created || link.group != netlink::kOwnedGroup || !mark || mark->instance != instance) {
            continue;
        }
        const auto wish = std::ranges::find(desired, mark->bus, &DesiredLink::bus);
        if (wish == desired.end()) {
            actions.emplace_back(Remove{ifindex, text("bus ", mark->bus.str(), " is no longer configured")});
        } else if (wish->on_stop == config::OnStop::remove) {
            actions.emplace_back(
                Remove{ifindex, text("bus ", mark->bus.str(), " says \"on_stop\": \"remove\"")});
        } else if (link.up) {
            actions.emplace_back(SetDown{ifindex});
        }
    }
    return actions;
}

}  // namespace mqttcan::supervisor
