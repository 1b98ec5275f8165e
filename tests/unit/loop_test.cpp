// SPDX-License-Identifier: MIT
#include "daemon/loop/loop.hpp"

#include <gmock/gmock.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <memory>
#include <string>

#include "base/unique_fd.hpp"

namespace mqttcan::loop {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

class LoopTest : public testing::Test {
  protected:
    /// Runs the loop until `done`, or a deadline that no healthy run comes near.
    bool wait(const std::function<bool()>& done) {
        const TimePoint deadline = BootClock::now() + 30s;
        while (!done() && BootClock::now() < deadline) {
            loop_.run_once(10s);
        }
        return done();
    }
    Callback note(std::string what) {
        return [this, what] { seen_.push_back(what); };
    }
    bool wait_for(std::size_t count) {
        return wait([this, count] { return seen_.size() >= count; });
    }

    Loop loop_;
    std::vector<std::string> seen_;
};

TEST_F(LoopTest, AShortTimerFiresOnceWhenItIsTime) {
    ShortTimer timer(loop_, note("short"));
    EXPECT_FALSE(timer.armed());
    const TimePoint due = BootClock::now() + 5ms;
    timer.arm(due);
    EXPECT_TRUE(timer.armed());
    ASSERT_TRUE(wait_for(1));
    EXPECT_GE(BootClock::now(), due);
    EXPECT_FALSE(timer.armed());
    loop_.run_once(5ms);
    EXPECT_THAT(seen_, ElementsAre("short"));
}

TEST_F(LoopTest, ShortTimersFireInTheirOrder) {
    ShortTimer second(loop_, note("second"));
    ShortTimer first(loop_, note("first"));
    const TimePoint now = BootClock::now();
    second.arm(now - 1ms);
    first.arm(now - 2ms);
    loop_.run_once(0s);
    EXPECT_THAT(seen_, ElementsAre("first", "second"));
}

TEST_F(LoopTest, AShortTimerThatIsDisarmedDoesNotFire) {
    ShortTimer first(loop_, note("first"));
    ShortTimer second(loop_, note("second"));
    ShortTimer third(loop_, [&] {
        seen_.emplace_back("third");
        second.disarm();
    });
    first.arm(BootClock::now());
    first.arm(BootClock::now() + 1h);
    third.arm(BootClock::now() - 2ms);
    second.arm(BootClock::now() - 1ms);
    loop_.run_once(0s);
    EXPECT_THAT(seen_, ElementsAre("third"));
}

TEST_F(LoopTest, AShortTimerMayArmItselfAnewAndDoesNotKeepOthersWaiting) {
    UniqueFd event(::eventfd(1, EFD_CLOEXEC));
    IoSource source(loop_, event.get(), note("descriptor"));
    std::optional<ShortTimer> timer;
    timer.emplace(loop_, [&] {
        seen_.emplace_back("short");
        timer->arm(BootClock::now());
    });
    timer->arm(BootClock::now());
    loop_.run_once(1s);
    loop_.run_once(1s);
    EXPECT_THAT(seen_, ElementsAre("descriptor", "short", "descriptor", "short"));
}

TEST_F(LoopTest, AShortTimerMayBeDestroyedByItsCallback) {
    std::unique_ptr<ShortTimer> timer;
    timer = std::make_unique<ShortTimer>(loop_, [&, what = std::string("a text that is kept elsewhere")] {
        timer.reset();
        seen_.push_back(what);
    });
    timer->arm(BootClock::now());
    ASSERT_TRUE(wait_for(1));
    EXPECT_THAT(seen_, ElementsAre("a text that is kept elsewhere"));
}

TEST_F(LoopTest, WhatAShortTimerAsksForComes) {
    Timer timer(loop_, note("timer"));
    Deferred deferred(loop_, note("deferred"));
    ShortTimer far(loop_, note("never"));
    far.arm(BootClock::now() + 1h);  // so that there is one all the time
    ShortTimer first(loop_, [&] { timer.arm(BootClock::now() + 2ms); });
    ShortTimer second(loop_, [&] { deferred.request(); });
    first.arm(BootClock::now() + 1ms);
    ASSERT_TRUE(wait_for(1));
    second.arm(BootClock::now() + 1ms);
    ASSERT_TRUE(wait_for(2));
    EXPECT_THAT(seen_, ElementsAre("timer", "deferred"));
}

TEST_F(LoopTest, ATimerIsServedWhileShortOnesComeAgainAndAgain) {
    ShortTimer beat(loop_, [&] { beat.arm(BootClock::now() + 1ms); });
    beat.arm(BootClock::now());
    loop_.run_once(1s);
    Timer timer(loop_, note("timer"));
    timer.arm(BootClock::now() + 20ms);
    ASSERT_TRUE(wait_for(1));
    timer.arm(BootClock::now() + 20ms);
    ASSERT_TRUE(wait_for(2));
}

TEST_F(LoopTest, ATimerThatIsArmedWhileNothingWaitsAnyMoreIsServed) {
    ShortTimer last(loop_, note("short"));
    Timer timer(loop_, note("timer"));
    last.arm(BootClock::now());
    ASSERT_TRUE(wait_for(1));
    last.arm(BootClock::now() + 1ms);
    ASSERT_TRUE(wait_for(2));
    timer.arm(BootClock::now() + 5ms);
    while (seen_.size() < 3) {
        loop_.run_once(24h);  // longer than the test may take: it has to be woken
    }
    EXPECT_THAT(seen_, ElementsAre("short", "short", "timer"));
}

TEST_F(LoopTest, AShortTimerMayStopIt) {
    ShortTimer timer(loop_, [&] { loop_.stop(7); });
    timer.arm(BootClock::now() + 1ms);
    EXPECT_EQ(loop_.run(), 7);
}

TEST_F(LoopTest, RunsNoLongerThanItsPatience) {
    ShortTimer far(loop_, note("never"));
    far.arm(BootClock::now() + 1h);
    loop_.run_once(1ms);
    loop_.run_once(1ms);
    EXPECT_THAT(seen_, ElementsAre());
}

}  // namespace
}  // namespace mqttcan::loop
