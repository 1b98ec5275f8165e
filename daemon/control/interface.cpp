// SPDX-License-Identifier: MIT
#include "daemon/control/interface.hpp"

namespace mqttcan::control {

const std::array<Interface, 2>& interfaces() {
    static constexpr std::array<Interface, 2> kInterfaces = {{
        {"org.mqttcan", R"(# What mqttcand, the daemon, is asked by mqttcan, the tool.
interface org.mqttcan

# Reads the configuration again and makes it true. Answered when that is done:
# every link that could be made is there. Buses that did not change are not
# disturbed.
method Reload() -> ()

# The configuration is bad, and nothing was changed. The faults are as
# "mqttcan check" prints them.
error InvalidConfiguration (faults: []string)

# It could not be done, and nothing was changed.
error Failed (reason: string)
)"},
        {"org.varlink.service", R"(# What every Varlink service answers, about itself.
interface org.varlink.service

# Who answers here, and which interfaces there are.
method GetInfo() -> (
  vendor: string,
  product: string,
  version: string,
  url: string,
  interfaces: []string
)

# The text that describes an interface.
method GetInterfaceDescription(interface: string) -> (description: string)

# There is no such interface here.
error InterfaceNotFound (interface: string)

# The interface has no such method.
error MethodNotFound (method: string)

# The interface has the method, but it cannot be called like this.
error MethodNotImplemented (method: string)

# A parameter is missing, unknown, or of the wrong type.
error InvalidParameter (parameter: string)
)"},
    }};
    return kInterfaces;
}

bool too_deep(std::string_view json) {
    std::size_t depth = 0;
    bool in_string = false;
    for (std::size_t i = 0; i < json.size(); ++i) {
        const char c = json[i];
        if (in_string) {
            i += c == '\\' ? 1 : 0;
            in_string = c != '"';
        } else if (c == '"') {
            in_string = true;
        } else if (c == '{' || c == '[') {
            if (++depth > kDeepestJson) {
                return true;
            }
        } else if ((c == '}' || c == ']') && depth > 0) {
            --depth;
        }
    }
    return false;
}

}  // namespace mqttcan::control
