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
        case ETIMEDOUT:
            return "the kernel did not answer within 5 s";
        default:
            return {};
    }
}

}  // namespace

std::unexpected<Error> explain(const Verdict& verdict, std::string_view action, std::string_view kind) {
    const std::error_code code(verdict.number, std::generic_category());
    const std::string words = verdict.words.empty() ? std::string() : text(" (", verdict.words, ")");
    const std::string cure = cure_for(verdict.number, kind);
    return std::unexpected(
        Error{code, text(action, ": ", code.message(), words, cure.empty() ? "" : ": ", cure)});
}

}  // namespace mqttcan::netlink
