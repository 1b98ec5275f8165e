// SPDX-License-Identifier: MIT
// A log that nobody reads.
#pragma once

#include "base/log.hpp"

namespace mqttcan::test {

class SilentLog final : public LogSink {
  public:
    void write(const LogRecord&) override {}
};

}  // namespace mqttcan::test
