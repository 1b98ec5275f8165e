// SPDX-License-Identifier: MIT
#include "daemon/mqtt/paho_waits.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <pthread.h>
#include <unistd.h>

#include <array>
#include <future>
#include <thread>

#include "base/unique_fd.hpp"

namespace mqttcan::mqtt {
namespace {

using namespace std::chrono_literals;

constexpr int kForEver = 3'600'000;  // milliseconds: no test waits for its end

/// A descriptor on which something may be read, or not.
class Pipe {
  public:
    Pipe() {
        std::array<int, 2> ends{};
        EXPECT_EQ(::pipe(ends.data()), 0);
        out_ = UniqueFd(ends[0]);
        in_ = UniqueFd(ends[1]);
    }
    void fill() const { EXPECT_EQ(::write(in_.get(), "x", 1), 1); }
    pollfd out() const { return {out_.get(), POLLIN, 0}; }

  private:
    UniqueFd out_;
    UniqueFd in_;
};

/// Does as a thread of that name would.
template <typename Call>
auto as_thread(const char* name, Call call) {
    return std::async(std::launch::async, [name, call]() mutable {
        ::pthread_setname_np(::pthread_self(), name);
        return call();
    });
}

template <typename Call>
auto as_paho(Call call) {
    return as_thread("MQTTAsync_rcv", call);
}

template <typename Future>
bool ends(const Future& future) {
    return future.wait_for(30s) == std::future_status::ready;
}

TEST(PahoWaits, EndWhenAttentionIsAskedFor) {
    const Pipe pipe;
    auto look = as_paho([fd = pipe.out()]() mutable { return ::poll(&fd, 1, kForEver); });
    {
        const PahoAttention attention;
        ASSERT_TRUE(ends(look));
        EXPECT_EQ(look.get(), 0) << "as after a time-out";
    }
    auto nap = as_paho([] { return ::usleep(3'600'000'000U); });
    const PahoAttention attention;
    ASSERT_TRUE(ends(nap));
}

TEST(PahoWaits, AreShortAsLongAsAttentionIsAskedFor) {
    const Pipe pipe;
    const PahoAttention attention;
    auto looks = as_paho([fd = pipe.out()]() mutable {
        for (int i = 0; i < 10; ++i) {
            EXPECT_EQ(::poll(&fd, 1, kForEver), 0);
            EXPECT_EQ(::usleep(3'600'000'000U), 0);
        }
        return true;
    });
    ASSERT_TRUE(ends(looks));
}

TEST(PahoWaits, TellWhichDescriptorIsReady) {
    const Pipe idle;
    const Pipe full;
    full.fill();
    std::array fds{idle.out(), full.out()};
    fds[0].revents = POLLERR;
    auto look = as_paho([&] { return ::poll(fds.data(), fds.size(), kForEver); });
    ASSERT_TRUE(ends(look));
    EXPECT_EQ(look.get(), 1);
    EXPECT_EQ(fds[0].revents, 0);
    EXPECT_EQ(fds[1].revents, POLLIN);
}

TEST(PahoWaits, AreShortNapsAfterALook) {
    const Pipe full;
    full.fill();
    auto nap = as_paho([fd = full.out()]() mutable {
        EXPECT_EQ(::poll(&fd, 1, kForEver), 1);
        return ::usleep(3'600'000'000U);
    });
    ASSERT_TRUE(ends(nap));
}

TEST(PahoWaits, AreLibcsForOtherThreads) {
    const Pipe full;
    full.fill();
    const PahoAttention attention;
    auto look = as_thread("somebody", [fd = full.out()]() mutable { return ::poll(&fd, 1, kForEver); });
    ASSERT_TRUE(ends(look));
    EXPECT_EQ(look.get(), 1);
    const Pipe idle;
    auto never = as_thread("somebody", [fd = idle.out()]() mutable { return ::poll(&fd, 1, kForEver); });
    EXPECT_EQ(never.wait_for(100ms), std::future_status::timeout) << "attention is no business of theirs";
    idle.fill();
    ASSERT_TRUE(ends(never));
    EXPECT_EQ(never.get(), 1);
}

}  // namespace
}  // namespace mqttcan::mqtt
