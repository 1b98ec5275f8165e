// SPDX-License-Identifier: MIT
#include "daemon/bridge/writer.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <deque>

#include "daemon/can/socket.hpp"

namespace mqttcan::bridge {
namespace {

using namespace std::chrono_literals;
using codec::Drop;

constexpr Duration kStall = 200ms;  // more than a loaded machine keeps anybody waiting
constexpr std::size_t kFrameBytes = 768;

/// The kernel's side: takes frames up to a limit, and the bus takes them from there when it is told to.
class FakeInterface final : public can::Sender {
  public:
    can::Sent send(std::span<const can::Frame> frames) override {
        can::Sent result;
        while (result.sent < frames.size()) {
            if (error != 0 || held.size() == room) {
                result.error = error != 0 ? error : full;
                break;
            }
            taken.push_back(frames[result.sent].id);
            held.push_back(frames[result.sent++].id);
            if (passes) {
                held.clear();
            }
        }
        return result;
    }
    std::size_t unsent_bytes() const override { return held.size() * kFrameBytes; }

    void let_leave(std::size_t frames) {
        held.erase(held.begin(), held.begin() + static_cast<std::ptrdiff_t>(frames));
    }

    std::size_t room = 7;
    int full = EAGAIN;
    int error = 0;
    bool passes = false;  ///< a bus that is idle
    std::vector<std::uint32_t> taken;
    std::deque<std::uint32_t> held;
};

class AWriter : public ::testing::Test {
  protected:
    void open(Proof proof, bool echoes) { writer.open(interface, proof, echoes); }
    void open(Proof proof) { open(proof, proof == Proof::echo); }
    void push(std::size_t frames) {
        for (std::size_t i = 0; i < frames; ++i) {
            can::Frame frame;
            frame.id = next++;
            frame.arrived = BootClock::now();
            writer.push(frame, BootClock::now());
        }
        writer.write();
    }
    template <typename Predicate>
    void run_until(Predicate done, Duration patience = 5s) {
        const TimePoint end = BootClock::now() + patience;
        while (!done() && BootClock::now() < end) {
            loop.run_once(1ms);
        }
        EXPECT_TRUE(done());
    }
    void run_for(Duration time) {
        const TimePoint end = BootClock::now() + time;
        while (BootClock::now() < end) {
            loop.run_once(1ms);
        }
    }
    void wait_stall() {
        const std::size_t before = stalls.size();
        run_until([&] { return stalls.size() > before; });
    }
    /// As the owner does it.
    void purge() {
        interface.held.clear();
        writer.purged();
    }
    std::uint64_t dropped(Drop reason) const { return count.dropped[static_cast<std::size_t>(reason)]; }

    struct Stall {
        std::uint64_t lost;
        bool again;
        bool operator==(const Stall&) const = default;
    };

