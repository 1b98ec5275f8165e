// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <limits>

#include "daemon/codec/status.hpp"
#include "daemon/mqtt/inbox.hpp"

namespace mqttcan::codec {
namespace {

void fill(Counters& counters) {
    constexpr auto kMost = std::numeric_limits<std::uint64_t>::max();
    counters.received = counters.passed = counters.unconfirmed = kMost;
    counters.dropped.fill(kMost);
}

TEST(BusStatus, FitsIntoAnInboxHoweverMuchItTells) {
    constexpr auto kMost = std::numeric_limits<std::uint32_t>::max();
    BusStatus status{.session = std::string(16, 'f'),
                     .state = "waiting",
                     .bus = std::string(64, 'b'),
                     .role = "server",
                     .interface = std::string(15, 'i'),
                     .formats = {"savvycan", "stream"},
                     .time_synchronized = false,
                     .version = "10.10.10~rc1",
                     .connection = std::string(200, 't'),
                     .controller = ControllerStatus{.state = "error-warning",
                                                    .bitrate = kMost,
                                                    .data_bitrate = kMost,
                                                    .tx_errors = 65535,
                                                    .rx_errors = 65535,
                                                    .bus_errors = kMost,
                                                    .error_warnings = kMost,
                                                    .error_passives = kMost,
                                                    .bus_offs = kMost,
                                                    .arbitration_lost = kMost,
                                                    .restarts = kMost},
                     .counters = {}};
    fill(status.counters.from_bus);
    fill(status.counters.to_bus);
    const std::string json = to_json(status);
    EXPECT_LE(json.size(), mqtt::Inbox::kMaxPayload);
    EXPECT_EQ(parse_state(std::as_bytes(std::span(json))), "waiting");
}

}  // namespace
}  // namespace mqttcan::codec
