// SPDX-License-Identifier: MIT
// A Handler that does what a test tells it, and requests as a caller writes them.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "daemon/control/dispatch.hpp"
#include "daemon/control/handler.hpp"

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

    ReloadResult result = Done{};
    bool later = false;  ///< answers are kept in `waiting`
    std::vector<ReloadDone> waiting;
    int reloads = 0;
};

inline std::string request(const std::string& method, const json& parameters = json::object()) {
    return json{{"method", method}, {"parameters", parameters}}.dump();
}

}  // namespace mqttcan::control::test
