// SPDX-License-Identifier: MIT
#include "daemon/can/socket.hpp"

#include <linux/can.h>
#include <linux/can/error.h>
#include <linux/can/raw.h>
#include <linux/sock_diag.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <vector>

namespace mqttcan::can {
namespace {

// A queued frame costs about 767 bytes of this: room for some 10,000 frames.
constexpr int kReceiveBuffer = 8 * 1024 * 1024;

template <typename Value>
bool set_option(int fd, int level, int name, const Value& value) {
    return ::setsockopt(fd, level, name, &value, sizeof value) == 0;
}

bool set_filters(int fd, const KernelFilters& filters) {
    if (filters.everything) {
        return true;
    }
    std::vector<can_filter> list;
    std::ranges::transform(filters.list, std::back_inserter(list),
                           [](const KernelFilter& filter) { return can_filter{filter.id, filter.mask}; });
    return ::setsockopt(fd, SOL_CAN_RAW, CAN_RAW_FILTER, list.data(),
                        static_cast<socklen_t>(list.size() * sizeof(can_filter))) == 0;
}

/// A frame passes that has any of these classes.
can_err_mask_t error_mask(const SocketOptions& options) {
    if (options.error_frames) {
        return CAN_ERR_MASK;
    }
    return options.controller_states ? CAN_ERR_CRTL | CAN_ERR_BUSOFF | CAN_ERR_RESTARTED : 0;
}

/// SK_MEMINFO_*: what the kernel holds for a socket.
std::array<std::uint32_t, SK_MEMINFO_VARS> memory_of(int fd) {
    std::array<std::uint32_t, SK_MEMINFO_VARS> memory{};
    socklen_t size = sizeof memory;
    ::getsockopt(fd, SOL_SOCKET, SO_MEMINFO, memory.data(), &size);
    return memory;
}

Frame from_kernel(const canfd_frame& raw, bool fd) {
    Frame frame;
    frame.extended = (raw.can_id & CAN_EFF_FLAG) != 0;
    frame.remote = (raw.can_id & CAN_RTR_FLAG) != 0;
    frame.error = (raw.can_id & CAN_ERR_FLAG) != 0;
    frame.id = raw.can_id & (frame.extended || frame.error ? CAN_EFF_MASK : CAN_SFF_MASK);
    frame.fd = fd;
    frame.brs = fd && (raw.flags & CANFD_BRS) != 0;
    frame.esi = fd && (raw.flags & CANFD_ESI) != 0;
    frame.length =
        static_cast<std::uint8_t>(std::min<std::size_t>(raw.len, fd ? kMaxFdLength : kMaxClassicLength));
    if (!frame.remote) {
        std::memcpy(frame.data.data(), raw.data, frame.length);
    }
    return frame;
}

canfd_frame to_kernel(const Frame& frame) {
    canfd_frame raw{};
    raw.can_id = frame.id | (frame.extended ? CAN_EFF_FLAG : 0) | (frame.remote ? CAN_RTR_FLAG : 0) |
                 (frame.error ? CAN_ERR_FLAG : 0);
    raw.len = frame.length;
    raw.flags = static_cast<std::uint8_t>((frame.brs ? CANFD_BRS : 0) | (frame.esi ? CANFD_ESI : 0));
    const auto payload = frame.payload();
    std::memcpy(raw.data, payload.data(), payload.size());
    return raw;
}

struct Ancillary {
    WallTime stamp{};
    bool stamped = false;
    std::uint32_t overflow = 0;
    bool overflowed = false;
};

Ancillary read_ancillary(msghdr& header) {
    Ancillary found;
    for (cmsghdr* part = CMSG_FIRSTHDR(&header); part != nullptr; part = CMSG_NXTHDR(&header, part)) {
        if (part->cmsg_level != SOL_SOCKET) {
            continue;
        }
        if (part->cmsg_type == SCM_TIMESTAMPNS) {
            timespec ts{};
            std::memcpy(&ts, CMSG_DATA(part), sizeof ts);
            const auto since_epoch = std::chrono::seconds(ts.tv_sec) + std::chrono::nanoseconds(ts.tv_nsec);
            found.stamp = WallTime(std::chrono::duration_cast<std::chrono::microseconds>(since_epoch));
            found.stamped = true;
        } else if (part->cmsg_type == SO_RXQ_OVFL) {
            std::memcpy(&found.overflow, CMSG_DATA(part), sizeof found.overflow);
            found.overflowed = true;
        }
    }
    return found;
}

/// Buffers for one recvmmsg or sendmmsg.
struct Batch {
    Batch() {
        for (std::size_t i = 0; i < messages.size(); ++i) {
            messages[i].msg_hdr.msg_iov = &parts[i];
            messages[i].msg_hdr.msg_iovlen = 1;
        }
    }
    Batch(const Batch&) = delete;
    Batch& operator=(const Batch&) = delete;

    std::array<canfd_frame, Socket::kBatch> frames{};
    std::array<iovec, Socket::kBatch> parts{};
    std::array<mmsghdr, Socket::kBatch> messages{};
};

struct Inward : Batch {
    static constexpr std::size_t kControl = CMSG_SPACE(sizeof(timespec)) + CMSG_SPACE(sizeof(std::uint32_t));

    Inward() {
        for (std::size_t i = 0; i < messages.size(); ++i) {
            parts[i] = {&frames[i], sizeof frames[i]};
            messages[i].msg_hdr.msg_control = control.data() + i * kControl;
        }
        make_ready(messages.size());
    }
    /// The first so many, once they were used.
    void make_ready(std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) {
            messages[i].msg_hdr.msg_controllen = kControl;
        }
    }

