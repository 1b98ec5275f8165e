// SPDX-License-Identifier: MIT
#include "daemon/mqtt/diagnosis.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <ctime>
#include <string_view>
#include <thread>

#include "base/unique_fd.hpp"

namespace mqttcan::mqtt {
namespace {

constexpr int kMark = 5;         // as SO_PRIORITY: tells our sockets from Paho's, which keep 0
constexpr int kPatience = 5000;  // milliseconds for each step

template <auto Free>
struct Deleter {
    template <typename T>
    void operator()(T* pointer) const {
        Free(pointer);
    }
};
using Context = std::unique_ptr<SSL_CTX, Deleter<SSL_CTX_free>>;
using Session = std::unique_ptr<SSL, Deleter<SSL_free>>;
using Certificate = std::unique_ptr<X509, Deleter<X509_free>>;

std::string where(const ConnectOptions& options) {
    return options.host == options.address
               ? text(options.host, " port ", options.port)
               : text(options.host, " (", options.address, ") port ", options.port);
}

bool is_loopback(const std::string& address) {
    return address.starts_with("127.") || address == "::1";
}

std::string explain_connect(int error, const ConnectOptions& options) {
    switch (error) {
        case ECONNREFUSED:
            return text("connection refused by ", where(options),
                        is_loopback(options.address)
                            ? ": no broker is running there (for mosquitto: systemctl start mosquitto)"
                            : ": no broker listens there. mosquitto 2 listens on loopback only unless a "
                              "\"listener\" is configured");
        case ETIMEDOUT:
            return text("no answer from ", where(options),
                        ": a wrong address, or a firewall that drops packets");
        case ENETUNREACH:
        case EHOSTUNREACH:
            return text(where(options), " cannot be reached: no route (is the network up?)");
        default:
            return text("connecting to ", where(options), ": ", std::generic_category().message(error));
    }
}

/// The socket, or the errno of why there is none.
std::expected<UniqueFd, int> connect_tcp(const ConnectOptions& options) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
    addrinfo* found = nullptr;
    if (::getaddrinfo(options.address.c_str(), std::to_string(options.port).c_str(), &hints, &found) != 0) {
        return std::unexpected(EINVAL);
    }
    const std::unique_ptr<addrinfo, Deleter<::freeaddrinfo>> owner(found);
    UniqueFd fd(::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd) {
        return std::unexpected(errno);
    }
    ::setsockopt(fd.get(), SOL_SOCKET, SO_PRIORITY, &kMark, sizeof kMark);
    if (::connect(fd.get(), found->ai_addr, found->ai_addrlen) != 0 && errno != EINPROGRESS) {
        return std::unexpected(errno);
    }
    pollfd wait{fd.get(), POLLOUT, 0};
    if (::poll(&wait, 1, kPatience) <= 0) {
        return std::unexpected(ETIMEDOUT);
    }
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) {
        return std::unexpected(error);
    }
    return fd;
}

std::string openssl_reason() {
    const unsigned long error = ERR_peek_last_error();
    const char* reason = ERR_reason_error_string(error);
    const std::string words = reason != nullptr ? reason : "unknown error";
    ERR_clear_error();
    return words;
}

std::optional<std::string> load_files(SSL_CTX* context, const TlsOptions& tls) {
    if (tls.ca_file.empty()) {
        SSL_CTX_set_default_verify_paths(context);
    } else if (SSL_CTX_load_verify_locations(context, tls.ca_file.c_str(), nullptr) != 1) {
        return text("CA file ", tls.ca_file, " cannot be used: ", openssl_reason(),
                    " (it must exist, be readable by this process and hold PEM certificates)");
    }
    if (tls.cert_file.empty()) {
        return std::nullopt;
    }
    if (SSL_CTX_use_certificate_chain_file(context, tls.cert_file.c_str()) != 1) {
        return text("certificate file ", tls.cert_file, " cannot be used: ", openssl_reason());
    }
    if (SSL_CTX_use_PrivateKey_file(context, tls.key_file.c_str(), SSL_FILETYPE_PEM) != 1) {
        return text("key file ", tls.key_file, " cannot be used: ", openssl_reason());
    }
    if (SSL_CTX_check_private_key(context) != 1) {
        return text("key file ", tls.key_file, " does not belong to certificate file ", tls.cert_file);
    }
    return std::nullopt;
}

