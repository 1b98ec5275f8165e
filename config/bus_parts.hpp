// SPDX-License-Identifier: MIT
// Readers of a bus's keys that stand beside its table, which is in bus_keys.cpp: where the link is found, how
// its controller is set, and how frames are put into messages. Private to the loader.
#pragma once

#include <cstdint>
#include <optional>

#include "config/model.hpp"
#include "config/reader.hpp"

namespace mqttcan::config {

// link_keys.cpp
void read_peer(Reader&, const Node&, const KeyInfo&, Bus&);
void read_match(Reader&, const Node&, const KeyInfo&, Bus&);
void read_device(Reader&, const Node&, const KeyInfo&, Bus&);

// settings_keys.cpp
std::optional<std::uint32_t> bit_rate(Reader&, const Node&, const KeyInfo&);
std::optional<std::uint32_t> per_mille(Reader&, const Node&, const KeyInfo&);
std::optional<std::uint32_t> queue_length(Reader&, const Node&, const KeyInfo&);
std::optional<std::uint16_t> ohms(Reader&, const Node&, const KeyInfo&);
void read_restart(Reader&, const Node&, const KeyInfo&, Bus&);

// format_keys.cpp
void read_formats(Reader&, const Node&, const KeyInfo&, Bus&);
/// What the formats of a bus rule out and ask for, once its role is known; a peer's are filled in.
void check_formats(Reader&, const Node&, Bus&);

}  // namespace mqttcan::config
