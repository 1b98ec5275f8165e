// SPDX-License-Identifier: MIT
#include "daemon/cli/oci_state.hpp"

#include <nlohmann/json.hpp>

#include "daemon/cli/netns.hpp"

namespace mqttcan::cli {

Result<NetworkNamespace> container_of(std::string_view state) {
    constexpr auto kInvalid = std::errc::invalid_argument;
    const auto json = nlohmann::json::parse(state, nullptr, false);
    if (!json.is_object()) {
        return fail(
            kInvalid,
            "--pid -: standard input is not the state of a container as engines give it to OCI hooks, "
            "for example {\"pid\": 1234}");
    }
    const auto pid = json.find("pid");
    if (pid == json.end() || !pid->is_number_integer() || *pid == 0) {
        return fail(kInvalid,
                    "--pid -: the state on standard input has no \"pid\": the container does not run. As a "
                    "hook this belongs to the stage createRuntime or poststart");
    }
    return parse_pid(pid->dump());
}

}  // namespace mqttcan::cli
