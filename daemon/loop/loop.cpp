// SPDX-License-Identifier: MIT
#include "daemon/loop/loop.hpp"

#include <poll.h>
#include <systemd/sd-event.h>

#include <algorithm>
#include <csignal>
#include <ctime>
#include <system_error>
#include <utility>

#include "daemon/loop/cpu_hold.hpp"

namespace mqttcan::loop {
namespace {

void check(int result, const char* what) {
    if (result < 0) {
        throw std::system_error(-result, std::generic_category(), what);
    }
}

int dispatch(void* userdata) {
    const auto state = static_cast<detail::State*>(userdata)->shared_from_this();
    state->callback();
    return 0;
}

timespec to_timespec(Duration duration) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(duration);
    return {.tv_sec = seconds.count(), .tv_nsec = (duration - seconds).count()};
}

std::uint64_t microseconds(TimePoint when) {
    const auto since_boot = std::chrono::duration_cast<std::chrono::microseconds>(when.time_since_epoch());
    return static_cast<std::uint64_t>(std::max<std::int64_t>(since_boot.count(), 0));
}

}  // namespace

Loop::Loop(const std::vector<int>& signals) {
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : signals) {
        sigaddset(&set, signal);
    }
    check(-pthread_sigmask(SIG_BLOCK, &set, nullptr), "blocking signals");
    check(sd_event_new(&event_), "creating the event loop");
    cpu_ = std::make_unique<CpuHold>(*this);
}

Loop::~Loop() {
    cpu_.reset();
    sd_event_unref(event_);
}

int Loop::run() {
    while (sd_event_get_state(event_) != SD_EVENT_FINISHED) {
        turn(std::nullopt);
    }
    int code = 0;
    check(sd_event_get_exit_code(event_, &code), "running the event loop");
    return code;
}

void Loop::run_once(Duration patience) {
    turn(patience);
}

/// What sd_event_run(3) does, and the short timers. While it is only they that call, sd-event stays prepared.
void Loop::turn(std::optional<Duration> patience) {
    if (stale_ && sd_event_get_state(event_) == SD_EVENT_ARMED) {
        wait(Duration::zero());
        return;
    }
    if (sd_event_get_state(event_) == SD_EVENT_INITIAL) {
        stale_ = false;
        const int pending = sd_event_prepare(event_);
        check(pending, "preparing the event loop");
        if (pending > 0) {
            check(sd_event_dispatch(event_), "running the event loop");
            return;
        }
    }
    if (short_timers_.empty()) {
        wait(patience);
        return;
    }
    const auto first =
        std::ranges::min(short_timers_, {}, [](const ShortTimer* timer) { return timer->when_; });
    const Duration pause = std::min(patience.value_or(Duration::max()), first->when_ - BootClock::now());
    const timespec timeout = to_timespec(std::max(pause, Duration::zero()));
    pollfd sources{sd_event_get_fd(event_), POLLIN, 0};
    const bool ready = ::ppoll(&sources, 1, &timeout, nullptr) != 0;  // or interrupted
    if (ready) {
        wait(Duration::zero());
    }
    run_short_timers();
}

/// Dispatches one source, unless none becomes ready for so long.
void Loop::wait(std::optional<Duration> patience) {
    const auto longest =
        patience ? std::chrono::duration_cast<std::chrono::microseconds>(*patience).count() : -1;
    const int ready = sd_event_wait(event_, static_cast<std::uint64_t>(longest));
    check(ready, "waiting in the event loop");
    if (ready > 0) {
        check(sd_event_dispatch(event_), "running the event loop");
    }
}

void Loop::run_short_timers() {
    const TimePoint now = BootClock::now();
    for (std::size_t most = short_timers_.size(); most > 0 && !short_timers_.empty(); --most) {
        ShortTimer* const first =
            std::ranges::min(short_timers_, {}, [](const ShortTimer* timer) { return timer->when_; });
        if (first->when_ > now) {
            break;
        }
        first->disarm();
        const std::shared_ptr<Callback> callback = first->callback_;
        (*callback)();
    }
}

void Loop::stop(int code) {
    check(sd_event_exit(event_, code), "stopping the event loop");
    prepare_anew();
}

void Loop::enable_watchdog() {
    check(sd_event_set_watchdog(event_, true), "enabling the watchdog");
}

detail::Source::~Source() {
    sd_event_source_disable_unref(state_->source);
    state_->source = nullptr;
}

IoSource::IoSource(Loop& loop, int fd, Callback callback, std::uint32_t events)
    : Source(std::move(callback)) {
    const auto handler = [](sd_event_source*, int, std::uint32_t, void* data) { return dispatch(data); };
    check(sd_event_add_io(loop.handle(), &state().source, fd, events, handler, &state()),
          "watching a descriptor");
}

void IoSource::set_events(std::uint32_t events) {
    check(sd_event_source_set_io_events(state().source, events), "watching a descriptor");
}

Timer::Timer(Loop& loop, Callback callback)
    : Source([this, call = std::move(callback)] {
          armed_ = false;
          call();
      }),
      loop_(loop) {
    const auto handler = [](sd_event_source*, std::uint64_t, void* data) { return dispatch(data); };
    check(sd_event_add_time(loop.handle(), &state().source, CLOCK_BOOTTIME, 0, 1, handler, &state()),
          "creating a timer");
    disarm();
}

void Timer::arm(TimePoint when) {
    check(sd_event_source_set_time(state().source, microseconds(when)), "arming a timer");
    check(sd_event_source_set_enabled(state().source, SD_EVENT_ONESHOT), "arming a timer");
    loop_.prepare_anew();
    armed_ = true;
}

void Timer::disarm() {
    check(sd_event_source_set_enabled(state().source, SD_EVENT_OFF), "disarming a timer");
    armed_ = false;
}

ShortTimer::ShortTimer(Loop& loop, Callback callback)
    : loop_(loop), callback_(std::make_shared<Callback>(std::move(callback))) {}

void ShortTimer::arm(TimePoint when) {
    when_ = when;
    if (!std::exchange(armed_, true)) {
        loop_.short_timers_.push_back(this);
    }
}

void ShortTimer::disarm() {
    if (std::exchange(armed_, false)) {
        std::erase(loop_.short_timers_, this);
    }
}

SignalSource::SignalSource(Loop& loop, int signal, Callback callback) : Source(std::move(callback)) {
    const auto handler = [](sd_event_source*, const signalfd_siginfo*, void* data) { return dispatch(data); };
    check(sd_event_add_signal(loop.handle(), &state().source, signal, handler, &state()),
          "watching a signal");
}

Deferred::Deferred(Loop& loop, Callback callback) : Source(std::move(callback)), loop_(loop) {
    const auto handler = [](sd_event_source*, void* data) { return dispatch(data); };
    check(sd_event_add_defer(loop.handle(), &state().source, handler, &state()), "creating a deferred call");
    check(sd_event_source_set_enabled(state().source, SD_EVENT_OFF), "creating a deferred call");
    // After the descriptors of the same wake-up: what they bring is then handled as one batch.
    check(sd_event_source_set_priority(state().source, SD_EVENT_PRIORITY_NORMAL), "creating a deferred call");
}

void Deferred::request() {
    check(sd_event_source_set_enabled(state().source, SD_EVENT_ONESHOT), "requesting a deferred call");
    loop_.prepare_anew();
}

}  // namespace mqttcan::loop
