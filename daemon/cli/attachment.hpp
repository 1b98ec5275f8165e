// SPDX-License-Identifier: MIT
// What `mqttcan attach` and `detach` decide: which pair is meant, and what to do next to have its far end in
// a container. Pure: links and namespaces as they are, in; the next step, out. The daemon takes no part and
// need not run; whoever asks looks again after each step, for a daemon that runs makes a pair anew within
// moments after one died.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <variant>

#include "base/names.hpp"
#include "netlink/link.hpp"
#include "netlink/links.hpp"

namespace mqttcan::cli {

using LinkMap = std::map<int, netlink::Link>;  ///< by ifindex, as LinkWatcher::links()

struct PairWish {
    std::string name;                          ///< of the bus, or else of the near end
    std::optional<std::string> instance = {};  ///< as in supervisor::Mark; unset: whichever
};

struct Attachment {
    PairWish pair;
    std::string where;                            ///< the network namespace, in words
    std::optional<InterfaceName> interface = {};  ///< unset: the name that the far end has
};

struct Move {
    int ifindex;
    InterfaceName name;
    bool operator==(const Move&) const = default;
};
struct Remove {
    int ifindex;
    bool operator==(const Remove&) const = default;
};
struct Nothing {  ///< it is as it should be
    std::string why;
    bool operator==(const Nothing&) const = default;
};
struct NotYet {  ///< look again when the links have changed
    std::string reason;
    bool operator==(const NotYet&) const = default;
};
struct Never {
    std::string reason;
    bool operator==(const Never&) const = default;
};

/// `view`: how the links' namespace sees the one that is meant. `settled`: what passes within moments has had
/// its time, that is a far end that the daemon is still setting up, and the namespace of a container that
/// died, from which the kernel takes the pair a little later.
std::variant<Move, Nothing, NotYet, Never> next_attach(const LinkMap&, const netlink::NamespaceView& view,
                                                       const Attachment&, bool settled);

/// A far end is not brought back: the pair goes, and the daemon makes a new one.
std::variant<Remove, Nothing, Never> next_detach(const LinkMap&, const PairWish&);

}  // namespace mqttcan::cli
