// SPDX-License-Identifier: MIT
#include "netlink/explain.hpp"

#include <sys/utsname.h>

#include <cerrno>
#include <string>

namespace mqttcan::netlink {
namespace {

std::string missing_kind(std::string_view kind) {
    utsname system{};
    const bool known = ::uname(&system) == 0;
    return text("this kernel", known ? text(" (", system.release, ")") : std::string(), " offers no ", kind,
                " links; try \"modprobe ", kind,
                "\" as root. If there is no such module: on Ubuntu install linux-modules-extra-",
                known ? system.release : "$(uname -r)",
                ", in a container load it on the host, and where the kernel is built without CAN "
                "(cloud kernels, WSL) use scripts/lab");
}

std::string cure_for(int number, std::string_view kind) {
    switch (number) {
        case EPERM:
            return "it needs CAP_NET_ADMIN; run it as root or through the mqttcan service";
        case EOPNOTSUPP:
            return kind.empty() ? std::string() : missing_kind(kind);
        case EEXIST:
            return "another interface has that name; remove it (\"ip link del NAME\") or choose another name";
        case ENODEV:
            return "the interface is gone";
        case ENFILE:
            return "no number is left; remove links that nobody needs";
        case ENOBUFS:
        case ENOMEM:
            return "the kernel is short of memory";
        default:
            return {};
    }
}

/// What EDOM, ERANGE and EINVAL are about, as far as the request tells.
std::string impossible(const CanSettings& settings) {
    if (!settings.bitrate && !settings.data_bitrate) {
        return settings.sample_point || settings.data_sample_point
                   ? "a sample point needs its bit rate in the same request"
                   : "the controller cannot do that";
    }
    std::string rates;
    for (const auto& rate : {settings.bitrate, settings.data_bitrate}) {
        if (rate) {
            rates += text(rates.empty() ? "" : " with ", *rate, " bit/s");
        }
    }
    return text("the controller cannot make ", rates,
                settings.sample_point || settings.data_sample_point ? " with that sample point" : "",
                "; \"ip -details link show\" tells its clock or the bit rates it has");
}

}  // namespace

std::unexpected<Error> explain_as(const Verdict& verdict, std::string_view action, std::string_view cure) {
    const std::error_code code(verdict.number, std::generic_category());
    const std::string words = verdict.words.empty() ? std::string() : text(" (", verdict.words, ")");
    return std::unexpected(
        Error{code, text(action, ": ", code.message(), words, cure.empty() ? "" : ": ", cure)});
}

std::unexpected<Error> explain(const Verdict& verdict, std::string_view action, std::string_view kind) {
    return explain_as(verdict, action, cure_for(verdict.number, kind));
}

std::unexpected<Error> explain_settings(const Verdict& verdict, std::string_view action,
                                        const CanSettings& settings) {
    switch (verdict.number) {
        case EDOM:
        case ERANGE:
        case EINVAL:
            return explain_as(verdict, action, impossible(settings));
        case EOPNOTSUPP:
            return explain_as(verdict, action,
                              "its driver knows no such setting; leave out the one that the hardware lacks");
        case EBUSY:
            return explain_as(verdict, action, "that can be set only while the interface is down");
        default:
            return explain(verdict, action);
    }
}

Result<std::optional<Link>> one_link(std::expected<std::vector<Link>, Verdict> answer,
                                     std::string_view action) {
    if (!answer && answer.error().number != ENODEV) {
        return explain(answer.error(), action);
    }
    return answer && !answer->empty() ? std::optional(std::move(answer->front())) : std::nullopt;
}

}  // namespace mqttcan::netlink
