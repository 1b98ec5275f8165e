// SPDX-License-Identifier: MIT
// A Handler that does what a test tells it, and requests as a caller writes them.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "daemon/control/dispatch.hpp"
#include "daemon/control/handler.hpp"
#include "tests/support/some_status.hpp"

namespace mqttcan::control::test {

using nlohmann::json;

class FakeHandler final : public Handler {
  public:
    void reload(ReloadDone done) override {
        ++reloads;
        if (later) {
            waiting.push_back(std::move(done));
        } else {
            done(result);
        }
    }

    supervisor::Status status() override { return now; }
    SwitchResult set_dropped(const std::string& bus, bool dropped) override {
        switched = bus + (dropped ? " down" : " up");
        return switch_result;
    }
    CountResult count_peers(const std::string& bus) override {
        counted = bus;
        return count_result;
    }
    void log_after(std::optional<std::uint64_t> number, LogDone done) override {
        after = number;
        done(log);
    }
    void set_log_level(Severity severity) override { lowest = severity; }

    ReloadResult result = Done{};
    supervisor::Status now = mqttcan::test::some_status();
    SwitchResult switch_result = Done{};
    std::string switched;
    CountResult count_result = PeerCount();
    std::string counted;
    std::optional<std::uint64_t> after;
    LogPart log;
    Severity lowest = Severity::info;
    bool later = false;  ///< answers are kept in `waiting`
    std::vector<ReloadDone> waiting;
    int reloads = 0;
};

inline std::string request(const std::string& method, const json& parameters = json::object()) {
    return json{{"method", method}, {"parameters", parameters}}.dump();
}

}  // namespace mqttcan::control::test
