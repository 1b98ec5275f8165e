// SPDX-License-Identifier: MIT
// What is counted on a bus, in each direction, since the process started. The balance that holds at any time:
//   received = passed + backfilled + sum of dropped + still queued or buffered.
// Values; the loop's thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <string_view>

namespace mqttcan::codec {

/// Why a frame was dropped. Both directions share the list; each uses what applies to it.
enum class Drop : std::size_t {
    stale,     ///< older than max_age
    overflow,  ///< the queue was full: the oldest went
    kernel,    ///< the kernel's receive buffer was full (SO_RXQ_OVFL)
    retained,  ///< carried the retain flag
    short_payload,
    bad_id,
    id_out_of_range,
    bad_length,
    unknown_flags,
    bad_combination,
    error_frame,  ///< a controller's error frame for a bus that takes none
    not_fd,       ///< a CAN FD frame for a bus or link without CAN FD
    no_link,      ///< the interface is not there or not up
    refused,      ///< the kernel did not take it
    stopped,      ///< still queued when the daemon stopped
    filtered,     ///< the bus's filter, as far as this process applies it
    sampled,      ///< from_bus.sample thinned it out
    stalled,      ///< the bus took no frame for to_bus.stall
    late,         ///< format stream: below the number that was expected, late or a duplicate
    two_senders,  ///< format stream: of two that share a topic
    bad_message,  ///< format stream: not one, or damaged; counts as one frame
    sealed,       ///< format stream: encrypted; counts as one frame
    unmatched,    ///< format stream: a frame of ours that was sent, and nobody knows whose it was
};
inline constexpr std::size_t kDrops = static_cast<std::size_t>(Drop::unmatched) + 1;

/// The reason as it stands in status and logs.
constexpr std::string_view name(Drop reason) {
    constexpr std::array<std::string_view, kDrops> kNames = {
        "stale",       "overflow",        "kernel",     "retained",      "short_payload",
        "bad_id",      "id_out_of_range", "bad_length", "unknown_flags", "bad_combination",
        "error_frame", "not_fd",          "no_link",    "refused",       "stopped",
        "filtered",    "sampled",         "stalled",    "late",          "two_senders",
        "bad_message", "sealed",          "unmatched",
    };
    return kNames[static_cast<std::size_t>(reason)];
}

struct Counters {
    std::uint64_t received = 0;
    std::uint64_t passed =
        0;  ///< from the bus: handed to the broker connection; to the bus: taken by the kernel
    /// From the bus only: passed frames of which no acknowledgement had come when a connection was lost. They
    /// may have arrived at the broker or not.
    std::uint64_t in_doubt = 0;
    /// From a client's bus only, format stream: passed frames that the server said the bus has sent, and
    /// those of which it did not say so in time.
    std::uint64_t confirmed = 0;
    std::uint64_t unconfirmed = 0;
    /// From the bus only, with from_bus.buffer: frames that wait there, and those that came to the broker as
    /// history.
    std::uint64_t buffered = 0;
    std::uint64_t backfilled = 0;
    /// To the bus only, format stream: frames that never came, as their senders' numbers tell.
    std::uint64_t lost = 0;
    std::array<std::uint64_t, kDrops> dropped{};

    void drop(Drop reason, std::uint64_t count = 1) { dropped[static_cast<std::size_t>(reason)] += count; }
    std::uint64_t dropped_total() const {
        return std::accumulate(dropped.begin(), dropped.end(), std::uint64_t{0});
    }
    bool operator==(const Counters&) const = default;
};

struct BusCounters {
    Counters from_bus;
    Counters to_bus;
    Counters confirmations;  ///< servers: frames of clients that the bus has sent, on their way to the broker
    bool operator==(const BusCounters&) const = default;
};

}  // namespace mqttcan::codec