    alignas(cmsghdr) std::array<std::byte, Socket::kBatch * kControl> control{};
};

struct Outward : Batch {
    void fill(std::span<const Frame> from) {
        for (std::size_t i = 0; i < from.size(); ++i) {
            frames[i] = to_kernel(from[i]);
            parts[i] = {&frames[i], from[i].fd ? std::size_t{CANFD_MTU} : std::size_t{CAN_MTU}};
        }
    }
};

}  // namespace

Result<Socket> Socket::open(int ifindex, const SocketOptions& options) {
    UniqueFd fd(::socket(PF_CAN, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, CAN_RAW));
    if (!fd) {
        return fail_errno(
            errno, "opening a CAN socket (is the kernel module can_raw available? try: modprobe can_raw)");
    }
    const int on = 1;
    if (!set_option(fd.get(), SOL_CAN_RAW, CAN_RAW_FD_FRAMES, on) ||
        !set_option(fd.get(), SOL_CAN_RAW, CAN_RAW_ERR_FILTER, error_mask(options)) ||
        !set_filters(fd.get(), options.filters) ||
        !set_option(fd.get(), SOL_CAN_RAW, CAN_RAW_RECV_OWN_MSGS, options.echoes ? 1 : 0) ||
        (options.send_buffer > 0 && !set_option(fd.get(), SOL_SOCKET, SO_SNDBUF, options.send_buffer)) ||
        !set_option(fd.get(), SOL_SOCKET, SO_TIMESTAMPNS, on) ||
        !set_option(fd.get(), SOL_SOCKET, SO_RXQ_OVFL, on)) {
        return fail_errno(errno, "setting up a CAN socket");
    }
    // FORCE needs CAP_NET_ADMIN; without it the system's limit (net.core.rmem_max) is what can be had.
    if (!set_option(fd.get(), SOL_SOCKET, SO_RCVBUFFORCE, kReceiveBuffer)) {
        set_option(fd.get(), SOL_SOCKET, SO_RCVBUF, kReceiveBuffer);
    }
    sockaddr_can address{};
    address.can_family = AF_CAN;
    address.can_ifindex = ifindex;
    if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        return fail_errno(errno, "binding a CAN socket to interface number ", ifindex);
    }
    return Socket(std::move(fd));
}

std::uint64_t Socket::count_overflow(std::uint32_t total) {
    // Frames that were queued before the last question still carry an older total.
    const auto lost = static_cast<std::int32_t>(total - overflow_seen_);
    if (lost <= 0) {
        return 0;
    }
    overflow_seen_ = total;
    return static_cast<std::uint64_t>(lost);
}

Result<Received> Socket::receive(std::span<Frame> into) {
    static thread_local Inward batch;  // of all sockets: to make it ready costs more than one frame does
    const std::size_t room = std::min(into.size(), kBatch);
    const TimePoint now = BootClock::now();
    const WallTime wall = wall_now();
    const int count =
        ::recvmmsg(fd_.get(), batch.messages.data(), static_cast<unsigned>(room), MSG_DONTWAIT, nullptr);
    if (count < 0) {
        if (errno == EAGAIN || errno == EINTR) {
            drained_at_ = now;
            return Received{.drained = true};
        }
        return fail_errno(errno, "receiving from the CAN bus");
    }
    Received result;
    for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
        const Ancillary ancillary = read_ancillary(batch.messages[i].msg_hdr);
        if (ancillary.overflowed) {
            result.kernel_dropped += count_overflow(ancillary.overflow);
        }
        const bool fd = batch.messages[i].msg_len == CANFD_MTU;
        if (!fd && batch.messages[i].msg_len != CAN_MTU) {
            continue;  // CAN XL, which this socket has not asked for
        }
        const int flags = batch.messages[i].msg_hdr.msg_flags;
        Frame& frame = into[result.frames++] = from_kernel(batch.frames[i], fd);
        frame.echo = (flags & MSG_CONFIRM) != 0;
        result.echoed += frame.echo ? 1 : 0;
        result.local += !frame.echo && (flags & MSG_DONTROUTE) != 0 ? 1 : 0;
        frame.stamp = ancillary.stamped ? ancillary.stamp : wall;
        // Wall time may have been set meanwhile: the socket was empty at drained_at_, no frame is older.
        frame.arrived =
            std::max(now - std::max(wall - frame.stamp, std::chrono::microseconds(0)), drained_at_);
    }
    batch.make_ready(static_cast<std::size_t>(count));
    result.drained = static_cast<std::size_t>(count) < room;
    if (result.drained) {
        drained_at_ = now;
    }
    return result;
}

Sent Socket::send(std::span<const Frame> frames) {
    static thread_local Outward batch;
    frames = frames.first(std::min(frames.size(), kBatch));
    batch.fill(frames);
    Sent result;
    bool retried = false;
    while (result.sent < frames.size()) {
        const int count = ::sendmmsg(fd_.get(), batch.messages.data() + result.sent,
                                     static_cast<unsigned>(frames.size() - result.sent), MSG_DONTWAIT);
        if (count > 0) {
            result.sent += static_cast<std::size_t>(count);
        } else if (errno == ENETDOWN && !retried) {
            retried = true;  // may be a pending error of a link that is up again: it is reported once
        } else if (errno != EINTR) {
            result.error = errno;
            return result;
        }
    }
    return result;
}

std::size_t Socket::unsent_bytes() const {
    return memory_of(fd_.get())[SK_MEMINFO_WMEM_ALLOC];
}

std::uint64_t Socket::take_kernel_dropped() {
    return count_overflow(memory_of(fd_.get())[SK_MEMINFO_DROPS]);
}

}  // namespace mqttcan::can
