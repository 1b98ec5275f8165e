// SPDX-License-Identifier: MIT
// The interface descriptions are what a Varlink tool can parse (https://varlink.org/Interface-Definition),
// and say what the methods that are dispatched are called and take. The parser here is a second opinion.
#include "daemon/control/interface.hpp"

#include <gmock/gmock.h>

#include <map>
#include <regex>
#include <stdexcept>

#include "control_conversation.hpp"

namespace mqttcan::control::test {
namespace {

using Fields = std::map<std::string, std::string>;

/// The grammar as far as we use it: types, methods, errors; structs of named types, arrays, maps and what may
/// be absent of these.
class Description {
  public:
    explicit Description(std::string_view text) {
        static const std::regex kTokens(R"(#[^\n]*|[A-Za-z][A-Za-z0-9_.]*|->|\[\]|\[string\]|[(),:?]|\S)");
        const std::string words(text);
        for (std::sregex_iterator at(words.begin(), words.end(), kTokens), end; at != end; ++at) {
            if (!at->str().starts_with('#')) {
                tokens_.push_back(at->str());
            }
        }
        expect("interface");
        name = match(R"([a-z]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+)");
        while (next_ < tokens_.size()) {
            member();
        }
    }

    std::string name;
    std::map<std::string, Fields> types;
    std::map<std::string, Fields> methods;
    std::map<std::string, Fields> replies;
    std::map<std::string, Fields> errors;

  private:
    std::string take() {
        return next_ < tokens_.size() ? tokens_[next_++] : throw std::runtime_error("ends too early");
    }
    void expect(const std::string& token) {
        if (const std::string got = take(); got != token) {
            throw std::runtime_error("wanted " + token + ", got " + got);
        }
    }
    std::string match(const char* pattern) {
        const std::string token = take();
        return std::regex_match(token, std::regex(pattern)) ? token
                                                            : throw std::runtime_error("bad name " + token);
    }
    void member() {
        const std::string keyword = take();
        const std::string member_name = match("[A-Z][A-Za-z0-9]*");
        if (!names_.insert({member_name, keyword}).second) {
            throw std::runtime_error("twice: " + member_name);
        }
        if (keyword == "method") {
            methods[member_name] = fields();
            expect("->");
            replies[member_name] = fields();
        } else if (keyword == "type") {
            types[member_name] = fields();
        } else if (keyword == "error") {
            errors[member_name] = fields();
        } else {
            throw std::runtime_error("no keyword: " + keyword);
        }
    }
    Fields fields() {
        Fields list;
        expect("(");
        while (tokens_.at(next_) != ")") {
            const std::string field = match("[A-Za-z](_?[A-Za-z0-9])*");
            expect(":");
            std::string type = take();
            if (type == "[]" || type == "?" || type == "[string]") {
                type += take();
            }
            list[field] = type;
            if (tokens_.at(next_) != ")") {
                expect(",");
            }
        }
        expect(")");
        return list;
    }

