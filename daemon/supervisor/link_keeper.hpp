// SPDX-License-Identifier: MIT
// Keeps the links as the configuration wants them: looks, plans, acts and looks again, whenever something
// changes and, with growing pauses, as long as something could not be done. What is to be done is decided by
// plan(). A failure concerns one link and is logged once. The loop's thread.
#pragma once

#include <map>
#include <set>
#include <string>

#include "base/log.hpp"
#include "daemon/loop/loop.hpp"
#include "daemon/loop/path_watch.hpp"
#include "daemon/supervisor/patience.hpp"
#include "daemon/supervisor/perform.hpp"
#include "daemon/supervisor/plan.hpp"
#include "netlink/links.hpp"
#include "netlink/watcher.hpp"

namespace mqttcan::supervisor {

class LinkKeeper {
  public:
    /// Whoever uses the links.
    class User {
      public:
        virtual ~User() = default;
        /// Links are not what they were; called before anything is put right.
        virtual void on_links_changed() = 0;
        /// The plan after which nothing is left to do, or nothing more can be done now. False: not all of it
        /// could be used, ask again later.
        virtual bool on_plan(const Plan&) = 0;
        virtual bool uses(int ifindex) const = 0;
    };

    LinkKeeper(loop::Loop&, netlink::Links&, netlink::LinkWatcher&, std::string instance, Log, User&);

    /// From now on these; makes what can be made before it returns.
    void want(Desired);
    /// A bus whose link is to be down until further notice, or no longer. Takes effect soon.
    void set_unreachable(const EntryName& bus, bool unreachable);
    /// That bus is no more, or not as it was: its link may be up. Takes effect with what is wanted next.
    void forget(const EntryName& bus) { actual_.unreachable.erase(bus); }
    /// A bus that is not to be bridged until further notice, by whatever configuration, or no longer. Done
    /// when it returns.
    void set_dropped(const EntryName& bus, bool dropped);
    bool is_dropped(const EntryName& bus) const { return actual_.dropped.contains(bus); }
    /// After on_stop; nothing is touched any more.
    void stop();

    const std::map<int, netlink::Link>& links() const { return watcher_.links(); }
    /// Nothing that a controller's queues hold leaves any more.
    Result<void> purge(const EntryName& bus, int ifindex);
    /// Sets a link down and up.
    Result<void> cycle(int ifindex);

  private:
    void on_link_event();
    void on_paths();
    void reconcile();
    Plan next_plan();
    void observe();
    bool has_patience();
    bool act(const std::vector<Action>& actions);
    Result<void> perform(const Action& action);
    void note_change(const Action&, const netlink::Link& before);
    void note_rounding(const Configure& action);
    bool may_touch(int ifindex) const;
    bool awaits_something(const Plan&) const;
    void note_leftovers(const std::set<int>& leftovers);
    void retry_later();

    netlink::Links& links_;
    netlink::LinkWatcher& watcher_;
    std::string instance_;
    Log log_;
    User& user_;
    Performer performer_;
    Desired desired_;
    Actual actual_;
    std::set<std::string> failures_;      ///< of the last round of actions, so that each is logged once
    std::map<int, TimePoint> leftovers_;  ///< since when
    Duration retry_delay_{};
    Patience patience_;
    bool stopped_ = false;
    loop::IoSource link_source_;
    loop::PathWatch paths_;
    loop::Timer retry_timer_;
};

}  // namespace mqttcan::supervisor
