// SPDX-License-Identifier: MIT
// Descriptors that are looked after together, in rounds that Moderation spaces: many of them that are each a
// little busy cost no more wake-ups than one. Between rounds nothing wakes the loop on their account; what
// comes waits in the kernel. The loop's thread. A member may be destroyed by any member's callback.
#pragma once

#include <memory>
#include <unordered_map>

#include "base/unique_fd.hpp"
#include "daemon/loop/loop.hpp"
#include "daemon/loop/moderation.hpp"

namespace mqttcan::loop {

class Rounds {
  public:
    explicit Rounds(Loop&);

    class Member {
      public:
        /// Calls back once in each round in which `fd` is ready (level triggered), in error and hang-up too.
        /// Does not own the descriptor; both it and the rounds must outlive the member.
        Member(Rounds&, int fd, Callback);
        ~Member();
        Member(const Member&) = delete;
        Member& operator=(const Member&) = delete;
        /// While any member is in a hurry, each event is looked after at once.
        void set_hurry(bool);

      private:
        Rounds& rounds_;
        int fd_;
        bool hurry_ = false;
    };

  private:
    void on_ready();
    void on_timer();
    bool serve();
    void hurry(bool more);

    UniqueFd epoll_;
    IoSource ready_;
    ShortTimer timer_;  ///< the next round; armed while `ready_` is off
    Moderation moderation_{15};
    std::unordered_map<int, std::shared_ptr<Callback>> members_;
    std::size_t hurried_ = 0;
};

}  // namespace mqttcan::loop
