// SPDX-License-Identifier: MIT
#include "config/environment.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <fstream>

#include "base/unique_fd.hpp"
#include "config/words.hpp"

namespace mqttcan::config {
namespace {

Result<void> readable(const std::string& path) {
    // O_NONBLOCK: a FIFO or device must not hold us up.
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    struct stat status{};
    if (!fd || ::fstat(fd.get(), &status) != 0) {
        return fail_errno(errno, path);
    }
    if (S_ISDIR(status.st_mode)) {
        return fail_errno(EISDIR, path);
    }
    return {};
}

}  // namespace

Environment system_environment() {
    Environment out;
    std::array<char, HOST_NAME_MAX + 1> name{};
    if (::gethostname(name.data(), name.size() - 1) == 0) {
        out.hostname = name.data();
    }
    std::ifstream("/etc/machine-id") >> out.machine_id;
    if (out.machine_id == "uninitialized") {  // machine-id(5): the first boot is not through yet
        out.machine_id.clear();
    }
    const char* const credentials = std::getenv("CREDENTIALS_DIRECTORY");
    out.credentials = credentials != nullptr ? credentials : "";
    out.readable = readable;
    return out;
}

Result<std::string> fill_in(std::string_view text, const Environment& environment) {
    constexpr auto kInvalid = std::errc::invalid_argument;
    std::string out;
    for (;;) {
        const std::size_t brace = text.find_first_of("{}");
        out += text.substr(0, brace);
        if (brace == std::string_view::npos) {
            return out;
        }
        text.remove_prefix(brace);
        const std::size_t close = text.find('}');
        const std::string_view placeholder =
            text.substr(0, close == std::string_view::npos ? close : close + 1);
        const bool is_hostname = placeholder == "{hostname}";
        if (!is_hostname && placeholder != "{machine_id}") {
            return fail(kInvalid, in_quotes(placeholder),
                        " is not a placeholder; those known are {hostname} and "
                        "{machine_id}, and braces are for nothing else");
        }
        const std::string& value = is_hostname ? environment.hostname : environment.machine_id;
        if (value.empty()) {
            return fail(kInvalid, placeholder, " is empty on this machine; ",
                        is_hostname ? "set its name with hostnamectl" : "run systemd-machine-id-setup",
                        ", or write the text itself");
        }
        out += value;
        text.remove_prefix(placeholder.size());
    }
}

}  // namespace mqttcan::config
