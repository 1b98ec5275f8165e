// SPDX-License-Identifier: MIT
#include "daemon/loop/rounds.hpp"

#include <gmock/gmock.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <optional>

namespace mqttcan::loop {
namespace {

using namespace std::chrono_literals;

/// An event, and how often it was looked after.
class Source {
  public:
    explicit Source(Rounds& rounds) { emplace(rounds); }
    void emplace(Rounds& rounds) {
        member.emplace(rounds, fd_.get(), [this] {
            std::uint64_t count = 0;
            seen += ::read(fd_.get(), &count, sizeof count) == sizeof count ? count : 0;
            ++calls;
            if (then) {
                then();
            }
        });
    }
    void happen() {
        const std::uint64_t one = 1;
        EXPECT_EQ(::write(fd_.get(), &one, sizeof one), static_cast<ssize_t>(sizeof one));
    }

    std::uint64_t seen = 0;
    int calls = 0;
    Callback then;
    std::optional<Rounds::Member> member;

  private:
    UniqueFd fd_{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
};

class RoundsTest : public testing::Test {
  protected:
    /// Runs the loop until `done`, or a deadline that no healthy run comes near.
    bool wait(const std::function<bool()>& done) {
        const TimePoint deadline = BootClock::now() + 30s;
        while (!done() && BootClock::now() < deadline) {
            loop_.run_once(100ms);
        }
        return done();
    }

    Loop loop_;
    Rounds rounds_{loop_};
};

TEST_F(RoundsTest, LookAfterTheFirstEventAtOnce) {
    Source source(rounds_);
    source.happen();
    loop_.run_once(30s);
    EXPECT_EQ(source.seen, 1U);
}

TEST_F(RoundsTest, LookAfterAllThatHappenedMeanwhileInOneGo) {
    Source first(rounds_);
    Source second(rounds_);
    first.happen();
    loop_.run_once(30s);
    ASSERT_EQ(first.calls, 1);
    std::uint64_t happened = 0;
    do {  // until the next round, however late this machine lets it be
        ++happened;
        first.happen();
        second.happen();
        loop_.run_once(0ms);
    } while (first.calls == 1);
    EXPECT_EQ(first.calls, 2);
    EXPECT_EQ(first.seen, happened + 1);
    EXPECT_EQ(second.calls, 1);
    EXPECT_EQ(second.seen, happened);
}

TEST_F(RoundsTest, GoOnByThemselvesWhileSomethingHappens) {
    Source source(rounds_);
    for (std::uint64_t i = 1; i <= 100; ++i) {
        source.happen();
        ASSERT_TRUE(wait([&] { return source.seen == i; })) << i;
    }
}

TEST_F(RoundsTest, WaitForNothingWhenSomebodyIsInAHurry) {
    Source quick(rounds_);
    Source other(rounds_);
    quick.member->set_hurry(true);
    for (std::uint64_t i = 1; i <= 100; ++i) {
        other.happen();
        loop_.run_once(30s);
        ASSERT_EQ(other.seen, i) << "one wake-up, no timer";
    }
}

TEST_F(RoundsTest, AreCalledAtOnceWhenSomebodyGetsIntoAHurryMeanwhile) {
    Source source(rounds_);
    source.happen();
    loop_.run_once(30s);
    source.happen();
    loop_.run_once(0ms);  // too early, as a rule
    source.member->set_hurry(true);
    ASSERT_TRUE(wait([&] { return source.seen == 2; }));
}

TEST_F(RoundsTest, LetMembersGoInTheMidstOfOne) {
    Source first(rounds_);
    Source second(rounds_);
    first.then = [&] { second.member.reset(); };
    second.then = [&] { first.member.reset(); };
    first.happen();
    second.happen();
    loop_.run_once(30s);
    EXPECT_EQ(first.calls + second.calls, 1) << "whoever came first, the other had gone";
}

TEST_F(RoundsTest, LetAMemberGoThatIsInAHurry) {
    Source source(rounds_);
    Source other(rounds_);
    source.member->set_hurry(true);
    source.member.reset();
    other.happen();
    loop_.run_once(30s);
    other.happen();
    loop_.run_once(0ms);
    other.happen();
    ASSERT_TRUE(wait([&] { return other.seen == 3; }));
    EXPECT_LE(other.calls, 3);
}

}  // namespace
}  // namespace mqttcan::loop
