// SPDX-License-Identifier: MIT
#include "daemon/supervisor/link_keeper.hpp"

#include <unistd.h>

#include <algorithm>

#include "daemon/supervisor/settings_text.hpp"
#include "netlink/interface_lock.hpp"

namespace mqttcan::supervisor {
namespace {

using namespace std::chrono_literals;

constexpr Duration kFirstRetry = 250ms;
constexpr Duration kLongestRetry = 5s;
constexpr Duration kLeftoverAge = 3s;  // a link without alias for so long was left behind by a crash
constexpr Duration kUdevPause = 100ms;
constexpr Duration kLongTime = 500ms;
constexpr int kRoundsAtOnce = 8;

/// The link that an action is about; 0 for one that is to be made.
int target(const Action& action) {
    return std::visit(
        [](const auto& what) {
            if constexpr (requires { what.ifindex; }) {
                return what.ifindex;
            } else {
                return 0;
            }
        },
        action);
}

}  // namespace

LinkKeeper::LinkKeeper(loop::Loop& loop, netlink::Links& links, netlink::LinkWatcher& watcher,
                       std::string instance, Log log, User& user)
    : links_(links),
      watcher_(watcher),
      instance_(std::move(instance)),
      log_(std::move(log)),
      user_(user),
      performer_(links),
      link_source_(loop, watcher.fd(), [this] { on_link_event(); }),
      paths_(loop, [this] { on_paths(); }),
      retry_timer_(loop, [this] { reconcile(); }) {}

void LinkKeeper::want(Desired desired) {
    for (const DesiredLink& before : desired_) {
        const auto now = std::ranges::find(desired, before.bus, &DesiredLink::bus);
        if (now != desired.end() && now->device != before.device) {
            performer_.detach(before.bus);
        }
    }
    desired_ = std::move(desired);
    std::erase_if(actual_.dropped, [&](const EntryName& bus) {
        return std::ranges::find(desired_, bus, &DesiredLink::bus) == desired_.end();
    });
    std::set<std::string> paths;
    for (const DesiredLink& wish : desired_) {
        if (!wish.device.empty()) {
            paths.insert(wish.device);
        }
        if (wish.peer && wish.peer->netns && wish.peer->netns->pid == 0) {
            paths.insert(wish.peer->netns->path);
        }
    }
    paths_.watch(std::move(paths));
    failures_.clear();
    retry_delay_ = {};
    patience_ = {};
    reconcile();
}

void LinkKeeper::set_unreachable(const EntryName& bus, bool unreachable) {
    if (unreachable ? actual_.unreachable.insert(bus).second : actual_.unreachable.erase(bus) > 0) {
        retry_timer_.arm(BootClock::now());
    }
}

void LinkKeeper::set_dropped(const EntryName& bus, bool dropped) {
    if (dropped ? actual_.dropped.insert(bus).second : actual_.dropped.erase(bus) > 0) {
        reconcile();
    }
}

void LinkKeeper::on_link_event() {
    const auto changed = watcher_.drain();
    if (!changed) {
        log_.error("watching links: ", changed.error().what);
        retry_later();
    } else if (*changed && !stopped_) {
        user_.on_links_changed();
        reconcile();
    }
}

void LinkKeeper::on_paths() {
    retry_delay_ = {};
    reconcile();
}

void LinkKeeper::observe() {
    actual_.links = watcher_.links();
    performer_.tell(actual_);
    actual_.namespaces.clear();
    actual_.unseen.clear();
    actual_.devices.clear();
    actual_.peers.clear();
    for (const auto& [ifindex, link] : actual_.links) {
        if (link.group == netlink::kOwnedGroup && link.peer && link.peer->namespace_id) {
            // Not for everybody to see: then the peer counts as right.
            if (auto peer = links_.find_peer(*link.peer); peer && *peer) {
                actual_.peers.emplace(ifindex, std::move(**peer));
            }
        }
    }
    for (const DesiredLink& wish : desired_) {
        if (!wish.device.empty() && ::access(wish.device.c_str(), F_OK) == 0) {
            actual_.devices.insert(wish.device);
        }
        if (wish.peer && wish.peer->netns) {
            const NetworkNamespace& space = *wish.peer->netns;
            if (const auto view = links_.look_at(space)) {
                actual_.namespaces.emplace(space, *view);
            } else {
                actual_.unseen.emplace(space, view.error().what);
            }
        }
    }
}

Plan LinkKeeper::next_plan() {
    std::set<int> stale;
    for (const auto& [ifindex, since] : leftovers_) {
        if (BootClock::now() - since >= kLeftoverAge) {
            stale.insert(ifindex);
        }
    }
    observe();
    return plan(desired_, actual_, instance_, stale);
}

void LinkKeeper::reconcile() {
    if (stopped_) {
        return;
    }
    if (watcher_.waits_for_udev()) {
        if (const auto looked = watcher_.refresh(); !looked) {
            log_.error("looking at links: ", looked.error().what);
        }
    }
    Plan now = next_plan();
    bool done = now.actions.empty();
    const bool may_act = done || has_patience();
    for (int round = 0; !done && may_act && round < kRoundsAtOnce && act(now.actions); ++round) {
        now = next_plan();
        done = now.actions.empty();
    }
    if (done) {
        failures_.clear();
    }
    const bool used = user_.on_plan(now);
    if (!may_act) {
        retry_timer_.arm(patience_.next());
    } else if (watcher_.waits_for_udev()) {
        retry_timer_.arm(BootClock::now() + kUdevPause);  // udev ends without an event for us
    } else if (done && used && !awaits_something(now)) {
        retry_delay_ = {};
    } else {
        retry_later();
    }
    note_leftovers(now.leftovers);
}

/// Whether a bus waits for something that may come without an event that we can hear.
bool LinkKeeper::awaits_something(const Plan& now) const {
    return std::ranges::any_of(desired_, [&](const DesiredLink& wish) {
        const bool silent = !wish.device.empty() || wish.match || (wish.peer && wish.peer->netns);
        return silent && std::holds_alternative<Waiting>(now.buses.at(wish.bus));
    });
}

/// Whether to put right something now.
bool LinkKeeper::has_patience() {
    const TimePoint now = BootClock::now();
    if (patience_.spend(now)) {
        return true;
    }
    // Where the kernel refuses us, nobody undoes anything, and that was said.
    if (failures_.empty() && patience_.complain(now)) {
        log_.warning("somebody keeps changing our links as fast as they are put right; slowing down");
    }
    return false;
}

/// False if nothing is to be gained by planning again at once.
bool LinkKeeper::act(const std::vector<Action>& actions) {
    std::set<std::string> failures;
    bool progress = false;
    for (const Action& action : actions) {
        const auto performed = perform(action);
        if (performed) {
            progress = true;
            continue;
        }
        const std::string& what = performed.error().what;
        const auto* configure = std::get_if<Configure>(&action);
        const bool plan_tells = configure != nullptr && performer_.is_refusal_of(configure->ifindex, what);
        progress |= plan_tells;
        if (failures.insert(what).second && !failures_.contains(what) && !plan_tells) {
            log_.error(what);
        }
    }
    failures_ = std::move(failures);
    if (const auto looked = watcher_.refresh(); !looked) {
        log_.error("looking at links: ", looked.error().what);
        return false;
    }
    return progress;
}

Result<void> LinkKeeper::perform(const Action& action) {
    const int ifindex = target(action);
    if (!may_touch(ifindex)) {
        return fail(std::errc::device_or_resource_busy, "leaving link number ", ifindex,
                    " alone: another process uses it");
    }
    const auto link = links().find(ifindex);
    const netlink::Link before = link != links().end() ? link->second : netlink::Link{.name = "a link"};
    if (const auto* removal = std::get_if<Remove>(&action)) {
        log_.notice("removing ", before.name, ": ", removal->reason);
    }
    auto performed = performer_.perform(action);
    if (performed) {
        note_change(action, before);
    }
    if (const auto* configured = std::get_if<Configure>(&action); configured != nullptr && performed) {
        note_rounding(*configured);
    }
    return performed;
}

/// What nobody would see otherwise. A link that is set up is told of by its bus.
void LinkKeeper::note_change(const Action& action, const netlink::Link& before) {
    if (const auto* rename = std::get_if<Rename>(&action)) {
        log_.notice("renamed ", before.name, " to ", rename->name.str(), ", as configured");
    } else if (const auto* mtu = std::get_if<SetMtu>(&action)) {
        log_.notice("set the MTU of ", before.name, " from ", before.mtu, " to ", mtu->mtu,
                    ", as configured");
    }
}

void LinkKeeper::note_rounding(const Configure& action) {
    const auto link = links_.find(action.ifindex);
    if (!link || !*link || !(*link)->controller) {
        return;
    }
    const CanSettings& made = (*link)->controller->settings;
    log_.notice((*link)->name, ": configured: ", in_words(restricted(made, action.wish)));
    if (const CanSettings off = differing(action.wish, made); off != CanSettings{}) {
        log_.warning((*link)->name, ": asked for ", in_words(off), ", the controller makes ",
                     in_words(restricted(made, off)),
                     ": its clock divides no better; other nodes may not agree with that");
    }
}

/// What another process bridges is its own business: ours is that it stays as it is.
bool LinkKeeper::may_touch(int ifindex) const {
    return ifindex == 0 || user_.uses(ifindex) || netlink::InterfaceLock::take(ifindex, "link").has_value();
}

void LinkKeeper::note_leftovers(const std::set<int>& leftovers) {
    std::erase_if(leftovers_, [&](const auto& entry) { return !leftovers.contains(entry.first); });
    for (const int ifindex : leftovers) {
        leftovers_.try_emplace(ifindex, BootClock::now());
    }
    if (!leftovers_.empty() && !retry_timer_.armed()) {
        retry_timer_.arm(BootClock::now() + kLeftoverAge);
    }
}

void LinkKeeper::retry_later() {
    retry_delay_ = std::clamp(2 * retry_delay_, kFirstRetry, kLongestRetry);
    retry_timer_.arm(BootClock::now() + retry_delay_);
}

Result<void> LinkKeeper::cycle(int ifindex) {
    const TimePoint started = BootClock::now();
    auto down = links_.set_down(ifindex);
    // A serial adapter that takes nothing makes either last a second: not both in one go, others have to
    // live.
    auto up = BootClock::now() - started < kLongTime
                  ? links_.set_up(ifindex)
                  : fail(std::errc::timed_out, "link number ", ifindex,
                         " takes no commands: its serial adapter is dead, or its bus is; replug it");
    // Our own doing: not to be taken for somebody else's.
    if (const auto looked = watcher_.refresh(); !looked) {
        log_.error("looking at links: ", looked.error().what);
    }
    if (!up) {
        retry_later();  // it stays down, and no event will tell: that was seen just now
    }
    return down ? std::move(up) : std::move(down);
}

Result<void> LinkKeeper::purge(const EntryName& bus, int ifindex) {
    const auto link = links().find(ifindex);
    if (!performer_.holds(bus) || link == links().end() || !link->second.controller) {
        return cycle(ifindex);  // a controller forgets its mailboxes
    }
    // A dead serial adapter would block each of down and up for a second (6.1). Another length empties the
    // queue at once. The frame that the driver had written already stays in the tty: with the line discipline
    // of slcan on it, tcflush() is refused (ENOTTY).
    const std::uint32_t length = link->second.controller->settings.tx_queue_length.value_or(10);
    auto emptied = links_.configure(ifindex, {.tx_queue_length = length + 1});
    auto restored = links_.configure(ifindex, {.tx_queue_length = length});
    return emptied ? std::move(restored) : std::move(emptied);
}

void LinkKeeper::stop() {
    stopped_ = true;
    retry_timer_.disarm();
    observe();
    for (const Action& action : stop_actions(desired_, actual_, instance_)) {
        if (!may_touch(target(action))) {
            continue;
        }
        if (const auto performed = performer_.perform(action); !performed) {
            log_.error(performed.error().what);
        }
    }
}

}  // namespace mqttcan::supervisor
