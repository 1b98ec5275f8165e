// SPDX-License-Identifier: MIT
// Any configuration, on a machine where anything may happen. For plan_convergence_test.cpp; a seed gives the
// same history every time.
#pragma once

#include <iterator>
#include <random>
#include <string>
#include <utility>

#include "tests/support/values.hpp"
#include "tests/unit/plan_machine.hpp"

namespace mqttcan::supervisor {

inline const std::string kInstance = "me";
/// Some names for links and buses: few, so that they collide.
inline constexpr const char* kNames[] = {"vcan0", "vcan1", "vcan2", "vcan3", "can0", "other"};
inline constexpr const char* kBuses[] = {"a", "b", "c", "d", "e"};
inline constexpr const char* kDevices[] = {"/dev/ttyACM0", "/dev/ttyACM1"};
inline constexpr const char* kSerials[] = {"S1", "S2", ""};
/// The last is our own.
inline const NetworkNamespace kSpaces[] = {{.path = "/run/netns/x"}, {.pid = 7}, {.path = "/proc/1/ns/net"}};
inline const CanSettings kWishes[] = {{.bitrate = 250000},
                                      {.bitrate = 123457, .tx_queue_length = 100},  // rounded
                                      {.tx_queue_length = 100},
                                      {.fd = false, .restart = std::chrono::seconds(1)},
                                      {.bitrate = 2000000, .tx_queue_length = 50},  // refused
                                      {.termination = 120}};                        // not every driver's

class World : public Machine {
  public:
    explicit World(unsigned seed) : random_(seed) { links.ours.insert(std::end(kSpaces)[-1]); }

    unsigned below(std::size_t limit) { return static_cast<unsigned>(random_() % limit); }
    bool chance(unsigned one_in) { return below(one_in) == 0; }
    template <typename T, std::size_t kSize>
    const T& any(const T (&of)[kSize]) {
        return of[below(kSize)];
    }
    EntryName any_bus() { return EntryName::parse(any(kBuses)).value(); }
    InterfaceName any_name() { return testing::interface(any(kNames)); }

    Desired configuration();
    /// What another program, another person, or a crash of ours may do.
    void disturb();
    /// The kernel says no to some things until it accepts() them again.
    void reject();
    void accept() { links.has_vcan = links.has_vxcan = links.has_slcan = links.privileged = true; }

  private:
    DesiredLink wish(const EntryName& bus);
    void tamper(int ifindex);
    void tamper_hardware(netlink::Link& link);
    void disturb_namespaces();
    void appear();
    void crash();
    std::string any_alias();

    std::mt19937 random_;
};

}  // namespace mqttcan::supervisor
