// SPDX-License-Identifier: MIT
#include "daemon/supervisor/bus_runtime.hpp"

#include "daemon/supervisor/wiring.hpp"

namespace mqttcan::supervisor {

BusRuntime::BusRuntime(const Surroundings& around, mqtt::Connection& connection, const config::Bus& bus,
                       const Host& host, const Legacy& legacy)
    : around_(around),
      connection_(connection),
      config_(bus),
      status_topic_(supervisor::status_topic(bus, connection.client_id())),
      log_(around.log.for_bus(bus.name.str(), bus.interface ? bus.interface->str() : std::string())),
      bridge_(around.loop, around.rounds, connection, bus,
              {host.session, host.version, status_topic_, host.temporary}, *this, log_, legacy.past),
      care_(around.loop, around.links, bus.heal_bus_off, log_, care_hooks()),
      census_end_(around.loop, [this] { end_census(); }),
      purge_later_(around.loop, [this] { purge(); }) {
    if (follows_server()) {
        around_.keeper.set_unreachable(bus.name, !was_reachable(legacy));
    }
    if (follows_server() || expects_stream()) {
        watch_server(was_reachable(legacy));
    }
}

BusRuntime::~BusRuntime() {
    around_.keeper.forget(config_.name);
}

bool BusRuntime::was_reachable(const Legacy& legacy) const {
    return legacy.reachable && legacy.topic == config_.topic.str();
}

bool BusRuntime::expects_stream() const {
    return config_.role == config::Role::client && config_.speaks(config::Format::stream);
}

bool BusRuntime::follows_server() const {
    return config_.role == config::Role::client && config_.on_offline == config::OnOffline::down;
}

void BusRuntime::watch_server(bool was_reachable) {
    remote_ = std::make_unique<bridge::RemoteWatch>(around_.loop, connection_, around_.hosts, config_.topic,
                                                    was_reachable, remote_hooks());
}

void BusRuntime::end_census() {
    census_.reset();
    if (!follows_server() && !expects_stream()) {
        remote_.reset();
    }
}

std::optional<std::size_t> BusRuntime::count_peers() {
    constexpr Duration kInterest = std::chrono::minutes(1);
    if (!bridge_.joined()) {
        return std::nullopt;
    }
    census_end_.arm(BootClock::now() + kInterest);
    if (config_.role == config::Role::client && !remote_) {
        watch_server(false);
    }
    if (!census_) {
        census_ = std::make_unique<bridge::Census>(connection_, around_.hosts, config_.topic, status_topic_);
    }
    return census_->online(remote_ ? remote_->said() : std::nullopt);
}

bridge::RemoteWatch::Owner BusRuntime::remote_hooks() {
    return {
        .reachable =
            [this](bool can_be_reached) {
                if (follows_server()) {
                    log_.notice(can_be_reached
                                    ? "the other end of the bus can be reached"
                                    : "the other end of the bus cannot be reached: the interface goes down");
                    around_.keeper.set_unreachable(config_.name, !can_be_reached);
                }
            },
        .says =
            [this](const auto& status) {
                if (expects_stream()) {
                    on_server_says(status);
                }
            },
    };
}

/// Format stream needs a server that speaks it; without one nothing comes, and nothing is written.
void BusRuntime::on_server_says(const std::optional<codec::RemoteStatus>& status) {
    const auto language = !status || status->state.empty() ? Language::silence
                          : status->speaks_stream          ? Language::stream
                                                           : Language::other;
    const auto before = std::exchange(server_speaks_, language);
    if (language == before) {
        return;
    }
    switch (language) {
        case Language::silence:
            log_.notice("no mqttcan serves topic ", config_.topic.str(),
                        " so far (a server that is not mqttcan speaks no format stream)");
            break;
        case Language::other:
            log_.warning("the server of topic ", config_.topic.str(),
                         " speaks no format stream, so nothing can cross: say \"formats\": "
                         "[\"savvycan\"] here, or let it speak \"stream\" as well");
            break;
        case Language::stream:
            if (before) {
                log_.notice("the server of topic ", config_.topic.str(), " speaks format stream");
            }
            break;
    }
}

ControllerCare::Hooks BusRuntime::care_hooks() {
    return {
        .changed = [this](const auto& status) { bridge_.set_controller(status); },
        .cycle = [this] { return around_.keeper.cycle(ifindex_); },
    };
}

void BusRuntime::on_bus_off() {
    // A controller in bus-off sends nothing, and what its queue holds the kernel drops. To a serial adapter
    // the kernel goes on sending for up to a second (6.1).
    if (config_.kind == config::Kind::slcan) {
        purge_later_.request();
    }
}

void BusRuntime::purge() {
    if (ifindex_ == 0) {
        return;
    }
    if (const auto purged = around_.keeper.purge(config_.name, ifindex_); !purged) {
        log_.error(purged.error().what);
    }
    bridge_.purged();
}

bool BusRuntime::assign(const Assignment& assignment) {
    if (const auto* ready = std::get_if<Ready>(&assignment)) {
        return ifindex_ == ready->ifindex || open(ready->ifindex);
    }
    const auto* waiting = std::get_if<Waiting>(&assignment);
    if (waiting != nullptr && waiting->passing) {
        close();
        why_closed_ = waiting->reason;
    } else {
        close(waiting != nullptr ? waiting->reason : std::get<Refused>(assignment).reason);
    }
    return true;
}

void BusRuntime::notice_change() {
    if (ifindex_ == 0) {
        return;
    }
    const auto& links = around_.keeper.links();
    const auto link = links.find(ifindex_);
    if (link == links.end()) {
        close("the interface is gone: deleted, moved away or unplugged by somebody else");
    } else if (!link->second.up) {
        close("the interface was set down by somebody else");
    } else if (!netlink::usable(link->second)) {
        if (link->second.peer && link->second.peer->namespace_id) {
            close();  // the plan says it, with the cure
        } else {
            close("the other end of the interface was set down by somebody else");
        }
    } else if (controller_) {
        care_.look_soon();
    }
}

bridge::Interface BusRuntime::describe(const netlink::Link& link) const {
    const bool controller = link.kind != "vcan" && link.kind != "vxcan";
    // A frame that is sent once, whether or not it gets through, has no echo if it does not.
    const bool one_shot = link.controller && link.controller->settings.one_shot.value_or(false);
    const auto proof = !controller              ? bridge::Proof::none
                       : link.echo && !one_shot ? bridge::Proof::echo
                                                : bridge::Proof::queue;
    return {link.name, link.ifindex, controller, proof, link.echo};
}

bool BusRuntime::open(int ifindex) {
    const netlink::Link& link = around_.keeper.links().at(ifindex);
    lock_.reset();
    auto lock = netlink::InterfaceLock::take(ifindex, link.name);
    if (!lock) {
        close(lock.error().what);
        return false;
    }
    const bridge::Interface interface = describe(link);
    if (const auto opened = bridge_.open(interface); !opened) {
        close(opened.error().what);
        return false;
    }
    lock_ = std::move(*lock);
    ifindex_ = last_ifindex_ = ifindex;
    controller_ = interface.controller;
    waiting_for_.clear();
    log_ = around_.log.for_bus(config_.name.str(), link.name);
    log_.notice(config_.role == config::Role::server ? "serving" : "attached to", " topic ",
                config_.topic.str(), " at ", connection_.label());
    if (controller_) {
        care_.open(ifindex, log_);
    }
    return true;
}

void BusRuntime::close() {
    care_.close();
    bridge_.close();
    lock_.reset();
    ifindex_ = 0;
}

void BusRuntime::close(const std::string& reason) {
    close();
    why_closed_ = reason;
    if (waiting_for_ != reason) {
        waiting_for_ = reason;
        log_.warning(reason);
    }
}

BusStatus BusRuntime::status() {
    BusStatus status{.name = config_.name.str(),
                     .interface = {},
                     .kind = name(config_.kind),
                     .role = name(config_.role),
                     .topic = config_.topic.str(),
                     .broker = connection_.name(),
                     .formats = {}};
    for (const config::Format format : config_.formats) {
        status.formats.push_back(name(format));
    }
    const auto link = around_.keeper.links().find(last_ifindex_);
    if (config_.interface) {
        status.interface = config_.interface->str();
    } else if (link != around_.keeper.links().end()) {
        status.interface = link->second.name;
    }
    if (around_.keeper.is_dropped(config_.name)) {
        status.state = BusState::dropped;
        status.reason = why_closed_;
    } else if (ifindex_ == 0) {
        status.reason = why_closed_;
    } else if (const std::string problem = connection_.problem(bridge_);
               bridge_.joined() && problem.empty()) {
        status.state = BusState::online;
    } else {
        status.state = BusState::offline;
        status.reason = !connection_.online() ? "no connection to the broker"
                        : problem.empty()     ? "subscribing"
                                              : problem;
    }
    status.server = remote_ ? remote_->state() : std::string();
    status.controller = bridge_.controller();
    status.round_trip = bridge_.round_trip();
    status.counters = bridge_.counters();
    return status;
}

void BusRuntime::end_stop(bridge::Farewell farewell) {
    care_.close();
    bridge_.end_stop(farewell);
    lock_.reset();
    ifindex_ = 0;
}

BusRuntime::Legacy BusRuntime::legacy(bool connection_stays) {
    return {bridge_.past(), config_.topic.str(), connection_stays && remote_ && remote_->reachable()};
}

}  // namespace mqttcan::supervisor
