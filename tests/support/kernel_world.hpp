// SPDX-License-Identifier: MIT
// A World of the contract suites on the real kernel: a network namespace of the test's own, and others by
// "ip netns". What other programs do, iproute2 does.
#pragma once

#include <gtest/gtest.h>
#include <net/if.h>

#include <cstdlib>
#include <memory>
#include <set>
#include <string>

#include "netlink/kernel_links.hpp"
#include "tests/support/own_namespace.hpp"

namespace mqttcan::testing {

struct KernelWorld {
    OwnNamespace space;
    std::unique_ptr<netlink::KernelLinks> kernel = netlink::KernelLinks::open().value();
    std::set<std::string> namespaces;

    KernelWorld() = default;
    KernelWorld(const KernelWorld&) = delete;
    KernelWorld& operator=(const KernelWorld&) = delete;
    ~KernelWorld() {
        for (const std::string& name : namespaces) {
            shell("ip netns del " + name);
        }
    }

    static void shell(const std::string& command) { EXPECT_EQ(std::system(command.c_str()), 0) << command; }

    netlink::Links& links() { return *kernel; }
    int add(const std::string& name, const std::string& kind) {
        shell("ip link add " + name + " type " + kind);
        return static_cast<int>(::if_nametoindex(name.c_str()));
    }
    NetworkNamespace make_namespace() {
        const std::string name = "mqttcan-test-" + std::to_string(namespaces.size());
        shell("ip netns add " + name);
        namespaces.insert(name);
        return {.path = "/run/netns/" + name};
    }
    void remove_namespace(const NetworkNamespace& there) {
        shell("ip netns del " + name_of(there));
        namespaces.erase(name_of(there));
    }
    static void add_elsewhere(const NetworkNamespace& there, const std::string& name) {
        shell("ip -n " + name_of(there) + " link add " + name + " type vcan");
    }
    static void set_up_elsewhere(const NetworkNamespace& there, const std::string& name, bool up) {
        shell("ip -n " + name_of(there) + " link set " + name + (up ? " up" : " down"));
    }
    static std::string name_of(const NetworkNamespace& there) {
        return there.path.substr(there.path.rfind('/') + 1);
    }
};

}  // namespace mqttcan::testing
