// SPDX-License-Identifier: MIT
// The control socket with real unix sockets in a folder of its own and the real loop.
#include "daemon/control/server.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <future>
#include <optional>

#include "control_conversation.hpp"
#include "daemon/control/client.hpp"
#include "daemon/control/interface.hpp"
#include "tests/support/silent_log.hpp"

namespace mqttcan::control::test {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

const std::string kNul(1, '\0');

/// A raw connection, blocking with a deadline.
class Caller {
  public:
    explicit Caller(const std::string& path) : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        const timeval patience{.tv_sec = 30, .tv_usec = 0};
        ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
        const auto address = SocketAddress::of(path);
        EXPECT_EQ(::connect(fd_.get(), address->get(), address->size()), 0) << path;
    }
    void say(std::string_view bytes) const { ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL); }
    void say_no_more() const { ::shutdown(fd_.get(), SHUT_WR); }
    /// Everything that has come, without waiting; none if the connection has ended.
    std::optional<std::string> hear() const {
        std::string all;
        for (char bytes[4096];;) {
            const ssize_t size = ::recv(fd_.get(), bytes, sizeof(bytes), MSG_DONTWAIT);
            if (size <= 0) {
                const bool open = size < 0 && errno == EAGAIN;
                return open || !all.empty() ? std::optional(all) : std::nullopt;
            }
            all.append(bytes, static_cast<std::size_t>(size));
        }
    }

  private:
    UniqueFd fd_;
};

class ControlServer : public testing::Test {
  protected:
    ControlServer() {
        std::string pattern = (std::filesystem::temp_directory_path() / "mqttcan-control.XXXXXX").string();
        folder_ = ::mkdtemp(pattern.data());
    }
    ~ControlServer() override { std::filesystem::remove_all(folder_); }

    std::string path(const char* name = "control") const { return folder_ / name; }
    void serve() {
        auto listener = Listener::open(path());
        ASSERT_TRUE(listener) << listener.error().what;
        server_.emplace(loop_, std::move(*listener), handler_, "1.2.3", Log(log_));
    }
    /// Runs the loop until `done` or a deadline that no healthy run comes near.
    bool wait(const std::function<bool()>& done) {
        const TimePoint deadline = BootClock::now() + 30s;
        while (!done() && BootClock::now() < deadline) {
            loop_.run_once(10ms);
        }
        return done();
    }
    std::string answer(const Caller& caller) {
        std::string all;
        EXPECT_TRUE(wait([&] {
            all += caller.hear().value_or(kNul);
            return all.ends_with('\0');
        }));
        return all;
    }
    bool ends(const Caller& caller) {
        return wait([&] { return !caller.hear().has_value(); });
    }
    /// Calls as the tool does, from another thread.
    Result<ReloadResult> reload() {
        auto result = std::async(std::launch::async, [this] { return control::reload(path(), 30s); });
        EXPECT_TRUE(wait([&] { return result.wait_for(0s) == std::future_status::ready; }));
        return result.get();
    }

    std::filesystem::path folder_;
    mqttcan::test::SilentLog log_;
    loop::Loop loop_;
    FakeHandler handler_;
    std::optional<Server> server_;
};

const std::string kReload = request("org.mqttcan.Reload") + kNul;
const std::string kDone = R"({"parameters":{}})" + kNul;

TEST_F(ControlServer, ReloadsForTheTool) {
    serve();
    const auto result = reload();
    ASSERT_TRUE(result) << result.error().what;
    EXPECT_TRUE(std::holds_alternative<Done>(*result));
    EXPECT_EQ(handler_.reloads, 1);
}

TEST_F(ControlServer, GivesTheToolTheFaults) {
    serve();
    handler_.result = Faults{{"one", "two"}};
    EXPECT_THAT(std::get<Faults>(reload().value()).list, ElementsAre("one", "two"));
}

TEST_F(ControlServer, GivesTheToolTheReason) {
    serve();
    handler_.result = Failure{"stopping"};
    EXPECT_EQ(std::get<Failure>(reload().value()).reason, "stopping");
}

TEST_F(ControlServer, DescribesItself) {
    serve();
    const Caller caller(path());
    caller.say(request("org.varlink.service.GetInterfaceDescription", {{"interface", "org.mqttcan"}}) + kNul);
    EXPECT_THAT(answer(caller), HasSubstr("method Reload() -> ()"));
    caller.say(request("org.mqttcan.Explode") + kNul);
    EXPECT_THAT(answer(caller), HasSubstr("org.varlink.service.MethodNotFound"));
}

