// SPDX-License-Identifier: MIT
// Says in human words why a text is no JSON. The parser only tells that it stopped; here the text behind the
// last good token is looked at again, knowing what could have come there. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "config/cursor.hpp"

namespace mqttcan::config {

/// What the last good token was.
enum class Spot { start, object_opened, array_opened, key, member, element, finished };

struct SyntaxFault {
    Position at;
    std::string what;
};

/// `cursor` stands behind the last good token; `opened` is where the innermost open bracket stands.
SyntaxFault explain_syntax(Cursor cursor, Spot spot, Position opened);

/// The same where a value begins that is none.
SyntaxFault explain_value(Cursor cursor, std::string_view before);

/// Bytes that no configuration may hold, wherever they stand: NUL, malformed UTF-8.
std::optional<SyntaxFault> find_foreign_bytes(std::string_view text);

}  // namespace mqttcan::config
