// SPDX-License-Identifier: MIT
// How many others are on a bus: by the retained statuses below its topic, and by those of their connections,
// which their brokers turn to "offline" when a process dies without a word. Whoever is not mqttcan has no
// status, and is not counted; neither is the bus itself. Listens for as long as it lives. The loop's thread.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/names.hpp"
#include "daemon/bridge/hosts.hpp"
#include "daemon/codec/status.hpp"
#include "daemon/mqtt/connection.hpp"

namespace mqttcan::bridge {

class Census final : public mqtt::Subscriber {
  public:
    /// Others; further ones are not seen. As many connections; the buses of further ones are taken at their
    /// word.
    static constexpr std::size_t kMost = 1000;

    /// `own_topic`: of the bus's own status.
    Census(mqtt::Connection&, Hosts&, const Topic&, std::string own_topic);
    ~Census() override;
    Census(const Census&) = delete;
    Census& operator=(const Census&) = delete;

    /// Those that are online: clients and peers, and the server if that is another and has said so. None
    /// while the broker has not told.
    std::optional<std::size_t> online(const std::optional<codec::RemoteStatus>& server);

    void on_online() override { joined_ = true; }
    void on_offline(std::uint64_t acknowledged) override;
    void on_message(const mqtt::Message&) override;
    void on_overflow(std::uint64_t) override {}
    void on_batch_end() override {}
    void on_window() override {}

  private:
    enum Tag : int { client, peer };

    void follow(const codec::RemoteStatus&);
    /// None while it is not known.
    std::optional<bool> alive(const codec::RemoteStatus&) const;

    mqtt::Connection& connection_;
    Hosts& hosts_;
    std::string prefixes_[2];  ///< by tag
    std::string own_topic_;
    bool joined_ = false;
    std::map<std::string, codec::RemoteStatus> others_;              ///< by topic
    std::map<std::string, std::unique_ptr<Hosts::Follower>> lines_;  ///< by topic
};

}  // namespace mqttcan::bridge
