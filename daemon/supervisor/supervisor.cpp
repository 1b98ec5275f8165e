// SPDX-License-Identifier: MIT
#include "daemon/supervisor/supervisor.hpp"

#include <algorithm>

#include "daemon/supervisor/perform.hpp"
#include "daemon/supervisor/wiring.hpp"

namespace mqttcan::supervisor {
namespace {

using namespace std::chrono_literals;

constexpr Duration kFirstRetry = 250ms;
constexpr Duration kLongestRetry = 5s;
constexpr Duration kLeftoverAge = 3s;  // a link without alias for so long was left behind by a crash
constexpr Duration kFlushTime = 1s;
constexpr Duration kFlushStep = 10ms;
constexpr Duration kQuietTime = 1s;
constexpr int kBusyRounds = 20;  // then somebody is undoing what we do: slow down
constexpr int kRoundsAtOnce = 8;

/// The link that an action is about; 0 for one that is to be made.
template <typename What>
int target(const What& what) {
    if constexpr (requires { what.ifindex; }) {
        return what.ifindex;
    } else {
        return 0;
    }
}

}  // namespace

Supervisor::Supervisor(loop::Loop& loop, netlink::Links& links, netlink::LinkWatcher& watcher,
                       mqtt::ClientFactory& factory, const config::Config& config, const Host& host, Log log,
                       std::function<void(const std::string&)> tell)
    : links_(links),
      watcher_(watcher),
      desired_(desired_links(config)),
      instance_(host.instance),
      log_(std::move(log)),
      tell_(std::move(tell)),
      link_source_(loop, watcher.fd(), [this] { on_link_event(); }),
      retry_timer_(loop, [this] { reconcile(); }),
      flush_timer_(loop, [this] { on_flush_timer(); }) {
    for (Line& line : lines(config, host)) {
        auto& connection =
            connections_.emplace_back(std::make_unique<mqtt::Connection>(loop, factory, line.settings, log_));
        connection->add(*this, {});
        for (const config::Bus& bus : line.buses) {
            const Log bus_log =
                log_.for_bus(bus.name.str(), bus.interface ? bus.interface->str() : std::string());
            bridge::Identity identity{host.session, host.version, status_topic(bus, line.settings),
                                      host.temporary};
            buses_.push_back({
                .bus = bus,
                .connection = connection.get(),
                .bridge =
                    std::make_unique<bridge::Bridge>(loop, *connection, bus, std::move(identity), bus_log),
                .log = bus_log,
            });
        }
    }
}

Supervisor::~Supervisor() = default;

void Supervisor::start() {
    reconcile();
    for (const auto& connection : connections_) {
        connection->start();
    }
}

void Supervisor::on_link_event() {
    const auto changed = watcher_.drain();
    if (!changed) {
        log_.error("watching links: ", changed.error().what);
        retry_later();
    } else if (*changed && !stopping_) {
        notice_changes();
        reconcile();
    }
}

/// Says what others did to a link in use, before it is put right.
void Supervisor::notice_changes() {
    for (BusRuntime& runtime : buses_) {
        if (runtime.ifindex == 0) {
            continue;
        }
        const auto link = watcher_.links().find(runtime.ifindex);
        if (link == watcher_.links().end()) {
            close(runtime, "the interface is gone: deleted, moved away or unplugged by somebody else");
        } else if (!netlink::usable(link->second)) {
            close(runtime, "the interface was set down by somebody else");
        }
    }
}

void Supervisor::reconcile() {
    if (stopping_) {
        return;
    }
    std::set<int> stale;
    for (const auto& [ifindex, since] : leftovers_) {
        if (BootClock::now() - since >= kLeftoverAge) {
            stale.insert(ifindex);
        }
    }
    Plan now = plan(desired_, watcher_.links(), instance_, stale);
    bool done = now.actions.empty();
    for (int round = 0; !done && round < kRoundsAtOnce && act(now.actions); ++round) {
        now = plan(desired_, watcher_.links(), instance_, stale);
        done = now.actions.empty();
    }
    if (done) {
        failures_.clear();
        retry_delay_ = {};
    } else {
        retry_later();
    }
    note_leftovers(now.leftovers);
    for (BusRuntime& runtime : buses_) {
        assign(runtime, now.buses.at(runtime.bus.name));
    }
    tell();
}

/// False if nothing is to be gained by planning again at once.
bool Supervisor::act(const std::vector<Action>& actions) {
    const TimePoint now = BootClock::now();
    busy_rounds_ = now - acted_at_ < kQuietTime ? busy_rounds_ + 1 : 0;
    acted_at_ = now;
    if (busy_rounds_ > kBusyRounds) {
        if (busy_rounds_ == kBusyRounds + 1) {
            log_.warning("somebody keeps changing our links as fast as they are put right; slowing down");
        }
        return false;
    }
    std::set<std::string> failures;
    for (const Action& action : actions) {
        if (const auto* removal = std::get_if<Remove>(&action)) {
            if (!may_touch(removal->ifindex)) {
                failures.insert(
                    text("leaving link number ", removal->ifindex, " alone: another process uses it"));
                continue;
            }
            const auto link = watcher_.links().find(removal->ifindex);
            log_.notice("removing ", link != watcher_.links().end() ? link->second.name : "a link", ": ",
                        removal->reason);
        }
        if (const auto performed = perform(links_, action); !performed) {
            failures.insert(performed.error().what);
        }
    }
    for (const std::string& failure : failures) {
        if (!failures_.contains(failure)) {
            log_.error(failure);
        }
    }
    const bool progress = failures.size() < actions.size();
    failures_ = std::move(failures);
    if (const auto looked = watcher_.refresh(); !looked) {
        log_.error("looking at links: ", looked.error().what);
        return false;
    }
    return progress;
}

/// A second process with the same configuration must not take away the links of the first.
bool Supervisor::may_touch(int ifindex) const {
    const bool held =
        std::ranges::any_of(buses_, [&](const BusRuntime& bus) { return bus.ifindex == ifindex; });
    return held || netlink::InterfaceLock::take(ifindex, "link").has_value();
}

void Supervisor::note_leftovers(const std::set<int>& leftovers) {
    std::erase_if(leftovers_, [&](const auto& entry) { return !leftovers.contains(entry.first); });
    for (const int ifindex : leftovers) {
        leftovers_.try_emplace(ifindex, BootClock::now());
    }
    if (!leftovers_.empty() && !retry_timer_.armed()) {
        retry_timer_.arm(BootClock::now() + kLeftoverAge);
    }
}

void Supervisor::assign(BusRuntime& runtime, const Assignment& assignment) {
    if (const auto* ready = std::get_if<Ready>(&assignment)) {
        if (runtime.ifindex != ready->ifindex) {
            open(runtime, ready->ifindex);
        }
    } else if (const auto* waiting = std::get_if<Waiting>(&assignment)) {
        close(runtime, waiting->reason);
    } else {
        close(runtime, std::get<Refused>(assignment).reason);
    }
}

void Supervisor::open(BusRuntime& runtime, int ifindex) {
    const netlink::Link& link = watcher_.links().at(ifindex);
    const std::string& interface = link.name;
    const bool is_virtual = link.kind == "vcan" || link.kind == "vxcan";
    runtime.lock.reset();
    auto lock = netlink::InterfaceLock::take(ifindex, interface);
    if (!lock) {
        close(runtime, lock.error().what);
        retry_later();
        return;
    }
    if (const auto opened = runtime.bridge->open(interface, ifindex, is_virtual); !opened) {
        close(runtime, opened.error().what);
        retry_later();
        return;
    }
    runtime.lock = std::move(*lock);
    runtime.ifindex = ifindex;
    runtime.waiting_for.clear();
    runtime.log = log_.for_bus(runtime.bus.name.str(), interface);
    runtime.log.notice(runtime.bus.role == config::Role::server ? "serving" : "attached to", " topic ",
                       runtime.bus.topic.str(), " at ", runtime.connection->label());
}

void Supervisor::close(BusRuntime& runtime, const std::string& reason) {
    runtime.bridge->close();
    runtime.lock.reset();
    runtime.ifindex = 0;
    if (runtime.waiting_for != reason) {
        runtime.waiting_for = reason;
        runtime.log.warning(reason);
    }
}

void Supervisor::retry_later() {
    retry_delay_ = std::clamp(2 * retry_delay_, kFirstRetry, kLongestRetry);
    retry_timer_.arm(BootClock::now() + retry_delay_);
}

std::string Supervisor::summary() const {
    const auto up = std::ranges::count_if(
        buses_, [](const BusRuntime& bus) { return bus.ifindex != 0 && bus.connection->online(); });
    std::string line = text(up, " of ", buses_.size(), buses_.size() == 1 ? " bus" : " buses", " up");
    for (const auto& connection : connections_) {
        if (!connection->online()) {
            line += text("; no connection to ", connection->label());
        }
    }
    return line;
}

bool Supervisor::all_open() const {
    return std::ranges::all_of(buses_, [](const BusRuntime& bus) { return bus.ifindex != 0; });
}

void Supervisor::tell() {
    if (std::string line = summary(); line != told_) {
        told_ = std::move(line);
        tell_(told_);
    }
}

void Supervisor::stop(loop::Callback done) {
    stopping_ = true;
    stopped_ = std::move(done);
    retry_timer_.disarm();
    for (BusRuntime& runtime : buses_) {
        runtime.bridge->begin_stop();
    }
    for (const Action& action : stop_actions(desired_, watcher_.links(), instance_)) {
        if (!may_touch(std::visit([](const auto& what) { return target(what); }, action))) {
            continue;
        }
        if (const auto performed = perform(links_, action); !performed) {
            log_.error(performed.error().what);
        }
    }
    flush_until_ = BootClock::now() + kFlushTime;
    on_flush_timer();
}

void Supervisor::on_flush_timer() {
    const bool flushed =
        std::ranges::all_of(buses_, [](const BusRuntime& bus) { return bus.bridge->flushed(); });
    if (flushed || BootClock::now() >= flush_until_) {
        disconnect();
    } else {
        flush_timer_.arm(BootClock::now() + kFlushStep);
    }
}

void Supervisor::disconnect() {
    for (BusRuntime& runtime : buses_) {
        runtime.bridge->end_stop();
        runtime.lock.reset();
    }
    connected_ = connections_.size() + 1;
    const auto left = [this] {
        if (--connected_ == 0) {
            std::exchange(stopped_, nullptr)();
        }
    };
    for (const auto& connection : connections_) {
        connection->stop(left);
    }
    left();
}

}  // namespace mqttcan::supervisor
