// SPDX-License-Identifier: MIT
#include "daemon/loop/cpu_hold.hpp"

namespace mqttcan::loop {
namespace {

constexpr Duration kPause = std::chrono::milliseconds(100);  // 1 ms is too short (seen)

}  // namespace

CpuHold::CpuHold(Loop& loop) : timer_(loop, [this] { on_timer(); }) {}

void CpuHold::hold() {
    last_ = BootClock::now();
    if (held_ || forbidden_) {
        return;
    }
    const int cpu = ::sched_getcpu();
    cpu_set_t here;
    CPU_ZERO(&here);
    if (cpu < 0 || cpu >= CPU_SETSIZE || ::sched_getaffinity(0, sizeof before_, &before_) != 0 ||
        CPU_COUNT(&before_) < 2) {
        forbidden_ = true;  // a machine of more CPUs than a cpu_set_t holds, or of one
        return;
    }
    CPU_SET(static_cast<unsigned>(cpu), &here);
    if (::sched_setaffinity(0, sizeof here, &here) != 0) {
        forbidden_ = true;
        return;
    }
    held_ = true;
    timer_.arm(last_ + kPause);
}

void CpuHold::on_timer() {
    if (BootClock::now() - last_ >= kPause) {
        release();
    } else {
        timer_.arm(last_ + kPause);
    }
}

void CpuHold::release() {
    if (held_) {
        held_ = false;
        timer_.disarm();
        ::sched_setaffinity(0, sizeof before_, &before_);
    }
}

}  // namespace mqttcan::loop
