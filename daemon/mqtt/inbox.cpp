// SPDX-License-Identifier: MIT
#include "daemon/mqtt/inbox.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace mqttcan::mqtt {

void Inbox::Batch::clear() {
    items.clear();
    bytes.clear();
    controls.clear();
    std::ranges::fill(dropped, 0);
    unrouted = 0;
}

Inbox::Inbox() : event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (!event_) {
        throw std::system_error(errno, std::generic_category(), "creating an event descriptor");
    }
}

void Inbox::set_routes(const std::vector<Route>& routes, std::size_t slots) {
    const std::lock_guard lock(mutex_);
    routes_.clear();
    for (const Route& route : routes) {
        routes_.emplace(route.prefix, Target{route.slot, route.tag});
    }
    waiting_.dropped.resize(slots);
}

void Inbox::take(Batch& batch, bool again) {
    batch.clear();
    const std::lock_guard lock(mutex_);
    silence();
    awake_ = again && !waiting_.items.empty();
    messages_ = 0;
    batch.dropped.resize(waiting_.dropped.size());
    std::swap(batch, waiting_);
}

std::vector<std::uint64_t> Inbox::forget_messages() {
    const std::lock_guard lock(mutex_);
    std::vector<Control> kept;
    for (Control& control : waiting_.controls) {
        if (control.kind == Control::Kind::resolved || control.kind == Control::Kind::diagnosed) {
            kept.push_back(std::move(control));
        }
    }
    std::vector<std::uint64_t> forgotten = waiting_.dropped;
    for (const Item& item : waiting_.items) {
        if (!item.is_control && item.slot < forgotten.size()) {
            ++forgotten[item.slot];
        }
    }
    waiting_.clear();
    messages_ = 0;
    for (Control& control : kept) {
        waiting_.items.push_back(
            {true, false, 0, 0, static_cast<std::uint32_t>(waiting_.controls.size()), 0, 0});
        waiting_.controls.push_back(std::move(control));
    }
    return forgotten;
}

void Inbox::message(std::string_view topic, std::string_view payload, bool retained) {
    const std::size_t slash = topic.rfind('/');
    const std::size_t prefix = slash == std::string_view::npos ? 0 : slash + 1;
    const std::string_view level = topic.substr(prefix, kMaxLevel);
    payload = payload.substr(0, kMaxPayload);
    std::unique_lock lock(mutex_);
    const auto route = routes_.find(topic.substr(0, prefix));
    if (route == routes_.end()) {
        ++waiting_.unrouted;
        return;
    }
    make_room(level.size() + payload.size());
    const auto size = [](std::string_view part) { return static_cast<std::uint32_t>(part.size()); };
    const auto at = static_cast<std::uint32_t>(waiting_.bytes.size());
    waiting_.items.push_back(
        {false, retained, route->second.slot, route->second.tag, at, size(level), size(payload)});
    waiting_.bytes.insert(waiting_.bytes.end(), level.begin(), level.end());
    waiting_.bytes.insert(waiting_.bytes.end(), payload.begin(), payload.end());
    ++messages_;
    wake(std::move(lock));
}

void Inbox::control(Control control) {
    std::unique_lock lock(mutex_);
    waiting_.items.push_back({true, false, 0, 0, static_cast<std::uint32_t>(waiting_.controls.size()), 0, 0});
    waiting_.controls.push_back(std::move(control));
    wake(std::move(lock));
}

void Inbox::make_room(std::size_t bytes) {
    if (messages_ < kMaxMessages && waiting_.bytes.size() + bytes <= kMaxBytes) {
        return;
    }
    std::erase_if(waiting_.items, [&](const Item& item) {
        if (!item.is_control && item.slot < waiting_.dropped.size()) {
            ++waiting_.dropped[item.slot];
        }
        return !item.is_control;
    });
    waiting_.bytes.clear();
    messages_ = 0;
}

void Inbox::snooze() {
    const std::lock_guard lock(mutex_);
    silence();
    awake_ = true;
}

/// Behind the lock: the loop, woken, often runs at once, in the producer's place, and would find it locked.
void Inbox::wake(std::unique_lock<std::mutex> lock) {
    if (!std::exchange(awake_, true)) {
        signalled_ = true;
        lock.unlock();
        const std::uint64_t one = 1;
        [[maybe_unused]] const ssize_t put = ::write(event_.get(), &one, sizeof one);
    }
}

void Inbox::silence() {
    if (signalled_) {
        std::uint64_t count = 0;
        // Otherwise the signal is still to come.
        signalled_ = ::read(event_.get(), &count, sizeof count) != sizeof count;
    }
}

}  // namespace mqttcan::mqtt
