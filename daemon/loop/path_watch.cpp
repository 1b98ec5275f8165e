// SPDX-License-Identifier: MIT
#include "daemon/loop/path_watch.hpp"

#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <filesystem>

namespace mqttcan::loop {
namespace {

// Permissions are given after creation (IN_ATTRIB); the folder itself may go or be replaced (IN_DELETE_SELF).
constexpr std::uint32_t kEvents = IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ATTRIB |
                                  IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;

std::filesystem::path nearest_folder(const std::filesystem::path& path) {
    std::filesystem::path folder = path.parent_path();
    std::error_code ignored;
    while (folder.has_relative_path() && !std::filesystem::is_directory(folder, ignored)) {
        folder = folder.parent_path();
    }
    return folder;
}

}  // namespace

PathWatch::PathWatch(Loop& loop, Callback changed)
    : fd_(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)), changed_(std::move(changed)) {
    if (fd_) {
        source_.emplace(loop, fd_.get(), [this] { on_readable(); });
    }
}

void PathWatch::watch(std::set<std::string> paths) {
    if (paths != paths_) {
        paths_ = std::move(paths);
        place();
    }
}

void PathWatch::place() {
    if (!fd_) {
        return;
    }
    std::set<int> now;
    for (const std::string& path : paths_) {
        if (const int watch = ::inotify_add_watch(fd_.get(), nearest_folder(path).c_str(), kEvents);
            watch >= 0) {
            now.insert(watch);
        }
    }
    for (const int watch : watches_) {
        if (!now.contains(watch)) {
            ::inotify_rm_watch(fd_.get(), watch);
        }
    }
    watches_ = std::move(now);
}

void PathWatch::on_readable() {
    alignas(inotify_event) std::array<char, 4096> events;
    bool any = false;
    while (::read(fd_.get(), events.data(), events.size()) > 0) {
        any = true;
    }
    if (any) {
        place();  // a folder nearer to a path may be there now
        changed_();
    }
}

}  // namespace mqttcan::loop
