// SPDX-License-Identifier: MIT
// The keys of a broker entry and of its "tls", and the rules between them.
#include "base/text.hpp"
#include "config/broker_url.hpp"
#include "config/entries.hpp"
#include "config/words.hpp"

namespace mqttcan::config {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::string_view kLimits[] = {"aws-iot-core"};
constexpr std::string_view kPasswords[] = {"password", "password_file", "password_credential"};

constexpr std::int64_t ns(Duration duration) {
    return duration.count();
}

void read_url(Reader& reader, const Node& node, const KeyInfo& key, Broker& into) {
    const auto written = reader.string(node, key);
    if (!written) {
        return;
    }
    const Result<BrokerUrl> url = parse_broker_url(*written);
    if (!url) {
        reader.fault(node, url.error().what);
        return;
    }
    into.host = url->host;
    into.port = url->port;
}

void read_client_id(Reader& reader, const Node& node, const KeyInfo& key, Broker& into) {
    const auto words = reader.template_string(node, key);
    if (!words) {
        return;
    }
    if (auto id = parse_client_id(*words)) {
        into.client_id = std::move(*id);
    } else {
        reader.fault(node, id.error().what);
    }
}

void read_password(Reader& reader, const Node& node, const KeyInfo& key, Broker& into) {
    if (auto password = reader.string(node, key, true)) {
        into.password = *std::move(password);
    }
}

void read_password_credential(Reader& reader, const Node& node, const KeyInfo& key, Broker& into) {
    if (auto path = reader.credential(node, key)) {
        into.password_credential = node.text;
        into.password_file = *std::move(path);
    }
}

void read_status_topic(Reader& reader, const Node& node, const KeyInfo& key, Broker& into) {
    const auto topic = reader.template_string(node, key, true);
    if (!topic) {
        return;
    }
    if (topic->starts_with('$')) {
        reader.fault(node, text(in_quotes(*topic), " begins with '$', which brokers keep for themselves"));
    } else if (topic->find_first_of("+#") != std::string::npos) {
        reader.fault(node, text(in_quotes(*topic), " holds a wildcard ('+' or '#'); name one topic"));
    } else {
        into.status_topic = *topic;
    }
}

void read_tls(Reader& reader, const Node& node, const KeyInfo&, Broker& into) {
    tls_shape().read(reader, node, into.tls.emplace());
}

void read_insecure(Reader& reader, const Node& node, const KeyInfo& key, Tls& into) {
    read_flag<&Tls::insecure>(reader, node, key, into);
    if (into.insecure) {
        reader.warning(node,
                       "the broker is not verified: whoever sits between can read and write the bus; give "
                       "\"ca_file\" instead");
    }
}

void read_keep_alive(Reader& reader, const Node& node, const KeyInfo& key, Broker& into) {
    const auto value = reader.duration(node, key);
    if (value && value->count() % ns(seconds(1)) != 0) {
        reader.fault(node, text(in_quotes(node.text),
                                " is not a whole number of seconds, as MQTT wants it; write for "
                                "example ",
                                key.example));
    } else if (value) {
        into.keep_alive = *value;
    }
}

constexpr Key<Broker> kBrokerKeys[] = {
    {{.name = "url", .example = R"("mqtts://broker.example.com:8883")"}, read_url},
    {{.name = "client_id", .example = R"("gw-{hostname}")"}, read_client_id},
    {{.name = "username", .example = R"("gateway-7")"}, read_string<&Broker::username>},
    {{.name = "password", .example = R"("correct horse")", .secret = true}, read_password},
    {{.name = "password_file", .example = R"("/etc/mqttcan/password")"}, read_file<&Broker::password_file>},
    {{.name = "password_credential", .example = R"("password")"}, read_password_credential},
    {{.name = "tls", .example = R"({"ca_file": "/etc/mqttcan/ca.pem"})"}, read_tls},
    {{.name = "status_topic", .example = R"("gateways/{hostname}/status")"}, read_status_topic},
    {{.name = "tick", .example = R"("400ms")", .lowest = ns(milliseconds(50)), .highest = ns(seconds(10))},
     read_duration<&Broker::tick>},
    {{.name = "keep_alive", .example = R"("20s")", .lowest = ns(seconds(1)), .highest = ns(hours(18))},
     read_keep_alive},
    {{.name = "reconnect_max",
      .example = R"("5s")",
      .lowest = ns(milliseconds(100)),
      .highest = ns(hours(1))},
     read_duration<&Broker::reconnect_max>},
    {{.name = "limits", .example = R"({"messages_per_second": 100})", .words = kLimits}, read_limits},
};

constexpr Key<Tls> kTlsKeys[] = {
    {{.name = "ca_file", .example = R"("/etc/mqttcan/ca.pem")"}, read_file<&Tls::ca_file>},
    {{.name = "cert_file", .example = R"("/etc/mqttcan/client.pem")"}, read_file<&Tls::cert_file>},
    {{.name = "key_file", .example = R"("/etc/mqttcan/client.key")"}, read_file<&Tls::key_file>},
    {{.name = "insecure", .example = "true"}, read_insecure},
};

void check_credentials(Reader& reader, const Node& node) {
    const Node* first = nullptr;
    for (const std::string_view key : kPasswords) {
        const Node* const password = node.find(key);
        if (password != nullptr && first != nullptr) {
            reader.fault_at_key(*password,
                                text("there is a \"", first->key, "\" already (",
                                     reader.line_of(*first, *password), "); remove one of the two"));
        } else if (password != nullptr) {
            first = password;
        }
    }
    if (first != nullptr && !node.has("username")) {
        reader.fault_at_key(*first,
                            "a password without a user name is not allowed in MQTT 3.1.1; add \"username\"");
    }
}

void check_tls(Reader& reader, const Node& node, Broker& broker) {
    const Node* url = node.find("url");
    const Node* tls = node.find("tls");
    const auto parsed = url != nullptr ? parse_broker_url(url->text) : BrokerUrl{"", 0, false};
    if (parsed && parsed->tls && !broker.tls) {
        broker.tls.emplace();
    } else if (parsed && !parsed->tls && tls != nullptr) {
        reader.fault_at_key(*tls, text("the URL is not one for TLS; write \"mqtts://...\" as \"url\"",
                                       url != nullptr ? text(" (", reader.line_of(*url, *tls), ")") : ""));
    }
    if (tls == nullptr || tls->type != Type::object) {
        return;
    }
    for (const auto& [one, other] : {std::pair("cert_file", "key_file"), {"key_file", "cert_file"}}) {
        if (tls->has(one) && !tls->has(other)) {
            reader.fault_at_key(*tls->find(one),
                                text("a client certificate needs both its files; add \"", other, "\""));
        }
    }
}

void check_ipv6(Reader& reader, const Node& node, const Broker& broker) {
    const Node* url = node.find("url");
    if (url != nullptr && broker.tls && !broker.tls->insecure && broker.host.contains(':')) {
        reader.fault(*url,
                     "a certificate cannot be checked against an IPv6 address (a limit of the MQTT library); "
                     "write the host's name");
    }
}

void warn_of_plain_password(Reader& reader, const Node& node, const Broker& broker) {
    for (const std::string_view key : {"password", "password_file", "password_credential", "username"}) {
        const Node* credential = node.find(key);
        if (credential != nullptr && !broker.tls && !is_loopback(broker.host)) {
            reader.warning(*credential, text("it travels readable by everyone on the way to ", broker.host,
                                             "; use mqtts:// where the broker can"));
            return;
        }
    }
}

}  // namespace

const Shape<Broker>& broker_shape() {
    static const Shape<Broker> shape("/brokers/*", "a broker entry",
                                     R"({"url": "mqtts://broker.example.com"})", kBrokerKeys);
    return shape;
}

const Shape<Tls>& tls_shape() {
    static const Shape<Tls> shape("/brokers/*/tls", "a \"tls\" object",
                                  R"({"ca_file": "/etc/mqttcan/ca.pem"})", kTlsKeys);
    return shape;
}

void check_broker(Reader& reader, const Node& node, Broker& broker) {
    check_credentials(reader, node);
    check_tls(reader, node, broker);
    check_ipv6(reader, node, broker);
    warn_of_plain_password(reader, node, broker);
}

}  // namespace mqttcan::config
