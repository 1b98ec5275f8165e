// SPDX-License-Identifier: MIT
#include "daemon/bridge/complaints.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace mqttcan::bridge {
namespace {

constexpr Duration kQuiet = std::chrono::seconds(10);  // a burst is over when nothing came for so long

std::string_view explain(codec::Drop reason) {
    switch (reason) {
        case codec::Drop::retained:
            return "a retained frame is history, not traffic (delete it: mosquitto_pub -r -n -t TOPIC)";
        case codec::Drop::short_payload:
            return "its payload is shorter than time stamp and flags (9 bytes)";
        case codec::Drop::bad_id:
            return "the last level of its topic is not a decimal ID";
        case codec::Drop::id_out_of_range:
            return "its ID is too large for its kind of frame";
        case codec::Drop::bad_length:
            return "its data have a length that its kind of frame cannot have";
        case codec::Drop::unknown_flags:
            return "its flags are unknown (is the payload encoded or encrypted by somebody else?)";
        case codec::Drop::bad_combination:
            return "its flags and data contradict each other";
        case codec::Drop::error_frame:
            return "error frames are made by controllers and are not sent to a bus";
        case codec::Drop::not_fd:
            return "it is a CAN FD frame and the interface takes only classic CAN";
        case codec::Drop::two_senders:
            return "two senders use its topic, so neither can be told from a ghost (the same client id "
                   "twice?)";
        case codec::Drop::bad_message:
            return "it is no message of format stream, or a damaged one";
        case codec::Drop::sealed:
            return "it is encrypted";
        case codec::Drop::refused:
            return "the kernel does not take it";
        default:
            return codec::name(reason);
    }
}

/// Fit for a terminal whatever a stranger put into the topic.
std::string printable(std::string_view level) {
    constexpr std::size_t kLongest = 32;
    std::string shown(level.substr(0, kLongest));
    std::ranges::replace_if(shown, [](char c) { return c < ' ' || c > '~'; }, '?');
    return shown + (level.size() > kLongest ? "..." : "");
}

}  // namespace

void Complaints::complain(const Log& log, codec::Drop reason, std::string_view what, std::string_view level,
                          TimePoint now) {
    if (begins(last_[static_cast<std::size_t>(reason)], now)) {
        log.warning(what, " \"", printable(level), "\": ", explain(reason), "; further ones are counted as ",
                    codec::name(reason));
    }
}

void Complaints::missing(const Log& log, std::string_view client, std::uint64_t frames, TimePoint now) {
    if (begins(last_missing_, now)) {
        log.warning(counted(frames, "frame"), " from ",
                    client.empty() ? std::string("the server") : text("client \"", printable(client), '"'),
                    " never came: lost on the way, or dropped there; further ones are counted as lost");
    }
}

/// A burst.
bool Complaints::begins(std::optional<TimePoint>& last, TimePoint now) {
    const auto before = std::exchange(last, now);
    return !before || now - *before >= kQuiet;
}

}  // namespace mqttcan::bridge
