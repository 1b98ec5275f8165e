// SPDX-License-Identifier: MIT
#include "daemon/mqtt/resolver.hpp"

#include <dlfcn.h>
#include <netdb.h>
#include <sys/socket.h>

#include <array>
#include <map>
#include <mutex>
#include <thread>

namespace mqttcan::mqtt {
namespace {

using GetAddrInfo = int (*)(const char*, const char*, const addrinfo*, addrinfo**);

/// libc's own.
GetAddrInfo next_getaddrinfo() {
    static const auto next = reinterpret_cast<GetAddrInfo>(::dlsym(RTLD_NEXT, "getaddrinfo"));
    return next;
}

struct Pins {
    std::mutex mutex;
    std::map<std::string, std::string, std::less<>> addresses;
};

Pins& pins() {
    static Pins table;
    return table;
}

std::string numeric(const addrinfo& entry) {
    std::array<char, NI_MAXHOST> host{};
    const int failed =
        ::getnameinfo(entry.ai_addr, entry.ai_addrlen, host.data(), host.size(), nullptr, 0, NI_NUMERICHOST);
    return failed != 0 ? std::string() : std::string(host.data());
}

std::string explain(int code, const std::string& host) {
    switch (code) {
        case EAI_NONAME:
            return text("host name \"", host, "\" does not exist (is it spelled right?)");
        case EAI_AGAIN:
            return text("host name \"", host,
                        "\" cannot be resolved: no answer from the name server (is the network up?)");
        default:
            return text("host name \"", host, "\" cannot be resolved: ", ::gai_strerror(code));
    }
}

}  // namespace

Result<std::vector<std::string>> resolve(const std::string& host) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_ADDRCONFIG;
    addrinfo* found = nullptr;
    int code = next_getaddrinfo()(host.c_str(), nullptr, &hints, &found);
    if (code != 0) {
        // AI_ADDRCONFIG hides loopback addresses on a machine that has no other.
        hints.ai_flags = 0;
        code = next_getaddrinfo()(host.c_str(), nullptr, &hints, &found);
    }
    if (code != 0) {
        return fail(std::errc::host_unreachable, explain(code, host));
    }
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, &::freeaddrinfo);
    std::vector<std::string> addresses;
    for (const addrinfo* entry = found; entry != nullptr; entry = entry->ai_next) {
        if (std::string address = numeric(*entry); !address.empty()) {
            addresses.push_back(std::move(address));
        }
    }
    return addresses;
}

void resolve_later(const std::string& host, std::uint64_t number, std::shared_ptr<Inbox> inbox) {
    std::thread([host, number, inbox = std::move(inbox)] {
        auto addresses = resolve(host);
        Control result{.kind = Control::Kind::resolved, .number = number};
        if (addresses) {
            result.addresses = std::move(*addresses);
        } else {
            result.text = std::move(addresses.error().what);
        }
        inbox->control(std::move(result));
    }).detach();
}

void pin_address(const std::string& host, const std::string& address) {
    const std::lock_guard lock(pins().mutex);
    pins().addresses[host] = address;
}

}  // namespace mqttcan::mqtt

/// Takes the place of libc's for the whole process, Paho included (symbols of the program come first). A host
/// that was pinned is answered at once from its numeric address; everything else goes to libc unchanged.
extern "C" int getaddrinfo(const char* node, const char* service, const addrinfo* hints, addrinfo** result) {
    using namespace mqttcan::mqtt;
    if (node != nullptr) {
        std::string address;
        {
            const std::lock_guard lock(pins().mutex);
            if (const auto pinned = pins().addresses.find(std::string_view(node));
                pinned != pins().addresses.end()) {
                address = pinned->second;
            }
        }
        if (!address.empty()) {
            return next_getaddrinfo()(address.c_str(), service, hints, result);
        }
    }
    return next_getaddrinfo()(node, service, hints, result);
}
