// SPDX-License-Identifier: MIT
#include "daemon/supervisor/plan.hpp"

#include <algorithm>
#include <functional>

#include "base/text.hpp"

namespace mqttcan::supervisor {
namespace {

using config::Kind;
using netlink::Link;

constexpr std::string_view kAliasHead = "mqttcan:";
constexpr std::string_view kVcan = "vcan";

/// A wish is met by at most one link and a link meets at most one wish. Planner keeps both sides.
class Planner {
  public:
    Planner(const Desired& desired, const Actual& actual, const std::string& instance)
        : desired_(desired), actual_(actual), instance_(instance) {}

    Plan make(const std::set<int>& stale_leftovers) {
        // Names first: a link that a bus calls by its name is never given to one that takes any.
        for (const DesiredLink& wish : desired_) {
            if (wish.interface) {
                place_named(wish);
            }
        }
        for (const DesiredLink& wish : desired_) {
            if (!plan_.buses.contains(wish.bus)) {
                place_by_alias(wish);
            }
        }
        sweep(stale_leftovers);
        // Removals free what others want. Names before numbers, or a numbered vcan might take a wanted name.
        for (auto* group : {&removals_, &changes_, &named_, &numbered_}) {
            std::ranges::move(*group, std::back_inserter(plan_.actions));
        }
        return std::move(plan_);
    }

  private:
    const Link* by_name(const InterfaceName& name) const {
        const auto at =
            std::ranges::find(actual_, name.str(), [](const auto& entry) { return entry.second.name; });
        return at == actual_.end() ? nullptr : &at->second;
    }

    std::optional<Mark> mark_of(const Link& link) const {
        if (link.kind != kVcan || link.group != netlink::kOwnedGroup) {
            return std::nullopt;
        }
        auto mark = parse_alias(link.alias);
        return mark && mark->instance == instance_ ? mark : std::nullopt;
    }

    bool ours(const Link& link) const { return mark_of(link).has_value(); }

    static bool leftover(const Link& link) {
        return link.kind == kVcan && link.group == netlink::kOwnedGroup && link.alias.empty();
    }

    void wait(const DesiredLink& wish, std::string reason) {
        plan_.buses.insert_or_assign(wish.bus, Waiting{std::move(reason)});
    }
    void refuse(const DesiredLink& wish, std::string reason) {
        plan_.buses.insert_or_assign(wish.bus, Refused{std::move(reason)});
    }

    void place_named(const DesiredLink& wish) {
        if (const auto [owner, first] = wanted_.emplace(*wish.interface, std::cref(wish.bus)); !first) {
            refuse(wish, text(wish.interface->str(), " belongs to bus ", owner->second.get().str(),
                              " already: an interface can carry one bus only"));
            return;
        }
        const Link* link = by_name(*wish.interface);
        if (link == nullptr) {
            if (wish.kind != Kind::vcan) {
                wait(wish, text("waiting for ", wish.interface->str(), ", which does not exist",
                                wish.kind == Kind::can ? " yet: plug it in, or load its driver" : " yet"));
            }
            return;  // a vcan may have been renamed: place_by_alias() looks, or creates it
        }
        if (const std::string wrong = misfit(wish, *link); !wrong.empty()) {
            refuse(wish, wrong);
            return;
        }
        claim(wish, *link);
    }

    /// Why the link that has the name cannot be what the bus declares; empty if it can.
    static std::string misfit(const DesiredLink& wish, const Link& link) {
        const bool is_virtual = link.kind == kVcan || link.kind == "vxcan";
        if (!link.is_can) {
            return text(link.name, " is no CAN interface (", link.kind.empty() ? "hardware" : link.kind,
                        "): choose another name");
        }
        if (wish.kind == Kind::vcan && link.kind != kVcan) {
            return is_virtual
                       ? text(link.name, " is a ", link.kind, ", not a vcan: choose another name")
                       : text(link.name, " is CAN hardware, not a vcan: write \"kind\": \"can\" to use it");
        }
        if (wish.kind == Kind::can && is_virtual) {
            return text(
                link.name, " is a ", link.kind, ", not CAN hardware",
                link.kind == kVcan ? ": write \"kind\": \"vcan\" to use it" : ": choose another name");
        }
        return {};
    }

