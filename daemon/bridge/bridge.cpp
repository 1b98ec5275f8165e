// SPDX-License-Identifier: MIT
#include "daemon/bridge/bridge.hpp"

#include <sys/timex.h>

#include <array>
#include <cerrno>

#include "daemon/codec/topics.hpp"

namespace mqttcan::bridge {
namespace {

using namespace std::chrono_literals;
using codec::Drop;

// A full transmit queue (ENOBUFS) leaves POLLOUT saying "writable", so only time helps: about three frames at
// 500 kbit/s.
constexpr Duration kWriteBackOff = 1ms;
constexpr int kLastBatches = 256;          // more than the receive buffer holds
constexpr Duration kDropsInterval = 1s;    // a drop is told soon,
constexpr Duration kTrafficInterval = 5s;  // mere traffic seldom: the line may be metered

std::string publish_prefix(const config::Bus& bus) {
    return bus.role == config::Role::server ? codec::frames_prefix(bus.topic)
                                            : codec::write_prefix(bus.topic);
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

bool clock_synchronized() {
    timex state{};
    const int result = ::adjtimex(&state);  // modes 0: only reads
    return result >= 0 && result != TIME_ERROR && (state.status & STA_UNSYNC) == 0;
}

/// "12 stale, 3 overflow"; empty if nothing was dropped since `before`.
std::string dropped_since(const codec::Counters& now, const codec::Counters& before) {
    std::string list;
    for (std::size_t i = 0; i < codec::kDrops; ++i) {
        if (const auto count = now.dropped[i] - before.dropped[i]; count > 0) {
            list += text(list.empty() ? "" : ", ", count, ' ', codec::name(static_cast<Drop>(i)));
        }
    }
    return list;
}

}  // namespace

std::vector<mqtt::Subscription> subscriptions(const config::Bus& bus) {
    if (bus.role == config::Role::client) {
        return {{codec::frames_prefix(bus.topic)}};
    }
    if (bus.write == config::Write::none) {
        return {};
    }
    std::vector<mqtt::Subscription> list{{codec::write_prefix(bus.topic)}};
    if (bus.accept_pymqtt2can_clients) {
        list.push_back({codec::frames_prefix(bus.topic), true});
    }
    return list;
}

Bridge::Bridge(loop::Loop& loop, mqtt::Connection& connection, config::Bus bus, Identity identity, Log log)
    : loop_(loop),
      connection_(connection),
      bus_(std::move(bus)),
      identity_(std::move(identity)),
      log_(std::move(log)),
      topic_(publish_prefix(bus_)),
      prefix_(topic_.size()),
      write_timer_(loop, [this] { write(); }),
      status_timer_(loop, [this] { on_status_timer(); }),
      from_bus_(bus_.from_bus.queue),
      to_bus_(bus_.to_bus.queue) {
    connection_.add(*this, subscriptions(bus_));
}

Result<void> Bridge::open(const std::string& interface, int ifindex, bool is_virtual) {
    close();
    auto socket = can::Socket::open(ifindex, {.error_frames = bus_.from_bus.error_frames});
    if (!socket) {
        return std::unexpected(socket.error());
    }
    interface_ = interface;
    is_virtual_ = is_virtual;
    log_ = log_.for_bus(bus_.name.str(), interface);
    socket_ = std::move(*socket);
    readable_.emplace(loop_, socket_->fd(), [this] { on_readable(); });
    publish_status("online");
    if (const auto before = std::exchange(before_closing_, std::nullopt)) {
        const std::string lost = dropped_since(counters_.to_bus, before->to_bus);
        log_.notice("the interface is back; frames for it dropped meanwhile: ", lost.empty() ? "none" : lost);
    }
    return {};
}

void Bridge::close() {
    if (!socket_) {
        return;
    }
    drain();
    before_closing_ = counters();
    readable_.reset();
    socket_.reset();
    write_timer_.disarm();
    counters_.to_bus.drop(Drop::no_link, to_bus_.clear());
    publish_status("waiting");
}

void Bridge::begin_stop() {
    drain();
    stopping_ = true;
    readable_.reset();
    write_timer_.disarm();
    counters_.to_bus.drop(Drop::stopped, to_bus_.clear());
    publish();
}

void Bridge::end_stop() {
    counters_.from_bus.drop(Drop::stopped, from_bus_.clear());
    counters();
    if (identity_.forget_status && !identity_.status_topic.empty()) {
        connection_.publish_retained(identity_.status_topic, {});
    } else {
        publish_status("offline");
    }
    status_timer_.disarm();
    log_.info(counters_.from_bus.received, " frames from the bus, ", counters_.from_bus.passed,
              " published, ", counters_.from_bus.dropped_total(), " dropped; ", counters_.to_bus.received,
              " for the bus, ", counters_.to_bus.passed, " written, ", counters_.to_bus.dropped_total(),
              " dropped");
}

const codec::BusCounters& Bridge::counters() {
    if (socket_) {
        const std::uint64_t lost = socket_->take_kernel_dropped();
        counters_.from_bus.received += lost;
        counters_.from_bus.drop(Drop::kernel, lost);
    }
    return counters_;
}

/// What the kernel has already taken from the bus still goes out. A link that went down is told once, before
/// the frames that wait.
void Bridge::drain() {
    int errors = 0;
    for (int batch = 0; batch < kLastBatches && socket_ && errors < 2; ++batch) {
        const auto frames = on_readable();
        errors += frames ? 0 : 1;
        if (frames && *frames < can::Socket::kBatch) {
            return;
        }
    }
}

/// Returns how many frames there were; none if the socket had an error to tell.
std::optional<std::size_t> Bridge::on_readable() {
    std::array<can::Frame, can::Socket::kBatch> frames;
    const auto received = socket_->receive(frames);
    if (!received) {
        // ENETDOWN or ENODEV, told once; the link watcher says what is to be done about it.
        log_.debug(received.error().what);
        return std::nullopt;
    }
    codec::Counters& count = counters_.from_bus;
    count.received += received->frames + received->kernel_dropped;
    if (received->kernel_dropped > 0) {
        count.drop(Drop::kernel, received->kernel_dropped);
    }
    for (const can::Frame& frame : std::span(frames).first(received->frames)) {
        if (frame.error && bus_.role == config::Role::client) {
            count.drop(Drop::error_frame);
        } else if (!from_bus_.push(frame)) {
            count.drop(Drop::overflow);
        }
    }
    publish();
    news();
    return received->frames;
}

void Bridge::publish() {
    const TimePoint now = BootClock::now();
    while (!from_bus_.empty()) {
        const can::Frame& frame = from_bus_.front();
        if (now - frame.arrived > bus_.from_bus.max_age) {
            counters_.from_bus.drop(Drop::stale);
        } else if (!connection_.ready() || !publish_frame(frame)) {
            return;
        }
        from_bus_.pop();
    }
}

bool Bridge::publish_frame(const can::Frame& frame) {
    std::array<std::byte, codec::savvycan::kMaxPayload> payload;
    std::array<char, codec::savvycan::kMaxIdDigits> id;
    topic_.resize(prefix_);
    topic_ += codec::savvycan::encode_id(frame, id);
    const std::uint64_t covering = connection_.covering_tick();
    if (!connection_.publish(topic_, codec::savvycan::encode(frame, payload))) {
        return false;
    }
    ++counters_.from_bus.passed;
    in_flight_.published(covering);
    return true;
}

void Bridge::on_message(std::string_view level, std::span<const std::byte> payload, bool retained,
                        TimePoint fresh_since) {
    codec::Counters& count = counters_.to_bus;
    ++count.received;
    if (retained) {
        refuse(Drop::retained, level);
        return;
    }
    auto frame = codec::savvycan::decode(level, payload, bus_.to_bus.brs);
    if (!frame) {
        refuse(drop_reason(frame.error()), level);
        return;
    }
    if (const auto reason = judge(*frame)) {
        refuse(*reason, level);
        return;
    }
    if (!socket_ || stopping_) {
        count.drop(stopping_ ? Drop::stopped : Drop::no_link);
        return;
    }
    if (BootClock::now() - fresh_since > bus_.to_bus.max_age) {
        count.drop(Drop::stale);  // now, not in the queue: ages in it must not fall
        return;
    }
    frame->arrived = fresh_since;
    if (!to_bus_.push(*frame)) {
        count.drop(Drop::overflow);
    }
}

std::optional<Drop> Bridge::judge(const can::Frame& frame) const {
    if (frame.error && (bus_.role == config::Role::server || !is_virtual_)) {
        return Drop::error_frame;
    }
    if (frame.fd && !bus_.fd) {
        return Drop::not_fd;
    }
    return std::nullopt;
}

void Bridge::refuse(Drop reason, std::string_view level) {
    counters_.to_bus.drop(reason);
    complaints_.complain(log_, reason, level, BootClock::now());
    news();
}

void Bridge::on_overflow(std::uint64_t count) {
    counters_.to_bus.received += count;
    counters_.to_bus.drop(Drop::overflow, count);
    news();
}

void Bridge::write() {
    const TimePoint now = BootClock::now();
    while (!to_bus_.empty() && socket_) {
        if (now - to_bus_.front().arrived > bus_.to_bus.max_age) {
            counters_.to_bus.drop(Drop::stale);
            to_bus_.pop();
            continue;
        }
        const can::Sent result = socket_->send(to_bus_.front_run());
        counters_.to_bus.passed += result.sent;
        to_bus_.pop(result.sent);
        if (result.error == ENOBUFS || result.error == EAGAIN) {
            write_timer_.arm(now + kWriteBackOff);
            break;
        }
        if (result.error != 0) {
            on_write_error(result.error);
        }
    }
    news();
}

/// The frame at the head of the queue cannot be written.
void Bridge::on_write_error(int error) {
    if (error == ENETDOWN || error == ENODEV || error == ENXIO) {
        counters_.to_bus.drop(Drop::no_link, to_bus_.clear());
        return;
    }
    const can::Frame& frame = to_bus_.front();
    refuse(error == EINVAL && frame.fd ? Drop::not_fd : Drop::refused, std::to_string(frame.id));
    to_bus_.pop();
}

void Bridge::on_online() {
    publish_status(socket_ ? "online" : "waiting");
    on_window();
    if (!std::exchange(had_outage_, false)) {
        return;
    }
    const std::string from = dropped_since(counters_.from_bus, before_outage_.from_bus);
    const std::string to = dropped_since(counters_.to_bus, before_outage_.to_bus);
    const auto doubtful = counters_.from_bus.unconfirmed - before_outage_.from_bus.unconfirmed;
    log_.notice("the broker is back; frames dropped meanwhile: from the bus ", from.empty() ? "none" : from,
                ", to the bus ", to.empty() ? "none" : to, "; ", doubtful,
                " of those sent last are in doubt");
}

void Bridge::on_window() {
    publish();
    news();  // of frames that nothing on the bus will ever follow
}

void Bridge::on_offline(std::uint64_t acknowledged) {
    before_outage_ = counters();
    had_outage_ = true;
    counters_.from_bus.unconfirmed += in_flight_.lost(acknowledged);
}

void Bridge::news() {
    if (status_timer_.armed() || !connection_.online() || counters_ == told_) {
        return;
    }
    const bool dropped = counters_.from_bus.dropped != told_.from_bus.dropped ||
                         counters_.to_bus.dropped != told_.to_bus.dropped;
    status_timer_.arm(std::max(told_at_ + (dropped ? kDropsInterval : kTrafficInterval), BootClock::now()));
}

void Bridge::on_status_timer() {
    counters();
    if (counters_ != told_) {
        publish_status(socket_ ? "online" : "waiting");
    }
}

void Bridge::publish_status(const char* state) {
    if (!connection_.online() || identity_.status_topic.empty()) {
        return;
    }
    told_ = counters_;
    told_at_ = BootClock::now();
    connection_.publish_retained(identity_.status_topic,
                                 codec::to_json(codec::BusStatus{
                                     .session = identity_.session,
                                     .state = state,
                                     .bus = bus_.name.str(),
                                     .role = bus_.role == config::Role::server ? "server" : "client",
                                     .interface = socket_ ? interface_ : std::string(),
                                     .time_synchronized = clock_synchronized(),
                                     .version = identity_.version,
                                     .connection = connection_.status_topic(),
                                     .counters = counters_,
                                 }));
}

}  // namespace mqttcan::bridge
