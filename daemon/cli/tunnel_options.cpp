// SPDX-License-Identifier: MIT
#include "daemon/cli/tunnel_options.hpp"

#include <getopt.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

#include "config/broker_url.hpp"

namespace mqttcan::cli {

const char* const kTunnelHelp = R"(Usage: mqttcan tunnel -i INTERFACE -H HOST [OPTION]...

Joins one CAN interface with a topic on an MQTT broker, in the foreground, until
Ctrl-C. A vcan that does not exist is created, and removed in the end. Takes the
flags of PyMQTT2CAN.

  -i, --interface NAME      CAN interface, for example vcan0
  -H, --host HOST           the broker
  -P, --port PORT           its port (default 8883, which means TLS; any other
                            port means plain MQTT unless --tls, --ca-file or
                            --cert-file is given)
  -t, --topic TOPIC         (default can)
  -S, --server              this is the side with the CAN bus
  -u, --username NAME
  -p, --password PASSWORD   better: --password-file, or MQTTCAN_PASSWORD in the
                            environment
      --password-file FILE
      --write none|all      with -S: whether MQTT may cause frames on the bus
      --tls, --no-tls       whatever the port
      --ca-file FILE        CA certificates instead of the system's
      --cert-file FILE      client certificate, with --key-file FILE
      --insecure            do not verify the broker's certificate
      --client-id ID
  -b, --bustype socketcan   the only kind there is
  -s, --bitrate RATE        taken for PyMQTT2CAN's sake; the bit rate of a real
                            interface is set with ip(8)
      --debug               log more
  -h, --help                show this and exit
)";

namespace {

enum Long : int {
    kPasswordFile = 256,
    kWrite,
    kTls,
    kNoTls,
    kCaFile,
    kCertFile,
    kKeyFile,
    kInsecure,
    kClientId,
    kDebug
};

const std::array<option, 21> kOptions = {{
    {"interface", required_argument, nullptr, 'i'},
    {"host", required_argument, nullptr, 'H'},
    {"port", required_argument, nullptr, 'P'},
    {"topic", required_argument, nullptr, 't'},
    {"server", no_argument, nullptr, 'S'},
    {"username", required_argument, nullptr, 'u'},
    {"password", required_argument, nullptr, 'p'},
    {"bustype", required_argument, nullptr, 'b'},
    {"bitrate", required_argument, nullptr, 's'},
    {"help", no_argument, nullptr, 'h'},
    {"password-file", required_argument, nullptr, kPasswordFile},
    {"write", required_argument, nullptr, kWrite},
    {"tls", no_argument, nullptr, kTls},
    {"no-tls", no_argument, nullptr, kNoTls},
    {"ca-file", required_argument, nullptr, kCaFile},
    {"cert-file", required_argument, nullptr, kCertFile},
    {"key-file", required_argument, nullptr, kKeyFile},
    {"insecure", no_argument, nullptr, kInsecure},
    {"client-id", required_argument, nullptr, kClientId},
    {"debug", no_argument, nullptr, kDebug},
    {},
}};

constexpr auto kInvalid = std::errc::invalid_argument;

/// Takes a secret out of what `ps` shows.
std::string take_secret(char* argument) {
    std::string secret(argument);
    std::memset(argument, 'x', secret.size());
    return secret;
}

/// "[::1]" is "::1" here: a URL needs the brackets, an option does not.
std::string without_brackets(std::string_view host) {
    const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
    return std::string(bracketed ? host.substr(1, host.size() - 2) : host);
}

Result<std::uint16_t> parse_port(std::string_view words) {
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(words.data(), words.data() + words.size(), port);
    if (error != std::errc() || end != words.data() + words.size() || port == 0) {
        return fail(kInvalid, "-P ", words, ": a port is a number from 1 to 65535");
    }
    return port;
}

bool is_bitrate(std::string_view words) {
    if (!words.empty() && (words.back() == 'k' || words.back() == 'M')) {
        words.remove_suffix(1);
    }
    return !words.empty() && std::ranges::all_of(words, [](char c) { return c >= '0' && c <= '9'; });
}

/// Options that take no more than a look.
Result<void> apply(TunnelOptions& options, std::optional<bool>& tls, int option, char* argument) {
    switch (option) {
        case 'i':
            options.interface = argument;
            break;
        case 'H':
            options.host = without_brackets(argument);
            break;
        case 't':
            options.topic = argument;
            break;
        case 'S':
            options.server = true;
            break;
        case 'u':
            options.username = argument;
            break;
        case 'p':
            options.password = take_secret(argument);
            break;
        case 'h':
            options.help = true;
            break;
        case kPasswordFile:
            options.password_file = argument;
            break;
        case kTls:
            tls = true;
            break;
        case kNoTls:
            tls = false;
            break;
        case kCaFile:
            options.tls_files.ca_file = argument;
            break;
        case kCertFile:
            options.tls_files.cert_file = argument;
            break;
        case kKeyFile:
            options.tls_files.key_file = argument;
            break;
        case kInsecure:
            options.tls_files.insecure = true;
            break;
        case kClientId:
            options.client_id = argument;
            break;
        case kDebug:
            options.debug = true;
            break;
        case 's':
            options.bitrate_given = true;
            if (!is_bitrate(argument)) {
                return fail(kInvalid, "-s ", argument,
                            ": a bit rate is a number, for example 500000 or 500k");
            }
            break;
        case 'b':
            if (std::strcmp(argument, "socketcan") != 0) {
                return fail(kInvalid, "-b ", argument,
                            ": not supported; socketcan is. Adapters that Linux knows as "
                            "a CAN interface (ip link) are socketcan, whoever made them");
            }
            break;
        case 'P': {
            const auto port = parse_port(argument);
            if (!port) {
                return std::unexpected(port.error());
            }
            options.port = *port;
            options.port_given = true;
            break;
        }
        case kWrite:
            if (std::strcmp(argument, "none") != 0 && std::strcmp(argument, "all") != 0) {
                return fail(kInvalid, "--write ", argument, ": say none or all");
            }
            options.write = std::strcmp(argument, "none") == 0 ? config::Write::none : config::Write::all;
            break;
        default:
            return fail(kInvalid, "");  // getopt has said what is wrong
    }
    return {};
}

Result<void> judge(const TunnelOptions& options) {
    if (options.interface.empty()) {
        return fail(kInvalid, "which interface? For example: -i vcan0");
    }
    if (options.host.empty()) {
        return fail(kInvalid, "which broker? For example: -H broker.example.com");
    }
    if (options.password && !options.password_file.empty()) {
        return fail(kInvalid, "a password and a password file: give one of them");
    }
    if (options.username.empty() && (options.password || !options.password_file.empty())) {
        return fail(kInvalid, "a password without a user name: give -u NAME too");
    }
    const config::Tls& files = options.tls_files;
    if (options.tls && !files.insecure && options.host.find(':') != std::string::npos) {
        return fail(kInvalid, "a certificate cannot be checked against the IPv6 address ", options.host,
                    " (a limit of the MQTT library): give the host's name");
    }
    if (!options.tls && (files.insecure || !files.ca_file.empty() || !files.cert_file.empty())) {
        return fail(kInvalid,
                    "a CA file, a certificate and --insecure are for TLS: add --tls, or leave them out");
    }
    if (options.tls_files.cert_file.empty() != options.tls_files.key_file.empty()) {
        return fail(kInvalid, "--cert-file and --key-file belong together");
    }
    if (options.write && !options.server) {
        return fail(kInvalid, "--write is for the side with the CAN bus, which is -S");
    }
    const bool anonymous = options.username.empty() && options.tls_files.cert_file.empty();
    if (options.server && anonymous && !options.write && !config::is_loopback(options.host)) {
        return fail(kInvalid, "without credentials everybody who reaches ", options.host,
                    " could drive this bus: add --write none (listen only) or, if you mean it, --write all");
    }
    return {};
}

}  // namespace

