// SPDX-License-Identifier: MIT
// What we ask of an MQTT library, in our own words. A Client is one attempt at one connection: it is made,
// connects, lives and is destroyed; the next attempt makes another, so nothing stale survives in it. What
// happens is told through the Inbox that it was made with, which outlives it. The loop's thread calls;
// no call blocks on the network.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "daemon/mqtt/inbox.hpp"

namespace mqttcan::mqtt {

struct TlsOptions {
    std::string ca_file;  ///< PEM; empty: the system's
    std::string cert_file;
    std::string key_file;
    bool insecure = false;
};

struct Will {
    std::string topic;
    std::string payload;  ///< retained, QoS 1
};

struct ConnectOptions {
    std::string host;     ///< the name that a certificate must carry
    std::string address;  ///< numeric address that `host` was resolved to
    std::uint16_t port = 1883;
    std::optional<TlsOptions> tls;
    std::string client_id;
    std::string username;
    std::string password;
    std::optional<Will> will;
    int protocol = 5;  ///< 5, or 4 for MQTT 3.1.1
    Duration keep_alive = std::chrono::seconds(20);
    Duration timeout = std::chrono::seconds(10);
};

struct Filter {
    std::string pattern;
    bool no_local = false;  ///< MQTT 5 only
    bool retained =
        false;  ///< the retained messages below it are wanted at once; MQTT 3.1.1 always sends them
};

class Client {
  public:
    virtual ~Client() = default;

    /// Starts to connect; `connected` or `connect_failed` follows.
    virtual Result<void> connect() = 0;
    /// QoS 0; `subscribed` or `subscribe_failed` follows, before which it must not be called again.
    virtual Result<void> subscribe(const std::vector<Filter>&) = 0;
    /// What is under way still comes.
    virtual void unsubscribe(const std::string& pattern) = 0;
    /// QoS 0, not retained. False if the library does not take it. `expiry` is MQTT 5's message expiry.
    virtual bool publish_frame(const std::string& topic, std::span<const std::byte> payload,
                               std::uint32_t expiry) = 0;
    /// QoS 1; `acknowledged` or `unpublished` with `number` follows, which has 61 bits.
    virtual bool publish_acknowledged(const std::string& topic, std::string_view payload, bool retained,
                                      std::uint64_t number) = 0;
    /// Acknowledges at once what TCP has received: otherwise the kernel waits up to 40 ms, and a broker that
    /// does not set TCP_NODELAY holds back the next frame for so long.
    virtual void hasten() = 0;
    /// Says goodbye; `lost` follows. What was published before goes out first.
    virtual void disconnect() = 0;
};

class ClientFactory {
  public:
    virtual ~ClientFactory() = default;
    /// None while another connection to the same address is just being made: ask again a little later.
    virtual std::unique_ptr<Client> make(Inbox&, const ConnectOptions&) = 0;
};

}  // namespace mqttcan::mqtt
