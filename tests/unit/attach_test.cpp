// SPDX-License-Identifier: MIT
// `mqttcan attach` and `detach`: what they decide on links that a FakeLinks plays, and their command lines.
#include "daemon/cli/attach.hpp"

#include <gmock/gmock.h>

#include "daemon/cli/netns.hpp"
#include "daemon/cli/oci_state.hpp"
#include "daemon/cli/run.hpp"
#include "daemon/supervisor/plan.hpp"
#include "tests/support/fake_links.hpp"
#include "tests/support/values.hpp"

namespace mqttcan::cli {
namespace {

using namespace std::chrono_literals;
using mqttcan::testing::interface;
using ::testing::AllOf;
using ::testing::HasSubstr;

class Attaching : public ::testing::Test {
  protected:
    Attaching() {
        links_.add_namespace(box_);
        links_.add_namespace(other_);
        links_.ours.insert(home_);
    }

    /// As the daemon makes it for a bus whose peer has no namespace.
    int make_pair(const std::string& bus, const std::string& near, const std::string& far,
                  const std::string& instance = "") {
        const auto name = EntryName::parse(bus).value();
        const auto link = links_.create_vxcan({.name = interface(near),
                                               .peer = interface(far),
                                               .alias = supervisor::alias_for(name, instance),
                                               .peer_alias = supervisor::peer_alias_for(name, instance)});
        EXPECT_TRUE(links_.set_up(link->ifindex) && links_.set_up(link->peer->ifindex));
        return link->ifindex;
    }

    std::variant<Move, Nothing, NotYet, Never> next(Attachment wish, const NetworkNamespace& space,
                                                    bool settled = false) {
        wish.where = space.str();
        return next_attach(links_.all(), links_.look_at(space).value(), wish, settled);
    }
    /// Attaches as the command does; what there was to say.
    void attach(const Attachment& wish, const NetworkNamespace& space) {
        const auto step = next(wish, space);
        ASSERT_TRUE(std::holds_alternative<Move>(step));
        const auto& [ifindex, name] = std::get<Move>(step);
        ASSERT_TRUE(links_.move(ifindex, space, name));
    }
    template <typename Kind>
    std::string reason(const std::variant<Move, Nothing, NotYet, Never>& step) {
        const auto* found = std::get_if<Kind>(&step);
        if constexpr (requires { found->reason; }) {
            return found != nullptr ? found->reason : text("another step, number ", step.index());
        }
        return {};
    }

    static Attachment bus(const std::string& name) { return {.pair = {name}, .where = {}}; }

