// SPDX-License-Identifier: MIT
// What only shows when entries are looked at together. Each fault stands at the second occurrence and names
// the first.
#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <tuple>

#include "base/text.hpp"
#include "config/duration.hpp"
#include "config/entries.hpp"
#include "config/words.hpp"

namespace mqttcan::config {
namespace {

constexpr std::string_view kDefault = "default";

/// The bus, in a message at `here`.
std::string named(const Reader& reader, const BusEntry& entry, const Node& here) {
    return text("bus \"", entry.node->key, "\" (", reader.line_of(*entry.node, here), ")");
}

std::string named(const Reader& reader, const BrokerEntry& entry, const Node& here) {
    return text("broker \"", entry.node->key, "\" (", reader.line_of(*entry.node, here), ")");
}

/// "host:port" of a broker, to tell whether two entries mean the same one; nothing if its URL was faulty.
std::optional<std::string> place_of(const Reader& reader, const BrokerEntry& broker) {
    if (broker.node != nullptr && reader.faulty(*broker.node, "url")) {
        return std::nullopt;
    }
    std::string host = broker.value.host;
    std::ranges::transform(host, host.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? char(c + ('a' - 'A')) : c; });
    return text(host, ':', broker.value.port);
}

std::optional<std::string> place_of(const Reader& reader, const Draft& draft, const BusEntry& bus) {
    return bus.broker ? place_of(reader, draft.brokers[*bus.broker]) : std::nullopt;
}

void refuse_broker(Reader& reader, const BusEntry& bus, const Draft& draft) {
    std::vector<std::string_view> names;
    for (const BrokerEntry& broker : draft.brokers) {
        names.push_back(broker.node->key);
    }
    const Node* name = bus.node->find("broker");
    if (name == nullptr) {
        reader.fault_missing(
            *bus.node, "broker",
            text("this bus names no broker, and no entry of \"brokers\" is called \"default\"; add "
                 "\"broker\": \"",
                 names.front(), "\""));
        return;
    }
    constexpr std::size_t kMostListed = 12;
    if (const auto near = nearest(name->text, names)) {
        reader.fault(*name,
                     text("there is no broker ", in_quotes(name->text), "; did you mean \"", *near, "\"?"));
        return;
    }
    const bool listable = !names.empty() && names.size() <= kMostListed;
    reader.fault(*name,
                 text("there is no broker ", in_quotes(name->text), "; ",
                      listable ? text("write ", choice_of(names), ", or ") : "", "add it under \"brokers\""));
}

std::string_view called(Role role) {
    switch (role) {
        case Role::client:
            break;
        case Role::server:
            return "a server";
        case Role::peer:
            return "a peer";
    }
    return "a client";
}

void check_topics(Reader& reader, const Draft& draft) {
    std::map<std::tuple<std::size_t, Topic, Role>, const BusEntry*> on_entry;
    std::map<std::pair<std::string, Topic>, const BusEntry*> servers;
    for (const BusEntry& bus : draft.buses) {
        const Node* topic = reader.sound(*bus.node, "topic");
        if (topic == nullptr || !bus.broker || reader.faulty(*bus.node, "role")) {
            continue;
        }
        const bool server = bus.value.role == Role::server;
        const auto key = std::tuple(*bus.broker, bus.value.topic, bus.value.role);
        if (const auto [first, is_new] = on_entry.try_emplace(key, &bus); !is_new && !server) {
            reader.fault(*topic,
                         text("topic \"", bus.value.topic.str(), "\" has ", called(bus.value.role),
                              " on this broker entry already: ", named(reader, *first->second, *topic),
                              "; for a second view of the same bus use a "
                              "second broker entry"));
            continue;
        }
        const auto place = place_of(reader, draft, bus);
        if (!server || !place) {
            continue;
        }
        if (const auto [first, is_new] = servers.try_emplace(std::pair(*place, bus.value.topic), &bus);
            !is_new) {
            reader.fault(*topic, text("topic \"", bus.value.topic.str(), "\" has a server at ", *place,
                                      " already: ", named(reader, *first->second, *topic),
                                      "; with two, clients hear every frame doubled: give each "
                                      "server its own topic"));
        }
    }
}

/// Peers use other topics below theirs than servers and clients.
void warn_of_divided_topics(Reader& reader, const Draft& draft) {
    std::map<std::tuple<std::string, Topic, bool>, const BusEntry*> seen;
    for (const BusEntry& bus : draft.buses) {
        const Node* topic = reader.sound(*bus.node, "topic");
        const auto place = place_of(reader, draft, bus);
        if (topic == nullptr || !place || reader.faulty(*bus.node, "role")) {
            continue;
        }
        const bool peer = bus.value.role == Role::peer;
        seen.try_emplace(std::tuple(*place, bus.value.topic, peer), &bus);
        const auto other = seen.find(std::tuple(*place, bus.value.topic, !peer));
        if (other != seen.end()) {
            reader.warning(*topic,
                           text("peers hear only peers, so this bus, ", called(bus.value.role),
                                ", shares no frames with ", named(reader, *other->second, *topic), ", ",
                                called(other->second->value.role), "; give it a topic of its own"));
        }
    }
}

void check_client_ids(Reader& reader, const Draft& draft) {
    std::map<std::pair<std::string, std::string>, const BrokerEntry*> seen;
    for (const BrokerEntry& broker : draft.brokers) {
        const auto place = place_of(reader, broker);
        if (broker.value.client_id.empty() || !place) {
            continue;
        }
        const auto [first, is_new] = seen.try_emplace(std::pair(*place, broker.value.client_id), &broker);
        if (!is_new) {
            const Node& id = *broker.node->find("client_id");
            reader.fault(id, text(named(reader, *first->second, id), " has this client id at ", *place,
                                  " too; the broker would throw one of them out, so "
                                  "give each its own"));
        }
    }
}

/// Topics of the form T/x and T/s/x carry frames of T.
std::vector<std::string> topics_around(std::string_view status_topic) {
    std::vector<std::string> out;
    const std::size_t last = status_topic.rfind('/');
    if (last != std::string_view::npos) {
        const std::string_view parent = status_topic.substr(0, last);
        out.emplace_back(parent);
        if (parent.ends_with("/s")) {
            out.emplace_back(parent.substr(0, parent.size() - 2));
        }
    }
    return out;
}

void check_status_topics(Reader& reader, const Draft& draft) {
    std::map<std::pair<std::string, std::string>, const BusEntry*> buses;
    for (const BusEntry& bus : draft.buses) {
        if (const auto place = place_of(reader, draft, bus);
            place && reader.sound(*bus.node, "topic") != nullptr) {
            buses.try_emplace(std::pair(*place, bus.value.topic.str()), &bus);
        }
    }
    std::map<std::pair<std::string, std::string>, const BrokerEntry*> seen;
    for (const BrokerEntry& broker : draft.brokers) {
        const auto place = place_of(reader, broker);
        const std::string topic = broker.value.status_topic.value_or("");
        if (topic.empty() || !place) {
            continue;
        }
        const Node& node = *broker.node->find("status_topic");
        const auto [first, is_new] = seen.try_emplace(std::pair(*place, topic), &broker);
        if (!is_new) {
            reader.fault(node, text(named(reader, *first->second, node),
                                    " publishes its status there too; give each its own topic"));
        }
        for (const std::string& around : topics_around(topic)) {
            if (const auto bus = buses.find(std::pair(*place, around)); bus != buses.end()) {
                reader.fault(
                    node, text("a status there would be taken for a frame of ",
                               named(reader, *bus->second, node), "; move it out of topic \"", around, "\""));
                break;
            }
        }
    }
}

/// The age of a frame is known to a tick only (docs/wire-format.md, rules for every connection).
void check_freshness(Reader& reader, const Draft& draft) {
    std::set<std::size_t> told;
    for (const BusEntry& bus : draft.buses) {
        const bool writes = bus.value.role != Role::server || bus.value.write == Write::all;
        if (!bus.broker || !writes || reader.faulty(*bus.node, "role")) {
            continue;
        }
        const BrokerEntry& broker = draft.brokers[*bus.broker];
        const Duration tick = broker.value.tick;
        const Duration max_age = bus.value.to_bus.max_age;
        if (max_age >= 2 * tick || (broker.node != nullptr && reader.faulty(*broker.node, "tick"))) {
            continue;
        }
        const Node* to_bus = bus.node->find("to_bus");
        if (const Node* given = to_bus != nullptr ? to_bus->find("max_age") : nullptr) {
            reader.fault(*given, text("the age of a frame is known only to a tick, and the tick of broker \"",
                                      broker.value.name.str(), "\" is ", show(tick), "; write \"",
                                      show(2 * tick), "\" or more, or a shorter \"tick\" there"));
        } else if (broker.node != nullptr && told.insert(*bus.broker).second) {
            const Node& given_tick = *broker.node->find("tick");
            reader.fault(given_tick, text("the age of a frame is known only to a tick, and ",
                                          named(reader, bus, given_tick), " has a \"max_age\" of ",
                                          show(max_age), " (the default) in \"to_bus\"; write \"",
                                          show(max_age / 2), "\" or less, or a longer \"max_age\" there"));
        }
    }
}

void warn_of_unused(Reader& reader, const Draft& draft) {
    std::set<std::size_t> used;
    for (const BusEntry& bus : draft.buses) {
        if (!bus.broker) {
            return;  // a bus whose broker is not known may mean any of them
        }
        used.insert(*bus.broker);
    }
    for (std::size_t i = 0; i < draft.brokers.size(); ++i) {
        if (!used.contains(i)) {
            reader.warning(*draft.brokers[i].node, "no bus uses this broker; it will not be connected to");
        }
    }
}

}  // namespace

