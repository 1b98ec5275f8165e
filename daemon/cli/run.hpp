// SPDX-License-Identifier: MIT
// The composition root: wires kernel, broker and supervisor together and runs the loop until a signal.
#pragma once

#include <string>

#include "base/log.hpp"
#include "config/model.hpp"
#include "daemon/supervisor/host.hpp"

namespace mqttcan::cli {

/// Who this process is: hostname, session, fingerprint of machine and `instance`.
supervisor::Host describe_host(const std::string& instance);

/// Runs until SIGTERM or SIGINT; returns the exit code. Logs to the journal when run by systemd, otherwise
/// to stderr.
int run(const config::Config&, const supervisor::Host&, Severity lowest);

}  // namespace mqttcan::cli