/// The names that a certificate is for, as its subjectAltName lists them.
std::string names_in(X509* certificate) {
    std::string names;
    const auto add = [&](std::string_view name) { names += text(names.empty() ? "" : ", ", name); };
    const std::unique_ptr<GENERAL_NAMES, Deleter<GENERAL_NAMES_free>> list(
        static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
    for (int i = 0; list && i < sk_GENERAL_NAME_num(list.get()); ++i) {
        const GENERAL_NAME* name = sk_GENERAL_NAME_value(list.get(), i);
        if (name->type == GEN_DNS) {
            const ASN1_STRING* dns = name->d.dNSName;
            add({reinterpret_cast<const char*>(ASN1_STRING_get0_data(dns)),
                 static_cast<std::size_t>(ASN1_STRING_length(dns))});
        } else if (name->type == GEN_IPADD) {
            const bool v4 = ASN1_STRING_length(name->d.iPAddress) == 4;
            std::array<char, INET6_ADDRSTRLEN> address{};
            ::inet_ntop(v4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(name->d.iPAddress), address.data(),
                        address.size());
            add(address.data());
        }
    }
    return names.empty() ? "no host name at all" : names;
}

std::string date_of(const ASN1_TIME* time) {
    std::tm parts{};
    std::array<char, 32> date{};
    ASN1_TIME_to_tm(time, &parts);
    const std::size_t length = std::strftime(date.data(), date.size(), "%Y-%m-%d %H:%M UTC", &parts);
    return {date.data(), length};
}

/// The certificate that did not pass, kept here because a failed handshake forgets it. One diagnosis, one
/// thread.
thread_local Certificate refused_certificate;

int keep_refused(int passed, X509_STORE_CTX* context) {
    X509* const certificate = X509_STORE_CTX_get_current_cert(context);
    if (passed == 0 && certificate != nullptr && X509_up_ref(certificate) == 1) {
        refused_certificate.reset(certificate);
    }
    return passed;
}

std::string explain_verification(SSL* session, const ConnectOptions& options) {
    const long code = SSL_get_verify_result(session);
    const Certificate certificate = std::move(refused_certificate);
    const std::string server = text("the certificate of ", where(options));
    switch (code) {
        case X509_V_ERR_CERT_HAS_EXPIRED:
            return text(server, " has expired",
                        certificate ? text(" on ", date_of(X509_get0_notAfter(certificate.get()))) : "",
                        ": renew it (or set this machine's clock, if that is wrong)");
        case X509_V_ERR_CERT_NOT_YET_VALID:
            return text(server, " is not valid yet: is this machine's clock right?");
        case X509_V_ERR_HOSTNAME_MISMATCH:
        case X509_V_ERR_IP_ADDRESS_MISMATCH:
            return text("wrong host name: ", server, " is for ",
                        certificate ? names_in(certificate.get()) : "another host", ", not for ",
                        options.host, ": use a name that it carries in the URL");
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
        case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
        case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
        case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
        case X509_V_ERR_CERT_SIGNATURE_FAILURE:
            return text(server, " is not signed by a CA that is trusted (",
                        options.tls->ca_file.empty() ? std::string("the system's") : options.tls->ca_file,
                        "): give the broker's CA certificate as \"ca_file\"");
        default:
            return text(server, " is refused: ", X509_verify_cert_error_string(code));
    }
}

std::string explain_handshake(SSL* session, const ConnectOptions& options) {
    if (SSL_get_verify_result(session) != X509_V_OK) {
        return explain_verification(session, options);
    }
    const int reason = ERR_GET_REASON(ERR_peek_last_error());
    if (reason == SSL_R_WRONG_VERSION_NUMBER || ERR_peek_last_error() == 0) {
        ERR_clear_error();
        return text(where(options),
                    " does not speak TLS: is it the plain MQTT port? Plain MQTT is mqtt://, "
                    "TLS usually port 8883");
    }
    return text("TLS with ", where(options), " failed: ", openssl_reason(),
                options.tls->cert_file.empty() ? " (does the broker demand a client certificate?)" : "");
}

/// True when the handshake is through.
bool shake_hands(SSL* session, int fd) {
    for (;;) {
        const int result = SSL_connect(session);
        if (result == 1) {
            return true;
        }
        const int error = SSL_get_error(session, result);
        if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) {
            return false;
        }
        pollfd wait{fd, static_cast<short>(error == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT), 0};
        if (::poll(&wait, 1, kPatience) <= 0) {
            return false;
        }
    }
}

