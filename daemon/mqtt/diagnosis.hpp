// SPDX-License-Identifier: MIT
// Why a broker cannot be reached, in words that name the cause and the cure. Paho reports every failure below
// MQTT as "TCP/TLS connect failure"; this makes the connection once more on its own and looks.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "daemon/mqtt/client.hpp"

namespace mqttcan::mqtt {

/// Connects to the numeric address, does the TLS handshake if there is one, and says what went wrong; none if
/// all went well, so that the cause must lie in MQTT. Blocks for some seconds at most. Sends nothing but TLS.
std::optional<std::string> diagnose(const ConnectOptions&);

/// The same on a thread of its own; `diagnosed` with `number` follows in `inbox`, its text empty for none.
void diagnose_later(const ConnectOptions&, std::uint64_t number, std::shared_ptr<Inbox> inbox);

/// Whether the socket is one of diagnose()'s, and so not Paho's. Any thread.
bool is_diagnosis(int socket);

/// What a CONNACK's reason means (MQTT 5 section 3.2.2.2, or 3.1.1 section 3.2.2.3) and what to do about it.
std::string explain_connack(int code, int protocol);

}  // namespace mqttcan::mqtt
