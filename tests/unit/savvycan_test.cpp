// SPDX-License-Identifier: MIT
// The codec against vectors that were written out by hand from the wire format (tests/golden/savvycan).
#include "daemon/codec/savvycan.hpp"

#include <gmock/gmock.h>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

namespace mqttcan::codec::savvycan {
namespace {

using nlohmann::json;

const json& vectors() {
    static const json file = json::parse(std::ifstream(MQTTCAN_GOLDEN "/savvycan/vectors.json"));
    return file.at("vectors");
}

std::vector<std::byte> from_hex(const std::string& digits) {
    std::vector<std::byte> bytes;
    for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
        bytes.push_back(static_cast<std::byte>(std::stoi(digits.substr(i, 2), nullptr, 16)));
    }
    return bytes;
}

std::string last_level(const std::string& topic) {
    return topic.substr(topic.rfind('/') + 1);
}

can::Frame frame_of(const json& fields) {
    can::Frame frame;
    frame.id = fields.at("id");
    frame.extended = fields.at("extended");
    frame.remote = fields.at("rtr");
    frame.fd = fields.at("fd");
    frame.esi = fields.at("esi");
    frame.error = fields.at("error");
    const auto data = from_hex(fields.at("data"));
    std::ranges::copy(data, frame.data.begin());
    frame.length = static_cast<std::uint8_t>(data.size());
    frame.stamp = WallTime(
        std::chrono::microseconds(static_cast<std::int64_t>(fields.at("timestamp_us").get<std::uint64_t>())));
    return frame;
}

std::string_view word(Bad bad) {
    static const std::map<Bad, std::string_view> kWords = {
        {Bad::short_payload, "short_payload"},     {Bad::bad_id, "bad_id"},
        {Bad::id_out_of_range, "id_out_of_range"}, {Bad::bad_length, "bad_length"},
        {Bad::unknown_flags, "unknown_flags"},     {Bad::bad_combination, "bad_combination"},
    };
    return kWords.at(bad);
}

TEST(Savvycan, DecodesEveryGoldenFrame) {
    int tried = 0;
    for (const json& vector : vectors()) {
        if (!vector.contains("frame")) {
            continue;
        }
        ++tried;
        const auto frame = decode(last_level(vector.at("topic")), from_hex(vector.at("payload")), false);
        ASSERT_TRUE(frame) << vector.at("name") << " was refused: " << word(frame.error());
        const can::Frame expected = frame_of(vector.at("frame"));
        EXPECT_TRUE(frame->same_content(expected)) << vector.at("name");
        EXPECT_EQ(frame->stamp, expected.stamp) << vector.at("name");
    }
    EXPECT_GE(tried, 40);
}

TEST(Savvycan, EncodesEveryGoldenFrameToItsTopicAndPayload) {
    for (const json& vector : vectors()) {
        if (!vector.contains("frame")) {
            continue;
        }
        const can::Frame frame = frame_of(vector.at("frame"));
        std::array<std::byte, kMaxPayload> payload;
        std::array<char, kMaxIdDigits> id;
        EXPECT_THAT(encode(frame, payload), testing::ElementsAreArray(from_hex(vector.at("payload"))))
            << vector.at("name");
        EXPECT_EQ(encode_id(frame, id), last_level(vector.at("topic"))) << vector.at("name");
    }
}

TEST(Savvycan, RefusesEveryGoldenFaultForItsReason) {
    int tried = 0;
    for (const json& vector : vectors()) {
        if (!vector.contains("refused")) {
            continue;
        }
        ++tried;
        const auto frame = decode(last_level(vector.at("topic")), from_hex(vector.at("payload")), true);
        ASSERT_FALSE(frame) << vector.at("name");
        EXPECT_EQ(word(frame.error()), vector.at("refused").get<std::string>()) << vector.at("name");
    }
    EXPECT_GE(tried, 20);
}

TEST(Savvycan, SetsBrsOnFdFramesAsTheBusWants) {
    const auto payload = from_hex("000000000000000004aa");
    EXPECT_TRUE(decode("1", payload, true)->brs);
    EXPECT_FALSE(decode("1", payload, false)->brs);
    EXPECT_FALSE(decode("1", from_hex("000000000000000000aa"), true)->brs) << "a classic frame has no BRS";
}

TEST(Savvycan, SurvivesEveryTruncationAndEveryFlagByteOfAMessage) {
    std::vector<std::byte> payload(kMaxPayload + 8, std::byte{0xff});
    for (std::size_t length = 0; length <= payload.size(); ++length) {
        for (int flags = 0; flags < 256; ++flags) {
            if (length > 8) {
                payload[8] = static_cast<std::byte>(flags);
            }
            if (const auto frame = decode("291", std::span(payload).first(length), true)) {
                std::array<std::byte, kMaxPayload> again;
                EXPECT_EQ(encode(*frame, again).size(), length);
                EXPECT_LE(frame->length, frame->fd ? 64 : 8);
            }
        }
    }
}

}  // namespace
}  // namespace mqttcan::codec::savvycan
