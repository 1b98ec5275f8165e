// SPDX-License-Identifier: MIT
// What our programs return. 78 is EX_CONFIG of sysexits.h: systemd shows it by name, and a unit can refuse to
// restart on it.
#pragma once

namespace mqttcan::cli {

inline constexpr int kOk = 0;
inline constexpr int kFailure = 1;  ///< the system did not let us
inline constexpr int kUsage = 2;
inline constexpr int kBadConfig = 78;

}  // namespace mqttcan::cli