/// In TLS 1.3 the broker judges our certificate after the handshake: its alert is the next thing to be read.
std::optional<std::string> read_alert(SSL* session, int fd, const ConnectOptions& options) {
    constexpr int kAlertPatience = 500;
    pollfd wait{fd, POLLIN, 0};
    char byte = 0;
    if (::poll(&wait, 1, kAlertPatience) <= 0 || SSL_read(session, &byte, 1) > 0) {
        return std::nullopt;
    }
    if (ERR_peek_last_error() == 0) {
        return std::nullopt;
    }
    return text("the broker at ", where(options), " refuses this client: ", openssl_reason(),
                options.tls->cert_file.empty()
                    ? ": it demands a client certificate (\"cert_file\", \"key_file\")"
                    : ": it does not accept the client certificate");
}

std::optional<std::string> diagnose_tls(const ConnectOptions& options, int fd) {
    const Context context(SSL_CTX_new(TLS_client_method()));
    if (auto fault = load_files(context.get(), *options.tls)) {
        return fault;
    }
    const Session session(SSL_new(context.get()));
    SSL_set_fd(session.get(), fd);
    // What SSL_set_tlsext_host_name() does, without its C cast.
    SSL_ctrl(session.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
             const_cast<char*>(options.host.c_str()));
    if (!options.tls->insecure) {
        X509_VERIFY_PARAM* parameters = SSL_get0_param(session.get());
        if (X509_VERIFY_PARAM_set1_ip_asc(parameters, options.host.c_str()) != 1) {
            X509_VERIFY_PARAM_set1_host(parameters, options.host.c_str(), options.host.size());
        }
        SSL_set_verify(session.get(), SSL_VERIFY_PEER, keep_refused);
    }
    ERR_clear_error();
    if (!shake_hands(session.get(), fd)) {
        return explain_handshake(session.get(), options);
    }
    return read_alert(session.get(), fd, options);
}

}  // namespace

bool is_diagnosis(int socket) {
    int mark = 0;
    socklen_t size = sizeof mark;
    return ::getsockopt(socket, SOL_SOCKET, SO_PRIORITY, &mark, &size) == 0 && mark == kMark;
}

std::optional<std::string> diagnose(const ConnectOptions& options) {
    const auto fd = connect_tcp(options);
    if (!fd) {
        return explain_connect(fd.error(), options);
    }
    return options.tls ? diagnose_tls(options, fd->get()) : std::nullopt;
}

void diagnose_later(const ConnectOptions& options, std::uint64_t number, std::shared_ptr<Inbox> inbox) {
    std::thread([options, number, inbox = std::move(inbox)] {
        inbox->control(
            {.kind = Control::Kind::diagnosed, .number = number, .text = diagnose(options).value_or("")});
    }).detach();
}

std::string explain_connack(int code, int protocol) {
    if (protocol == 5) {
        switch (code) {
            case 0x84:
                return "the broker does not speak MQTT 5";
            case 0x85:
                return "the broker does not accept the client id: set another \"client_id\"";
            case 0x86:
                return "wrong user name or password";
            case 0x87:
                return "not authorized: the broker wants a user name and password, or forbids this client";
            case 0x88:
            case 0x89:
                return "the broker is unavailable or busy";
            case 0x8a:
                return "the broker has banned this client";
            case 0x90:
                return "the broker forbids the topic of our will: allow it, or set \"status_topic\"";
            case 0x97:
                return "the broker's quota is used up";
            case 0x9c:
            case 0x9d:
                return "the broker asks to use another server";
            case 0x9f:
                return "the broker limits the rate of connections";
            default:
                return text("the broker refuses the connection with reason ", code);
        }
    }
    switch (code) {
        case 1:
            return "the broker does not speak MQTT 3.1.1";
        case 2:
            return "the broker does not accept the client id: set another \"client_id\"";
        case 3:
            return "the broker is unavailable";
        case 4:
            return "wrong user name or password";
        case 5:
            return "not authorized: the broker wants a user name and password, or forbids this client";
        default:
            return text("the broker refuses the connection with code ", code);
    }
}

}  // namespace mqttcan::mqtt
