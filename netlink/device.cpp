// SPDX-License-Identifier: MIT
#include "netlink/device.hpp"

#include <systemd/sd-device.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>

namespace mqttcan::netlink {
namespace {

namespace fs = std::filesystem;

struct Unref {
    void operator()(sd_device* device) const { sd_device_unref(device); }
};

std::string property(sd_device* device, const char* key) {
    const char* value = nullptr;
    return sd_device_get_property_value(device, key, &value) >= 0 && value != nullptr ? value : "";
}

/// What systemd itself goes by: the socket is there as long as udev runs.
bool udev_runs() {
    return ::access("/run/udev/control", F_OK) == 0;
}

struct Told {
    bool finished =
        false;  ///< udev is done with the device, or it is not to be found (gone, renamed just now)
    std::optional<Device> device = {};
};

Told ask_udev(int ifindex) {
    sd_device* found = nullptr;
    if (sd_device_new_from_ifindex(&found, ifindex) < 0) {
        return {.finished = true};
    }
    const std::unique_ptr<sd_device, Unref> device(found);
    if (sd_device_get_is_initialized(device.get()) <= 0) {
        return {};
    }
    return {.finished = true,
            .device = {{.serial = property(device.get(), "ID_SERIAL_SHORT"),
                        .path = property(device.get(), "ID_PATH"),
                        .driver = property(device.get(), "ID_NET_DRIVER")}}};
}

/// The first line, as sysfs attributes have one.
std::string line_of(const fs::path& file) {
    std::ifstream stream(file);
    std::string line;
    std::getline(stream, line);
    return line;
}

}  // namespace

Device device_in_sysfs(const std::string& interface_folder) {
    std::error_code none;
    fs::path folder = fs::canonical(fs::path(interface_folder) / "device", none);
    if (none) {
        return {};
    }
    Device device{.driver = fs::read_symlink(folder / "driver", none).filename().string()};
    // A USB device's interfaces have no number of their own. Beyond the device it would be the hub's.
    bool beyond = false;
    while (device.serial.empty() && !beyond && folder.has_relative_path()) {
        device.serial = line_of(folder / "serial");
        beyond = fs::exists(folder / "idVendor", none);
        folder = folder.parent_path();
    }
    return device;
}

Device Devices::of(int ifindex, const std::string& name) {
    if (const auto at = known_.find(ifindex); at != known_.end()) {
        return at->second;
    }
    const Told told = udev_runs()
                          ? ask_udev(ifindex)
                          : Told{.finished = true, .device = device_in_sysfs("/sys/class/net/" + name)};
    if (told.finished) {
        waiting_.erase(ifindex);
    } else {
        waiting_.insert(ifindex);
    }
    const Device device = told.device.value_or(Device{});
    if (!device.driver.empty()) {  // or udev was overtaken by a renaming, and comes to it again
        known_.emplace(ifindex, device);
    }
    return device;
}

void Devices::keep(const std::set<int>& ifindexes) {
    std::erase_if(known_, [&](const auto& entry) { return !ifindexes.contains(entry.first); });
    std::erase_if(waiting_, [&](int ifindex) { return !ifindexes.contains(ifindex); });
}

}  // namespace mqttcan::netlink
