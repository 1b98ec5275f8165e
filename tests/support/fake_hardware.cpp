// SPDX-License-Identifier: MIT
// FakeLinks: what CAN controllers and serial adapters do.
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "tests/support/fake_links.hpp"

namespace mqttcan::testing {
namespace {

using netlink::ControllerState;
using netlink::Link;

constexpr int kOperstateDown = 2;
constexpr std::array<std::uint32_t, 9> kSerialBitrates{10000,  20000,  50000,  100000, 125000,
                                                       250000, 500000, 800000, 1000000};
constexpr std::array kModes{&CanSettings::fd, &CanSettings::listen_only, &CanSettings::one_shot,
                            &CanSettings::triple_sampling, &CanSettings::berr_reporting};

/// The kernel makes of some bit rates the nearest that the clock allows.
std::uint32_t made_of(std::uint32_t bitrate) {
    return bitrate == 123457 ? 123076 : bitrate;
}

template <typename T>
void overlay(std::optional<T>& setting, const std::optional<T>& wanted) {
    setting = wanted ? wanted : setting;
}

void apply(CanSettings& settings, const CanSettings& wanted) {
    overlay(settings.bitrate, wanted.bitrate.transform(made_of));
    overlay(settings.data_bitrate, wanted.data_bitrate.transform(made_of));
    if (wanted.bitrate && settings.sample_point) {
        settings.sample_point = wanted.sample_point.value_or(875);
    }
    if (wanted.data_bitrate) {
        settings.data_sample_point = wanted.data_sample_point.value_or(750);
    }
    for (const auto mode : kModes) {
        if (settings.*mode) {
            overlay(settings.*mode, wanted.*mode);
        }
    }
    overlay(settings.restart, wanted.restart);
    overlay(settings.termination, wanted.termination);
    overlay(settings.tx_queue_length, wanted.tx_queue_length);
}

bool only_while_down(const CanSettings& wanted) {
    CanSettings rest = wanted;
    rest.termination = {};
    rest.tx_queue_length = {};
    return rest != CanSettings{};
}

}  // namespace

// ---- hardware

void FakeLinks::plug(const std::string& device, bool deaf) {
    serials_[device].deaf = deaf;
}

void FakeLinks::unplug(const std::string& device) {
    if (const auto at = serials_.find(device); at != serials_.end()) {
        if (at->second.ifindex) {
            erase(*at->second.ifindex);
        }
        serials_.erase(at);
    }
}

Result<netlink::SerialLink> FakeLinks::attach_slcan(const netlink::SlcanRequest& request) {
    settle();
    const auto at = serials_.find(request.device);
    const int number = find_name(request.name.str()) != nullptr ? EEXIST
                       : at == serials_.end()                   ? ENOENT
                       : at->second.ifindex                     ? EBUSY
                       : !privileged                            ? EPERM
                       : !has_slcan                             ? EINVAL
                       : request.alias.size() > 255             ? ERANGE
                                                                : 0;
    if (number != 0) {
        return fail_errno(number, "attaching ", request.device);
    }
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) < 0) {
        return fail_errno(errno, "making a tty");
    }
    const int ifindex =
        add({.name = request.name.str(),
             .kind = "can",
             .is_can = true,
             .operstate = kOperstateDown,
             .mtu = netlink::kClassicMtu,
             .group = netlink::kOwnedGroup,
             .alias = request.alias,
             .controller = {
                 {.settings = {.listen_only = false, .restart = Duration::zero(), .tx_queue_length = 10}}}});
    at->second.ifindex = ifindex;
    at->second.our_end.reset(ends[0]);
    return netlink::SerialLink{.tty = netlink::AttachedTty(UniqueFd(ends[1])), .link = links_.at(ifindex)};
}

/// The errno that the kernel would answer with.
int FakeLinks::accept(const Link& link, const CanSettings& wanted) const {
    if (!link.controller) {
        return EOPNOTSUPP;
    }
    if (link.up && only_while_down(wanted)) {
        return EBUSY;
    }
    const CanSettings& known = link.controller->settings;
    const bool serial = serial_of(link.ifindex) != nullptr;
    const bool rates_are_listed =
        !serial || !wanted.bitrate || std::ranges::count(kSerialBitrates, *wanted.bitrate) > 0;
    if (!rates_are_listed || (wanted.sample_point && !wanted.bitrate) ||
        (wanted.data_sample_point && !wanted.data_bitrate)) {
        return EINVAL;
    }
    if (wanted.bitrate.value_or(1) > 1000000 || wanted.data_bitrate.value_or(1) > 8000000) {
        return EDOM;
    }
    const bool unknown_mode = std::ranges::any_of(
        kModes, [&](const auto mode) { return (wanted.*mode).value_or(false) && !(known.*mode); });
    const bool unknown = unknown_mode || (wanted.data_bitrate && !known.fd) ||
                         (wanted.termination && !known.termination) ||
                         (serial && wanted.restart.value_or(Duration::zero()) > Duration::zero());
    return unknown ? EOPNOTSUPP : 0;
}

Result<void> FakeLinks::configure(int ifindex, const CanSettings& wanted) {
    return change(ifindex, [&](Link& link) {
        const int number = accept(link, wanted);
        if (number == 0) {
            apply(link.controller->settings, wanted);
            if (wanted.fd) {
                link.mtu =
                    link.controller->settings.fd.value_or(false) ? netlink::kFdMtu : netlink::kClassicMtu;
            }
        }
        return number;
    });
}

Result<void> FakeLinks::restart(int ifindex) {
    return change(ifindex, [&](Link& link) {
        if (!link.controller || serial_of(ifindex) != nullptr) {
            return EOPNOTSUPP;
        }
        if (!link.up) {
            return EINVAL;
        }
        if (link.controller->state != ControllerState::bus_off ||
            link.controller->settings.restart.value_or(Duration::zero()) > Duration::zero()) {
            return EBUSY;
        }
        link.controller->state = ControllerState::error_active;
        ++counters_[ifindex].restarts;
        return 0;
    });
}

Result<netlink::ControllerStatistics> FakeLinks::statistics(int ifindex) {
    settle();
    const auto at = links_.find(ifindex);
    if (at == links_.end() || !at->second.controller) {
        return fail_errno(at == links_.end() ? ENODEV : EOPNOTSUPP, "reading link ", ifindex);
    }
    netlink::ControllerStatistics counted = counters_[ifindex];
    counted.state = at->second.controller->state;
    return counted;
}

const FakeLinks::Serial* FakeLinks::serial_of(int ifindex) const {
    const auto at =
        std::ranges::find(serials_, ifindex, [](const auto& entry) { return entry.second.ifindex; });
    return at == serials_.end() ? nullptr : &at->second;
}

}  // namespace mqttcan::testing
