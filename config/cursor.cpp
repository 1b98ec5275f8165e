// SPDX-License-Identifier: MIT
#include "config/cursor.hpp"

#include <algorithm>

namespace mqttcan::config {

void Cursor::advance(std::size_t bytes) {
    for (; bytes > 0 && !at_end(); --bytes, ++offset_) {
        if (text_[offset_] == '\n') {
            ++position_.line;
            position_.column = 1;
        } else if (const char next = peek(1); (next & 0xc0) != 0x80) {
            ++position_.column;  // once per code point: at its last byte
        }
    }
}

bool Cursor::skip_comment() {
    if (peek() != '/') {
        return false;
    }
    const std::string_view left = rest();
    if (peek(1) == '/') {
        advance(std::min(left.find_first_of("\r\n"), left.size()));
        return true;
    }
    const std::size_t end = peek(1) == '*' ? left.find("*/", 2) : std::string_view::npos;
    if (end == std::string_view::npos) {
        return false;
    }
    advance(end + 2);
    return true;
}

void Cursor::skip_blank() {
    constexpr std::string_view kSpace = " \t\r\n";
    while (!at_end() && (kSpace.contains(peek()) || skip_comment())) {
        if (kSpace.contains(peek())) {
            advance();
        }
    }
}

void Cursor::skip_separators() {
    for (skip_blank(); peek() == ',' || peek() == ':'; skip_blank()) {
        advance();
    }
}

std::size_t Cursor::token_length() const {
    const std::string_view left = rest();
    if (left.empty() || std::string_view("{}[]").contains(left.front())) {
        return std::min<std::size_t>(left.size(), 1);
    }
    if (left.front() != '"') {
        return std::max<std::size_t>(1, std::min(left.find_first_of(" \t\r\n,:{}[]\"/"), left.size()));
    }
    std::size_t end = 1;
    while (end < left.size() && left[end] != '"') {
        end += left[end] == '\\' ? 2 : 1;
    }
    return std::min(end + 1, left.size());
}

std::string_view Cursor::take_token() {
    const std::string_view token = rest().substr(0, token_length());
    advance(token.size());
    return token;
}

}  // namespace mqttcan::config
