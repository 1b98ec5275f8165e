// SPDX-License-Identifier: MIT
// KernelLinks and other network namespaces: the contract, and what only the kernel can tell.
#include <gmock/gmock.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <fstream>

#include "tests/support/kernel_world.hpp"
#include "tests/support/pairs_contract.hpp"
#include "tests/support/unprivileged.hpp"

namespace mqttcan::testing {
namespace {

using netlink::KernelLinks;
using ::testing::AllOf;
using ::testing::HasSubstr;

INSTANTIATE_TYPED_TEST_SUITE_P(Kernel, PairsContract, KernelWorld);

/// A process in a network namespace of its own (or in that of its parent), hidden like one of another user if
/// asked.
class Inhabitant {
  public:
    explicit Inhabitant(bool moves_out, bool hidden = false) {
        std::array<int, 2> ends{};
        EXPECT_EQ(::pipe(ends.data()), 0);
        pid_ = ::fork();
        if (pid_ == 0) {
            const bool ready =
                (!moves_out || ::unshare(CLONE_NEWNET) == 0) && (!hidden || ::prctl(PR_SET_DUMPABLE, 0) == 0);
            (void)!::write(ends[1], ready ? "." : "x", 1);
            ::pause();
            ::_exit(0);
        }
        char byte = 'x';
        EXPECT_EQ(::read(ends[0], &byte, 1), 1);
        EXPECT_EQ(byte, '.');
        ::close(ends[0]);
        ::close(ends[1]);
    }
    Inhabitant(const Inhabitant&) = delete;
    Inhabitant& operator=(const Inhabitant&) = delete;
    ~Inhabitant() { leave(); }

    NetworkNamespace space() const { return {.pid = pid_}; }
    void leave() {
        if (pid_ > 0) {
            ::kill(pid_, SIGKILL);
            ::waitpid(pid_, nullptr, 0);
            pid_ = -1;
        }
    }

  private:
    pid_t pid_ = -1;
};

class Namespaces : public ::testing::Test {
  protected:
    netlink::Link create() {
        return world_.links()
            .create_vxcan({.name = interface("left"),
                           .peer = interface("right"),
                           .alias = "mqttcan:test",
                           .peer_alias = "mqttcan:peer"})
            .value();
    }
    netlink::NamespaceView look_at(const NetworkNamespace& space) {
        return world_.links().look_at(space).value();
    }

    KernelWorld world_;
};

TEST_F(Namespaces, AreNamedByProcessToo) {
    Inhabitant somebody(true);
    EXPECT_TRUE(look_at(somebody.space()).exists);
    EXPECT_FALSE(look_at(somebody.space()).ours);
    const netlink::Link left = create();
    ASSERT_TRUE(world_.links().move(left.peer->ifindex, somebody.space(), interface("can0")));
    const auto now = world_.links().find(left.ifindex).value();
    EXPECT_EQ(now->peer->namespace_id, look_at(somebody.space()).id);
    KernelWorld::shell(text("nsenter --net --target ", somebody.space().pid,
                            " ip -o link show can0 | grep -q 'group 28003.*alias mqttcan:peer'"));
    const NetworkNamespace gone = somebody.space();
    somebody.leave();
    EXPECT_FALSE(look_at(gone).exists);
    EXPECT_EQ(number_of(world_.links().move(1, gone, interface("can0"))), ESRCH);
}

TEST_F(Namespaces, AreKnownAsOurs) {
    const Inhabitant neighbour(false);
    for (const NetworkNamespace& space :
         {neighbour.space(), NetworkNamespace{.path = text("/proc/", neighbour.space().pid, "/ns/net")}}) {
        EXPECT_EQ(look_at(space), (netlink::NamespaceView{.exists = true, .ours = true}));
    }
}

// As the service runs: CAP_NET_ADMIN, and not the owner of what it is to serve.
TEST_F(Namespaces, AreToldFromOursWhereProcDoesNotTell) {
    const Inhabitant neighbour(false, true);
    const Inhabitant stranger(true, true);
    const Unprivileged now({CAP_NET_ADMIN});
    const UniqueFd seen(
        ::open(text("/proc/", stranger.space().pid, "/ns/net").c_str(), O_RDONLY | O_CLOEXEC));
    ASSERT_FALSE(seen) << "it can be read: the test proves nothing";
    EXPECT_EQ(look_at(neighbour.space()), (netlink::NamespaceView{.exists = true, .ours = true}));
    EXPECT_TRUE(look_at(stranger.space()).exists);
    EXPECT_FALSE(look_at(stranger.space()).ours);
    const netlink::Link left = create();
    EXPECT_TRUE(world_.links().move(left.peer->ifindex, stranger.space(), interface("can0")));
}

TEST_F(Namespaces, AreNoOrdinaryFiles) {
    const std::string path = "/run/netns-to-be";
    std::ofstream{path}.put('\n');
    EXPECT_EQ(look_at({.path = path}), netlink::NamespaceView{});
    const netlink::Link left = create();
    const auto moved = world_.links().move(left.peer->ifindex, {.path = path}, interface("can0"));
    EXPECT_EQ(number_of(moved), EINVAL);
    EXPECT_TRUE(world_.links().find(interface("right")).value().has_value());
}

TEST_F(Namespaces, OfOursOnlyRenamesAndSetsUp) {
    const Inhabitant neighbour(false);
    const netlink::Link left = create();
    ASSERT_TRUE(world_.links().move(left.peer->ifindex, neighbour.space(), interface("can0")));
    const auto peer = world_.links().find(left.peer->ifindex).value();
    EXPECT_EQ(peer->name, "can0");
    EXPECT_TRUE(peer->up);
    world_.add("can1", "vcan");
    EXPECT_EQ(number_of(world_.links().move(left.ifindex, neighbour.space(), interface("can1"))), EEXIST);
}

// The peer keeps its number where that is free; then both ends may have the same.
TEST_F(Namespaces, MayHoldAPeerOfTheSameNumber) {
    const NetworkNamespace space = world_.make_namespace();
    const netlink::Link left = create();
    for (int count = 0; count < left.ifindex; ++count) {
        KernelWorld::add_elsewhere(space, text("filler", count));
    }
    KernelWorld::shell(text("ip -n ", KernelWorld::name_of(space), " link del filler", left.ifindex - 2));
    KernelWorld::shell(text("ip link set right netns ", KernelWorld::name_of(space)));
    const auto now = world_.links().find(left.ifindex).value();
    ASSERT_TRUE(now->peer.has_value());
    EXPECT_EQ(now->peer->namespace_id, look_at(space).id);
}

TEST_F(Namespaces, ReportsWhatIsMissing) {
    const NetworkNamespace space = world_.make_namespace();
    const auto moved =
        world_.links().move(create().peer->ifindex, {.path = "/run/netns/x"}, interface("can0"));
    ASSERT_EQ(number_of(moved), ENOENT);
    EXPECT_THAT(moved.error().what,
                AllOf(HasSubstr("moving right"), HasSubstr("/run/netns/x"), HasSubstr("no such namespace")));
    const Unprivileged now;
    EXPECT_EQ(number_of(world_.links().create_vxcan(
                  {.name = interface("a"), .peer = interface("b"), .alias = "", .peer_alias = ""})),
              EPERM);
    EXPECT_EQ(number_of(world_.links().move(1, space, interface("can0"))), EPERM);
}

}  // namespace
}  // namespace mqttcan::testing
