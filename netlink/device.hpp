// SPDX-License-Identifier: MIT
// What udev knows of the hardware behind network interfaces, asked once per ifindex. One thread; reads small
// files and waits for nobody. Where no udev runs (containers, the lab), sysfs tells what it can.
#pragma once

#include <map>
#include <set>
#include <string>

#include "netlink/link.hpp"

namespace mqttcan::netlink {

class Devices {
  public:
    /// Empty while udev has not finished with the device, and for a link without hardware behind it.
    Device of(int ifindex, const std::string& name);

    /// Forgets the links that are not among these.
    void keep(const std::set<int>& ifindexes);

    /// Whether of() was asked for a device with which udev has not finished.
    bool waiting() const { return !waiting_.empty(); }

  private:
    std::map<int, Device> known_;
    std::set<int> waiting_;
};

/// What sysfs tells without udev: the driver, and the serial number of the nearest device that has one.
Device device_in_sysfs(const std::string& interface_folder);

}  // namespace mqttcan::netlink
