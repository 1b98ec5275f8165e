// SPDX-License-Identifier: MIT
#include "daemon/mqtt/paho_client.hpp"

#include <MQTTAsync.h>
#include <arpa/inet.h>
#include <mqtt/async_client.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <atomic>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "daemon/mqtt/diagnosis.hpp"
#include "daemon/mqtt/paho_waits.hpp"
#include "daemon/mqtt/resolver.hpp"

namespace mqttcan::mqtt {
namespace {

namespace paho = ::mqtt;

constexpr int kRefused = 0x80;  // MQTT's reason codes from here on mean no
constexpr int kUnspecified = 0xff;
constexpr std::int32_t kMaxPacket = 64 * 1024;  // MQTT 5: the broker keeps larger messages to itself
constexpr int kFlushTime = 500;  // milliseconds that Paho may take to send what is queued before a goodbye

std::string peer_name(const std::string& address, std::uint16_t port) {
    return text('[', address.substr(0, address.find('%')), "]:", port);
}

/// "[address]:port" of the socket's other end; empty if it is not a connected TCP socket.
std::string peer_of(int fd) {
    sockaddr_storage peer{};
    socklen_t size = sizeof peer;
    std::array<char, INET6_ADDRSTRLEN> host{};
    if (::getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &size) != 0) {
        return {};
    }
    if (peer.ss_family == AF_INET) {
        const auto& v4 = reinterpret_cast<const sockaddr_in&>(peer);
        ::inet_ntop(AF_INET, &v4.sin_addr, host.data(), host.size());
        return peer_name(host.data(), ntohs(v4.sin_port));
    }
    if (peer.ss_family == AF_INET6) {
        const auto& v6 = reinterpret_cast<const sockaddr_in6&>(peer);
        ::inet_ntop(AF_INET6, &v6.sin6_addr, host.data(), host.size());
        return peer_name(host.data(), ntohs(v6.sin6_port));
    }
    return {};
}

std::vector<int> sockets_to(const std::string& peer) {
    std::vector<int> found;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd", error)) {
        const std::string name = entry.path().filename();
        int fd = -1;
        std::from_chars(name.data(), name.data() + name.size(), fd);
        if (fd >= 0 && peer_of(fd) == peer) {
            found.push_back(fd);
        }
    }
    return found;
}

std::string server_uri(const ConnectOptions& options) {
    const bool ipv6 = options.host.find(':') != std::string::npos;
    return text(options.tls ? "ssl://" : "tcp://", ipv6 ? "[" : "", options.host, ipv6 ? "]" : "", ':',
                options.port);
}

int whole_seconds(Duration duration) {
    return static_cast<int>(std::chrono::ceil<std::chrono::seconds>(duration).count());
}

paho::ssl_options tls_options(const TlsOptions& tls) {
    paho::ssl_options options;
    if (!tls.ca_file.empty()) {
        options.set_trust_store(tls.ca_file);
    }
    if (!tls.cert_file.empty()) {
        options.set_key_store(tls.cert_file);
        options.set_private_key(tls.key_file);
    }
    options.set_enable_server_cert_auth(!tls.insecure);
    options.set_verify(!tls.insecure);  // the host name: Paho does not check it unless told
    return options;
}

/// What Paho knows of a failure: a reason code of MQTT 5, a return code of CONNACK in 3.1.1, or its own.
std::string explain(const paho::token& token, int code) {
    return token.get_reason_code() > 0 ? paho::exception::reason_code_str(code)
                                       : paho::exception::error_str(code);
}

paho::connect_options connect_options(const ConnectOptions& options) {
    paho::connect_options result;
    result.set_mqtt_version(options.protocol == 5 ? MQTTVERSION_5 : MQTTVERSION_3_1_1);
    if (options.protocol == 5) {
        result.set_clean_start(true);  // and session expiry 0, which is its default
        result.set_properties({{paho::property::MAXIMUM_PACKET_SIZE, kMaxPacket}});
    } else {
        result.set_clean_session(true);
    }
    result.set_keep_alive_interval(whole_seconds(options.keep_alive));
    result.set_connect_timeout(whole_seconds(options.timeout));
    if (!options.username.empty()) {
        result.set_user_name(options.username);
        result.set_password(options.password);
    }
    if (options.tls) {
        result.set_ssl(tls_options(*options.tls));
    }
    if (options.will) {
        result.set_will(paho::will_options(options.will->topic, options.will->payload.data(),
                                           options.will->payload.size(), 1, true));
    }
    return result;
}

/// The library's object is created for the protocol it will speak; what it may hold is bounded by the Fence.
paho::create_options create_options(int protocol) {
    paho::create_options options(protocol == 5 ? MQTTVERSION_5 : MQTTVERSION_3_1_1);
    options.set_send_while_disconnected(false);
    options.set_max_buffered_messages(16384);
    return options;
}

}  // namespace

