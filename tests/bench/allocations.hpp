// SPDX-License-Identifier: MIT
// How often this program has asked for memory: allocations.cpp replaces operator new of the program that it
// is linked into. Counts all threads; any thread.
#pragma once

#include <cstdint>

namespace mqttcan::bench {

std::uint64_t allocations();

}  // namespace mqttcan::bench
