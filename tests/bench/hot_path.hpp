// SPDX-License-Identifier: MIT
// The ways that frames take through our own code, without a kernel and without a broker: what micro_benchmark
// times, and what allocations_test holds to allocate nothing. Values; one thread.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/bridge/frame_queue.hpp"
#include "daemon/bridge/sampler.hpp"
#include "daemon/can/frame.hpp"
#include "daemon/can/id_filter.hpp"
#include "daemon/codec/savvycan.hpp"
#include "daemon/mqtt/inbox.hpp"

namespace mqttcan::bench {

/// Frames as a bus has them: some IDs, all the same length; CAN FD above 8 bytes.
inline std::vector<can::Frame> make_frames(std::size_t count, std::uint8_t length = 8) {
    std::vector<can::Frame> frames(count);
    for (std::size_t i = 0; i < count; ++i) {
        can::Frame& frame = frames[i];
        frame.id = static_cast<std::uint32_t>(0x100 + i % 64);
        frame.fd = frame.brs = length > can::kMaxClassicLength;
        frame.length = length;
        frame.data[0] = static_cast<std::byte>(i);
        frame.stamp = WallTime(std::chrono::microseconds(1'700'000'000'000'000 + i));
    }
    return frames;
}

/// A filter with something of each kind in it, which lets those frames pass.
inline IdFilter some_filter() {
    IdFilter filter;
    for (const char* pattern : {"100-1FF", "7DF", "700/7F0", "18DAF100-18DAF1FF", "10000000/1F000000"}) {
        filter.allow.push_back(*IdPattern::parse(pattern));
    }
    filter.deny.push_back(*IdPattern::parse("1F0-1FF"));
    return filter;
}

/// From a bus to the broker, as a bridge does it for format savvycan: filter, sample, queue, topic, payload.
class FromBus {
  public:
    FromBus() : filter_(some_filter()), sampler_({}), queue_(16384), topic_("vehicles/car7/") {
        prefix_ = topic_.size();
    }

    void take(std::span<const can::Frame> frames) {
        for (const can::Frame& frame : frames) {
            if (filter_.passes(frame) && sampler_.take(frame, frame.arrived)) {
                queue_.push(frame);
            }
        }
    }
    /// `publish(topic, payload)` for each frame that waits.
    template <typename Publish>
    void publish_all(Publish publish) {
        while (!queue_.empty()) {
            std::array<std::byte, codec::savvycan::kMaxPayload> payload;
            std::array<char, codec::savvycan::kMaxIdDigits> id;
            topic_.resize(prefix_);
            topic_ += codec::savvycan::encode_id(queue_.front(), id);
            publish(topic_, codec::savvycan::encode(queue_.front(), payload));
            queue_.pop();
        }
    }

  private:
    can::FrameFilter filter_;
    bridge::Sampler sampler_;
    bridge::FrameQueue queue_;
    std::string topic_;
    std::size_t prefix_ = 0;
};

/// From the broker to a bus: inbox, decode, filter, queue.
class ToBus {
  public:
    ToBus() : filter_(some_filter()), queue_(16384) { inbox_.set_routes({{"vehicles/car7/s/", 0}}, 1); }

    /// As a network thread does it.
    void message(std::string_view topic, std::span<const std::byte> payload) {
        inbox_.message(topic, {reinterpret_cast<const char*>(payload.data()), payload.size()}, false);
    }
    /// As the loop does it; returns how many frames there were.
    std::size_t take() {
        inbox_.take(batch_);
        for (const mqtt::Inbox::Item& item : batch_.items) {
            const auto frame = codec::savvycan::decode(batch_.level(item), batch_.payload(item), true);
            if (frame && filter_.passes(*frame)) {
                queue_.push(*frame);
            }
        }
        const std::size_t count = queue_.size();
        queue_.pop(count);
        return count;
    }

  private:
    mqtt::Inbox inbox_;
    mqtt::Inbox::Batch batch_;
    can::FrameFilter filter_;
    bridge::FrameQueue queue_;
};

}  // namespace mqttcan::bench
