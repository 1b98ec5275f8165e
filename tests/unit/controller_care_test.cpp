// SPDX-License-Identifier: MIT
#include "daemon/supervisor/controller_care.hpp"

#include <gmock/gmock.h>

#include "tests/support/fake_links.hpp"

namespace mqttcan::supervisor {
namespace {

using namespace std::chrono_literals;
using netlink::ControllerState;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Lines = std::vector<std::string>;

class RecordingLog final : public LogSink {
  public:
    void write(const LogRecord& record) override { lines.emplace_back(record.message); }
    Lines lines;
};

class AControllersCare : public ::testing::Test {
  protected:
    static constexpr ControllerCare::Pauses kPauses{
        .interval = 20ms, .soon = 5ms, .first = 40ms, .longest = 160ms, .healthy = 400ms};

    ControllerCare make(bool heal = true) {
        return {loop,
                links,
                heal,
                Log(log),
                {.changed = [this](const auto& status) { told.push_back(status ? status->state : "none"); },
                 .cycle = [this]() -> Result<void> {
                     ++cycles;
                     cycled_at.push_back(BootClock::now());
                     if (cycle_heals) {
                         become(ControllerState::error_active);
                     }
                     return {};
                 }},
                kPauses};
    }
    void become(ControllerState state) {
        links.tamper(card, [state](netlink::Link& link) { link.controller->state = state; });
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
    void wait_told(const std::string& state) {
        run_until([&] { return !told.empty() && told.back() == state; });
    }
    netlink::ControllerStatistics& counters() { return links.counters(card); }

    loop::Loop loop;
    testing::FakeLinks links;
    int card = links.add_hardware("can0", true);
    RecordingLog log;
    Lines told;
    int cycles = 0;
    std::vector<TimePoint> cycled_at;
    bool cycle_heals = true;
};

TEST_F(AControllersCare, TellsTheStateAtOnceAndAHealthyOneWithoutWords) {
    auto care = make();
    care.open(card, Log(log));
    EXPECT_THAT(told, ElementsAre("error-active"));
    run_until([&] { return told.size() > 3; });
    EXPECT_THAT(log.lines, IsEmpty());
}

TEST_F(AControllersCare, FollowsWarningPassiveAndRecoveryAndNamesCausesOnce) {
    auto care = make();
    care.open(card, Log(log));
    become(ControllerState::error_warning);
    wait_told("error-warning");
    become(ControllerState::error_passive);
    wait_told("error-passive");
    run_for(100ms);
    become(ControllerState::error_active);
    wait_told("error-active");
    EXPECT_THAT(log.lines, ElementsAre(HasSubstr("error-warning"),
                                       AllOf(HasSubstr("error-passive"), HasSubstr("bit rate"),
                                             HasSubstr("termination"), HasSubstr("oscillator")),
                                       AllOf(HasSubstr("error-active again"), HasSubstr("0.1 s"))));
}

TEST_F(AControllersCare, LooksSoonWhenSomethingCalls) {
    auto care = make();
    care.open(card, Log(log));
    become(ControllerState::error_passive);
    const TimePoint start = BootClock::now();
    care.look_soon();
    care.look_soon();
    wait_told("error-passive");
    EXPECT_LT(BootClock::now() - start, kPauses.interval);
}

TEST_F(AControllersCare, LooksThoughCallsNeverEnd) {
    auto care = make();
    care.open(card, Log(log));
    become(ControllerState::error_passive);
    const TimePoint end = BootClock::now() + 200ms;
    while (BootClock::now() < end && told.back() != "error-passive") {
        care.look_soon();
        loop.run_once(0ms);
    }
    EXPECT_EQ(told.back(), "error-passive");
}

TEST_F(AControllersCare, RestartsItAfterAPauseAndSaysHowLongItTook) {
    auto care = make();
    care.open(card, Log(log));
    become(ControllerState::bus_off);
    care.look_soon();
    wait_told("bus-off");
    EXPECT_THAT(log.lines, ElementsAre(AllOf(HasSubstr("bus-off"), HasSubstr("restarted in"))));
    wait_told("error-active");
    EXPECT_EQ(counters().restarts, 1U);
    EXPECT_THAT(log.lines, ElementsAre(HasSubstr("bus-off"), HasSubstr("again")));
    EXPECT_EQ(cycles, 0);
    run_for(2 * kPauses.first);
    EXPECT_EQ(counters().restarts, 1U);
}

TEST_F(AControllersCare, RestartsItWithGrowingPausesWhenItFallsAgain) {
    auto care = make();
    care.open(card, Log(log));
    std::vector<Duration> pauses;
    for (int fall = 0; fall < 4; ++fall) {
        become(ControllerState::bus_off);
        care.look_soon();
        wait_told("bus-off");
        const TimePoint start = BootClock::now();
        wait_told("error-active");
        pauses.push_back(BootClock::now() - start);
    }
    EXPECT_GE(pauses[0], kPauses.first - 1ms);
    EXPECT_GE(pauses[1], 2 * kPauses.first - 1ms);
    EXPECT_GE(pauses[2], 4 * kPauses.first - 1ms);
    EXPECT_GE(pauses[3], kPauses.longest - 1ms);
    EXPECT_LT(pauses[3], 2 * kPauses.longest);
    run_for(kPauses.healthy + 10ms);  // a new story
    become(ControllerState::bus_off);
    care.look_soon();
    wait_told("bus-off");
    const TimePoint start = BootClock::now();
    wait_told("error-active");
    EXPECT_LT(BootClock::now() - start, 2 * kPauses.first);
}

TEST_F(AControllersCare, LeavesARestartToTheKernelIfThatDoesIt) {
    auto care = make();
    links.tamper(card, [](netlink::Link& link) { link.controller->settings.restart = 100ms; });
    care.open(card, Log(log));
    become(ControllerState::bus_off);
    wait_told("bus-off");
    run_for(4 * kPauses.first);
    EXPECT_EQ(counters().restarts, 0U);
    EXPECT_THAT(log.lines, ElementsAre(HasSubstr("the kernel restarts it after 100 ms")));
}

TEST_F(AControllersCare, LeavesItInBusOffIfTheBusSaysSo) {
    auto care = make(false);
    care.open(card, Log(log));
    become(ControllerState::bus_off);
    wait_told("bus-off");
    run_for(4 * kPauses.first);
    EXPECT_EQ(counters().restarts, 0U);
    EXPECT_EQ(told.back(), "bus-off");
    EXPECT_THAT(log.lines, ElementsAre(HasSubstr("ip link set can0 type can restart")));
}

class ASerialAdaptersCare : public AControllersCare {
  protected:
    void SetUp() override {
        links.plug("/dev/ttyACM0");
        auto made = links.attach_slcan({.device = "/dev/ttyACM0",
                                        .name = InterfaceName::parse("slcan0").value(),
                                        .alias = "mqttcan:van"});
        ASSERT_TRUE(made);
        card = made->link.ifindex;
        held.emplace(std::move(made->tty));
        ASSERT_TRUE(links.set_up(card));
    }
    std::optional<netlink::AttachedTty> held;
};

TEST_F(ASerialAdaptersCare, SetsTheLinkDownAndUpForWantOfARestart) {
    auto care = make();
    care.open(card, Log(log));
    become(ControllerState::bus_off);
    wait_told("bus-off");
    wait_told("error-active");
    EXPECT_EQ(cycles, 1);
}

TEST_F(ASerialAdaptersCare, TriesAgainWithGrowingPausesUntilItHelps) {
    cycle_heals = false;
    auto care = make();
    care.open(card, Log(log));
    become(ControllerState::bus_off);
    run_until([&] { return cycles == 3; });
    EXPECT_GE(cycled_at[1] - cycled_at[0], 2 * kPauses.first - 1ms);
    EXPECT_GE(cycled_at[2] - cycled_at[1], 4 * kPauses.first - 1ms);
    cycle_heals = true;
    wait_told("error-active");
    EXPECT_THAT(log.lines, ElementsAre(HasSubstr("bus-off"), HasSubstr("again")));
}

TEST_F(AControllersCare, SaysNothingOfAControllerThatIsStopped) {
    auto care = make();
    care.open(card, Log(log));
    become(ControllerState::bus_off);
    wait_told("bus-off");
    become(ControllerState::stopped);  // set down, by whomever
    wait_told("stopped");
    EXPECT_THAT(log.lines, ElementsAre(HasSubstr("bus-off")));
    become(ControllerState::error_active);
    wait_told("error-active");
    EXPECT_THAT(log.lines, ElementsAre(HasSubstr("bus-off"), HasSubstr("error-active again")));
}

TEST_F(AControllersCare, CanCloseWhereverItIs) {
    auto care = make();
    care.open(card, Log(log));
    become(ControllerState::bus_off);
    wait_told("bus-off");
    care.close();
    const std::size_t before = told.size();
    care.look_soon();
    run_for(3 * kPauses.first);
    EXPECT_EQ(told.size(), before);
    EXPECT_EQ(counters().restarts, 0U);
    care.open(card, Log(log));
    wait_told("error-active");
    EXPECT_EQ(counters().restarts, 1U);
}

TEST_F(AControllersCare, HasNothingToTellOfALinkThatIsGone) {
    auto care = make();
    care.open(card, Log(log));
    links.erase(card);
    wait_told("none");
    EXPECT_THAT(log.lines, IsEmpty());
}

TEST_F(AControllersCare, PassesOnWhatTheDriverCounts) {
    std::optional<codec::ControllerStatus> last;
    ControllerCare care(
        loop, links, true, Log(log),
        {.changed = [&](const auto& status) { last = status; }, .cycle = [] { return Result<void>(); }});
    counters() = {.tx_errors = 96,
                  .rx_errors = 3,
                  .bus_errors = 7,
                  .error_warnings = 1,
                  .error_passives = 2,
                  .bus_offs = 4,
                  .arbitration_lost = 5,
                  .restarts = 6};
    care.open(card, Log(log));
    ASSERT_TRUE(last);
    EXPECT_EQ(*last, (codec::ControllerStatus{.state = "error-active",
                                              .bitrate = 500000,
                                              .tx_errors = 96,
                                              .rx_errors = 3,
                                              .bus_errors = 7,
                                              .error_warnings = 1,
                                              .error_passives = 2,
                                              .bus_offs = 4,
                                              .arbitration_lost = 5,
                                              .restarts = 6}));
}

}  // namespace
}  // namespace mqttcan::supervisor
