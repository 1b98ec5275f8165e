// SPDX-License-Identifier: MIT
// libFuzzer target for the decoder of format `stream`: any bytes give either legal frames, which an encoder
// can say again in no more bytes, or nothing at all. Build as a fuzzer (Debian: clang-19,
// libclang-rt-19-dev):
//   clang++-19 -std=c++23 -g -O1 -fsanitize=fuzzer,address,undefined -I. -o stream_fuzz
//     tests/fuzz/stream_fuzz.cpp daemon/codec/stream.cpp
//   ./stream_fuzz NEW_CORPUS SEEDS
// With MQTTCAN_FUZZ_REPLAY it has a main() that runs the golden vectors of the file it is given; with a
// folder behind it, it leaves each there as a file: the seeds.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "daemon/codec/stream.hpp"

namespace {

using namespace mqttcan;
using namespace mqttcan::codec::stream;

void check(bool holds) {
    if (!holds) {
        std::abort();
    }
}

std::span<const std::byte> encode(const Header& header, const std::vector<can::Frame>& records,
                                  Encoder& encoder) {
    if (records.empty()) {
        static std::array<std::byte, kHeaderLength> buffer;
        return heartbeat(header.epoch, header.sequence, header.stamp, buffer);
    }
    std::uint64_t sequence = header.sequence;
    for (const can::Frame& record : records) {
        check(can::is_legal(record) && !(record.error && record.echo));
        check(encoder.add(record, sequence++));
    }
    return encoder.message();
}

}  // namespace

// The name and signature that libFuzzer wants.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::span message(reinterpret_cast<const std::byte*>(data), size);
    static std::vector<can::Frame> records;
    const auto header = decode(message, records);
    check(header ? records.size() == header->records : records.empty());
    if (!header) {
        return 0;
    }
    Encoder encoder(header->epoch);
    const auto again = encode(*header, records, encoder);
    // The header may have had bytes of a later version, and numbers bytes to spare; nothing else is ignored.
    check(again.size() < size || std::ranges::equal(again, message));
    std::vector<can::Frame> twice;
    check(decode(again, twice) == header);
    check(std::ranges::equal(records, twice, [](const can::Frame& a, const can::Frame& b) {
        return a.same_content(b) && a.stamp == b.stamp && a.echo == b.echo && a.origin == b.origin;
    }));
    return 0;
}

#ifdef MQTTCAN_FUZZ_REPLAY
#include <fstream>
#include <iostream>
#include <string>

#include "tests/support/stream_vectors.hpp"

int main(int argc, char** argv) {
    const std::span<char*> arguments(argv, static_cast<std::size_t>(argc));
    std::size_t count = 0;
    for (const auto& vector : testing::read_stream_vectors(arguments[1])) {
        const auto* bytes = reinterpret_cast<const std::uint8_t*>(vector.message.data());
        LLVMFuzzerTestOneInput(bytes, vector.message.size());
        if (argc > 2) {
            std::ofstream out(std::string(arguments[2]) + '/' + std::to_string(count), std::ios::binary);
            out.write(reinterpret_cast<const char*>(bytes),
                      static_cast<std::streamsize>(vector.message.size()));
        }
        ++count;
    }
    std::cout << count << " messages\n";
    return count > 0 ? 0 : 1;
}
#endif
