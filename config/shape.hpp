// SPDX-License-Identifier: MIT
// Ties the rows of a key table to the members of a struct: a row names the key and the function that reads
// its value into the struct. Templates only; private to the loader.
#pragma once

#include <cstddef>
#include <span>
#include <type_traits>
#include <utility>

#include "base/text.hpp"
#include "config/reader.hpp"

namespace mqttcan::config {

template <typename T>
struct Key {
    KeyInfo info;
    void (*read)(Reader&, const Node&, const KeyInfo&, T& into);
};

/// Reads an object by its table. `info` is made from the table once.
template <typename T>
struct Shape {
    std::span<const Key<T>> keys;
    ObjectInfo info;

    Shape(std::string_view where, std::string_view noun, std::string_view example,
          std::span<const Key<T>> table)
        : keys(table), info{where, noun, example, {}} {
        for (const Key<T>& key : table) {
            info.keys.push_back(key.info);
        }
    }

    void read(Reader& reader, const Node& node, T& into) const {
        if (node.type != Type::object) {
            reader.wrong_type(node, info.noun, info.example);
            return;
        }
        for (const Node* item : node.items) {
            const Key<T>* key = find(item->key);
            key != nullptr ? key->read(reader, *item, key->info, into) : reader.unknown_key(*item, info);
        }
        for (const Key<T>& key : keys) {
            if (key.info.required && !node.has(key.info.name)) {
                reader.fault_missing(node, key.info.name,
                                     text("\"", key.info.name, "\" is missing; add \"", key.info.name,
                                          "\": ", key.info.example));
            }
        }
    }

  private:
    const Key<T>* find(std::string_view name) const {
        for (const Key<T>& key : keys) {
            if (key.info.name == name) {
                return &key;
            }
        }
        return nullptr;
    }
};

template <auto Member, typename T>
void read_flag(Reader& reader, const Node& node, const KeyInfo& key, T& into) {
    if (const auto value = reader.flag(node, key)) {
        into.*Member = *value;
    }
}

template <auto Member, typename T>
void read_count(Reader& reader, const Node& node, const KeyInfo& key, T& into) {
    if (const auto value = reader.count(node, key)) {
        into.*Member = *value;
    }
}

template <auto Member, typename T>
void read_duration(Reader& reader, const Node& node, const KeyInfo& key, T& into) {
    if (const auto value = reader.duration(node, key)) {
        into.*Member = *value;
    }
}

template <auto Member, typename T>
void read_string(Reader& reader, const Node& node, const KeyInfo& key, T& into) {
    if (auto value = reader.string(node, key)) {
        into.*Member = *std::move(value);
    }
}

template <auto Member, typename T>
void read_file(Reader& reader, const Node& node, const KeyInfo& key, T& into) {
    if (auto value = reader.file(node, key)) {
        into.*Member = *std::move(value);
    }
}

/// The words of the row stand in the order of the enumeration.
template <auto Member, typename T>
void read_choice(Reader& reader, const Node& node, const KeyInfo& key, T& into) {
    using Enum = std::remove_reference_t<decltype(into.*Member)>;
    if (const auto value = reader.choice(node, key)) {
        into.*Member = static_cast<Enum>(*value);
    }
}

}  // namespace mqttcan::config