class PahoClient final : public Client, paho::iaction_listener {
  public:
    PahoClient(PahoFactory& factory, Inbox& inbox, const ConnectOptions& options)
        : factory_(factory),
          inbox_(inbox),
          options_(options),
          peer_(peer_name(options.address, options.port)),
          client_(server_uri(options), options.client_id, create_options(options.protocol)) {
        factory_.connecting_.insert({peer_, options_.host});
        // Handlers must stand before connect(): later they would deadlock with the receive thread.
        client_.set_message_callback([this](const paho::const_message_ptr& message) {
            inbox_.message(message->get_topic(), message->get_payload(), message->is_retained());
        });
        client_.set_connection_lost_handler([this](const std::string& cause) { tell_lost(0, cause); });
        client_.set_disconnected_handler([this](const paho::properties&, paho::ReasonCode reason) {
            tell_lost(reason, paho::exception::reason_code_str(static_cast<int>(reason)));
        });
    }

    ~PahoClient() override {
        // Told once more before the socket goes, in case Paho set it up anew; its backlog dies with it.
        end_connecting();
        if (socket_ >= 0) {
            factory_.claimed_.erase(socket_);
        }
    }

    Result<void> connect() override {
        pin_address(options_.host, options_.address);
        attention_.emplace();
        return guarded("connecting", [&] {
            client_.connect(connect_options(options_), context(Operation::connect), *this);
        });
    }

    /// One SUBSCRIBE per filter: Paho C++ 1.2.0 crashes when it is given options for several at once.
    Result<void> subscribe(const std::vector<Filter>& filters) override {
        claim_socket();
        grants_.assign(filters.size(), 0);
        missing_grants_ = filters.size();
        if (filters.empty()) {
            inbox_.control({.kind = Control::Kind::subscribed});
        }
        for (std::size_t i = 0; i < filters.size(); ++i) {
            const auto options =
                options_.protocol == 5
                    ? paho::subscribe_options(filters[i].no_local, false,
                                              filters[i].retained
                                                  ? paho::subscribe_options::SEND_RETAINED_ON_SUBSCRIBE
                                                  : paho::subscribe_options::DONT_SEND_RETAINED)
                    : paho::subscribe_options();
            auto asked = guarded("subscribing", [&] {
                client_.subscribe(filters[i].pattern, 0, context(Operation::subscribe, i), *this, options);
            });
            if (!asked) {
                return asked;
            }
        }
        return {};
    }

    void unsubscribe(const std::string& pattern) override {
        // Whatever may come all the same finds no route.
        (void)guarded("unsubscribing", [&] { client_.unsubscribe(pattern); });
    }

    bool publish_frame(const std::string& topic, std::span<const std::byte> payload,
                       std::uint32_t expiry) override {
        const auto message = paho::make_message(topic, payload.data(), payload.size(), 0, false);
        if (options_.protocol == 5) {
            message->set_properties(
                {{paho::property::MESSAGE_EXPIRY_INTERVAL, static_cast<std::int32_t>(expiry)}});
        }
        return guarded("publishing", [&] { client_.publish(message); }).has_value();
    }

    bool publish_acknowledged(const std::string& topic, std::string_view payload, bool retained,
                              std::uint64_t number) override {
        const auto message = paho::make_message(topic, payload.data(), payload.size(), 1, retained);
        return guarded("publishing",
                       [&] { client_.publish(message, context(Operation::publish, number), *this); })
            .has_value();
    }