Result<TunnelOptions> parse_tunnel(int argc, char** argv, const char* environment_password) {
    TunnelOptions options;
    std::optional<bool> tls;
    optind = 0;  // glibc: start over, for this is not the first scan
    for (int option = 0;
         (option = ::getopt_long(argc, argv, "b:i:s:u:p:t:H:P:Sh", kOptions.data(), nullptr)) != -1;) {
        if (auto applied = apply(options, tls, option, optarg); !applied) {
            return std::unexpected(applied.error());
        }
    }
    if (options.help) {
        return options;
    }
    if (optind < argc) {
        return fail(kInvalid, "unexpected argument \"", argv[optind], '"');
    }
    if (!options.password && options.password_file.empty() && environment_password != nullptr) {
        options.password_ignored = options.username.empty();
        if (!options.username.empty()) {
            options.password = environment_password;
        }
    }
    const bool tls_wanted = !options.tls_files.ca_file.empty() || !options.tls_files.cert_file.empty();
    options.tls = tls.value_or(options.port == 8883 || tls_wanted);
    if (auto judged = judge(options); !judged) {
        return std::unexpected(judged.error());
    }
    return options;
}

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
    if (options.bitrate_given) {
        list.push_back(
            "-s changes nothing: a virtual interface has no bit rate, and that of a real one is set with "
            "ip link set " +
            options.interface + " type can bitrate ...");
    }
    if (options.tls && options.tls_files.insecure) {
        list.push_back("--insecure: whoever answers is believed to be the broker");
    }
    if (!options.tls && !options.username.empty() && !config::is_loopback(options.host)) {
        list.push_back(
            "without TLS the password crosses the network readable for everybody (add --tls, or use port "
            "8883)");
    }
    if (options.topic.find('/') != std::string::npos) {
        list.push_back("PyMQTT2CAN and SavvyCAN understand only topics of one level, without '/'");
    }
    return list;
}

Result<config::Config> tunnel_config(const TunnelOptions& options, const config::Environment& environment) {
    auto interface = InterfaceName::parse(options.interface);
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
        .interface = std::move(*interface),
        .role = options.server ? config::Role::server : config::Role::client,
        .write = options.write.value_or(config::Write::all),
        .on_stop = config::OnStop::remove,
    };
    return config::Config{.brokers = {std::move(broker)}, .buses = {std::move(bus)}};
}

}  // namespace mqttcan::cli
