// SPDX-License-Identifier: MIT
#include "config/reader.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <tuple>

#include "base/names.hpp"
#include "base/text.hpp"
#include "config/duration.hpp"
#include "config/words.hpp"

namespace mqttcan::config {
namespace {

constexpr std::size_t kLongestString = 4096;

std::string describe(const Node& node) {
    switch (node.type) {
        case Type::null:
        case Type::boolean:
            return node.text;
        case Type::number:
            return text("the number ", node.text.substr(0, 40));
        case Type::string:
            return text("the string ", in_quotes(node.text));
        case Type::array:
            return "an array";
        case Type::object:
            break;
    }
    return "an object";
}

/// What helps against the system's reason for not opening a file.
std::string cure_for(const std::error_code& code, const std::string& path) {
    if (code == std::errc::no_such_file_or_directory || code == std::errc::not_a_directory) {
        return "write the path of a file that exists (a relative one begins at the folder of this "
               "configuration)";
    }
    if (code == std::errc::permission_denied) {
        return text("the daemon runs as user mqttcan: chgrp mqttcan ", path, " && chmod g+r ", path,
                    ", and its folders need x");
    }
    return "write the path of a file that can be read";
}

}  // namespace

Reader::Reader(std::vector<std::string> files, const Environment& environment)
    : files_(std::move(files)), environment_(environment) {
    std::error_code ignored;  // without a working directory, paths stay relative
    folder_ = std::filesystem::absolute(files_.front(), ignored).parent_path();
}

Reader::Found Reader::make(std::size_t file, Position at, std::string_view pointer,
                           std::string_view what) const {
    return {file, {files_[file], at.line, at.column, printable(pointer), printable(what)}};
}

std::vector<Fault> Reader::in_order(std::vector<Found>& found) {
    std::ranges::stable_sort(
        found, {}, [](const Found& one) { return std::tuple(one.file, one.fault.line, one.fault.column); });
    std::vector<Fault> out;
    for (Found& one : found) {
        out.push_back(std::move(one.fault));
    }
    return out;
}

void Reader::mark_unsound(const Node& node) {
    unsound_.insert(&node);
    if (node.parent != nullptr && node.parent->type == Type::array) {
        mark_unsound(*node.parent);
    }
}

void Reader::fault(const Node& node, std::string_view what) {
    mark_unsound(node);
    faults_.push_back(make(node.file, node.at, node.pointer(), what));
}

void Reader::fault_at_key(const Node& node, std::string_view what) {
    mark_unsound(node);
    faults_.push_back(make(node.file, node.key_at, node.pointer(), what));
}

void Reader::fault_missing(const Node& object, std::string_view key, std::string_view what) {
    faults_.push_back(make(object.file, object.at, text(object.pointer(), '/', key), what));
}

void Reader::warning(const Node& node, std::string_view what) {
    warnings_.push_back(make(node.file, node.at, node.pointer(), what));
}

void Reader::complain(const Complaint& complaint) {
    faults_.push_back(make(complaint.file, complaint.at, complaint.pointer, complaint.what));
}

const Node* Reader::sound(const Node& object, std::string_view key) const {
    const Node* node = object.find(key);
    return node != nullptr && !unsound_.contains(node) ? node : nullptr;
}

bool Reader::faulty(const Node& object, std::string_view key) const {
    const Node* node = object.find(key);
    return (node != nullptr && unsound_.contains(node)) || misspelt_.contains(std::pair(&object, key));
}

std::string Reader::line_of(const Node& there, const Node& here) const {
    return text("line ", there.key_at.line, there.file == here.file ? "" : " of ",
                there.file == here.file ? "" : files_[there.file]);
}

void Reader::wrong_type(const Node& node, std::string_view wanted, std::string_view example, bool secret) {
    if (node.type == Type::null && node.file > 0) {
        fault(node,
              text("null removes what a file before this one says, but none says it; remove it, or write "
                   "for example ",
                   example));
        return;
    }
    fault(node, text(secret ? "this" : describe(node), " is not ", wanted, "; write for example ", example));
}

void Reader::unknown_key(const Node& node, const ObjectInfo& object) {
    std::vector<std::string_view> names;
    for (const KeyInfo& key : object.keys) {
        names.push_back(key.name);
    }
    const auto near = nearest(node.key, names);
    if (near) {
        misspelt_.emplace(node.parent, *near);
    }
    fault_at_key(node, near ? text(in_quotes(node.key), " is not a key of ", object.noun, "; did you mean \"",
                                   *near, "\"?")
                            : text(in_quotes(node.key), " is not a key of ", object.noun, "; it may hold ",
                                   choice_of(names)));
}

bool Reader::is_string(const Node& node, std::string_view wanted, const KeyInfo& key) {
    if (node.type != Type::string) {
        wrong_type(node, wanted, key.example, key.secret);
        return false;
    }
    return true;
}

std::optional<bool> Reader::flag(const Node& node, const KeyInfo& key) {
    if (node.type == Type::boolean) {
        return node.text == "true";
    }
    wrong_type(node, "true or false", key.example);
    return std::nullopt;
}

std::optional<std::size_t> Reader::count(const Node& node, const KeyInfo& key) {
    const double value = node.type == Type::number ? std::strtod(node.text.c_str(), nullptr) : NAN;
    if (std::isnan(value) || std::trunc(value) != value) {
        wrong_type(node, "a whole number", key.example);
        return std::nullopt;
    }
    if (value < static_cast<double>(key.lowest) || value > static_cast<double>(key.highest)) {
        fault(node,
              text(describe(node), " is out of bounds; write one from ", key.lowest, " to ", key.highest));
        return std::nullopt;
    }
    return static_cast<std::size_t>(value);
}

std::optional<Duration> Reader::duration(const Node& node, const KeyInfo& key) {
    if (node.type == Type::number) {
        fault(node,
              text(describe(node), " has no unit; write it with one, in quotes, for example ", key.example));
        return std::nullopt;
    }
    if (!is_string(node, "a duration", key)) {
        return std::nullopt;
    }
    const Result<Duration> value = parse_duration(node.text);
    if (!value) {
        fault(node, value.error().what);
        return std::nullopt;
    }
    const bool none = key.may_be_zero && *value == Duration::zero();
    if (!none && (value->count() < key.lowest || value->count() > key.highest)) {
        fault(node, text(in_quotes(node.text), " is out of bounds; write a duration from ",
                         show(Duration(key.lowest)), " to ", show(Duration(key.highest)),
                         key.may_be_zero ? ", or \"0s\" for none" : ""));
        return std::nullopt;
    }
    return *value;
}

std::optional<std::size_t> Reader::choice(const Node& node, const KeyInfo& key) {
    if (node.type != Type::string) {
        wrong_type(node, choice_of(key.words), key.example);
        return std::nullopt;
    }
    const auto word = std::ranges::find(key.words, std::string_view(node.text));
    if (word == key.words.end()) {
        const auto near = nearest(node.text, key.words);
        fault(node, near ? text(in_quotes(node.text), " is not known here; did you mean \"", *near, "\"?")
                         : text(in_quotes(node.text), " is not known here; write ", choice_of(key.words)));
        return std::nullopt;
    }
    return static_cast<std::size_t>(word - key.words.begin());
}

std::optional<std::string> Reader::string(const Node& node, const KeyInfo& key, bool empty_is_fine) {
    if (!is_string(node, "a string", key)) {
        return std::nullopt;
    }
    if (node.text.empty() && !empty_is_fine) {
        fault(node, text("this is empty; write for example ", key.example,
                         key.required ? "" : text(", or leave \"", key.name, "\" out")));
        return std::nullopt;
    }
    if (node.text.size() > kLongestString) {
        fault(node,
              text("this string has ", node.text.size(), " bytes; at most ", kLongestString, " are allowed"));
        return std::nullopt;
    }
    if (!is_mqtt_string(node.text)) {
        fault(node, "this string holds a control character, which MQTT does not allow; remove it");
        return std::nullopt;
    }
    return node.text;
}

std::optional<std::string> Reader::template_string(const Node& node, const KeyInfo& key, bool empty_is_fine) {
    const auto written = string(node, key, empty_is_fine);
    if (!written) {
        return std::nullopt;
    }
    Result<std::string> filled = fill_in(*written, environment_);
    if (!filled) {
        fault(node, filled.error().what);
        return std::nullopt;
    }
    return *std::move(filled);
}

std::optional<std::string> Reader::file(const Node& node, const KeyInfo& key) {
    const auto written = string(node, key);
    if (!written) {
        return std::nullopt;
    }
    std::string path = (folder_ / *written).lexically_normal();
    if (environment_.readable) {
        if (const Result<void> readable = environment_.readable(path); !readable) {
            fault(node, text(path, " cannot be read (", readable.error().code.message(), "); ",
                             cure_for(readable.error().code, path)));
            return std::nullopt;
        }
    }
    return path;
}

std::optional<std::string> Reader::credential(const Node& node, const KeyInfo& key) {
    constexpr std::size_t kLongest = 255;  // a file's name
    const auto name = string(node, key);
    if (!name) {
        return std::nullopt;
    }
    if (name->contains('/') || *name == "." || *name == ".." || name->size() > kLongest) {
        fault(node, text(in_quotes(*name),
                         " is no name of a credential; write that of a LoadCredential= or "
                         "SetCredential= of the service, for example ",
                         key.example));
        return std::nullopt;
    }
    if (!environment_.credentials) {
        return "";
    }
    const std::string path = (std::filesystem::path(*environment_.credentials) / *name).string();
    if (environment_.credentials->empty() || (environment_.readable && !environment_.readable(path))) {
        fault(node, text("the service was started without a credential ", in_quotes(*name),
                         "; add LoadCredential=", *name,
                         ":FILE to its [Service] (systemctl edit mqttcan) and restart it"));
        return std::nullopt;
    }
    return path;
}

std::vector<Fault> Reader::take_faults() {
    return in_order(faults_);
}

std::vector<Fault> Reader::take_warnings() {
    return in_order(warnings_);
}

}  // namespace mqttcan::config
