// SPDX-License-Identifier: MIT
// What messages of format stream bring: decoded, and in their senders' order. Pure; time is an argument.
#pragma once

#include <expected>
#include <span>
#include <string_view>
#include <vector>

#include "daemon/bridge/senders.hpp"
#include "daemon/codec/stream.hpp"

namespace mqttcan::bridge {

class StreamReader {
  public:
    struct Taken {
        Senders::Verdict verdict;
        WallTime newest;                      ///< stamp of the last frame, or of a heartbeat
        std::span<const can::Frame> records;  ///< all of them; good until the next take()
    };

    /// `sender`: the last level of the message's topic.
    std::expected<Taken, codec::stream::Bad> take(std::string_view sender, std::span<const std::byte> payload,
                                                  TimePoint now) {
        const auto header = codec::stream::decode(payload, records_);
        if (!header) {
            return std::unexpected(header.error());
        }
        std::uint64_t sequence = header->sequence;
        for (can::Frame& frame : records_) {
            if (!frame.echo) {
                frame.origin = {header->epoch, sequence};
            }
            ++sequence;
        }
        return Taken{senders_.take(sender, header->epoch, header->sequence, header->records, now),
                     records_.empty() ? header->stamp : records_.back().stamp, records_};
    }

  private:
    Senders senders_;
    std::vector<can::Frame> records_;  ///< reused
};

}  // namespace mqttcan::bridge