    void hasten() override {
        const int on = 1;
        ::setsockopt(socket_, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
    }

    void disconnect() override {
        set_linger(false);  // what was said last must arrive
        if (!guarded("disconnecting",
                     [&] { client_.disconnect(kFlushTime, context(Operation::disconnect), *this); })) {
            tell_lost(0, "not connected");
        }
    }

  private:
    enum class Operation : std::uintptr_t { connect, subscribe, publish, disconnect };

    static void* context(Operation operation, std::uint64_t number = 0) {
        return reinterpret_cast<void*>(number << 2 | static_cast<std::uintptr_t>(operation));
    }

    template <typename Call>
    Result<void> guarded(const char* doing, Call call) {
        try {
            call();
            return {};
        } catch (const paho::exception& error) {
            return fail(std::errc::io_error, doing, ": ", error.what());
        }
    }

    void on_success(const paho::token& token) override {
        const auto value = reinterpret_cast<std::uintptr_t>(token.get_user_context());
        switch (static_cast<Operation>(value & 3)) {
            case Operation::connect:
                attention_->end();
                if (!connected_.exchange(true)) {  // Paho tells the first success twice
                    inbox_.control({.kind = Control::Kind::connected});
                }
                break;
            case Operation::subscribe:
                granted(value >> 2, granted_code(token));
                break;
            case Operation::publish:
                inbox_.control({.kind = Control::Kind::acknowledged, .number = value >> 2});
                break;
            case Operation::disconnect:
                tell_lost(0, "disconnected");
                break;
        }
    }

    void on_failure(const paho::token& token) override {
        const auto value = reinterpret_cast<std::uintptr_t>(token.get_user_context());
        // Under 3.1.1 there are none, and Paho says 255 when it has nothing to say.
        const int told = options_.protocol == 5 ? static_cast<int>(token.get_reason_code()) : 0;
        const int reason = told == kUnspecified ? 0 : told;
        const int code = reason > 0 ? reason : token.get_return_code();
        switch (static_cast<Operation>(value & 3)) {
            case Operation::connect:
                attention_->end();
                inbox_.control(
                    {.kind = Control::Kind::connect_failed, .code = code, .text = explain(token, code)});
                break;
            case Operation::subscribe:
                if (code >= kRefused) {
                    granted(value >> 2, code);
                } else {
                    inbox_.control({.kind = Control::Kind::subscribe_failed,
                                    .code = code,
                                    .text = explain(token, code)});
                }
                break;
            case Operation::publish:
                // A PUBACK that says no (forbidden topic) still proves that the line works.
                inbox_.control(
                    {.kind = reason >= kRefused ? Control::Kind::acknowledged : Control::Kind::unpublished,
                     .number = value >> 2,
                     .code = reason});
                break;
            case Operation::disconnect:
                tell_lost(0, "disconnected");
                break;
        }
    }

    static int granted_code(const paho::token& token) {
        const auto response = token.get_subscribe_response();
        const auto& codes = response.get_reason_codes();
        return codes.empty() ? 0 : static_cast<int>(codes.front());
    }

    /// On the receive thread alone, one after the other.
    void granted(std::size_t filter, int code) {
        grants_.at(filter) = code;
        if (--missing_grants_ == 0) {
            inbox_.control({.kind = Control::Kind::subscribed, .grants = grants_});
        }
    }

    void tell_lost(int code, std::string cause) {
        inbox_.control({.kind = Control::Kind::lost, .code = code, .text = std::move(cause)});
    }

    void end_connecting() {
        if (std::exchange(is_connecting_, false)) {
            factory_.connecting_.erase(peer_);
            factory_.connecting_.erase(options_.host);
        }
    }

    void claim_socket() {
        end_connecting();
        if (socket_ >= 0) {
            return;
        }
        for (const int fd : sockets_to(peer_)) {
            if (!factory_.claimed_.contains(fd) && !is_diagnosis(fd)) {
                socket_ = fd;
                factory_.claimed_.insert(fd);
                const int on = 1;
                ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
                set_linger(true);
                return;
            }
        }
    }

    void set_linger(bool reset_on_close) {
        // Paho may have closed it and the number may be another's by now.
        if (socket_ >= 0 && peer_of(socket_) == peer_) {
            const linger value{reset_on_close ? 1 : 0, 0};
            ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &value, sizeof value);
        }
    }

    PahoFactory& factory_;
    Inbox& inbox_;
    ConnectOptions options_;
    std::string peer_;
    int socket_ = -1;
    bool is_connecting_ = true;
    std::atomic<bool> connected_ = false;
    std::optional<PahoAttention> attention_;  ///< from connect() until that succeeded or failed
    std::vector<int> grants_;  ///< written by the receive thread once subscribe() has set its size
    std::atomic<std::size_t> missing_grants_ = 0;
    paho::async_client client_;  // last: destroyed first, after which no callback comes
};

PahoFactory::PahoFactory() {
    for (const char* name : {"http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"}) {
        ::unsetenv(name);
    }
    if (std::getenv("MQTT_C_CLIENT_TRACE") == nullptr) {
        ::MQTTAsync_setTraceLevel(MQTTASYNC_TRACE_ERROR);
    }
    parked_ = std::make_shared<paho::async_client>("tcp://127.0.0.1", "", create_options(5));
}

PahoFactory::~PahoFactory() {
    const PahoAttention end_soon;
    parked_.reset();
}

std::unique_ptr<Client> PahoFactory::make(Inbox& inbox, const ConnectOptions& options) {
    if (connecting_.contains(peer_name(options.address, options.port)) ||
        connecting_.contains(options.host)) {
        return nullptr;
    }
    return std::make_unique<PahoClient>(*this, inbox, options);
}

}  // namespace mqttcan::mqtt
