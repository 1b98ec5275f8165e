// SPDX-License-Identifier: MIT
// The keys of a bus, of its "to_bus" and "from_bus", and the rules between them.
#include <algorithm>

#include "base/text.hpp"
#include "config/entries.hpp"
#include "config/words.hpp"

namespace mqttcan::config {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

constexpr std::string_view kKinds[] = {"vcan", "can"};
constexpr std::string_view kRoles[] = {"client", "server"};
constexpr std::string_view kWrites[] = {"none", "all"};
constexpr std::string_view kOnStops[] = {"down", "remove"};
constexpr std::int64_t kShortestAge = Duration(milliseconds(50)).count();
constexpr std::int64_t kLongestAge = Duration(hours(1)).count();
constexpr std::int64_t kLongestQueue = 1 << 20;

/// can0, slcan1: what drivers and slcand call their interfaces.
bool looks_like_hardware(std::string_view name) {
    for (const std::string_view prefix : {"can", "slcan"}) {
        const std::string_view number = name.starts_with(prefix) ? name.substr(prefix.size()) : "";
        if (!number.empty() && std::ranges::all_of(number, [](char c) { return c >= '0' && c <= '9'; })) {
            return true;
        }
    }
    return false;
}

void read_interface(Reader& reader, const Node& node, const KeyInfo& key, Bus& into) {
    const auto written = reader.string(node, key);
    if (!written) {
        return;
    }
    const Result<InterfaceName> name = InterfaceName::parse(*written);
    if (!name) {
        reader.fault(node, name.error().what);
        return;
    }
    into.interface = *name;
}

void read_kind(Reader& reader, const Node& node, const KeyInfo& key, Bus& into) {
    if (node.type == Type::string && (node.text == "vxcan" || node.text == "slcan")) {
        reader.fault(node, text("kind \"", node.text,
                                "\" is not supported by this version; create the interface "
                                "yourself and write \"can\", or use a \"vcan\""));
        return;
    }
    read_choice<&Bus::kind>(reader, node, key, into);
}

void read_topic(Reader& reader, const Node& node, const KeyInfo& key, Bus& into) {
    const auto written = reader.template_string(node, key);
    if (!written) {
        return;
    }
    const Result<Topic> topic = Topic::parse(*written);
    if (!topic) {
        reader.fault(node, topic.error().what);
        return;
    }
    into.topic = *topic;
    if (topic->levels() > 1) {
        reader.warning(node,
                       text("PyMQTT2CAN and SavvyCAN find frames only below a topic of one level; between "
                            "mqttcan and mqttcan ",
                            in_quotes(topic->str()), " works"));
    }
}

void read_broker_name(Reader& reader, const Node& node, const KeyInfo& key, Bus& into) {
    const auto written = reader.string(node, key);
    if (!written) {
        return;
    }
    const Result<EntryName> name = EntryName::parse(*written);
    if (!name) {
        reader.fault(node, name.error().what);
        return;
    }
    into.broker = *name;
}

void read_to_bus(Reader& reader, const Node& node, const KeyInfo&, Bus& into) {
    to_bus_shape().read(reader, node, into.to_bus);
}

void read_from_bus(Reader& reader, const Node& node, const KeyInfo&, Bus& into) {
    from_bus_shape().read(reader, node, into.from_bus);
}

constexpr Key<Bus> kBusKeys[] = {
    {{.name = "interface", .example = R"("vcan0")"}, read_interface},
    {{.name = "kind", .example = R"("can")", .words = kKinds}, read_kind},
    {{.name = "topic", .example = R"("can")", .required = true}, read_topic},
    {{.name = "role", .example = R"("server")", .words = kRoles}, read_choice<&Bus::role>},
    {{.name = "broker", .example = R"("default")"}, read_broker_name},
    {{.name = "write", .example = R"("none")", .words = kWrites}, read_choice<&Bus::write>},
    {{.name = "fd", .example = "false"}, read_flag<&Bus::fd>},
    {{.name = "on_stop", .example = R"("remove")", .words = kOnStops}, read_choice<&Bus::on_stop>},
    {{.name = "accept_pymqtt2can_clients", .example = "true"}, read_flag<&Bus::accept_pymqtt2can_clients>},
    {{.name = "to_bus", .example = R"({"max_age": "2s"})"}, read_to_bus},
    {{.name = "from_bus", .example = R"({"max_age": "2s"})"}, read_from_bus},
};

constexpr Key<ToBus> kToBusKeys[] = {
    {{.name = "max_age", .example = R"("2s")", .lowest = kShortestAge, .highest = kLongestAge},
     read_duration<&ToBus::max_age>},
    {{.name = "queue", .example = "16384", .lowest = 1, .highest = kLongestQueue}, read_count<&ToBus::queue>},
    {{.name = "brs", .example = "false"}, read_flag<&ToBus::brs>},
};

constexpr Key<FromBus> kFromBusKeys[] = {
    {{.name = "max_age", .example = R"("2s")", .lowest = kShortestAge, .highest = kLongestAge},
     read_duration<&FromBus::max_age>},
    {{.name = "queue", .example = "16384", .lowest = 1, .highest = kLongestQueue},
     read_count<&FromBus::queue>},
    {{.name = "error_frames", .example = "true"}, read_flag<&FromBus::error_frames>},
};

void check_hardware(Reader& reader, const Node& node) {
    if (!node.has("interface")) {
        reader.fault_missing(node, "interface",
                             "hardware is found by its name; add for example \"interface\": \"can0\"");
    }
    if (const Node* fd = node.find("fd")) {
        reader.fault_at_key(
            *fd, "CAN FD on hardware is set where its bit rates are (ip link set ... fd on); remove \"fd\"");
    }
    if (const Node* on_stop = node.find("on_stop")) {
        reader.fault_at_key(*on_stop,
                            "hardware is left as it is on stop; remove \"on_stop\", which is for a vcan");
    }
}

void check_client(Reader& reader, const Node& node, const Bus& bus) {
    if (const Node* write = node.find("write")) {
        reader.fault_at_key(*write,
                            "only a server can say this: it decides whether frames of its clients reach the "
                            "bus; remove \"write\" here, or write \"role\": \"server\"");
    }
    if (const Node* accept = node.find("accept_pymqtt2can_clients")) {
        reader.fault_at_key(*accept,
                            "only a server has clients; remove it here, or write \"role\": \"server\"");
    }
    if (bus.from_bus.error_frames) {
        reader.fault_at_key(
            *node.find("from_bus")->find("error_frames"),
            "a virtual bus has no controller whose errors could be published; remove it here, or "
            "write \"role\": \"server\"");
    }
}

void check_server(Reader& reader, const Node& node, const Bus& bus) {
    if (bus.kind == Kind::can && !node.has("write")) {
        reader.fault_missing(
            node, "write",
            "a server on hardware must say whether MQTT may cause frames on the bus: add \"write\": "
            "\"none\" (listen only) or \"write\": \"all\"");
    }
    const Node* accept = node.find("accept_pymqtt2can_clients");
    if (accept != nullptr && bus.accept_pymqtt2can_clients && bus.write == Write::none) {
        reader.fault_at_key(*accept, text("nothing is accepted from clients while \"write\" is \"none\" (",
                                          reader.line_of(*node.find("write"), *accept),
                                          "); remove it, or write \"all\" there"));
    }
}

}  // namespace

