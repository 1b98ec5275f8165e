// SPDX-License-Identifier: MIT
#include "daemon/control/dispatch.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/text.hpp"
#include "daemon/control/interface.hpp"

namespace mqttcan::control {
namespace {

using nlohmann::json;

// The rest of a list of faults is counted only; with quotes and escapes it stays below kLongestReply.
constexpr std::size_t kMostFaultBytes = 32 * 1024;

/// Strings may hold any bytes, such as a file's name; what is not UTF-8 is replaced.
std::string dump(const json& value) {
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

/// Where the reply of one call goes.
class Answer {
  public:
    Answer(Replied replied, bool oneway) : replied_(std::move(replied)), oneway_(oneway) {}

    void good(json parameters = json::object()) const { send({{"parameters", std::move(parameters)}}); }
    void error(std::string_view name, json parameters) const {
        send({{"error", name}, {"parameters", std::move(parameters)}});
    }

  private:
    void send(const json& reply) const { replied_(oneway_ ? std::string() : dump(reply)); }

    Replied replied_;
    bool oneway_;
};

struct Call {
    const json& parameters;  ///< an object that fits the method's row
    Handler& handler;
    const std::string& version;
};

void get_info(const Call& call, const Answer& answer) {
    json names = json::array();
    for (const Interface& interface : interfaces()) {
        names.push_back(interface.name);
    }
    answer.good({{"vendor", "mqttcan"},
                 {"product", "mqttcand"},
                 {"version", call.version},
                 {"url", ""},
                 {"interfaces", std::move(names)}});
}

void get_description(const Call& call, const Answer& answer) {
    const auto& name = call.parameters.at("interface").get_ref<const std::string&>();
    const auto found = std::ranges::find(interfaces(), name, &Interface::name);
    if (found == interfaces().end()) {
        answer.error("org.varlink.service.InterfaceNotFound", {{"interface", name}});
    } else {
        answer.good({{"description", found->description}});
    }
}

json bounded(const std::vector<std::string>& faults) {
    json list = json::array();
    std::size_t bytes = 0;
    for (const std::string& fault : faults) {
        bytes += fault.size() + 8;  // quotes, comma
        if (bytes > kMostFaultBytes) {
            list.push_back(text("and ", counted(faults.size() - list.size(), "more fault"),
                                "; mqttcan check names them all"));
            break;
        }
        list.push_back(fault);
    }
    return list;
}

void reload(const Call& call, const Answer& answer) {
    call.handler.reload([answer](const ReloadResult& result) {
        if (const auto* faults = std::get_if<Faults>(&result)) {
            answer.error("org.mqttcan.InvalidConfiguration", {{"faults", bounded(faults->list)}});
        } else if (const auto* failure = std::get_if<Failure>(&result)) {
            answer.error("org.mqttcan.Failed", {{"reason", failure->reason.substr(0, kMostFaultBytes)}});
        } else {
            answer.good();
        }
    });
}

struct Row {
    MethodInfo method;
    void (*call)(const Call&, const Answer&);
};

constexpr Parameter kInterfaceName[] = {{"interface", ParameterType::string}};

constexpr Row kRows[] = {
    {{"org.varlink.service", "GetInfo", {}}, get_info},
    {{"org.varlink.service", "GetInterfaceDescription", kInterfaceName}, get_description},
    {{"org.mqttcan", "Reload", {}}, reload},
};

bool fits(const json& value, ParameterType type) {
    switch (type) {
        case ParameterType::string:
            return value.is_string();
    }
    return false;
}

/// The first parameter that is missing, unknown or of the wrong type.
std::optional<std::string> misfit(const json& parameters, std::span<const Parameter> wanted) {
    for (const auto& [name, value] : parameters.items()) {
        if (std::ranges::find(wanted, name, &Parameter::name) == wanted.end()) {
            return name;
        }
    }
    for (const Parameter& parameter : wanted) {
        const auto found = parameters.find(parameter.name);
        if (found == parameters.end() || !fits(*found, parameter.type)) {
            return std::string(parameter.name);
        }
    }
    return std::nullopt;
}

/// What a request says; none if it is no Varlink call.
struct Request {
    std::string method;
    json parameters = json::object();
    bool oneway = false;
    bool more = false;  ///< allowed, but every method of ours has one reply
    bool upgrade = false;
};

bool read_flag(const json& message, const char* name, bool& into) {
    const auto found = message.find(name);
    if (found == message.end() || found->is_null()) {
        return true;
    }
    into = found->is_boolean() && found->get<bool>();
    return found->is_boolean();
}

std::optional<Request> read_request(std::string_view text) {
    if (too_deep(text)) {
        return std::nullopt;
    }
    json message = json::parse(text, nullptr, false);
    Request request;
    if (!message.is_object() || !read_flag(message, "oneway", request.oneway) ||
        !read_flag(message, "more", request.more) || !read_flag(message, "upgrade", request.upgrade) ||
        (request.oneway && (request.more || request.upgrade))) {
        return std::nullopt;
    }
    const auto method = message.find("method");
    if (method == message.end() || !method->is_string()) {
        return std::nullopt;
    }
    request.method = method->get<std::string>();
    if (const auto parameters = message.find("parameters");
        parameters != message.end() && !parameters->is_null()) {
        if (!parameters->is_object()) {
            return std::nullopt;
        }
        request.parameters = std::move(*parameters);
    }
    return request;
}

void answer_request(const Request& request, Handler& handler, const std::string& version,
                    const Answer& answer) {
    const std::size_t dot = request.method.rfind('.');
    if (dot == std::string::npos) {
        answer.error("org.varlink.service.InvalidParameter", {{"parameter", "method"}});
        return;
    }
    const std::string interface = request.method.substr(0, dot);
    const std::string name = request.method.substr(dot + 1);
    if (std::ranges::find(interfaces(), interface, &Interface::name) == interfaces().end()) {
        answer.error("org.varlink.service.InterfaceNotFound", {{"interface", interface}});
        return;
    }
    const Row* row = std::ranges::find_if(kRows, [&](const Row& candidate) {
        return candidate.method.interface == interface && candidate.method.name == name;
    });
    if (row == std::end(kRows)) {
        answer.error("org.varlink.service.MethodNotFound", {{"method", request.method}});
    } else if (request.upgrade) {
        answer.error("org.varlink.service.MethodNotImplemented", {{"method", request.method}});
    } else if (const auto wrong = misfit(request.parameters, row->method.parameters)) {
        answer.error("org.varlink.service.InvalidParameter", {{"parameter", *wrong}});
    } else {
        row->call({request.parameters, handler, version}, answer);
    }
}

}  // namespace

std::vector<MethodInfo> methods() {
    std::vector<MethodInfo> list;
    for (const Row& row : kRows) {
        list.push_back(row.method);
    }
    return list;
}

bool dispatch(std::string_view request, Handler& handler, const std::string& version, Replied replied) {
    const std::optional<Request> read = read_request(request);
    if (!read) {
        return false;
    }
    answer_request(*read, handler, version, Answer(std::move(replied), read->oneway));
    return true;
}

}  // namespace mqttcan::control
