// SPDX-License-Identifier: MIT
// Several documents laid over each other: the configuration and its drop-ins, the lowest first. Objects grow
// together key by key; any other value replaces what lies below it, and null removes it. Each node of the
// result still knows the file and place that it came from. Pure.
#pragma once

#include <span>

#include "config/document.hpp"

namespace mqttcan::config {

/// All have a root, and there is one at least. An object that several files declare stands where the first
/// one does. A null that finds nothing to remove stays, for the reader to complain about.
Document overlay(std::span<const Document> layers);

}  // namespace mqttcan::config
