// SPDX-License-Identifier: MIT
// Says when paths that are waited for may have appeared or vanished: device nodes, network namespaces. A path
// need not exist, nor the folders above it: the nearest that does is watched (inotify(7)). A hint, not a
// truth: look yourself when it calls, and now and then without it, since not every file system tells.
#pragma once

#include <optional>
#include <set>
#include <string>

#include "base/unique_fd.hpp"
#include "daemon/loop/loop.hpp"

namespace mqttcan::loop {

class PathWatch {
  public:
    /// Watches nothing where the kernel grants no inotify instance; then it never calls.
    PathWatch(Loop&, Callback changed);

    /// Absolute paths; replaces those before.
    void watch(std::set<std::string> paths);

  private:
    void on_readable();
    void place();

    UniqueFd fd_;
    Callback changed_;
    std::set<std::string> paths_;
    std::set<int> watches_;
    std::optional<IoSource> source_;
};

}  // namespace mqttcan::loop
