// SPDX-License-Identifier: MIT
// libFuzzer target for the control socket: any bytes, in any pieces, are answered with NUL-terminated JSON
// within bounds or end the connection, never crash. Build as a fuzzer (Debian: clang-19, libclang-rt-19-dev):
//   clang++-19 -std=c++23 -g -O1 -fsanitize=fuzzer,address,undefined -I. -o control_fuzz
//     tests/fuzz/control_fuzz.cpp daemon/control/{dispatch,interface,session}.cpp
//   ./control_fuzz NEW_CORPUS tests/golden/control
// With MQTTCAN_FUZZ_REPLAY it has a main() that runs every file below the folders it is given.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string_view>

#include "daemon/control/interface.hpp"
#include "daemon/control/session.hpp"
#include "tests/support/some_status.hpp"

namespace {

using namespace mqttcan::control;

/// Answers in turn at once and later, well and badly.
class Fickle final : public Handler {
  public:
    void reload(ReloadDone done) override {
        switch (++calls_ % 4) {
            case 0:
                done(Faults{{"/etc/mqttcan.json:1:1: \xff", ""}});
                break;
            case 1:
                done(Done{});
                break;
            case 2:
                done(Failure{"reason"});
                break;
            default:
                waiting = std::move(done);
        }
    }
    mqttcan::supervisor::Status status() override {
        return {.buses = {mqttcan::test::some_bus("\xff", "vcan0")}};
    }
    SwitchResult set_dropped(const std::string&, bool dropped) override {
        return dropped ? SwitchResult(NoSuchBus{{"\xff"}}) : SwitchResult(Done{});
    }
    CountResult count_peers(const std::string& bus) override {
        return bus.size() % 2 == 0 ? CountResult(NoSuchBus{{"\xff"}}) : CountResult(PeerCount(bus.size()));
    }
    void log_after(std::optional<std::uint64_t> number, LogDone done) override {
        done({.last = number.value_or(7),
              .lines = {{.severity = mqttcan::Severity::debug, .message = "\xff"}}});
    }
    void set_log_level(mqttcan::Severity) override {}
    ReloadDone waiting;

  private:
    int calls_ = 0;
};

void check(bool holds) {
    if (!holds) {
        std::abort();
    }
}

void check_output(std::string_view output) {
    check(output.ends_with('\0') && output.size() <= kLongestReply + 1);
    output.remove_suffix(1);
    check(nlohmann::json::parse(output, nullptr, false).is_object());
}

/// False at the end of the connection.
bool drive(Session& session, Fickle& handler) {
    do {
        if (!session.proceed()) {
            return false;
        }
        if (session.busy()) {
            std::exchange(handler.waiting, nullptr)(Done{});
        }
        if (!session.output().empty()) {
            check_output(session.output());
            session.sent(1);
            session.sent(session.output().size());
        }
    } while (session.can_proceed());
    return true;
}

}  // namespace

// The name and signature that libFuzzer wants.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Fickle handler;
    Session session(handler, "1.2.3", [] {});
    std::string_view bytes(reinterpret_cast<const char*>(data), size);
    // The first byte says in pieces of which length the rest comes.
    const std::size_t piece = size > 0 ? std::size_t{data[0]} + 1 : 1;
    bytes.remove_prefix(std::min<std::size_t>(size, 1));
    while (!bytes.empty()) {
        session.receive(bytes.substr(0, piece));
        bytes.remove_prefix(std::min(piece, bytes.size()));
        if (!drive(session, handler)) {
            break;
        }
    }
    return 0;
}

#ifdef MQTTCAN_FUZZ_REPLAY
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <span>
#include <vector>

int main(int argc, char** argv) {
    std::size_t count = 0;
    for (const char* folder : std::span(argv, static_cast<std::size_t>(argc)).subspan(1)) {
        for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
            if (entry.is_regular_file()) {
                std::ifstream in(entry.path(), std::ios::binary);
                const std::vector<char> bytes((std::istreambuf_iterator<char>(in)), {});
                LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
                ++count;
            }
        }
    }
    std::cout << count << " files\n";
    return count > 0 ? 0 : 1;
}
#endif
