// SPDX-License-Identifier: MIT
#include "daemon/control/dispatch.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/text.hpp"
#include "daemon/control/interface.hpp"
#include "daemon/control/status_json.hpp"

namespace mqttcan::control {
namespace {

using nlohmann::json;

// Of a list of faults or lines: with quotes and escapes it stays far below kLongestReply.
constexpr std::size_t kMostBytes = 32 * 1024;

/// Strings may hold any bytes, such as a file's name; what is not UTF-8 is replaced.
std::string dump(const json& value) {
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

/// Where the reply of one call goes.
class Answer {
  public:
    Answer(Replied replied, bool oneway) : replied_(std::move(replied)), oneway_(oneway) {}

    void good(json parameters = json::object()) const { send({{"parameters", std::move(parameters)}}); }
    /// Parameters that are JSON already.
    void good_text(const std::string& parameters) const {
        replied_(oneway_ ? std::string() : text(R"({"parameters":)", parameters, '}'));
    }
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

/// "1 more fault", "2 more buses"
std::string more(std::size_t count, std::string_view noun) {
    return text(count, " more ", noun, count == 1 ? "" : noun.ends_with('s') ? "es" : "s");
}

/// The rest is counted only: "and 3 more faults; mqttcan check names them all".
json bounded(const std::vector<std::string>& all, const char* noun, const char* command) {
    json list = json::array();
    std::size_t bytes = 0;
    for (const std::string& one : all) {
        bytes += one.size() + 8;  // quotes, comma
        if (bytes > kMostBytes) {
            list.push_back(
                text("and ", more(all.size() - list.size(), noun), "; ", command, " names them all"));
            break;
        }
        list.push_back(one);
    }
    return list;
}

void reload(const Call& call, const Answer& answer) {
    call.handler.reload([answer](const ReloadResult& result) {
        if (const auto* faults = std::get_if<Faults>(&result)) {
            answer.error("org.mqttcan.InvalidConfiguration",
                         {{"faults", bounded(faults->list, "fault", "mqttcan check")}});
        } else if (const auto* failure = std::get_if<Failure>(&result)) {
            answer.error("org.mqttcan.Failed", {{"reason", failure->reason.substr(0, kMostBytes)}});
        } else {
            answer.good();
        }
    });
}

json no_such_bus(const std::string& bus, const std::vector<std::string>& known) {
    return {{"bus", bus}, {"known", bounded(known, "bus", "mqttcan status")}};
}

/// Only that bus, and its broker. False if there is none of that name, and none with that interface.
bool keep_only(const std::string& bus, supervisor::Status& status) {
    const supervisor::BusStatus* const found = supervisor::find_bus(status, bus);
    if (found == nullptr) {
        return false;
    }
    status.buses = {*found};
    std::erase_if(status.brokers,
                  [&](const auto& broker) { return broker.name != status.buses.front().broker; });
    return true;
}

std::vector<std::string> names(const std::vector<supervisor::BusStatus>& buses) {
    std::vector<std::string> list;
    for (const supervisor::BusStatus& bus : buses) {
        list.push_back(bus.name);
    }
    return list;
}

void get_status(const Call& call, const Answer& answer) {
    supervisor::Status status = call.handler.status();
    const auto bus = call.parameters.find("bus");
    if (bus != call.parameters.end() && bus->is_string()) {
        const auto known = names(status.buses);
        if (!keep_only(*bus, status)) {
            answer.error("org.mqttcan.NoSuchBus", no_such_bus(*bus, known));
            return;
        }
    }
    const std::string parameters = to_json(status);
    if (parameters.size() > kLongestReply / 2) {
        answer.error("org.mqttcan.Failed",
                     {{"reason", "there are too many buses for one answer: ask for one"}});
    } else {
        answer.good_text(parameters);
    }
}

void switch_bus(const Call& call, const Answer& answer, bool dropped) {
    const auto& bus = call.parameters.at("bus").get_ref<const std::string&>();
    const SwitchResult result = call.handler.set_dropped(bus, dropped);
    if (const auto* unknown = std::get_if<NoSuchBus>(&result)) {
        answer.error("org.mqttcan.NoSuchBus", no_such_bus(bus, unknown->known));
    } else if (const auto* failure = std::get_if<Failure>(&result)) {
        answer.error("org.mqttcan.Failed", {{"reason", failure->reason}});
    } else {
        answer.good();
    }
}

void drop(const Call& call, const Answer& answer) {
    switch_bus(call, answer, true);
}

void resume(const Call& call, const Answer& answer) {
    switch_bus(call, answer, false);
}

void count_peers(const Call& call, const Answer& answer) {
    const auto& bus = call.parameters.at("bus").get_ref<const std::string&>();
    const CountResult result = call.handler.count_peers(bus);
    if (const auto* unknown = std::get_if<NoSuchBus>(&result)) {
        answer.error("org.mqttcan.NoSuchBus", no_such_bus(bus, unknown->known));
    } else if (const auto& count = std::get<PeerCount>(result)) {
        answer.good({{"peers", *count}});
    } else {
        answer.good();
    }
}

/// Lines have no limit of their own: what does not fit counts as missed.
json lines_to_json(const LogPart& part) {
    std::size_t bytes = 0;
    std::size_t first = part.lines.size();
    while (first > 0 && bytes < kMostBytes) {
        bytes += part.lines[--first].message.size();
    }
    json lines = json::array();
    for (const LogLine& line : std::span(part.lines).subspan(first)) {
        lines.push_back({{"number", line.number},
                         {"time_us", line.time.time_since_epoch().count()},
                         {"severity", name(line.severity)},
                         {"bus", line.bus},
                         {"interface", line.interface},
                         {"message", line.message.substr(0, kMostBytes)}});
    }
    return {{"last", part.last}, {"missed", part.missed + first}, {"lines", std::move(lines)}};
}

void get_log(const Call& call, const Answer& answer) {
    std::optional<std::uint64_t> after;
    if (const auto given = call.parameters.find("after");
        given != call.parameters.end() && !given->is_null()) {
        after = given->get<std::uint64_t>();
    }
    call.handler.log_after(after, [answer](const LogPart& part) { answer.good(lines_to_json(part)); });
}

void set_log_level(const Call& call, const Answer& answer) {
    const auto lowest = parse_severity(call.parameters.at("lowest").get_ref<const std::string&>());
    if (lowest) {
        call.handler.set_log_level(*lowest);
        answer.good();
    } else {
        answer.error("org.varlink.service.InvalidParameter", {{"parameter", "lowest"}});
    }
}

struct Row {
    MethodInfo method;
    void (*call)(const Call&, const Answer&);
};

constexpr Parameter kInterfaceName[] = {{"interface", ParameterType::string}};
constexpr Parameter kBus[] = {{"bus", ParameterType::string}};
constexpr Parameter kAnyBus[] = {{"bus", ParameterType::optional_string}};
constexpr Parameter kAfter[] = {{"after", ParameterType::optional_number}};
constexpr Parameter kLowest[] = {{"lowest", ParameterType::string}};

constexpr Row kRows[] = {
    {{"org.varlink.service", "GetInfo", {}}, get_info},
    {{"org.varlink.service", "GetInterfaceDescription", kInterfaceName}, get_description},
    {{"org.mqttcan", "GetStatus", kAnyBus}, get_status},
    {{"org.mqttcan", "Drop", kBus}, drop},
    {{"org.mqttcan", "Resume", kBus}, resume},
    {{"org.mqttcan", "CountPeers", kBus}, count_peers},
    {{"org.mqttcan", "GetLog", kAfter}, get_log},
    {{"org.mqttcan", "SetLogLevel", kLowest}, set_log_level},
    {{"org.mqttcan", "Reload", {}}, reload},
};

bool fits(const json& value, ParameterType type) {
    switch (type) {
        case ParameterType::string:
            return value.is_string();
        case ParameterType::optional_string:
            return value.is_string() || value.is_null();
        case ParameterType::optional_number:
            return value.is_number_unsigned() || value.is_null();
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
        if (!fits(found != parameters.end() ? *found : json(), parameter.type)) {
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
