// SPDX-License-Identifier: MIT
#include "daemon/control/interface.hpp"

namespace mqttcan::control {

const std::array<Interface, 2>& interfaces() {
    static constexpr std::array<Interface, 2> kInterfaces = {{
        {"org.mqttcan", R"(# What mqttcand, the daemon, is asked by mqttcan, the tool.
interface org.mqttcan

# A connection to a broker, so since since_us. problem: why there is none, or why
# nothing that comes by it is believed.
type Broker (
  name: string,
  url: string,
  client_id: string,
  connected: bool,
  protocol: string,
  problem: string,
  since_us: int
)

# Frames in one direction. passed: published, or written to the bus; dropped:
# by reason. Always: received = passed + backfilled + dropped + what waits.
type Counters (
  received: int,
  passed: int,
  in_doubt: int,
  confirmed: int,
  unconfirmed: int,
  buffered: int,
  backfilled: int,
  lost: int,
  dropped: [string]int
)

# As the driver of a CAN controller tells. Bit rates in bit/s, 0: unknown.
type Controller (
  state: string,
  bitrate: int,
  data_bitrate: int,
  tx_errors: int,
  rx_errors: int,
  bus_errors: int,
  error_warnings: int,
  error_passives: int,
  bus_offs: int,
  arbitration_lost: int,
  restarts: int
)

# From publishing a frame to hearing that the bus has sent it.
type RoundTrip (smoothed_us: int, worst_us: int)

# state: online, offline (no connection to the broker), waiting (for its
# interface) or dropped (by hand); reason: of any state but online. server:
# what the server of a client says of itself, empty if that is unknown.
type Bus (
  name: string,
  interface: string,
  kind: string,
  role: string,
  topic: string,
  broker: string,
  formats: []string,
  state: string,
  reason: string,
  server: string,
  controller: ?Controller,
  round_trip: ?RoundTrip,
  from_bus: Counters,
  to_bus: Counters,
  confirmations: Counters
)

# A line of the log. severity: error, warning, notice, info or debug; bus and
# interface are empty where it speaks of none.
type Line (
  number: int,
  time_us: int,
  severity: string,
  bus: string,
  interface: string,
  message: string
)

# What the daemon knows of its buses and brokers; of one bus (its name, or
# that of its interface) and its broker if one is named.
method GetStatus(bus: ?string) -> (
  version: string,
  uptime_us: int,
  brokers: []Broker,
  buses: []Bus
)

# Stops a bus until it is resumed or the daemon is restarted: nothing crosses,
# and an interface that the daemon has made is down.
method Drop(bus: string) -> ()

# Has a bus that was dropped carry frames again.
method Resume(bus: string) -> ()

# How many others on the bus's topic say that they are online: its server, its
# clients, or the other peers; absent while the broker has not told. Asking makes
# the daemon listen to their status for a minute.
method CountPeers(bus: string) -> (peers: ?int)

# The lines of the log after that number, as soon as there are any; without a
# number the number of the last one, at once. missed: lines in between that
# are forgotten already.
method GetLog(after: ?int) -> (last: int, missed: int, lines: []Line)

# What is logged from now on: nothing below that severity.
method SetLogLevel(lowest: string) -> ()

# Reads the configuration again and makes it true. Answered when that is done:
# every link that could be made is there. Buses that did not change are not
# disturbed.
method Reload() -> ()

# The configuration is bad, and nothing was changed. The faults are as
# "mqttcan check" prints them.
error InvalidConfiguration (faults: []string)

# There is no bus of that name, and none with that interface.
error NoSuchBus (bus: string, known: []string)

# It could not be done, and nothing was changed.
error Failed (reason: string)
)"},
        {"org.varlink.service", R"(# What every Varlink service answers, about itself.
interface org.varlink.service

# Who answers here, and which interfaces there are.
method GetInfo() -> (
  vendor: string,
  product: string,
  version: string,
  url: string,
  interfaces: []string
)

# The text that describes an interface.
method GetInterfaceDescription(interface: string) -> (description: string)

# There is no such interface here.
error InterfaceNotFound (interface: string)

# The interface has no such method.
error MethodNotFound (method: string)

# The interface has the method, but it cannot be called like this.
error MethodNotImplemented (method: string)

# A parameter is missing, unknown, or of the wrong type.
error InvalidParameter (parameter: string)
)"},
    }};
    return kInterfaces;
}

bool too_deep(std::string_view json) {
    std::size_t depth = 0;
    bool in_string = false;
    for (std::size_t i = 0; i < json.size(); ++i) {
        const char c = json[i];
        if (in_string) {
            i += c == '\\' ? 1 : 0;
            in_string = c != '"';
        } else if (c == '"') {
            in_string = true;
        } else if (c == '{' || c == '[') {
            if (++depth > kDeepestJson) {
                return true;
            }
        } else if ((c == '}' || c == ']') && depth > 0) {
            --depth;
        }
    }
    return false;
}

}  // namespace mqttcan::control
