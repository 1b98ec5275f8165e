// SPDX-License-Identifier: MIT
#include "daemon/cli/tunnel_options.hpp"

#include <gmock/gmock.h>

#include "daemon/cli/tunnel_link.hpp"
#include "tests/support/fake_links.hpp"
#include "tests/support/values.hpp"

namespace mqttcan::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// Writable arguments, as main() has them.
class Arguments {
  public:
    explicit Arguments(std::vector<std::string> words) : words_(std::move(words)) {
        words_.insert(words_.begin(), "mqttcan");
        for (std::string& word : words_) {
            pointers_.push_back(word.data());
        }
        pointers_.push_back(nullptr);
    }
    Result<TunnelOptions> parse(const char* environment_password = nullptr) {
        return parse_tunnel(static_cast<int>(words_.size()), pointers_.data(), environment_password);
    }
    const std::string& word(std::size_t i) const { return words_.at(i + 1); }

  private:
    std::vector<std::string> words_;
    std::vector<char*> pointers_;
};

config::Environment environment() {
    return {.hostname = "bench", .machine_id = "", .readable = [](const std::string& path) -> Result<void> {
                return path == "/there" ? Result<void>() : fail_errno(ENOENT, path);
            }};
}

Result<TunnelOptions> parse(std::vector<std::string> words) {
    return Arguments(std::move(words)).parse();
}

TEST(Tunnel, TakesEveryFlagOfPyMqtt2Can) {
    const auto options = parse({"-b", "socketcan", "-i", "can0", "-s", "500000", "-u", "me", "-p", "secret",
                                "-t", "car7", "-H", "broker.example.com", "-P", "1883", "-S"});
    ASSERT_TRUE(options) << options.error().what;
    EXPECT_EQ(options->interface, "can0");
    EXPECT_EQ(options->topic, "car7");
    EXPECT_EQ(options->host, "broker.example.com");
    EXPECT_EQ(options->port, 1883);
    EXPECT_EQ(options->username, "me");
    EXPECT_EQ(options->password, "secret");
    EXPECT_TRUE(options->server);
    EXPECT_FALSE(options->tls);
}

TEST(Tunnel, MeansTlsOnPort8883WhichIsTheDefault) {
    EXPECT_TRUE(parse({"-i", "vcan0", "-H", "b"})->tls);
    EXPECT_EQ(parse({"-i", "vcan0", "-H", "b"})->port, 8883);
    EXPECT_FALSE(parse({"-i", "vcan0", "-H", "b", "-P", "1883"})->tls);
    EXPECT_TRUE(parse({"-i", "vcan0", "-H", "b", "-P", "1884", "--tls"})->tls);
    EXPECT_FALSE(parse({"-i", "vcan0", "-H", "b", "--no-tls"})->tls);
    EXPECT_TRUE(parse({"-i", "vcan0", "-H", "b", "-P", "1884", "--ca-file", "ca.pem"})->tls);
}

TEST(Tunnel, WipesAPasswordFromTheVisibleArguments) {
    Arguments apart({"-i", "vcan0", "-H", "b", "-u", "me", "-p", "secret"});
    EXPECT_EQ(apart.parse()->password, "secret");
    EXPECT_EQ(apart.word(7), "xxxxxx");
    Arguments together({"-i", "vcan0", "-H", "b", "-u", "me", "--password=secret"});
    EXPECT_EQ(together.parse()->password, "secret");
    EXPECT_EQ(together.word(6), "--password=xxxxxx");
}

TEST(Tunnel, TakesThePasswordFromTheEnvironmentUnlessOneIsGiven) {
    EXPECT_EQ(Arguments({"-i", "vcan0", "-H", "b", "-u", "me"}).parse("hidden")->password, "hidden");
    EXPECT_EQ(Arguments({"-i", "vcan0", "-H", "b", "-u", "me", "-p", "x"}).parse("hidden")->password, "x");
}

