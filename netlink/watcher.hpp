// SPDX-License-Identifier: MIT
// The CAN links of this network namespace, kept true by the kernel's events. Owns two sockets, which stay in
// the namespace where it was opened; one thread, nothing blocks. Needs no capability.
//
// An event only says when to look; what there is comes from a dump. So nothing can go stale: not by an
// overrun (it is one more reason to look), not by an event that overtook or was overtaken by a dump, not by a
// change that has no event of its own when the next one comes (kernel 6.1 reports no alias that is set on a
// link that is DOWN).
#pragma once

#include <map>
#include <memory>

#include "base/error.hpp"
#include "netlink/link.hpp"

namespace mqttcan::netlink {

class Devices;
class RouteSocket;

class LinkWatcher {
  public:
    /// About 2,000 events; more at once are an overrun, which costs nothing but a line in this comment.
    static constexpr int kReceiveBuffer = 4 << 20;

    /// Joins the group, then takes the first picture: whatever changes from here on makes fd() readable.
    static Result<std::unique_ptr<LinkWatcher>> open(int receive_buffer = kReceiveBuffer);
    ~LinkWatcher();

    /// Poll it for POLLIN (an overrun shows as POLLERR); then call drain(). Level-triggered.
    int fd() const;

    /// Reads what is pending. True if links() is not what it was. An error means that no picture could be
    /// taken (out of memory, for example); links() is the old one then, and the next call tries again.
    Result<bool> drain();

    /// Looks without waiting for an event: after own changes, some of which have none.
    Result<bool> refresh();

    /// Whether a link's `device` is empty because udev has not finished with it. That it has, no event of
    /// this descriptor says: refresh() again after a while (100 ms, say), for as long as this is true.
    bool waits_for_udev() const;

    /// The links of type CAN by ifindex, as of the last successful drain() or refresh().
    const std::map<int, Link>& links() const { return links_; }

  private:
    LinkWatcher(std::unique_ptr<RouteSocket> events, std::unique_ptr<RouteSocket> requests);
    /// Reads events until there are none; whether one of them concerned a CAN link or some were lost.
    Result<bool> read_events();

    std::unique_ptr<RouteSocket> events_;
    std::unique_ptr<RouteSocket> requests_;
    std::unique_ptr<Devices> devices_;
    std::map<int, Link> links_;
    bool look_ = true;  ///< the picture may be out of date
};

}  // namespace mqttcan::netlink
