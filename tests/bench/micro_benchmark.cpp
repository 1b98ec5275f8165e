// SPDX-License-Identifier: MIT
// micro_benchmark: what our own code costs for each frame, without a kernel and without a broker, and how
// often it asks for memory (counter "allocations", for each frame). Arguments: those of Google Benchmark.
#include <benchmark/benchmark.h>

#include "tests/bench/allocations.hpp"
#include "tests/bench/hot_path.hpp"
#include "tests/bench/stream_path.hpp"

namespace mqttcan::bench {
namespace {

constexpr std::size_t kFrames = 1024;

/// Counts from here on, once `act` was done for the first time; `frames` frames for each iteration.
template <typename Act>
void run(benchmark::State& state, std::size_t frames, Act act) {
    for (int i = 0; i < 3; ++i) {
        act();
    }
    const std::uint64_t before = allocations();
    for (auto _ : state) {
        act();
    }
    const auto count = state.iterations() * static_cast<std::int64_t>(frames);
    state.SetItemsProcessed(count);
    state.counters["allocations"] = static_cast<double>(allocations() - before) / static_cast<double>(count);
}

std::vector<can::Frame> frames_of(const benchmark::State& state) {
    return make_frames(kFrames, static_cast<std::uint8_t>(state.range(0)));
}

void savvycan_encode(benchmark::State& state) {
    const auto frames = frames_of(state);
    run(state, kFrames, [&] {
        for (const can::Frame& frame : frames) {
            std::array<std::byte, codec::savvycan::kMaxPayload> payload;
            std::array<char, codec::savvycan::kMaxIdDigits> id;
            benchmark::DoNotOptimize(codec::savvycan::encode_id(frame, id));
            benchmark::DoNotOptimize(codec::savvycan::encode(frame, payload));
            benchmark::ClobberMemory();
        }
    });
}

void savvycan_decode(benchmark::State& state) {
    std::array<std::byte, codec::savvycan::kMaxPayload> memory;
    const auto payload = codec::savvycan::encode(frames_of(state).front(), memory);
    run(state, kFrames, [&] {
        for (std::size_t i = 0; i < kFrames; ++i) {
            benchmark::DoNotOptimize(codec::savvycan::decode("256", payload, true));
        }
    });
}

/// As many frames as fit into a message.
void stream_encode(benchmark::State& state) {
    const auto frames = frames_of(state);
    codec::stream::Encoder encoder(1);
    std::size_t count = 0;
    while (count < frames.size() && encoder.add(frames[count], count)) {
        ++count;
    }
    run(state, count, [&] {
        encoder.clear();
        for (std::size_t i = 0; i < count; ++i) {
            benchmark::DoNotOptimize(encoder.add(frames[i], i));
        }
        benchmark::DoNotOptimize(encoder.message().data());
    });
}

void stream_decode(benchmark::State& state) {
    const auto frames = frames_of(state);
    codec::stream::Encoder encoder(1);
    std::size_t count = 0;
    while (count < frames.size() && encoder.add(frames[count], count)) {
        ++count;
    }
    std::vector<can::Frame> decoded;
    run(state, count, [&] {
        benchmark::DoNotOptimize(codec::stream::decode(encoder.message(), decoded));
        benchmark::DoNotOptimize(decoded.data());
    });
}

void frame_queue(benchmark::State& state) {
    const auto frames = frames_of(state);
    bridge::FrameQueue queue(2 * kFrames);
    run(state, kFrames, [&] {
        for (const can::Frame& frame : frames) {
            queue.push(frame);
        }
        while (!queue.empty()) {
            const can::Frame* front = &queue.front();  // Debian 13's overload for constants is deprecated
            benchmark::DoNotOptimize(front);
            queue.pop();
        }
    });
}

void frame_filter(benchmark::State& state) {
    auto frames = make_frames(kFrames);
    for (can::Frame& frame : frames) {
        frame.extended = state.range(0) != 0;
    }
    const can::FrameFilter filter(some_filter());
    run(state, kFrames, [&] {
        for (const can::Frame& frame : frames) {
            benchmark::DoNotOptimize(filter.passes(frame));
        }
    });
}

/// So many messages, then the loop takes them.
void inbox(benchmark::State& state) {
    const auto count = static_cast<std::size_t>(state.range(0));
    const std::string payload(17, 'x');
    mqtt::Inbox inbox;
    mqtt::Inbox::Batch batch;
    inbox.set_routes({{"vehicles/car7/s/", 0}}, 1);
    run(state, count, [&] {
        for (std::size_t i = 0; i < count; ++i) {
            inbox.message("vehicles/car7/s/256", payload, false);
        }
        inbox.take(batch);
        benchmark::DoNotOptimize(batch.items.data());
    });
}

/// Filter, sampler, queue, topic, payload; as many frames as one read from the kernel gives, at most.
void from_bus_to_publish(benchmark::State& state) {
    const auto frames = make_frames(64, static_cast<std::uint8_t>(state.range(0)));
    FromBus from_bus;
    run(state, frames.size(), [&] {
        from_bus.take(frames);
        from_bus.publish_all([](const std::string& topic, std::span<const std::byte> payload) {
            benchmark::DoNotOptimize(topic.data());
            benchmark::DoNotOptimize(payload.data());
            benchmark::ClobberMemory();
        });
    });
}

/// Inbox, decoder, filter, queue.
void from_message_to_bus(benchmark::State& state) {
    const auto count = static_cast<std::size_t>(state.range(0));
    std::array<std::byte, codec::savvycan::kMaxPayload> memory;
    const auto payload = codec::savvycan::encode(make_frames(1).front(), memory);
    ToBus to_bus;
    run(state, count, [&] {
        for (std::size_t i = 0; i < count; ++i) {
            to_bus.message("vehicles/car7/s/256", payload);
        }
        benchmark::DoNotOptimize(to_bus.take());
    });
}

/// All of our own way from frames to a message in format stream, the connection included.
void frames_to_stream(benchmark::State& state) {
    const auto count = static_cast<std::size_t>(state.range(0));
    auto frames = make_frames(count);
    StreamPath path;
    run(state, count, [&] { path.publish(frames); });
}

/// And back, from a message to frames that are written.
void stream_to_frames(benchmark::State& state) {
    const auto count = static_cast<std::size_t>(state.range(0));
    auto frames = make_frames(count);
    StreamPath path;
    path.publish(frames);
    run(state, count, [&] { path.deliver(); });
}

BENCHMARK(savvycan_encode)->ArgName("bytes")->Arg(8)->Arg(64);
BENCHMARK(savvycan_decode)->ArgName("bytes")->Arg(8)->Arg(64);
BENCHMARK(stream_encode)->ArgName("bytes")->Arg(8)->Arg(64);
BENCHMARK(stream_decode)->ArgName("bytes")->Arg(8)->Arg(64);
BENCHMARK(frame_queue)->ArgName("bytes")->Arg(8)->Arg(64);
BENCHMARK(frame_filter)->ArgName("extended")->Arg(0)->Arg(1);
BENCHMARK(inbox)->ArgName("messages")->Arg(1)->Arg(64);
BENCHMARK(from_bus_to_publish)->ArgName("bytes")->Arg(8)->Arg(64);
BENCHMARK(from_message_to_bus)->ArgName("messages")->Arg(1)->Arg(64);
BENCHMARK(frames_to_stream)->ArgName("frames")->Arg(1)->Arg(64)->Arg(512);
BENCHMARK(stream_to_frames)->ArgName("frames")->Arg(1)->Arg(64)->Arg(512);

}  // namespace
}  // namespace mqttcan::bench

BENCHMARK_MAIN();
