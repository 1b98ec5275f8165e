// SPDX-License-Identifier: MIT
// The keys of a bus.
#include <functional>

#include "config/bus_parts.hpp"
#include "config/entries.hpp"

namespace mqttcan::config {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

constexpr std::string_view kKinds[] = {"vcan", "vxcan", "can", "slcan"};
constexpr std::string_view kRoles[] = {"client", "server", "peer"};
constexpr std::string_view kFormats[] = {"savvycan", "stream"};
constexpr std::string_view kWrites[] = {"none", "all"};
constexpr std::string_view kOnStops[] = {"down", "remove"};
constexpr std::string_view kOnOfflines[] = {"keep", "down"};
constexpr std::int64_t kLowestRate = 1'000;
constexpr std::int64_t kHighestRate = 1'000'000;
constexpr std::int64_t kHighestDataRate = 15'000'000;

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

template <auto Member, auto Read>
void read_setting(Reader& reader, const Node& node, const KeyInfo& key, Bus& into) {
    into.settings.*Member = std::invoke(Read, reader, node, key);
}

constexpr Key<Bus> kBusKeys[] = {
    {{.name = "interface", .example = R"("vcan0")"}, read_interface},
    {{.name = "kind", .example = R"("can")", .words = kKinds}, read_choice<&Bus::kind>},
    {{.name = "peer", .example = R"({"interface": "can0", "netns": "ecu-sim"})"}, read_peer},
    {{.name = "match", .example = R"({"serial": "004E0051"})"}, read_match},
    {{.name = "device", .example = R"("/dev/ttyACM0")"}, read_device},
    {{.name = "topic", .example = R"("can")", .required = true}, read_topic},
    {{.name = "role", .example = R"("server")", .words = kRoles}, read_choice<&Bus::role>},
    {{.name = "formats", .example = R"(["stream"])", .words = kFormats}, read_formats},
    {{.name = "broker", .example = R"("default")"}, read_broker_name},
    {{.name = "write", .example = R"("none")", .words = kWrites}, read_choice<&Bus::write>},
    {{.name = "fd", .example = "false"}, read_flag<&Bus::fd>},
    {{.name = "bitrate", .example = R"("500k")", .lowest = kLowestRate, .highest = kHighestRate},
     read_setting<&CanSettings::bitrate, bit_rate>},
    {{.name = "sample_point", .example = "0.875", .lowest = 1, .highest = 999},
     read_setting<&CanSettings::sample_point, per_mille>},
    {{.name = "data_bitrate", .example = R"("2M")", .lowest = kLowestRate, .highest = kHighestDataRate},
     read_setting<&CanSettings::data_bitrate, bit_rate>},
    {{.name = "data_sample_point", .example = "0.75", .lowest = 1, .highest = 999},
     read_setting<&CanSettings::data_sample_point, per_mille>},
    {{.name = "restart",
      .example = R"("100ms")",
      .lowest = Duration(milliseconds(1)).count(),
      .highest = Duration(hours(1)).count()},
     read_restart},
    {{.name = "listen_only", .example = "true"}, read_setting<&CanSettings::listen_only, &Reader::flag>},
    {{.name = "one_shot", .example = "true"}, read_setting<&CanSettings::one_shot, &Reader::flag>},
    {{.name = "triple_sampling", .example = "true"},
     read_setting<&CanSettings::triple_sampling, &Reader::flag>},
    {{.name = "berr_reporting", .example = "true"},
     read_setting<&CanSettings::berr_reporting, &Reader::flag>},
    {{.name = "termination", .example = "120", .highest = 65535},
     read_setting<&CanSettings::termination, ohms>},
    {{.name = "tx_queue_length", .example = "1000", .lowest = 1, .highest = 100'000},
     read_setting<&CanSettings::tx_queue_length, queue_length>},
    {{.name = "on_stop", .example = R"("remove")", .words = kOnStops}, read_choice<&Bus::on_stop>},
    {{.name = "on_offline", .example = R"("down")", .words = kOnOfflines}, read_choice<&Bus::on_offline>},
    {{.name = "accept_pymqtt2can_clients", .example = "true"}, read_flag<&Bus::accept_pymqtt2can_clients>},
    {{.name = "to_bus", .example = R"({"max_age": "2s"})"}, read_to_bus},
    {{.name = "from_bus", .example = R"({"max_age": "2s"})"}, read_from_bus},
};

}  // namespace

const Shape<Bus>& bus_shape() {
    static const Shape<Bus> shape("/buses/*", "a bus", R"({"topic": "can"})", kBusKeys);
    return shape;
}

}  // namespace mqttcan::config
