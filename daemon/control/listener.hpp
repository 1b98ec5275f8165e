// SPDX-License-Identifier: MIT
// The control socket's place in the file system: a listening unix socket that its owner and its group may
// connect to, and nobody else. Removed with the object. Made once at start, before threads.
#pragma once

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <string>

#include "base/error.hpp"
#include "base/unique_fd.hpp"

namespace mqttcan::control {

/// A path as the kernel takes it, at most 107 bytes.
struct SocketAddress {
    static Result<SocketAddress> of(const std::string& path);
    const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
    socklen_t size() const { return sizeof(storage); }
    sockaddr_un storage{};
};

class Listener {
  public:
    /// Replaces a socket on which nobody answers; anything else under the path is left alone and refused,
    /// with the cure.
    static Result<Listener> open(const std::string& path);
    Listener(Listener&&) noexcept = default;
    Listener& operator=(Listener&&) = delete;
    ~Listener();

    int fd() const { return fd_.get(); }
    const std::string& path() const { return path_; }

  private:
    Listener(std::string path, UniqueFd fd) : path_(std::move(path)), fd_(std::move(fd)) {}

    std::string path_;
    UniqueFd fd_;
    struct stat made_{};  ///< a successor's socket under our path is not ours to remove
};

}  // namespace mqttcan::control
