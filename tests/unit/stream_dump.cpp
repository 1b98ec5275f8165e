// SPDX-License-Identifier: MIT
// The codec of format `stream` as a program, for stream_test.py.
//   stream_dump decode            lines of hexadecimal, a message each -> a line of JSON each: {"refused":
//   reason} or
//                                 {"header": ..., "records": [...]} as in tests/golden/stream
//   stream_dump make SEED COUNT   as many random messages -> a line of JSON each, with "message" beside what
//   it means
#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>
#include <span>

#include "tests/support/random_records.hpp"
#include "tests/support/stream_vectors.hpp"

namespace {

using namespace mqttcan;
using codec::stream::Header;
using nlohmann::json;

std::string hex(std::span<const std::byte> bytes) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string digits;
    for (const std::byte byte : bytes) {
        digits += kDigits[std::to_integer<unsigned>(byte) >> 4U];
        digits += kDigits[std::to_integer<unsigned>(byte) & 0xfU];
    }
    return digits;
}

std::uint64_t microseconds(WallTime stamp) {
    return static_cast<std::uint64_t>(stamp.time_since_epoch().count());
}

json to_json(const can::Frame& frame) {
    json fields = {{"id", frame.id}, {"timestamp_us", microseconds(frame.stamp)}};
    if (frame.remote) {
        fields["length"] = frame.length;
    } else {
        fields["data"] = hex(frame.payload());
    }
    const std::pair<const char*, bool> flags[] = {
        {"extended", frame.extended}, {"rtr", frame.remote}, {"fd", frame.fd},
        {"brs", frame.brs},           {"esi", frame.esi},    {"error", frame.error}};
    for (const auto& [name, set] : flags) {
        if (set) {
            fields[name] = true;
        }
    }
    if (frame.echo) {
        fields["confirms"] = {{"epoch", frame.origin.epoch}, {"sequence", frame.origin.sequence}};
    }
    return fields;
}

json to_json(const Header& header, const std::vector<can::Frame>& records) {
    json list = json::array();
    for (const can::Frame& record : records) {
        list.push_back(to_json(record));
    }
    return {{"header",
             {{"epoch", header.epoch},
              {"sequence", header.sequence},
              {"timestamp_us", microseconds(header.stamp)}}},
            {"records", list}};
}

void decode_lines() {
    std::vector<can::Frame> records;
    for (std::string line; std::getline(std::cin, line);) {
        testing::Bytes message;
        testing::append_hex(line, message);
        const auto header = codec::stream::decode(message, records);
        std::cout << (header ? to_json(*header, records) : json{{"refused", testing::word(header.error())}})
                  << '\n';
    }
}

/// Mostly short ones; each five hundredth is as long as there may be.
void make(std::uint64_t seed, int count) {
    testing::RandomRecords random(seed);
    for (int i = 0; i < count; ++i) {
        auto records = random.next(i % 500 == 0 ? 3000 : random.below(20));
        Header header{
            static_cast<std::uint32_t>(random.number()), random.number() >> random.below(64), 0, {}};
        header.stamp = records.empty() ? WallTime(std::chrono::microseconds(i)) : records.front().stamp;
        auto message = testing::encode(header, records);
        while (!message) {
            records.resize(records.size() * 9 / 10);
            message = testing::encode(header, records);
        }
        json line = to_json(header, records);
        line["message"] = hex(*message);
        std::cout << line << '\n';
    }
}

}  // namespace

int main(int argc, char** argv) {
    std::ios::sync_with_stdio(false);
    const std::span<char*> arguments(argv, static_cast<std::size_t>(argc));
    if (argc == 2 && arguments[1] == std::string_view("decode")) {
        decode_lines();
    } else if (argc == 4 && arguments[1] == std::string_view("make")) {
        make(std::stoull(arguments[2]), std::stoi(arguments[3]));
    } else {
        std::cerr << "Usage: stream_dump decode | make SEED COUNT\n";
        return 2;
    }
}
