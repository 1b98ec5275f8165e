// SPDX-License-Identifier: MIT
// FakeLinks keeps the promises of netlink::Links; tests/kernel holds the kernel to the same ones.
#include "tests/support/fake_links.hpp"

#include "tests/support/links_contract.hpp"
#include "tests/support/pairs_contract.hpp"

namespace mqttcan::testing {
namespace {

struct FakeWorld {
    FakeLinks fake;

    netlink::Links& links() { return fake; }
    int add(const std::string& name, const std::string& kind) {
        return fake.add({.name = name, .kind = kind, .is_can = true, .mtu = netlink::kFdMtu});
    }
    NetworkNamespace make_namespace() {
        const NetworkNamespace space{.path = text("/run/netns/fake", count++)};
        fake.add_namespace(space);
        return space;
    }
    void remove_namespace(const NetworkNamespace& space) { fake.remove_namespace(space); }
    void add_elsewhere(const NetworkNamespace& space, const std::string& name) {
        fake.add_elsewhere(space, name);
    }
    void set_up_elsewhere(const NetworkNamespace& space, const std::string& name, bool up) {
        fake.set_up_elsewhere(space, name, up);
    }
    int count = 0;
};

INSTANTIATE_TYPED_TEST_SUITE_P(Fake, LinksContract, FakeWorld);
INSTANTIATE_TYPED_TEST_SUITE_P(Fake, PairsContract, FakeWorld);

}  // namespace
}  // namespace mqttcan::testing
