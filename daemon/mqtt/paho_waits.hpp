// SPDX-License-Identifier: MIT
// How long Paho's receive thread waits. It looks at its sockets for a second at a time, then naps for 100 ms
// (MQTTAsync_cycle() and Socket_getReadySocket() of Paho C 1.3.12 to 1.3.14), and nothing wakes it when a
// connection is begun, nor when one stands: over a line with a round trip of 40 ms that takes up to two
// seconds. Therefore this program's poll() and usleep() shorten those waits (see paho_waits.cpp).
#pragma once

#include <atomic>

namespace mqttcan::mqtt {

/// While one lives, the receive thread looks around every few milliseconds. Any thread.
class PahoAttention {
  public:
    PahoAttention();
    ~PahoAttention() { end(); }
    PahoAttention(const PahoAttention&) = delete;
    PahoAttention& operator=(const PahoAttention&) = delete;
    /// Sooner than its life.
    void end();

  private:
    std::atomic<bool> ended_ = false;
};

}  // namespace mqttcan::mqtt
