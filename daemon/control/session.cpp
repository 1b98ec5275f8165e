// SPDX-License-Identifier: MIT
#include "daemon/control/session.hpp"

#include <algorithm>

#include "daemon/control/dispatch.hpp"
#include "daemon/control/interface.hpp"

namespace mqttcan::control {

Session::Session(Handler& handler, std::string version, std::function<void()> wake)
    : handler_(handler), version_(std::move(version)), state_(std::make_shared<State>(std::move(wake))) {}

void Session::receive(std::string_view bytes) {
    input_ += bytes;
}

std::string_view Session::output() const {
    return std::string_view(state_->output).substr(sent_);
}

void Session::sent(std::size_t bytes) {
    sent_ += bytes;
    if (sent_ == state_->output.size()) {
        state_->output.clear();
        sent_ = 0;
    }
}

bool Session::busy() const {
    return state_->busy;
}

bool Session::can_proceed() const {
    return !state_->busy && state_->output.empty() && input_.find('\0', searched_) != std::string::npos;
}

bool Session::proceed() {
    if (broken_ || state_->busy || !state_->output.empty()) {
        return !broken_;
    }
    const std::size_t end = input_.find('\0', searched_);
    searched_ = end == std::string::npos ? input_.size() : 0;
    if (std::min(end, input_.size()) > kLongestRequest) {
        broken_ = true;
    } else if (end != std::string::npos) {
        const std::string request = input_.substr(0, end);
        input_.erase(0, end + 1);
        reply_to(request);
    }
    return !broken_;
}

void Session::reply_to(std::string_view request) {
    state_->busy = true;
    state_->dispatching = true;
    const auto replied = [waiting = std::weak_ptr(state_)](std::string reply) {
        const auto state = waiting.lock();
        if (!state) {
            return;
        }
        state->busy = false;
        if (!reply.empty()) {
            state->output = std::move(reply);
            state->output += '\0';
        }
        if (!state->dispatching) {
            state->wake();
        }
    };
    broken_ = !dispatch(request, handler_, version_, replied);
    state_->dispatching = false;
}

}  // namespace mqttcan::control
