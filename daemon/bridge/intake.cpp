// SPDX-License-Identifier: MIT
#include "daemon/bridge/intake.hpp"

#include <cerrno>

#include "daemon/codec/savvycan.hpp"
#include "daemon/codec/topics.hpp"

namespace mqttcan::bridge {
namespace {

using codec::Drop;

/// What a subscription brings: its tag.
constexpr int kSingles = 0;  // format savvycan
constexpr int kStream = 1;

constexpr std::string_view kForId = "refused a message for ID";
constexpr std::string_view kFrom = "refused a message from";

Drop drop_reason(codec::stream::Bad bad) {
    using codec::stream::Bad;
    switch (bad) {
        case Bad::sealed:
            return Drop::sealed;
        case Bad::unknown_flags:
            return Drop::unknown_flags;
        case Bad::id_out_of_range:
            return Drop::id_out_of_range;
        case Bad::bad_length:
            return Drop::bad_length;
        case Bad::bad_combination:
            return Drop::bad_combination;
        default:
            return Drop::bad_message;
    }
}

Drop drop_reason(codec::savvycan::Bad bad) {
    using codec::savvycan::Bad;
    switch (bad) {
        case Bad::short_payload:
            return Drop::short_payload;
        case Bad::bad_id:
            return Drop::bad_id;
        case Bad::id_out_of_range:
            return Drop::id_out_of_range;
        case Bad::bad_length:
            return Drop::bad_length;
        case Bad::unknown_flags:
            return Drop::unknown_flags;
        case Bad::bad_combination:
            return Drop::bad_combination;
    }
    return Drop::refused;
}

}  // namespace

std::vector<mqtt::Subscription> subscriptions(const config::Bus& bus) {
    std::vector<mqtt::Subscription> list;
    switch (bus.role) {
        case config::Role::peer:
            list.push_back({.prefix = codec::peer_prefix(bus.topic), .tag = kStream});
            break;
        case config::Role::client:
            if (bus.speaks(config::Format::stream)) {
                list.push_back(
                    {.prefix = codec::rx_prefix(bus.topic), .level = codec::kRxLevel, .tag = kStream});
            } else {
                list.push_back({.prefix = codec::frames_prefix(bus.topic), .tag = kSingles});
            }
            break;
        case config::Role::server:
            if (bus.write == config::Write::none) {
                break;
            }
            if (bus.speaks(config::Format::savvycan)) {
                list.push_back({.prefix = codec::write_prefix(bus.topic), .tag = kSingles});
            }
            if (bus.accept_pymqtt2can_clients) {
                list.push_back(
                    {.prefix = codec::frames_prefix(bus.topic), .no_local = true, .tag = kSingles});
            }
            if (bus.speaks(config::Format::stream)) {
                list.push_back({.prefix = codec::tx_prefix(bus.topic), .tag = kStream});
            }
            break;
    }
    return list;
}

Intake::Intake(const config::Bus& bus, std::string client_id, codec::Counters& to_bus, Publisher& publisher,
               Writer& writer, std::uint32_t past_epoch, Log log)
    : bus_(bus),
      client_id_(std::move(client_id)),
      count_(to_bus),
      publisher_(publisher),
      writer_(writer),
      past_epoch_(past_epoch),
      log_(std::move(log)),
      filter_(bus.to_bus.filter) {}

void Intake::open(const Log& log, bool controller) {
    log_ = log;
    controller_ = controller;
    closed_.reset();
}

void Intake::take(const mqtt::Message& message) {
    if (message.tag == kStream) {
        take_stream(message);
    } else {
        take_single(message);
    }
}

void Intake::take_single(const mqtt::Message& message) {
    ++count_.received;
    if (message.retained) {
        refuse(Drop::retained, message);
        return;
    }
    const auto frame = codec::savvycan::decode(message.level, message.payload, bus_.to_bus.brs);
    if (!frame) {
        refuse(drop_reason(frame.error()), message);
        return;
    }
    accept(*frame, message, is_stale(message));
}

void Intake::take_stream(const mqtt::Message& message) {
    if (bus_.role == config::Role::peer && message.level == client_id_) {
        return;  // what we said ourselves
    }
    const TimePoint now = BootClock::now();
    const auto taken =
        message.retained ? std::nullopt : std::optional(reader_.take(message.level, message.payload, now));
    if (!taken || !*taken) {
        ++count_.received;
        refuse(taken ? drop_reason(taken->error()) : Drop::retained, message);
        return;
    }
    const auto& [verdict, newest, records] = **taken;
    if (verdict.lost > 0) {
        count_.lost += verdict.lost;
        const bool from_server = bus_.role == config::Role::client;
        complaints_.missing(log_, from_server ? std::string_view() : message.level, verdict.lost, now);
    }
    count_.received += records.size();
    const bool confirmations_come = bus_.role == config::Role::client;
    if (verdict.rivals) {
        count_.drop(Drop::two_senders, records.size());
        complaints_.complain(log_, Drop::two_senders, kFrom, message.level, now);
        return;
    }
    clock_.received(newest, wall_now(), now);
    count_.drop(Drop::late, verdict.late);
    const bool stale = is_stale(message);
    for (const can::Frame& frame : records.subspan(verdict.late)) {
        if (frame.echo && !confirmations_come) {
            count_.drop(Drop::bad_combination);
        } else if (frame.echo && is_ours(frame.origin)) {
            --count_.received;  // our own frame was on the bus: it is on ours already
            confirm(frame, now);
        } else {
            accept(frame, message, stale);
        }
    }
}

bool Intake::is_ours(const can::Origin& origin) const {
    return origin.epoch == publisher_.epoch() || (past_epoch_ != 0 && origin.epoch == past_epoch_);
}

void Intake::confirm(const can::Frame& frame, TimePoint now) {
    if (frame.origin.epoch != publisher_.epoch()) {
        return;
    }
    if (const auto asked = publisher_.receipts()->confirmed(frame.origin.sequence, now)) {
        clock_.answered(asked->wall, frame.stamp, now);
    }
}

bool Intake::is_stale(const mqtt::Message& message) const {
    return BootClock::now() - message.fresh_since > bus_.to_bus.max_age;
}

/// A frame for the bus. One that is stale is dropped now, not in the queue: ages in that must not fall.
void Intake::accept(const can::Frame& frame, const mqtt::Message& message, bool stale) {
    if (!filter_.passes(frame)) {
        count_.drop(Drop::filtered);  // as somebody wished: no complaint
        return;
    }
    if (const auto reason = judge(frame)) {
        refuse(*reason, message);
        return;
    }
    if (closed_) {
        count_.drop(*closed_);
        return;
    }
    if (stale) {
        count_.drop(Drop::stale);
        return;
    }
    if (!writer_.push(frame, message.fresh_since)) {
        count_.drop(Drop::overflow);
    }
}

std::optional<Drop> Intake::judge(const can::Frame& frame) const {
    // A controller would send an error frame as a data frame.
    if (frame.error && (bus_.role == config::Role::server || controller_)) {
        return Drop::error_frame;
    }
    if (frame.fd && !bus_.fd) {
        return Drop::not_fd;
    }
    return std::nullopt;
}

void Intake::refuse(Drop reason, const mqtt::Message& message) {
    complain(reason, message.tag == kStream ? kFrom : kForId, message.level);
}

void Intake::complain(Drop reason, std::string_view what, std::string_view level) {
    count_.drop(reason);
    complaints_.complain(log_, reason, what, level, BootClock::now());
}

void Intake::refused(const can::Frame& frame, Drop reason) {
    complain(reason, kForId, std::to_string(frame.id));
}

}  // namespace mqttcan::bridge
