// SPDX-License-Identifier: MIT
#include "daemon/codec/stream.hpp"

#include <algorithm>
#include <bit>
#include <concepts>
#include <limits>

namespace mqttcan::codec::stream {
namespace {

constexpr std::size_t kRecordsAt = 6;     // in the header
constexpr std::uint16_t kMagic = 0x434d;  // "MC"
constexpr std::uint16_t kSealed = 1;

// Flags of a record.
constexpr std::uint8_t kExtended = 1;
constexpr std::uint8_t kRemote = 2;
constexpr std::uint8_t kFd = 4;
constexpr std::uint8_t kBrs = 8;
constexpr std::uint8_t kEsi = 16;
constexpr std::uint8_t kError = 32;
constexpr std::uint8_t kConfirmation = 64;
constexpr std::uint8_t kMoreFlags = 128;

constexpr std::uint64_t kMaxSequence = std::numeric_limits<std::uint64_t>::max();
constexpr std::uint64_t kMaxDelta = std::numeric_limits<std::uint32_t>::max();
constexpr std::size_t kOriginLength = 12;
static_assert((kMaxMessage - kHeaderLength) / kMinRecord <= std::numeric_limits<std::uint16_t>::max());

template <std::unsigned_integral Number>
Number load(std::span<const std::byte> from) {
    Number number = 0;
    for (std::size_t i = 0; i < sizeof number; ++i) {
        number = static_cast<Number>(number | Number{std::to_integer<std::uint8_t>(from[i])} << (8 * i));
    }
    return number;
}

/// Returns what is left of `into`.
template <std::unsigned_integral Number>
std::span<std::byte> store(std::span<std::byte> into, Number number) {
    for (std::size_t i = 0; i < sizeof number; ++i) {
        into[i] = static_cast<std::byte>(number >> (8 * i));
    }
    return into.subspan(sizeof number);
}

std::span<std::byte> store_varint(std::span<std::byte> into, std::uint32_t number) {
    for (; number >= 0x80; number >>= 7) {
        into = store(into, static_cast<std::uint8_t>(number | 0x80));
    }
    return store(into, static_cast<std::uint8_t>(number));
}

constexpr std::size_t varint_length(std::uint32_t number) {
    return std::max<std::size_t>(1, (static_cast<std::size_t>(std::bit_width(number)) + 6) / 7);
}

// Time stamps are counted as the wire has them: unsigned.
std::uint64_t to_wire(WallTime stamp) {
    return static_cast<std::uint64_t>(stamp.time_since_epoch().count());
}

WallTime from_wire(std::uint64_t stamp) {
    return WallTime(std::chrono::microseconds(static_cast<std::int64_t>(stamp)));
}

void store_header(std::span<std::byte> into, std::uint32_t epoch, std::uint64_t sequence,
                  std::uint64_t stamp) {
    into = store(into, kMagic);
    into = store(into, kVersion);
    into = store(into, static_cast<std::uint8_t>(kHeaderLength));
    into = store(into, std::uint16_t{0});  // no flags
    into = store(into, std::uint16_t{0});  // no records
    into = store(into, epoch);
    into = store(into, sequence);
    store(into, stamp);
}

void store_record(std::span<std::byte> into, const can::Frame& frame, std::uint32_t delta) {
    const int flags = (frame.extended ? kExtended : 0) | (frame.remote ? kRemote : 0) | (frame.fd ? kFd : 0) |
                      (frame.brs ? kBrs : 0) | (frame.esi ? kEsi : 0) | (frame.error ? kError : 0) |
                      (frame.echo ? kConfirmation : 0);
    into = store(into, static_cast<std::uint8_t>(flags));
    into = store_varint(into, delta);
    into = frame.extended || frame.error ? store(into, frame.id)
                                         : store(into, static_cast<std::uint16_t>(frame.id));
    into = store(into, frame.length);
    const auto data = frame.payload();
    std::ranges::copy(data, into.begin());
    if (frame.echo) {
        store(store(into.subspan(data.size()), frame.origin.epoch), frame.origin.sequence);
    }
}

std::size_t record_length(const can::Frame& frame, std::uint32_t delta) {
    return 1 + varint_length(delta) + (frame.extended || frame.error ? 4U : 2U) + 1 + frame.payload().size() +
           (frame.echo ? kOriginLength : 0);
}

/// Reads from the front of a message. What is not there is zero, and ran_out() says so afterwards.
class Reader {
  public:
    explicit Reader(std::span<const std::byte> bytes) : rest_(bytes) {}

