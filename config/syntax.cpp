// SPDX-License-Identifier: MIT
#include "config/syntax.hpp"

#include <cstdint>

#include "base/names.hpp"
#include "base/text.hpp"

namespace mqttcan::config {
namespace {

bool is_one_of(char c, std::string_view set) {
    return c != '\0' && set.contains(c);
}

bool begins_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$' || (c & 0x80) != 0;
}

/// The token under the cursor, short enough to be quoted.
std::string quoted_token(Cursor cursor) {
    constexpr std::size_t kLongest = 40;
    const std::string_view token = cursor.take_token();
    return token.size() > kLongest ? "this" : std::string(token);
}

std::string ends_inside(char closing, Position opened) {
    const char opening = closing == '}' ? '{' : '[';
    return text("the file ends here, but the '", opening, "' of line ", opened.line, ", column ",
                opened.column, " is still open; add the missing '", closing, "'");
}

/// A string whose content the parser refused; the cursor stands on its opening quote.
SyntaxFault explain_string(Cursor cursor) {
    const Position opening = cursor.position();
    for (cursor.advance(); !cursor.at_end() && cursor.peek() != '"';) {
        const char c = cursor.peek();
        if (c == '\n' || c == '\r') {
            break;
        }
        if (c >= 0 && c < 0x20) {
            return {cursor.position(),
                    "a control character (a tab?) stands in this string; write \\t for a tab"};
        }
        if (c == '\\' && !is_one_of(cursor.peek(1), "\"\\/bfnrtu")) {
            return {cursor.position(),
                    "a backslash stands here that begins no escape; write \\\\ for one backslash"};
        }
        cursor.advance(c == '\\' ? 2 : 1);
    }
    if (cursor.peek() == '"') {
        return {opening, "this string holds a \\u escape that stands for no character"};
    }
    return {opening, "this string is not closed; add the missing '\"' at its end"};
}

SyntaxFault explain_word(Cursor cursor) {
    const Position at = cursor.position();
    const std::string word = quoted_token(cursor);
    for (const auto& [other, json] : {std::pair("True", "true"),
                                      {"TRUE", "true"},
                                      {"yes", "true"},
                                      {"on", "true"},
                                      {"False", "false"},
                                      {"FALSE", "false"},
                                      {"no", "false"},
                                      {"off", "false"}}) {
        if (word == other) {
            return {at, text(word, " is not a JSON value; write ", json)};
        }
    }
    return {at, text("text stands in double quotes; write \"", word == "this" ? "..." : word, "\"")};
}

SyntaxFault explain_comment(Cursor cursor) {
    if (cursor.peek() == '/' && cursor.peek(1) == '*') {
        return {cursor.position(), "this comment is not closed; add the missing */"};
    }
    return {cursor.position(), text("'", cursor.peek(), "' begins no comment; write // before a comment")};
}

/// Something that is wrong wherever a value, a key or the end is wanted.
std::optional<SyntaxFault> explain_everywhere(const Cursor& cursor) {
    if (cursor.peek() == '\'') {
        return SyntaxFault{cursor.position(), "strings stand in double quotes; write \" instead of '"};
    }
    if (is_one_of(cursor.peek(), "/#")) {
        return explain_comment(cursor);
    }
    return std::nullopt;
}

SyntaxFault explain_number(Cursor cursor) {
    const Position at = cursor.position();
    const std::string token = quoted_token(cursor);
    const bool hexadecimal = token.starts_with("0x") || token.starts_with("0X");
    if (!hexadecimal && token.find_first_not_of("+-.0123456789eE") != std::string::npos) {
        return {at, text("what is not a plain number stands in double quotes; write \"", token, "\"")};
    }
    return {at, text(token,
                     " is not a number as JSON writes it; write it in decimal, without a leading '+' or 0, "
                     "with digits on both sides of the point, and below 1e308")};
}

SyntaxFault explain_key(Cursor cursor, Position opened) {
    const char c = cursor.peek();
    if (cursor.at_end()) {
        return {cursor.position(), ends_inside('}', opened)};
    }
    if (const auto general = explain_everywhere(cursor)) {
        return *general;
    }
    if (c == '"') {
        return explain_string(cursor);
    }
    if (begins_word(c)) {
        return {cursor.position(), text("keys stand in double quotes; write \"", quoted_token(cursor), "\"")};
    }
    if (c == ',') {
        return {cursor.position(), "one comma too many; remove it"};
    }
    return {cursor.position(),
            text("a key in double quotes is wanted, but here stands ", quoted_token(cursor))};
}

SyntaxFault explain_after_key(Cursor cursor) {
    if (cursor.peek() == ':') {
        cursor.advance();
        cursor.skip_blank();
        return explain_value(cursor, "the ':'");
    }
    if (cursor.at_end()) {
        return {cursor.position(), "the file ends here, but ':' and a value are wanted after the key"};
    }
    if (cursor.peek() == '=') {
        return {cursor.position(), "a key and its value are joined by ':'; write ':' instead of '='"};
    }
    return {cursor.position(), "a ':' is missing between the key and this"};
}

/// Behind a complete member of an object or element of an array.
SyntaxFault explain_after_value(Cursor cursor, char closing, Position opened) {
    const char c = cursor.peek();
    if (c == ',') {
        const Position comma = cursor.position();
        cursor.advance();
        cursor.skip_blank();
        if (cursor.peek() == closing) {
            return {comma, text("a comma stands before the closing '", closing, "'; remove it")};
        }
        return closing == '}'    ? explain_key(cursor, opened)
               : cursor.at_end() ? SyntaxFault{cursor.position(), ends_inside(closing, opened)}
                                 : explain_value(cursor, "the ','");
    }
    if (cursor.at_end()) {
        return {cursor.position(), ends_inside(closing, opened)};
    }
    if (is_one_of(c, "}]")) {
        return {cursor.position(), text("'", c, "' does not close what is open here (line ", opened.line,
                                        ", column ", opened.column, "); write '", closing, "' before it")};
    }
    if (const auto general = explain_everywhere(cursor)) {
        return *general;
    }
    return {cursor.position(), "a comma is missing before this"};
}

/// Length of the UTF-8 sequence at the head of `rest`, 0 if it is malformed. is_mqtt_string() knows the
/// rules; it also refuses control characters, which white space and JSON's own rules have to decide here.
std::size_t utf8_length(std::string_view rest) {
    const auto lead = static_cast<std::uint8_t>(rest.front());
    if (lead < 0x80) {
        return 1;
    }
    const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    const std::string_view sequence = rest.substr(0, length);
    const bool c1_control = lead == 0xc2 && length <= rest.size() && (rest[1] & 0xe0) == 0x80;
    return sequence.size() == length && (c1_control || is_mqtt_string(sequence)) ? length : 0;
}

}  // namespace

