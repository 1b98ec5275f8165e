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

template <typename Change>
Result<void> Performer::while_down(int ifindex, Change change) {
    const auto before = links_.find(ifindex);
    if (!before || !*before) {
        return before ? fail(std::errc::no_such_device, "link ", ifindex, " is gone") : verdict(before);
    }
    if (!(*before)->up) {
        return change();
    }
    if (auto down = links_.set_down(ifindex); !down) {
        return down;
    }
    auto changed = change();
    auto up = links_.set_up(ifindex);
    return changed ? std::move(up) : std::move(changed);
}

Result<void> Performer::configure(const Configure& action) {
    const auto apply = [&] { return links_.configure(action.ifindex, action.settings); };
    auto changed = needs_down(action.settings) ? while_down(action.ifindex, apply) : apply();
    if (!changed && !is_refusal(changed.error().code)) {
        return changed;
    }
    Tried tried{.asked = action.wish, .refusal = changed ? std::string() : changed.error().what};
    const auto now = links_.find(action.ifindex);
    if (now && *now && (*now)->controller) {
        tried.made = restricted((*now)->controller->settings, action.wish);
    }
    tried_.insert_or_assign(action.ifindex, std::move(tried));
    return changed;
}

void Performer::tell(Actual& actual) {
    std::erase_if(tried_, [&](const auto& entry) { return !actual.links.contains(entry.first); });
    actual.tried = tried_;
    actual.serial.clear();
    for (const auto& [bus, serial] : serial_) {
        actual.serial.emplace(bus, serial.ifindex);
    }
}

bool Performer::detach(const EntryName& bus) {
    const auto at = serial_.find(bus);
    if (at == serial_.end()) {
        return false;
    }
    // Taking the line discipline from a link that is UP blocks for a second (6.1). Fails if the link is gone.
    (void)links_.set_down(at->second.ifindex);
    serial_.erase(at);
    return true;
}

int Performer::tty_of(const EntryName& bus) const {
    const auto at = serial_.find(bus);
    return at == serial_.end() ? -1 : at->second.tty.get();
}

}  // namespace mqttcan::supervisor
