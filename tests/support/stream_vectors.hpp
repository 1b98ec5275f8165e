// SPDX-License-Identifier: MIT
// The golden vectors of format `stream` (tests/golden/stream/README.md) as values, and messages made of
// records.
#pragma once

#include <algorithm>
#include <cstddef>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/codec/stream.hpp"

namespace mqttcan::testing {

using codec::stream::Bad;
using codec::stream::Header;
using Bytes = std::vector<std::byte>;

inline constexpr std::array<std::string_view, 13> kReasons = {
    "short_message",   "long_message",  "bad_magic",      "bad_version",    "bad_header",
    "sealed",          "unknown_flags", "truncated",      "trailing_bytes", "bad_time",
    "id_out_of_range", "bad_length",    "bad_combination"};

inline std::string_view word(Bad bad) {
    return kReasons.at(static_cast<std::size_t>(bad));
}

inline bool same(const can::Frame& a, const can::Frame& b) {
    return a.same_content(b) && a.stamp == b.stamp && a.echo == b.echo && a.origin == b.origin;
}

/// One that its receivers take, or nothing: encoders refuse what does not belong into one message.
inline std::optional<Bytes> encode(const Header& header, const std::vector<can::Frame>& records) {
    if (records.empty()) {
        std::array<std::byte, codec::stream::kHeaderLength> into;
        const auto message = codec::stream::heartbeat(header.epoch, header.sequence, header.stamp, into);
        return Bytes(message.begin(), message.end());
    }
    codec::stream::Encoder encoder(header.epoch);
    std::uint64_t sequence = header.sequence;
    for (const can::Frame& record : records) {
        if (!encoder.add(record, sequence++)) {
            return std::nullopt;
        }
    }
    return Bytes(encoder.message().begin(), encoder.message().end());
}

struct Vector {
    std::string name;
    Bytes message;
    Header header;  ///< unless refused
    std::vector<can::Frame> records;
    std::string refused;       ///< the reason; empty if it is good
    bool decode_only = false;  ///< an encoder writes it otherwise
};

inline void append_hex(const std::string& digits, Bytes& to) {
    std::string pair;
    for (const char digit : digits) {
        if (digit != ' ') {
            pair += digit;
        }
        if (pair.size() == 2) {
            to.push_back(static_cast<std::byte>(std::stoi(pair, nullptr, 16)));
            pair.clear();
        }
    }
}

inline Bytes message_of(const nlohmann::json& parts) {
    Bytes message;
    for (const auto& part : parts) {
        const int times = part.is_string() ? 1 : part.at("repeat").get<int>();
        for (int i = 0; i < times; ++i) {
            append_hex(part.is_string() ? part : part.at("hex"), message);
        }
    }
    return message;
}

inline WallTime stamp_of(const nlohmann::json& fields) {
    return WallTime(
        std::chrono::microseconds(static_cast<std::int64_t>(fields.at("timestamp_us").get<std::uint64_t>())));
}

inline can::Frame record_of(const nlohmann::json& fields) {
    const auto flag = [&](const char* name) { return fields.value(name, false); };
    can::Frame record;
    record.id = fields.at("id");
    record.extended = flag("extended");
    record.remote = flag("rtr");
    record.fd = flag("fd");
    record.brs = flag("brs");
    record.esi = flag("esi");
    record.error = flag("error");
    record.stamp = stamp_of(fields);
    if (record.remote) {
        record.length = fields.at("length");
    } else {
        Bytes data;
        append_hex(fields.at("data"), data);
        std::ranges::copy(data, record.data.begin());
        record.length = static_cast<std::uint8_t>(data.size());
    }
    if (fields.contains("confirms")) {
        record.echo = true;
        record.origin = {fields.at("confirms").at("epoch"), fields.at("confirms").at("sequence")};
    }
    return record;
}

inline Vector vector_of(const nlohmann::json& fields) {
    Vector vector{
        fields.at("name"), message_of(fields.at("message")), {}, {}, fields.value("refused", ""), false};
    if (vector.refused.empty()) {
        for (const auto& record : fields.at("records")) {
            vector.records.insert(vector.records.end(), record.value("repeat", std::size_t{1}),
                                  record_of(record));
        }
        const auto& header = fields.at("header");
        vector.header = {header.at("epoch"), header.at("sequence"), vector.records.size(), stamp_of(header)};
        vector.decode_only = fields.contains("decode_only");
    }
    return vector;
}

inline std::vector<Vector> read_stream_vectors(const std::string& path) {
    std::vector<Vector> vectors;
    const auto file = nlohmann::json::parse(std::ifstream(path));
    for (const auto& fields : file.at("vectors")) {
        vectors.push_back(vector_of(fields));
    }
    return vectors;
}

}  // namespace mqttcan::testing
