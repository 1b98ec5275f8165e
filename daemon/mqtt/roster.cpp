// SPDX-License-Identifier: MIT
#include "daemon/mqtt/roster.hpp"

#include <algorithm>
#include <utility>

namespace mqttcan::mqtt {

void Roster::add(Subscriber& subscriber, std::vector<Subscription> subscriptions) {
    Member member{&subscriber};
    for (Subscription& subscription : subscriptions) {
        member.wanted.push_back({std::move(subscription)});
    }
    if (free_.empty()) {
        members_.push_back(std::move(member));
    } else {
        members_[free_.back()] = std::move(member);
        free_.pop_back();
    }
}

std::optional<Roster::Removed> Roster::remove(const Subscriber& subscriber) {
    const auto slot = find(subscriber);
    if (!slot) {
        return std::nullopt;
    }
    Removed removed{*slot, {}};
    for (const Wanted& wanted : members_[*slot].wanted) {
        if (wanted.state != State::fresh) {
            removed.patterns.push_back(wanted.subscription.pattern());
        }
    }
    members_[*slot] = {};
    left_.push_back(*slot);
    for (Asked& asked : under_way_) {
        asked.slot = asked.slot == *slot ? kNobodysSlot : asked.slot;
    }
    return removed;
}

void Roster::batch_taken() {
    std::ranges::move(std::exchange(left_, {}), std::back_inserter(unheard_));
}

void Roster::batch_delivered() {
    std::ranges::move(std::exchange(unheard_, {}), std::back_inserter(free_));
}

std::optional<Slot> Roster::find(const Subscriber& subscriber) const {
    const auto at = std::ranges::find(members_, &subscriber, &Member::subscriber);
    return at == members_.end() ? std::nullopt : std::optional(static_cast<Slot>(at - members_.begin()));
}

std::vector<Route> Roster::routes() const {
    std::vector<Route> routes;
    for (Slot slot = 0; slot < slots(); ++slot) {
        for (const auto& [subscription, state, before] : members_[slot].wanted) {
            routes.push_back({subscription.prefix, slot, subscription.tag});
        }
    }
    return routes;
}

bool Roster::listens_below(std::string_view prefix) const {
    return std::ranges::any_of(members_, [&](const Member& member) {
        return std::ranges::any_of(
            member.wanted, [&](const Wanted& wanted) { return wanted.subscription.prefix == prefix; });
    });
}

std::optional<std::vector<Filter>> Roster::ask() {
    std::vector<Filter> filters;
    bool anybody = false;
    for (Slot slot = 0; slot < slots(); ++slot) {
        Member& member = members_[slot];
        anybody = (member.subscriber != nullptr && !std::exchange(member.known, true)) || anybody;
        for (std::size_t i = 0; i < member.wanted.size(); ++i) {
            auto& [subscription, state, before] = member.wanted[i];
            if (state == State::fresh) {
                state = State::asked;
                filters.push_back({subscription.pattern(), subscription.no_local, subscription.retained});
                under_way_.push_back({slot, i});
            }
        }
    }
    return anybody || !filters.empty() ? std::optional(std::move(filters)) : std::nullopt;
}

Roster::Answers Roster::answered(std::span<const int> codes) {
    Answers news;
    const auto under_way = std::exchange(under_way_, {});
    for (std::size_t i = 0; i < std::min(codes.size(), under_way.size()); ++i) {
        const auto [slot, at] = under_way[i];
        if (slot == kNobodysSlot) {
            continue;
        }
        Member& member = members_[slot];
        auto& [subscription, state, denied] = member.wanted[at];
        const bool refused = codes[i] >= kRefused;
        state = refused ? State::refused : State::granted;
        if (std::exchange(denied, refused) != refused) {
            (refused ? news.refused : news.granted).push_back(subscription.pattern());
            member.joined = false;  // it may be told that it is heard
        }
    }
    return news;
}

bool Roster::refused() const {
    return std::ranges::any_of(members_, [](const Member& member) {
        return std::ranges::find(member.wanted, State::refused, &Wanted::state) != member.wanted.end();
    });
}

void Roster::ask_again() {
    for (Member& member : members_) {
        for (Wanted& wanted : member.wanted) {
            wanted.state = wanted.state == State::refused ? State::fresh : wanted.state;
        }
    }
}

std::optional<std::string> Roster::refusal(const Subscriber& subscriber) const {
    const auto slot = find(subscriber);
    if (!slot || members_[*slot].wanted.empty() ||
        !std::ranges::all_of(members_[*slot].wanted, &Wanted::denied)) {
        return std::nullopt;
    }
    return members_[*slot].wanted.front().subscription.pattern();
}

bool Roster::hears(const Subscriber& subscriber) const {
    const auto slot = find(subscriber);
    return slot && !members_[*slot].wanted.empty();
}

Subscriber* Roster::join(Slot slot, bool believed) {
    Member& member = members_[slot];
    const bool waits = std::ranges::any_of(member.wanted, [](const Wanted& wanted) {
        return wanted.state == State::fresh || wanted.state == State::asked;
    });
    if (member.subscriber == nullptr || !member.known || member.joined || waits ||
        (!believed && !member.wanted.empty())) {
        return nullptr;
    }
    member.joined = true;
    return member.subscriber;
}

void Roster::end_session() {
    under_way_.clear();
    for (Member& member : members_) {
        member.known = member.joined = false;
        for (Wanted& wanted : member.wanted) {
            wanted.state = State::fresh;
            wanted.denied = false;
        }
    }
}

}  // namespace mqttcan::mqtt
