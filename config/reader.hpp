// SPDX-License-Identifier: MIT
// Reads values out of document nodes and gathers what is wrong with them. One Reader lives as long as one
// parse(). Its functions return nothing when they have reported a fault, so that reading goes on with the
// next key and one run finds everything.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "config/document.hpp"
#include "config/environment.hpp"
#include "config/fault.hpp"
#include "config/keys.hpp"

namespace mqttcan::config {

class Reader {
  public:
    /// The first file is the configuration itself; nodes name them by number.
    Reader(std::vector<std::string> files, const Environment& environment);

    /// At the value.
    void fault(const Node&, std::string_view what);
    void fault_at_key(const Node&, std::string_view what);
    /// Of a key that `object` lacks.
    void fault_missing(const Node& object, std::string_view key, std::string_view what);
    void warning(const Node&, std::string_view what);
    void complain(const Complaint&);

    /// The member `key` of `object` if it is there and nothing was wrong with it.
    const Node* sound(const Node& object, std::string_view key) const;

    /// Whether the member `key` of `object` is there and something was wrong with it, or is there under a
    /// name that is nearly right; a list is as faulty as what is in it. A rule that hangs on a faulty value
    /// keeps silent: one slip, one message.
    bool faulty(const Node& object, std::string_view key) const;

    /// "line 3", for a message at `here` that refers to `there`; with the file if it is another one.
    std::string line_of(const Node& there, const Node& here) const;

    void wrong_type(const Node&, std::string_view wanted, std::string_view example, bool secret = false);
    void unknown_key(const Node&, const ObjectInfo&);

    std::optional<bool> flag(const Node&, const KeyInfo&);
    std::optional<std::size_t> count(const Node&, const KeyInfo&);
    std::optional<Duration> duration(const Node&, const KeyInfo&);
    /// Index of the word in key.words.
    std::optional<std::size_t> choice(const Node&, const KeyInfo&);
    /// A text that may travel in MQTT, of at most 4 KiB; empty only if `empty_is_fine`.
    std::optional<std::string> string(const Node&, const KeyInfo&, bool empty_is_fine = false);
    /// The same with its placeholders filled in.
    std::optional<std::string> template_string(const Node&, const KeyInfo&, bool empty_is_fine = false);
    /// Absolute path of a file that can be read.
    std::optional<std::string> file(const Node&, const KeyInfo&);
    /// Path of a credential that the service has; empty if that is not known (Environment::credentials).
    std::optional<std::string> credential(const Node&, const KeyInfo&);

    std::vector<Fault> take_faults();
    std::vector<Fault> take_warnings();

  private:
    void mark_unsound(const Node&);

    struct Found {
        std::size_t file;
        Fault fault;
    };

    Found make(std::size_t file, Position at, std::string_view pointer, std::string_view what) const;
    static std::vector<Fault> in_order(std::vector<Found>&);
    bool is_string(const Node&, std::string_view wanted, const KeyInfo&);

    std::vector<std::string> files_;
    std::filesystem::path folder_;
    const Environment& environment_;
    std::vector<Found> faults_;
    std::vector<Found> warnings_;
    std::unordered_set<const Node*> unsound_;
    std::set<std::pair<const Node*, std::string_view>> misspelt_;  ///< object and the key that was meant
};

}  // namespace mqttcan::config
