// SPDX-License-Identifier: MIT
#include "tests/bench/sink.hpp"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "tests/bench/raw_can.hpp"

namespace mqttcan::bench {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kBatch = 64;
constexpr std::uint32_t kBytesPerFrame = 1024;  // what a receive buffer counts for one, generously
constexpr std::uint32_t kMostBytes = 256U << 20;
constexpr auto kLook = 50ms;
// When all have arrived a second copy of one may still come.
constexpr auto kAfterAll = 200ms;

/// Buffers for one recvmmsg.
struct Batch {
    static constexpr std::size_t kControl = CMSG_SPACE(sizeof(std::uint32_t));

    std::array<canfd_frame, kBatch> frames{};
    std::array<iovec, kBatch> parts{};
    std::array<mmsghdr, kBatch> messages{};
    alignas(cmsghdr) std::array<std::byte, kBatch * kControl> control{};

    void prepare() {
        for (std::size_t i = 0; i < kBatch; ++i) {
            parts[i] = {&frames[i], sizeof frames[i]};
            messages[i] = {};
            messages[i].msg_hdr.msg_iov = &parts[i];
            messages[i].msg_hdr.msg_iovlen = 1;
            messages[i].msg_hdr.msg_control = control.data() + i * kControl;
            messages[i].msg_hdr.msg_controllen = kControl;
        }
    }
};

/// The running total of frames that the socket had no room for.
void read_missed(msghdr& header, std::uint32_t& total) {
    for (cmsghdr* part = CMSG_FIRSTHDR(&header); part != nullptr; part = CMSG_NXTHDR(&header, part)) {
        if (part->cmsg_level == SOL_SOCKET && part->cmsg_type == SO_RXQ_OVFL) {
            std::uint32_t found = 0;
            std::memcpy(&found, CMSG_DATA(part), sizeof found);
            total = std::max(total, found);
        }
    }
}

}  // namespace

Result<Sink> Sink::open(const std::vector<std::string>& interfaces, const Load& load) {
    UniqueFd epoll(::epoll_create1(EPOLL_CLOEXEC));
    if (!epoll) {
        return fail_errno(errno, "creating an epoll descriptor");
    }
    Sink sink(load, std::move(epoll));
    const auto lanes = static_cast<std::uint32_t>(interfaces.size());
    for (std::uint32_t lane = 0; lane < lanes; ++lane) {
        const std::uint32_t frames = load.frames / lanes + (lane < load.frames % lanes ? 1 : 0);
        const std::uint32_t room = std::clamp(frames, 1024U, kMostBytes / kBytesPerFrame) * kBytesPerFrame;
        auto socket = open_raw_can(interfaces[lane], {.receive_buffer = static_cast<int>(room)});
        if (!socket) {
            return std::unexpected(socket.error());
        }
        epoll_event event{.events = EPOLLIN, .data = {.u32 = lane}};
        if (::epoll_ctl(sink.epoll_.get(), EPOLL_CTL_ADD, socket->get(), &event) != 0) {
            return fail_errno(errno, interfaces[lane], ": adding a CAN socket to epoll");
        }
        sink.lanes_.push_back({interfaces[lane], std::move(*socket), Tally(frames)});
    }
    sink.outcome_.latencies.reserve(load.frames);
    return sink;
}

Result<Sink::Outcome> Sink::run(const std::atomic<bool>& sent, std::chrono::milliseconds settle) {
    std::array<epoll_event, kBatch> events;
    auto lively = Clock::now();  // when something arrived, or was still to be sent
    while (true) {
        const bool all_sent = sent.load();  // before looking: what was sent then is seen
        const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()),
                                       static_cast<int>(std::chrono::milliseconds(kLook).count()));
        if (count < 0 && errno != EINTR) {
            return fail_errno(errno, "waiting for frames");
        }
        for (int i = 0; i < count; ++i) {
            if (auto drained = drain(lanes_[events[static_cast<std::size_t>(i)].data.u32]); !drained) {
                return std::unexpected(drained.error());
            }
        }
        const auto now = Clock::now();
        if (count > 0 || !all_sent) {
            lively = now;
        } else if (now - lively >= (delivered() == load_.frames ? std::min(settle, {kAfterAll}) : settle)) {
            break;
        }
    }
    for (const Lane& lane : lanes_) {
        outcome_.count += lane.tally.count();
        outcome_.missed += lane.missed;
    }
    return std::move(outcome_);
}

Result<void> Sink::drain(Lane& lane) {
    Batch batch;
    int count = 0;
    do {
        batch.prepare();
        count = ::recvmmsg(lane.socket.get(), batch.messages.data(), kBatch, MSG_DONTWAIT, nullptr);
        if (count < 0) {
            if (errno == EAGAIN || errno == EINTR) {
                return {};
            }
            return fail_errno(errno, lane.interface, ": receiving");
        }
        const auto now = Clock::now();
        for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
            read_missed(batch.messages[i].msg_hdr, lane.missed);
            take(lane, batch.frames[i], batch.messages[i].msg_len, now);
        }
    } while (count == kBatch);
    return {};
}

void Sink::take(Lane& lane, const canfd_frame& frame, std::size_t size, Clock::time_point now) {
    const auto stamp = read_frame(load_.ids, frame, load_.length);
    if (!stamp || size != (load_.length > CAN_MAX_DLEN ? CANFD_MTU : CAN_MTU)) {
        lane.tally.foreign();
    } else if (lane.tally.arrived(stamp->number)) {
        outcome_.latencies.push_back(microseconds(now) - stamp->sent);
        outcome_.last = now;
    }
}

}  // namespace mqttcan::bench
