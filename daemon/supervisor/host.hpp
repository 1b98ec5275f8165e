// SPDX-License-Identifier: MIT
// Who this process is among others: what distinguishes it on a broker and among the links of this machine.
// A value made once at start.
#pragma once

#include <string>

namespace mqttcan::supervisor {

struct Host {
    std::string hostname;
    std::string instance;     ///< in link aliases; empty for the system's own configuration
    std::string fingerprint;  ///< stable, of machine and instance; in the default client id
    std::string session;      ///< random, new with each process
    std::string version;
    bool temporary = false;  ///< `mqttcan tunnel`: leaves no status behind
};

}  // namespace mqttcan::supervisor
