// SPDX-License-Identifier: MIT
// FakeLinks keeps the promises of netlink::Links; tests/kernel holds the kernel to the same ones.
#include "tests/support/fake_links.hpp"

#include "tests/support/links_contract.hpp"

namespace mqttcan::testing {
namespace {

struct FakeWorld {
    FakeLinks fake;

    netlink::Links& links() { return fake; }
    int add(const std::string& name, const std::string& kind) {
        return fake.add({.name = name, .kind = kind, .is_can = true, .mtu = netlink::kFdMtu});
    }
};

INSTANTIATE_TYPED_TEST_SUITE_P(Fake, LinksContract, FakeWorld);

}  // namespace
}  // namespace mqttcan::testing
