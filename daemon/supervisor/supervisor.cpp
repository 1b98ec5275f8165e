// SPDX-License-Identifier: MIT
#include "daemon/supervisor/supervisor.hpp"

#include <algorithm>

namespace mqttcan::supervisor {
namespace {

using namespace std::chrono_literals;

constexpr Duration kFlushTime = 1s;
constexpr Duration kFlushStep = 10ms;

}  // namespace

Supervisor::Supervisor(loop::Loop& loop, netlink::Links& links, netlink::LinkWatcher& watcher,
                       mqtt::ClientFactory& factory, const Host& host, Log log,
                       std::function<void(const std::string&)> tell)
    : loop_(loop),
      rounds_(loop),
      links_(links),
      factory_(factory),
      host_(host),
      log_(std::move(log)),
      tell_(std::move(tell)),
      bury_(loop, [this] { bury(); }),
      keeper_(loop, links, watcher, host.instance, log_, *this),
      flush_timer_(loop, [this] { on_flush_timer(); }) {}

Supervisor::~Supervisor() = default;

// ---- configuration

void Supervisor::apply(const config::Config& config) {
    const std::vector<Line> wanted = lines(config, host_);
    std::vector<std::unique_ptr<Broker>> before = std::exchange(brokers_, {});
    std::vector<Broker*> brokers;
    brokers.reserve(wanted.size());
    for (const Line& line : wanted) {
        brokers.push_back(&broker_for(line, before));
    }
    Buses old = std::exchange(buses_, {});
    Buses now;
    // What stays first, then what goes, then what comes: a topic or an interface may pass from one to the
    // other.
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        for (const config::Bus& bus : wanted[i].buses) {
            const auto same = std::ranges::find_if(old, [&](const auto& runtime) {
                return runtime && runtime->config() == bus &&
                       &runtime->connection() == brokers[i]->connection.get();
            });
            now.push_back(same == old.end() ? nullptr : std::move(*same));
        }
    }
    Legacies legacies;
    for (auto& runtime : old) {
        if (runtime) {
            retire(std::move(runtime), wanted, legacies);
        }
    }
    for (auto& broker : before) {
        if (broker) {
            let_go(std::move(broker));
        }
    }
    std::size_t at = 0;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        for (const config::Bus& bus : wanted[i].buses) {
            auto& runtime = now[at++];
            if (!runtime) {
                runtime = std::make_unique<BusRuntime>(
                    BusRuntime::Surroundings{loop_, rounds_, links_, keeper_, *brokers[i]->hosts, log_},
                    *brokers[i]->connection, bus, host_, legacies[bus.name]);
            }
        }
        brokers[i]->connection->refresh(wanted[i].settings.fence, wanted[i].settings.message_expiry);
    }
    buses_ = std::move(now);
    keeper_.want(desired_links(config));
    start_brokers();
    tell();
}

/// The one that serves already, if nothing about it has changed.
Supervisor::Broker& Supervisor::broker_for(const Line& line, std::vector<std::unique_ptr<Broker>>& before) {
    const auto same = std::ranges::find_if(before, [&](const auto& broker) {
        return broker && broker->name == line.name && broker->config == line.broker;
    });
    if (same != before.end()) {
        brokers_.push_back(std::move(*same));
    } else {
        brokers_.push_back(std::make_unique<Broker>(
            line.name, line.broker,
            std::make_unique<mqtt::Connection>(loop_, factory_, line.settings, log_)));
        brokers_.back()->hosts = std::make_unique<bridge::Hosts>(loop_, *brokers_.back()->connection);
        brokers_.back()->connection->add(*this, {});
    }
    return *brokers_.back();
}

void Supervisor::retire(std::unique_ptr<BusRuntime> runtime, const std::vector<Line>& wanted,
                        Legacies& legacies) {
    const mqtt::Connection& connection = runtime->connection();
    auto farewell = bridge::Farewell::cleared;
    bool heir_stays = false;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        const bool stays = brokers_[i]->connection.get() == &connection;
        for (const config::Bus& bus : wanted[i].buses) {
            heir_stays = heir_stays || (stays && bus.name == runtime->config().name);
            if (farewell != bridge::Farewell::unsaid && connection.meets(wanted[i].settings) &&
                supervisor::status_topic(bus, wanted[i].settings.client_id) == runtime->status_topic()) {
                farewell = stays ? bridge::Farewell::unsaid : bridge::Farewell::offline;
            }
        }
    }
    runtime->begin_stop();
    runtime->end_stop(farewell);
    legacies.emplace(runtime->config().name, runtime->legacy(heir_stays));
}

void Supervisor::let_go(std::unique_ptr<Broker> broker) {
    Broker& leaver = *leaving_.emplace_back(std::move(broker));
    leaver.connection->remove(*this);
    leaver.started = true;
    leaver.connection->stop([this, &leaver] {
        leaver.started = false;
        bury_.request();  // not now: the connection itself is calling
    });
}

