// SPDX-License-Identifier: MIT
// No two buses share a link. Each fault stands at the second occurrence and names the first.
#include <functional>
#include <map>
#include <string>
#include <tuple>

#include "base/text.hpp"
#include "config/entries.hpp"

namespace mqttcan::config {
namespace {

/// What a bus has of a thing that only one bus can have; nothing: it has none.
using Claim = std::optional<std::string>;

/// Parts of a claim, apart whatever is in them: no string of a configuration holds a control character.
template <typename... Parts>
std::string joined(const Parts&... parts) {
    return text(text(parts, '\n')...);
}

Claim interface_of(const Bus& bus) {
    return bus.interface ? Claim(bus.interface->str()) : std::nullopt;
}
Claim device_of(const Bus& bus) {
    return bus.device.empty() ? std::nullopt : Claim(bus.device);
}
Claim match_of(const Bus& bus) {
    return bus.match && *bus.match != Match{}
               ? Claim(joined(bus.match->serial, bus.match->path, bus.match->driver))
               : std::nullopt;
}
/// A peer without a namespace gets one from `mqttcan attach`, and a different one each time.
Claim peer_of(const Bus& bus) {
    return bus.peer && bus.peer->netns ? Claim(joined(bus.peer->interface.str(), bus.peer->netns->str()))
                                       : std::nullopt;
}

struct Rule {
    std::string_view key;
    Claim (*claim)(const Bus&);
    std::string (*describe)(const Bus&);
    std::string_view cure;
};

const Rule kRules[] = {
    {"interface", interface_of,
     [](const Bus& bus) { return text("interface \"", bus.interface->str(), '"'); }, "give each bus its own"},
    {"device", device_of, [](const Bus& bus) { return text("device \"", bus.device, '"'); },
     "give each bus its own"},
    {"match", match_of, [](const Bus&) { return std::string("what this matches"); },
     "add for example \"serial\", so that each bus finds its own"},
    {"peer", peer_of,
     [](const Bus& bus) {
         return text("interface \"", bus.peer->interface.str(), "\" in ", bus.peer->netns->str());
     },
     "give each peer a name of its own"},
};

}  // namespace

void check_links(Reader& reader, const Draft& draft) {
    for (const Rule& rule : kRules) {
        std::map<std::string, const BusEntry*> seen;
        for (const BusEntry& bus : draft.buses) {
            const Claim claim = rule.claim(bus.value);
            if (!claim) {
                continue;
            }
            const auto [first, is_new] = seen.try_emplace(*claim, &bus);
            if (!is_new) {
                const Node& node = *bus.node->find(rule.key);
                reader.fault(
                    node, text(rule.describe(bus.value), " belongs to bus \"", first->second->node->key,
                               "\" (", reader.line_of(*first->second->node, node), ") already; ", rule.cure));
            }
        }
    }
}

}  // namespace mqttcan::config