const Shape<Bus>& bus_shape() {
    static const Shape<Bus> shape("/buses/*", "a bus", R"({"topic": "can"})", kBusKeys);
    return shape;
}

const Shape<ToBus>& to_bus_shape() {
    static const Shape<ToBus> shape("/buses/*/to_bus", "a \"to_bus\" object", R"({"max_age": "2s"})",
                                    kToBusKeys);
    return shape;
}

const Shape<FromBus>& from_bus_shape() {
    static const Shape<FromBus> shape("/buses/*/from_bus", "a \"from_bus\" object", R"({"max_age": "2s"})",
                                      kFromBusKeys);
    return shape;
}

void check_bus(Reader& reader, const Node& node, const Bus& bus) {
    if (bus.kind == Kind::can) {
        check_hardware(reader, node);
    }
    const Node* interface = node.find("interface");
    if (bus.interface && bus.kind == Kind::vcan && looks_like_hardware(bus.interface->str()) &&
        !node.has("kind")) {
        reader.warning(*interface, text("\"", bus.interface->str(),
                                        "\" is what hardware is usually called, but a vcan "
                                        "of that name will be created; for hardware add \"kind\": \"can\""));
    }
    if (reader.faulty(node, "role")) {
        return;
    }
    bus.role == Role::client ? check_client(reader, node, bus) : check_server(reader, node, bus);
}

}  // namespace mqttcan::config
