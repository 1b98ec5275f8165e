// SPDX-License-Identifier: MIT
// InterfaceLock between real processes, network namespaces and PID namespaces.
#include <gmock/gmock.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <functional>
#include <string>

#include "netlink/interface_lock.hpp"
#include "tests/support/own_namespace.hpp"
#include "tests/support/unprivileged.hpp"
#include "tests/support/values.hpp"

namespace mqttcan::testing {
namespace {

using netlink::InterfaceLock;
using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr int kIfindex = 42;

/// A process that calls `work`, tells its result and lives on until it is killed.
class Process {
  public:
    explicit Process(const std::function<std::string()>& work, int unshared = 0) {
        std::array<int, 2> ends{};
        EXPECT_EQ(::pipe(ends.data()), 0);
        pid_ = ::fork();
        if (pid_ == 0) {
            ::prctl(PR_SET_PDEATHSIG, SIGKILL);
            enter(unshared);
            const std::string said =
                work() + '\n';  // not the end of the pipe: the child's children have it too
            (void)!::write(ends[1], said.data(), said.size());
            ::pause();
            ::_exit(0);
        }
        ::close(ends[1]);
        for (char byte = 0; ::read(ends[0], &byte, 1) == 1 && byte != '\n';) {
            said_ += byte;
        }
        ::close(ends[0]);
    }
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;
    ~Process() { kill(); }

    pid_t pid() const { return pid_; }
    const std::string& said() const { return said_; }
    void kill() {
        if (pid_ > 0) {
            ::kill(pid_, SIGKILL);
            ::waitpid(pid_, nullptr, 0);
            pid_ = -1;
        }
    }

  private:
    /// A new PID namespace is for children only, so there is one more; it dies with its parent.
    static void enter(int unshared) {
        if (unshared == 0 || ::unshare(unshared) != 0 || (unshared & CLONE_NEWPID) == 0) {
            return;
        }
        if (const pid_t inner = ::fork(); inner != 0) {
            ::waitpid(inner, nullptr, 0);
            ::_exit(0);
        }
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    }

    pid_t pid_ = -1;
    std::string said_;
};

std::string outcome(const Result<InterfaceLock>& lock) {
    return lock ? "taken" : lock.error().what;
}

/// Takes the lock and keeps it until the process dies.
std::string take_for_good() {
    static auto lock = InterfaceLock::take(kIfindex, "vcan0");
    return outcome(lock);
}

std::string try_to_take() {
    return outcome(InterfaceLock::take(kIfindex, "vcan0"));
}

class Locking : public ::testing::Test {
  protected:
    OwnNamespace space_;
};

TEST_F(Locking, LetsOneBusOfAProcessHaveALink) {
    auto first = InterfaceLock::take(kIfindex, "vcan0");
    ASSERT_TRUE(first);
    const auto second = InterfaceLock::take(kIfindex, "vcan0");
    EXPECT_EQ(number_of(second), EADDRINUSE);
    EXPECT_THAT(outcome(second),
                AllOf(HasSubstr("vcan0 is bridged already"), HasSubstr("another bus of this process")));
    EXPECT_TRUE(InterfaceLock::take(kIfindex + 1, "vcan1"));
}

TEST_F(Locking, IsReleasedWithItsOwnerAndMovesWithIt) {
    {
        auto lock = InterfaceLock::take(kIfindex, "vcan0").value();
        const InterfaceLock moved = std::move(lock);
        EXPECT_FALSE(InterfaceLock::take(kIfindex, "vcan0"));
    }
    EXPECT_TRUE(InterfaceLock::take(kIfindex, "vcan0"));
}

TEST_F(Locking, NamesTheProcessThatHoldsItAndEndsWhenThatIsKilled) {
    Process holder(take_for_good);
    ASSERT_EQ(holder.said(), "taken");
    EXPECT_THAT(try_to_take(),
                AllOf(HasSubstr(text("process ", holder.pid(), " (kernel_netlink)")), HasSubstr("user 0")));
    holder.kill();
    EXPECT_EQ(try_to_take(), "taken");
}

TEST_F(Locking, NamesTheOneThatTookItNotOneThatInheritedIt) {
    const auto lock = InterfaceLock::take(kIfindex, "vcan0");
    const Process heir([] { return std::string(); });
    const Process asker(try_to_take);
    EXPECT_THAT(asker.said(), HasSubstr(text("process ", ::getpid(), " (")));
}

TEST_F(Locking, StillNamesTheHolderAfterManyRefusals) {
    const Process holder(take_for_good);
    for (int count = 0; count < 1000; ++count) {
        ASSERT_THAT(try_to_take(), HasSubstr(text("process ", holder.pid())));
    }
}

TEST_F(Locking, NeedsNoCapability) {
    const Unprivileged now;
    const auto lock = InterfaceLock::take(kIfindex, "vcan0");
    EXPECT_TRUE(lock);
    EXPECT_THAT(try_to_take(), HasSubstr("another bus of this process"));
}

TEST_F(Locking, IsPerNetworkNamespace) {
    const auto lock = InterfaceLock::take(kIfindex, "vcan0");
    ASSERT_TRUE(lock);
    const Process elsewhere(try_to_take, CLONE_NEWNET);
    EXPECT_EQ(elsewhere.said(), "taken");
}

TEST_F(Locking, HoldsAcrossPidNamespacesButCannotNameTheProcess) {
    const auto lock = InterfaceLock::take(kIfindex, "vcan0");
    const Process inside(try_to_take, CLONE_NEWPID);
    EXPECT_THAT(inside.said(), HasSubstr("a process of user 0 in another container"));
}

TEST_F(Locking, NamesAHolderInsideAPidNamespaceFromOutside) {
    const Process inside(take_for_good, CLONE_NEWPID);
    ASSERT_EQ(inside.said(), "taken");
    EXPECT_THAT(try_to_take(), AllOf(HasSubstr("process "), HasSubstr("(kernel_netlink)")));
}

}  // namespace
}  // namespace mqttcan::testing
