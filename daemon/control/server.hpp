// SPDX-License-Identifier: MIT
// The control socket (/run/mqttcan/control): a Varlink server (https://varlink.org) in the loop.
// Only root, the daemon's own user and members of its group may call. Nobody can block the loop or fill the
// memory: at most kMostClients (then the one that has been idle longest has to go), bounded buffers, one call
// per wake-up, nothing read from a client that does not take its answers. The loop's thread.
#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <string>

#include "base/log.hpp"
#include "daemon/control/handler.hpp"
#include "daemon/control/listener.hpp"
#include "daemon/loop/loop.hpp"

namespace mqttcan::control {

inline constexpr std::size_t kMostClients = 16;

class Server {
  public:
    /// `version`: the daemon's, for whoever asks.
    Server(loop::Loop&, Listener, Handler&, std::string version, Log);
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;
    ~Server();

    std::size_t clients() const { return clients_.size(); }

  private:
    class Client;

    void accept_some();
    void admit(UniqueFd fd);
    bool make_room();
    void after(Client& client, bool goes_on);

    loop::Loop& loop_;
    Listener listener_;
    Handler& handler_;
    std::string version_;
    Log log_;
    std::list<std::unique_ptr<Client>> clients_;  ///< the one that was heard of last is the last
    loop::IoSource source_;
    loop::Timer rest_;  ///< armed while no descriptors are left for new clients
};

}  // namespace mqttcan::control