    std::vector<std::string> tokens_;
    std::size_t next_ = 0;
    Fields names_;
};

std::map<std::string, Description> descriptions() {
    std::map<std::string, Description> all;
    for (const Interface& interface : interfaces()) {
        all.emplace(interface.name, Description(interface.description));
    }
    return all;
}

json reply_to(const std::string& text, Handler& handler) {
    std::string reply;
    EXPECT_TRUE(dispatch(text, handler, "1", [&](std::string got) { reply = std::move(got); }));
    return json::parse(reply);
}

void expect_fields(const json& value, const Fields& fields, const Description& types,
                   const std::string& where);

void expect_type(const json& value, const std::string& type, const Description& types,
                 const std::string& where) {
    if (type.starts_with("[")) {
        const bool is_map = type.starts_with("[string]");
        ASSERT_TRUE(is_map ? value.is_object() : value.is_array()) << where << value;
        for (const json& one : value) {
            expect_type(one, type.substr(type.find(']') + 1), types, where);
        }
    } else if (type == "string") {
        EXPECT_TRUE(value.is_string()) << where << value;
    } else if (type == "int") {
        EXPECT_TRUE(value.is_number_integer()) << where << value;
    } else if (type == "bool") {
        EXPECT_TRUE(value.is_boolean()) << where << value;
    } else {
        ASSERT_TRUE(types.types.contains(type)) << where << type;
        expect_fields(value, types.types.at(type), types, where + type + '.');
    }
}

void expect_fields(const json& value, const Fields& fields, const Description& types,
                   const std::string& where) {
    std::size_t seen = 0;
    for (const auto& [name, type] : fields) {
        const bool may_be_absent = type.starts_with('?');
        ASSERT_TRUE(may_be_absent || value.contains(name)) << where << name << ": " << value;
        if (value.contains(name)) {
            ++seen;
            expect_type(value[name], type.substr(may_be_absent ? 1 : 0), types, where + name + ": ");
        }
    }
    EXPECT_EQ(value.size(), seen) << where << "has what is not described: " << value;
}

TEST(InterfaceDescription, NamesItsInterface) {
    for (const auto& [name, description] : descriptions()) {
        EXPECT_EQ(description.name, name);
    }
}

TEST(InterfaceDescription, HasEveryMethodThatIsDispatchedWithItsParametersAndNoOther) {
    std::map<std::string, Fields> dispatched;
    for (const MethodInfo& method : methods()) {
        Fields& fields = dispatched[std::string(method.interface) + '.' + std::string(method.name)];
        for (const Parameter& parameter : method.parameters) {
            fields[std::string(parameter.name)] = parameter.type == ParameterType::string ? "string"
                                                  : parameter.type == ParameterType::optional_string
                                                      ? "?string"
                                                      : "?int";
        }
    }
    std::map<std::string, Fields> described;
    for (const auto& [interface, description] : descriptions()) {
        for (const auto& [method, fields] : description.methods) {
            described[interface + '.' + method] = fields;
        }
    }
    EXPECT_EQ(dispatched, described);
}

TEST(InterfaceDescription, TellsWhatReplies) {
    FakeHandler handler;
    handler.count_result = PeerCount(2);
    handler.log.lines = {{.number = 1,
                          .time = {},
                          .severity = Severity::info,
                          .bus = "body",
                          .interface = "vcan0",
                          .message = "up"}};
    for (const auto& [interface, description] : descriptions()) {
        for (const auto& [method, fields] : description.replies) {
            json parameters = json::object();
            for (const auto& [name, type] : description.methods.at(method)) {
                if (type == "string") {
                    parameters[name] = name == "lowest" ? "debug" : "org.mqttcan";
                }
            }
            const json reply = reply_to(request(interface + '.' + method, parameters), handler);
            ASSERT_FALSE(reply.contains("error")) << reply;
            expect_fields(reply["parameters"], fields, description, interface + '.' + method + ": ");
        }
    }
}

TEST(InterfaceDescription, TellsWhatErrorsHold) {
    FakeHandler bad;
    bad.result = Faults{{"fault"}};
    FakeHandler broken;
    broken.result = Failure{"reason"};
    FakeHandler good;
    good.switch_result = NoSuchBus{{"body"}};
    const auto all = descriptions();
    std::size_t seen = 0;
    for (const json& reply :
         {reply_to(request("org.mqttcan.Reload"), bad), reply_to(request("org.mqttcan.Reload"), broken),
          reply_to(request("org.other.X"), good), reply_to(request("org.mqttcan.X"), good),
          reply_to(request("org.mqttcan.Reload", {{"x", 1}}), good),
          reply_to(request("org.mqttcan.Drop", {{"bus", "b"}}), good),
          reply_to(R"({"method":"org.mqttcan.Reload","upgrade":true})", good)}) {
        const std::string name = reply["error"];
        const std::size_t dot = name.rfind('.');
        const Description& description = all.at(name.substr(0, dot));
        ASSERT_TRUE(description.errors.contains(name.substr(dot + 1))) << name;
        expect_fields(reply["parameters"], description.errors.at(name.substr(dot + 1)), description,
                      name + ": ");
        ++seen;
    }
    std::size_t described = 0;
    for (const auto& [interface, description] : all) {
        described += description.errors.size();
    }
    EXPECT_EQ(seen, described) << "each error is tried here";
}

}  // namespace
}  // namespace mqttcan::control::test
