// SPDX-License-Identifier: MIT
// Runs the loader on a text, on a machine made of values: host "box", machine id "0123abcd", a service's
// credentials in /run/credentials, and files that are readable if they lie in /etc/mqttcan or are the
// credential "password", forbidden in /root, and missing anywhere else.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/load.hpp"

namespace mqttcan::config::test {

inline Environment machine() {
    return {"box", "0123abcd", "/run/credentials", [](const std::string& path) -> Result<void> {
                if (path.starts_with("/etc/mqttcan/") || path == "/run/credentials/password") {
                    return {};
                }
                return fail(path.starts_with("/root/") ? std::errc::permission_denied
                                                       : std::errc::no_such_file_or_directory,
                            path);
            }};
}

inline Outcome parsed(std::string_view text) {
    return parse(text, "/etc/mqttcan.json", machine());
}

inline std::vector<std::string> written_out(const std::vector<Fault>& faults) {
    std::vector<std::string> out;
    for (const Fault& fault : faults) {
        // Every test has the same file; without its name the lines are short enough to be read.
        out.push_back(to_string(fault).substr(fault.file.size() + 1));
    }
    return out;
}

inline std::vector<std::string> faults_of(std::string_view text) {
    return written_out(parsed(text).faults);
}

inline std::vector<std::string> warnings_of(std::string_view text) {
    return written_out(parsed(text).warnings);
}

/// Faults of a configuration whose only bus is `members` (the inside of its object).
inline std::vector<std::string> bus_faults(const std::string& members) {
    return faults_of("{\"buses\": {\"a\":\n{" + members + "}\n}}");
}

/// Faults of a configuration with one bus and a broker entry "default" made of `members`.
inline std::vector<std::string> broker_faults(const std::string& members) {
    return faults_of("{\"buses\": {\"a\": {\"topic\": \"can\"}}, \"brokers\": {\"default\":\n{" + members +
                     "}\n}}");
}

}  // namespace mqttcan::config::test