    std::size_t left() const { return rest_.size(); }
    bool ran_out() const { return ran_out_; }

    std::span<const std::byte> take(std::size_t count) {
        if (rest_.size() < count) {
            ran_out_ = true;
            rest_ = {};
            return {};
        }
        const auto front = rest_.first(count);
        rest_ = rest_.subspan(count);
        return front;
    }

    template <std::unsigned_integral Number>
    Number number() {
        const auto bytes = take(sizeof(Number));
        return bytes.empty() ? Number{0} : load<Number>(bytes);
    }

    /// LEB128. Bytes that are not needed do no harm, up to five in all.
    std::expected<std::uint32_t, Bad> varint() {
        std::uint64_t value = 0;
        for (unsigned shift = 0; shift < 5 * 7; shift += 7) {
            const auto byte = number<std::uint8_t>();
            value |= std::uint64_t{byte & 0x7fU} << shift;
            if (byte < 0x80) {
                return value <= kMaxDelta
                           ? std::expected<std::uint32_t, Bad>(static_cast<std::uint32_t>(value))
                           : std::unexpected(Bad::bad_time);
            }
        }
        return std::unexpected(Bad::bad_time);
    }

  private:
    std::span<const std::byte> rest_;
    bool ran_out_ = false;
};

std::expected<void, Bad> set_kind(std::uint8_t flags, can::Frame& frame) {
    if ((flags & kMoreFlags) != 0) {
        return std::unexpected(Bad::unknown_flags);
    }
    const bool fd = (flags & kFd) != 0;
    const bool fd_alone = (flags & (kBrs | kEsi)) != 0;
    const bool remote = (flags & kRemote) != 0;
    const bool error = (flags & kError) != 0;
    if ((error && flags != kError) || (remote && fd) || (fd_alone && !fd)) {
        return std::unexpected(Bad::bad_combination);
    }
    frame.extended = (flags & kExtended) != 0;
    frame.remote = remote;
    frame.fd = fd;
    frame.brs = (flags & kBrs) != 0;
    frame.esi = (flags & kEsi) != 0;
    frame.error = error;
    frame.echo = (flags & kConfirmation) != 0;
    return {};
}

std::expected<void, Bad> read_id(Reader& reader, can::Frame& frame) {
    const bool wide = frame.extended || frame.error;
    frame.id = wide ? reader.number<std::uint32_t>() : reader.number<std::uint16_t>();
    if (frame.id > (wide ? kMaxExtendedId : kMaxStandardId)) {
        return std::unexpected(Bad::id_out_of_range);
    }
    return {};
}

std::expected<void, Bad> read_data(Reader& reader, can::Frame& frame) {
    frame.length = reader.number<std::uint8_t>();
    if (frame.fd ? !can::is_fd_length(frame.length) : frame.length > can::kMaxClassicLength) {
        return std::unexpected(Bad::bad_length);
    }
    if (!frame.remote) {
        std::ranges::copy(reader.take(frame.length), frame.data.begin());
    }
    return {};
}

/// `stamp` is that of the record before, and becomes this one's.
std::expected<void, Bad> read_record(Reader& reader, std::uint64_t& stamp, can::Frame& frame) {
    if (const auto good = set_kind(reader.number<std::uint8_t>(), frame); !good) {
        return good;
    }
    const auto delta = reader.varint();
    if (!delta || *delta > std::numeric_limits<std::uint64_t>::max() - stamp) {
        return std::unexpected(Bad::bad_time);
    }
    stamp += *delta;
    frame.stamp = from_wire(stamp);
    if (const auto good = read_id(reader, frame); !good) {
        return good;
    }
    if (const auto good = read_data(reader, frame); !good) {
        return good;
    }
    if (frame.echo) {
        frame.origin.epoch = reader.number<std::uint32_t>();
        frame.origin.sequence = reader.number<std::uint64_t>();
    }
    if (reader.ran_out()) {
        return std::unexpected(Bad::truncated);
    }
    return {};
}

/// Leaves the reader at the first record.
std::expected<Header, Bad> read_header(Reader& reader) {
    if (reader.left() > kMaxMessage) {
        return std::unexpected(Bad::long_message);
    }
    const auto magic = reader.number<std::uint16_t>();
    const auto version = reader.number<std::uint8_t>();
    const std::size_t length = reader.number<std::uint8_t>();
    const auto flags = reader.number<std::uint16_t>();
    Header header;
    header.records = reader.number<std::uint16_t>();
    header.epoch = reader.number<std::uint32_t>();
    header.sequence = reader.number<std::uint64_t>();
    header.stamp = from_wire(reader.number<std::uint64_t>());
    if (reader.ran_out()) {
        return std::unexpected(Bad::short_message);
    }
    if (magic != kMagic) {
        return std::unexpected(Bad::bad_magic);
    }
    if (version != kVersion) {
        return std::unexpected(Bad::bad_version);
    }
    if (length < kHeaderLength || header.sequence > kMaxSequence - header.records) {
        return std::unexpected(Bad::bad_header);
    }
    if (flags != 0) {
        return std::unexpected(flags == kSealed ? Bad::sealed : Bad::unknown_flags);
    }
    reader.take(length - kHeaderLength);  // of a later version
    if (reader.ran_out()) {
        return std::unexpected(Bad::short_message);
    }
    return header;
}

std::expected<Header, Bad> read_message(Reader reader, std::vector<can::Frame>& into) {
    const auto header = read_header(reader);
    if (!header) {
        return header;
    }
    // Before there is room for them: a count is cheap to write.
    if (header->records > reader.left() / kMinRecord) {
        return std::unexpected(Bad::truncated);
    }
    into.resize(header->records);
    std::uint64_t stamp = to_wire(header->stamp);
    for (can::Frame& frame : into) {
        if (const auto good = read_record(reader, stamp, frame); !good) {
            return std::unexpected(good.error());
        }
    }
    if (!into.empty() && into.front().stamp != header->stamp) {
        return std::unexpected(Bad::bad_time);  // the first record's time is that of the header
    }
    if (reader.left() != 0) {
        return std::unexpected(Bad::trailing_bytes);
    }
    return header;
}

}  // namespace

bool Encoder::add(const can::Frame& frame, std::uint64_t sequence) {
    if (!can::is_legal(frame) || (frame.error && frame.echo) || sequence == kMaxSequence) {
        return false;
    }
    const std::uint64_t stamp = to_wire(frame.stamp);
    if (!empty() && (sequence != next_ || stamp < stamp_ || stamp - stamp_ > kMaxDelta)) {
        return false;
    }
    const auto delta = static_cast<std::uint32_t>(empty() ? 0 : stamp - stamp_);
    const std::size_t start = empty() ? kHeaderLength : size_;
    const std::size_t end = start + record_length(frame, delta);
    if (end > kMaxMessage) {
        return false;
    }
    if (empty()) {
        store_header(buffer_, epoch_, sequence, stamp);
    }
    store_record(std::span(buffer_).subspan(start), frame, delta);
    size_ = end;
    next_ = sequence + 1;
    stamp_ = stamp;
    ++records_;
    store(std::span(buffer_).subspan(kRecordsAt), static_cast<std::uint16_t>(records_));
    return true;
}

std::span<const std::byte> heartbeat(std::uint32_t epoch, std::uint64_t next, WallTime now,
                                     std::span<std::byte, kHeaderLength> into) {
    store_header(into, epoch, next, to_wire(now));
    return into;
}

std::expected<Header, Bad> decode(std::span<const std::byte> message, std::vector<can::Frame>& into) {
    into.clear();
    const auto header = read_message(Reader(message), into);
    if (!header) {
        into.clear();
    }
    return header;
}

}  // namespace mqttcan::codec::stream
