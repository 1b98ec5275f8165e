// SPDX-License-Identifier: MIT
#include "daemon/cli/desk.hpp"

#include <algorithm>

#include "daemon/control/server.hpp"
#include "daemon/control/status_json.hpp"

namespace mqttcan::cli {

Desk::Desk(loop::Loop& loop, supervisor::Supervisor& supervisor, Reloader& reloader, LogHistory& history)
    : supervisor_(supervisor), reloader_(reloader), history_(history), log_(history), later_(loop, [this] {
          answer_waiting();
      }) {
    history_.set_listener([this] {
        if (!waiting_.empty()) {
            later_.request();
        }
    });
}

Desk::~Desk() {
    history_.set_listener(nullptr);
}

control::SwitchResult Desk::set_dropped(const std::string& bus, bool dropped) {
    if (reloader_.stopping()) {
        return control::Failure{"the daemon is stopping"};
    }
    if (supervisor_.set_dropped(bus, dropped)) {
        return control::Done{};
    }
    return no_such_bus();
}

control::CountResult Desk::count_peers(const std::string& bus) {
    const auto count = supervisor_.count_peers(bus);
    return count ? control::CountResult(*count) : no_such_bus();
}

control::NoSuchBus Desk::no_such_bus() {
    control::NoSuchBus unknown;
    for (const supervisor::BusStatus& one : supervisor_.status().buses) {
        unknown.known.push_back(one.name);
    }
    return unknown;
}

void Desk::log_after(std::optional<std::uint64_t> number, control::LogDone done) {
    if (!number) {
        done({.last = history_.last()});
    } else if (*number != history_.last()) {
        done(part_after(*number));  // also to one who has spoken to another daemon before
    } else {
        waiting_.emplace_back(*number, std::move(done));
        if (waiting_.size() > control::kMostClients) {  // whoever asked first has gone, or asks again
            const auto [first, gone] = std::move(waiting_.front());
            waiting_.pop_front();
            gone({.last = first});
        }
    }
}

control::LogPart Desk::part_after(std::uint64_t number) const {
    control::LogPart part{.last = history_.last()};
    for (const LogLine& line : history_.lines()) {
        if (line.number > number || number > history_.last()) {
            part.lines.push_back(line);
        }
    }
    if (number < history_.last()) {
        part.missed = history_.last() - number - part.lines.size();
    }
    return part;
}

void Desk::answer_waiting() {
    for (const auto& [number, done] : std::exchange(waiting_, {})) {
        done(part_after(number));
    }
}

void Desk::set_log_level(Severity lowest) {
    if (lowest != history_.lowest()) {
        log_.notice("logging ", control::name(lowest), " and what is worse, was ",
                    control::name(history_.lowest()));
        history_.set_lowest(lowest);
    }
}

}  // namespace mqttcan::cli
