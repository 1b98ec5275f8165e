// SPDX-License-Identifier: MIT
// Carries out what a plan asks for. No state, no decisions; the thread of the Links, which may block for as
// long as the kernel works. An error is the kernel's, with its cure; a plan made afterwards asks again for
// what is missing.
#pragma once

#include "base/error.hpp"
#include "daemon/supervisor/plan.hpp"
#include "netlink/links.hpp"

namespace mqttcan::supervisor {

/// A link that has to be down for a change is set up again even if the change fails.
Result<void> perform(netlink::Links&, const Action&);

}  // namespace mqttcan::supervisor
