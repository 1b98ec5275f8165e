// SPDX-License-Identifier: MIT
#include "daemon/cli/tunnel_options.hpp"

#include <getopt.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

#include "config/bit_rate.hpp"
#include "config/broker_url.hpp"
#include "daemon/cli/netns.hpp"

namespace mqttcan::cli {

const char* const kTunnelHelp = R"(Usage: mqttcan tunnel -i INTERFACE -H HOST [OPTION]...

Joins one CAN interface with a topic on an MQTT broker, in the foreground, until
Ctrl-C. What it created is removed in the end. Takes the flags of PyMQTT2CAN.

  -i, --interface NAME      CAN interface, for example vcan0; with -b slcan the
                            adapter's tty, for example /dev/ttyUSB0
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
      --format FORMAT       savvycan, which PyMQTT2CAN and SavvyCAN know (default);
                            stream, faster and without unseen losses, between
                            mqttcan and mqttcan; with -S also both
      --tls, --no-tls       whatever the port
      --ca-file FILE        CA certificates instead of the system's
      --cert-file FILE      client certificate, with --key-file FILE
      --insecure            do not verify the broker's certificate
      --client-id ID
  -b, --bustype KIND        what -i is (default socketcan):
                              socketcan  an interface that exists, as it is; one
                                         that does not and whose name begins
                                         with vcan is created
                              vcan       created unless it exists, any name
                              vxcan      one end of a pair, which is created;
                                         the other is for a container
                              slcan      a serial adapter, which is attached
      --peer NAME           with -b vxcan: the name of the other end
      --netns NAME          with -b vxcan: the other end's network namespace, as
                            "ip netns" knows it, or an absolute path; without
                            it, it waits here for "mqttcan attach"
      --name NAME           with -b slcan: the interface (default slcan0, or the
                            next number that is free)
  -s, --bitrate RATE        500000 or 500k: needed with -b slcan; set on hardware
                            unless it has it; a virtual bus has none
      --debug               log more
  -h, --help                show this and exit
)";

