// SPDX-License-Identifier: MIT
// The files that make up a configuration: the one that was named and its drop-ins. Reads them, judges
// nothing.
#pragma once

#include <string>
#include <vector>

namespace mqttcan::config {

struct Source {
    std::string file;             ///< as messages name it
    std::string text = {};        ///< up to one byte more than a configuration may have
    std::string unreadable = {};  ///< why there is no text, and the cure; empty: there is
};

/// /etc/mqttcan.json, then /etc/mqttcan.d/*.json in the byte order of their names; names with a leading dot
/// do not count. A folder that cannot be read is a source of its own. "-" is standard input and has no
/// drop-ins.
std::vector<Source> read_sources(const std::string& path);

}  // namespace mqttcan::config
