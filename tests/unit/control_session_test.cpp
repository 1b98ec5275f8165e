// SPDX-License-Identifier: MIT
#include "daemon/control/session.hpp"

#include <gtest/gtest.h>

#include <memory>

#include "control_conversation.hpp"
#include "daemon/control/interface.hpp"

namespace mqttcan::control::test {
namespace {

const std::string kNul(1, '\0');
const std::string kReload = request("org.mqttcan.Reload") + kNul;
const std::string kUnknown = request("org.mqttcan.Explode") + kNul;
const std::string kDone = R"({"parameters":{}})" + kNul;

class SessionTest : public testing::Test {
  protected:
    /// Goes on until there is something to send or nothing to do; what is to be sent.
    std::string run() {
        while (session_->can_proceed()) {
            EXPECT_TRUE(session_->proceed());
        }
        return std::string(session_->output());
    }
    void take_all() { session_->sent(session_->output().size()); }

    FakeHandler handler_;
    int wakes_ = 0;
    std::unique_ptr<Session> session_ = std::make_unique<Session>(handler_, "1", [this] { ++wakes_; });
};

TEST_F(SessionTest, AnswersARequestThatComesInPieces) {
    for (const char byte : kReload) {
        EXPECT_FALSE(session_->can_proceed());
        EXPECT_TRUE(session_->proceed());
        session_->receive({&byte, 1});
    }
    EXPECT_EQ(run(), kDone);
    EXPECT_EQ(wakes_, 0);
}

TEST_F(SessionTest, AnswersOneCallAfterTheOtherInTheirOrder) {
    session_->receive(kReload + kUnknown + kReload.substr(0, 10));
    EXPECT_EQ(run(), kDone);
    EXPECT_TRUE(session_->proceed());
    EXPECT_EQ(session_->output(), kDone) << "the next call waits until the answer is sent";
    session_->sent(5);
    EXPECT_EQ(session_->output(), kDone.substr(5));
    take_all();
    EXPECT_NE(run().find("MethodNotFound"), std::string::npos);
    take_all();
    EXPECT_EQ(run(), "");
    session_->receive(kReload.substr(10));
    EXPECT_EQ(run(), kDone);
}

TEST_F(SessionTest, DispatchesOneCallAtATime) {
    const std::string silent = R"({"method":"org.mqttcan.Reload","oneway":true})" + kNul;
    session_->receive(silent + silent);
    EXPECT_TRUE(session_->proceed());
    EXPECT_EQ(handler_.reloads, 1);
    EXPECT_TRUE(session_->can_proceed());
    EXPECT_EQ(run(), "");
    EXPECT_EQ(handler_.reloads, 2);
}

TEST_F(SessionTest, LetsCallsWaitWhileOneIsBeingAnswered) {
    handler_.later = true;
    session_->receive(kReload + kUnknown);
    EXPECT_EQ(run(), "");
    EXPECT_TRUE(session_->busy());
    EXPECT_TRUE(session_->proceed());
    EXPECT_EQ(session_->output(), "");
    handler_.waiting.at(0)(Done{});
    EXPECT_EQ(wakes_, 1);
    EXPECT_FALSE(session_->busy());
    EXPECT_EQ(session_->output(), kDone);
    take_all();
    EXPECT_NE(run().find("MethodNotFound"), std::string::npos);
}

TEST_F(SessionTest, ForgetsAnAnswerThatComesAfterItsEnd) {
    handler_.later = true;
    session_->receive(kReload);
    EXPECT_EQ(run(), "");
    session_.reset();
    handler_.waiting.at(0)(Done{});
    EXPECT_EQ(wakes_, 0);
}

TEST_F(SessionTest, EndsOnWhatIsNoVarlink) {
    session_->receive("hello" + kNul + kReload);
    EXPECT_FALSE(session_->proceed());
    EXPECT_FALSE(session_->proceed()) << "for good";
    EXPECT_EQ(handler_.reloads, 0);
}

TEST_F(SessionTest, TakesARequestOfTheGreatestLengthAndNoLongerOne) {
    std::string longest = kReload.substr(0, kReload.size() - 1);
    longest.resize(kLongestRequest, ' ');
    session_->receive(longest);
    EXPECT_TRUE(session_->proceed());
    session_->receive(kNul);
    EXPECT_EQ(run(), kDone);
    take_all();
    session_->receive(longest + ' ' + kNul);
    EXPECT_FALSE(session_->proceed());
    EXPECT_EQ(handler_.reloads, 1);
}

TEST_F(SessionTest, EndsAsSoonAsARequestIsTooLongThoughItHasNoEnd) {
    session_->receive(std::string(kLongestRequest, ' '));
    EXPECT_TRUE(session_->proceed());
    session_->receive(" ");
    EXPECT_FALSE(session_->proceed());
}

TEST_F(SessionTest, AnswersWithinItsBoundWhateverItIsAsked) {
    std::string name(kLongestRequest - 100, 'x');
    session_->receive(request("org.mqttcan." + name) + kNul);
    EXPECT_LE(run().size(), kLongestReply);
    take_all();
    std::string controls;
    while (controls.size() < kLongestRequest - 100) {
        controls += "\\u0001";
    }
    session_->receive(R"({"method":"org.mqttcan.)" + controls + "\"}" + kNul);
    EXPECT_LE(run().size(), kLongestReply);
}

}  // namespace
}  // namespace mqttcan::control::test
