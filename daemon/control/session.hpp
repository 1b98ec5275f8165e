// SPDX-License-Identifier: MIT
// What is said on one connection to the control socket: bytes in, bytes out, without I/O. Calls are answered
// one after the other, in their order; while one is being answered the next ones wait, and the owner is not
// to read more. Both buffers are bounded. The loop's thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "daemon/control/handler.hpp"

namespace mqttcan::control {

class Session {
  public:
    /// `wake` is called when an answer comes later than its call: then proceed() has something to do. Not
    /// after the session's end.
    Session(Handler&, std::string version, std::function<void()> wake);

    void receive(std::string_view bytes);
    /// Dispatches one call at most, if there is one and all before it were answered and sent. False if what
    /// came is no Varlink, or longer than kLongestRequest: the connection has to end.
    bool proceed();
    /// What is to be sent, and how much of it was.
    std::string_view output() const;
    void sent(std::size_t bytes);

    /// Whether a call is waiting for its answer.
    bool busy() const;
    /// Whether proceed() would dispatch one.
    bool can_proceed() const;

  private:
    /// Shared with the answer of a call, which may come after the session's end.
    struct State {
        std::function<void()> wake;
        std::string output;
        bool busy = false;
        bool dispatching = false;
    };
    void reply_to(std::string_view request);

    Handler& handler_;
    std::string version_;
    std::shared_ptr<State> state_;
    std::string input_;
    std::size_t searched_ = 0;  ///< bytes of the input in which there is no NUL
    std::size_t sent_ = 0;      ///< of the output
    bool broken_ = false;
};

}  // namespace mqttcan::control
