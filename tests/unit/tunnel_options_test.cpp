// SPDX-License-Identifier: MIT
#include "daemon/cli/tunnel_options.hpp"

#include <gmock/gmock.h>

namespace mqttcan::cli {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

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
    EXPECT_THAT(parse({"-b", "pcan", "-i", "can0", "-H", "b"}).error().what, HasSubstr("socketcan is"));
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
             {"-i", "vcan0", "-H", "b", "--cert-file", "c"},
             {"-i", "vcan0", "-H", "b", "--no-tls", "--ca-file", "f"},
             {"-i", "vcan0", "-H", "b", "-P", "1883", "--insecure"},
             {"-i", "vcan0", "-H", "b", "stray"},
         }) {
        EXPECT_FALSE(parse(words)) << testing::PrintToString(words);
    }
}

TEST(Tunnel, HintsThatPIsThePasswordWhenItLooksLikeAPort) {
    EXPECT_THAT(hints(*parse({"-i", "vcan0", "-H", "127.0.0.1", "-u", "me", "-p", "1883"})),
                testing::Contains(HasSubstr("-P")));
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
                testing::Contains(HasSubstr("MQTTCAN_PASSWORD")));
}

TEST(Tunnel, RefusesBadNamesAndTopics) {
    EXPECT_FALSE(tunnel_config(*parse({"-i", "much-too-long-name", "-H", "b"}), environment()));
    EXPECT_FALSE(tunnel_config(*parse({"-i", "vcan0", "-H", "b", "-t", "can/#"}), environment()));
}

}  // namespace
}  // namespace mqttcan::cli
