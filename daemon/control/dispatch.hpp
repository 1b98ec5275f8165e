// SPDX-License-Identifier: MIT
// One Varlink call: from the text of a request to the text of its reply, by a table with a row per method.
// Pure but for what the Handler does. Any bytes are survived, of whatever depth; nothing throws.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "daemon/control/handler.hpp"

namespace mqttcan::control {

enum class ParameterType { string, optional_string, optional_number };

struct Parameter {
    std::string_view name;
    ParameterType type;
};

/// A method that is dispatched.
struct MethodInfo {
    std::string_view interface;
    std::string_view name;
    std::span<const Parameter> parameters;
};

std::vector<MethodInfo> methods();

/// Gets the reply as JSON without the NUL, never longer than kLongestReply; empty if the caller wants none
/// ("oneway").
using Replied = std::function<void(std::string reply)>;

/// Answers a request (without its NUL): `replied` is called once, before this returns or later. False if the
/// request is no Varlink call, which has no answer: `replied` is not called, and the connection has to end.
bool dispatch(std::string_view request, Handler&, const std::string& version, Replied replied);

}  // namespace mqttcan::control
