// SPDX-License-Identifier: MIT
#include "netlink/message.hpp"

#include <net/if.h>  // before linux/if.h, or neither compiles

#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <net/if_arp.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <new>

#include "netlink/attributes.hpp"
#include "netlink/controller.hpp"

namespace mqttcan::netlink {
namespace {

constexpr unsigned kEcho = 1U << 18;  // IFF_ECHO, which net/if.h lacks and linux/if.h has

// libnl's only failure while building: the message is full. It has a page, and what is put in is short.
void check_memory(int error) {
    if (error < 0) {
        throw std::bad_alloc();
    }
}

/// The kernel names no other end by 0: an end whose other one is being deleted.
std::optional<PeerPlace> peer_of(const Attributes<IFLA_MAX>& attributes) {
    const auto ifindex = value_of<int>(attributes[IFLA_LINK]);
    if (!ifindex || *ifindex <= 0) {
        return std::nullopt;
    }
    const auto id = value_of<int>(attributes[IFLA_LINK_NETNSID]);
    return PeerPlace{.ifindex = *ifindex, .namespace_id = id};
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
    put_link_head(*message, head);
    return message;
}

void put_link_head(nl_msg& message, const LinkHead& head) {
    ifinfomsg info{};
    info.ifi_family = AF_UNSPEC;
    info.ifi_index = head.ifindex;
    info.ifi_flags = head.flags;
    info.ifi_change = head.change;
    check_memory(nlmsg_append(&message, &info, sizeof(info), NLMSG_ALIGNTO));
}

Message link_query(int ifindex, std::uint16_t flags) {
    Message message = link_message(RTM_GETLINK, flags, {.ifindex = ifindex});
    put_u32(*message, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
    return message;
}

void put_u32(nl_msg& message, int attribute, std::uint32_t value) {
    check_memory(nla_put_u32(&message, attribute, value));
}

void put_u16(nl_msg& message, int attribute, std::uint16_t value) {
    check_memory(nla_put_u16(&message, attribute, value));
}

void put_string(nl_msg& message, int attribute, const std::string& value) {
    check_memory(nla_put_string(&message, attribute, value.c_str()));
}

void put_bytes(nl_msg& message, int attribute, std::string_view value) {
    check_memory(nla_put(&message, attribute, static_cast<int>(value.size()), value.data()));
}

Message namespace_message(std::uint16_t type) {
    Message message(nlmsg_alloc_simple(type, NLM_F_REQUEST));
    if (!message) {
        throw std::bad_alloc();
    }
    rtgenmsg head{};
    head.rtgen_family = AF_UNSPEC;
    check_memory(nlmsg_append(message.get(), &head, sizeof(head), NLMSG_ALIGNTO));
    return message;
}

Nest::Nest(nl_msg& message, int attribute) : message_(message), begin_(nla_nest_start(&message, attribute)) {
    if (begin_ == nullptr) {
        throw std::bad_alloc();
    }
}

Nest::~Nest() {
    nla_nest_end(&message_, begin_);
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
    report.link.echo = (info->ifi_flags & kEcho) != 0;
    const auto operstate = value_of<std::uint8_t>(attributes[IFLA_OPERSTATE]);
    report.link.operstate = operstate.value_or(std::uint8_t{kOperstateUnknown});
    report.link.mtu = value_of<std::uint32_t>(attributes[IFLA_MTU]).value_or(0);
    report.link.group = value_of<std::uint32_t>(attributes[IFLA_GROUP]).value_or(0);
    report.link.alias = string_of(attributes[IFLA_IFALIAS]);
    if (report.link.kind == "vxcan") {
        report.link.peer = peer_of(attributes);
    }
    if (report.link.kind == "can" && link_info[IFLA_INFO_DATA] != nullptr) {
        report.link.controller = parse_controller(content(link_info[IFLA_INFO_DATA]));
        report.link.controller->settings.tx_queue_length = value_of<std::uint32_t>(attributes[IFLA_TXQLEN]);
    }
    return report;
}

std::optional<int> parse_namespace_id(std::span<const std::byte> message) {
    const auto head = read_at<nlmsghdr>(message, 0);
    constexpr std::size_t kFixed = NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(rtgenmsg));
    if (!head || head->nlmsg_type != RTM_NEWNSID || message.size() < kFixed) {
        return std::nullopt;
    }
    const auto id = value_of<int>(attributes_of<NETNSA_MAX>(message.subspan(kFixed))[NETNSA_NSID]);
    return id == NETNSA_NSID_NOT_ASSIGNED ? std::nullopt : id;
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
