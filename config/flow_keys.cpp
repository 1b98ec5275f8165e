// SPDX-License-Identifier: MIT
// What passes between bus and broker, and how: the keys of "to_bus" and "from_bus", filters and sampling.
#include "base/text.hpp"
#include "config/entries.hpp"
#include "config/size.hpp"
#include "config/words.hpp"

namespace mqttcan::config {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::int64_t kShortest = Duration(milliseconds(50)).count();
constexpr std::int64_t kLongest = Duration(hours(1)).count();
constexpr std::int64_t kLongestQueue = 1 << 20;
constexpr std::int64_t kSmallestBuffer = 64 << 10;
constexpr std::int64_t kLargestBuffer = std::int64_t{16} << 30;

std::vector<IdPattern> ids(Reader& reader, const Node& node, const KeyInfo& key) {
    std::vector<IdPattern> out;
    if (node.type != Type::array) {
        reader.wrong_type(node, "a list of IDs", key.example);
        return out;
    }
    if (node.items.empty()) {
        reader.fault(node, text("this list is empty; name at least one ID, for example ", key.example,
                                key.required ? "" : text(", or leave \"", key.name, "\" out")));
    }
    for (const Node* item : node.items) {
        if (item->type != Type::string) {
            reader.wrong_type(*item, "an ID, which is hexadecimal and stands in quotes", R"("123")");
        } else if (const Result<IdPattern> id = IdPattern::parse(item->text)) {
            out.push_back(*id);
        } else {
            reader.fault(*item, id.error().what);
        }
    }
    return out;
}

template <auto Member, typename T>
void read_ids(Reader& reader, const Node& node, const KeyInfo& key, T& into) {
    into.*Member = ids(reader, node, key);
}

/// A mere list is what may pass.
template <auto Member, typename T>
void read_filter(Reader& reader, const Node& node, const KeyInfo& key, T& into) {
    if (node.type == Type::array) {
        (into.*Member).allow = ids(reader, node, key);
        return;
    }
    if (node.type != Type::object) {
        reader.wrong_type(node, "a list of IDs or an object with \"allow\" and \"deny\"", key.example);
        return;
    }
    filter_shape().read(reader, node, into.*Member);
    if (node.items.empty()) {
        reader.fault(node, "this filter is empty; say \"allow\" or \"deny\", or leave \"filter\" out");
    }
}

template <auto Member, typename T>
void read_size(Reader& reader, const Node& node, const KeyInfo& key, T& into) {
    if (node.type == Type::number) {
        reader.fault(node, text("the number ", node.text.substr(0, 40),
                                " has no unit; write it with one, in quotes, for example ", key.example));
        return;
    }
    if (node.type != Type::string) {
        reader.wrong_type(node, "an amount of memory", key.example);
        return;
    }
    const auto bytes = parse_size(node.text);
    if (!bytes) {
        reader.fault(node, bytes.error().what);
        return;
    }
    const auto lowest = static_cast<std::uint64_t>(key.lowest);
    const auto highest = static_cast<std::uint64_t>(key.highest);
    if (*bytes < lowest || *bytes > highest) {
        reader.fault(node, text(in_quotes(node.text), " is out of bounds; write ", show_size(lowest), " to ",
                                show_size(highest)));
        return;
    }
    into.*Member = *bytes;
}

void read_sample(Reader& reader, const Node& node, const KeyInfo& key, FromBus& into) {
    if (node.type != Type::array) {
        reader.wrong_type(node, "a list of rules", key.example);
        return;
    }
    if (node.items.empty()) {
        reader.fault(node, "this list is empty; write a rule into it, or leave \"sample\" out");
    }
    for (const Node* item : node.items) {
        Sample& sample = into.sample.emplace_back();
        sample_shape().read(reader, *item, sample);
        const bool thins_out = sample.on_change || item->has("interval");
        if (item->type == Type::object && !thins_out && !reader.faulty(*item, "interval") &&
            !reader.faulty(*item, "on_change")) {
            reader.fault(*item,
                         "this rule thins out nothing; add \"interval\": \"100ms\" or \"on_change\": true");
        }
    }
}

constexpr std::string_view kFilterExample = R"({"deny": ["7DF", "700-77F"]})";

constexpr Key<ToBus> kToBusKeys[] = {
    {{.name = "max_age", .example = R"("2s")", .lowest = kShortest, .highest = kLongest},
     read_duration<&ToBus::max_age>},
    {{.name = "queue", .example = "16384", .lowest = 1, .highest = kLongestQueue}, read_count<&ToBus::queue>},
    {{.name = "brs", .example = "false"}, read_flag<&ToBus::brs>},
    {{.name = "stall", .example = R"("500ms")", .lowest = kShortest, .highest = kLongest},
     read_duration<&ToBus::stall>},
    {{.name = "filter", .example = R"(["123", "700-77F"])"}, read_filter<&ToBus::filter>},
};

constexpr Key<FromBus> kFromBusKeys[] = {
    {{.name = "max_age", .example = R"("2s")", .lowest = kShortest, .highest = kLongest},
     read_duration<&FromBus::max_age>},
    {{.name = "queue", .example = "16384", .lowest = 1, .highest = kLongestQueue},
     read_count<&FromBus::queue>},
    {{.name = "error_frames", .example = "true"}, read_flag<&FromBus::error_frames>},
    {{.name = "filter", .example = R"(["123", "700-77F"])"}, read_filter<&FromBus::filter>},
    {{.name = "sample", .example = R"([{"ids": ["123"], "interval": "100ms"}])"}, read_sample},
    {{.name = "heartbeat",
      .example = R"("30s")",
      .lowest = Duration(seconds(1)).count(),
      .highest = kLongest,
      .may_be_zero = true},
     read_duration<&FromBus::heartbeat>},
    {{.name = "linger", .example = R"("100ms")", .highest = Duration(seconds(10)).count()},
     read_duration<&FromBus::linger>},
    {{.name = "urgent", .example = R"(["123", "700-77F"])"}, read_ids<&FromBus::urgent>},
    {{.name = "buffer", .example = R"("64MiB")", .lowest = kSmallestBuffer, .highest = kLargestBuffer},
     read_size<&FromBus::buffer>},
};

constexpr Key<IdFilter> kFilterKeys[] = {
    {{.name = "allow", .example = R"(["123", "700-77F"])"}, read_ids<&IdFilter::allow>},
    {{.name = "deny", .example = R"(["7DF"])"}, read_ids<&IdFilter::deny>},
};

constexpr Key<Sample> kSampleKeys[] = {
    {{.name = "ids", .example = R"(["123", "700-77F"])", .required = true}, read_ids<&Sample::ids>},
    {{.name = "interval",
      .example = R"("100ms")",
      .lowest = Duration(milliseconds(1)).count(),
      .highest = kLongest},
     read_duration<&Sample::interval>},
    {{.name = "on_change", .example = "true"}, read_flag<&Sample::on_change>},
};

}  // namespace

const Shape<ToBus>& to_bus_shape() {
    static const Shape<ToBus> shape("/buses/*/to_bus", "a \"to_bus\" object", R"({"max_age": "2s"})",
                                    kToBusKeys);
    return shape;
}

const Shape<FromBus>& from_bus_shape() {
    static const Shape<FromBus> shape("/buses/*/from_bus", "a \"from_bus\" object", R"({"max_age": "2s"})",
                                      kFromBusKeys);
    return shape;
}

const Shape<IdFilter>& filter_shape() {
    static const Shape<IdFilter> shape("/buses/*/from_bus/filter", "a filter", kFilterExample, kFilterKeys);
    return shape;
}

const Shape<Sample>& sample_shape() {
    static const Shape<Sample> shape("/buses/*/from_bus/sample/*", "a rule of \"sample\"",
                                     R"({"ids": ["123"], "interval": "100ms"})", kSampleKeys);
    return shape;
}

}  // namespace mqttcan::config
