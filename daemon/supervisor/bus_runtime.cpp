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
              {host.session, host.version, status_topic_, host.temporary}, *this, log_, legacy.counters),
      care_(around.loop, around.links, bus.heal_bus_off, log_, care_hooks()),
      purge_later_(around.loop, [this] { purge(); }) {
    if (bus.role == config::Role::client && bus.on_offline == config::OnOffline::down) {
        const bool reachable = legacy.reachable && legacy.topic == bus.topic.str();
        around_.keeper.set_unreachable(bus.name, !reachable);
        remote_ = std::make_unique<bridge::RemoteWatch>(
            around.loop, connection, bus.topic, reachable, [this](bool can_be_reached) {
                log_.notice(can_be_reached
                                ? "the other end of the bus can be reached"
                                : "the other end of the bus cannot be reached: the interface goes down");
                around_.keeper.set_unreachable(config_.name, !can_be_reached);
            });
    }
}

BusRuntime::~BusRuntime() {
    around_.keeper.forget(config_.name);
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
    return {link.name, link.ifindex, controller, proof};
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
    ifindex_ = ifindex;
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
    if (waiting_for_ != reason) {
        waiting_for_ = reason;
        log_.warning(reason);
    }
}

void BusRuntime::end_stop(bridge::Farewell farewell) {
    care_.close();
    bridge_.end_stop(farewell);
    lock_.reset();
    ifindex_ = 0;
}

BusRuntime::Legacy BusRuntime::legacy(bool connection_stays) {
    return {bridge_.counters(), config_.topic.str(), connection_stays && remote_ && remote_->reachable()};
}

}  // namespace mqttcan::supervisor
