// SPDX-License-Identifier: MIT
// Names that are valid by construction: what parse() returned can be used without a second check.
// All are immutable values. parse() fails with a sentence that says what is wrong and what is right.
#pragma once

#include <compare>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace mqttcan {

/// Name of a network interface: 1-15 bytes, no '/', ':', '%' or white space, not "." or ".."
/// (dev_valid_name() in the kernel's net/core/dev.c; '%' because the kernel reads it as a template).
class InterfaceName {
  public:
    static Result<InterfaceName> parse(std::string_view name);
    const std::string& str() const { return name_; }
    auto operator<=>(const InterfaceName&) const = default;

  private:
    explicit InterfaceName(std::string_view name) : name_(name) {}
    std::string name_;
};

/// Name of a bus or a broker entry of the configuration: 1-64 of [A-Za-z0-9._-], begins with a letter or
/// digit. It stands in topics, journal fields and link aliases, so it may need no quoting anywhere.
class EntryName {
  public:
    static Result<EntryName> parse(std::string_view name);
    const std::string& str() const { return name_; }
    auto operator<=>(const EntryName&) const = default;

  private:
    explicit EntryName(std::string_view name) : name_(name) {}
    std::string name_;
};

/// A bus's topic T (docs/wire-format.md, rules for every connection): UTF-8, no wildcard, no leading '$',
/// no level "s" or "mqttcan", no empty level, at most 200 bytes so that every topic made from it is legal.
class Topic {
  public:
    static Result<Topic> parse(std::string_view topic);
    const std::string& str() const { return topic_; }
    /// Number of levels, at least 1. PyMQTT2CAN and SavvyCAN find the ID only if it is 1.
    int levels() const;
    auto operator<=>(const Topic&) const = default;

  private:
    explicit Topic(std::string_view topic) : topic_(topic) {}
    std::string topic_;
};

/// Whether `bytes` is well-formed UTF-8 without control characters, as MQTT 5 section 1.5.4 wants its
/// strings.
bool is_mqtt_string(std::string_view bytes);

}  // namespace mqttcan
