// SPDX-License-Identifier: MIT
#include "daemon/control/server.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <vector>

#include "daemon/control/session.hpp"

namespace mqttcan::control {
namespace {

using namespace std::chrono_literals;

constexpr Duration kRest = 1s;
constexpr std::size_t kReadAtOnce = 16 * 1024;

struct Peer {
    ucred id{};
    bool allowed = false;
};

bool in_our_group(int fd) {
    std::vector<gid_t> groups(64);
    auto bytes = static_cast<socklen_t>(groups.size() * sizeof(gid_t));
    int result = ::getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &bytes);
    if (result < 0 && errno == ERANGE) {  // `bytes` now says how many there are
        groups.resize(bytes / sizeof(gid_t));
        result = ::getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &bytes);
    }
    groups.resize(result < 0 ? 0 : bytes / sizeof(gid_t));
    return std::ranges::find(groups, ::getegid()) != groups.end();
}

/// The file's mode keeps others out already; unless somebody changed it, or they have CAP_DAC_OVERRIDE.
Peer judge_peer(int fd) {
    Peer peer;
    socklen_t size = sizeof(peer.id);
    if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer.id, &size) == 0) {
        peer.allowed =
            peer.id.uid == 0 || peer.id.uid == ::geteuid() || peer.id.gid == ::getegid() || in_our_group(fd);
    }
    return peer;
}

}  // namespace

class Server::Client {
  public:
    Client(Server& server, UniqueFd fd)
        : fd_(std::move(fd)),
          session_(server.handler_, server.version_, [this] { again_.request(); }),
          again_(server.loop_, [this, &server] { server.after(*this, proceed()); }),
          source_(server.loop_, fd_.get(), [this, &server] { server.after(*this, on_ready()); }) {}

    bool busy() const { return session_.busy(); }

  private:
    // False when the connection is at its end.
    bool on_ready();
    bool read();
    bool proceed();
    bool write();
    void watch();

    UniqueFd fd_;
    Session session_;
    loop::Deferred again_;
    loop::IoSource source_;
    std::uint32_t watched_ = EPOLLIN;
    bool says_no_more_ = false;  ///< it closed its end, or one half of it, and may wait for an answer
};

bool Server::Client::on_ready() {
    if (watched_ == 0 && session_.busy()) {
        return false;  // a hang-up: nobody waits for the answer
    }
    if ((watched_ & EPOLLIN) != 0 && !read()) {
        return false;
    }
    return proceed();
}

bool Server::Client::read() {
    std::array<char, kReadAtOnce> bytes;
    const ssize_t size = ::recv(fd_.get(), bytes.data(), bytes.size(), 0);
    if (size < 0) {
        return errno == EAGAIN || errno == EINTR;
    }
    says_no_more_ = size == 0;
    session_.receive({bytes.data(), static_cast<std::size_t>(size)});
    return true;
}

bool Server::Client::proceed() {
    if (!session_.proceed() || !write()) {
        return false;
    }
    if (session_.can_proceed()) {
        again_.request();  // the others first
    } else if (says_no_more_ && !session_.busy() && session_.output().empty()) {
        return false;
    }
    watch();
    return true;
}

bool Server::Client::write() {
    while (!session_.output().empty()) {
        const std::string_view bytes = session_.output();
        const ssize_t size = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (size < 0) {
            return errno == EAGAIN || errno == EINTR;
        }
        session_.sent(static_cast<std::size_t>(size));
    }
    return true;
}

void Server::Client::watch() {
    const bool listening = !says_no_more_ && !session_.busy() && !session_.can_proceed();
    watched_ = !session_.output().empty() ? EPOLLOUT : listening ? EPOLLIN : 0U;
    source_.set_events(watched_);
}

Server::Server(loop::Loop& loop, Listener listener, Handler& handler, std::string version, Log log)
    : loop_(loop),
      listener_(std::move(listener)),
      handler_(handler),
      version_(std::move(version)),
      log_(std::move(log)),
      source_(loop, listener_.fd(), [this] { accept_some(); }),
      rest_(loop, [this] { source_.set_events(EPOLLIN); }) {}

Server::~Server() = default;

void Server::accept_some() {
    for (std::size_t i = 0; i < kMostClients; ++i) {
        UniqueFd fd(::accept4(listener_.fd(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
        if (fd) {
            admit(std::move(fd));
        } else if (errno == EAGAIN) {
            return;
        } else if (errno != EINTR && errno != ECONNABORTED) {
            // Out of descriptors or memory: it would be ready again at once.
            source_.set_events(0);
            rest_.arm(BootClock::now() + kRest);
            return;
        }
    }
}

void Server::admit(UniqueFd fd) {
    const Peer peer = judge_peer(fd.get());
    if (!peer.allowed) {
        log_.warning("control socket: process ", peer.id.pid, " of user ", peer.id.uid,
                     " was refused; only root, the daemon's user and members of its group may call");
    } else if (make_room()) {
        clients_.push_back(std::make_unique<Client>(*this, std::move(fd)));
    }
}

/// False if every client there may be is waiting for an answer.
bool Server::make_room() {
    if (clients_.size() < kMostClients) {
        return true;
    }
    const auto idle = std::ranges::find_if(clients_, [](const auto& client) { return !client->busy(); });
    if (idle == clients_.end()) {
        return false;
    }
    clients_.erase(idle);
    return true;
}

void Server::after(Client& client, bool goes_on) {
    const auto found = std::ranges::find(clients_, &client, &std::unique_ptr<Client>::get);
    if (goes_on) {
        clients_.splice(clients_.end(), clients_, found);
    } else {
        clients_.erase(found);
    }
}

}  // namespace mqttcan::control
