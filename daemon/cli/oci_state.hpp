// SPDX-License-Identifier: MIT
// What a container engine tells its hooks on standard input: the container's state as the OCI runtime
// specification has it (runtime.md, "State"). Pure.
#pragma once

#include <string_view>

#include "base/error.hpp"
#include "base/network_namespace.hpp"

namespace mqttcan::cli {

/// The namespace of the container's process, `pid` as the runtime numbers it.
Result<NetworkNamespace> container_of(std::string_view state);

}  // namespace mqttcan::cli
