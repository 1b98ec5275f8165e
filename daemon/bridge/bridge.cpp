// SPDX-License-Identifier: MIT
#include "daemon/bridge/bridge.hpp"

#include <linux/can/error.h>

#include <array>
#include <cerrno>

#include "daemon/codec/topics.hpp"

namespace mqttcan::bridge {
namespace {

using codec::Drop;

constexpr int kLastBatches = 256;  // more than the receive buffer holds

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

Bridge::Bridge(loop::Loop& loop, mqtt::Connection& connection, config::Bus bus, Identity identity,
               Caretaker& caretaker, Log log, const codec::BusCounters& counters)
    : loop_(loop),
      connection_(connection),
      bus_(std::move(bus)),
      log_(std::move(log)),
      caretaker_(caretaker),
      topic_(publish_prefix(bus_)),
      prefix_(topic_.size()),
      from_bus_(bus_.from_bus.queue),
      from_filter_(bus_.from_bus.filter),
      to_filter_(bus_.to_bus.filter),
      sampler_(bus_.from_bus.sample),
      counters_(counters),
      status_(loop, connection, bus_, std::move(identity),
              [this] {
                  this->counters();
                  status_.tell_if_new(view());
              }),
      writer_(loop, bus_.to_bus, counters_.to_bus, writer_hooks()) {
    connection_.add(*this, subscriptions(bus_));
}

Bridge::~Bridge() {
    connection_.remove(*this);
}

Writer::Owner Bridge::writer_hooks() {
    return {
        .listen = [this] { drain(); },
        .refused =
            [this](int error, const can::Frame& frame) {
                refuse(error == EINVAL && frame.fd ? Drop::not_fd : Drop::refused, std::to_string(frame.id));
            },
        .stalled =
            [this](std::uint64_t lost, bool again) {
                if (!again) {
                    log_.warning(
                        "the bus has taken no frame for ", seconds_text(bus_.to_bus.stall), "; ",
                        counted(lost, "frame"),
                        " for it dropped (is another node there to acknowledge, at the same bit rate, and "
                        "the bus terminated?)");
                }
                news();
                caretaker_.on_stalled();
            },
        .recovered =
            [this](Duration after, std::uint64_t lost) {
                log_.notice("the bus takes frames again, after ", seconds_text(after), "; ",
                            counted(lost, "frame"), " dropped meanwhile");
            },
    };
}

can::SocketOptions Bridge::socket_options(const Interface& interface) const {
    can::SocketOptions options{.error_frames = bus_.from_bus.error_frames,
                               .controller_states = interface.controller};
    switch (interface.proof) {
        case Proof::none:
            break;
        case Proof::echo:
            options.echoes = true;
            break;
        case Proof::queue:
            options.send_buffer = 1;  // the least
            break;
    }
    if (!options.echoes) {
        options.filters = can::compile(bus_.from_bus.filter);  // the kernel would filter echoes, too
    }
    return options;
}

Result<void> Bridge::open(const Interface& interface) {
    close();
    const can::SocketOptions options = socket_options(interface);
    auto socket = can::Socket::open(interface.ifindex, options);
    if (!socket) {
        return std::unexpected(socket.error());
    }
    filter_here_ = !bus_.from_bus.filter.passes_all() && (options.echoes || !options.filters.exact);
    interface_ = interface;
    log_ = log_.for_bus(bus_.name.str(), interface.name);
    socket_ = std::move(*socket);
    readable_.emplace(loop_, socket_->fd(), [this] { on_readable(); });
    writer_.open(*socket_, interface.proof);
    status_.tell(view());
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
    writer_.close(Drop::no_link);
    socket_.reset();
    controller_.reset();
    status_.tell(view());
}

void Bridge::begin_stop() {
    drain();
    stopping_ = true;
    readable_.reset();
    writer_.close(Drop::stopped);
    publish();
}

void Bridge::end_stop(Farewell farewell) {
    counters_.from_bus.drop(Drop::stopped, from_bus_.clear());
    counters();
    status_.end(farewell, view());
    log_.info(counters_.from_bus.received, " frames from the bus, ", counters_.from_bus.passed,
              " published, ", counters_.from_bus.dropped_total(), " dropped; ", counters_.to_bus.received,
              " for the bus, ", counters_.to_bus.passed, " written, ", counters_.to_bus.dropped_total(),
              " dropped");
}

void Bridge::set_controller(const std::optional<codec::ControllerStatus>& controller) {
    controller_ = controller;
    writer_.set_bus_off(controller && controller->state == codec::kBusOff);
    news();
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
    counters_.from_bus.received += received->kernel_dropped;
    counters_.from_bus.drop(Drop::kernel, received->kernel_dropped);
    for (const can::Frame& frame : std::span(frames).first(received->frames)) {
        frame.error ? take_error_frame(frame) : take(frame);
    }
    if (received->local > 0) {
        writer_.others_left();
    }
    if (received->kernel_dropped > 0) {
        writer_.lost_echoes();
    } else if (received->echoed > 0) {
        writer_.echoed(received->echoed);
    }
    publish();
    news();
    return received->frames + received->echoed;
}

void Bridge::take(const can::Frame& frame) {
    codec::Counters& count = counters_.from_bus;
    ++count.received;
    writer_.heard();
    if (filter_here_ && !from_filter_.passes(frame)) {
        count.drop(Drop::filtered);
    } else if (!sampler_.take(frame, frame.arrived)) {
        count.drop(Drop::sampled);
    } else if (!from_bus_.push(frame)) {
        count.drop(Drop::overflow);
    }
}

/// Made by the driver, for us in the first place; published only if the bus asks for it.
void Bridge::take_error_frame(const can::Frame& frame) {
    if (interface_.controller) {
        if ((frame.id & CAN_ERR_BUSOFF) != 0) {
            writer_.set_bus_off(true);  // from here on the kernel takes frames and they vanish
            caretaker_.on_bus_off();
        }
        caretaker_.on_controller_news();
    }
    if (bus_.role == config::Role::server && bus_.from_bus.error_frames) {
        ++counters_.from_bus.received;
        if (!from_bus_.push(frame)) {
            counters_.from_bus.drop(Drop::overflow);
        }
    }
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
    if (!to_filter_.passes(*frame)) {
        count.drop(Drop::filtered);  // as somebody wished: no complaint
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
    if (!writer_.push(*frame)) {
        count.drop(Drop::overflow);
    }
}

std::optional<Drop> Bridge::judge(const can::Frame& frame) const {
    // A controller would send an error frame as a data frame.
    if (frame.error && (bus_.role == config::Role::server || interface_.controller)) {
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

void Bridge::on_online() {
    status_.set_joined(true);
    status_.tell(view());
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
    status_.set_joined(false);
    before_outage_ = counters();
    had_outage_ = true;
    counters_.from_bus.unconfirmed += in_flight_.lost(acknowledged);
}

StatusTeller::View Bridge::view() const {
    return {.interface = socket_ ? std::string_view(interface_.name) : std::string_view(),
            .counters = counters_,
            .controller = controller_};
}

void Bridge::news() {
    status_.tell_soon(view());
}

}  // namespace mqttcan::bridge
