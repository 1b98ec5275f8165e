// SPDX-License-Identifier: MIT
// Keeps every declared bus true: makes its link, holds its lock, opens its bridge when the link is there, and
// puts right what others change. What is to be done is decided by plan(); this performs it and looks again.
// A failure belongs to one bus and never stops its neighbours. The loop's thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "config/model.hpp"
#include "daemon/bridge/bridge.hpp"
#include "daemon/loop/loop.hpp"
#include "daemon/mqtt/connection.hpp"
#include "daemon/supervisor/host.hpp"
#include "daemon/supervisor/plan.hpp"
#include "netlink/interface_lock.hpp"
#include "netlink/links.hpp"
#include "netlink/watcher.hpp"

namespace mqttcan::supervisor {

class Supervisor final : mqtt::Subscriber {
  public:
    /// `tell` gets a line for a person whenever it changes: "2 of 3 buses up; ...".
    Supervisor(loop::Loop&, netlink::Links&, netlink::LinkWatcher&, mqtt::ClientFactory&,
               const config::Config&, const Host&, Log, std::function<void(const std::string&)> tell);
    ~Supervisor() override;

    /// When it returns, every link that could be made is there.
    void start();
    /// Flushes, says goodbye, leaves the links as on_stop wants them, then calls `done`.
    void stop(loop::Callback done);
    /// Makes `config` true. When it returns, every link that could be made is there.
    void apply(const config::Config&) {}  // stub: replaced by the branch that plans a reload
    std::string summary() const;
    /// Whether every bus has its interface.
    bool all_open() const;

  private:
    struct BusRuntime {
        config::Bus bus;
        mqtt::Connection* connection;
        std::unique_ptr<bridge::Bridge> bridge;
        Log log;
        int ifindex = 0;  ///< of the open bridge, otherwise 0
        std::optional<netlink::InterfaceLock> lock = {};
        std::string waiting_for = {};  ///< last reason that was logged for not being open
    };

    void on_link_event();
    void reconcile();
    bool act(const std::vector<Action>& actions);
    bool may_touch(int ifindex) const;
    void note_leftovers(const std::set<int>& leftovers);
    void notice_changes();
    void assign(BusRuntime& runtime, const Assignment& assignment);
    void open(BusRuntime& runtime, int ifindex);
    void close(BusRuntime& runtime, const std::string& reason);
    void retry_later();
    void tell();
    void on_flush_timer();
    void disconnect();

    void on_online() override { tell(); }
    void on_offline(std::uint64_t) override { tell(); }
    void on_message(std::string_view, std::span<const std::byte>, bool, TimePoint) override {}
    void on_overflow(std::uint64_t) override {}
    void on_batch_end() override {}
    void on_window() override {}

    netlink::Links& links_;
    netlink::LinkWatcher& watcher_;
    Desired desired_;
    std::string instance_;
    Log log_;
    std::function<void(const std::string&)> tell_;
    std::string told_;

    std::vector<std::unique_ptr<mqtt::Connection>> connections_;
    std::vector<BusRuntime> buses_;
    loop::IoSource link_source_;
    loop::Timer retry_timer_;
    loop::Timer flush_timer_;
    std::set<std::string> failures_;      ///< of the last round of actions, so that each is logged once
    std::map<int, TimePoint> leftovers_;  ///< since when
    Duration retry_delay_{};
    TimePoint acted_at_{};
    int busy_rounds_ = 0;  ///< rounds with actions in quick succession
    TimePoint flush_until_{};
    std::size_t connected_ = 0;  ///< connections that have not said goodbye
    bool stopping_ = false;
    loop::Callback stopped_;
};

}  // namespace mqttcan::supervisor
