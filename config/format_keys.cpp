// SPDX-License-Identifier: MIT
// How a bus puts frames into messages: the key "formats", and what hangs on it.
#include <algorithm>

#include "base/text.hpp"
#include "config/bus_parts.hpp"
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
    if (topic != nullptr && bus.topic.levels() > 1 && speaks(bus, Format::savvycan)) {
        reader.warning(*topic,
                       text("PyMQTT2CAN and SavvyCAN find frames only below a topic of one level; between "
                            "mqttcan and mqttcan ",
                            in_quotes(bus.topic.str()), " works"));
    }
}

}  // namespace

bool speaks(const Bus& bus, Format format) {
    return bus.role == Role::client ? bus.formats.front() == format : has(bus.formats, format);
}

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
    }
}

}  // namespace mqttcan::config
