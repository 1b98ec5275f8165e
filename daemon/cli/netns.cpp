// SPDX-License-Identifier: MIT
#include "daemon/cli/netns.hpp"

#include <charconv>

#include "config/words.hpp"

namespace mqttcan::cli {

Result<NetworkNamespace> parse_netns(std::string_view written) {
    constexpr std::size_t kLongestName = 255;
    const bool is_path = written.starts_with('/');
    const bool is_name = !written.empty() && !written.contains('/') && written != "." && written != ".." &&
                         written.size() <= kLongestName;
    if (!is_path && !is_name) {
        return fail(std::errc::invalid_argument, "--netns ", config::in_quotes(written),
                    ": neither the name of a network namespace nor an absolute path; for example ecu-sim or "
                    "/run/netns/ecu-sim");
    }
    return NetworkNamespace{.path = is_path ? std::string(written) : text("/run/netns/", written)};
}

Result<NetworkNamespace> parse_pid(std::string_view written) {
    constexpr int kHighest = 4194304;  // PID_MAX_LIMIT
    int pid = 0;
    const auto [end, error] = std::from_chars(written.data(), written.data() + written.size(), pid);
    if (error != std::errc() || end != written.data() + written.size() || pid < 1 || pid > kHighest) {
        return fail(std::errc::invalid_argument, "--pid ", config::in_quotes(written),
                    ": no number of a process",
                    written == "0" ? "; the container does not run (engines say 0 then)" : "");
    }
    return NetworkNamespace{.path = {}, .pid = pid};
}

}  // namespace mqttcan::cli
