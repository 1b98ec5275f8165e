// SPDX-License-Identifier: MIT
// What the loader has read but not yet accepted: brokers and buses with the nodes they came from. Private to
// the loader. A value that was faulty keeps its default; the Reader knows which nodes are sound.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "config/model.hpp"
#include "config/shape.hpp"

namespace mqttcan::config {

struct BrokerEntry {
    Broker value;
    const Node* node;  ///< nullptr: the implicit broker "default"
};

struct BusEntry {
    Bus value;
    const Node* node;
    std::optional<std::size_t> broker;  ///< index into Draft::brokers once it is known
};

/// Of a vxcan's "peer".
struct PeerKeys {
    std::optional<InterfaceName> interface = {};
    NetworkNamespace netns = {};  ///< as it began: not given
};

struct Draft {
    std::vector<BrokerEntry> brokers;
    std::vector<BusEntry> buses;
};

const Shape<Draft>& top_shape();
const Shape<Broker>& broker_shape();
const Shape<Tls>& tls_shape();
const Shape<Limits>& limits_shape();
const Shape<Bus>& bus_shape();
const Shape<ToBus>& to_bus_shape();
const Shape<FromBus>& from_bus_shape();
const Shape<PeerKeys>& peer_shape();
const Shape<Match>& match_shape();
const Shape<IdFilter>& filter_shape();
const Shape<Sample>& sample_shape();

void read_limits(Reader&, const Node&, const KeyInfo&, Broker&);

/// Rules between the keys of one entry; what one key makes of another is filled in.
void check_broker(Reader&, const Node&, Broker&);
void check_bus(Reader&, const Node&, Bus&);

/// Finds the broker of each bus, adding the implicit one if it is needed.
void resolve_brokers(Reader&, const Node& root, Draft&);
/// Rules between entries.
void check_entries(Reader&, const Draft&);
/// Those of them that are about links: no two buses share one.
void check_links(Reader&, const Draft&);
/// Those that are about the limits of broker entries.
void check_limits(Reader&, const Draft&);

}  // namespace mqttcan::config
