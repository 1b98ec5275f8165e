// SPDX-License-Identifier: MIT
#include "config/broker_url.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

#include "base/names.hpp"
#include "config/words.hpp"

namespace mqttcan::config {
namespace {

constexpr auto kInvalid = std::errc::invalid_argument;
constexpr std::size_t kLongestHost = 253;  // of a DNS name (RFC 1035, 2.3.4)

struct Scheme {
    std::string_view name;
    bool tls;
};
constexpr Scheme kSchemes[] = {{"mqtt", false}, {"mqtts", true}, {"tcp", false}, {"ssl", true}};

Result<Scheme> parse_scheme(std::string_view url, std::size_t end) {
    if (end == std::string_view::npos) {
        return fail(kInvalid, "\"", url,
                    "\" has no scheme; write mqtts:// (TLS) or mqtt:// before it, for example "
                    "\"mqtts://broker.example.com\"");
    }
    const std::string_view name = url.substr(0, end);
    const auto scheme = std::ranges::find(kSchemes, name, &Scheme::name);
    if (scheme != std::end(kSchemes)) {
        return *scheme;
    }
    if (name == "ws" || name == "wss") {
        return fail(kInvalid,
                    "MQTT over WebSockets is not supported; use a plain MQTT listener of the broker: "
                    "mqtts:// (TLS) or mqtt://");
    }
    return fail(kInvalid, "\"", name, "://\" is no scheme for a broker; write mqtts:// (TLS) or mqtt://");
}

Result<std::uint16_t> parse_port(std::string_view digits) {
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (error != std::errc{} || end != digits.data() + digits.size() || port == 0) {
        return fail(kInvalid, "\"", digits,
                    "\" is not a port; write a number from 1 to 65535, or nothing for the "
                    "default (1883, with TLS 8883)");
    }
    return port;
}

bool is_ipv6(std::string_view address) {
    in6_addr ignored{};
    const std::size_t zone = address.find('%');  // fe80::1%eth0
    if (zone != std::string_view::npos && zone + 1 == address.size()) {
        return false;
    }
    return ::inet_pton(AF_INET6, std::string(address.substr(0, zone)).c_str(), &ignored) == 1;
}

Result<void> check_host(std::string_view host) {
    const auto good = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
               c == '-' || c == '_';
    };
    if (host.empty()) {
        return fail(kInvalid, "there is no host; write for example \"mqtts://broker.example.com\"");
    }
    if (host.size() > kLongestHost) {
        return fail(kInvalid, "the host name has ", host.size(), " characters; at most ", kLongestHost,
                    " are possible");
    }
    if (!std::ranges::all_of(host, good)) {
        return fail(kInvalid, "\"", host,
                    "\" is not a host name; write a name such as \"broker.example.com\" (names "
                    "with other letters in their xn-- form) or an address");
    }
    return {};
}

/// "host", "host:port", "[IPv6]" or "[IPv6]:port".
Result<BrokerUrl> parse_authority(std::string_view authority, bool tls) {
    const bool bracketed = authority.starts_with('[');
    const std::size_t close = bracketed ? authority.find(']') : 0;
    if (!bracketed && is_ipv6(authority)) {
        return fail(kInvalid, "an IPv6 address stands in brackets: \"", tls ? "mqtts" : "mqtt", "://[",
                    authority, "]\"");
    }
    const std::string_view rest = close == std::string_view::npos ? authority : authority.substr(close);
    const std::size_t colon = rest.find(':');
    const std::string_view host = bracketed ? authority.substr(1, close - 1) : rest.substr(0, colon);
    if (bracketed && (close == std::string_view::npos || !is_ipv6(host) || (colon != 1 && rest.size() > 1))) {
        return fail(kInvalid, "\"", authority,
                    "\" is not an IPv6 address in brackets; write for example "
                    "\"mqtts://[2001:db8::1]:8883\"");
    }
    if (!bracketed) {
        if (Result<void> checked = check_host(host); !checked) {
            return std::unexpected(checked.error());
        }
    }
    BrokerUrl out{std::string(host), static_cast<std::uint16_t>(tls ? 8883 : 1883), tls};
    if (colon != std::string_view::npos) {
        const Result<std::uint16_t> port = parse_port(rest.substr(colon + 1));
        if (!port) {
            return std::unexpected(port.error());
        }
        out.port = *port;
    }
    return out;
}

}  // namespace

Result<BrokerUrl> parse_broker_url(std::string_view url) {
    // First of all, and never repeated in a message: what stands before the '@' may be a password.
    if (url.contains('@')) {
        return fail(kInvalid,
                    "no user or password stands in the URL; write them as \"username\" and "
                    "\"password_file\" beside \"url\"");
    }
    const std::size_t end = url.find("://");
    const Result<Scheme> scheme = parse_scheme(url, end);
    if (!scheme) {
        return std::unexpected(scheme.error());
    }
    const std::string_view authority = url.substr(end + 3);
    if (const std::size_t path = authority.find_first_of("/?#"); path != std::string_view::npos) {
        return fail(kInvalid, "the URL of a broker ends with host and port; remove \"",
                    authority.substr(path), "\" (a topic stands in \"topic\" of a bus)");
    }
    return parse_authority(authority, scheme->tls);
}

Result<std::string> parse_client_id(std::string_view id) {
    constexpr auto kInvalid = std::errc::invalid_argument;
    constexpr std::size_t kLongest = 128;
    if (id.size() > kLongest) {
        return fail(kInvalid, "this client id has ", id.size(), " bytes; at most ", kLongest, " are allowed");
    }
    if (!is_mqtt_string(id) || id.find_first_of("/+#") != std::string_view::npos) {
        return fail(kInvalid, in_quotes(id),
                    " may not hold '/', '+' or '#', because the client id stands in topics; use '-' or '_'");
    }
    return std::string(id);
}

bool is_loopback(std::string_view host) {
    in_addr v4{};
    const std::string name(host);
    if (::inet_pton(AF_INET, name.c_str(), &v4) == 1) {
        return (ntohl(v4.s_addr) >> 24) == 127;
    }
    return host == "localhost" || host.ends_with(".localhost") || host == "::1";
}

}  // namespace mqttcan::config
