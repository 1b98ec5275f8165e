// SPDX-License-Identifier: MIT
#include "daemon/cli/check.hpp"

#include <iostream>

#include "base/text.hpp"
#include "config/load.hpp"
#include "daemon/cli/exit_codes.hpp"

namespace mqttcan::cli {

std::optional<config::Config> load_config(const std::string& path, const config::Environment& environment) {
    config::Outcome outcome = config::load(path, environment);
    for (const config::Fault& warning : outcome.warnings) {
        std::cerr << "warning: " << config::to_string(warning) << '\n';
    }
    for (const config::Fault& fault : outcome.faults) {
        std::cerr << config::to_string(fault) << '\n';
    }
    return std::move(outcome.config);
}

int check(const std::string& path) {
    config::Environment environment = config::system_environment();
    environment.credentials.reset();  // the service's are not ours to see
    const auto config = load_config(path, environment);
    if (!config) {
        return kBadConfig;
    }
    const std::string name = path == "-" ? "standard input" : path;
    std::cout << name << ": good: " << config->buses.size()
              << (config->buses.size() == 1 ? " bus, " : " buses, ")
              << counted(config->brokers.size(), "broker") << '\n';
    return kOk;
}

}  // namespace mqttcan::cli
