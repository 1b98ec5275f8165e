// SPDX-License-Identifier: MIT
// The composition root: wires kernel, broker and supervisor together and runs the loop until a signal.
#pragma once

#include <functional>
#include <string>

#include "base/log.hpp"
#include "config/load.hpp"
#include "config/model.hpp"
#include "daemon/supervisor/host.hpp"

namespace mqttcan::cli {

/// The instance of a daemon that was given this configuration: links and client ids of a second daemon with
/// another file must not be taken for those of the first. For describe_host(), which may shorten it.
std::string instance_of(const std::string& config_path);

/// Who this process is: hostname, session, fingerprint of machine and `instance`.
supervisor::Host describe_host(const std::string& instance);

struct RunOptions {
    Severity lowest = Severity::info;
    std::function<config::Outcome()> load = {};  ///< reads the configuration again; empty: there is no file
    std::string control = {};                    ///< path of the control socket; empty: none
    bool control_required = false;               ///< asked for: without it there is no start
};

/// Runs until SIGTERM or SIGINT; returns the exit code. Logs to the journal when run by systemd, otherwise
/// to stderr.
int run(const config::Config&, const supervisor::Host&, const RunOptions&);

}  // namespace mqttcan::cli
