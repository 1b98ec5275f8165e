// SPDX-License-Identifier: MIT
// A JSON text as a tree that knows where everything stands, in the order of the file. nlohmann/json parses;
// what it makes of the text is copied into nodes, because its own values carry no positions. Pure: text in,
// tree or complaints out. Bounded in size and depth, so no input can exhaust the stack.
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "config/cursor.hpp"

namespace mqttcan::config {

constexpr std::size_t kMaxTextBytes = 1 << 20;

enum class Type { null, boolean, number, string, array, object };

struct Node {
    Type type = Type::null;
    std::size_t file = 0;            ///< number of its file: 0 the configuration, then its drop-ins
    Position at;                     ///< of the value
    Position key_at;                 ///< of its key; of the value where it has none
    const Node* parent = nullptr;    ///< nullptr: the root
    std::string key;                 ///< in an array: the index
    std::string text;                ///< a string's value; another scalar as it is written
    std::vector<const Node*> items;  ///< of an array or object

    const Node* find(std::string_view name) const;
    bool has(std::string_view name) const { return find(name) != nullptr; }
    /// JSON pointer (RFC 6901).
    std::string pointer() const;
};

struct Complaint {
    std::size_t file;
    Position at;
    std::string pointer;
    std::string what;
};

struct Document {
    std::deque<Node> nodes;      ///< owns every node, at an address that stays; the root is the first
    const Node* root = nullptr;  ///< nullptr if the text is no JSON: then a complaint says why
    std::vector<Complaint> complaints;

    // Never copied: the nodes point at each other.
    Document() = default;
    Document(Document&&) = default;
    Document& operator=(Document&&) = default;
};

/// `file` is the number that the nodes shall carry.
Document read_document(std::string_view text, std::size_t file = 0);

}  // namespace mqttcan::config