TEST_F(ControlServer, ServesTwoClientsAtOnce) {
    serve();
    handler_.later = true;
    const Caller one(path());
    const Caller other(path());
    one.say(kReload);
    other.say(kReload);
    ASSERT_TRUE(wait([&] { return handler_.waiting.size() == 2; }));
    handler_.waiting[1](Done{});
    handler_.waiting[0](Failure{"the first"});
    EXPECT_THAT(answer(one), HasSubstr("the first"));
    EXPECT_EQ(answer(other), kDone);
}

TEST_F(ControlServer, AnswersCallsThatCameTogetherInTheirOrder) {
    serve();
    const Caller caller(path());
    caller.say(kReload + request("org.mqttcan.Explode") + kNul);
    std::string all;
    ASSERT_TRUE(wait([&] {
        all += caller.hear().value();
        return std::ranges::count(all, '\0') == 2;
    }));
    EXPECT_TRUE(all.starts_with(kDone)) << all;
}

TEST_F(ControlServer, AnswersAClientThatSaysNoMore) {
    serve();
    const Caller caller(path());
    caller.say(kReload);
    caller.say_no_more();
    EXPECT_EQ(answer(caller), kDone);
    EXPECT_TRUE(ends(caller));
}

TEST_F(ControlServer, ForgetsAClientThatGoesInTheMiddleOfARequest) {
    serve();
    {
        const Caller caller(path());
        caller.say(kReload.substr(0, 10));
        ASSERT_TRUE(wait([&] { return server_->clients() == 1; }));
    }
    EXPECT_TRUE(wait([&] { return server_->clients() == 0; }));
    EXPECT_EQ(handler_.reloads, 0);
}

TEST_F(ControlServer, ForgetsAClientThatGoesBeforeItsAnswer) {
    serve();
    handler_.later = true;
    {
        const Caller caller(path());
        caller.say(kReload);
        ASSERT_TRUE(wait([&] { return handler_.waiting.size() == 1; }));
    }
    EXPECT_TRUE(wait([&] { return server_->clients() == 0; }));
    handler_.waiting[0](Done{});
}

TEST_F(ControlServer, MayGoBeforeTheAnswer) {
    serve();
    handler_.later = true;
    const Caller caller(path());
    caller.say(kReload);
    ASSERT_TRUE(wait([&] { return handler_.waiting.size() == 1; }));
    server_.reset();
    EXPECT_TRUE(ends(caller));
    handler_.waiting[0](Done{});
}

TEST_F(ControlServer, RefusesARequestThatIsTooLong) {
    serve();
    const Caller caller(path());
    caller.say(std::string(kLongestRequest + 1, ' '));
    EXPECT_TRUE(ends(caller));
    EXPECT_EQ(server_->clients(), 0U);
    EXPECT_TRUE(reload().has_value()) << "others are served on";
}

TEST_F(ControlServer, EndsAConnectionOnWhichNoVarlinkIsSpoken) {
    serve();
    const Caller caller(path());
    caller.say("GET / HTTP/1.1\r\n\r\n" + kNul);
    EXPECT_TRUE(ends(caller));
}

TEST_F(ControlServer, ReadsNoFurtherFromAClientThatDoesNotTakeItsAnswers) {
    serve();
    const Caller caller(path());
    const std::string ask =
        request("org.varlink.service.GetInterfaceDescription", {{"interface", "org.mqttcan"}}) + kNul;
    std::string many;
    for (int i = 0; i < 500; ++i) {  // more than 300 KiB of answers, which no socket's buffer holds
        many += ask;
    }
    caller.say(many);
    EXPECT_TRUE(reload().has_value()) << "meanwhile others are served";
    std::ptrdiff_t answers = 0;
    EXPECT_TRUE(wait([&] {
        answers += std::ranges::count(caller.hear().value(), '\0');
        return answers == 500;
    }));
}