TEST(Tunnel, NamesWhatIsSupportedWhenABusTypeIsNot) {
    EXPECT_THAT(parse({"-b", "pcan", "-i", "can0", "-H", "b"}).error().what,
                HasSubstr("socketcan, vcan, vxcan and slcan are"));
}

TEST(Tunnel, DemandsAWordOnWritingWhenStrangersCouldDriveTheBus) {
    EXPECT_THAT(parse({"-S", "-i", "can0", "-H", "broker.example.com"}).error().what,
                HasSubstr("--write none"));
    EXPECT_TRUE(parse({"-S", "-i", "can0", "-H", "broker.example.com", "--write", "none"}));
    EXPECT_TRUE(parse({"-S", "-i", "can0", "-H", "broker.example.com", "--write", "all"}));
    EXPECT_TRUE(parse({"-S", "-i", "can0", "-H", "broker.example.com", "-u", "me", "-p", "x"}));
    EXPECT_TRUE(parse({"-S", "-i", "can0", "-H", "127.0.0.1"}));
    EXPECT_TRUE(parse({"-i", "vcan0", "-H", "broker.example.com"}));
}

TEST(Tunnel, SpeaksTheFormatThatIsAskedFor) {
    using config::Format;
    EXPECT_THAT(parse({"-i", "vcan0", "-H", "b"})->formats, ElementsAre(Format::savvycan));
    const auto options = parse({"-i", "vcan0", "-H", "b", "--format", "stream", "-t", "site/can"});
    ASSERT_TRUE(options);
    EXPECT_THAT(options->formats, ElementsAre(Format::stream));
    EXPECT_THAT(hints(*options), IsEmpty()) << "a topic of two levels is fine then";
    const auto both = parse({"-i", "can0", "-H", "b", "-S", "--write", "all", "--format", "both"});
    ASSERT_TRUE(both);
    const auto made = tunnel_config(*both, environment());
    ASSERT_TRUE(made);
    EXPECT_THAT(made->buses.front().formats, ElementsAre(Format::savvycan, Format::stream));
}

TEST(Tunnel, RefusesWhatContradictsItself) {
    for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
             {},
             {"-i", "vcan0"},
             {"-H", "b"},
             {"-i", "vcan0", "-H", "b", "-P", "0"},
             {"-i", "vcan0", "-H", "b", "-P", "65536"},
             {"-i", "vcan0", "-H", "b", "-P", "1883x"},
             {"-i", "vcan0", "-H", "b", "-s", "fast"},
             {"-i", "vcan0", "-H", "b", "-p", "x"},
             {"-i", "vcan0", "-H", "b", "-u", "me", "-p", "x", "--password-file", "f"},
             {"-i", "vcan0", "-H", "b", "--write", "none"},
             {"-i", "vcan0", "-H", "b", "-S", "--write", "some"},
             {"-i", "vcan0", "-H", "b", "--format", "j1939"},
             {"-i", "vcan0", "-H", "b", "--format", "both"},
             {"-i", "vcan0", "-H", "b", "--cert-file", "c"},
             {"-i", "vcan0", "-H", "b", "--no-tls", "--ca-file", "f"},
             {"-i", "vcan0", "-H", "b", "-P", "1883", "--insecure"},
             {"-i", "vcan0", "-H", "b", "stray"},
             {"-i", "vcan0", "-H", "b", "--peer", "can0"},
             {"-i", "vcan0", "-H", "b", "--netns", "ecu"},
             {"-i", "vcan0", "-H", "b", "--name", "slcan0"},
             {"-b", "vxcan", "-i", "a0", "-H", "b"},
             {"-b", "vxcan", "-i", "a0", "-H", "b", "--peer", "a0"},
             {"-b", "vxcan", "-i", "a0", "-H", "b", "--peer", "b0", "--netns", "a/b"},
             {"-b", "vxcan", "-i", "a0", "-H", "b", "--peer", "a/b"},
             {"-b", "slcan", "-i", "/dev/ttyUSB0", "-H", "b"},
             {"-b", "slcan", "-i", "/dev/ttyUSB0", "-H", "b", "-s", "10"},
             {"-b", "slcan", "-i", "/dev/ttyUSB0", "-H", "b", "-s", "2M"},
             {"-b", "slcan", "-i", "slcan0", "-H", "b", "-s", "500k"},
             {"-b", "slcan", "-i", "/dev/ttyUSB0@9600", "-H", "b", "-s", "500k"},
             {"-b", "slcan", "-H", "b", "-s", "500k"},
         }) {
        EXPECT_FALSE(parse(words)) << ::testing::PrintToString(words);
    }
}

