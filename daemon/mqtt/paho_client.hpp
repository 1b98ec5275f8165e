// SPDX-License-Identifier: MIT
// Client on Paho MQTT C++. Paho's threads serve all clients of the process and hold a global lock during
// callbacks, so each callback only copies into the Inbox.
//
// Paho hides its socket, which is needed twice: SO_LINGER 0, so that a backlog dies with a connection that is
// given up instead of reaching a bus late; TCP_NODELAY, so that no frame waits for the acknowledgement of the
// one before. It is found by its peer's address, and for that reason only one connection to an address is
// made at a time (the factory sees to it).
#pragma once

#include <memory>
#include <set>
#include <string>

#include "daemon/mqtt/client.hpp"

namespace mqttcan::mqtt {

class PahoFactory final : public ClientFactory {
  public:
    /// Unsets http_proxy and its kin, which Paho would use for plain MQTT. No other thread may run yet.
    PahoFactory();
    ~PahoFactory() override;
    std::unique_ptr<Client> make(Inbox&, const ConnectOptions&) override;

  private:
    friend class PahoClient;
    /// Hosts, and addresses with ports: a socket is found by its address, and the address pinned by its host.
    std::set<std::string> connecting_;
    std::set<int> claimed_;  ///< sockets known to belong to a client
    /// One of Paho's clients, never connected. When the last one goes Paho ends its threads, waiting for that
    /// in steps of 100 ms: each failed attempt would hold up the loop.
    std::shared_ptr<void> parked_;
};

}  // namespace mqttcan::mqtt