TEST_F(ControlServer, GivesTheIdlestClientsPlaceToANewOne) {
    serve();
    std::vector<std::unique_ptr<Caller>> callers;
    for (std::size_t i = 0; i < kMostClients; ++i) {
        callers.push_back(std::make_unique<Caller>(path()));
        ASSERT_TRUE(wait([&] { return server_->clients() == i + 1; }));
    }
    callers[0]->say(kReload);
    EXPECT_EQ(answer(*callers[0]), kDone);
    EXPECT_TRUE(reload().has_value());
    EXPECT_TRUE(ends(*callers[1])) << "idle for longer than the first";
    EXPECT_TRUE(callers[0]->hear().has_value());
    EXPECT_LE(server_->clients(), kMostClients);
}

TEST_F(ControlServer, RefusesANewClientWhenAllWaitForAnswers) {
    serve();
    handler_.later = true;
    std::vector<std::unique_ptr<Caller>> callers;
    for (std::size_t i = 0; i < kMostClients; ++i) {
        callers.push_back(std::make_unique<Caller>(path()));
        callers.back()->say(kReload);
    }
    ASSERT_TRUE(wait([&] { return handler_.waiting.size() == kMostClients; }));
    EXPECT_TRUE(ends(Caller(path())));
    EXPECT_EQ(server_->clients(), kMostClients);
}

TEST_F(ControlServer, IsForItsOwnerAndItsGroupAlone) {
    const mode_t before = ::umask(0077);
    serve();
    ::umask(before);
    struct stat status{};
    ASSERT_EQ(::stat(path().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0660U);
    EXPECT_EQ(status.st_gid, ::getegid());
}

TEST_F(ControlServer, RemovesItsSocketAndOnlyItsOwn) {
    serve();
    server_.reset();
    EXPECT_FALSE(std::filesystem::exists(path()));
    serve();
    std::filesystem::remove(path());
    std::ofstream(path()) << "another's";
    server_.reset();
    EXPECT_TRUE(std::filesystem::exists(path()));
}

TEST_F(ControlServer, ReplacesASocketOnWhichNobodyAnswers) {
    {
        const UniqueFd dead(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        const auto address = SocketAddress::of(path());
        ASSERT_EQ(::bind(dead.get(), address->get(), address->size()), 0);
    }
    ASSERT_TRUE(std::filesystem::exists(path()));
    serve();
    EXPECT_TRUE(reload().has_value());
}

TEST_F(ControlServer, LeavesASocketAloneOnWhichSomebodyAnswers) {
    serve();
    const auto second = Listener::open(path());
    ASSERT_FALSE(second);
    EXPECT_THAT(second.error().what,
                AllOf(HasSubstr(path()), HasSubstr("another process answers"), HasSubstr("--control")));
    EXPECT_TRUE(reload().has_value());
}

TEST_F(ControlServer, LeavesAFileAloneThatIsNoSocket) {
    std::ofstream(path()) << "precious";
    const auto listener = Listener::open(path());
    ASSERT_FALSE(listener);
    EXPECT_THAT(listener.error().what, HasSubstr("remove it"));
    EXPECT_EQ(std::filesystem::file_size(path()), 8U);
}

TEST_F(ControlServer, SaysWhyASocketCannotBeMade) {
    EXPECT_THAT(Listener::open(path("no/where")).error().what,
                AllOf(HasSubstr("No such file or directory"), HasSubstr("RuntimeDirectory=")));
    EXPECT_THAT(Listener::open(path() + std::string(108, 'x')).error().what,
                HasSubstr("1 to 107 are allowed"));
    EXPECT_FALSE(Listener::open(""));
}

TEST_F(ControlServer, TellsACallerThatNoDaemonListens) {
    for (const bool stale : {false, true}) {
        if (stale) {
            const UniqueFd dead(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
            const auto address = SocketAddress::of(path());
            ASSERT_EQ(::bind(dead.get(), address->get(), address->size()), 0);
        }
        const auto result = control::reload(path(), 1s);
        ASSERT_FALSE(result);
        EXPECT_EQ(result.error().code, std::errc::connection_refused);
        EXPECT_THAT(result.error().what,
                    AllOf(HasSubstr("is mqttcand running?"), HasSubstr("systemctl status mqttcan")));
    }
}

TEST_F(ControlServer, TellsACallerThatNoAnswerCame) {
    serve();  // but the loop does not run
    const auto result = control::reload(path(), 20ms);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, std::errc::timed_out);
}

}  // namespace
}  // namespace mqttcan::control::test
