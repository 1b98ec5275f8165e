// SPDX-License-Identifier: MIT
// A private mosquitto on a free loopback port, for tests; dies with the object.
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

#include "base/text.hpp"
#include "base/unique_fd.hpp"

namespace mqttcan::test {

/// A folder that goes with the object.
class Folder {
  public:
    Folder() {
        std::string name = (std::filesystem::temp_directory_path() / "mqttcan-test.XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) {
            throw std::runtime_error("making a folder");
        }
        path_ = name;
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    ~Folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    std::string operator/(const std::string& name) const { return (path_ / name).string(); }

  private:
    std::filesystem::path path_;
};

inline sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

inline std::uint16_t free_port() {
    const UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    if (::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
        throw std::runtime_error("no free port");
    }
    return ntohs(address.sin_port);
}

class Mosquitto {
  public:
    /// `settings` are lines of mosquitto.conf below the listener.
    explicit Mosquitto(const std::string& settings = "allow_anonymous true\n") : port_(free_port()) {
        std::ofstream(folder_ / "mosquitto.conf") << "listener " << port_ << " 127.0.0.1\nuser root\n"
                                                  << settings;
        start();
    }
    Mosquitto(const Mosquitto&) = delete;
    Mosquitto& operator=(const Mosquitto&) = delete;
    ~Mosquitto() { kill(); }

    std::uint16_t port() const { return port_; }

    void start() {
        const std::string config = folder_ / "mosquitto.conf";
        const std::string log = folder_ / "log";
        std::string words[] = {"mosquitto", "-c", config};
        char* arguments[] = {words[0].data(), words[1].data(), words[2].data(), nullptr};
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_addopen(&actions, 1, log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
        posix_spawn_file_actions_adddup2(&actions, 1, 2);
        std::string path = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
        char* environment[] = {path.data(), nullptr};
        const int failed =
            ::posix_spawn(&pid_, "/usr/sbin/mosquitto", &actions, nullptr, arguments, environment);
        posix_spawn_file_actions_destroy(&actions);
        if (failed != 0) {
            throw std::runtime_error("mosquitto cannot be started: scripts/bootstrap");
        }
        wait_until_it_listens();
    }
    void kill() {
        if (pid_ > 0) {
            ::kill(pid_, SIGKILL);
            ::waitpid(pid_, nullptr, 0);
            pid_ = -1;
        }
    }
    void freeze() { ::kill(pid_, SIGSTOP); }
    void thaw() { ::kill(pid_, SIGCONT); }
    /// Whether a connection was made that it has not accepted yet.
    bool has_client_waiting() const {
        std::ifstream sockets("/proc/net/tcp");
        const std::string listening = text(":", hex(port_), " 00000000:0000 0A ");
        for (std::string line; std::getline(sockets, line);) {
            const std::size_t at = line.find(listening);
            if (at != std::string::npos) {  // then: tx_queue:rx_queue, of which the latter counts connections
                return line.substr(at + listening.size() + 9, 8) != "00000000";
            }
        }
        return false;
    }

  private:
    static std::string hex(std::uint16_t number) {
        std::array<char, 5> digits{};
        std::snprintf(digits.data(), digits.size(), "%04X", number);
        return digits.data();
    }
    void wait_until_it_listens() const {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
        const sockaddr_in address = loopback(port_);
        while (std::chrono::steady_clock::now() < deadline) {
            const UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
            if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
                return;
            }
            ::poll(nullptr, 0, 10);
        }
        throw std::runtime_error("mosquitto does not listen");
    }

    Folder folder_;
    std::uint16_t port_;
    pid_t pid_ = -1;
};

}  // namespace mqttcan::test
