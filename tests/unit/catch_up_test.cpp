// SPDX-License-Identifier: MIT
#include "daemon/mqtt/catch_up.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <initializer_list>

namespace mqttcan::mqtt {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint kStart{1000s};

/// A train of ticks 1 to 4, 5 to 8, ... that comes back with a message before each of those named.
void pass_train(CatchUp& catch_up, std::uint64_t first, std::initializer_list<std::uint64_t> after_messages) {
    catch_up.train_sent(first, first + 3, kStart);
    for (std::uint64_t number = first; number < first + 4; ++number) {
        if (std::ranges::find(after_messages, number) != after_messages.end()) {
            catch_up.message();
        }
        catch_up.returned(number);
    }
}

TEST(CatchUp, IsDoneWhenTwoTrainsCameBackWithAGap) {
    CatchUp catch_up;
    pass_train(catch_up, 1, {});
    EXPECT_FALSE(catch_up.done());
    pass_train(catch_up, 5, {5, 7});
    EXPECT_TRUE(catch_up.done());
    EXPECT_EQ(catch_up.next_train(), std::nullopt);
}

TEST(CatchUp, LastsAsLongAsAMessageComesBeforeEachTick) {
    CatchUp catch_up;
    for (std::uint64_t first = 1; first < 400; first += 4) {
        pass_train(catch_up, first, {first, first + 1, first + 2, first + 3});
        EXPECT_FALSE(catch_up.done());
    }
}

TEST(CatchUp, StartsOverWhenABacklogShowsAfterAGap) {
    CatchUp catch_up;
    pass_train(catch_up, 1, {});
    pass_train(catch_up, 5, {6, 7, 8});
    pass_train(catch_up, 9, {});
    EXPECT_FALSE(catch_up.done());
    pass_train(catch_up, 13, {});
    EXPECT_TRUE(catch_up.done());
}

TEST(CatchUp, IsDoneForTheWholeSession) {
    CatchUp catch_up;
    pass_train(catch_up, 1, {});
    pass_train(catch_up, 5, {});
    pass_train(catch_up, 9, {9, 10, 11, 12});
    EXPECT_TRUE(catch_up.done()) << "traffic is no backlog";
}

TEST(CatchUp, LearnsNothingFromATickThatWasSentAlone) {
    CatchUp catch_up;
    for (std::uint64_t number = 1; number < 10; ++number) {
        catch_up.train_sent(number, number, kStart);
        catch_up.returned(number);
    }
    EXPECT_FALSE(catch_up.done());
}

TEST(CatchUp, LearnsNothingWhereATickIsMissing) {
    CatchUp catch_up;
    pass_train(catch_up, 1, {});
    catch_up.train_sent(5, 7, kStart);
    catch_up.returned(5);
    catch_up.returned(7);
    EXPECT_FALSE(catch_up.done());
}

TEST(CatchUp, TriesAgainSoonWhileABacklogShows) {
    CatchUp catch_up;
    pass_train(catch_up, 1, {1, 2, 3, 4});
    EXPECT_EQ(catch_up.next_train(), kStart + CatchUp::kAgain);
    pass_train(catch_up, 5, {});
    EXPECT_EQ(catch_up.next_train(), kStart + CatchUp::kPause) << "to see whether it was a mere pause";
}

TEST(CatchUp, GoesOnWhenTheEndOfATrainIsMissing) {
    CatchUp catch_up;
    catch_up.train_sent(1, 3, kStart);
    catch_up.returned(1);
    EXPECT_EQ(catch_up.next_train(), std::nullopt);
    catch_up.returned(4);
    EXPECT_EQ(catch_up.next_train(), kStart + CatchUp::kAgain);
}

TEST(CatchUp, LearnsNothingFromTicksOfBeforeTheTrain) {
    CatchUp catch_up;
    pass_train(catch_up, 1, {});
    catch_up.train_sent(7, 10, kStart);
    for (std::uint64_t number = 5; number <= 10; ++number) {
        catch_up.returned(number);
        if (number >= 7) {
            catch_up.message();
        }
    }
    EXPECT_FALSE(catch_up.done());
}

TEST(CatchUp, SendsATrainAMomentAfterTheLastOne) {
    CatchUp catch_up;
    catch_up.train_sent(1, 4, kStart);
    for (std::uint64_t number = 1; number <= 4; ++number) {
        EXPECT_EQ(catch_up.next_train(), std::nullopt) << "one is under way";
        catch_up.returned(number);
    }
    EXPECT_EQ(catch_up.next_train(), kStart + CatchUp::kPause);
}

}  // namespace
}  // namespace mqttcan::mqtt
