// SPDX-License-Identifier: MIT
#include "netlink/slcan.hpp"

#include <net/if.h>  // before linux/if.h, or neither compiles

#include <fcntl.h>
#include <linux/sockios.h>
#include <linux/tty.h>
#include <sys/ioctl.h>
#include <termios.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace mqttcan::netlink {
namespace {

std::string cure_for_opening(int number) {
    switch (number) {
        case ENOENT:
        case ENXIO:
        case ENODEV:
            return "; is the adapter plugged in? \"ls /dev/serial/by-id\" shows those that are";
        case EACCES:
            return "; the user needs the group dialout (\"ls -l\" shows the device's group), the service "
                   "DeviceAllow= for it";
        case EBUSY:
            return "; another program has it for itself, ModemManager or slcand perhaps";
        default:
            return "";
    }
}

std::string cure_for_attaching(int number) {
    switch (number) {
        case EPERM:
            return "; it needs CAP_NET_ADMIN, and if dev.tty.ldisc_autoload is 0, \"modprobe slcan\" as root";
        case EINVAL:
            return "; this kernel has no slcan: try \"modprobe slcan\" as root. If there is no such module: "
                   "on Ubuntu install linux-modules-extra-$(uname -r), in a container load it on the host";
        default:
            return "";
    }
}

std::unexpected<Error> failed(int number, const std::string& what, const std::string& cure) {
    auto error = fail_errno(number, what);
    error.error().what += cure;
    return error;
}

}  // namespace

Result<SerialPort> open_serial(const std::string& device) {
    // O_NONBLOCK: or a line without carrier would keep us here.
    UniqueFd tty(::open(device.c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC));
    if (!tty) {
        return failed(errno, text("opening ", device), cure_for_opening(errno));
    }
    int discipline = 0;
    if (::ioctl(tty.get(), TIOCGETD, &discipline) < 0 || ::ioctl(tty.get(), TIOCEXCL) < 0) {
        return failed(errno, text("opening ", device), errno == ENOTTY ? "; it is no serial device" : "");
    }
    return SerialPort{.tty = AttachedTty(std::move(tty)), .attached_before = discipline == N_SLCAN};
}

Result<void> attach_discipline(const AttachedTty& tty, const std::string& device) {
    termios settings{};
    int failure = ::tcgetattr(tty.get(), &settings);
    ::cfmakeraw(&settings);
    settings.c_cflag = (settings.c_cflag & ~static_cast<tcflag_t>(CRTSCTS | CSTOPB)) | CLOCAL | CREAD;
    ::cfsetspeed(&settings, B115200);
    failure = failure < 0 ? failure : ::tcsetattr(tty.get(), TCSANOW, &settings);
    if (failure < 0) {
        return failed(errno, text("setting up ", device), "");
    }
    const int discipline = N_SLCAN;
    if (::ioctl(tty.get(), TIOCSETD, &discipline) < 0) {
        return failed(errno, text("making ", device, " a CAN interface"), cure_for_attaching(errno));
    }
    return {};
}

Result<InterfaceName> interface_of(const AttachedTty& tty, const std::string& device) {
    std::array<char, IFNAMSIZ> name{};
    if (::ioctl(tty.get(), SIOCGIFNAME, name.data()) < 0) {
        return failed(errno, text("asking for the interface of ", device), "");
    }
    return InterfaceName::parse({name.data(), ::strnlen(name.data(), name.size())});
}

}  // namespace mqttcan::netlink
