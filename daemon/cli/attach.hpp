// SPDX-License-Identifier: MIT
// `mqttcan attach` and `mqttcan detach`: the far end of a bus's vxcan into a container's network namespace,
// and out of it. By netlink alone, so that a hook of a container engine needs no daemon to answer; needs
// CAP_NET_ADMIN, there as well.
#pragma once

#include <string>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "daemon/cli/attachment.hpp"

namespace mqttcan::cli {

struct AttachOptions {
    Attachment wish;         ///< `where` is empty as long as `pid_from_stdin` is to be read
    NetworkNamespace netns;  ///< the same
    bool pid_from_stdin = false;
    Duration timeout{};
    bool help = false;
};

struct DetachOptions {
    PairWish pair;
    bool help = false;
};

/// The arguments after the command, argv[0] in its place. Errors are for a person; empty if getopt has said
/// already what is wrong.
Result<AttachOptions> parse_attach(int argc, char** argv);
Result<DetachOptions> parse_detach(int argc, char** argv);

/// Return the exit code.
int attach(int argc, char** argv);
int detach(int argc, char** argv);

}  // namespace mqttcan::cli
