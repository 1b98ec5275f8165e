// SPDX-License-Identifier: MIT
// The JSON Schema says what the loader does: same keys, words, bounds and defaults. That both judge whole
// files alike is the business of schema_test.py.
#include <gmock/gmock.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "config/duration.hpp"
#include "config/keys.hpp"
#include "config/size.hpp"
#include "config_outcome.hpp"

namespace mqttcan::config::test {
namespace {

using nlohmann::ordered_json;
using testing::HasSubstr;

const ordered_json& schema() {
    static const ordered_json value =
        ordered_json::parse(std::ifstream(MQTTCAN_SOURCE_DIR "/config/mqttcan.schema.json"));
    return value;
}

const ordered_json& resolve(const ordered_json& node) {
    const auto reference = node.find("$ref");
    return reference == node.end()
               ? node
               : schema().at(ordered_json::json_pointer(reference->get<std::string>().substr(1)));
}

/// Those that a value may choose from; one that leaves no choice is its own alternative.
std::vector<const ordered_json*> alternatives(const ordered_json& node) {
    const auto choice = node.find("anyOf");
    if (choice == node.end()) {
        return {&node};
    }
    std::vector<const ordered_json*> out;
    for (const ordered_json& one : *choice) {
        out.push_back(&one);
    }
    return out;
}

/// What stands for every name or number in an object or array.
const ordered_json& any_of(const ordered_json& node) {
    return node.contains("items") ? node.at("items") : node.at("additionalProperties");
}

/// The schema of the object at a place such as "/buses/*/to_bus".
const ordered_json& object_at(std::string_view where) {
    const ordered_json* node = &schema();
    while (!where.empty()) {
        const std::size_t end = std::min(where.find('/', 1), where.size());
        const std::string name(where.substr(1, end - 1));
        node = &resolve(name == "*" ? any_of(*node) : node->at("properties").at(name));
        if (!node->contains("properties")) {  // a filter: a list or an object
            for (const ordered_json* one : alternatives(*node)) {
                node = one->contains("properties") ? one : node;
            }
        }
        where.remove_prefix(end);
    }
    return *node;
}

/// A key's own schema and what it refers to: whether either says `word`.
const ordered_json* say(const ordered_json& key, const char* word) {
    for (const ordered_json* place : {&key, &resolve(key)}) {
        if (const auto found = place->find(word); found != place->end()) {
            return &*found;
        }
    }
    return nullptr;
}

/// Those that a value, or each item of a list, may be one of.
std::vector<std::string> words_of(const ordered_json& key) {
    std::vector<std::string> words;
    for (const ordered_json* one : alternatives(key.contains("items") ? key.at("items") : key)) {
        for (const std::string& word : one->value("enum", std::vector<std::string>{})) {
            words.push_back(word);
        }
    }
    return words;
}

template <typename Check>
void for_each_key(Check check) {
    for (const ObjectInfo& object : known_objects()) {
        for (const KeyInfo& key : object.keys) {
            SCOPED_TRACE(std::string(object.where) + "/" + std::string(key.name));
            check(key, object_at(object.where).at("properties").at(std::string(key.name)));
        }
    }
}

TEST(Schema, KnowsTheKeysOfTheLoaderAndNoOthers) {
    for (const ObjectInfo& object : known_objects()) {
        std::vector<std::string> loader;
        std::set<std::string> required;
        for (const KeyInfo& key : object.keys) {
            loader.emplace_back(key.name);
            if (key.required) {
                required.emplace(key.name);
            }
        }
        const ordered_json& node = object_at(object.where);
        std::vector<std::string> in_schema;
        for (const auto& [name, value] : node.at("properties").items()) {
            in_schema.push_back(name);
        }
        EXPECT_EQ(in_schema, loader) << object.where;
        EXPECT_EQ(node.at("additionalProperties"), false) << object.where;
        EXPECT_EQ(node.value("required", std::set<std::string>{}), required) << object.where;
    }
}

TEST(Schema, DescribesEveryKeyAndShowsAValue) {
    for_each_key([](const KeyInfo&, const ordered_json& key) {
        const auto description = key.find("description");
        ASSERT_NE(description, key.end());
        EXPECT_GT(description->get<std::string>().size(), 10U);
    });
}

TEST(Schema, HasTheWordsAndBoundsOfTheLoader) {
    for_each_key([](const KeyInfo& key, const ordered_json& in_schema) {
        bool bound = key.highest == 0;
        EXPECT_EQ(words_of(in_schema), std::vector<std::string>(key.words.begin(), key.words.end()));
        for (const ordered_json* one : alternatives(in_schema)) {
            const std::string type = one->value("type", "");
            if (type == "integer" || type == "number") {
                const double unit = type == "number" ? 0.001 : 1;  // sample points are counted per mille
                EXPECT_DOUBLE_EQ(one->at("minimum"), static_cast<double>(key.lowest) * unit);
                EXPECT_DOUBLE_EQ(one->at("maximum"), static_cast<double>(key.highest) * unit);
                bound = true;
            } else if (one->value("$ref", "") == "#/$defs/duration") {
                EXPECT_THAT(in_schema.at("description").get<std::string>(),
                            HasSubstr(show(Duration(key.lowest)) + " to " + show(Duration(key.highest))));
                bound = true;
            } else if (one->value("$ref", "") == "#/$defs/size") {
                EXPECT_THAT(in_schema.at("description").get<std::string>(),
                            HasSubstr(show_size(static_cast<std::uint64_t>(key.lowest)) + " to " +
                                      show_size(static_cast<std::uint64_t>(key.highest))));
                bound = true;
            }
        }
        EXPECT_TRUE(bound);
    });
}

/// The defaults that the schema gives for an object, those of inner objects included.
ordered_json defaults_of(const ordered_json& object, const std::set<std::string>& without = {}) {
    ordered_json out = ordered_json::object();
    for (const auto& [name, key] : object.at("properties").items()) {
        if (without.contains(name)) {
            continue;
        }
        if (const ordered_json* value = say(key, "default")) {
            out[name] = *value;
        } else if (const ordered_json inner =
                       say(key, "properties") != nullptr ? defaults_of(key, without) : ordered_json();
                   !inner.empty()) {
            out[name] = inner;
        }
    }
    return out;
}

TEST(Schema, HasTheDefaultsOfTheLoader) {
    const ordered_json& schema_of_bus = object_at("/buses/*");
    ordered_json spelled_out = {
        {"brokers", {{"default", defaults_of(object_at("/brokers/*"), {"tls"})}}},
        {"buses",
         {{"a", defaults_of(schema_of_bus, {"write", "accept_pymqtt2can_clients", "heartbeat", "linger"})},
          {"b", defaults_of(schema_of_bus, {"on_offline", "heartbeat", "linger"})},
          {"c", defaults_of(schema_of_bus, {"write", "accept_pymqtt2can_clients", "on_offline"})}}},
    };
    ordered_json& buses = spelled_out["buses"];
    EXPECT_GE(buses["a"].size() + buses["a"]["to_bus"].size(), 9U);  // the schema does give defaults
    const ordered_json differences = {
        {"a", {{"topic", "a"}}},
        {"b", {{"topic", "b"}, {"role", "server"}}},
        {"c", {{"topic", "c"}, {"role", "peer"}}},
    };
    for (const auto& [name, difference] : differences.items()) {
        buses[name].update(difference);
    }
    buses["c"]["formats"] = {"stream"};  // a peer's own default
    const Outcome short_form = parsed(ordered_json{{"buses", differences}}.dump());
    const Outcome long_form = parsed(spelled_out.dump(2));
    EXPECT_EQ(written_out(long_form.faults), std::vector<std::string>{});
    ASSERT_TRUE(short_form.config && long_form.config);
    EXPECT_EQ(*short_form.config, *long_form.config);
    EXPECT_EQ(defaults_of(object_at("/brokers/*/tls")).dump(), R"({"insecure":false})");
}

/// What messages and the schema offer as an example has to be right.
TEST(Schema, AndLoaderGiveExamplesThatAreRight) {
    const ordered_json frame = {{"brokers", {{"default", ordered_json::object()}}},
                                {"buses", {{"a", {{"topic", "x"}}}}}};
    for_each_key([](const KeyInfo& key, const ordered_json&) {
        EXPECT_TRUE(ordered_json::accept(std::string(key.example))) << key.example;
    });
    for (const ObjectInfo& object : known_objects()) {
        EXPECT_TRUE(ordered_json::accept(std::string(object.example))) << object.example;
    }
    for (const auto& example : object_at("/brokers/*").at("examples")) {
        ordered_json file = frame;
        file["brokers"]["default"] = example;
        EXPECT_EQ(faults_of(file.dump()), std::vector<std::string>{});
    }
    for (const auto& example : object_at("/buses/*").at("examples")) {
        ordered_json file = frame;
        file["buses"]["a"] = example;
        EXPECT_EQ(faults_of(file.dump()), std::vector<std::string>{});
    }
}

TEST(Example, IsAConfigurationWithoutFaultOrWarning) {
    const Outcome outcome = load(MQTTCAN_SOURCE_DIR "/config/mqttcan.json.example", machine());
    EXPECT_EQ(written_out(outcome.faults), std::vector<std::string>{});
    EXPECT_EQ(written_out(outcome.warnings), std::vector<std::string>{});
}

}  // namespace
}  // namespace mqttcan::config::test
