// SPDX-License-Identifier: MIT
#include "daemon/control/client.hpp"

#include <grp.h>
#include <poll.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <nlohmann/json.hpp>

#include "daemon/control/interface.hpp"
#include "daemon/control/listener.hpp"
#include "daemon/control/status_json.hpp"

namespace mqttcan::control {
namespace {

using nlohmann::json;

/// The group whose members may connect.
std::string group_of(const std::string& path) {
    struct stat status{};
    const group* found = ::stat(path.c_str(), &status) == 0 ? ::getgrgid(status.st_gid) : nullptr;
    return found != nullptr ? found->gr_name : "mqttcan";
}

std::unexpected<Error> nobody(int reason, const std::string& path) {
    switch (reason) {
        case ENOENT:
        case ENOTDIR:
        case ECONNREFUSED:
            return fail(std::errc::connection_refused, "no daemon listens on ", path,
                        ": is mqttcand running? (systemctl status mqttcan; another socket: --control PATH)");
        case EACCES:
        case EPERM:
            return fail(std::errc::permission_denied, "no permission to call the daemon on ", path,
                        ": run it as root or as a member of group ", group_of(path));
        case EAGAIN:
            return fail(std::errc::timed_out, "the daemon on ", path,
                        " does not accept connections: does it hang? (systemctl status mqttcan)");
        default:
            return fail_errno(reason, "calling the daemon on ", path);
    }
}

timeval to_timeval(Duration duration) {
    const auto whole =
        std::max<std::int64_t>(std::chrono::duration_cast<std::chrono::microseconds>(duration).count(), 1);
    return {.tv_sec = whole / 1'000'000, .tv_usec = whole % 1'000'000};
}

Result<UniqueFd> connect_to(const std::string& path, Duration timeout) {
    const auto address = SocketAddress::of(path);
    if (!address) {
        return std::unexpected(address.error());
    }
    UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const timeval patience = to_timeval(timeout);
    // Bounds connect(), too, which waits while the daemon's queue is full (unix(7)).
    if (!fd || ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) < 0 ||
        ::connect(fd.get(), address->get(), address->size()) < 0) {
        return nobody(errno, path);
    }
    return fd;
}

/// Ends when `bytes` are sent or nobody takes them any more: then the answer, or its absence, says more.
void send_all(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t size = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (size < 0 && errno != EINTR) {
            return;
        }
        bytes.remove_prefix(static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
    }
}

/// Up to the NUL, which is not part of it.
Result<std::string> receive_reply(int fd, const std::string& path, TimePoint deadline) {
    std::string reply;
    std::array<char, 4096> bytes{};
    while (reply.size() <= kLongestReply) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - BootClock::now());
        pollfd ready{.fd = fd, .events = POLLIN, .revents = 0};
        const auto most = std::clamp<std::int64_t>(left.count(), 0, 3'600'000);
        const int events = ::poll(&ready, 1, static_cast<int>(most));
        if (events == 0 && BootClock::now() >= deadline) {
            return fail(std::errc::timed_out, "the daemon on ", path,
                        " did not answer in time; it may still be at it (journalctl -u mqttcan)");
        }
        const ssize_t size = events > 0 ? ::recv(fd, bytes.data(), bytes.size(), 0) : -1;
        if (size == 0 || (size < 0 && events > 0 && errno != EINTR)) {
            return fail(
                std::errc::connection_reset, "the daemon on ", path,
                " closed the connection without an answer: has it ended, or may this user not call it? "
                "(journalctl -u mqttcan)");
        }
        const std::string_view got(bytes.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
        reply += got.substr(0, got.find('\0'));
        if (got.find('\0') != std::string_view::npos) {
            return reply;
        }
    }
    return fail(std::errc::message_size, "the answer of the daemon on ", path, " is too long");
}

std::unexpected<Error> nonsense(const std::string& path) {
    return fail(std::errc::protocol_error, "what answers on ", path,
                " is not mqttcand, or of another version: restart it (systemctl restart mqttcan)");
}

Result<Reply> read_reply(const std::string& text, const std::string& path) {
    const json reply = json::parse(too_deep(text) ? "" : text, nullptr, false);
    if (!reply.is_object()) {
        return nonsense(path);
    }
    const json error = reply.value("error", json(""));
    const json parameters = reply.value("parameters", json::object());
    if (!error.is_string() || !(parameters.is_object() || parameters.is_null())) {
        return nonsense(path);
    }
    return Reply{error.get<std::string>(), parameters.is_null() ? "{}" : parameters.dump()};
}

}  // namespace

Result<Reply> call(const std::string& path, const std::string& method, const std::string& parameters,
                   Duration timeout) {
    const TimePoint deadline = BootClock::now() + timeout;
    const auto fd = connect_to(path, timeout);
    if (!fd) {
        return std::unexpected(fd.error());
    }
    send_all(fd->get(),
             text(R"({"method":)", json(method).dump(), R"(,"parameters":)", parameters, '}', '\0'));
    const auto reply = receive_reply(fd->get(), path, deadline);
    if (!reply) {
        return std::unexpected(reply.error());
    }
    return read_reply(*reply, path);
}

