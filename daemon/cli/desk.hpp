// SPDX-License-Identifier: MIT
// Answers what the control socket asks: the daemon's side of `mqttcan status`, `monitor`, `up`, `down`,
// `log-level` and `reload`. The loop's thread.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <utility>

#include "base/log_history.hpp"
#include "daemon/cli/reloader.hpp"
#include "daemon/control/handler.hpp"
#include "daemon/loop/loop.hpp"
#include "daemon/supervisor/supervisor.hpp"

namespace mqttcan::cli {

class Desk final : public control::Handler {
  public:
    /// All of them must outlive it.
    Desk(loop::Loop&, supervisor::Supervisor&, Reloader&, LogHistory&);
    ~Desk() override;

    void reload(control::ReloadDone done) override { done(reloader_.reload()); }
    supervisor::Status status() override { return supervisor_.status(); }
    control::SwitchResult set_dropped(const std::string& bus, bool dropped) override;
    control::CountResult count_peers(const std::string& bus) override;
    void log_after(std::optional<std::uint64_t> number, control::LogDone done) override;
    void set_log_level(Severity lowest) override;

  private:
    control::NoSuchBus no_such_bus();
    void answer_waiting();
    control::LogPart part_after(std::uint64_t number) const;

    supervisor::Supervisor& supervisor_;
    Reloader& reloader_;
    LogHistory& history_;
    Log log_;
    loop::Deferred later_;  ///< a line is written while anything may be half done
    std::deque<std::pair<std::uint64_t, control::LogDone>> waiting_;
};

}  // namespace mqttcan::cli
