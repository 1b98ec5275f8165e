// SPDX-License-Identifier: MIT
// What comes of the options of `mqttcan tunnel`.
#include <algorithm>

#include "config/broker_url.hpp"
#include "daemon/cli/tunnel_options.hpp"

namespace mqttcan::cli {
namespace {

constexpr auto kInvalid = std::errc::invalid_argument;

config::Kind kind_of(BusType type) {
    switch (type) {
        case BusType::vxcan:
            return config::Kind::vxcan;
        case BusType::slcan:
            return config::Kind::slcan;
        case BusType::socketcan:
        case BusType::vcan:
            break;
    }
    return config::Kind::vcan;
}

}  // namespace

std::vector<std::string> hints(const TunnelOptions& options) {
    std::vector<std::string> list;
    const bool number = options.password && !options.password->empty() &&
                        std::ranges::all_of(*options.password, [](char c) { return c >= '0' && c <= '9'; });
    if (number && !options.port_given) {
        list.push_back(
            "-p is the password here; a port is given with -P (mosquitto's tools mean -p as the port)");
    }
    if (options.password_ignored) {
        list.push_back("MQTTCAN_PASSWORD is set but not used: it needs a user name (-u)");
    }
    if (options.tls && options.tls_files.insecure) {
        list.push_back("--insecure: whoever answers is believed to be the broker");
    }
    if (!options.tls && !options.username.empty() && !config::is_loopback(options.host)) {
        list.push_back(
            "without TLS the password crosses the network readable for everybody (add --tls, or use port "
            "8883)");
    }
    if (options.topic.find('/') != std::string::npos && options.formats.front() == config::Format::savvycan) {
        list.push_back("PyMQTT2CAN and SavvyCAN understand only topics of one level, without '/'");
    }
    return list;
}

Result<config::Config> tunnel_config(const TunnelOptions& options, const config::Environment& environment) {
    const bool serial = options.type == BusType::slcan;
    const auto interface =
        serial ? Result<std::optional<InterfaceName>>(options.name) : InterfaceName::parse(options.interface);
    if (!interface) {
        return std::unexpected(interface.error());
    }
    auto topic = Topic::parse(options.topic);
    if (!topic) {
        return std::unexpected(topic.error());
    }
    const auto filled_in = config::fill_in(options.client_id, environment);
    auto client_id = filled_in ? config::parse_client_id(*filled_in) : filled_in;
    if (!client_id) {
        return std::unexpected(Error{client_id.error().code, "--client-id: " + client_id.error().what});
    }
    const config::Tls& files = options.tls_files;
    for (const std::string& file : {options.password_file, files.ca_file, files.cert_file, files.key_file}) {
        if (const auto readable = file.empty() ? Result<void>() : environment.readable(file); !readable) {
            return fail(kInvalid, file, " cannot be read: ", readable.error().code.message());
        }
    }
    const EntryName broker_name = EntryName::parse("default").value();
    config::Broker broker{
        .name = broker_name,
        .host = options.host,
        .port = options.port,
        .tls = options.tls ? std::optional(files) : std::nullopt,
        .client_id = std::move(*client_id),
        .username = options.username,
        .password = options.password,
        .password_file = options.password_file,
    };
    config::Bus bus{
        .name = EntryName::parse("tunnel").value(),
        .broker = broker_name,
        .topic = std::move(*topic),
        .interface = *interface,
        .kind = kind_of(options.type),
        .role = options.server ? config::Role::server : config::Role::client,
        .formats = options.formats,
        .write = options.write.value_or(config::Write::all),
        .on_stop = config::OnStop::remove,
    };
    if (options.peer) {
        bus.peer = config::Peer{*options.peer, options.netns};
    }
    if (serial) {
        bus.device = options.interface;
        bus.settings.bitrate = options.bitrate;
    }
    return config::Config{.brokers = {std::move(broker)}, .buses = {std::move(bus)}};
}

}  // namespace mqttcan::cli