namespace {

enum Long : int {
    kPasswordFile = 256,
    kWrite,
    kFormat,
    kTls,
    kNoTls,
    kCaFile,
    kCertFile,
    kKeyFile,
    kInsecure,
    kClientId,
    kDebug,
    kPeer,
    kNetns,
    kName
};

const std::array<option, 25> kOptions = {{
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
    {"format", required_argument, nullptr, kFormat},
    {"tls", no_argument, nullptr, kTls},
    {"no-tls", no_argument, nullptr, kNoTls},
    {"ca-file", required_argument, nullptr, kCaFile},
    {"cert-file", required_argument, nullptr, kCertFile},
    {"key-file", required_argument, nullptr, kKeyFile},
    {"insecure", no_argument, nullptr, kInsecure},
    {"client-id", required_argument, nullptr, kClientId},
    {"debug", no_argument, nullptr, kDebug},
    {"peer", required_argument, nullptr, kPeer},
    {"netns", required_argument, nullptr, kNetns},
    {"name", required_argument, nullptr, kName},
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

Result<BusType> parse_type(std::string_view word) {
    constexpr std::array<std::pair<std::string_view, BusType>, 4> kTypes = {
        {{"socketcan", BusType::socketcan},
         {"vcan", BusType::vcan},
         {"vxcan", BusType::vxcan},
         {"slcan", BusType::slcan}}};
    const auto* const found = std::ranges::find(kTypes, word, &decltype(kTypes)::value_type::first);
    if (found == kTypes.end()) {
        return fail(
            kInvalid, "-b ", word,
            ": not supported; socketcan, vcan, vxcan and slcan are. Adapters that Linux knows as a CAN "
            "interface (ip link) are socketcan, whoever made them");
    }
    return found->second;
}

Result<std::vector<config::Format>> parse_formats(std::string_view word) {
    using config::Format;
    if (word == "savvycan") {
        return std::vector{Format::savvycan};
    }
    if (word == "stream") {
        return std::vector{Format::stream};
    }
    if (word == "both") {
        return std::vector{Format::savvycan, Format::stream};
    }
    return fail(kInvalid, "--format ", word, ": say savvycan, stream or, with -S, both");
}

/// Takes over what parsed; names the option where it did not.
template <typename T, typename U>
Result<void> take(T& into, Result<U> parsed, const char* prefix = "") {
    if (!parsed) {
        return std::unexpected(Error{parsed.error().code, prefix + parsed.error().what});
    }
    into = std::move(*parsed);
    return {};
}

/// python-can's "/dev/ttyUSB0@115200" names the speed of the line as well, which is always that.
Result<void> take_device(std::string& device) {
    const std::size_t at = device.rfind('@');
    const std::string_view speed =
        at == std::string::npos ? std::string_view() : std::string_view(device).substr(at + 1);
    const bool has_speed =
        !speed.empty() && std::ranges::all_of(speed, [](char c) { return c >= '0' && c <= '9'; });
    if (has_speed && speed != "115200") {
        return fail(kInvalid, "-i ", device, ": a serial line runs at 115200 baud here; leave \"@", speed,
                    "\" out if the adapter has a USB interface of its own, which takes any speed");
    }
    if (has_speed) {
        device.resize(at);
    }
    if (!device.starts_with('/')) {
        return fail(kInvalid, "-i ", device,
                    ": with -b slcan this is the path of the adapter's tty, for example /dev/ttyUSB0 (the "
                    "interface's name is given with --name)");
    }
    return {};
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
            return take(options.bitrate, config::parse_bit_rate(argument), "-s ");
        case 'b':
            return take(options.type, parse_type(argument));
        case kPeer:
            return take(options.peer, InterfaceName::parse(argument), "--peer: ");
        case kFormat:
            return take(options.formats, parse_formats(argument));
        case kNetns:
            return take(options.netns, parse_netns(argument));
        case kName:
            return take(options.name, InterfaceName::parse(argument), "--name: ");
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

/// What -b wants besides, and what only it understands.
Result<void> judge_type(TunnelOptions& options) {
    const bool vxcan = options.type == BusType::vxcan;
    const bool slcan = options.type == BusType::slcan;
    if (options.interface.empty()) {
        return fail(kInvalid, slcan ? "which adapter? For example: -i /dev/ttyUSB0"
                                    : "which interface? For example: -i vcan0");
    }
    if (!vxcan && (options.peer || options.netns)) {
        return fail(kInvalid, "--peer and --netns are for the other end of a pair: add -b vxcan");
    }
    if (vxcan && !options.peer) {
        return fail(kInvalid, "a vxcan has two ends: name the other one too, for example --peer can0");
    }
    if (vxcan && !options.netns && options.peer->str() == options.interface) {
        return fail(
            kInvalid, "both ends are called ", options.interface,
            ", which needs another network namespace for the other one: add --netns, or choose another name");
    }
    if (!slcan) {
        return options.name ? fail(kInvalid, "--name is for -b slcan; elsewhere -i is the name")
                            : Result<void>();
    }
    if (!options.bitrate) {
        return fail(kInvalid,
                    "a serial adapter must be told the bit rate of the bus: add for example -s 500000");
    }
    constexpr std::uint32_t kLowest = 1000;
    constexpr std::uint32_t kHighest = 1'000'000;
    if (*options.bitrate < kLowest || *options.bitrate > kHighest) {
        return fail(kInvalid, "-s ", config::show_bit_rate(*options.bitrate), ": at least 1k and at most 1M");
    }
    return take_device(options.interface);
}

Result<void> judge(TunnelOptions& options) {
    if (auto judged = judge_type(options); !judged) {
        return judged;
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
    if (options.formats.size() > 1 && !options.server) {
        return fail(kInvalid,
                    "--format both is for the side with the CAN bus, which is -S: a client speaks one");
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

}  // namespace mqttcan::cli
