// SPDX-License-Identifier: MIT
// bench_load: puts a load on one or many pairs of buses, and measures what arrives at the other end of each.
// Generator and sink are threads of one process. Prints one JSON object; scripts/bench runs it.
#include <getopt.h>
#include <sys/resource.h>

#include <atomic>
#include <charconv>
#include <cstdlib>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "tests/bench/generator.hpp"
#include "tests/bench/sink.hpp"

namespace mqttcan::bench {
namespace {

constexpr std::string_view kUsage =
    R"(Usage: bench_load --lane FROM:TO [--lane FROM:TO...] --frames N [OPTION...]

Writes N numbered, time-stamped frames to the CAN interfaces FROM, in turn, and reads them on the interfaces TO.
Prints as JSON how many were delivered, lost, duplicated and reordered, and how long they took.

  --rate HZ      frames per second, over all lanes (default: as fast as the kernel takes them)
  --length BYTES data in each frame: 8 (default), or a CAN FD length from 12 to 64
  --id HEX       the lowest arbitration ID; 64 IDs are used in turn (default: 100)
  --settle SEC   when all are sent, frames that do not come for so long are lost (default: 3)
  --help         this text
)";

struct Options {
    std::vector<std::string> from, to;
    Load load;
    std::chrono::milliseconds settle{3000};
};

template <typename Number>
Result<Number> number(std::string_view name, const char* text, Number lowest, Number highest, int base = 10) {
    const std::string_view all(text);
    Number value{};
    std::from_chars_result end{};
    if constexpr (std::is_floating_point_v<Number>) {
        end = std::from_chars(all.begin(), all.end(), value);
    } else {
        end = std::from_chars(all.begin(), all.end(), value, base);
    }
    if (end.ec != std::errc() || end.ptr != all.end() || value < lowest || value > highest) {
        return fail(std::errc::invalid_argument, "--", name, ' ', all, ": not a number from ", lowest, " to ",
                    highest);
    }
    return value;
}

template <typename Number, typename Target>
Result<void> set(Target& target, Result<Number> value) {
    if (!value) {
        return std::unexpected(value.error());
    }
    target = static_cast<Target>(*value);
    return {};
}

Result<void> take(Options& options, std::string_view name, const char* value) {
    if (name == "lane") {
        const std::string_view lane(value);
        const auto colon = lane.find(':');
        if (colon == std::string_view::npos) {
            return fail(std::errc::invalid_argument, "--lane ", lane, ": not FROM:TO");
        }
        options.from.emplace_back(lane.substr(0, colon));
        options.to.emplace_back(lane.substr(colon + 1));
        return {};
    }
    Load& load = options.load;
    if (name == "frames") {
        return set(load.frames, number<std::uint32_t>(name, value, 1, 100'000'000));
    }
    if (name == "rate") {
        return set(load.rate, number<double>(name, value, 0.001, 1e7));
    }
    if (name == "length") {
        return set(load.length, number<unsigned>(name, value, 8, 64));
    }
    if (name == "id") {
        return set(load.ids.first, number<std::uint32_t>(name, value, 0, 0x7ff - load.ids.count, 16));
    }
    const auto seconds = number<double>(name, value, 0.01, 3600.0);
    if (!seconds) {
        return std::unexpected(seconds.error());
    }
    options.settle = std::chrono::milliseconds(static_cast<int>(*seconds * 1000));
    return {};
}

/// None: help was asked for and given.
Result<std::optional<Options>> parse(int argc, char** argv) {
    static constexpr std::array<option, 8> kOptions{{{"lane", required_argument, nullptr, 0},
                                                     {"frames", required_argument, nullptr, 0},
                                                     {"rate", required_argument, nullptr, 0},
                                                     {"length", required_argument, nullptr, 0},
                                                     {"id", required_argument, nullptr, 0},
                                                     {"settle", required_argument, nullptr, 0},
                                                     {"help", no_argument, nullptr, 'h'},
                                                     {}}};
    Options options;
    int index = 0;
    for (int found = 0; (found = ::getopt_long(argc, argv, "h", kOptions.data(), &index)) != -1;) {
        if (found == 'h') {
            std::cout << kUsage;
            return std::nullopt;
        }
        if (found == '?') {  // getopt said what
            return fail(std::errc::invalid_argument, "see bench_load --help");
        }
        if (auto taken = take(options, kOptions[static_cast<std::size_t>(index)].name, optarg); !taken) {
            return std::unexpected(taken.error());
        }
    }
    if (optind < argc || options.from.empty() || options.load.frames == 0) {
        return fail(
            std::errc::invalid_argument,
            "wanted are --lane FROM:TO, --frames N and nothing without a name; see bench_load --help");
    }
    return options;
}

double cpu_seconds() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

nlohmann::json report(const Generator::Outcome& sent, Sink::Outcome& arrived, double cpu) {
    const auto seconds = [&](Clock::time_point to) {
        return std::chrono::duration<double>(to - sent.first).count();
    };
    const Count& count = arrived.count;
    nlohmann::json result{{"sent", sent.sent},
                          {"delivered", count.delivered},
                          {"lost", sent.sent - count.delivered},
                          {"duplicated", count.duplicated},
                          {"reordered", count.reordered},
                          {"foreign", count.foreign},
                          {"missed_by_sink", arrived.missed},
                          {"refused_by_kernel", sent.refused},
                          {"send_seconds", seconds(sent.last)},
                          {"seconds", nullptr},
                          {"cpu_seconds", cpu},
                          {"latency_us", nullptr}};
    if (count.delivered > 0) {
        const Percentiles p = Percentiles::of(arrived.latencies);
        result["seconds"] = seconds(arrived.last);
        result["latency_us"] = {{"p50", p.p50}, {"p90", p.p90}, {"p99", p.p99}, {"max", p.max}};
    }
    return result;
}

Result<nlohmann::json> measure(const Options& options) {
    auto generator = Generator::open(options.from, options.load);
    if (!generator) {
        return std::unexpected(generator.error());
    }
    auto sink = Sink::open(options.to, options.load);
    if (!sink) {
        return std::unexpected(sink.error());
    }
    const double cpu = cpu_seconds();
    std::atomic<bool> done = false;
    Result<Generator::Outcome> sent;
    Result<Sink::Outcome> arrived;
    {
        const std::jthread sender([&] {
            sent = generator->run();
            done = true;
        });
        arrived = sink->run(done, options.settle);
    }
    if (!sent) {
        return std::unexpected(sent.error());
    }
    if (!arrived) {
        return std::unexpected(arrived.error());
    }
    return report(*sent, *arrived, cpu_seconds() - cpu);
}

int run(int argc, char** argv) {
    const auto options = parse(argc, argv);
    if (!options) {
        std::cerr << "bench_load: " << options.error().what << '\n';
        return 2;
    }
    if (!*options) {
        return 0;
    }
    const auto result = measure(**options);
    if (!result) {
        std::cerr << "bench_load: " << result.error().what << '\n';
        return 1;
    }
    std::cout << result->dump() << std::endl;
    return std::cout ? 0 : 1;
}

}  // namespace
}  // namespace mqttcan::bench

int main(int argc, char** argv) {
    return mqttcan::bench::run(argc, argv);
}
