// SPDX-License-Identifier: MIT
// Inside the room only: the making of one plan. One kind of bus, one file: planner.cpp holds what they share
// and the vcan, plan_vxcan.cpp and plan_controller.cpp (hardware and serial adapters) the others.
#pragma once

#include <functional>

#include "daemon/supervisor/plan.hpp"

namespace mqttcan::supervisor {

/// A wish is met by at most one link and a link meets at most one wish. Planner keeps both sides.
class Planner {
  public:
    Planner(const Desired& desired, const Actual& actual, const std::string& instance)
        : desired_(desired), actual_(actual), instance_(instance) {}

    Plan make(const std::set<int>& stale_leftovers);

  private:
    using Link = netlink::Link;

    // ---- what is there
    const Link* by_name(const InterfaceName&) const;
    const Link* by_index(int ifindex) const;
    /// A link of that kind that bears the mark of that bus and serves no other wish.
    const Link* by_mark(const EntryName& bus, std::string_view kind) const;
    std::optional<Mark> mark_of(const Link&) const;
    bool ours(const Link& link) const { return mark_of(link).has_value(); }
    static bool leftover(const Link&);
    /// Of a vxcan, if it is here as well.
    const Link* other_end(const Link&) const;
    /// The bus that it belongs to, if it is one of ours: by its mark, that of its other end, or its tty.
    std::optional<EntryName> owner_of(const Link&) const;
    bool is_held_adapter(const Link&) const;
    /// Whether the name belongs to another link than this one.
    bool is_taken(const InterfaceName&, const Link& by_other_than) const;

    // ---- what becomes of a bus
    void wait(const DesiredLink&, std::string reason);
    /// For what this plan, or the kernel, is about to do.
    void wait_passing(const DesiredLink&, std::string reason);
    void refuse(const DesiredLink&, std::string reason);
    /// A link that is of no use to the wish has a name that it needs: waits if that link is going, refuses if
    /// it stays.
    void give_way(const DesiredLink&, const Link& taken, std::string refusal);
    /// Whether a link of ours is to be down, though all is well with it here, and why.
    bool rests(const DesiredLink&) const;
    std::string why_resting(const DesiredLink&, const Link&) const;
    /// Ready, if frames can be exchanged on it now.
    void ready_or_wait(const DesiredLink&, const Link&, std::string why_not);

    // ---- the kinds
    void place(const DesiredLink&);
    void place_matches();
    void place_existing(const DesiredLink&);
    void place_named_vcan(const DesiredLink&);
    void place_vcan_by_mark(const DesiredLink&);
    void claim_vcan(const DesiredLink&, const Link&);
    void put_right(const DesiredLink&, const Link&);

    void place_vxcan(const DesiredLink&);
    void create_vxcan(const DesiredLink&);
    /// The far end that a pair of this bus left here when its near end was moved away.
    bool is_orphan(const DesiredLink&, const Link&) const;
    void settle_vxcan(const DesiredLink&, const Link&);
    /// Why the pair must go, empty if it can be put right.
    std::string misfit_vxcan(const DesiredLink&, const Link& near) const;
    /// Why nothing can be put into the namespace yet, empty if it can.
    std::string missing_namespace(const NetworkNamespace&) const;
    /// Whether the far end is to stay in our namespace.
    bool peer_stays(const DesiredLink&) const;
    /// Brings the far end where it belongs; why it is not there yet, empty if it is.
    std::string settle_peer(const DesiredLink&, const Link& near);
    std::string settle_peer_here(const DesiredLink&, const Link& peer);

    void place_hardware(const DesiredLink&);
    void place_serial(const DesiredLink&);
    void attach_serial(const DesiredLink&);
    void settle_controller(const DesiredLink&, const Link&);
    std::string misfit_hardware(const Link&) const;

    void sweep(const std::set<int>& stale_leftovers);
    void sweep_serial();

    const Desired& desired_;
    const Actual& actual_;
    const std::string& instance_;
    std::set<int> claimed_;
    std::map<InterfaceName, std::reference_wrapper<const EntryName>> wanted_;
    std::vector<Action> removals_, changes_, named_, numbered_;
    Plan plan_;
};

/// "a vcan", "CAN hardware": for messages.
std::string kind_in_words(const netlink::Link&);
/// And how it is resumed.
std::string why_dropped(const DesiredLink&);
/// Why it cannot be used, and what to do about it; for links that somebody else looks after.
std::string why_down(const netlink::Link&);

}  // namespace mqttcan::supervisor
