// SPDX-License-Identifier: MIT
// Inside the room only: rtnetlink link messages, as bytes on one side and values on the other. Building
// cannot fail but for memory (then it throws std::bad_alloc); decoding checks every length and answers
// nothing for nonsense.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "netlink/link.hpp"

struct nl_msg;
struct nlattr;

namespace mqttcan::netlink {

struct FreeMessage {
    void operator()(nl_msg*) const;
};
using Message = std::unique_ptr<nl_msg, FreeMessage>;

/// The fixed head of a link message (struct ifinfomsg); family and type are never ours to say.
struct LinkHead {
    int ifindex = 0;      ///< 0: a new link, or one that an attribute names
    unsigned flags = 0;   ///< IFF_*
    unsigned change = 0;  ///< which of the flags count
};

/// A message of `type` (RTM_NEWLINK, ...) with NLM_F_REQUEST and `flags`, ready for attributes.
Message link_message(std::uint16_t type, std::uint16_t flags, const LinkHead& head);

/// The same head once more, for the second link of a message.
void put_link_head(nl_msg&, const LinkHead& head);

/// RTM_GETNSID, RTM_NEWNSID: which number our namespace has for another.
Message namespace_message(std::uint16_t type);

/// RTM_GETLINK; `ifindex` 0: the links that an attribute or NLM_F_DUMP chooses. Asks for no protocol
/// statistics, which make up much of an answer and which nobody here reads.
Message link_query(int ifindex, std::uint16_t flags = 0);

void put_u16(nl_msg&, int attribute, std::uint16_t value);
void put_u32(nl_msg&, int attribute, std::uint32_t value);
/// With the terminating zero.
void put_string(nl_msg&, int attribute, const std::string& value);
/// The bytes alone, as IFLA_IFALIAS wants them: with a zero its limit would be 254.
void put_bytes(nl_msg&, int attribute, std::string_view value);

/// An attribute that holds those that are put while this lives.
class Nest {
  public:
    Nest(nl_msg&, int attribute);
    Nest(const Nest&) = delete;
    Nest& operator=(const Nest&) = delete;
    ~Nest();

  private:
    nl_msg& message_;
    nlattr* begin_;
};

/// The messages of a datagram, each with its header and no longer than it says; none behind one that does not
/// hold together.
std::vector<std::span<const std::byte>> messages_in(std::span<const std::byte> datagram);

/// What one message says: a link as it is now, or (RTM_DELLINK) the last state of one that is gone.
struct LinkReport {
    bool gone = false;
    Link link;
};

/// Reads one message of messages_in(). Nothing if it is not about a link of the device table
/// (bridge ports come with the same type and another family) or does not hold together.
std::optional<LinkReport> parse_link(std::span<const std::byte> message);

/// RTM_NEWNSID, which answers RTM_GETNSID, too. Nothing if the namespace has no number.
std::optional<int> parse_namespace_id(std::span<const std::byte> message);

/// NLMSG_ERROR: 0 for an acknowledgement, else the errno, with the kernel's own words if it added some.
struct Verdict {
    int number = 0;
    std::string words;
    bool operator==(const Verdict&) const = default;
};

/// Nothing if the message is no verdict.
std::optional<Verdict> parse_verdict(std::span<const std::byte> message);

}  // namespace mqttcan::netlink
