// SPDX-License-Identifier: MIT
// Carries out what a plan asks for, and keeps what only lives as long as somebody holds it: the ttys of
// serial adapters, and the memory of what controllers made of their settings. No decisions; the thread of the
// Links, which may block for as long as the kernel works. An error is the kernel's, with its cure; a plan
// made afterwards asks again for what is missing.
#pragma once

#include <map>

#include "base/error.hpp"
#include "daemon/supervisor/plan.hpp"
#include "netlink/links.hpp"

namespace mqttcan::supervisor {

class Performer {
  public:
    explicit Performer(netlink::Links& links) : links_(links) {}

    /// A link that has to be down for a change is set up again even if the change fails.
    Result<void> perform(const Action&);

    /// Fills in Actual::serial and Actual::tried; forgets what no longer exists.
    void tell(Actual&);
    /// As DetachSerial, for a bus that may hold nothing. Returns whether it did.
    bool detach(const EntryName& bus);
    /// Whether that failure is a controller's refusal of its settings, of which plans tell.
    bool is_refusal_of(int ifindex, const std::string& what) const;
    /// Whether it holds the tty of a serial adapter for this bus.
    bool holds(const EntryName& bus) const { return serial_.contains(bus); }

  private:
    struct Serial {
        netlink::AttachedTty tty;
        int ifindex;
    };
    struct Visitor;

    Result<void> configure(const Configure&);
    void remember(const Configure&, const Result<void>& answer);
    template <typename Change>
    Result<void> while_down(int ifindex, Change change);

    netlink::Links& links_;
    std::map<EntryName, Serial> serial_;
    std::map<int, Tried> tried_;
};

}  // namespace mqttcan::supervisor
