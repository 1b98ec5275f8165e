// SPDX-License-Identifier: MIT
// How a bus puts frames into messages: the key "formats", and what hangs on it.
#include <algorithm>

#include "base/text.hpp"
#include "config/bus_parts.hpp"
#include "config/duration.hpp"
#include "config/words.hpp"

namespace mqttcan::config {
namespace {

bool has(const std::vector<Format>& formats, Format format) {
    return std::ranges::find(formats, format) != formats.end();
}

void check_formats_of_peer(Reader& reader, const Node* formats, Bus& bus) {
    if (formats == nullptr) {
        bus.formats = {Format::stream};
    } else if (has(bus.formats, Format::savvycan)) {
        reader.fault(*formats, R"(peers speak stream only; write ["stream"], or leave "formats" out)");
    }
}

/// The other end knows the formats of PyMQTT2CAN and SavvyCAN, and not ours.
void check_others(Reader& reader, const Node& node, const Node* formats, const Bus& bus) {
    const Node* accept = node.find("accept_pymqtt2can_clients");
    if (bus.role == Role::server && bus.accept_pymqtt2can_clients && !has(bus.formats, Format::savvycan)) {
        reader.fault_at_key(*accept, text("clients of PyMQTT2CAN speak savvycan only; remove it, or add "
                                          "\"savvycan\" to \"formats\" (",
                                          reader.line_of(*formats, *accept), ')'));
    }
    const Node* topic = reader.sound(node, "topic");
    if (topic != nullptr && bus.topic.levels() > 1 && bus.speaks(Format::savvycan)) {
        reader.warning(*topic,
                       text("PyMQTT2CAN and SavvyCAN find frames only below a topic of one level; between "
                            "mqttcan and mqttcan ",
                            in_quotes(bus.topic.str()), " works"));
    }
}

struct KeyOfStream {
    std::string_view key;
    std::string_view why;
};

constexpr KeyOfStream kKeysOfStream[] = {
    {"heartbeat", "only format stream has heartbeats"},
    {"linger", "only in format stream frames wait to share a message"},
    {"urgent", "only in format stream frames wait to share a message"},
    {"buffer", "only format stream can tell frames of an outage from present ones"},
};

void refuse_keys_of_stream(Reader& reader, const Node& from_bus, const Node* formats) {
    for (const auto& [key, why] : kKeysOfStream) {
        if (const Node* given = from_bus.find(key)) {
            reader.fault_at_key(*given,
                                text(why, "; remove it, or add ",
                                     formats == nullptr ? text("\"formats\": [\"stream\"]")
                                                        : text("\"stream\" to \"formats\" (",
                                                               reader.line_of(*formats, *given), ')')));
        }
    }
}

void check_lingering(Reader& reader, const Node& from_bus, const FromBus& keys) {
    if (reader.faulty(from_bus, "linger")) {
        return;
    }
    const Node* urgent = reader.sound(from_bus, "urgent");
    if (urgent != nullptr && keys.linger == Duration::zero()) {
        reader.fault_at_key(
            *urgent,
            "no frame lingers here, so none is urgent; say for example \"linger\": \"100ms\", "
            "or remove \"urgent\"");
    }
    const Node* max_age = from_bus.find("max_age");
    if (keys.linger >= keys.max_age && !reader.faulty(from_bus, "max_age")) {
        reader.fault(
            *from_bus.find("linger"),
            text("frames would be too old before they leave: \"max_age\" is ", show(keys.max_age), " (",
                 max_age != nullptr ? reader.line_of(*max_age, *from_bus.find("linger")) : "the default",
                 "); write less, or a longer \"max_age\""));
    }
}

void check_from_bus(Reader& reader, const Node& node, const Node* formats, const Bus& bus) {
    const Node* from_bus = node.find("from_bus");
    if (from_bus == nullptr) {
        return;
    }
    if (has(bus.formats, Format::stream)) {
        check_lingering(reader, *from_bus, bus.from_bus);
    } else {
        refuse_keys_of_stream(reader, *from_bus, formats);
    }
}

}  // namespace

void read_formats(Reader& reader, const Node& node, const KeyInfo& key, Bus& into) {
    if (node.type != Type::array) {
        reader.wrong_type(node, "a list of formats", key.example);
        return;
    }
    if (node.items.empty()) {
        reader.fault(node, text("this list is empty; name a format, for example ", key.example,
                                ", or leave \"formats\" out"));
    }
    const KeyInfo format{.name = key.name, .example = R"("stream")", .words = key.words};
    std::vector<Format> formats;
    for (const Node* item : node.items) {
        const auto word = reader.choice(*item, format);
        if (word && has(formats, static_cast<Format>(*word))) {
            reader.fault(*item, text(in_quotes(item->text), " stands in this list already; remove it"));
        } else if (word) {
            formats.push_back(static_cast<Format>(*word));
        }
    }
    if (!formats.empty()) {
        into.formats = std::move(formats);
    }
}

void check_formats(Reader& reader, const Node& node, Bus& bus) {
    if (reader.faulty(node, "formats")) {
        return;
    }
    const Node* formats = node.find("formats");
    if (bus.role == Role::peer) {
        check_formats_of_peer(reader, formats, bus);
    } else if (bus.role == Role::client && bus.formats.size() > 1) {
        reader.warning(*formats, text("a client speaks one format: this one only the first, \"",
                                      formats->items.front()->text, "\"; remove the other"));
    }
    if (!reader.faulty(node, "formats")) {
        check_others(reader, node, formats, bus);
        check_from_bus(reader, node, formats, bus);
    }
}

}  // namespace mqttcan::config