    loop::Loop loop;
    config::ToBus settings{.max_age = 1h, .queue = 1000, .stall = kStall};
    codec::Counters count;
    FakeInterface interface;
    std::function<void()> listen;
    std::size_t sent = 0;
    std::vector<int> refusals;
    std::vector<Stall> stalls;
    std::vector<std::uint64_t> recoveries;
    Writer::Owner owner() {
        return {.listen =
                    [this] {
                        if (listen) {
                            listen();
                        }
                    },
                .sent = [this](std::span<const can::Frame> frames) { sent += frames.size(); },
                .refused =
                    [this](int error, const can::Frame&) {
                        refusals.push_back(error);
                        count.drop(Drop::refused);
                    },
                .stalled = [this](std::uint64_t lost, bool again) { stalls.push_back({lost, again}); },
                .recovered = [this](Duration, std::uint64_t lost) { recoveries.push_back(lost); }};
    }
    Writer writer{loop, settings, count, owner()};
    std::uint32_t next = 0;
};

TEST_F(AWriter, GoesOnByItselfWhenAQueueThatWasFullHasRoomAgain) {
    for (const int full : {EAGAIN, ENOBUFS}) {
        for (const Proof proof : {Proof::none, Proof::queue}) {
            interface = {};
            interface.full = full;
            next = 0;
            open(proof);
            push(10);
            EXPECT_EQ(interface.taken.size(), 7U);
            interface.let_leave(7);
            run_until([&] { return interface.taken.size() == 10; });
            writer.close(Drop::no_link);
        }
    }
    EXPECT_EQ(count.passed, 40U);
    EXPECT_EQ(count.dropped_total(), 0U);
    EXPECT_TRUE(stalls.empty());
}

TEST_F(AWriter, KeepsNoMoreThanAWindowOfFramesThatHaveNoEchoYet) {
    interface.room = 1000;
    open(Proof::echo);
    push(20);
    EXPECT_EQ(interface.taken.size(), 8U);
    writer.echoed(3);
    EXPECT_EQ(interface.taken.size(), 11U);
    writer.echoed(8);
    EXPECT_EQ(interface.taken.size(), 19U);
    writer.echoed(8);
    EXPECT_EQ(interface.taken.size(), 20U);
    EXPECT_EQ(count.passed, 20U);
}

TEST_F(AWriter, LetsNoMoreEchoesPileUpThanFitIntoTheReceiveBuffer) {
    settings.queue = 5000;
    Writer patient{loop, settings, count, owner()};
    interface.room = 10'000;
    interface.passes = true;
    patient.open(interface, Proof::none, true);
    for (std::size_t i = 0; i < 3000; ++i) {
        patient.push({}, BootClock::now());
    }
    patient.write();
    EXPECT_EQ(interface.taken.size(), 1024U);
    EXPECT_TRUE(patient.waits_for_echo());
    patient.echoed(1000);
    EXPECT_EQ(interface.taken.size(), 2024U);
    patient.lost_echoes();
    EXPECT_EQ(interface.taken.size(), 3000U);
    EXPECT_EQ(sent, 3000U) << "all were told of";
    run_for(2 * kStall);
    EXPECT_TRUE(stalls.empty()) << "they prove nothing, and so does their absence";
}

TEST_F(AWriter, IsNotMadeToBelieveInAnAdapterByEchoesThatItDidNotMake) {
    interface.room = 100;
    open(Proof::queue, true);
    push(10);
    writer.echoed(10);
    wait_stall();
    EXPECT_EQ(stalls, (std::vector<Stall>{{10, false}}));
}

TEST_F(AWriter, WaitsForNoEchoThatTheKernelMayHaveDropped) {
    interface.room = 1000;
    open(Proof::echo);
    push(10);
    writer.lost_echoes();
    EXPECT_EQ(interface.taken.size(), 10U);
    writer.lost_echoes();
    run_for(2 * kStall);
    EXPECT_TRUE(stalls.empty());
}

TEST_F(AWriter, IsPatientWithAnyQueueAsLongAsFramesLeave) {
    open(Proof::queue);
    push(40);
    while (!interface.held.empty()) {
        run_for(kStall / 4);
        interface.let_leave(1);
    }
    run_for(2 * kStall);
    EXPECT_EQ(interface.taken.size(), 40U);
    EXPECT_TRUE(stalls.empty());
    EXPECT_EQ(count.dropped_total(), 0U);
}

TEST_F(AWriter, IsPatientWithEchoesThatComeSlowly) {
    interface.room = 1000;
    open(Proof::echo);
    push(20);
    for (int i = 0; i < 20; ++i) {
        run_for(kStall / 4);
        writer.echoed(1);
    }
    run_for(2 * kStall);
    EXPECT_EQ(interface.taken.size(), 20U);
    EXPECT_TRUE(stalls.empty());
}

TEST_F(AWriter, IsPatientWithABusThatTakesFramesOfOthersOnly) {
    interface.room = 0;
    interface.full = ENOBUFS;
    open(Proof::echo);
    push(5);
    for (int i = 0; i < 20; ++i) {
        run_for(kStall / 4);
        writer.others_left();
    }
    EXPECT_TRUE(stalls.empty());
    interface.room = 10;
    run_until([&] { return interface.taken.size() == 5; });
    EXPECT_EQ(count.dropped_total(), 0U);
}

TEST_F(AWriter, GivesUpABusThatTakesNothingAndCountsAlsoWhatTheKernelHolds) {
    for (const Proof proof : {Proof::queue, Proof::echo}) {
        interface = {};
        count = {};
        stalls.clear();
        open(proof);
        push(20);
        const TimePoint start = BootClock::now();
        wait_stall();
        EXPECT_GE(BootClock::now() - start, kStall - 1ms);
        EXPECT_EQ(stalls, (std::vector<Stall>{{20, false}}));
        EXPECT_EQ(dropped(Drop::stalled), 20U);
        EXPECT_EQ(count.passed, 0U);
        writer.close(Drop::no_link);
    }
}

TEST_F(AWriter, GivesUpEvenASingleFrame) {
    open(Proof::queue);
    push(1);
    wait_stall();
    EXPECT_EQ(stalls, (std::vector<Stall>{{1, false}}));
}

TEST_F(AWriter, DoesNotTakeThePurgeForALivingBus) {
    open(Proof::queue);
    push(20);
    wait_stall();
    push(1);  // before the owner came to it
    interface.held.clear();
    push(1);
    EXPECT_TRUE(recoveries.empty());
    writer.purged();
    push(1);
    EXPECT_TRUE(recoveries.empty());
    EXPECT_EQ(interface.taken.size(), 7U);
    EXPECT_EQ(dropped(Drop::stalled), 23U);
}

TEST_F(AWriter, TriesADeadBusWithOneFrameAndTellsThatItDidSoInVain) {
    for (const Proof proof : {Proof::queue, Proof::echo}) {
        interface = {};
        stalls.clear();
        open(proof);
        push(20);
        wait_stall();
        purge();
        writer.heard();
        const std::size_t before = interface.taken.size();
        push(5);
        EXPECT_EQ(interface.taken.size(), before + 1);
        wait_stall();
        EXPECT_EQ(stalls.back(), (Stall{5, true}));
        purge();
        writer.close(Drop::no_link);
    }
    EXPECT_TRUE(recoveries.empty());
}

TEST_F(AWriter, TellsWhenADeadBusTakesAFrameAgain) {
    for (const Proof proof : {Proof::queue, Proof::echo}) {
        interface = {};
        recoveries.clear();
        open(proof);
        push(20);
        wait_stall();
        purge();
        push(3);  // in the pause
        writer.heard();
        interface.passes = true;
        push(4);
        if (proof == Proof::echo) {
            writer.echoed(1);
            EXPECT_EQ(interface.taken.back(), next - 1);
            writer.echoed(3);
        }
        EXPECT_EQ(recoveries, (std::vector<std::uint64_t>{23}));
        push(1);
        EXPECT_EQ(interface.taken.back(), next - 1);
        writer.close(Drop::no_link);
    }
}

TEST_F(AWriter, DropsWhatIsTooOldAndNotWhatWaitsBriefly) {
    settings.max_age = 30ms;
    open(Proof::queue);
    push(10);
    run_for(40ms);
    interface.let_leave(7);
    run_until([&] { return dropped(Drop::stale) == 3; });
    EXPECT_EQ(interface.taken.size(), 7U);
}

TEST_F(AWriter, WritesNothingInBusOffAndCountsWhatWaited) {
    open(Proof::queue);
    push(10);
    writer.set_bus_off(true);
    EXPECT_EQ(dropped(Drop::stalled), 10U);
    push(3);
    EXPECT_EQ(dropped(Drop::stalled), 13U);
    EXPECT_EQ(interface.taken.size(), 7U);
    run_for(2 * kStall);
    EXPECT_TRUE(stalls.empty()) << "the reason is known";
    purge();
    writer.set_bus_off(false);
    push(1);
    EXPECT_EQ(interface.taken.size(), 8U);
}

TEST_F(AWriter, ListensBeforeItGivesFramesToAnAdapterThatMaySwallowThem) {
    open(Proof::queue);
    push(7);
    listen = [this] { writer.set_bus_off(true); };
    interface.held.clear();  // by the kernel, since there is no carrier
    push(10);
    EXPECT_EQ(interface.taken.size(), 7U);
    EXPECT_EQ(dropped(Drop::stalled), 10U);
}

TEST_F(AWriter, CountsNothingAsLostInBusOffThatHadLeft) {
    open(Proof::queue);
    push(5);
    interface.let_leave(3);
    writer.set_bus_off(true);
    EXPECT_EQ(dropped(Drop::stalled), 2U);
    EXPECT_EQ(count.passed, 3U);
}

TEST_F(AWriter, DropsAllWhenTheLinkIsDown) {
    open(Proof::echo);
    interface.error = ENETDOWN;
    push(5);
    EXPECT_EQ(dropped(Drop::no_link), 5U);
}

TEST_F(AWriter, LeavesOutAFrameThatTheKernelRefuses) {
    open(Proof::none);
    interface.error = EINVAL;
    push(2);
    EXPECT_EQ(refusals, (std::vector<int>{EINVAL, EINVAL}));
    interface.error = 0;
    push(1);
    EXPECT_EQ(interface.taken, (std::vector<std::uint32_t>{2}));
}

TEST_F(AWriter, StartsAfreshWithAnotherInterface) {
    open(Proof::queue);
    push(20);
    wait_stall();
    writer.close(Drop::no_link);
    interface = {};
    open(Proof::queue);
    push(5);
    EXPECT_EQ(interface.taken.size(), 5U);
}

}  // namespace
}  // namespace mqttcan::bridge
