// SPDX-License-Identifier: MIT
// Inside the room only: a NETLINK_ROUTE socket. Owns its descriptor, one thread. libnl builds the messages,
// but the socket is ours: libnl's flattens errno values (ENOBUFS becomes NLE_NOMEM, ENOTCONN NLE_FAILURE) and
// delivers through C callbacks. A socket stays in the network namespace where it was opened, whatever setns()
// does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/unique_fd.hpp"
#include "netlink/link.hpp"
#include "netlink/message.hpp"

namespace mqttcan::netlink {

/// Why a request was not done: an errno, the kernel's (Verdict) or the socket's.
template <typename T>
using Answer = std::expected<T, Verdict>;

class RouteSocket {
  public:
    /// For requests: blocking. The kernel works in the sender's context, so the answer waits when send()
    /// returns; the receive time-out of 5 s is for a kernel that breaks that promise.
    static Result<RouteSocket> for_requests();

    /// For events of RTNLGRP_LINK: non-blocking. `receive_buffer` in bytes; what the limits of the system do
    /// not allow (SO_RCVBUFFORCE needs CAP_NET_ADMIN) is cut to what they do.
    static Result<RouteSocket> for_link_events(int receive_buffer);

    int fd() const { return fd_.get(); }

    /// Sends and waits for the verdict; returns the links that the answer held.
    Answer<std::vector<Link>> ask(Message request);

    /// The same for answers of other types: `read` is given each message, valid during the call.
    using Reader = std::function<void(std::span<const std::byte> message)>;
    Answer<void> ask(Message request, const Reader& read);

    /// Every link of the namespace, as one consistent picture.
    Answer<std::vector<Link>> dump();

    /// One datagram from the kernel; valid until the next call. Empty if another process sent it. ENOBUFS:
    /// events were lost; EMSGSIZE: one was larger than the buffer; EAGAIN: nothing there.
    Answer<std::span<const std::byte>> receive();

  private:
    explicit RouteSocket(UniqueFd fd) : fd_(std::move(fd)), buffer_(kBufferSize) {}
    static Result<RouteSocket> open(int type_flags, std::uint32_t groups);
    Answer<void> send(nl_msg&);

    struct Progress {
        bool finished = false;
        bool interrupted = false;  ///< NLM_F_DUMP_INTR: links changed while the kernel listed them
    };
    Answer<Progress> collect(std::uint32_t sequence, const Reader&);
    Answer<void> take(std::span<const std::byte> message, std::uint32_t sequence, Progress&, const Reader&);

    static constexpr std::size_t kBufferSize = 65536;  ///< the kernel fills at most 32 KiB per dump datagram

    UniqueFd fd_;
    std::vector<std::byte> buffer_;
    std::uint32_t sequence_ = 0;
};

}  // namespace mqttcan::netlink