    void claim(const DesiredLink& wish, const Link& link) {
        claimed_.insert(link.ifindex);
        if (wish.kind == Kind::vcan && (ours(link) || leftover(link))) {
            put_right(wish, link);
        }
        if (netlink::usable(link)) {
            plan_.buses.insert_or_assign(wish.bus, Ready{link.ifindex});
        } else {
            wait(wish, why_unusable(wish, link));
        }
    }

    void put_right(const DesiredLink& wish, const Link& link) {
        if (wish.interface && link.name != wish.interface->str()) {
            changes_.push_back(Rename{link.ifindex, *wish.interface});
        }
        if (link.mtu != wish.mtu) {
            changes_.push_back(SetMtu{link.ifindex, wish.mtu});
        } else if (!link.up) {
            changes_.push_back(SetUp{link.ifindex});
        }
        // Last: an alias that is set on a link that is down makes no event.
        if (const std::string alias = alias_for(wish.bus, instance_); link.alias != alias) {
            changes_.push_back(SetAlias{link.ifindex, alias});
        }
    }

    std::string why_unusable(const DesiredLink& wish, const Link& link) const {
        if (wish.kind == Kind::vcan && (ours(link) || leftover(link))) {
            return text(link.name, " is down: it is being set up");
        }
        if (link.up) {
            return text(link.name, " is up, but its other end is not: set that up as well");
        }
        const bool is_virtual = link.kind == kVcan || link.kind == "vxcan";
        return text(link.name, " is down: \"ip link set ", link.name, " up",
                    is_virtual ? "\"" : " type can bitrate 500000\" (with the bit rate of your bus)");
    }

    /// A vcan without a link of the wanted name: one of ours that bears the mark of this bus, or a new one.
    void place_by_alias(const DesiredLink& wish) {
        for (const auto& [ifindex, link] : actual_) {
            const auto mark = mark_of(link);
            if (mark && mark->bus == wish.bus && !claimed_.contains(ifindex)) {
                claim(wish, link);
                return;
            }
        }
        auto& group = wish.interface ? named_ : numbered_;
        group.push_back(CreateVcan{wish.bus, wish.interface, wish.mtu, alias_for(wish.bus, instance_)});
        wait(wish, text(wish.interface ? wish.interface->str() : "a vcan", " is to be created"));
    }

    /// Everything of ours that no bus claimed goes.
    void sweep(const std::set<int>& stale_leftovers) {
        for (const auto& [ifindex, link] : actual_) {
            if (claimed_.contains(ifindex)) {
                continue;
            }
            if (const auto mark = mark_of(link)) {
                const bool wanted = plan_.buses.contains(mark->bus);
                removals_.push_back(Remove{
                    ifindex, text("bus ", mark->bus.str(),
                                  wanted ? " uses another interface now" : " is no longer configured")});
            } else if (leftover(link) && stale_leftovers.contains(ifindex)) {
                removals_.push_back(
                    Remove{ifindex, "left behind, nameless, by a process that died creating it"});
            } else if (leftover(link)) {
                plan_.leftovers.insert(ifindex);
            }
        }
    }

    const Desired& desired_;
    const Actual& actual_;
    const std::string& instance_;
    std::set<int> claimed_;
    std::map<InterfaceName, std::reference_wrapper<const EntryName>> wanted_;
    std::vector<Action> removals_, changes_, named_, numbered_;
    Plan plan_;
};

}  // namespace

std::string alias_for(const EntryName& bus, const std::string& instance) {
    return text(kAliasHead, bus.str(), instance.empty() ? "" : "@", instance);
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

Plan plan(const Desired& desired, const Actual& actual, const std::string& instance,
          const std::set<int>& stale_leftovers) {
    return Planner(desired, actual, instance).make(stale_leftovers);
}

std::vector<Action> stop_actions(const Desired& desired, const Actual& actual, const std::string& instance) {
    std::vector<Action> actions;
    for (const auto& [ifindex, link] : actual) {
        const auto mark = parse_alias(link.alias);
        if (link.kind != kVcan || link.group != netlink::kOwnedGroup || !mark || mark->instance != instance) {
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
