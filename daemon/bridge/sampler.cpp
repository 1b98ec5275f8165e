// SPDX-License-Identifier: MIT
#include "daemon/bridge/sampler.hpp"

#include <algorithm>

namespace mqttcan::bridge {
namespace {

std::uint64_t key_of(const can::Frame& frame) {
    return std::uint64_t{frame.id} << 2U | (frame.extended ? 2U : 0U) | (frame.remote ? 1U : 0U);
}

}  // namespace

Sampler::Sampler(const std::vector<config::Sample>& samples) {
    for (const config::Sample& sample : samples) {
        rules_.push_back({can::FrameFilter({.allow = sample.ids}), sample.interval, sample.on_change});
    }
}

const Sampler::Rule* Sampler::rule_for(const can::Frame& frame) const {
    const auto found = std::ranges::find_if(rules_, [&](const Rule& rule) { return rule.ids.passes(frame); });
    return found == rules_.end() ? nullptr : &*found;
}

bool Sampler::take(const can::Frame& frame, TimePoint arrived) {
    if (frame.error || rules_.empty()) {
        return true;
    }
    const Rule* rule = rule_for(frame);
    if (rule == nullptr) {
        return true;
    }
    const std::uint64_t key = key_of(frame);
    const auto before = taken_.find(key);
    if (before == taken_.end()) {
        remember(key, frame, arrived);
        return true;
    }
    Taken& last = before->second;
    // Arrivals may lie a little before the last one (the kernel's stamps follow a clock that is set).
    const bool early = rule->interval > Duration::zero() && arrived - last.at < rule->interval;
    if (early || (rule->on_change && frame.same_content(last.frame))) {
        return false;
    }
    last = {arrived, frame};
    return true;
}

void Sampler::remember(std::uint64_t key, const can::Frame& frame, TimePoint arrived) {
    if (frame.extended && extended_ == kExtendedIds) {
        return;
    }
    extended_ += frame.extended ? 1 : 0;
    taken_.emplace(key, Taken{arrived, frame});
}

}  // namespace mqttcan::bridge
