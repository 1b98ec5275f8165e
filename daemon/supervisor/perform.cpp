// SPDX-License-Identifier: MIT
#include "daemon/supervisor/perform.hpp"

#include <utility>

namespace mqttcan::supervisor {
namespace {

template <typename T>
Result<void> verdict(const Result<T>& result) {
    return result ? Result<void>() : Result<void>(std::unexpected(result.error()));
}

/// Whether asking again would be answered the same.
bool is_refusal(const std::error_code& code) {
    return code == std::errc::invalid_argument || code == std::errc::argument_out_of_domain ||
           code == std::errc::result_out_of_range || code == std::errc::operation_not_supported;
}

}  // namespace

struct Performer::Visitor {
    Performer& owner;
    netlink::Links& links;

    Result<void> operator()(const CreateVcan& action) const {
        return verdict(links.create_vcan({.name = action.name, .mtu = action.mtu, .alias = action.alias}));
    }
    Result<void> operator()(const CreateVxcan& action) const {
        return verdict(links.create_vxcan({.name = action.name,
                                           .peer = action.peer,
                                           .mtu = action.mtu,
                                           .alias = action.alias,
                                           .peer_alias = action.peer_alias}));
    }
    Result<void> operator()(const MovePeer& action) const {
        return links.move(action.ifindex, action.to, action.name);
    }
    Result<void> operator()(const AttachSerial& action) const {
        auto made = links.attach_slcan({.device = action.device, .name = action.name, .alias = action.alias});
        if (made) {
            owner.serial_.insert_or_assign(action.bus, Serial{std::move(made->tty), made->link.ifindex});
        }
        return verdict(made);
    }
    Result<void> operator()(const DetachSerial& action) const {
        owner.detach(action.bus);
        return {};
    }
    Result<void> operator()(const Configure& action) const { return owner.configure(action); }
    Result<void> operator()(const SetUp& action) const { return links.set_up(action.ifindex); }
    Result<void> operator()(const SetDown& action) const { return links.set_down(action.ifindex); }
    Result<void> operator()(const SetMtu& action) const {
        return owner.while_down(action.ifindex, [&] { return links.set_mtu(action.ifindex, action.mtu); });
    }
    Result<void> operator()(const SetAlias& action) const {
        return links.set_alias(action.ifindex, action.alias);
    }
    Result<void> operator()(const Rename& action) const {
        return owner.while_down(action.ifindex, [&] { return links.rename(action.ifindex, action.name); });
    }
    Result<void> operator()(const Remove& action) const { return links.remove(action.ifindex); }
};

Result<void> Performer::perform(const Action& action) {
    return std::visit(Visitor{*this, links_}, action);
}

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
    const auto apply = [&] {
        auto answer = links_.configure(action.ifindex, action.settings);
        remember(action, answer);
        return answer;
    };
    return needs_down(action.settings) ? while_down(action.ifindex, apply) : apply();
}

/// What the controller said, not what became of setting its link down and up.
void Performer::remember(const Configure& action, const Result<void>& answer) {
    const auto now = links_.find(action.ifindex);
    if (!now || !*now || (!answer && !is_refusal(answer.error().code))) {
        return;
    }
    Tried tried{.asked = action.wish, .refusal = answer ? std::string() : answer.error().what};
    if ((*now)->controller) {
        tried.made = restricted((*now)->controller->settings, action.wish);
    }
    tried_.insert_or_assign(action.ifindex, std::move(tried));
}

void Performer::tell(Actual& actual) {
    std::erase_if(tried_, [&](const auto& entry) { return !actual.links.contains(entry.first); });
    actual.tried = tried_;
    actual.serial.clear();
    for (const auto& [bus, serial] : serial_) {
        actual.serial.emplace(bus, serial.ifindex);
    }
}

bool Performer::is_refusal_of(int ifindex, const std::string& what) const {
    const auto at = tried_.find(ifindex);
    return at != tried_.end() && at->second.refusal == what;
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

}  // namespace mqttcan::supervisor
