// SPDX-License-Identifier: MIT
#include "daemon/loop/rounds.hpp"

#include <array>
#include <cerrno>
#include <system_error>

namespace mqttcan::loop {
namespace {

constexpr std::size_t kAtOnce = 64;  // members in a round; the others are in the next

UniqueFd make_epoll() {
    UniqueFd fd(::epoll_create1(EPOLL_CLOEXEC));
    if (!fd) {
        throw std::system_error(errno, std::generic_category(), "creating an epoll descriptor");
    }
    return fd;
}

}  // namespace

Rounds::Rounds(Loop& loop)
    : epoll_(make_epoll()),
      ready_(loop, epoll_.get(), [this] { on_ready(); }),
      timer_(loop, [this] { on_timer(); }) {}

void Rounds::on_ready() {
    if (hurried_ == 0 && BootClock::now() < moderation_.due()) {
        ready_.set_events(0);
        timer_.arm(moderation_.due());
    } else {
        serve();
    }
}

void Rounds::on_timer() {
    // As long as each round finds something, the next one needs no event to call it.
    if (serve() && hurried_ == 0) {
        timer_.arm(moderation_.due());
    } else {
        ready_.set_events(EPOLLIN);
    }
}

/// False if there was nothing to do.
bool Rounds::serve() {
    const TimePoint began = BootClock::now();
    std::array<epoll_event, kAtOnce> events;
    const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), 0);
    for (int i = 0; i < count; ++i) {
        const auto member = members_.find(events[static_cast<std::size_t>(i)].data.fd);
        if (member != members_.end()) {  // else another one's doing
            const std::shared_ptr<Callback> callback = member->second;
            (*callback)();
        }
    }
    if (count > 0) {
        moderation_.served(began, BootClock::now());
    }
    return count > 0;
}

void Rounds::hurry(bool more) {
    more ? ++hurried_ : --hurried_;
    if (more && timer_.armed()) {
        timer_.disarm();
        ready_.set_events(EPOLLIN);
    }
}

Rounds::Member::Member(Rounds& rounds, int fd, Callback callback) : rounds_(rounds), fd_(fd) {
    epoll_event event{.events = EPOLLIN, .data = {.fd = fd}};
    if (::epoll_ctl(rounds_.epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
        throw std::system_error(errno, std::generic_category(), "watching a descriptor");
    }
    rounds_.members_[fd] = std::make_shared<Callback>(std::move(callback));
}

Rounds::Member::~Member() {
    set_hurry(false);
    rounds_.members_.erase(fd_);
    ::epoll_ctl(rounds_.epoll_.get(), EPOLL_CTL_DEL, fd_, nullptr);
}

void Rounds::Member::set_hurry(bool hurry) {
    if (std::exchange(hurry_, hurry) != hurry) {
        rounds_.hurry(hurry);
    }
}

}  // namespace mqttcan::loop
