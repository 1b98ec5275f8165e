// SPDX-License-Identifier: MIT
#include "daemon/bridge/bridge.hpp"

#include <linux/can/error.h>

#include <array>
#include <cerrno>

#include "daemon/codec/topics.hpp"

namespace mqttcan::bridge {
namespace {

using codec::Drop;

constexpr int kBatches = 16;       // in one go: the others have their turn, too
constexpr int kLastBatches = 256;  // more than the receive buffer holds

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

Bridge::Bridge(loop::Loop& loop, loop::Rounds& rounds, mqtt::Connection& connection, config::Bus bus,
               Identity identity, Caretaker& caretaker, Log log, const Past& past)
    : loop_(loop),
      rounds_(rounds),
      connection_(connection),
      bus_(std::move(bus)),
      log_(std::move(log)),
      caretaker_(caretaker),
      confirms_(bus_.role == config::Role::server && bus_.write == config::Write::all &&
                bus_.speaks(config::Format::stream)),
      from_filter_(bus_.from_bus.filter),
      sampler_(bus_.from_bus.sample),
      counters_(past.counters),
      publisher_(loop, connection, *this, bus_, counters_, [this] { news(); }),
      status_(loop, connection, bus_, std::move(identity),
              [this] {
                  this->counters();
                  status_.tell_if_new(view());
              }),
      writer_(loop, bus_.to_bus, counters_.to_bus, writer_hooks()),
      intake_(bus_, connection.client_id(), counters_.to_bus, publisher_, writer_, past.epoch, log_) {
    connection_.add(*this, subscriptions(bus_));
}

Bridge::~Bridge() {
    connection_.remove(*this);
}

Writer::Owner Bridge::writer_hooks() {
    return {
        .listen = [this] { drain(kLastBatches); },
        .sent =
            [this](std::span<const can::Frame> frames) {
                const TimePoint now = BootClock::now();
                for (const can::Frame& frame : frames.first(confirms_ ? frames.size() : 0)) {
                    confirmations_.sent(frame, now);
                }
            },
        .refused =
            [this](int error, const can::Frame& frame) {
                intake_.refused(frame, error == EINVAL && frame.fd ? Drop::not_fd : Drop::refused);
                news();
            },
        .stalled =
            [this](std::uint64_t lost, bool again) {
                confirmations_.forget();
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
                               .controller_states = interface.controller,
                               .send_buffer = interface.proof == Proof::queue ? 1 : 0,  // the least
                               .echoes = confirms_ || interface.proof == Proof::echo};
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
    readable_.emplace(rounds_, socket_->fd(), [this] { on_readable(); });
    confirmations_.forget();
    writer_.open(*socket_, interface.proof, options.echoes);
    intake_.open(log_, interface.controller);
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
    drain(kLastBatches);
    before_closing_ = counters();
    readable_.reset();
    writer_.close(Drop::no_link);
    intake_.close(Drop::no_link);
    socket_.reset();
    controller_.reset();
    status_.tell(view());
}

void Bridge::begin_stop() {
    drain(kLastBatches);
    readable_.reset();
    writer_.close(Drop::stopped);
    intake_.close(Drop::stopped);
    publisher_.hurry();
}

void Bridge::end_stop(Farewell farewell) {
    publisher_.drop_all(Drop::stopped);
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
        lost_in_kernel(socket_->take_kernel_dropped());
    }
    return counters_;
}

void Bridge::lost_in_kernel(std::uint64_t frames) {
    counters_.from_bus.received += frames;
    counters_.from_bus.drop(Drop::kernel, frames);
    publisher_.skip(frames);
}

void Bridge::on_readable() {
    drain(kBatches);
    if (readable_) {
        readable_->set_hurry(writer_.waits_for_echo());
    }
}

/// What the kernel has already taken from the bus. A link that went down is told once, before the frames that
/// wait.
void Bridge::drain(int batches) {
    int errors = 0;
    for (int batch = 0; batch < batches && socket_ && errors < 2; ++batch) {
        const auto frames = receive();
        errors += frames ? 0 : 1;
        if (frames && *frames < can::Socket::kBatch) {
            break;
        }
    }
    publisher_.publish();
    news();
}

/// Returns how many frames there were; none if the socket had an error to tell.
std::optional<std::size_t> Bridge::receive() {
    std::array<can::Frame, can::Socket::kBatch> frames;
    const auto received = socket_->receive(frames);
    if (!received) {
        // ENETDOWN or ENODEV, told once; the link watcher says what is to be done about it.
        log_.debug(received.error().what);
        return std::nullopt;
    }
    lost_in_kernel(received->kernel_dropped);
    for (can::Frame& frame : std::span(frames).first(received->frames)) {
        if (frame.echo) {
            take_echo(frame);
        } else if (frame.error) {
            take_error_frame(frame);
        } else {
            take(frame);
        }
    }
    if (received->local > 0) {
        writer_.others_left();
    }
    if (received->kernel_dropped > 0) {
        writer_.lost_echoes();
    } else if (received->echoed > 0) {
        writer_.echoed(received->echoed);
    }
    return received->frames;
}

void Bridge::take(can::Frame& frame) {
    codec::Counters& count = counters_.from_bus;
    ++count.received;
    writer_.heard();
    if (!can::is_legal(frame)) {
        count.drop(Drop::bad_combination);  // on a virtual bus any program may send anything
        return;
    }
    if (filter_here_ && !from_filter_.passes(frame)) {
        count.drop(Drop::filtered);
    } else if (!sampler_.take(frame, frame.arrived)) {
        count.drop(Drop::sampled);
    } else {
        publisher_.push(frame);
    }
}

/// Made by the driver, for us in the first place; published only if the bus asks for it.
void Bridge::take_error_frame(can::Frame& frame) {
    if (interface_.controller) {
        if ((frame.id & CAN_ERR_BUSOFF) != 0) {
            writer_.set_bus_off(true);  // from here on the kernel takes frames and they vanish
            confirmations_.forget();
            caretaker_.on_bus_off();
        }
        caretaker_.on_controller_news();
    }
    if (bus_.role == config::Role::server && bus_.from_bus.error_frames) {
        ++counters_.from_bus.received;
        publisher_.push(frame);
    }
}

/// The bus has sent what we wrote there: no frame for a filter, but the word on one for those who look on.
void Bridge::take_echo(can::Frame& frame) {
    if (!confirms_) {
        return;
    }
    codec::Counters& count = counters_.confirmations;
    ++count.received;
    if (const auto origin = confirmations_.echoed(frame, frame.arrived)) {
        frame.origin = *origin;
        publisher_.push(frame);
    } else {
        count.drop(Drop::unmatched);  // whoever asked for it would take it for somebody else's
        publisher_.skip(1);
    }
}

void Bridge::on_overflow(std::uint64_t count) {
    counters_.to_bus.received += count;
    counters_.to_bus.drop(Drop::overflow, count);
    news();
}

void Bridge::on_online() {
    status_.set_joined(connection_.problem(*this).empty());
    status_.tell(view());
    publisher_.on_online();
    on_window();
    if (!std::exchange(had_outage_, false)) {
        return;
    }
    const std::string from = dropped_since(counters_.from_bus, before_outage_.from_bus);
    const std::string to = dropped_since(counters_.to_bus, before_outage_.to_bus);
    const auto doubtful = counters_.from_bus.in_doubt - before_outage_.from_bus.in_doubt;
    log_.notice("the broker is back; frames dropped meanwhile: from the bus ", from.empty() ? "none" : from,
                ", to the bus ", to.empty() ? "none" : to, "; ", doubtful,
                " of those sent last are in doubt");
}

void Bridge::on_arrived(bool accepted) {
    publisher_.on_arrived(accepted);
    if (!accepted && !std::exchange(refusal_told_, true)) {
        log_.error(
            "the broker refuses frames of the buffer; they are dropped: its access list must let this "
            "server write ",
            codec::backfill_topic(bus_.topic));
    }
}

void Bridge::on_window() {
    publisher_.publish();
    news();  // of frames that nothing on the bus will ever follow
}

void Bridge::on_offline(std::uint64_t acknowledged) {
    status_.set_joined(false);
    before_outage_ = counters();
    had_outage_ = true;
    publisher_.on_offline(acknowledged);
}

void Bridge::on_batch_end() {
    writer_.write();
    if (readable_) {
        readable_->set_hurry(writer_.waits_for_echo());
    }
    news();
}

StatusTeller::View Bridge::view() const {
    StatusTeller::View view{.interface = socket_ ? std::string_view(interface_.name) : std::string_view(),
                            .counters = counters_,
                            .controller = controller_};
    if (confirms_ && socket_) {
        view.confirms = interface_.echo ? codec::kSent : codec::kAccepted;
    }
    if (const auto& receipts = publisher_.receipts()) {
        const TimePoint now = BootClock::now();
        view.round_trip = receipts->round_trip(now);
        view.clock_offset = {intake_.clock().at_least(now), intake_.clock().at_most(now)};
    }
    return view;
}

void Bridge::news() {
    status_.tell_soon(view());
}

}  // namespace mqttcan::bridge
