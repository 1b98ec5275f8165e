// SPDX-License-Identifier: MIT
#include "daemon/bridge/writer.hpp"

#include <cerrno>
#include <utility>

#include "daemon/can/socket.hpp"
#include "daemon/loop/cpu_hold.hpp"

namespace mqttcan::bridge {
namespace {

using namespace std::chrono_literals;
using codec::Drop;

// A full transmit queue (ENOBUFS) leaves POLLOUT saying "writable", so only time helps: about three frames at
// 500 kbit/s.
constexpr Duration kBackOff = 1ms;
constexpr std::size_t kBytesPerFrame = 768;  // what SO_SNDBUF counts for a CAN frame, classic or FD

}  // namespace

Writer::Writer(loop::Loop& loop, const config::ToBus& settings, codec::Counters& count, Owner owner)
    : loop_(loop),
      settings_(settings),
      count_(count),
      owner_(std::move(owner)),
      queue_(settings.queue),
      pulse_(settings.stall),
      timer_(loop, [this] { write(); }) {}

void Writer::open(can::Sender& socket, Proof proof, bool echoes) {
    socket_ = &socket;
    proof_ = proof;
    echoes_ = echoes;
    outstanding_ = unsent_ = 0;
    bus_off_ = purging_ = false;
    death_.reset();
    pulse_ = Pulse(settings_.stall);
}

void Writer::close(Drop reason) {
    socket_ = nullptr;
    timer_.disarm();
    count_.drop(reason, queue_.clear());
}

/// To a bus that was dead just now one frame is enough to see whether it lives.
std::size_t Writer::room() const {
    if (death_) {
        return holds() ? 0 : 1;
    }
    const std::size_t window = proof_ == Proof::echo ? kHeld : kUnread;
    return echoes_ ? window - std::min(window, outstanding_) : can::Socket::kBatch;
}

void Writer::write() {
    if (socket_ == nullptr) {
        return;
    }
    if (proof_ == Proof::queue && !queue_.empty()) {
        owner_.listen();
    }
    const TimePoint now = BootClock::now();
    if (bus_off_ || purging_ || !pulse_.alive(now)) {
        count_.drop(Drop::stalled, queue_.clear());
        return;
    }
    look_at_queue(now);
    judge(now, send_some(now));
}

/// True if the kernel took less than it was offered.
bool Writer::send_some(TimePoint now) {
    while (!queue_.empty() && room() > 0) {
        if (now - queue_.front().arrived > settings_.max_age) {
            count_.drop(Drop::stale);
            queue_.pop();
            continue;
        }
        if (proof_ == Proof::none) {
            loop_.cpu().hold();
        }
        auto run = queue_.front_run();
        run = run.first(std::min(run.size(), room()));
        const can::Sent result = socket_->send(run);
        count_.passed += result.sent;
        owner_.sent(run.first(result.sent));
        queue_.pop(result.sent);
        outstanding_ += echoes_ ? result.sent : 0;
        look_at_queue(now, result.sent);
        if (result.error == ENOBUFS || result.error == EAGAIN) {
            return true;
        }
        if (result.error == ENETDOWN || result.error == ENODEV || result.error == ENXIO) {
            count_.drop(Drop::no_link, queue_.clear());
        } else if (result.error != 0) {
            owner_.refused(result.error, queue_.front());
            queue_.pop();
        }
    }
    return false;
}

void Writer::look_at_queue(TimePoint now, std::size_t added) {
    if (proof_ != Proof::queue) {
        return;
    }
    const std::size_t unsent = socket_->unsent_bytes();
    if (unsent < unsent_ || (added > 0 && unsent == 0)) {
        moved(now);
    }
    unsent_ = unsent;
}

void Writer::judge(TimePoint now, bool blocked) {
    if (proof_ == Proof::none) {
        if (blocked) {
            timer_.arm(now + kBackOff);
        }
        return;
    }
    if (queue_.empty() && !holds()) {
        pulse_.idle();
        timer_.disarm();
        return;
    }
    pulse_.waiting(now);
    if (pulse_.stalled(now)) {
        give_up(now);
        return;
    }
    // Echoes call; a queue has to be looked at.
    const bool look = blocked || (proof_ == Proof::queue && !queue_.empty());
    timer_.arm(look ? now + kBackOff : *pulse_.deadline());
}

void Writer::give_up(TimePoint now) {
    const bool again = death_.has_value();
    if (!again) {
        death_ = Death{now, stalled()};
    }
    const std::uint64_t lost = drop_all();
    pulse_.give_up(now);
    timer_.disarm();
    purging_ = true;
    owner_.stalled(lost, again);
}

std::uint64_t Writer::stalled() const {
    return count_.dropped[static_cast<std::size_t>(Drop::stalled)];
}

void Writer::purged() {
    purging_ = false;
    outstanding_ = unsent_ = 0;
}

/// Also what the kernel has and the bus has not: the owner purges that.
std::uint64_t Writer::drop_all() {
    const std::uint64_t held = (proof_ == Proof::echo ? outstanding_ : 0) + unsent_ / kBytesPerFrame;
    const std::uint64_t waited = queue_.clear();
    count_.passed -= std::min(count_.passed, held);
    count_.drop(Drop::stalled, held + waited);
    outstanding_ = unsent_ = 0;
    return held + waited;
}

void Writer::moved(TimePoint now) {
    pulse_.moved(now);
    if (const auto death = std::exchange(death_, std::nullopt)) {
        owner_.recovered(now - death->since, stalled() - death->dropped);
    }
}

void Writer::echoed(std::uint64_t frames) {
    outstanding_ -= std::min<std::size_t>(outstanding_, frames);
    if (proof_ == Proof::echo) {  // elsewhere it proves nothing
        moved(BootClock::now());
    }
    if (proof_ != Proof::queue) {  // that has to be looked at, which a timer sees to
        write();
    }
}

void Writer::others_left() {
    if (proof_ == Proof::echo) {  // elsewhere the kernel shows them before they left
        moved(BootClock::now());
    }
}

void Writer::lost_echoes() {
    outstanding_ = 0;
    if (proof_ != Proof::queue) {
        write();
    }
}

void Writer::set_bus_off(bool bus_off) {
    if (bus_off && !bus_off_ && socket_ != nullptr) {
        look_at_queue(BootClock::now());
        drop_all();
        pulse_.idle();
        timer_.disarm();
    }
    bus_off_ = bus_off;
}

}  // namespace mqttcan::bridge
