// SPDX-License-Identifier: MIT
#include "daemon/supervisor/wiring.hpp"

#include <algorithm>
#include <fstream>

#include "daemon/codec/status.hpp"
#include "daemon/codec/topics.hpp"

namespace mqttcan::supervisor {
namespace {

using config::Bus;
using config::Role;
using config::Write;

/// The first line of the file, without its end: read anew for each attempt, so that it can be renewed.
Result<std::string> read_password(const std::string& path) {
    std::ifstream file(path);
    std::string password;
    if (!std::getline(file, password)) {
        return file.is_open() ? fail(std::errc::invalid_argument, "password file ", path, " is empty")
                              : fail_errno(errno, "reading password file ", path);
    }
    if (!password.empty() && password.back() == '\r') {
        password.pop_back();
    }
    return password;
}

std::function<Result<std::string>()> password_source(const config::Broker& broker) {
    if (!broker.password_file.empty()) {
        return [path = broker.password_file] { return read_password(path); };
    }
    return [password = broker.password.value_or("")]() -> Result<std::string> { return password; };
}

std::optional<mqtt::TlsOptions> tls_options(const config::Broker& broker) {
    if (!broker.tls) {
        return std::nullopt;
    }
    return mqtt::TlsOptions{broker.tls->ca_file, broker.tls->cert_file, broker.tls->key_file,
                            broker.tls->insecure};
}

bool may_write(const Bus& bus) {
    return bus.role != Role::server || bus.write == Write::all;
}

/// Flow control, liveness and freshness as the strictest of the buses wants them.
mqtt::Fence::Settings fence_settings(const config::Broker& broker, const std::vector<Bus>& buses) {
    mqtt::Fence::Settings fence{.returning = false, .period = broker.tick, .dead_after = Duration::max()};
    for (const Bus& bus : buses) {
        fence.returning = fence.returning || may_write(bus);
        fence.dead_after = std::min(fence.dead_after, bus.from_bus.max_age);
        if (may_write(bus)) {
            fence.dead_after = std::min(fence.dead_after, bus.to_bus.max_age);
        }
    }
    fence.dead_after = std::max(fence.dead_after, 2 * broker.tick);
    return fence;
}

std::uint32_t message_expiry(const std::vector<Bus>& buses) {
    Duration longest{};
    for (const Bus& bus : buses) {
        longest = std::max(longest, bus.from_bus.max_age);
    }
    return static_cast<std::uint32_t>(std::chrono::ceil<std::chrono::seconds>(longest).count());
}

/// Two entries at one broker must not evict each other.
std::string default_client_id(const config::Broker& broker, const Host& host) {
    const std::string id = text("mqttcan-", host.hostname, '-', host.fingerprint);
    return broker.name.str() == "default" ? id : id + '-' + broker.name.str();
}

Line make_line(const config::Broker& broker, std::vector<Bus> buses, const Host& host,
               const std::string& suffix) {
    const std::string base = !broker.client_id.empty() ? broker.client_id : default_client_id(broker, host);
    mqtt::ConnectionSettings settings{
        .name = broker.name.str(),
        .host = broker.host,
        .port = broker.port,
        .tls = tls_options(broker),
        .client_id = base + suffix,
        .username = broker.username,
        .password = password_source(broker),
        .will = std::nullopt,
        .birth = {},
        .farewell = {},
        .keep_alive = broker.keep_alive,
        .reconnect_max = broker.reconnect_max,
        .fence = fence_settings(broker, buses),
        .limits = {.messages_per_second = broker.limits.messages_per_second,
                   .bytes_per_second = broker.limits.bytes_per_second},
        .message_expiry = message_expiry(buses),
        .self_test_no_local = std::ranges::any_of(buses, &Bus::accept_pymqtt2can_clients),
    };
    const std::string topic = broker.status_topic
                                  ? *broker.status_topic + (broker.status_topic->empty() ? "" : suffix)
                                  : codec::connection_status_topic(settings.client_id);
    if (!topic.empty()) {
        settings.will = {topic,
                         codec::to_json(codec::ConnectionStatus{host.session, "offline", host.version})};
        settings.farewell = host.temporary ? std::string() : settings.will->payload;
        settings.birth = codec::to_json(codec::ConnectionStatus{host.session, "online", host.version});
    }
    return {broker.name.str() + suffix, broker, std::move(settings), std::move(buses)};
}

}  // namespace

std::vector<Line> lines(const config::Config& config, const Host& host) {
    std::vector<Line> result;
    for (const config::Broker& broker : config.brokers) {
        std::vector<Bus> shared;
        for (const Bus& bus : config.buses) {
            if (bus.broker != broker.name) {
                continue;
            }
            if (bus.accept_pymqtt2can_clients) {
                result.push_back(make_line(broker, {bus}, host, '-' + bus.name.str()));
            } else {
                shared.push_back(bus);
            }
        }
        if (!shared.empty()) {
            result.push_back(make_line(broker, std::move(shared), host, {}));
        }
    }
    return result;
}

Desired desired_links(const config::Config& config) {
    Desired desired;
    for (const Bus& bus : config.buses) {
        desired.push_back({
            .bus = bus.name,
            .kind = bus.kind,
            .interface = bus.interface,
            .mtu = bus.fd ? netlink::kFdMtu : netlink::kClassicMtu,
            .on_stop = bus.on_stop,
            .peer = bus.peer,
            .match = bus.match,
            .device = bus.device,
            .settings = bus.settings,
        });
    }
    return desired;
}

std::string status_topic(const Bus& bus, const std::string& client_id) {
    switch (bus.role) {
        case Role::server:
            return codec::server_status_topic(bus.topic);
        case Role::client:
            break;
        case Role::peer:
            return codec::peer_status_topic(bus.topic, client_id);
    }
    return codec::client_status_topic(bus.topic, client_id);
}

}  // namespace mqttcan::supervisor
