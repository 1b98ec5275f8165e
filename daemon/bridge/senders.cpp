// SPDX-License-Identifier: MIT
#include "daemon/bridge/senders.hpp"

#include <algorithm>

namespace mqttcan::bridge {

Senders::Verdict Senders::take(std::string_view name, std::uint32_t epoch, std::uint64_t sequence,
                               std::size_t frames, TimePoint now) {
    Sender& sender = find(name, epoch, sequence, now);
    Verdict verdict;
    if (now - sender.relapsed > kTruce) {
        sender.relapses = 0;
    }
    const bool left = has_left(sender, epoch);
    if (left && !sender.in_past) {
        // The rest of a restarted sender's old messages, or another sender that is there all the time.
        ++sender.relapses;
        sender.relapsed = now;
    }
    sender.in_past = left;
    verdict.rivals = sender.relapses >= kRivalry;
    const std::uint64_t end = sequence + frames;
    if (left || end < sequence) {
        verdict.late = frames;
        return verdict;
    }
    if (epoch != sender.epoch) {
        leave(sender, sender.epoch);
        sender.epoch = epoch;
        sender.expected = sequence;
    }
    verdict.lost = sequence > sender.expected ? sequence - sender.expected : 0;
    verdict.late =
        static_cast<std::size_t>(std::min(end, sender.expected) - std::min(sequence, sender.expected));
    sender.expected = std::max(sender.expected, end);
    return verdict;
}

bool Senders::has_left(const Sender& sender, std::uint32_t epoch) {
    const std::size_t known = std::min(sender.left_count, sender.left.size());
    return std::ranges::find(sender.left.begin(), sender.left.begin() + static_cast<std::ptrdiff_t>(known),
                             epoch) != sender.left.begin() + static_cast<std::ptrdiff_t>(known);
}

void Senders::leave(Sender& sender, std::uint32_t epoch) {
    sender.left[sender.left_count++ % sender.left.size()] = epoch;
}

Senders::Sender& Senders::find(std::string_view name, std::uint32_t epoch, std::uint64_t sequence,
                               TimePoint now) {
    auto at = senders_.find(name);
    if (at == senders_.end()) {
        if (senders_.size() == kMost) {
            senders_.erase(
                std::ranges::min_element(senders_, {}, [](const auto& entry) { return entry.second.heard; }));
        }
        at = senders_.try_emplace(std::string(name), Sender{.epoch = epoch, .expected = sequence}).first;
    }
    at->second.heard = now;
    return at->second;
}

}  // namespace mqttcan::bridge
