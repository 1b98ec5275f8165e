// SPDX-License-Identifier: MIT
#include "daemon/mqtt/inbox.hpp"

#include <gmock/gmock.h>
#include <poll.h>

#include <thread>

namespace mqttcan::mqtt {
namespace {

bool readable(const Inbox& inbox) {
    pollfd wait{inbox.fd(), POLLIN, 0};
    return ::poll(&wait, 1, 0) == 1;
}

std::string payload(const Inbox::Batch& batch, const Inbox::Item& item) {
    const auto bytes = batch.payload(item);
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

class InboxTest : public testing::Test {
  protected:
    InboxTest() { inbox_.set_routes({{"can/", 0}, {"can/s/", 1}}, 2); }
    Inbox inbox_;
    Inbox::Batch batch_;
};

TEST_F(InboxTest, DeliversMessagesAndControlInTheOrderInWhichTheyHappened) {
    EXPECT_FALSE(readable(inbox_));
    inbox_.message("can/291", "first", false);
    inbox_.control({.kind = Control::Kind::acknowledged, .number = 7});
    inbox_.message("can/s/1", "second", true);
    EXPECT_TRUE(readable(inbox_));
    inbox_.take(batch_);
    EXPECT_FALSE(readable(inbox_));
    ASSERT_EQ(batch_.items.size(), 3U);
    EXPECT_EQ(batch_.items[0].slot, 0U);
    EXPECT_EQ(batch_.level(batch_.items[0]), "291");
    EXPECT_EQ(payload(batch_, batch_.items[0]), "first");
    EXPECT_TRUE(batch_.items[1].is_control);
    EXPECT_EQ(batch_.controls[batch_.items[1].at].number, 7U);
    EXPECT_EQ(batch_.items[2].slot, 1U);
    EXPECT_TRUE(batch_.items[2].retained);
}

TEST_F(InboxTest, CountsMessagesThatNobodyAskedFor) {
    inbox_.message("other/1", "x", false);
    inbox_.message("can", "x", false);
    inbox_.message("can/s/1/2", "x", false);
    inbox_.take(batch_);
    EXPECT_TRUE(batch_.items.empty());
    EXPECT_EQ(batch_.unrouted, 3U);
}

TEST_F(InboxTest, DropsTheOldestMessagesWhenItIsFullButNeverControl) {
    inbox_.message("can/s/1", "old", false);
    inbox_.control({.kind = Control::Kind::acknowledged, .number = 7});
    for (std::size_t i = 0; i < Inbox::kMaxMessages; ++i) {
        inbox_.message("can/1", "new", false);
    }
    inbox_.take(batch_);
    EXPECT_THAT(batch_.dropped, testing::ElementsAre(Inbox::kMaxMessages - 1, 1));
    ASSERT_EQ(batch_.items.size(), 2U);
    EXPECT_TRUE(batch_.items[0].is_control);
    EXPECT_EQ(payload(batch_, batch_.items[1]), "new");
    inbox_.take(batch_);
    EXPECT_THAT(batch_.dropped, testing::ElementsAre(0, 0)) << "a loss is told once";
}

TEST_F(InboxTest, ForgetsAConnectionThatWasGivenUpButNotWhatWasAskedElsewhere) {
    inbox_.message("can/1", "stale", false);
    inbox_.control({.kind = Control::Kind::lost});
    inbox_.control({.kind = Control::Kind::diagnosed, .text = "cause"});
    EXPECT_THAT(inbox_.forget_messages(), testing::ElementsAre(1, 0)) << "what is forgotten is counted";
    inbox_.take(batch_);
    ASSERT_EQ(batch_.items.size(), 1U);
    EXPECT_EQ(batch_.controls[batch_.items[0].at].text, "cause");
}

TEST_F(InboxTest, KeepsNoMoreOfALargeMessageThanShowsThatItIsNoFrame) {
    inbox_.message("can/" + std::string(1000, '1'), std::string(1'000'000, 'x'), false);
    inbox_.take(batch_);
    ASSERT_EQ(batch_.items.size(), 1U);
    EXPECT_EQ(batch_.level(batch_.items[0]).size(), Inbox::kMaxLevel);
    EXPECT_EQ(payload(batch_, batch_.items[0]).size(), Inbox::kMaxPayload);
}

TEST_F(InboxTest, WakesNobodyWhoLooksAgainByItself) {
    inbox_.message("can/1", "first", false);
    inbox_.take(batch_, true);
    inbox_.message("can/1", "second", false);
    inbox_.control({.kind = Control::Kind::lost});
    EXPECT_FALSE(readable(inbox_));
    inbox_.take(batch_, true);
    EXPECT_EQ(batch_.items.size(), 2U);
    inbox_.take(batch_, true);
    EXPECT_TRUE(batch_.items.empty());
    inbox_.message("can/1", "third", false);
    EXPECT_TRUE(readable(inbox_)) << "who found nothing does not look again";
}

TEST_F(InboxTest, LetsTheLoopSnoozeUntilItLooksByItself) {
    inbox_.message("can/1", "first", false);
    inbox_.snooze();
    EXPECT_FALSE(readable(inbox_));
    inbox_.message("can/1", "second", false);
    EXPECT_FALSE(readable(inbox_));
    inbox_.take(batch_);
    EXPECT_EQ(batch_.items.size(), 2U);
    inbox_.message("can/1", "third", false);
    EXPECT_TRUE(readable(inbox_));
}

TEST_F(InboxTest, TakesMessagesFromSeveralThreads) {
    constexpr int kEach = 5000;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([this] {
            for (int n = 0; n < kEach; ++n) {
                inbox_.message("can/1", "payload", false);
            }
        });
    }
    std::size_t taken = 0;
    while (taken < 4 * kEach) {
        pollfd wait{inbox_.fd(), POLLIN, 0};
        ASSERT_EQ(::poll(&wait, 1, 10'000), 1);
        inbox_.take(batch_);
        taken += batch_.items.size();
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    EXPECT_EQ(taken, 4U * kEach);
}

}  // namespace
}  // namespace mqttcan::mqtt
