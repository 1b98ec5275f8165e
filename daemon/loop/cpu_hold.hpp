// SPDX-License-Identifier: MIT
// Keeps the loop's thread on one CPU while it writes to virtual CAN buses. A vcan hands each frame to the
// queue of the CPU that its writer runs on, and each CPU empties its own in its own time: a writer that is
// moved between two frames may have the second delivered first (seen on 6.1 under network load: 7 of 180
// bursts of 4,000; none of 150 from a writer that was held). So the first write of a burst holds the CPU, and
// only a pause that is long for those queues lets go.
//
// Threads inherit where their maker may run: let go before making one. The loop's thread.
#pragma once

#include <sched.h>

#include "base/clock.hpp"
#include "daemon/loop/loop.hpp"

namespace mqttcan::loop {

class CpuHold {
  public:
    explicit CpuHold(Loop&);

    /// Before each write; cheap while it is held. Does nothing where the system does not let us.
    void hold();
    void release();

  private:
    void on_timer();

    Timer timer_;
    cpu_set_t before_{};
    TimePoint last_{};
    bool held_ = false;
    bool forbidden_ = false;
};

}  // namespace mqttcan::loop
