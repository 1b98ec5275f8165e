// SPDX-License-Identifier: MIT
#include "config/sources.hpp"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <system_error>

#include "base/text.hpp"
#include "config/document.hpp"

namespace mqttcan::config {
namespace {

constexpr std::string_view kSuffix = ".json";

/// What helps against the system's reasons, for each part that a file can have.
struct Cures {
    std::string_view missing;
    std::string_view forbidden;
    std::string_view other;
};
constexpr Cures kConfiguration = {
    .missing = R"(write one; the smallest that works is {"buses": {"a": {"topic": "can"}}})",
    .forbidden = "mqttcan must be allowed to read it: check its owner and mode",
    .other = "name a file"};
constexpr Cures kDropIn = {.missing = "make what the link points to, or remove the link",
                           .forbidden = kConfiguration.forbidden,
                           .other = "move it out of the folder of drop-ins"};
constexpr Cures kFolder = {.missing = "",
                           .forbidden = "mqttcan must be allowed to list it: check its owner and mode",
                           .other = "drop-ins stand in a folder of this name: move it away"};

std::string refusal(std::error_code code, const Cures& cures) {
    const std::string_view cure = code == std::errc::no_such_file_or_directory ? cures.missing
                                  : code == std::errc::permission_denied       ? cures.forbidden
                                                                               : cures.other;
    return text("cannot be read (", code.message(), "); ", cure);
}

std::string read_all(std::istream& in) {
    std::string out(kMaxTextBytes + 1, '\0');  // the parser notices the byte too many
    in.read(out.data(), static_cast<std::streamsize>(out.size()));
    out.resize(static_cast<std::size_t>(in.gcount()));
    return out;
}

Source read_file(const std::string& path, const Cures& cures) {
    const auto last_error = [] { return std::error_code(errno, std::generic_category()); };
    std::ifstream in(path, std::ios::binary);
    if (!in) {
        return {.file = path, .unreadable = refusal(last_error(), cures)};
    }
    std::string content = read_all(in);
    if (in.bad()) {  // a directory opens, and fails here
        return {.file = path, .unreadable = refusal(last_error(), cures)};
    }
    return {.file = path, .text = std::move(content)};
}

std::string folder_of_drop_ins(std::string_view path) {
    return text(path.substr(0, path.size() - (path.ends_with(kSuffix) ? kSuffix.size() : 0)), ".d");
}

}  // namespace

std::vector<Source> read_sources(const std::string& path) {
    if (path == "-") {
        return {{.file = "<stdin>", .text = read_all(std::cin)}};
    }
    std::vector<Source> out = {read_file(path, kConfiguration)};
    const std::string folder = folder_of_drop_ins(path);
    std::vector<std::string> names;
    std::error_code error;
    std::filesystem::directory_iterator entry(folder, error);
    for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
        names.push_back(entry->path().filename());
    }
    if (error && error != std::errc::no_such_file_or_directory) {
        out.push_back({.file = folder, .unreadable = refusal(error, kFolder)});
    }
    std::erase_if(names,
                  [](std::string_view name) { return name.starts_with('.') || !name.ends_with(kSuffix); });
    std::ranges::sort(names);
    for (const std::string& name : names) {
        out.push_back(read_file(text(folder, '/', name), kDropIn));
    }
    return out;
}

}  // namespace mqttcan::config