TEST(Tunnel, HintsThatPIsThePasswordWhenItLooksLikeAPort) {
    EXPECT_THAT(hints(*parse({"-i", "vcan0", "-H", "127.0.0.1", "-u", "me", "-p", "1883"})),
                ::testing::Contains(HasSubstr("-P")));
    EXPECT_THAT(hints(*parse({"-i", "vcan0", "-H", "127.0.0.1", "-u", "me", "-p", "1883", "-P", "1883"})),
                IsEmpty());
}

TEST(Tunnel, BecomesAConfigurationThatRemovesWhatItMade) {
    const auto config =
        tunnel_config(*parse({"-S", "-i", "vcan0", "-H", "127.0.0.1", "-t", "car7"}), environment());
    ASSERT_TRUE(config) << config.error().what;
    ASSERT_EQ(config->buses.size(), 1U);
    EXPECT_EQ(config->buses[0].on_stop, config::OnStop::remove);
    EXPECT_EQ(config->buses[0].role, config::Role::server);
    EXPECT_EQ(config->buses[0].topic.str(), "car7");
    EXPECT_TRUE(config->brokers[0].tls.has_value());
}

TEST(Tunnel, FillsInTheClientIdAndRefusesOneThatCannotStandInATopic) {
    const auto config =
        tunnel_config(*parse({"-i", "vcan0", "-H", "b", "--client-id", "gw-{hostname}"}), environment());
    ASSERT_TRUE(config) << config.error().what;
    EXPECT_EQ(config->brokers[0].client_id, "gw-bench");
    EXPECT_FALSE(tunnel_config(*parse({"-i", "vcan0", "-H", "b", "--client-id", "a+b"}), environment()));
}

TEST(Tunnel, WantsToReadTheFilesItIsGivenBeforeItStarts) {
    EXPECT_TRUE(tunnel_config(*parse({"-i", "vcan0", "-H", "b", "--ca-file", "/there"}), environment()));
    EXPECT_THAT(
        tunnel_config(*parse({"-i", "vcan0", "-H", "b", "--ca-file", "/gone"}), environment()).error().what,
        HasSubstr("/gone cannot be read: No such file"));
}

TEST(Tunnel, TakesAnIpv6AddressWithOrWithoutBrackets) {
    EXPECT_EQ(parse({"-i", "vcan0", "-H", "[::1]", "-P", "1883"})->host, "::1");
    EXPECT_EQ(parse({"-i", "vcan0", "-H", "::1", "-P", "1883"})->host, "::1");
    EXPECT_THAT(parse({"-i", "vcan0", "-H", "::1"}).error().what, HasSubstr("give the host's name"));
}

TEST(Tunnel, SaysThatAPasswordInTheEnvironmentNeedsAUserName) {
    EXPECT_THAT(hints(*Arguments({"-i", "vcan0", "-H", "b"}).parse("hidden")),
                ::testing::Contains(HasSubstr("MQTTCAN_PASSWORD")));
}

TEST(Tunnel, RefusesBadNamesAndTopics) {
    EXPECT_FALSE(tunnel_config(*parse({"-i", "much-too-long-name", "-H", "b"}), environment()));
    EXPECT_FALSE(tunnel_config(*parse({"-i", "vcan0", "-H", "b", "-t", "can/#"}), environment()));
}