void Supervisor::bury() {
    const std::size_t buried = std::erase_if(leaving_, [](const auto& broker) { return !broker->started; });
    start_brokers();
    for (std::size_t i = 0; i < buried && stopped_ && connected_ > 0; ++i) {
        on_left();
    }
}

/// Two connections of one client id would throw each other out, and what is retained must not be what the one
/// that leaves says last.
void Supervisor::start_brokers() {
    for (const auto& broker : brokers_) {
        const bool taken = std::ranges::any_of(leaving_, [&](const auto& leaver) {
            return leaver->connection->client_id() == broker->connection->client_id() ||
                   (leaver->config.host == broker->config.host && leaver->config.port == broker->config.port);
        });
        if (!broker->started && !taken && !stopping_) {
            broker->started = true;
            broker->connection->start();
        }
    }
}

// ---- links

void Supervisor::on_links_changed() {
    for (const auto& bus : buses_) {
        bus->notice_change();
    }
}

bool Supervisor::on_plan(const Plan& plan) {
    bool all_well = true;
    for (const auto& bus : buses_) {
        all_well = bus->assign(plan.buses.at(bus->config().name)) && all_well;
    }
    tell();
    return all_well;
}

bool Supervisor::uses(int ifindex) const {
    return std::ranges::any_of(buses_, [&](const auto& bus) { return bus->ifindex() == ifindex; });
}

// ---- what is told

std::string Supervisor::summary() const {
    const auto up = std::ranges::count_if(buses_, [](const auto& bus) { return bus->up(); });
    std::string line = text(up, " of ", buses_.size(), buses_.size() == 1 ? " bus" : " buses", " up");
    for (const auto& broker : brokers_) {
        if (!broker->connection->online()) {
            line += text("; no connection to ", broker->connection->label());
        }
    }
    return line;
}

Status Supervisor::status() {
    const TimePoint now = BootClock::now();
    Status status;
    status.version = host_.version;
    status.uptime = now - began_;
    for (const auto& broker : brokers_) {
        const mqtt::Connection& connection = *broker->connection;
        const bool online = connection.online();
        status.brokers.push_back({.name = broker->name,
                                  .url = connection.url(),
                                  .client_id = connection.client_id(),
                                  .connected = online,
                                  .protocol = std::string(online ? connection.protocol() : ""),
                                  .problem = connection.problem(),
                                  .since = now - connection.since()});
    }
    for (const auto& bus : buses_) {
        status.buses.push_back(bus->status());
    }
    return status;
}

Result<void> Supervisor::set_dropped(const std::string& bus, bool dropped) {
    const Status now = status();
    const BusStatus* const found = find_bus(now, bus);
    if (found == nullptr) {
        return fail(std::errc::no_such_device, "no such bus");
    }
    keeper_.set_dropped(EntryName::parse(found->name).value(), dropped);
    tell();
    return {};
}

Result<std::optional<std::size_t>> Supervisor::count_peers(const std::string& bus) {
    const Status now = status();
    const BusStatus* const found = find_bus(now, bus);
    const auto runtime = std::ranges::find_if(
        buses_, [&](const auto& one) { return found != nullptr && one->config().name.str() == found->name; });
    if (runtime == buses_.end()) {
        return fail(std::errc::no_such_device, "no such bus");
    }
    return (*runtime)->count_peers();
}

bool Supervisor::all_open() const {
    return std::ranges::all_of(buses_, [](const auto& bus) { return bus->ifindex() != 0; });
}

void Supervisor::tell() {
    if (std::string line = summary(); line != told_) {
        told_ = std::move(line);
        tell_(told_);
    }
}

// ---- the end

void Supervisor::stop(loop::Callback done) {
    stopping_ = true;
    stopped_ = std::move(done);
    for (const auto& bus : buses_) {
        bus->begin_stop();
    }
    keeper_.stop();
    flush_until_ = BootClock::now() + kFlushTime;
    on_flush_timer();
}

void Supervisor::on_flush_timer() {
    const bool flushed = std::ranges::all_of(buses_, [](const auto& bus) { return bus->flushed(); });
    if (flushed || BootClock::now() >= flush_until_) {
        disconnect();
    } else {
        flush_timer_.arm(BootClock::now() + kFlushStep);
    }
}

void Supervisor::disconnect() {
    for (const auto& bus : buses_) {
        bus->end_stop();
    }
    connected_ = brokers_.size() + leaving_.size() + 1;
    for (const auto& broker : brokers_) {
        broker->connection->stop([this] { on_left(); });
    }
    on_left();
}

void Supervisor::on_left() {
    if (--connected_ == 0) {
        std::exchange(stopped_, nullptr)();
    }
}

}  // namespace mqttcan::supervisor
