// SPDX-License-Identifier: MIT
// A place in JSON text that moves forward token by token and knows its line and column. nlohmann's SAX events
// carry no positions: the document reader lets a cursor run beside them. It trusts that the tokens which it
// steps over are well formed, but never leaves the text. A small value; the text must outlive it.
#pragma once

#include <cstddef>
#include <string_view>

namespace mqttcan::config {

struct Position {
    int line = 1;
    int column = 1;  ///< in code points; a tab counts one
};

class Cursor {
  public:
    explicit Cursor(std::string_view text) : text_(text) {}

    Position position() const { return position_; }
    bool at_end() const { return offset_ >= text_.size(); }
    /// The byte under the cursor, '\0' at the end.
    char peek(std::size_t ahead = 0) const {
        return offset_ + ahead < text_.size() ? text_[offset_ + ahead] : '\0';
    }
    std::string_view rest() const { return text_.substr(offset_); }
    void advance(std::size_t bytes = 1);

    /// Over white space and complete comments.
    void skip_blank();
    /// The same, and over commas and colons.
    void skip_separators();
    /// The token under the cursor, as written; moves past it.
    std::string_view take_token();

  private:
    bool skip_comment();
    std::size_t token_length() const;

    std::string_view text_;
    std::size_t offset_ = 0;
    Position position_;
};

}  // namespace mqttcan::config