namespace {

std::string joined(const json& list) {
    std::string words;
    for (const json& one : list) {
        words += text(words.empty() ? "" : ", ", one.is_string() ? one.get<std::string>() : one.dump());
    }
    return words;
}

/// What a daemon that understood the call, and refused it, says.
std::unexpected<Error> refusal(const Reply& reply, const std::string& path) {
    const json parameters = json::parse(reply.parameters, nullptr, false);
    const auto word = [&](const char* name) {
        const json value = parameters.value(name, json());
        return value.is_string() ? value.get<std::string>() : std::string();
    };
    if (reply.error == "org.mqttcan.Failed") {
        return fail(std::errc::operation_not_permitted, word("reason"));
    }
    if (reply.error == "org.mqttcan.NoSuchBus") {
        const std::string known = joined(parameters.value("known", json::array()));
        return fail(std::errc::no_such_device, "there is no bus \"", word("bus"),
                    "\", and none with an interface of that name; ",
                    known.empty() ? "the configuration has none at all" : "there are: ", known);
    }
    if (reply.error.starts_with("org.varlink.service.")) {
        return nonsense(path);
    }
    return fail(std::errc::protocol_error, "the daemon on ", path, " refused: ", reply.error);
}

Result<Reply> good_call(const std::string& path, const std::string& method, const json& parameters,
                        Duration timeout) {
    auto reply = call(path, method, parameters.dump(-1, ' ', false, json::error_handler_t::replace), timeout);
    if (reply && !reply->error.empty()) {
        return refusal(*reply, path);
    }
    return reply;
}

Result<void> without_answer(const Result<Reply>& reply) {
    return reply ? Result<void>() : std::unexpected(reply.error());
}

std::optional<LogLine> read_line(const json& value) {
    const auto severity = parse_severity(value.value("severity", ""));
    if (!severity) {
        return std::nullopt;
    }
    return LogLine{.number = value.value("number", std::uint64_t{0}),
                   .time = WallTime(std::chrono::microseconds(value.value("time_us", std::int64_t{0}))),
                   .severity = *severity,
                   .bus = value.value("bus", ""),
                   .interface = value.value("interface", ""),
                   .message = value.value("message", "")};
}

std::optional<LogPart> read_log(const std::string& text) {
    try {
        const json value = json::parse(text);
        LogPart part{.last = value.at("last"), .missed = value.at("missed")};
        for (const json& line : value.at("lines")) {
            auto read = read_line(line);
            if (!read) {
                return std::nullopt;
            }
            part.lines.push_back(std::move(*read));
        }
        return part;
    } catch (const json::exception&) {
        return std::nullopt;
    }
}

}  // namespace

Result<StatusReply> status(const std::string& path, const std::optional<std::string>& bus, Duration timeout) {
    const json parameters = bus ? json{{"bus", *bus}} : json::object();
    auto reply = good_call(path, "org.mqttcan.GetStatus", parameters, timeout);
    if (!reply) {
        return std::unexpected(reply.error());
    }
    auto status = parse_status(reply->parameters);
    return status ? Result<StatusReply>(StatusReply{std::move(*status), std::move(reply->parameters)})
                  : nonsense(path);
}

Result<void> set_dropped(const std::string& path, const std::string& bus, bool dropped, Duration timeout) {
    return without_answer(
        good_call(path, dropped ? "org.mqttcan.Drop" : "org.mqttcan.Resume", {{"bus", bus}}, timeout));
}

Result<PeerCount> count_peers(const std::string& path, const std::string& bus, Duration timeout) {
    const auto reply = good_call(path, "org.mqttcan.CountPeers", {{"bus", bus}}, timeout);
    if (!reply) {
        return std::unexpected(reply.error());
    }
    const json peers = json::parse(reply->parameters, nullptr, false).value("peers", json());
    if (!peers.is_null() && !peers.is_number_unsigned()) {
        return nonsense(path);
    }
    return peers.is_null() ? PeerCount() : PeerCount(peers.get<std::size_t>());
}

Result<void> set_log_level(const std::string& path, Severity lowest, Duration timeout) {
    return without_answer(good_call(path, "org.mqttcan.SetLogLevel", {{"lowest", name(lowest)}}, timeout));
}

Result<LogPart> log_after(const std::string& path, std::optional<std::uint64_t> number, Duration timeout) {
    const json parameters = number ? json{{"after", *number}} : json::object();
    const auto reply = good_call(path, "org.mqttcan.GetLog", parameters, timeout);
    if (!reply) {
        return std::unexpected(reply.error());
    }
    auto part = read_log(reply->parameters);
    return part ? Result<LogPart>(std::move(*part)) : nonsense(path);
}

Result<ReloadResult> reload(const std::string& path, Duration timeout) {
    const auto reply = call(path, "org.mqttcan.Reload", "{}", timeout);
    if (!reply) {
        return std::unexpected(reply.error());
    }
    const json parameters = json::parse(reply->parameters, nullptr, false);
    if (reply->error.empty()) {
        return Done{};
    }
    if (reply->error == "org.mqttcan.InvalidConfiguration") {
        Faults faults;
        for (const json& fault : parameters.value("faults", json::array())) {
            faults.list.push_back(fault.is_string() ? fault.get<std::string>() : fault.dump());
        }
        return faults;
    }
    if (reply->error == "org.mqttcan.Failed" && parameters.contains("reason") &&
        parameters["reason"].is_string()) {
        return Failure{parameters["reason"].get<std::string>()};
    }
    return fail(std::errc::protocol_error, "the daemon on ", path, " refused to reload: ", reply->error);
}

}  // namespace mqttcan::control
