// SPDX-License-Identifier: MIT
#include "netlink/controller.hpp"

#include <net/if.h>  // before linux/if.h, or neither compiles

#include <linux/can/netlink.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <array>
#include <limits>
#include <string_view>

#include "netlink/attributes.hpp"

namespace mqttcan::netlink {
namespace {

struct Mode {
    std::optional<bool> CanSettings::* member;
    std::uint32_t flag;
    std::string_view word;
};

constexpr std::array kModes{
    Mode{&CanSettings::fd, CAN_CTRLMODE_FD, "fd"},
    Mode{&CanSettings::listen_only, CAN_CTRLMODE_LISTENONLY, "listen-only"},
    Mode{&CanSettings::one_shot, CAN_CTRLMODE_ONE_SHOT, "one-shot"},
    Mode{&CanSettings::triple_sampling, CAN_CTRLMODE_3_SAMPLES, "triple-sampling"},
    Mode{&CanSettings::berr_reporting, CAN_CTRLMODE_BERR_REPORTING, "berr-reporting"},
};

template <typename T>
void put_struct(nl_msg& request, int attribute, const T& value) {
    put_bytes(request, attribute, {reinterpret_cast<const char*>(&value), sizeof(value)});
}

void put_bit_timing(nl_msg& request, int attribute, const std::optional<std::uint32_t>& bitrate,
                    const std::optional<std::uint32_t>& sample_point) {
    if (!bitrate && !sample_point) {
        return;
    }
    can_bittiming timing{};  // what is 0 the kernel calculates
    timing.bitrate = bitrate.value_or(0);
    timing.sample_point = sample_point.value_or(0);
    put_struct(request, attribute, timing);
}

/// A flag that is not in the mask stays as it is.
void put_modes(nl_msg& request, const CanSettings& settings) {
    can_ctrlmode modes{};
    for (const Mode& mode : kModes) {
        if (const auto wanted = settings.*mode.member) {
            modes.mask |= mode.flag;
            modes.flags |= *wanted ? mode.flag : 0;
        }
    }
    if (modes.mask != 0) {
        put_struct(request, IFLA_CAN_CTRLMODE, modes);
    }
}

std::uint32_t milliseconds_of(Duration duration) {
    const auto count = std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
    return static_cast<std::uint32_t>(
        std::clamp<decltype(count)>(count, 0, std::numeric_limits<std::uint32_t>::max()));
}

/// The kernel's 0 is "not set", or "the driver does not tell".
std::optional<std::uint32_t> unless_zero(std::uint32_t value) {
    return value == 0 ? std::nullopt : std::optional(value);
}

ControllerState state_of(const Attributes<IFLA_CAN_MAX>& attributes) {
    const auto state = value_of<std::uint32_t>(attributes[IFLA_CAN_STATE]);
    const bool known = state && *state <= CAN_STATE_SLEEPING;
    return known ? static_cast<ControllerState>(*state) : ControllerState::stopped;
}

/// Since 5.18 the kernel tells which modes a driver has; before, all of them are told as they are.
void read_modes(const Attributes<IFLA_CAN_MAX>& attributes, CanSettings& settings) {
    const auto modes = value_of<can_ctrlmode>(attributes[IFLA_CAN_CTRLMODE]);
    const auto more = attributes_of<IFLA_CAN_CTRLMODE_MAX>(content(attributes[IFLA_CAN_CTRLMODE_EXT]));
    const auto supported = value_of<std::uint32_t>(more[IFLA_CAN_CTRLMODE_SUPPORTED]);
    for (const Mode& mode : kModes) {
        const bool on = modes && (modes->flags & mode.flag) != 0;
        const bool known = modes && (on || !supported || (*supported & mode.flag) != 0);
        settings.*mode.member = known ? std::optional(on) : std::nullopt;
    }
}

}  // namespace

Message settings_request(int ifindex, const CanSettings& settings) {
    // RTM_NEWLINK, for RTM_SETLINK ignores IFLA_INFO_DATA; without NLM_F_CREATE it changes only.
    Message request = link_message(RTM_NEWLINK, 0, {.ifindex = ifindex});
    if (settings.tx_queue_length) {
        put_u32(*request, IFLA_TXQLEN, *settings.tx_queue_length);
    }
    const Nest info(*request, IFLA_LINKINFO);
    put_string(*request, IFLA_INFO_KIND, "can");
    const Nest data(*request, IFLA_INFO_DATA);
    put_bit_timing(*request, IFLA_CAN_BITTIMING, settings.bitrate, settings.sample_point);
    put_bit_timing(*request, IFLA_CAN_DATA_BITTIMING, settings.data_bitrate, settings.data_sample_point);
    put_modes(*request, settings);
    if (settings.restart) {
        put_u32(*request, IFLA_CAN_RESTART_MS, milliseconds_of(*settings.restart));
    }
    if (settings.termination) {
        put_u16(*request, IFLA_CAN_TERMINATION, *settings.termination);
    }
    return request;
}

CanSettings without_what_is_off_anyway(CanSettings settings, const CanSettings& told) {
    for (const Mode& mode : kModes) {
        if (settings.*mode.member == false && !(told.*mode.member)) {
            settings.*mode.member = std::nullopt;
        }
    }
    return settings;
}

Message restart_request(int ifindex) {
    Message request = link_message(RTM_NEWLINK, 0, {.ifindex = ifindex});
    const Nest info(*request, IFLA_LINKINFO);
    put_string(*request, IFLA_INFO_KIND, "can");
    const Nest data(*request, IFLA_INFO_DATA);
    put_u32(*request, IFLA_CAN_RESTART, 1);
    return request;
}

Controller parse_controller(std::span<const std::byte> data) {
    const auto attributes = attributes_of<IFLA_CAN_MAX>(data);
    Controller controller{.state = state_of(attributes)};
    CanSettings& settings = controller.settings;
    if (const auto timing = value_of<can_bittiming>(attributes[IFLA_CAN_BITTIMING])) {
        settings.bitrate = unless_zero(timing->bitrate);
        settings.sample_point = unless_zero(timing->sample_point);
    }
    if (const auto timing = value_of<can_bittiming>(attributes[IFLA_CAN_DATA_BITTIMING])) {
        settings.data_bitrate = unless_zero(timing->bitrate);
        settings.data_sample_point = unless_zero(timing->sample_point);
    }
    read_modes(attributes, settings);
    if (const auto restart = value_of<std::uint32_t>(attributes[IFLA_CAN_RESTART_MS])) {
        settings.restart = std::chrono::milliseconds(*restart);
    }
    settings.termination = value_of<std::uint16_t>(attributes[IFLA_CAN_TERMINATION]);
    return controller;
}

std::optional<ControllerStatistics> parse_statistics(std::span<const std::byte> message) {
    constexpr std::size_t kFixed = NLMSG_HDRLEN + sizeof(ifinfomsg);
    const auto head = read_at<nlmsghdr>(message, 0);
    if (!head || head->nlmsg_type != RTM_NEWLINK || message.size() < kFixed) {
        return std::nullopt;
    }
    const auto attributes = attributes_of<IFLA_MAX>(message.subspan(kFixed));
    const auto info = attributes_of<IFLA_INFO_MAX>(content(attributes[IFLA_LINKINFO]));
    if (string_of(info[IFLA_INFO_KIND]) != "can" || info[IFLA_INFO_DATA] == nullptr) {
        return std::nullopt;
    }
    const auto data = attributes_of<IFLA_CAN_MAX>(content(info[IFLA_INFO_DATA]));
    const auto errors = value_of<can_berr_counter>(data[IFLA_CAN_BERR_COUNTER]);
    const auto counts = value_of<can_device_stats>(info[IFLA_INFO_XSTATS]).value_or(can_device_stats{});
    return ControllerStatistics{.state = state_of(data),
                                .tx_errors = errors ? errors->txerr : std::uint16_t{0},
                                .rx_errors = errors ? errors->rxerr : std::uint16_t{0},
                                .bus_errors = counts.bus_error,
                                .error_warnings = counts.error_warning,
                                .error_passives = counts.error_passive,
                                .bus_offs = counts.bus_off,
                                .arbitration_lost = counts.arbitration_lost,
                                .restarts = counts.restarts};
}

std::string describe(const CanSettings& settings) {
    std::string words;
    const auto add = [&](const auto& value, std::string_view name, std::string_view unit) {
        if (value) {
            words += text(words.empty() ? "" : ", ", name, " ", *value, unit);
        }
    };
    add(settings.bitrate, "bit rate", " bit/s");
    add(settings.sample_point, "sample point", " per mille");
    add(settings.data_bitrate, "data bit rate", " bit/s");
    add(settings.data_sample_point, "data sample point", " per mille");
    for (const Mode& mode : kModes) {
        if (const auto wanted = settings.*mode.member) {
            words += text(words.empty() ? "" : ", ", mode.word, *wanted ? " on" : " off");
        }
    }
    const auto restart = settings.restart.transform([](Duration delay) { return milliseconds_of(delay); });
    add(restart, "restart", " ms");
    add(settings.termination, "termination", " ohm");
    add(settings.tx_queue_length, "transmit queue", " frames");
    return words;
}

}  // namespace mqttcan::netlink
