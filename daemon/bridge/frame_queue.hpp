// SPDX-License-Identifier: MIT
// Bounded first-in first-out queues that drop the oldest. Memory grows to what was ever needed. Not
// thread-safe: the loop's thread.
#pragma once

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

#include "daemon/can/frame.hpp"

namespace mqttcan::bridge {

template <typename Value>
class BoundedQueue {
  public:
    explicit BoundedQueue(std::size_t limit) : limit_(limit) {}

    bool empty() const { return size_ == 0; }
    bool full() const { return size_ == limit_; }
    std::size_t size() const { return size_; }
    const Value& front() const { return ring_[head_]; }
    /// 0 is the oldest.
    Value& operator[](std::size_t index) { return ring_[(head_ + index) % ring_.size()]; }
    const Value& operator[](std::size_t index) const { return ring_[(head_ + index) % ring_.size()]; }
    /// The oldest, as many as lie in one piece.
    std::span<const Value> front_run() const {
        return std::span(ring_).subspan(head_, std::min(size_, ring_.size() - head_));
    }

    void pop(std::size_t count = 1) {
        size_ -= count;
        head_ = size_ == 0 ? 0 : (head_ + count) % ring_.size();
    }
    /// False if the oldest was dropped to make room.
    bool push(const Value& value) {
        const bool fits = !full();
        if (!fits) {
            pop();
        }
        if (size_ == ring_.size()) {
            grow();
        }
        ring_[(head_ + size_) % ring_.size()] = value;
        ++size_;
        return fits;
    }
    /// Returns how many there were.
    std::size_t clear() {
        head_ = 0;
        return std::exchange(size_, 0);
    }

  private:
    void grow() {
        std::ranges::rotate(ring_, ring_.begin() + static_cast<std::ptrdiff_t>(head_));
        head_ = 0;
        ring_.resize(std::min(limit_, std::max<std::size_t>(64, ring_.size() * 2)));
    }

    std::size_t limit_;
    std::vector<Value> ring_;
    std::size_t head_ = 0;
    std::size_t size_ = 0;
};

class FrameQueue : public BoundedQueue<can::Frame> {
  public:
    using BoundedQueue::BoundedQueue;
    using BoundedQueue::push;

    /// The same frame, with another age.
    bool push(const can::Frame& frame, TimePoint arrived) {
        const bool fitted = push(frame);
        (*this)[size() - 1].arrived = arrived;
        return fitted;
    }
};

}  // namespace mqttcan::bridge
