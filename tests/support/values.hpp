// SPDX-License-Identifier: MIT
// Short ways to say what a test means.
#pragma once

#include <string>

#include "base/error.hpp"
#include "base/names.hpp"

namespace mqttcan::testing {

/// Throws for a name that is none: a bug of the test.
inline InterfaceName interface(const std::string& name) {
    return InterfaceName::parse(name).value();
}

/// The errno that a result carries, 0 for success.
template <typename T>
int number_of(const Result<T>& result) {
    return result ? 0 : result.error().code.value();
}

}  // namespace mqttcan::testing
