// SPDX-License-Identifier: MIT
// Makes every declared bus true and keeps it so: connections, buses, and their links (LinkKeeper). A failure
// belongs to one bus and never stops its neighbours. The loop's thread.
#pragma once

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "config/model.hpp"
#include "daemon/loop/loop.hpp"
#include "daemon/mqtt/connection.hpp"
#include "daemon/supervisor/bus_runtime.hpp"
#include "daemon/supervisor/host.hpp"
#include "daemon/supervisor/link_keeper.hpp"
#include "daemon/supervisor/status.hpp"
#include "daemon/supervisor/wiring.hpp"

namespace mqttcan::supervisor {

class Supervisor final : mqtt::Subscriber, LinkKeeper::User {
  public:
    /// `tell` gets a line for a person whenever it changes: "2 of 3 buses up; ...".
    Supervisor(loop::Loop&, netlink::Links&, netlink::LinkWatcher&, mqtt::ClientFactory&, const Host&, Log,
               std::function<void(const std::string&)> tell);
    ~Supervisor() override;

    /// From now on this configuration; when it returns, every link that could be made is there. Called again
    /// it touches only what is not as it was: a bus that is the same, on a broker entry that is the same,
    /// goes on without losing a frame.
    void apply(const config::Config&);
    /// Flushes, says goodbye, leaves the links as on_stop wants them, then calls `done`.
    void stop(loop::Callback done);
    std::string summary() const;
    Status status();
    /// The bus of that name, or with that interface, is not bridged any more until it is, whatever the
    /// configuration becomes meanwhile; a link that is ours is down as long. Fails if there is no such bus.
    Result<void> set_dropped(const std::string& bus, bool dropped);
    /// How many others are online on the topic of that bus; none while that is not known (BusRuntime). Fails
    /// if there is no such bus.
    Result<std::optional<std::size_t>> count_peers(const std::string& bus);
    /// Whether every bus has its interface.
    bool all_open() const;

  private:
    struct Broker {
        std::string name;
        config::Broker config;
        std::unique_ptr<mqtt::Connection> connection;
        std::unique_ptr<bridge::Hosts> hosts = {};  ///< the others on it
        bool started = false;
    };

    using Buses = std::vector<std::unique_ptr<BusRuntime>>;

    Broker& broker_for(const Line& line, std::vector<std::unique_ptr<Broker>>& before);
    using Legacies = std::map<EntryName, BusRuntime::Legacy>;

    void retire(std::unique_ptr<BusRuntime>, const std::vector<Line>& wanted, Legacies&);
    void let_go(std::unique_ptr<Broker>);
    void start_brokers();
    void tell();
    void on_flush_timer();
    void disconnect();
    void on_left();
    void bury();

    void on_links_changed() override;
    bool on_plan(const Plan&) override;
    bool uses(int ifindex) const override;

    void on_online() override { tell(); }
    void on_offline(std::uint64_t) override { tell(); }
    void on_message(const mqtt::Message&) override {}
    void on_overflow(std::uint64_t) override {}
    void on_batch_end() override {}
    void on_window() override {}

    loop::Loop& loop_;
    TimePoint began_ = BootClock::now();
    loop::Rounds rounds_;  ///< of all buses
    netlink::Links& links_;
    mqtt::ClientFactory& factory_;
    Host host_;
    Log log_;
    std::function<void(const std::string&)> tell_;
    std::string told_;

    std::vector<std::unique_ptr<Broker>> brokers_;
    std::list<std::unique_ptr<Broker>> leaving_;  ///< saying goodbye, for a configuration that was
    loop::Deferred bury_;                         ///< those of them that have said it
    LinkKeeper keeper_;
    Buses buses_;
    loop::Timer flush_timer_;
    TimePoint flush_until_{};
    std::size_t connected_ = 0;  ///< connections that have not said goodbye
    bool stopping_ = false;
    loop::Callback stopped_;
};

}  // namespace mqttcan::supervisor
