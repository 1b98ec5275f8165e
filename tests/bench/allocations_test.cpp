// SPDX-License-Identifier: MIT
// What is done for each frame allocates nothing, once it has the memory that it needs.
#include "tests/bench/allocations.hpp"

#include <gtest/gtest.h>

#include "tests/bench/hot_path.hpp"
#include "tests/bench/stream_path.hpp"

namespace mqttcan::bench {
namespace {

constexpr std::size_t kFrames = 2000;
constexpr int kWarmUp = 3;  // an inbox has two batches of memory, which take turns

/// How often `act` asks for memory when it is done once more after some times.
template <typename Act>
std::uint64_t allocations_of(Act act) {
    for (int i = 0; i < kWarmUp; ++i) {
        act();
    }
    const std::uint64_t before = allocations();
    act();
    return allocations() - before;
}

TEST(Allocations, AreCounted) {
    // Not a new expression: the compiler may leave those out.
    EXPECT_EQ(allocations_of([] { ::operator delete(::operator new(8)); }), 1U);
    EXPECT_EQ(allocations_of([] { ::operator delete[](::operator new[](8)); }), 1U);
    constexpr std::align_val_t kAlignment{64};
    EXPECT_EQ(allocations_of([] { ::operator delete(::operator new(8, kAlignment), kAlignment); }), 1U);
}

class HotPath : public testing::TestWithParam<int> {
  protected:
    std::vector<can::Frame> frames_ = make_frames(kFrames, static_cast<std::uint8_t>(GetParam()));
};

TEST_P(HotPath, EncodesAndDecodesWithoutAllocating) {
    std::size_t wrong = 0;
    EXPECT_EQ(allocations_of([&] {
                  for (const can::Frame& frame : frames_) {
                      std::array<std::byte, codec::savvycan::kMaxPayload> payload;
                      std::array<char, codec::savvycan::kMaxIdDigits> digits;
                      const auto id = codec::savvycan::encode_id(frame, digits);
                      const auto back =
                          codec::savvycan::decode(id, codec::savvycan::encode(frame, payload), frame.brs);
                      wrong += !back || !back->same_content(frame) ? 1 : 0;
                  }
              }),
              0U);
    EXPECT_EQ(wrong, 0U);
}

TEST_P(HotPath, QueuesWithoutAllocating) {
    bridge::FrameQueue queue(kFrames);
    EXPECT_EQ(allocations_of([&] {
                  for (const can::Frame& frame : frames_) {
                      queue.push(frame);
                  }
                  queue.push(frames_.front());  // full: the oldest goes
                  while (!queue.empty()) {
                      queue.pop(queue.front_run().size());
                  }
              }),
              0U);
}

TEST_P(HotPath, GoesFromABusToTopicsAndPayloadsWithoutAllocating) {
    FromBus from_bus;
    std::size_t published = 0;
    EXPECT_EQ(allocations_of([&] {
                  from_bus.take(frames_);
                  from_bus.publish_all([&](const std::string&, std::span<const std::byte>) { ++published; });
              }),
              0U);
    EXPECT_EQ(published, (kWarmUp + 1) * kFrames);
}

TEST_P(HotPath, GoesFromMessagesToABusWithoutAllocating) {
    std::array<std::byte, codec::savvycan::kMaxPayload> memory;
    const auto payload = codec::savvycan::encode(frames_.front(), memory);
    ToBus to_bus;
    std::size_t taken = 0;
    EXPECT_EQ(allocations_of([&] {
                  for (std::size_t i = 0; i < kFrames; ++i) {
                      to_bus.message("vehicles/car7/s/256", payload);
                  }
                  taken += to_bus.take();
              }),
              0U);
    EXPECT_EQ(taken, (kWarmUp + 1) * kFrames);
}

TEST_P(HotPath, EncodesAndDecodesAStreamWithoutAllocating) {
    codec::stream::Encoder encoder(1);
    std::vector<can::Frame> decoded;
    std::size_t wrong = 0;
    EXPECT_EQ(allocations_of([&] {
                  encoder.clear();
                  std::uint64_t number = 0;
                  while (number < frames_.size() && encoder.add(frames_[number], number)) {
                      ++number;
                  }
                  const auto header = codec::stream::decode(encoder.message(), decoded);
                  wrong += !header || decoded.size() != number ||
                           !decoded.back().same_content(frames_[number - 1]);
              }),
              0U);
    EXPECT_EQ(wrong, 0U);
}

TEST_P(HotPath, GoesFromABusToMessagesOfAStreamWithoutAllocating) {
    StreamPath path;
    const std::span few = std::span(frames_).first(50);
    EXPECT_EQ(allocations_of([&] { path.publish(few); }), 0U);
    EXPECT_GE(path.messages, kWarmUp + 1U);
}

TEST_P(HotPath, GoesFromMessagesOfAStreamToABusWithoutAllocating) {
    StreamPath path;
    path.publish(std::span(frames_).first(50));
    EXPECT_EQ(allocations_of([&] { path.deliver(); }), 0U);
    EXPECT_EQ(path.written, (kWarmUp + 1U) * 50U);
}

INSTANTIATE_TEST_SUITE_P(OfFramesWithBytes, HotPath, testing::Values(8, 64),
                         testing::PrintToStringParamName());

}  // namespace
}  // namespace mqttcan::bench
