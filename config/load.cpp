// SPDX-License-Identifier: MIT
#include "config/load.hpp"

#include <set>

#include "base/text.hpp"
#include "config/document.hpp"
#include "config/entries.hpp"
#include "config/overlay.hpp"

namespace mqttcan::config {
namespace {

constexpr std::string_view kSmallest = R"({"a": {"topic": "can"}})";

/// Stands where a name was faulty; it never gets out, because then there is no Config.
EntryName stand_in() {
    return *EntryName::parse("unknown");
}

EntryName read_name(Reader& reader, const Node& node) {
    const Result<EntryName> name = EntryName::parse(node.key);
    if (!name) {
        reader.fault_at_key(node, name.error().what);
        return stand_in();
    }
    return *name;
}

void read_schema(Reader& reader, const Node& node, const KeyInfo& key, Draft&) {
    reader.string(node, key, true);
}

void read_brokers(Reader& reader, const Node& node, const KeyInfo& key, Draft& into) {
    if (node.type != Type::object) {
        reader.wrong_type(node, "an object of broker entries", key.example);
        return;
    }
    for (const Node* item : node.items) {
        Broker& broker =
            into.brokers.emplace_back(BrokerEntry{Broker{.name = read_name(reader, *item)}, item}).value;
        broker_shape().read(reader, *item, broker);
        if (item->type == Type::object) {
            check_broker(reader, *item, broker);
        }
    }
}

void read_buses(Reader& reader, const Node& node, const KeyInfo& key, Draft& into) {
    if (node.type != Type::object) {
        reader.wrong_type(node, "an object of buses", key.example);
        return;
    }
    for (const Node* item : node.items) {
        Bus bus{.name = read_name(reader, *item),
                .broker = *EntryName::parse("default"),
                .topic = *Topic::parse("can")};
        bus_shape().read(reader, *item, bus);
        if (item->type == Type::object) {
            check_bus(reader, *item, bus);
            into.buses.push_back({std::move(bus), item, std::nullopt});
        }
    }
}

constexpr Key<Draft> kTopKeys[] = {
    {{.name = "$schema", .example = R"("/usr/share/mqttcan/mqttcan.schema.json")"}, read_schema},
    {{.name = "brokers", .example = R"({"default": {"url": "mqtts://broker.example.com"}})"}, read_brokers},
    {{.name = "buses", .example = kSmallest, .required = true}, read_buses},
};

Config accept(Draft& draft) {
    std::set<std::size_t> used;
    Config out;
    for (BusEntry& bus : draft.buses) {
        used.insert(*bus.broker);
        out.buses.push_back(std::move(bus.value));
    }
    for (const std::size_t index : used) {  // a set: in the order of the file
        out.brokers.push_back(std::move(draft.brokers[index].value));
    }
    return out;
}

/// Reads them all, and complains about them; whether each has a root.
bool read_documents(Reader& reader, std::span<const Source> sources, std::vector<Document>& out) {
    bool all_good = true;
    for (const Source& source : sources) {
        if (!source.unreadable.empty()) {
            reader.complain({out.size(), Position{0, 0}, "", source.unreadable});
        }
        out.push_back(source.unreadable.empty() ? read_document(source.text, out.size()) : Document{});
        for (const Complaint& complaint : out.back().complaints) {
            reader.complain(complaint);
        }
        all_good = all_good && out.back().root != nullptr;
    }
    return all_good;
}

/// A drop-in that is no object would hide everything else.
bool are_objects(Reader& reader, std::span<const Document> documents) {
    bool all_good = true;
    for (const Document& document : documents) {
        if (document.root->type != Type::object) {
            Draft nothing;
            top_shape().read(reader, *document.root, nothing);
            all_good = false;
        }
    }
    return all_good;
}

}  // namespace

const Shape<Draft>& top_shape() {
    static const Shape<Draft> shape("", "a configuration", R"({"buses": {"a": {"topic": "can"}}})", kTopKeys);
    return shape;
}

std::vector<ObjectInfo> known_objects() {
    return {top_shape().info,      broker_shape().info, tls_shape().info,   limits_shape().info,
            bus_shape().info,      peer_shape().info,   match_shape().info, to_bus_shape().info,
            from_bus_shape().info, filter_shape().info, sample_shape().info};
}

std::string to_string(const Fault& fault) {
    const std::string place = fault.line > 0 ? text(':', fault.line, ':', fault.column) : "";
    return text(fault.file, place, ": ", fault.pointer, fault.pointer.empty() ? "" : ": ", fault.what);
}

Outcome parse(std::string_view text, const std::string& file, const Environment& environment) {
    const Source source{.file = file, .text = std::string(text)};
    return parse(std::span(&source, 1), environment);
}

Outcome parse(std::span<const Source> sources, const Environment& environment) {
    std::vector<std::string> files;
    for (const Source& source : sources) {
        files.push_back(source.file);
    }
    Reader reader(std::move(files), environment);
    std::vector<Document> documents;
    Draft draft;
    if (read_documents(reader, sources, documents) && are_objects(reader, documents)) {
        // One document is its own overlay; the copy lives as long as the draft points into it.
        documents.push_back(overlay(documents));
        const Node& root = *documents.back().root;
        top_shape().read(reader, root, draft);
        resolve_brokers(reader, root, draft);
        check_entries(reader, draft);
    }
    Outcome out{std::nullopt, reader.take_faults(), reader.take_warnings()};
    if (out.faults.empty()) {
        out.config = accept(draft);
    }
    return out;
}

Outcome load(const std::string& path, const Environment& environment) {
    return parse(read_sources(path), environment);
}

}  // namespace mqttcan::config
