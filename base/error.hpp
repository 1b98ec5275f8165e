// SPDX-License-Identifier: MIT
// Errors as values. A function that can fail at run time returns Result<T>; the text names place, object,
// reason and cure, the code is there for whoever must decide. Exceptions mean a bug or a foreign library.
#pragma once

#include <expected>
#include <string>
#include <system_error>
#include <utility>

#include "base/text.hpp"

namespace mqttcan {

struct Error {
    std::error_code code;
    std::string what;
};

template <typename T>
using Result = std::expected<T, Error>;

/// An error whose text is made of `parts`, joined.
template <typename... Parts>
std::unexpected<Error> fail(std::errc code, const Parts&... parts) {
    return std::unexpected(Error{std::make_error_code(code), text(parts...)});
}

/// The same from an errno value; the system's own words for it are appended.
template <typename... Parts>
std::unexpected<Error> fail_errno(int number, const Parts&... parts) {
    const std::error_code code(number, std::generic_category());
    return std::unexpected(Error{code, text(parts..., ": ", code.message())});
}

}  // namespace mqttcan
