// SPDX-License-Identifier: MIT
#include "daemon/supervisor/perform.hpp"

#include <utility>

namespace mqttcan::supervisor {
namespace {

using netlink::Links;

template <typename Change>
Result<void> while_down(Links& links, int ifindex, Change change) {
    if (auto down = links.set_down(ifindex); !down) {
        return down;
    }
    auto changed = change();
    auto up = links.set_up(ifindex);
    return changed ? std::move(up) : std::move(changed);
}

struct Performer {
    Links& links;

    Result<void> operator()(const CreateVcan& action) const {
        const auto made = links.create_vcan({.name = action.name, .mtu = action.mtu, .alias = action.alias});
        return made ? Result<void>() : Result<void>(std::unexpected(made.error()));
    }
    Result<void> operator()(const SetUp& action) const { return links.set_up(action.ifindex); }
    Result<void> operator()(const SetDown& action) const { return links.set_down(action.ifindex); }
    Result<void> operator()(const SetMtu& action) const {
        return while_down(links, action.ifindex, [&] { return links.set_mtu(action.ifindex, action.mtu); });
    }
    Result<void> operator()(const SetAlias& action) const {
        return links.set_alias(action.ifindex, action.alias);
    }
    Result<void> operator()(const Rename& action) const {
        return while_down(links, action.ifindex, [&] { return links.rename(action.ifindex, action.name); });
    }
    Result<void> operator()(const Remove& action) const { return links.remove(action.ifindex); }
};

}  // namespace

Result<void> perform(Links& links, const Action& action) {
    return std::visit(Performer{links}, action);
}

}  // namespace mqttcan::supervisor
