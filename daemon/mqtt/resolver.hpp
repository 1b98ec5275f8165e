// SPDX-License-Identifier: MIT
// Host names become addresses on a thread of their own. Paho resolves under a lock that all connections
// share, so one dead name server would freeze them all; therefore this program's getaddrinfo() answers from a
// table for names that were resolved here before (see resolver.cpp), and Paho's own call never waits.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "daemon/mqtt/inbox.hpp"

namespace mqttcan::mqtt {

/// Numeric addresses of `host`, in the order in which they should be tried. Blocks.
Result<std::vector<std::string>> resolve(const std::string& host);

/// The same on a thread of its own; `resolved` with `number` follows in `inbox`.
void resolve_later(const std::string& host, std::uint64_t number, std::shared_ptr<Inbox> inbox);

/// From now on getaddrinfo(host) gives this address. Any thread.
void pin_address(const std::string& host, const std::string& address);

}  // namespace mqttcan::mqtt
