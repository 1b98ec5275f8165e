// SPDX-License-Identifier: MIT
// One bus at work: its bridge, its lock, and who looks after its controller and its other end. Opened and
// closed as its link comes and goes. The loop's thread.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/log.hpp"
#include "config/model.hpp"
#include "daemon/bridge/bridge.hpp"
#include "daemon/bridge/census.hpp"
#include "daemon/bridge/hosts.hpp"
#include "daemon/bridge/remote_watch.hpp"
#include "daemon/loop/loop.hpp"
#include "daemon/mqtt/connection.hpp"
#include "daemon/supervisor/controller_care.hpp"
#include "daemon/supervisor/host.hpp"
#include "daemon/supervisor/link_keeper.hpp"
#include "daemon/supervisor/plan.hpp"
#include "daemon/supervisor/status.hpp"
#include "netlink/interface_lock.hpp"

namespace mqttcan::supervisor {

class BusRuntime final : bridge::Caretaker {
  public:
    struct Surroundings {
        loop::Loop& loop;
        loop::Rounds& rounds;
        netlink::Links& links;
        LinkKeeper& keeper;
        bridge::Hosts& hosts;  ///< on the bus's connection
        const Log& log;
    };

    /// What a bus takes over from the one that had its name, and another configuration.
    struct Legacy {
        bridge::Past past = {};
        std::string topic = {};  ///< of the bus, and
        bool reachable = false;  ///< whether its other end could be reached there
    };

    /// All that is given must outlive it, except for the legacy.
    BusRuntime(const Surroundings&, mqtt::Connection&, const config::Bus&, const Host&, const Legacy&);
    ~BusRuntime() override;
    BusRuntime(const BusRuntime&) = delete;
    BusRuntime& operator=(const BusRuntime&) = delete;

    /// As the plan has it. False: it could not be opened now, try again later.
    bool assign(const Assignment&);
    /// Says what others did to a link in use, before it is put right.
    void notice_change();
    void close(const std::string& reason);
    /// The same without a word.
    void close();
    /// In two steps, between which what the bus has sent still leaves (as the bridge's).
    void begin_stop() { bridge_.begin_stop(); }
    bool flushed() const { return bridge_.flushed(); }
    void end_stop(bridge::Farewell farewell = bridge::Farewell::offline);

    const config::Bus& config() const { return config_; }
    mqtt::Connection& connection() const { return connection_; }
    const std::string& status_topic() const { return status_topic_; }
    /// After end_stop(). `connection_stays`: the heir uses the same one.
    Legacy legacy(bool connection_stays);
    int ifindex() const { return ifindex_; }
    bool up() const { return ifindex_ != 0 && connection_.online(); }
    BusStatus status();
    /// How many others are online on the bus's topic; none while that is not known. Asking makes it listen to
    /// them, for a minute.
    std::optional<std::size_t> count_peers();

  private:
    bool open(int ifindex);
    bridge::Interface describe(const netlink::Link&) const;
    ControllerCare::Hooks care_hooks();
    bool was_reachable(const Legacy&) const;
    bool expects_stream() const;
    /// Its interface is to be down while the server cannot be reached.
    bool follows_server() const;
    bridge::RemoteWatch::Owner remote_hooks();
    void watch_server(bool was_reachable);
    void end_census();
    void on_server_says(const std::optional<codec::RemoteStatus>&);
    void purge();

    void on_controller_news() override { care_.look_soon(); }
    void on_bus_off() override;
    void on_stalled() override { purge_later_.request(); }

    Surroundings around_;
    mqtt::Connection& connection_;
    config::Bus config_;
    std::string status_topic_;
    Log log_;
    bridge::Bridge bridge_;
    ControllerCare care_;
    std::unique_ptr<bridge::RemoteWatch> remote_;
    std::unique_ptr<bridge::Census> census_;  ///< while somebody asks
    loop::Timer census_end_;
    enum class Language { silence, other, stream };
    std::optional<Language> server_speaks_;  ///< what was last said of it
    loop::Deferred purge_later_;             ///< the bridge is at work when it asks for it
    std::optional<netlink::InterfaceLock> lock_;
    int ifindex_ = 0;       ///< of the open bridge, otherwise 0
    int last_ifindex_ = 0;  ///< the same, kept when it is closed
    bool controller_ = false;
    std::string why_closed_;   ///< of now
    std::string waiting_for_;  ///< last reason that was logged for not being open
};

}  // namespace mqttcan::supervisor