void resolve_brokers(Reader& reader, const Node& root, Draft& draft) {
    if (reader.faulty(root, "brokers")) {
        return;
    }
    std::map<std::string, std::size_t, std::less<>> known;
    for (std::size_t i = 0; i < draft.brokers.size(); ++i) {
        known.emplace(draft.brokers[i].node->key, i);
    }
    const bool none_declared = draft.brokers.empty();
    std::optional<std::size_t> implicit;
    for (BusEntry& bus : draft.buses) {
        if (reader.faulty(*bus.node, "broker")) {
            continue;
        }
        const Node* named = bus.node->find("broker");
        const std::string_view name = named != nullptr ? std::string_view(named->text) : kDefault;
        if (const auto found = known.find(name); found != known.end()) {
            bus.broker = found->second;
        } else if (none_declared && name == kDefault) {
            bus.broker = implicit = 0;
        } else {
            refuse_broker(reader, bus, draft);
        }
    }
    if (implicit) {
        draft.brokers.push_back({Broker{.name = *EntryName::parse(kDefault)}, nullptr});
    }
}

void check_entries(Reader& reader, const Draft& draft) {
    check_links(reader, draft);
    check_topics(reader, draft);
    warn_of_divided_topics(reader, draft);
    check_client_ids(reader, draft);
    check_status_topics(reader, draft);
    check_freshness(reader, draft);
    check_limits(reader, draft);
    warn_of_unused(reader, draft);
}

}  // namespace mqttcan::config
