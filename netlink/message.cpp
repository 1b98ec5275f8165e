// SPDX-License-Identifier: MIT
#include "netlink/message.hpp"

#include <net/if.h>  // before linux/if.h, or neither compiles

#include <linux/rtnetlink.h>
#include <net/if_arp.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <new>

namespace mqttcan::netlink {
namespace {

// libnl's only failure while building: the message is full. It has a page, and what is put in is short.
void check_memory(int error) {
    if (error < 0) {
        throw std::bad_alloc();
    }
}

template <typename T>
std::optional<T> read_at(std::span<const std::byte> bytes, std::size_t offset) {
    if (bytes.size() < offset || bytes.size() - offset < sizeof(T)) {
        return std::nullopt;
    }
    T value;
    std::memcpy(&value, bytes.data() + offset, sizeof(T));
    return value;
}

/// Attributes by number; the pointers point into the parsed bytes.
template <int kMax>
using Attributes = std::array<const nlattr*, kMax + 1>;

/// Walks the attributes of `bytes`. Malformed rests are left out, as the kernel's own parser does. The
/// nesting flags are masked off: they tell nothing that the number does not.
template <int kMax>
Attributes<kMax> attributes_of(std::span<const std::byte> bytes) {
    Attributes<kMax> found{};
    while (const auto head = read_at<nlattr>(bytes, 0)) {
        if (head->nla_len < sizeof(nlattr) || head->nla_len > bytes.size()) {
            break;
        }
        if (const int number = head->nla_type & NLA_TYPE_MASK; number <= kMax) {
            found[static_cast<std::size_t>(number)] = reinterpret_cast<const nlattr*>(bytes.data());
        }
        const std::size_t step = NLA_ALIGN(head->nla_len);
        if (step >= bytes.size()) {
            break;
        }
        bytes = bytes.subspan(step);
    }
    return found;
}

std::span<const std::byte> content(const nlattr* attribute) {
    if (attribute == nullptr) {
        return {};
    }
    return {static_cast<const std::byte*>(nla_data(attribute)), static_cast<std::size_t>(nla_len(attribute))};
}

/// Up to the first zero byte, which need not be there.
std::string string_of(const nlattr* attribute) {
    const auto bytes = content(attribute);
    const char* begin = reinterpret_cast<const char*>(bytes.data());
    return bytes.empty() ? std::string() : std::string(begin, ::strnlen(begin, bytes.size()));
}

std::uint32_t u32_of(const nlattr* attribute) {
    return read_at<std::uint32_t>(content(attribute), 0).value_or(0);
}

}  // namespace

void FreeMessage::operator()(nl_msg* message) const {
    nlmsg_free(message);
}

Message link_message(std::uint16_t type, std::uint16_t flags, const LinkHead& head) {
    Message message(nlmsg_alloc_simple(type, NLM_F_REQUEST | flags));
    if (!message) {
        throw std::bad_alloc();
    }
    ifinfomsg info{};
    info.ifi_family = AF_UNSPEC;
    info.ifi_index = head.ifindex;
    info.ifi_flags = head.flags;
    info.ifi_change = head.change;
    check_memory(nlmsg_append(message.get(), &info, sizeof(info), NLMSG_ALIGNTO));
    return message;
}

Message link_query(int ifindex, std::uint16_t flags) {
    Message message = link_message(RTM_GETLINK, flags, {.ifindex = ifindex});
    put_u32(*message, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
    return message;
}

void put_u32(nl_msg& message, int attribute, std::uint32_t value) {
    check_memory(nla_put_u32(&message, attribute, value));
}

void put_string(nl_msg& message, int attribute, const std::string& value) {
    check_memory(nla_put_string(&message, attribute, value.c_str()));
}

void put_bytes(nl_msg& message, int attribute, std::string_view value) {
    check_memory(nla_put(&message, attribute, static_cast<int>(value.size()), value.data()));
}

std::vector<std::span<const std::byte>> messages_in(std::span<const std::byte> datagram) {
    std::vector<std::span<const std::byte>> messages;
    while (const auto head = read_at<nlmsghdr>(datagram, 0)) {
        if (head->nlmsg_len < sizeof(nlmsghdr) || head->nlmsg_len > datagram.size()) {
            break;
        }
        messages.push_back(datagram.first(head->nlmsg_len));
        datagram = datagram.subspan(std::min(datagram.size(), std::size_t{NLMSG_ALIGN(head->nlmsg_len)}));
    }
    return messages;
}

std::optional<LinkReport> parse_link(std::span<const std::byte> message) {
    const auto head = read_at<nlmsghdr>(message, 0);
    const auto info = read_at<ifinfomsg>(message, NLMSG_HDRLEN);
    if (!head || (head->nlmsg_type != RTM_NEWLINK && head->nlmsg_type != RTM_DELLINK) || !info ||
        info->ifi_family != AF_UNSPEC) {
        return std::nullopt;
    }
    constexpr std::size_t kFixed = NLMSG_HDRLEN + sizeof(ifinfomsg);
    static_assert(kFixed % NLMSG_ALIGNTO == 0);
    const auto attributes = attributes_of<IFLA_MAX>(message.subspan(kFixed));
    const auto link_info = attributes_of<IFLA_INFO_MAX>(content(attributes[IFLA_LINKINFO]));

    LinkReport report;
    report.gone = head->nlmsg_type == RTM_DELLINK;
    report.link.ifindex = info->ifi_index;
    report.link.name = string_of(attributes[IFLA_IFNAME]);
    report.link.kind = string_of(link_info[IFLA_INFO_KIND]);
    report.link.is_can = info->ifi_type == ARPHRD_CAN;
    report.link.up = (info->ifi_flags & IFF_UP) != 0;
    report.link.running = (info->ifi_flags & IFF_RUNNING) != 0;
    const auto operstate = read_at<std::uint8_t>(content(attributes[IFLA_OPERSTATE]), 0);
    report.link.operstate = operstate.value_or(std::uint8_t{kOperstateUnknown});
    report.link.mtu = u32_of(attributes[IFLA_MTU]);
    report.link.group = u32_of(attributes[IFLA_GROUP]);
    report.link.alias = string_of(attributes[IFLA_IFALIAS]);
    return report;
}

std::optional<Verdict> parse_verdict(std::span<const std::byte> message) {
    const auto head = read_at<nlmsghdr>(message, 0);
    const auto error = read_at<nlmsgerr>(message, NLMSG_HDRLEN);
    if (!head || head->nlmsg_type != NLMSG_ERROR || !error || error->error > 0 ||
        error->error == std::numeric_limits<int>::min()) {
        return std::nullopt;
    }
    Verdict verdict{.number = -error->error, .words = {}};
    if ((head->nlmsg_flags & NLM_F_ACK_TLVS) != 0) {
        // The request is quoted whole, or (NLM_F_CAPPED, our NETLINK_CAP_ACK) its header only; the words
        // follow.
        std::size_t words = NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(nlmsgerr));
        if ((head->nlmsg_flags & NLM_F_CAPPED) == 0 && error->msg.nlmsg_len > sizeof(nlmsghdr)) {
            words += NLMSG_ALIGN(std::size_t{error->msg.nlmsg_len}) - sizeof(nlmsghdr);
        }
        if (words < message.size()) {
            verdict.words =
                string_of(attributes_of<NLMSGERR_ATTR_MAX>(message.subspan(words))[NLMSGERR_ATTR_MSG]);
        }
    }
    return verdict;
}

}  // namespace mqttcan::netlink
