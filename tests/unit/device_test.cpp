// SPDX-License-Identifier: MIT
// What sysfs tells of hardware where there is no udev; the folders are laid out as Linux lays them out.
#include "netlink/device.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

namespace mqttcan::netlink {
namespace {

namespace fs = std::filesystem;

class Sysfs : public ::testing::Test {
  protected:
    Sysfs() {
        std::string name = (fs::temp_directory_path() / "mqttcan-sysfs.XXXXXX").string();
        root_ = ::mkdtemp(name.data());
    }
    ~Sysfs() override { fs::remove_all(root_); }

    void file(const std::string& path, const std::string& line) const {
        fs::create_directories((root_ / path).parent_path());
        std::ofstream(root_ / path) << line << '\n';
    }
    /// The folder of an interface whose hardware is at `device`.
    std::string interface_at(const std::string& device, const std::string& driver) const {
        const fs::path folder = root_ / device / "net/can0";
        fs::create_directories(folder);
        fs::create_directories(root_ / "drivers" / driver);
        fs::create_directory_symlink(root_ / device, folder / "device");
        fs::create_directory_symlink(root_ / "drivers" / driver, root_ / device / "driver");
        return folder.string();
    }

    fs::path root_;
};

TEST_F(Sysfs, TellsTheDriverAndTheNumberOfTheUsbDeviceAroundTheInterface) {
    file("devices/pci0000:00/0000:00:14.0/usb1/1-2/serial", "004B0030");
    file("devices/pci0000:00/0000:00:14.0/usb1/1-2/idVendor", "1d50");
    file("devices/pci0000:00/0000:00:14.0/usb1/serial", "0000:00:14.0");
    EXPECT_EQ(device_in_sysfs(interface_at("devices/pci0000:00/0000:00:14.0/usb1/1-2/1-2:1.0", "gs_usb")),
              (Device{.serial = "004B0030", .driver = "gs_usb"}));
}

TEST_F(Sysfs, DoesNotTakeTheNumberOfTheHub) {
    file("devices/pci0000:00/0000:00:14.0/usb1/1-2/idVendor", "1d50");
    file("devices/pci0000:00/0000:00:14.0/usb1/serial", "0000:00:14.0");
    EXPECT_EQ(device_in_sysfs(interface_at("devices/pci0000:00/0000:00:14.0/usb1/1-2/1-2:1.0", "gs_usb")),
              (Device{.driver = "gs_usb"}));
}

TEST_F(Sysfs, KnowsCardsWithoutNumberAndLinksWithoutHardware) {
    EXPECT_EQ(device_in_sysfs(interface_at("devices/pci0000:00/0000:00:05.0", "kvaser_pci")),
              (Device{.driver = "kvaser_pci"}));
    fs::create_directories(root_ / "virtual/net/can0");
    EXPECT_EQ(device_in_sysfs((root_ / "virtual/net/can0").string()), Device{});
    EXPECT_EQ(device_in_sysfs((root_ / "nowhere").string()), Device{});
}

}  // namespace
}  // namespace mqttcan::netlink
