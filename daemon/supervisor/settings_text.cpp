// SPDX-License-Identifier: MIT
#include "daemon/supervisor/settings_text.hpp"

#include "base/text.hpp"

namespace mqttcan::supervisor {
namespace {

std::string per_mille(std::uint32_t value) {
    std::string digits = std::to_string(value % 1000);
    digits.insert(0, 3 - digits.size(), '0');
    return text(value / 1000, '.', digits);
}

}  // namespace

std::string in_words(const CanSettings& settings) {
    std::string words;
    const auto add = [&](const auto&... parts) { words += text(words.empty() ? "" : ", ", parts...); };
    const auto add_flag = [&](const std::optional<bool>& flag, std::string_view name) {
        if (flag) {
            add(*flag ? "" : "no ", name);
        }
    };
    if (settings.bitrate) {
        add(*settings.bitrate, " bit/s");
    }
    if (settings.sample_point) {
        add("sample point ", per_mille(*settings.sample_point));
    }
    if (settings.data_bitrate) {
        add("data phase ", *settings.data_bitrate, " bit/s");
    }
    if (settings.data_sample_point) {
        add("data sample point ", per_mille(*settings.data_sample_point));
    }
    add_flag(settings.fd, "CAN FD");
    add_flag(settings.listen_only, "listen-only");
    add_flag(settings.one_shot, "one-shot");
    add_flag(settings.triple_sampling, "triple sampling");
    add_flag(settings.berr_reporting, "bus error reporting");
    if (settings.restart) {
        add(*settings.restart == Duration::zero()
                ? std::string("no restart by the kernel")
                : text("restart after ", duration_cast<std::chrono::milliseconds>(*settings.restart).count(),
                       " ms"));
    }
    if (settings.termination) {
        add("termination ", *settings.termination, " ohm");
    }
    if (settings.tx_queue_length) {
        add("queue of ", *settings.tx_queue_length, " frames");
    }
    return words;
}

}  // namespace mqttcan::supervisor
