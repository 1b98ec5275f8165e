// SPDX-License-Identifier: MIT
#include "daemon/cli/run.hpp"

#include <fcntl.h>
#include <systemd/sd-id128.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <csignal>
#include <filesystem>
#include <memory>
#include <optional>
#include <random>

#include "base/log_history.hpp"
#include "base/unique_fd.hpp"
#include "daemon/cli/check.hpp"
#include "daemon/cli/desk.hpp"
#include "daemon/cli/exit_codes.hpp"
#include "daemon/cli/reloader.hpp"
#include "daemon/control/server.hpp"
#include "daemon/loop/loop.hpp"
#include "daemon/loop/service.hpp"
#include "daemon/mqtt/paho_client.hpp"
#include "daemon/supervisor/supervisor.hpp"
#include "netlink/interface_lock.hpp"
#include "netlink/kernel_links.hpp"
#include "netlink/watcher.hpp"

namespace mqttcan::cli {
namespace {

constexpr std::size_t kLongestInstance = 80;  // it stands in link aliases and in the name of a socket

std::string hex(std::uint64_t value, int digits) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string result;
    for (int i = digits - 1; i >= 0; --i) {
        result += kDigits[value >> (4 * i) & 0xf];
    }
    return result;
}

/// FNV-1a, 64 bit: short and the same for ever. Not for secrets.
std::uint64_t fingerprint(std::string_view bytes) {
    std::uint64_t hash = 0xcbf29ce484222325;
    for (const char byte : bytes) {
        hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3;
    }
    return hash;
}

/// An identifier of this machine that tells nothing about its machine id, which is not to be published
/// (machine-id(5)). Empty where there is none, as in some containers.
std::string machine_identity() {
    constexpr sd_id128_t kApplication =
        SD_ID128_MAKE(6d, 71, 74, 74, 63, 61, 6e, 40, 8e, 1b, 5f, 0a, 93, d2, 47, c6);
    sd_id128_t id{};
    if (sd_id128_get_machine_app_specific(kApplication, &id) < 0) {
        return {};
    }
    std::array<char, SD_ID128_STRING_MAX> words{};
    return sd_id128_to_string(id, words.data());
}

std::unique_ptr<LogSink> make_sink() {
    if (loop::stderr_is_journal()) {
        return std::make_unique<loop::JournalLog>();
    }
    return std::make_unique<TerminalLog>();
}

/// None without an error where there is no place for it and nobody asked for it.
Result<std::optional<control::Listener>> open_control(const RunOptions& options, const Log& log) {
    if (options.control.empty()) {
        return std::nullopt;
    }
    const std::filesystem::path folder = std::filesystem::path(options.control).parent_path();
    if (!options.control_required && ::euidaccess(folder.c_str(), W_OK) < 0) {
        log.info("no control socket: ", folder.string(),
                 " is not there or not ours to write to (the service has it; otherwise: --control PATH)");
        return std::nullopt;
    }
    auto listener = control::Listener::open(options.control);
    if (listener) {
        return std::optional(std::move(*listener));
    }
    if (options.control_required) {
        return std::unexpected(listener.error());
    }
    log.warning(listener.error().what);
    return std::nullopt;
}

/// Whether what a tunnel was to make is there. (A pair is open a moment later, when the kernel has settled
/// it.)
bool has_begun(const config::Bus& bus, netlink::Links& links, const supervisor::Supervisor& supervisor) {
    if (bus.kind == config::Kind::existing) {
        return true;
    }
    if (bus.kind == config::Kind::vcan) {
        return supervisor.all_open();
    }
    const auto link = links.find(*bus.interface);
    return link && *link && (*link)->up;
}

}  // namespace

std::string instance_of(const std::string& config_path) {
    if (config_path == kDefaultConfig) {
        return {};
    }
    std::error_code error;
    const auto canonical = std::filesystem::weakly_canonical(config_path, error);
    return error ? config_path : canonical.string();
}

supervisor::Host describe_host(const std::string& instance) {
    std::array<char, 256> name{};
    ::gethostname(name.data(), name.size() - 1);
    std::random_device random;
    std::string hostname = name.data();  // it stands in topics
    std::ranges::replace_if(
        hostname, [](unsigned char c) { return std::isalnum(c) == 0 && c != '-' && c != '.'; }, '_');
    return {
        .hostname = std::move(hostname),
        .instance = instance.size() <= kLongestInstance ? instance : hex(fingerprint(instance), 16),
        .fingerprint = hex(fingerprint(machine_identity() + '/' + instance), 8),
        .session = hex(std::uint64_t{random()} << 32 | random(), 16),
        .version = MQTTCAN_VERSION,
    };
}

int run(const config::Config& config, const supervisor::Host& host, const RunOptions& options) {
    // Paho may write to descriptor 0 when a connection breaks under its hands: that must not be a terminal.
    const UniqueFd nothing(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    ::dup2(nothing.get(), STDIN_FILENO);
    LogHistory history(make_sink(), options.lowest);
    const Log log(history);
    mqtt::PahoFactory factory;
    loop::Loop loop({SIGTERM, SIGINT, SIGHUP});
    auto links = netlink::KernelLinks::open();
    auto watcher = links ? netlink::LinkWatcher::open() : std::unexpected(links.error());
    if (!watcher) {
        log.error(watcher.error().what);
        return kFailure;
    }
    // A second process with our client ids would evict us from the broker, and change our links.
    const auto only = netlink::InterfaceLock::take_instance(host.instance);
    if (!only) {
        log.error(only.error().what);
        return kFailure;
    }
    auto listener = open_control(options, log);
    if (!listener) {
        log.error(listener.error().what);
        return kFailure;
    }
    supervisor::Supervisor supervisor(loop, **links, **watcher, factory, host, log, loop::notify_status);
    Reloader reloader(
        options.load, [&](const config::Config& changed) { supervisor.apply(changed); },
        [&] { return supervisor.summary(); }, log);
    Desk desk(loop, supervisor, reloader, history);
    std::optional<control::Server> server;
    if (*listener) {
        server.emplace(loop, std::move(**listener), desk, host.version, log);
    }
    bool stopping = false;
    const auto stop = [&] {
        if (std::exchange(stopping, true)) {
            log.warning("stopping at once");
            loop.stop(kOk);
            return;
        }
        log.info("stopping");
        loop::notify_stopping();
        reloader.stop();
        supervisor.stop([&] { loop.stop(kOk); });
    };
    const loop::SignalSource on_terminate(loop, SIGTERM, stop);
    const loop::SignalSource on_interrupt(loop, SIGINT, stop);
    // A tunnel ends with its terminal and cleans up; a daemon has none.
    const loop::SignalSource on_hangup(loop, SIGHUP, [&] {
        if (host.temporary) {
            stop();
        } else {
            reloader.reload();
        }
    });
    loop.enable_watchdog();
    supervisor.apply(config);
    if (host.temporary && !has_begun(config.buses.front(), **links, supervisor)) {
        return kFailure;  // said already why; nothing will change that
    }
    loop::notify_ready(supervisor.summary());
    return loop.run();
}

}  // namespace mqttcan::cli