SyntaxFault explain_value(Cursor cursor, std::string_view before) {
    const char c = cursor.peek();
    if (cursor.at_end()) {
        return {cursor.position(), text("the file ends here, but a value is wanted after ", before)};
    }
    if (const auto general = explain_everywhere(cursor)) {
        return *general;
    }
    if (c == '"') {
        return explain_string(cursor);
    }
    if (is_one_of(c, "}],:")) {
        return {cursor.position(), text("a value is missing before this '", c, "'")};
    }
    if (begins_word(c)) {
        return explain_word(cursor);
    }
    if (is_one_of(c, "+-.0123456789")) {
        return explain_number(cursor);
    }
    return {cursor.position(),
            text("a value is wanted after ", before, ", but here stands ", quoted_token(cursor))};
}

SyntaxFault explain_syntax(Cursor cursor, Spot spot, Position opened) {
    cursor.skip_blank();
    switch (spot) {
        case Spot::start:
            if (cursor.at_end()) {
                return {cursor.position(), R"(there is nothing in it; the smallest file that works is )"
                                           R"({"buses": {"a": {"topic": "can"}}})"};
            }
            return explain_value(cursor, "the beginning");
        case Spot::object_opened:
            return explain_key(cursor, opened);
        case Spot::array_opened:
            return cursor.at_end() ? SyntaxFault{cursor.position(), ends_inside(']', opened)}
                                   : explain_value(cursor, "the '['");
        case Spot::key:
            return explain_after_key(cursor);
        case Spot::member:
            return explain_after_value(cursor, '}', opened);
        case Spot::element:
            return explain_after_value(cursor, ']', opened);
        case Spot::finished:
            break;
    }
    if (const auto general = explain_everywhere(cursor)) {
        return *general;
    }
    return {cursor.position(),
            "something is left over behind the end; remove it, or a bracket before it closes too early"};
}

std::optional<SyntaxFault> find_foreign_bytes(std::string_view text) {
    if (text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff")) {
        return SyntaxFault{{}, "this is UTF-16; save the file as UTF-8"};
    }
    Cursor cursor(text);
    while (!cursor.at_end()) {
        if (cursor.peek() == '\0') {
            return SyntaxFault{
                cursor.position(),
                "a NUL byte stands here; this is no text file, or it is UTF-16: save it as UTF-8"};
        }
        const std::size_t length = utf8_length(cursor.rest());
        if (length == 0) {
            return SyntaxFault{cursor.position(),
                               "a byte stands here that is not UTF-8; save the file as UTF-8"};
        }
        cursor.advance(length);
    }
    return std::nullopt;
}

}  // namespace mqttcan::config