    mqttcan::testing::FakeLinks links_;
    const NetworkNamespace box_{.path = {}, .pid = 17};
    const NetworkNamespace other_{.path = "/run/netns/other"};
    const NetworkNamespace home_{.path = {}, .pid = 1};
};

TEST_F(Attaching, MovesTheFarEndOfTheBusUnderItsNameOrAnother) {
    const int far = links_.find(make_pair("bench", "bench0", "can0")).value()->peer->ifindex;
    EXPECT_EQ(next(bus("bench"), box_),
              (std::variant<Move, Nothing, NotYet, Never>(Move{far, interface("can0")})));
    Attachment renamed = bus("bench");
    renamed.interface = interface("ecu0");
    attach(renamed, box_);
    EXPECT_TRUE(links_.find_elsewhere(box_, "ecu0").value().up);
}

TEST_F(Attaching, FindsThePairByTheInterfacesName) {
    make_pair("bench", "bench0", "can0");
    make_pair("tunnel", "vx0", "can1", "tunnel-vx0");
    attach(bus("vx0"), box_);
    EXPECT_TRUE(links_.find_elsewhere(box_, "can1"));
}

TEST_F(Attaching, PrefersTheBusOfANameToTheInterfaceOfThatName) {
    make_pair("bench", "other", "can0");
    make_pair("other", "bench", "can1");
    attach(bus("bench"), box_);
    EXPECT_TRUE(links_.find_elsewhere(box_, "can0"));
}

TEST_F(Attaching, DoesNothingTwice) {
    make_pair("bench", "bench0", "can0");
    attach(bus("bench"), box_);
    EXPECT_TRUE(std::holds_alternative<Nothing>(next(bus("bench"), box_)));
}

TEST_F(Attaching, WaitsAMomentForADyingContainerAndThenNamesDetach) {
    make_pair("bench", "bench0", "can0");
    attach(bus("bench"), box_);
    EXPECT_THAT(reason<NotYet>(next(bus("bench"), other_)), HasSubstr("elsewhere"));
    EXPECT_THAT(reason<Never>(next(bus("bench"), other_, true)), HasSubstr("mqttcan detach bench"));
}

TEST_F(Attaching, GoesOnToTheNextContainerWhenTheDaemonHasMadeANewPair) {
    make_pair("bench", "bench0", "can0");
    attach(bus("bench"), box_);
    links_.remove_namespace(box_);
    EXPECT_THAT(reason<NotYet>(next(bus("bench"), other_, true)), HasSubstr("is the daemon running"));
    make_pair("bench", "bench0", "can0");
    attach(bus("bench"), other_);
    EXPECT_TRUE(links_.find_elsewhere(other_, "can0"));
}

TEST_F(Attaching, LeavesAFarEndToTheDaemonForAMomentWhileItSetsThePairUp) {
    const int near = make_pair("bench", "bench0", "can0");
    ASSERT_TRUE(links_.set_down(links_.find(near).value()->peer->ifindex));
    EXPECT_THAT(reason<NotYet>(next(bus("bench"), box_)), HasSubstr("being set up"));
    EXPECT_TRUE(std::holds_alternative<Move>(next(bus("bench"), box_, true)));
}

TEST_F(Attaching, LeavesAFarEndAloneThatTheConfigurationSendsSomewhere) {
    const auto name = EntryName::parse("bench").value();
    make_pair("bench", "bench0", supervisor::passing_name(name, "").str());
    EXPECT_THAT(reason<NotYet>(next(bus("bench"), box_, true)), HasSubstr("remove \"netns\""));
}

TEST_F(Attaching, SaysWhichBusesThereAreWhenItKnowsNoneOfThatName) {
    EXPECT_THAT(reason<NotYet>(next(bus("bench"), box_)), HasSubstr("the kind vxcan"));
    make_pair("seat", "seat0", "can0");
    EXPECT_THAT(reason<NotYet>(next(bus("bench"), box_)), HasSubstr("there are: seat (seat0)"));
}

TEST_F(Attaching, RefusesLinksThatHaveNoOtherEndOrAreNotOurs) {
    ASSERT_TRUE(links_.create_vcan({.name = interface("vcan0"), .alias = "mqttcan:body"}));
    EXPECT_THAT(reason<Never>(next(bus("body"), box_)), HasSubstr("vcan0, which is a vcan"));
    links_.add_hardware("can0", true);
    EXPECT_THAT(reason<Never>(next(bus("can0"), box_)), HasSubstr("not one that the daemon made"));
    const int near = make_pair("bench", "bench0", "can7");
    links_.tamper(near, [](auto& link) { link.group = 0; });
    EXPECT_THAT(reason<Never>(next(bus("bench0"), box_)), HasSubstr("not one that the daemon made"));
}

TEST_F(Attaching, RefusesANamespaceThatIsNotThereOrIsOurs) {
    make_pair("bench", "bench0", "can0");
    EXPECT_THAT(reason<Never>(next(bus("bench"), {.path = {}, .pid = 4})),
                HasSubstr("process 4; is the container"));
    EXPECT_THAT(reason<Never>(next(bus("bench"), home_)), HasSubstr("--network host"));
}

TEST_F(Attaching, AsksWhichWhenTwoDaemonsHaveABusOfThatName) {
    make_pair("bench", "bench0", "can0");
    make_pair("bench", "bench1", "can1", "/srv/b.json");
    EXPECT_THAT(reason<Never>(next(bus("bench"), box_)),
                AllOf(HasSubstr("bench0 of /etc/mqttcan.json"), HasSubstr("bench1 of /srv/b.json"),
                      HasSubstr("--config")));
    Attachment second = bus("bench");
    second.pair.instance = "/srv/b.json";
    attach(second, box_);
    EXPECT_TRUE(links_.find_elsewhere(box_, "can1"));
    Attachment first = bus("bench");
    first.pair.instance = "";
    attach(first, box_);
    EXPECT_TRUE(links_.find_elsewhere(box_, "can0"));
}

TEST_F(Attaching, ShowsNoControlCharactersOfAnAlias) {
    make_pair("bench", "bench0", "can0", "a\033[2J");
    make_pair("bench", "bench1", "can1", "b");
    EXPECT_THAT(reason<Never>(next(bus("bench"), box_)), ::testing::Not(HasSubstr("\033")));
}

TEST_F(Attaching, IsUndoneByRemovingThePair) {
    const int near = make_pair("bench", "bench0", "can0");
    using Step = std::variant<Remove, Nothing, Never>;
    EXPECT_TRUE(std::holds_alternative<Nothing>(next_detach(links_.all(), {"bench"})));
    attach(bus("bench"), box_);
    EXPECT_EQ(next_detach(links_.all(), {"bench"}), Step(Remove{near}));
    EXPECT_EQ(next_detach(links_.all(), {"bench0"}), Step(Remove{near}));
    EXPECT_TRUE(std::holds_alternative<Never>(next_detach(links_.all(), {"seat"})));
    links_.add_vcan("vcan0");
    EXPECT_TRUE(std::holds_alternative<Never>(next_detach(links_.all(), {"vcan0"})));
}

// ---- command lines

template <typename Parse>
auto with(std::vector<std::string> words, Parse parse) {
    words.insert(words.begin(), "mqttcan");
    std::vector<char*> pointers;
    for (std::string& word : words) {
        pointers.push_back(word.data());
    }
    pointers.push_back(nullptr);
    return parse(static_cast<int>(words.size()), pointers.data());
}

Result<AttachOptions> parse(std::vector<std::string> words) {
    return with(std::move(words), parse_attach);
}

TEST(AttachOptions, SayWhichBusGoesWhere) {
    const auto by_pid = parse({"bench", "--pid", "17", "--interface", "can1", "--timeout", "500ms"});
    ASSERT_TRUE(by_pid) << by_pid.error().what;
    EXPECT_EQ(by_pid->wish.pair.name, "bench");
    EXPECT_EQ(by_pid->netns.pid, 17);
    EXPECT_EQ(by_pid->wish.interface, interface("can1"));
    EXPECT_EQ(by_pid->timeout, 500ms);
    EXPECT_EQ(parse({"--netns", "ecu-sim", "bench"})->netns.path, "/run/netns/ecu-sim");
    EXPECT_EQ(parse({"--netns", "/proc/7/ns/net", "bench"})->netns.path, "/proc/7/ns/net");
    EXPECT_EQ(parse({"--netns", "a", "bench"})->timeout, 10s);
    EXPECT_TRUE(parse({"bench", "--pid", "-"})->pid_from_stdin);
    EXPECT_TRUE(parse({"--help"})->help);
}

TEST(AttachOptions, NameADaemonByItsConfiguration) {
    EXPECT_EQ(parse({"b", "--pid", "1"})->wish.pair.instance, std::nullopt);
    EXPECT_EQ(parse({"b", "--pid", "1", "--config", "/etc/mqttcan.json"})->wish.pair.instance, "");
    EXPECT_EQ(parse({"b", "--pid", "1", "-c", "/srv/../srv/b.json"})->wish.pair.instance, "/srv/b.json");
    const std::string long_path = "/" + std::string(200, 'x');
    EXPECT_EQ(parse({"b", "--pid", "1", "-c", long_path})->wish.pair.instance,
              describe_host(long_path).instance);
}

TEST(AttachOptions, AreRefusedWhenTheySayTooMuchOrTooLittle) {
    for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
             {},
             {"bench"},
             {"--pid", "17"},
             {"bench", "--pid", "0"},
             {"bench", "--pid", "-3"},
             {"bench", "--pid", "17x"},
             {"bench", "--pid", "17", "--netns", "a"},
             {"bench", "--pid", "17", "--pid", "-"},
             {"bench", "--netns", "a/b"},
             {"bench", "--netns", ".."},
             {"bench", "--netns", ""},
             {"bench", "--pid", "17", "--interface", "a/b"},
             {"bench", "--pid", "17", "--timeout", "5"},
             {"bench", "--pid", "17", "--timeout", "2h"},
             {"bench", "second", "--pid", "17"},
         }) {
        EXPECT_FALSE(parse(words)) << ::testing::PrintToString(words);
    }
    EXPECT_THAT(parse({"bench", "--pid", "0"}).error().what, HasSubstr("does not run"));
}

TEST(DetachOptions, SayWhichBusAndNoMore) {
    EXPECT_EQ(with({"bench"}, parse_detach)->pair.name, "bench");
    EXPECT_EQ(with({"bench", "--config", "/etc/mqttcan.json"}, parse_detach)->pair.instance, "");
    EXPECT_FALSE(with({}, parse_detach));
    EXPECT_FALSE(with({"bench", "--pid", "17"}, parse_detach));
}

TEST(OciState, NamesTheContainersProcess) {
    EXPECT_EQ(
        container_of(R"({"ociVersion":"1.0.2","id":"c1","status":"created","pid":4422,"bundle":"/b"})")->pid,
        4422);
}

TEST(OciState, IsRefusedWithoutAProcess) {
    for (const char* state :
         {"", "17", "[]", "{", R"({"id":"c1","status":"stopped"})", R"({"pid":0})", R"({"pid":-1})",
          R"({"pid":"7"})", R"({"pid":1.5})", R"({"pid":99999999999})"}) {
        EXPECT_FALSE(container_of(state)) << state;
    }
}

}  // namespace
}  // namespace mqttcan::cli
