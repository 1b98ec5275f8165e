// SPDX-License-Identifier: MIT
// The event loop: sd-event's sources as owning objects (sd_event(3)). One thread runs everything; none of
// this may be used from another thread. sd-event dispatches one source per wake-up, so a callback drains its
// descriptor. A source may be destroyed by its own callback. Failures to create a source (out of descriptors
// or memory) throw std::system_error: nothing sensible goes on without them.
#pragma once

#include <sys/epoll.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "base/clock.hpp"

struct sd_event;
struct sd_event_source;

namespace mqttcan::loop {

using Callback = std::function<void()>;
class CpuHold;
class Timer;
class ShortTimer;
class Deferred;

class Loop {
  public:
    /// Blocks `signals` in this thread (threads that start later inherit that) so that a SignalSource sees
    /// them.
    explicit Loop(const std::vector<int>& signals = {});
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;
    ~Loop();

    /// Runs until stop(); returns its code.
    int run();
    void stop(int code);
    /// One iteration: dispatches one source and the short timers that are due, or none if nothing happens for
    /// so long.
    void run_once(Duration patience);
    /// Answers systemd's watchdog if the unit asks for one (sd_event_set_watchdog(3)).
    void enable_watchdog();
    sd_event* handle() const { return event_; }
    CpuHold& cpu() { return *cpu_; }

  private:
    friend class Timer;
    friend class ShortTimer;
    friend class Deferred;
    /// sd-event learns of what its sources were told when it is prepared; between two short timers it is not.
    void prepare_anew() { stale_ = true; }
    void turn(std::optional<Duration> patience);
    void wait(std::optional<Duration> patience);
    void run_short_timers();

    sd_event* event_ = nullptr;
    bool stale_ = false;
    std::vector<ShortTimer*> short_timers_;  ///< that are armed
    std::unique_ptr<CpuHold> cpu_;
};

namespace detail {
/// What a C callback is given: outlives the dispatch even if the source is destroyed meanwhile.
struct State : std::enable_shared_from_this<State> {
    explicit State(Callback call) : callback(std::move(call)) {}
    Callback callback;
    sd_event_source* source = nullptr;
};
class Source {
  public:
    explicit Source(Callback callback) : state_(std::make_shared<State>(std::move(callback))) {}
    Source(const Source&) = delete;
    Source& operator=(const Source&) = delete;
    ~Source();

  protected:
    State& state() { return *state_; }

  private:
    std::shared_ptr<State> state_;
};
}  // namespace detail

/// Calls back while `fd` is ready (level triggered), in error and hang-up too. Does not own the descriptor,
/// which must outlive the source.
class IoSource : detail::Source {
  public:
    IoSource(Loop&, int fd, Callback, std::uint32_t events = EPOLLIN);
    void set_events(std::uint32_t events);
};

/// A one-shot timer on CLOCK_BOOTTIME with an accuracy of 1 us (sd-event's 0 would mean 250 ms).
class Timer : detail::Source {
  public:
    Timer(Loop&, Callback);
    void arm(TimePoint when);
    void disarm();
    bool armed() const { return armed_; }

  private:
    Loop& loop_;
    bool armed_ = false;
};

/// The same for what comes again every few milliseconds: it waits with the loop itself, which spares two
/// system calls and sd-event's bookkeeping each time. For few at a time: each turn looks at all that are
/// armed.
class ShortTimer {
  public:
    ShortTimer(Loop&, Callback);
    ~ShortTimer() { disarm(); }
    ShortTimer(const ShortTimer&) = delete;
    ShortTimer& operator=(const ShortTimer&) = delete;
    void arm(TimePoint when);
    void disarm();
    bool armed() const { return armed_; }

  private:
    friend class Loop;
    Loop& loop_;
    std::shared_ptr<Callback> callback_;  ///< it may destroy the timer
    TimePoint when_{};
    bool armed_ = false;
};

/// Calls back when the signal, blocked by Loop's constructor, arrives.
class SignalSource : detail::Source {
  public:
    SignalSource(Loop&, int signal, Callback);
};

/// Calls back once per loop iteration in which it was requested, after the sources that were ready before.
class Deferred : detail::Source {
  public:
    Deferred(Loop&, Callback);
    void request();

  private:
    Loop& loop_;
};

}  // namespace mqttcan::loop
