// SPDX-License-Identifier: MIT
#include "netlink/route_socket.hpp"

#include <linux/rtnetlink.h>
#include <netlink/msg.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <cerrno>
#include <cstring>

namespace mqttcan::netlink {
namespace {

constexpr timeval kAnswerTimeout{.tv_sec = 5, .tv_usec = 0};

/// A picture that was interrupted this often is taken as it is. What interrupted it was a change, so an event
/// is on its way to whoever watches, and a caller in a hurry is not held up by somebody else's busy network.
constexpr int kDumpAttempts = 8;

std::unexpected<Verdict> refused(int number, const char* words = "") {
    return std::unexpected(Verdict{.number = number, .words = words});
}

RouteSocket::Reader into(std::vector<Link>& links) {
    return [&links](std::span<const std::byte> message) {
        if (auto report = parse_link(message); report && !report->gone) {
            links.push_back(std::move(report->link));
        }
    };
}

}  // namespace

Result<RouteSocket> RouteSocket::open(int type_flags, std::uint32_t groups) {
    UniqueFd fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | type_flags, NETLINK_ROUTE));
    if (!fd) {
        return fail_errno(errno, "opening a netlink socket (RestrictAddressFamilies= must allow AF_NETLINK)");
    }
    const int on = 1;
    // Both only make errors tell more (Linux 4.12); without them the errno must do.
    (void)::setsockopt(fd.get(), SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
    (void)::setsockopt(fd.get(), SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
    sockaddr_nl address{};
    address.nl_family = AF_NETLINK;
    address.nl_groups = groups;
    if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) < 0) {
        return fail_errno(errno, "binding a netlink socket");
    }
    return RouteSocket(std::move(fd));
}

Result<RouteSocket> RouteSocket::for_requests() {
    auto socket = open(0, 0);
    if (socket &&
        ::setsockopt(socket->fd(), SOL_SOCKET, SO_RCVTIMEO, &kAnswerTimeout, sizeof(kAnswerTimeout)) < 0) {
        return fail_errno(errno, "setting a netlink socket's time-out");
    }
    return socket;
}

Result<RouteSocket> RouteSocket::for_link_events(int receive_buffer) {
    auto socket = open(SOCK_NONBLOCK, RTMGRP_LINK);
    if (!socket) {
        return socket;
    }
    if (::setsockopt(socket->fd(), SOL_SOCKET, SO_RCVBUFFORCE, &receive_buffer, sizeof(receive_buffer)) < 0) {
        // Never fails for its size: the kernel cuts it to net.core.rmem_max.
        (void)::setsockopt(socket->fd(), SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof(receive_buffer));
    }
    return socket;
}

Answer<std::span<const std::byte>> RouteSocket::receive() {
    sockaddr_nl sender{};
    iovec space{.iov_base = buffer_.data(), .iov_len = buffer_.size()};
    msghdr message{};
    message.msg_name = &sender;
    message.msg_namelen = sizeof(sender);
    message.msg_iov = &space;
    message.msg_iovlen = 1;
    ssize_t size = 0;
    do {
        size = ::recvmsg(fd_.get(), &message, 0);
    } while (size < 0 && errno == EINTR);
    if (size < 0) {
        return refused(errno);
    }
    if ((message.msg_flags & MSG_TRUNC) != 0) {
        return refused(EMSGSIZE);
    }
    const bool from_kernel = sender.nl_pid == 0;
    return std::span<const std::byte>(buffer_).first(from_kernel ? static_cast<std::size_t>(size) : 0);
}

Answer<void> RouteSocket::send(nl_msg& request) {
    nlmsghdr& head = *nlmsg_hdr(&request);
    head.nlmsg_seq = ++sequence_;
    sockaddr_nl kernel{};
    kernel.nl_family = AF_NETLINK;
    ssize_t sent = 0;
    do {
        sent = ::sendto(fd_.get(), &head, head.nlmsg_len, 0, reinterpret_cast<const sockaddr*>(&kernel),
                        sizeof(kernel));
    } while (sent < 0 && errno == EINTR);
    return sent < 0 ? Answer<void>(refused(errno)) : Answer<void>();
}

Answer<void> RouteSocket::take(std::span<const std::byte> message, std::uint32_t sequence, Progress& progress,
                               const Reader& read) {
    nlmsghdr head;
    std::memcpy(&head, message.data(), sizeof(head));
    if (head.nlmsg_seq != sequence) {
        return {};  // the late answer to a request that timed out
    }
    progress.interrupted |= (head.nlmsg_flags & NLM_F_DUMP_INTR) != 0;
    if (head.nlmsg_type == NLMSG_DONE) {
        int status = 0;
        if (message.size() >= NLMSG_HDRLEN + sizeof(status)) {
            std::memcpy(&status, message.data() + NLMSG_HDRLEN, sizeof(status));
        }
        progress.finished = true;
        return status < 0 ? Answer<void>(refused(-status)) : Answer<void>();
    }
    if (const auto verdict = parse_verdict(message)) {
        progress.finished = true;
        return verdict->number != 0 ? Answer<void>(std::unexpected(*verdict)) : Answer<void>();
    }
    read(message);
    return {};
}

Answer<RouteSocket::Progress> RouteSocket::collect(std::uint32_t sequence, const Reader& read) {
    Progress progress;
    while (!progress.finished) {
        const auto datagram = receive();
        if (!datagram) {
            const int number = datagram.error().number;
            return number == EAGAIN ? refused(ETIMEDOUT, "the kernel did not answer within 5 s")
                                    : refused(number);
        }
        for (const auto message : messages_in(*datagram)) {
            if (const auto taken = take(message, sequence, progress, read); !taken) {
                return std::unexpected(taken.error());
            }
        }
    }
    return progress;
}

Answer<void> RouteSocket::ask(Message request, const Reader& read) {
    nlmsg_hdr(request.get())->nlmsg_flags |= NLM_F_ACK;
    if (const auto sent = send(*request); !sent) {
        return sent;
    }
    const auto progress = collect(sequence_, read);
    return progress ? Answer<void>() : Answer<void>(std::unexpected(progress.error()));
}

Answer<std::vector<Link>> RouteSocket::ask(Message request) {
    std::vector<Link> links;
    const auto answer = ask(std::move(request), into(links));
    return answer ? Answer<std::vector<Link>>(std::move(links)) : std::unexpected(answer.error());
}

Answer<std::vector<Link>> RouteSocket::dump() {
    for (int attempt = 1;; ++attempt) {
        const Message request = link_query(0, NLM_F_DUMP);
        if (const auto sent = send(*request); !sent) {
            return std::unexpected(sent.error());
        }
        std::vector<Link> links;
        const auto progress = collect(sequence_, into(links));
        if (!progress) {
            return std::unexpected(progress.error());
        }
        if (!progress->interrupted || attempt == kDumpAttempts) {
            return links;
        }
    }
}

}  // namespace mqttcan::netlink
