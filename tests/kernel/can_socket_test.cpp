// SPDX-License-Identifier: MIT
// The CAN socket on a kernel: what it is set to takes effect.
#include "daemon/can/socket.hpp"

#include <gtest/gtest.h>
#include <linux/can/error.h>
#include <net/if.h>
#include <poll.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <vector>

#include "daemon/can/id_filter.hpp"
#include "tests/support/own_namespace.hpp"
#include "tests/support/random_id_filters.hpp"

namespace mqttcan::can {
namespace {

using namespace mqttcan::testing;

class CanSocket : public ::testing::Test {
  protected:
    void SetUp() override {
        ASSERT_EQ(std::system("ip link add vtest mtu 72 type vcan && ip link set vtest up"), 0);
        ifindex_ = static_cast<int>(::if_nametoindex("vtest"));
    }
    void TearDown() override { ASSERT_EQ(std::system("ip link delete vtest"), 0); }

    Socket open(const SocketOptions& options) const { return Socket::open(ifindex_, options).value(); }

    /// Sends all, in as many calls as it takes.
    static void send_all(Socket& from, std::span<const Frame> frames) {
        while (!frames.empty()) {
            const Sent sent = from.send(frames);
            ASSERT_EQ(sent.error, 0);
            frames = frames.subspan(sent.sent);
        }
    }
    /// The same, and the mark.
    static void send_to_mark(Socket& from, std::vector<Frame> frames) {
        frames.push_back(error_frame(CAN_ERR_RESTARTED));
        send_all(from, frames);
    }
    /// What comes up to the mark, an error frame of a class that no test sends otherwise: those pass all
    /// filters.
    static std::vector<Frame> receive_to_mark(Socket& from) {
        std::vector<Frame> all;
        std::vector<Frame> batch(Socket::kBatch);
        while (all.empty() || !is_mark(all.back())) {
            pollfd waiting{.fd = from.fd(), .events = POLLIN, .revents = 0};
            if (::poll(&waiting, 1, 10'000) != 1) {
                ADD_FAILURE() << "no mark came";
                return all;
            }
            const Received received = from.receive(batch).value();
            all.insert(all.end(), batch.begin(),
                       batch.begin() + static_cast<std::ptrdiff_t>(received.frames));
        }
        all.pop_back();
        return all;
    }
    static bool is_mark(const Frame& received) { return received.error && received.id == CAN_ERR_RESTARTED; }
    static Frame error_frame(std::uint32_t classes) {
        Frame made = frame(classes);
        made.error = true;
        made.length = CAN_ERR_DLC;
        return made;
    }
    /// Frames that a filter could get wrong, of every kind.
    static std::vector<Frame> critical_frames(const IdFilter& filter) {
        std::vector<Frame> frames;
        for (std::uint32_t id = 0; id <= kMaxStandardId; id += 3) {
            frames.push_back(frame(id));
            frames.back().remote = id % 2 == 1;
        }
        for (const std::uint32_t id : critical_extended_ids(filter)) {
            frames.push_back(frame(id, true));
            frames.back().fd = id % 2 == 1;
        }
        return frames;
    }

    OwnNamespace namespace_;
    int ifindex_ = 0;
};

TEST_F(CanSocket, ReceivesWhatItsFilterLetsThroughIfTheKernelCanSayItExactly) {
    RandomFilters random;
    Socket sender = open({});
    for (int round = 0; round < 25; ++round) {
        SCOPED_TRACE(round);
        const IdFilter said = random.next();
        const KernelFilters filters = compile(said);
        ASSERT_TRUE(filters.exact);
        Socket receiver = open({.error_frames = true, .filters = filters});
        const std::vector<Frame> sent = critical_frames(said);
        send_to_mark(sender, sent);
        std::vector<Frame> wanted;
        std::ranges::copy_if(sent, std::back_inserter(wanted),
                             [filter = FrameFilter(said)](const Frame& f) { return filter.passes(f); });
        const std::vector<Frame> received = receive_to_mark(receiver);
        ASSERT_EQ(received.size(), wanted.size());
        for (std::size_t i = 0; i < wanted.size(); ++i) {
            ASSERT_TRUE(received[i].same_content(wanted[i])) << i << ": " << std::hex << received[i].id;
        }
    }
}

TEST_F(CanSocket, TakesAsManyFiltersAsTheKernelDoes) {
    IdFilter filter;
    for (std::uint32_t i = 0; i < KernelFilters::kMost; ++i) {
        filter.allow.push_back(one(2 * i));
    }
    Socket receiver = open({.error_frames = true, .filters = compile(filter)});
    Socket sender = open({});
    const std::vector<Frame> sent = {frame(0x2), frame(0x3), frame(0x3fe), frame(0x400)};
    send_to_mark(sender, sent);
    EXPECT_EQ(receive_to_mark(receiver).size(), 2U);
}

TEST_F(CanSocket, ReceivesErrorFramesWhateverItsFilter) {
    Socket sender = open({});
    for (const IdFilter& said : {IdFilter{.deny = {one(1)}}, IdFilter{.deny = {one(1), one(2), one(3, true)}},
                                 IdFilter{.allow = {one(1)}, .deny = {one(1)}}}) {
        Socket receiver = open({.error_frames = true, .filters = compile(said)});
        const std::vector<Frame> sent = {frame(1), error_frame(CAN_ERR_PROT), error_frame(CAN_ERR_BUSOFF)};
        send_to_mark(sender, sent);
        EXPECT_EQ(receive_to_mark(receiver).size(), 2U);
    }
}

TEST_F(CanSocket, ReceivesOnlyTheErrorFramesThatTellAState) {
    Socket receiver = open({.controller_states = true});
    Socket deaf = open({});
    Socket sender = open({});
    const std::vector<Frame> sent = {error_frame(CAN_ERR_PROT | CAN_ERR_BUSERROR), error_frame(CAN_ERR_ACK),
                                     error_frame(CAN_ERR_CRTL), error_frame(CAN_ERR_BUSOFF)};
    send_to_mark(sender, sent);
    const std::vector<Frame> received = receive_to_mark(receiver);
    ASSERT_EQ(received.size(), 2U);
    EXPECT_EQ(received[0].id, std::uint32_t{CAN_ERR_CRTL});
    EXPECT_EQ(received[1].id, std::uint32_t{CAN_ERR_BUSOFF});
    std::vector<Frame> batch(Socket::kBatch);
    EXPECT_EQ(deaf.receive(batch).value().frames, 0U) << "though the mark has passed it";
}

TEST_F(CanSocket, HasNothingUnsentOnAVirtualBus) {
    Socket sender = open({.send_buffer = 1});
    const std::vector<Frame> sent(1000, frame(0x123));
    send_all(sender, sent);
    EXPECT_EQ(sender.unsent_bytes(), 0U);
}

TEST_F(CanSocket, GivesBackItsOwnFramesMarkedAsEchoesIfAskedTo) {
    Socket hears = open({.controller_states = true, .echoes = true});
    Socket deaf = open({.controller_states = true});
    Frame frame;
    frame.fd = frame.brs = frame.extended = true;
    frame.id = 0x18AE8C59;
    frame.length = 12;
    frame.data[11] = std::byte{0xab};
    send_all(hears, std::span(&frame, 1));
    send_to_mark(deaf, {frame});
    const std::vector<Frame> heard = receive_to_mark(hears);
    ASSERT_EQ(heard.size(), 2U);
    EXPECT_TRUE(heard[0].echo && heard[0].same_content(frame)) << "its own";
    EXPECT_TRUE(!heard[1].echo && heard[1].same_content(frame)) << "another program's, the same otherwise";
    send_to_mark(hears, {});
    const std::vector<Frame> others = receive_to_mark(deaf);
    ASSERT_EQ(others.size(), 1U);
    EXPECT_FALSE(others[0].echo) << "to everybody else it is a frame";
}

}  // namespace
}  // namespace mqttcan::can
