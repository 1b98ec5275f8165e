// SPDX-License-Identifier: MIT
#include "daemon/loop/loop.hpp"

#include <systemd/sd-event.h>

#include <csignal>
#include <system_error>

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
    const int code = sd_event_loop(event_);
    check(code, "running the event loop");
    return code;
}

void Loop::run_once(Duration patience) {
    const auto longest = std::chrono::duration_cast<std::chrono::microseconds>(patience);
    check(sd_event_run(event_, static_cast<std::uint64_t>(longest.count())), "running the event loop");
}

void Loop::stop(int code) {
    check(sd_event_exit(event_, code), "stopping the event loop");
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
      }) {
    const auto handler = [](sd_event_source*, std::uint64_t, void* data) { return dispatch(data); };
    check(sd_event_add_time(loop.handle(), &state().source, CLOCK_BOOTTIME, 0, 1, handler, &state()),
          "creating a timer");
    disarm();
}

void Timer::arm(TimePoint when) {
    check(sd_event_source_set_time(state().source, microseconds(when)), "arming a timer");
    check(sd_event_source_set_enabled(state().source, SD_EVENT_ONESHOT), "arming a timer");
    armed_ = true;
}

void Timer::disarm() {
    check(sd_event_source_set_enabled(state().source, SD_EVENT_OFF), "disarming a timer");
    armed_ = false;
}

SignalSource::SignalSource(Loop& loop, int signal, Callback callback) : Source(std::move(callback)) {
    const auto handler = [](sd_event_source*, const signalfd_siginfo*, void* data) { return dispatch(data); };
    check(sd_event_add_signal(loop.handle(), &state().source, signal, handler, &state()),
          "watching a signal");
}

Deferred::Deferred(Loop& loop, Callback callback) : Source(std::move(callback)) {
    const auto handler = [](sd_event_source*, void* data) { return dispatch(data); };
    check(sd_event_add_defer(loop.handle(), &state().source, handler, &state()), "creating a deferred call");
    check(sd_event_source_set_enabled(state().source, SD_EVENT_OFF), "creating a deferred call");
    // After the descriptors of the same wake-up: what they bring is then handled as one batch.
    check(sd_event_source_set_priority(state().source, SD_EVENT_PRIORITY_NORMAL), "creating a deferred call");
}

void Deferred::request() {
    check(sd_event_source_set_enabled(state().source, SD_EVENT_ONESHOT), "requesting a deferred call");
}

}  // namespace mqttcan::loop