TEST(Tunnel, TakesPythonCansWordsForASerialAdapter) {
    const auto options = parse({"-b", "slcan", "-i", "/dev/ttyUSB0@115200", "-s", "500000", "-H", "b"});
    ASSERT_TRUE(options) << options.error().what;
    EXPECT_EQ(options->interface, "/dev/ttyUSB0");
    EXPECT_EQ(options->bitrate, 500000U);
    const auto config = tunnel_config(*options, environment());
    ASSERT_TRUE(config) << config.error().what;
    EXPECT_EQ(config->buses[0].kind, config::Kind::slcan);
    EXPECT_EQ(config->buses[0].device, "/dev/ttyUSB0");
    EXPECT_EQ(config->buses[0].settings.bitrate, 500000U);
    EXPECT_FALSE(config->buses[0].interface) << "whatever is free";
}

TEST(Tunnel, MakesAPairWhoseOtherEndLivesElsewhere) {
    const auto config =
        tunnel_config(*parse({"-b", "vxcan", "-i", "bench0", "--peer", "can0", "--netns", "ecu", "-H", "b"}),
                      environment());
    ASSERT_TRUE(config) << config.error().what;
    EXPECT_EQ(config->buses[0].kind, config::Kind::vxcan);
    EXPECT_EQ(config->buses[0].peer->interface.str(), "can0");
    EXPECT_EQ(config->buses[0].peer->netns->path, "/run/netns/ecu");
    EXPECT_EQ(config->buses[0].on_stop, config::OnStop::remove);
}

// ---- what is there already

class TunnelLink : public ::testing::Test {
  protected:
    Result<std::vector<std::string>> find(std::vector<std::string> words) {
        words.insert(words.end(), {"-H", "127.0.0.1"});
        const auto options = parse(std::move(words));
        bus_ = tunnel_config(options.value(), environment()).value().buses.front();
        return find_link(links_, *options, kInstance, *bus_);
    }
    std::string refusal(std::vector<std::string> words) {
        const auto found = find(std::move(words));
        return found ? "found" : found.error().what;
    }
    config::Kind kind(std::vector<std::string> words) {
        const auto found = find(std::move(words));
        EXPECT_TRUE(found) << found.error().what;
        return bus_->kind;
    }

    static constexpr const char* kInstance = "tunnel-x";
    mqttcan::testing::FakeLinks links_;
    std::optional<config::Bus> bus_;
};

TEST_F(TunnelLink, IsCreatedIfItsNameSaysThatItIsVirtualOrTheUserDoes) {
    EXPECT_EQ(kind({"-i", "vcan0"}), config::Kind::vcan);
    EXPECT_EQ(kind({"-b", "vcan", "-i", "bus"}), config::Kind::vcan);
    EXPECT_THAT(refusal({"-i", "bus"}), HasSubstr("any with -b vcan"));
}

TEST_F(TunnelLink, IsUsedAsItIsIfItIsThere) {
    links_.add_vcan("vcan0");
    links_.add_hardware("can0", true);
    EXPECT_EQ(kind({"-i", "vcan0"}), config::Kind::existing);
    EXPECT_EQ(kind({"-b", "vcan", "-i", "vcan0"}), config::Kind::existing);
    EXPECT_EQ(kind({"-i", "can0"}), config::Kind::existing);
    EXPECT_THAT(refusal({"-b", "vcan", "-i", "can0"}), HasSubstr("CAN hardware, not a vcan"));
    links_.add({.name = "eth0"});
    EXPECT_THAT(refusal({"-i", "eth0"}), HasSubstr("not a CAN interface"));
}

