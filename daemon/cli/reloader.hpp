// SPDX-License-Identifier: MIT
// The daemon's reload, whoever asks for it: SIGHUP or the control socket. A bad configuration leaves
// everything as it was. Logs what came of it. The loop's thread.
#pragma once

#include <functional>
#include <string>

#include "base/log.hpp"
#include "config/load.hpp"
#include "daemon/control/handler.hpp"

namespace mqttcan::cli {

class Reloader {
  public:
    using Load = std::function<config::Outcome()>;
    using Apply = std::function<void(const config::Config&)>;

    /// `load` reads the configuration again; empty if that cannot be done. `summary` is what systemd shows
    /// after it was applied.
    Reloader(Load load, Apply apply, std::function<std::string()> summary, Log log)
        : load_(std::move(load)),
          apply_(std::move(apply)),
          summary_(std::move(summary)),
          log_(std::move(log)) {}

    control::ReloadResult reload();
    /// From now on there is nothing to reload.
    void stop() { stopping_ = true; }
    bool stopping() const { return stopping_; }

  private:
    control::ReloadResult refuse(const std::string& reason) const;

    Load load_;
    Apply apply_;
    std::function<std::string()> summary_;
    Log log_;
    bool stopping_ = false;
};

}  // namespace mqttcan::cli
