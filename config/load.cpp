// SPDX-License-Identifier: MIT
#include "config/load.hpp"

#include <cerrno>
#include <fstream>
#include <iostream>
#include <set>

#include "base/text.hpp"
#include "config/document.hpp"
#include "config/entries.hpp"

namespace mqttcan::config {
namespace {

constexpr std::string_view kStdin = "<stdin>";
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

/// Up to one byte more than a configuration may have, so that the parser notices.
std::string read_all(std::istream& in) {
    std::string out(kMaxTextBytes + 1, '\0');
    in.read(out.data(), static_cast<std::streamsize>(out.size()));
    out.resize(static_cast<std::size_t>(in.gcount()));
    return out;
}

}  // namespace

const Shape<Draft>& top_shape() {
    static const Shape<Draft> shape("", "a configuration", R"({"buses": {"a": {"topic": "can"}}})", kTopKeys);
    return shape;
}

std::vector<ObjectInfo> known_objects() {
    return {top_shape().info, broker_shape().info, tls_shape().info,
            bus_shape().info, to_bus_shape().info, from_bus_shape().info};
}

std::string to_string(const Fault& fault) {
    const std::string place = fault.line > 0 ? text(':', fault.line, ':', fault.column) : "";
    return text(fault.file, place, ": ", fault.pointer, fault.pointer.empty() ? "" : ": ", fault.what);
}

Outcome parse(std::string_view text, const std::string& file, const Environment& environment) {
    const Document document = read_document(text);
    Reader reader(file, environment);
    for (const Complaint& complaint : document.complaints) {
        reader.complain(complaint);
    }
    Draft draft;
    if (document.root != nullptr) {
        top_shape().read(reader, *document.root, draft);
        resolve_brokers(reader, *document.root, draft);
        check_entries(reader, draft);
    }
    Outcome out{std::nullopt, reader.take_faults(), reader.take_warnings()};
    if (out.faults.empty()) {
        out.config = accept(draft);
    }
    return out;
}

Outcome load(const std::string& path, const Environment& environment) {
    if (path == "-") {
        return parse(read_all(std::cin), std::string(kStdin), environment);
    }
    const auto refuse = [&](std::string_view cure) {
        const std::string reason = std::make_error_code(static_cast<std::errc>(errno)).message();
        return Outcome{std::nullopt, {{path, 0, 0, "", text("cannot be read (", reason, "); ", cure)}}, {}};
    };
    std::ifstream in(path, std::ios::binary);
    if (!in) {
        return refuse(errno == ENOENT
                          ? R"(write one; the smallest that works is {"buses": {"a": {"topic": "can"}}})"
                          : "mqttcan must be allowed to read it: check its owner and mode");
    }
    const std::string content = read_all(in);
    if (in.bad()) {  // a directory opens, and fails here
        return refuse("name a file");
    }
    return parse(content, path, environment);
}

}  // namespace mqttcan::config