TEST_F(TunnelLink, IsOursAgainIfATunnelOfOursWasKilled) {
    for (const std::string instance : {kInstance, "tunnel-other"}) {
        const auto name = mqttcan::testing::interface("v" + instance);
        ASSERT_TRUE(links_.create_vcan({.name = name, .alias = "mqttcan:tunnel@" + instance}));
    }
    EXPECT_EQ(kind({"-b", "vcan", "-i", "vtunnel-x"}), config::Kind::vcan);
    EXPECT_EQ(kind({"-b", "vcan", "-i", "vtunnel-other"}), config::Kind::existing);
}

TEST_F(TunnelLink, GetsTheBitRateThatHardwareHasNot) {
    const int ifindex = links_.add_hardware("can0", true);
    EXPECT_EQ(kind({"-i", "can0", "-s", "250k"}), config::Kind::can);
    EXPECT_EQ(bus_->settings.bitrate, 250000U);
    EXPECT_EQ(links_.all().at(ifindex).controller->settings.bitrate, 250000U);
    EXPECT_TRUE(links_.all().at(ifindex).up);
}

TEST_F(TunnelLink, NeedsNoPrivilegeForABitRateThatIsSetAlready) {
    links_.add_hardware("can0", true);
    links_.privileged = false;
    EXPECT_EQ(kind({"-i", "can0", "-s", "500000"}), config::Kind::existing);
    EXPECT_FALSE(find({"-i", "can0", "-s", "250000"}));
}

TEST_F(TunnelLink, NotesThatAVirtualBusHasNoBitRate) {
    EXPECT_THAT(find({"-i", "vcan0", "-s", "500000"}).value(),
                ::testing::ElementsAre(HasSubstr("-s 500k changes nothing: vcan0 is virtual")));
    EXPECT_THAT(find({"-b", "vxcan", "-i", "a0", "--peer", "b0", "-s", "500000"}).value(),
                ::testing::SizeIs(1));
    links_.add_hardware("can0", true);
    EXPECT_THAT(find({"-i", "can0", "-s", "500000"}).value(), IsEmpty());
}

TEST_F(TunnelLink, OfAPairMustBeNew) {
    EXPECT_EQ(kind({"-b", "vxcan", "-i", "a0", "--peer", "b0"}), config::Kind::vxcan);
    links_.add_vcan("b0");
    EXPECT_THAT(refusal({"-b", "vxcan", "-i", "a0", "--peer", "b0"}),
                HasSubstr("b0 exists already (a vcan)"));
    EXPECT_THAT(refusal({"-b", "vxcan", "-i", "b0", "--peer", "c0"}), HasSubstr("leave -b out"));
}

TEST_F(TunnelLink, OfAPairMayHaveItsOtherEndInANamespaceThatIsThere) {
    links_.add_vcan("b0");
    EXPECT_THAT(refusal({"-b", "vxcan", "-i", "a0", "--peer", "b0", "--netns", "ecu"}),
                HasSubstr("no network namespace /run/netns/ecu"));
    links_.add_namespace({.path = "/run/netns/ecu"});
    EXPECT_EQ(kind({"-b", "vxcan", "-i", "a0", "--peer", "b0", "--netns", "ecu"}), config::Kind::vxcan);
}

TEST_F(TunnelLink, OfASerialAdapterGetsTheNextFreeNumberOrTheNameThatIsGiven) {
    links_.add_vcan("slcan0");
    EXPECT_EQ(kind({"-b", "slcan", "-i", "/dev/ttyUSB0", "-s", "500k"}), config::Kind::slcan);
    EXPECT_EQ(bus_->interface->str(), "slcan1");
    EXPECT_EQ(kind({"-b", "slcan", "-i", "/dev/ttyUSB0", "-s", "500k", "--name", "can7"}),
              config::Kind::slcan);
    EXPECT_EQ(bus_->interface->str(), "can7");
    EXPECT_THAT(refusal({"-b", "slcan", "-i", "/dev/ttyUSB0", "-s", "500k", "--name", "slcan0"}),
                HasSubstr("slcan0 exists already"));
}

}  // namespace
}  // namespace mqttcan::cli
