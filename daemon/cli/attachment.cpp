// SPDX-License-Identifier: MIT
#include "daemon/cli/attachment.hpp"

#include <algorithm>
#include <vector>

#include "base/text.hpp"
#include "config/words.hpp"
#include "daemon/cli/check.hpp"
#include "daemon/supervisor/plan.hpp"

namespace mqttcan::cli {
namespace {

using netlink::Link;

constexpr std::string_view kVxcan = "vxcan";

/// A link of a daemon's making, and for which bus of which daemon.
struct Marked {
    const Link* link;
    supervisor::Mark mark;
};

std::vector<Marked> marked_links(const LinkMap& links, const std::optional<std::string>& instance) {
    std::vector<Marked> found;
    for (const auto& [ifindex, link] : links) {
        auto mark = link.group == netlink::kOwnedGroup ? supervisor::parse_alias(link.alias) : std::nullopt;
        if (mark && (!instance || mark->instance == *instance)) {
            found.push_back({&link, std::move(*mark)});
        }
    }
    return found;
}

/// The configuration that declares it, as a person knows it.
std::string origin(const supervisor::Mark& mark) {
    return mark.instance.empty() ? kDefaultConfig : config::printable(mark.instance);
}

template <typename Show>
std::string list(const std::vector<Marked>& marked, Show show) {
    std::string words;
    for (const Marked& one : marked) {
        words += text(words.empty() ? "" : ", ", show(one));
    }
    return words;
}

NotYet missing(const PairWish& wish, std::vector<Marked> marked) {
    std::erase_if(marked, [](const Marked& one) { return one.link->kind != kVxcan; });
    if (marked.empty()) {
        return {
            text("there is no bus with an end for a container in this network namespace; is the daemon "
                 "running, and does its configuration give ",
                 config::in_quotes(wish.name), " the kind vxcan?")};
    }
    return {text("there is no bus and no interface of that name with an end for a container; there are: ",
                 list(marked, [](const Marked& one) {
                     return text(one.mark.bus.str(), " (", config::printable(one.link->name), ')');
                 }))};
}

/// The near end that is meant. The name of a bus goes before that of an interface.
std::variant<Marked, NotYet, Never> find_pair(const LinkMap& links, const PairWish& wish) {
    const std::vector<Marked> marked = marked_links(links, wish.instance);
    std::vector<Marked> meant;
    std::ranges::copy_if(marked, std::back_inserter(meant),
                         [&](const Marked& one) { return one.mark.bus.str() == wish.name; });
    if (meant.empty()) {
        std::ranges::copy_if(marked, std::back_inserter(meant),
                             [&](const Marked& one) { return one.link->name == wish.name; });
    }
    if (meant.empty()) {
        const auto other = std::ranges::find(links, wish.name, [](const auto& at) { return at.second.name; });
        if (other != links.end() && !wish.instance) {
            return Never{
                "that is an interface, but not one that the daemon made: it can only attach the other "
                "end of a bus of kind vxcan"};
        }
        return missing(wish, marked);
    }
    if (meant.size() > 1) {
        return Never{text("that is the name of more than one: ",
                          list(meant,
                               [](const Marked& one) {
                                   return text(config::printable(one.link->name), " of ", origin(one.mark));
                               }),
                          "; give the name of the interface, or the configuration with --config FILE")};
    }
    const Link& near = *meant.front().link;
    if (near.kind != kVxcan) {
        return Never{text("it is on ", config::printable(near.name), ", which is ",
                          near.kind == "can" ? "a serial adapter" : text("a ", near.kind),
                          " and has no other end: give the bus the kind vxcan and a peer")};
    }
    return meant.front();
}

}  // namespace

std::variant<Move, Nothing, NotYet, Never> next_attach(const LinkMap& links,
                                                       const netlink::NamespaceView& view,
                                                       const Attachment& wish, bool settled) {
    if (!view.exists) {
        return Never{text("there is no network namespace of ", wish.where,
                          "; is the container running? (\"ip netns list\" shows those that have names)")};
    }
    if (view.ours) {
        return Never{text("the network namespace of ", wish.where,
                          " is the one that this command runs in, and the bus is there already; give the "
                          "container one of its own (not --network host)")};
    }
    const auto found = find_pair(links, wish.pair);
    if (const auto* not_yet = std::get_if<NotYet>(&found)) {
        return *not_yet;
    }
    if (const auto* never = std::get_if<Never>(&found)) {
        return *never;
    }
    const auto& [near, mark] = std::get<Marked>(found);
    if (near->peer && near->peer->namespace_id) {
        if (view.id == near->peer->namespace_id) {
            return Nothing{"it is there already"};
        }
        std::string reason = text("it is attached elsewhere; free it with \"mqttcan detach ", wish.pair.name,
                                  "\", or end the container that has it");
        return settled ? std::variant<Move, Nothing, NotYet, Never>(Never{std::move(reason)})
                       : NotYet{std::move(reason)};
    }
    const auto far = near->peer ? links.find(near->peer->ifindex) : links.end();
    if (far == links.end()) {
        return NotYet{text("the other end of ", near->name, " is on its way")};
    }
    if (far->second.name == supervisor::passing_name(mark.bus, mark.instance).str()) {
        return NotYet{
            "the daemon itself puts the other end where the configuration says; remove \"netns\" or \"pid\" "
            "from the bus's \"peer\" there"};
    }
    if (!far->second.up && !settled) {
        return NotYet{text("the other end of ", near->name, " is being set up")};
    }
    auto present = InterfaceName::parse(far->second.name);
    if (!wish.interface && !present) {
        return Never{"its other end has a name that cannot be kept: give one with --interface"};
    }
    return Move{far->first, wish.interface ? *wish.interface : std::move(*present)};
}

std::variant<Remove, Nothing, Never> next_detach(const LinkMap& links, const PairWish& wish) {
    const auto found = find_pair(links, wish);
    if (const auto* not_yet = std::get_if<NotYet>(&found)) {
        return Never{not_yet->reason};
    }
    if (const auto* never = std::get_if<Never>(&found)) {
        return *never;
    }
    const Link& near = *std::get<Marked>(found).link;
    if (near.peer && near.peer->namespace_id) {
        return Remove{near.ifindex};
    }
    return Nothing{"it is attached to nothing"};
}

}  // namespace mqttcan::cli
