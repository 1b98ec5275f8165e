// SPDX-License-Identifier: MIT
// The codec against vectors that were written out by hand from the wire format (tests/golden/stream), and
// against its promises: all of a message or nothing, and no frame that is not legal.
#include "daemon/codec/stream.hpp"

#include <gmock/gmock.h>

#include <set>

#include "daemon/codec/topics.hpp"
#include "tests/support/random_records.hpp"
#include "tests/support/stream_vectors.hpp"

namespace mqttcan::codec::stream {
namespace {

using ::mqttcan::testing::Bytes;
using ::mqttcan::testing::encode;
using ::mqttcan::testing::kReasons;
using ::mqttcan::testing::RandomRecords;
using ::mqttcan::testing::same;
using ::mqttcan::testing::Vector;
using ::mqttcan::testing::word;
using ::testing::ElementsAreArray;
using ::testing::IsEmpty;

const std::vector<Vector>& vectors() {
    static const auto read = ::mqttcan::testing::read_stream_vectors(MQTTCAN_GOLDEN "/stream/vectors.json");
    return read;
}

WallTime at(std::int64_t microseconds) {
    return WallTime(std::chrono::microseconds(microseconds));
}

can::Frame frame_at(std::int64_t microseconds) {
    can::Frame frame;
    frame.id = 0x123;
    frame.stamp = at(microseconds);
    return frame;
}

void expect_same(const std::vector<can::Frame>& actual, const std::vector<can::Frame>& expected,
                 const std::string& name) {
    ASSERT_EQ(actual.size(), expected.size()) << name;
    for (std::size_t i = 0; i < actual.size(); ++i) {
        EXPECT_TRUE(same(actual[i], expected[i])) << name << ", record " << i;
    }
}

/// Whatever the bytes are: all or nothing, only what is legal, and nothing that an encoder could not say.
/// True if the message is good.
bool expect_promises_kept(std::span<const std::byte> message, std::vector<can::Frame>& into) {
    const auto header = decode(message, into);
    if (!header) {
        EXPECT_THAT(into, IsEmpty());
        return false;
    }
    EXPECT_EQ(into.size(), header->records);
    for (const can::Frame& record : into) {
        EXPECT_TRUE(can::is_legal(record));
        EXPECT_FALSE(record.echo && record.error);
    }
    const auto again = encode(*header, into);
    EXPECT_TRUE(again && again->size() <= message.size());
    return true;
}

TEST(Stream, DecodesEveryGoldenMessage) {
    int tried = 0;
    std::vector<can::Frame> records;
    for (const Vector& vector : vectors()) {
        if (vector.refused.empty()) {
            ++tried;
            const auto header = decode(vector.message, records);
            ASSERT_TRUE(header) << vector.name << " was refused: " << word(header.error());
            EXPECT_EQ(*header, vector.header) << vector.name;
            expect_same(records, vector.records, vector.name);
        }
    }
    EXPECT_GE(tried, 50);
}

TEST(Stream, EncodesEveryGoldenMessage) {
    int tried = 0;
    for (const Vector& vector : vectors()) {
        if (vector.refused.empty() && !vector.decode_only) {
            ++tried;
            const auto message = encode(vector.header, vector.records);
            ASSERT_TRUE(message) << vector.name;
            EXPECT_THAT(*message, ElementsAreArray(vector.message)) << vector.name;
        }
    }
    EXPECT_GE(tried, 45);
}

TEST(Stream, RefusesEveryGoldenFaultForItsReason) {
    std::set<std::string_view> reasons;
    std::vector<can::Frame> records;
    for (const Vector& vector : vectors()) {
        if (!vector.refused.empty()) {
            records.resize(3);
            const auto header = decode(vector.message, records);
            ASSERT_FALSE(header) << vector.name;
            EXPECT_EQ(word(header.error()), vector.refused) << vector.name;
            EXPECT_THAT(records, IsEmpty()) << vector.name;
            reasons.insert(word(header.error()));
        }
    }
    EXPECT_EQ(reasons, std::set(kReasons.begin(), kReasons.end())) << "each reason has a vector";
}

TEST(Stream, BringsRandomMessagesBackAsTheyWere) {
    RandomRecords random;
    std::vector<can::Frame> decoded;
    for (int i = 0; i < 2000; ++i) {
        const std::vector<can::Frame> records = random.next(random.below(40));
        const Header header{static_cast<std::uint32_t>(random.number()), random.below(std::uint64_t{1} << 63),
                            records.size(), records.empty() ? at(i) : records.front().stamp};
        const auto message = encode(header, records);
        ASSERT_TRUE(message);
        const auto again = decode(*message, decoded);
        ASSERT_TRUE(again) << word(again.error());
        EXPECT_EQ(*again, header);
        expect_same(decoded, records, std::to_string(i));
    }
}

TEST(Stream, RefusesAMessageThatIsCutOffAnywhere) {
    std::vector<can::Frame> into;
    for (const Vector& vector : vectors()) {
        const std::span message(vector.message);
        if (vector.refused.empty() && message.size() < 1000) {
            ASSERT_TRUE(expect_promises_kept(message, into)) << vector.name;
            for (std::size_t length = 0; length < message.size(); ++length) {
                EXPECT_FALSE(expect_promises_kept(message.first(length), into))
                    << vector.name << ", " << length;
            }
        }
    }
}

TEST(Stream, SurvivesEveryByteInEveryPlaceOfTheHeaderAndAShortRecord) {
    std::vector<can::Frame> into;
    const Bytes message = vectors().front().message;
    ASSERT_LT(message.size(), 40U);
    for (std::size_t place = 0; place < message.size(); ++place) {
        Bytes changed = message;
        for (int value = 0; value < 256; ++value) {
            changed[place] = static_cast<std::byte>(value);
            expect_promises_kept(changed, into);
        }
    }
}

TEST(Stream, KeepsItsPromisesForMutatedMessages) {
    RandomRecords random;
    std::vector<can::Frame> into;
    int good = 0;
    for (int i = 0; i < 20'000; ++i) {
        const auto records = random.next(1 + random.below(8));
        Bytes message = encode({1, 2, records.size(), records.front().stamp}, records).value();
        for (std::uint64_t changes = 1 + random.below(3); changes > 0; --changes) {
            const std::size_t place =
                random.below(10) == 0 ? random.below(kHeaderLength) : random.below(message.size());
            if (random.below(4) == 0) {
                message[place] ^= static_cast<std::byte>(1U << random.below(8));
            } else {
                message[place] = static_cast<std::byte>(random.number());
            }
        }
        good += expect_promises_kept(message, into) ? 1 : 0;
    }
    EXPECT_GT(good, 2000) << "most changes of data and of times are good";
    EXPECT_LT(good, 18'000);
}

TEST(Stream, ForgetsTheMessageBefore) {
    std::vector<can::Frame> into;
    ASSERT_TRUE(decode(encode({}, {frame_at(0), frame_at(1)}).value(), into));
    EXPECT_EQ(into.size(), 2U);
    ASSERT_TRUE(decode(encode({}, {can::Frame{frame_at(5)}}).value(), into));
    ASSERT_EQ(into.size(), 1U);
    EXPECT_EQ(into.front().stamp, at(5));
    std::array<std::byte, kHeaderLength> buffer;
    ASSERT_TRUE(decode(heartbeat(1, 2, at(3), buffer), into));
    EXPECT_THAT(into, IsEmpty());
}

TEST(StreamEncoder, IsEmptyUntilAFrameIsAddedAndAfterClear) {
    Encoder encoder(7);
    EXPECT_EQ(encoder.epoch(), 7U);
    for (int i = 0; i < 2; ++i) {
        EXPECT_TRUE(encoder.empty());
        EXPECT_EQ(encoder.records(), 0U);
        EXPECT_EQ(encoder.bytes(), 0U);
        EXPECT_THAT(encoder.message(), IsEmpty());
        ASSERT_TRUE(encoder.add(frame_at(0), 1));
        EXPECT_FALSE(encoder.empty());
        EXPECT_EQ(encoder.records(), 1U);
        EXPECT_EQ(encoder.bytes(), kHeaderLength + kMinRecord);
        EXPECT_EQ(encoder.message().size(), encoder.bytes());
        encoder.clear();
    }
}

TEST(StreamEncoder, TakesOnlyTheNextNumber) {
    Encoder encoder(1);
    ASSERT_TRUE(encoder.add(frame_at(0), 10)) << "the first may be any";
    for (const std::uint64_t other : {0, 9, 10, 12}) {
        EXPECT_FALSE(encoder.add(frame_at(0), other)) << other;
    }
    EXPECT_TRUE(encoder.add(frame_at(0), 11));
    encoder.clear();
    EXPECT_TRUE(encoder.add(frame_at(0), 5));
}

TEST(StreamEncoder, TakesNoFrameThatIsOlderOrMuchLaterThanTheOneBefore) {
    constexpr std::int64_t kMost = 0xffffffff;
    Encoder encoder(1);
    ASSERT_TRUE(encoder.add(frame_at(1000), 1));
    EXPECT_FALSE(encoder.add(frame_at(999), 2));
    EXPECT_FALSE(encoder.add(frame_at(1000 + kMost + 1), 2));
    EXPECT_TRUE(encoder.add(frame_at(1000 + kMost), 2));
    EXPECT_TRUE(encoder.add(frame_at(1000 + kMost), 3)) << "at the same time";
    encoder.clear();
    ASSERT_TRUE(encoder.add(frame_at(-1), 1)) << "a clock before 1970 is a late time on the wire";
    EXPECT_FALSE(encoder.add(frame_at(0), 2));
}

TEST(StreamEncoder, StaysAsItIsWhenItTakesNoFrame) {
    Encoder encoder(1);
    ASSERT_TRUE(encoder.add(frame_at(1000), 1));
    const Bytes before(encoder.message().begin(), encoder.message().end());
    EXPECT_FALSE(encoder.add(frame_at(999), 2));
    EXPECT_EQ(encoder.records(), 1U);
    EXPECT_THAT(encoder.message(), ElementsAreArray(before));
    EXPECT_TRUE(encoder.add(frame_at(1000), 2));
}

TEST(StreamEncoder, TakesNothingThatWouldCostItsNeighbours) {
    can::Frame long_fd = frame_at(0);
    long_fd.fd = true;
    long_fd.length = 9;  // the kernel lets it pass on a virtual bus
    can::Frame remote_fd = frame_at(0);
    remote_fd.fd = remote_fd.remote = true;
    can::Frame long_classic = frame_at(0);
    long_classic.length = 12;
    can::Frame large_id = frame_at(0);
    large_id.id = 0x800;
    can::Frame fast_classic = frame_at(0);
    fast_classic.brs = true;
    can::Frame error = frame_at(0);
    error.error = true;
    can::Frame extended_error = error;
    extended_error.extended = true;
    Encoder encoder(1);
    for (const can::Frame& frame :
         {long_fd, remote_fd, long_classic, large_id, fast_classic, extended_error}) {
        EXPECT_FALSE(can::is_legal(frame));
        EXPECT_FALSE(encoder.add(frame, 1));
    }
    can::Frame confirmed_error = error;
    confirmed_error.echo = true;
    EXPECT_FALSE(encoder.add(confirmed_error, 1)) << "no client sent it";
    EXPECT_FALSE(encoder.add(frame_at(0), ~std::uint64_t{0})) << "there would be no next number";
    EXPECT_TRUE(encoder.empty());
    EXPECT_TRUE(encoder.add(error, 1));
}

TEST(StreamEncoder, NeverExceedsTheLongestMessageAndFillsItToTheLastRecordThatFits) {
    RandomRecords random;
    std::vector<can::Frame> decoded;
    for (int i = 0; i < 50; ++i) {
        Encoder encoder(1);
        const auto records = random.next(kMaxMessage / kMinRecord);
        std::size_t added = 0;
        while (encoder.add(records[added], added)) {
            ++added;
        }
        EXPECT_EQ(encoder.records(), added);
        EXPECT_LE(encoder.bytes(), kMaxMessage);
        EXPECT_GT(encoder.bytes(), kMaxMessage - kMaxRecord);
        ASSERT_TRUE(decode(encoder.message(), decoded));
        expect_same(decoded, {records.begin(), records.begin() + static_cast<std::ptrdiff_t>(added)}, "full");
    }
}

TEST(StreamEncoder, HasRoomForTheLargestNumberOfTheShortestRecords) {
    Encoder encoder(1);
    std::size_t added = 0;
    while (encoder.add(frame_at(0), added)) {
        ++added;
    }
    EXPECT_EQ(added, (kMaxMessage - kHeaderLength) / kMinRecord);
    std::vector<can::Frame> decoded;
    ASSERT_TRUE(decode(encoder.message(), decoded));
    EXPECT_EQ(decoded.size(), added);
}

TEST(StreamEncoder, NeedsForTheLongestRecordWhatItSays) {
    Encoder encoder(1);
    ASSERT_TRUE(encoder.add(frame_at(0), 1));
    const std::size_t before = encoder.bytes();
    can::Frame longest = frame_at(0xffffffff);
    longest.extended = longest.fd = true;
    longest.length = can::kMaxFdLength;
    longest.echo = true;
    ASSERT_TRUE(encoder.add(longest, 2));
    EXPECT_EQ(encoder.bytes() - before, kMaxRecord);
}

TEST(StreamTopics, LieBelowMqttcanWithOneLevelForEachSender) {
    const Topic topic = Topic::parse("site/car7").value();
    EXPECT_EQ(rx_topic(topic), "site/car7/mqttcan/rx");
    EXPECT_EQ(tx_prefix(topic), "site/car7/mqttcan/tx/");
    EXPECT_EQ(tx_topic(topic, "me"), "site/car7/mqttcan/tx/me");
    EXPECT_EQ(peer_prefix(topic), "site/car7/mqttcan/peer/");
    EXPECT_EQ(peer_topic(topic, "me"), "site/car7/mqttcan/peer/me");
}

}  // namespace
}  // namespace mqttcan::codec::stream
