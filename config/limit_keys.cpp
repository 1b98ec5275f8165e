// SPDX-License-Identifier: MIT
// What a connection may send: the key "limits" of a broker entry, and what follows for the buses on it.
#include <algorithm>

#include "base/text.hpp"
#include "config/bus_parts.hpp"
#include "config/duration.hpp"
#include "config/entries.hpp"
#include "config/words.hpp"

namespace mqttcan::config {
namespace {

// AWS IoT Core enforces, per connection (its "endpoints and quotas", message broker): 100 publishes and 512
// KB a second, 7 slashes in a topic, and 8 filters in a SUBSCRIBE. The last needs no check: a connection
// sends one SUBSCRIBE per filter (daemon/mqtt/paho_client.cpp).
constexpr Limits kAwsIotCore{.messages_per_second = 100, .bytes_per_second = 512'000};
constexpr std::ptrdiff_t kSlashesOfAws = 7;
/// T/mqttcan/status/client/CLIENT-ID, the longest topic below T, has so many more than T.
constexpr std::ptrdiff_t kSlashesBelow = 4;

constexpr Key<Limits> kLimitsKeys[] = {
    {{.name = "messages_per_second", .example = "100", .lowest = 1, .highest = 1'000'000},
     read_count<&Limits::messages_per_second>},
    {{.name = "bytes_per_second", .example = "512000", .lowest = 1'000, .highest = 1'000'000'000},
     read_count<&Limits::bytes_per_second>},
};

std::ptrdiff_t slashes(std::string_view topic) {
    return std::ranges::count(topic, '/');
}

void check_topic(Reader& reader, const Node& limits, const BusEntry& bus) {
    const Node* topic = reader.sound(*bus.node, "topic");
    if (topic != nullptr && slashes(bus.value.topic.str()) + kSlashesBelow > kSlashesOfAws) {
        reader.fault(*topic, text("AWS IoT Core (", reader.line_of(limits, *topic), ") takes ", kSlashesOfAws,
                                  " slashes in a topic, and ",
                                  in_quotes(bus.value.topic.str() + "/mqttcan/status/client/..."), " has ",
                                  slashes(bus.value.topic.str()) + kSlashesBelow, "; shorten the topic to ",
                                  kSlashesOfAws - kSlashesBelow + 1, " levels"));
    }
}

void check_status_topic(Reader& reader, const Node& limits, const BrokerEntry& broker) {
    const Node* topic = reader.sound(*broker.node, "status_topic");
    if (topic != nullptr && slashes(broker.value.status_topic.value_or("")) > kSlashesOfAws) {
        reader.fault(*topic, text("AWS IoT Core (", reader.line_of(limits, *topic), ") takes ", kSlashesOfAws,
                                  " slashes in a topic, and this one has ",
                                  slashes(*broker.value.status_topic), "; shorten it"));
    }
}

/// Frames per second that fit, a message each, as format savvycan sends them: of 8 bytes with a standard ID,
/// in MQTT 5.
std::uint64_t fitting_frames(const Limits& limits, const Bus& bus) {
    constexpr std::size_t kHeader = 4;  // type, flags and length; length of the topic
    constexpr std::size_t kExpiry = 6;
    constexpr std::size_t kPayload = 17;
    const std::size_t topic = bus.topic.str().size() + std::string_view("/s/291").size();
    const std::uint64_t by_bytes = limits.bytes_per_second / (kHeader + topic + kExpiry + kPayload);
    if (limits.messages_per_second == 0) {
        return by_bytes;
    }
    return limits.bytes_per_second == 0 ? limits.messages_per_second
                                        : std::min(limits.messages_per_second, by_bytes);
}

void warn_of_savvycan(Reader& reader, const BrokerEntry& broker, const BusEntry& bus) {
    if (reader.faulty(*bus.node, "formats") || reader.faulty(*bus.node, "role") ||
        !bus.value.speaks(Format::savvycan) || broker.value.limits == Limits{}) {
        return;
    }
    const Node* formats = bus.node->find("formats");
    const Node& place = formats != nullptr ? *formats : *bus.node;
    reader.warning(place,
                   text("format savvycan sends a message per frame: what exceeds ",
                        fitting_frames(broker.value.limits, bus.value), " frames/s, the limit of broker \"",
                        broker.value.name.str(), "\" (", reader.line_of(*broker.node->find("limits"), place),
                        "), will be dropped; use \"formats\": [\"stream\"]"));
}

/// The tick is what keeps a connection and its frames alive: it goes out whatever the limit.
void warn_of_tick(Reader& reader, const BrokerEntry& broker, const Node& limits) {
    const Node* messages = reader.sound(limits, "messages_per_second");
    const auto per_tick =
        static_cast<Duration::rep>(broker.value.limits.messages_per_second) * broker.value.tick;
    if (messages != nullptr && !reader.faulty(*broker.node, "tick") && per_tick < std::chrono::seconds(1)) {
        reader.warning(*messages, text("the tick alone, every ", show(broker.value.tick),
                                       ", takes more than that; write more, or a longer \"tick\""));
    }
}

}  // namespace

const Shape<Limits>& limits_shape() {
    static const Shape<Limits> shape("/brokers/*/limits", "a \"limits\" object",
                                     R"({"messages_per_second": 100})", kLimitsKeys);
    return shape;
}

void read_limits(Reader& reader, const Node& node, const KeyInfo& key, Broker& into) {
    if (node.type == Type::string) {
        if (reader.choice(node, key)) {
            into.limits = kAwsIotCore;
        }
        return;
    }
    if (node.type != Type::object) {
        reader.wrong_type(node, text(choice_of(key.words), " or an object of limits"), key.example);
        return;
    }
    limits_shape().read(reader, node, into.limits);
    if (node.items.empty()) {
        reader.fault(node,
                     "nothing is limited here; say \"messages_per_second\", \"bytes_per_second\" or both, or "
                     "leave \"limits\" out");
    }
}

void check_limits(Reader& reader, const Draft& draft) {
    for (const BrokerEntry& broker : draft.brokers) {
        const Node* limits = broker.node != nullptr ? reader.sound(*broker.node, "limits") : nullptr;
        if (limits != nullptr && limits->type == Type::string) {
            check_status_topic(reader, *limits, broker);
        } else if (limits != nullptr) {
            warn_of_tick(reader, broker, *limits);
        }
    }
    for (const BusEntry& bus : draft.buses) {
        if (!bus.broker || draft.brokers[*bus.broker].node == nullptr) {
            continue;
        }
        const BrokerEntry& broker = draft.brokers[*bus.broker];
        const Node* limits = reader.sound(*broker.node, "limits");
        if (limits != nullptr && limits->type == Type::string) {
            check_topic(reader, *limits, bus);
        }
        warn_of_savvycan(reader, broker, bus);
    }
}

}  // namespace mqttcan::config
