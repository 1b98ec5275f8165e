// SPDX-License-Identifier: MIT
#include "daemon/cli/attach.hpp"

#include <getopt.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <iostream>

#include "config/duration.hpp"
#include "config/words.hpp"
#include "daemon/cli/exit_codes.hpp"
#include "daemon/cli/netns.hpp"
#include "daemon/cli/oci_state.hpp"
#include "daemon/cli/run.hpp"
#include "netlink/kernel_links.hpp"
#include "netlink/watcher.hpp"

namespace mqttcan::cli {
namespace {

using namespace std::chrono_literals;

constexpr Duration kPatience = 10s;
constexpr Duration kMostPatience = 1h;
constexpr Duration kMoments = 2s;       // for what passes by itself
constexpr Duration kLookAgain = 100ms;  // some changes have no event
constexpr auto kInvalid = std::errc::invalid_argument;

constexpr const char* kAttachHelp = R"(Usage: mqttcan attach BUS --pid PID|- [OPTION]...
       mqttcan attach BUS --netns NAME|PATH [OPTION]...

Moves the other end of a bus of kind vxcan into a container: into the network
namespace of process PID, or into one that has a name or a path, and sets it up
there. When the container ends, the daemon makes a new pair by itself; attach
that to the next container. If the bus is there already, nothing is done.
BUS is the bus's name in the configuration, or the name of its interface here.

      --pid PID         a process of the container, or - to read the container's
                        state from standard input, as OCI hooks get it
      --netns NAME      as "ip netns" knows it, or an absolute path
      --interface NAME  what it is called there (default: as "peer" says)
      --timeout TIME    wait for the bus so long at most (default 10s)
  -c, --config FILE     of which daemon, if several have a bus of that name
  -h, --help            show this and exit

Needs root or CAP_NET_ADMIN. Exit codes: 0 it is there, 1 failure, 2 usage.
)";

constexpr const char* kDetachHelp = R"(Usage: mqttcan detach BUS [OPTION]...

Takes the other end of a bus of kind vxcan out of the container that it is
attached to: removes the pair, and the daemon makes a new one at once. BUS is
the bus's name in the configuration, or the name of its interface here.

  -c, --config FILE     of which daemon, if several have a bus of that name
  -h, --help            show this and exit

Needs root or CAP_NET_ADMIN. Exit codes: 0 it is free, 1 failure, 2 usage.
)";

// ---- the command line

enum Long : int { kPid = 256, kNetns, kInterface, kTimeout };

const std::array<option, 7> kOptions = {{
    {"config", required_argument, nullptr, 'c'},
    {"help", no_argument, nullptr, 'h'},
    {"pid", required_argument, nullptr, kPid},
    {"netns", required_argument, nullptr, kNetns},
    {"interface", required_argument, nullptr, kInterface},
    {"timeout", required_argument, nullptr, kTimeout},
    {},
}};
const std::array<option, 3> kDetachOptions = {{kOptions[0], kOptions[1], {}}};

Result<void> take_place(AttachOptions& options, Result<NetworkNamespace> place) {
    if (!place) {
        return std::unexpected(place.error());
    }
    options.wish.where = place->str();
    options.netns = std::move(*place);
    return {};
}

Result<void> take_timeout(AttachOptions& options, const char* written) {
    const auto timeout = config::parse_duration(written);
    if (!timeout) {
        return fail(kInvalid, "--timeout: ", timeout.error().what);
    }
    if (*timeout > kMostPatience) {
        return fail(kInvalid, "--timeout ", written, ": at most 1h");
    }
    options.timeout = *timeout;
    return {};
}

Result<void> apply(AttachOptions& options, int option, const char* argument) {
    switch (option) {
        case 'c':
            options.wish.pair.instance = describe_host(instance_of(argument)).instance;
            return {};
        case 'h':
            options.help = true;
            return {};
        case kPid:
            options.pid_from_stdin = std::string_view(argument) == "-";
            return options.pid_from_stdin ? Result<void>() : take_place(options, parse_pid(argument));
        case kNetns:
            return take_place(options, parse_netns(argument));
        case kInterface: {
            auto name = InterfaceName::parse(argument);
            if (!name) {
                return fail(kInvalid, "--interface: ", name.error().what);
            }
            options.wish.interface = std::move(*name);
            return {};
        }
        case kTimeout:
            return take_timeout(options, argument);
        default:
            return fail(kInvalid, "");  // getopt has said what is wrong
    }
}

/// What both commands have: options in any order, and one bus.
Result<AttachOptions> parse(int argc, char** argv, const option* known) {
    AttachOptions options{.wish = {}, .netns = {}, .timeout = kPatience};
    optind = 0;  // glibc: start over, for this may not be the first scan
    int places = 0;
    for (int option = 0; (option = ::getopt_long(argc, argv, "c:h", known, nullptr)) != -1;) {
        places += option == kPid || option == kNetns ? 1 : 0;
        if (const auto applied = apply(options, option, optarg); !applied) {
            return std::unexpected(applied.error());
        }
    }
    if (options.help) {
        return options;
    }
    if (optind == argc) {
        return fail(kInvalid, "which bus? Give its name in the configuration");
    }
    if (argc - optind > 1) {
        return fail(kInvalid, "unexpected argument ", config::in_quotes(argv[optind + 1]),
                    ": one bus at a time");
    }
    if (places > 1) {
        return fail(kInvalid, "--pid and --netns both say where: give one of them, once");
    }
    options.wish.pair.name = argv[optind];
    return options;
}

// ---- the work

void refuse(const char* command, const std::string& what) {
    std::cerr << "mqttcan " << command << ": " << what << '\n';
}

int misused(const char* command, const Error& error) {
    if (!error.what.empty()) {
        refuse(command, error.what);
    }
    std::cerr << "Try: mqttcan " << command << " --help\n";
    return kUsage;
}

Result<NetworkNamespace> place_from_stdin() {
    constexpr std::size_t kMost = 1 << 20;
    if (::isatty(STDIN_FILENO) == 1) {
        return fail(kInvalid,
                    "--pid - reads the state that a container engine gives to its hooks; by hand, "
                    "give the number of a process");
    }
    std::string state;
    std::array<char, 4096> block{};
    for (ssize_t got = 1; got > 0 && state.size() < kMost;) {
        got = ::read(STDIN_FILENO, block.data(), block.size());
        if (got < 0 && errno == EINTR) {
            got = 1;
        } else if (got < 0) {
            return fail_errno(errno, "--pid -: reading standard input");
        } else {
            state.append(block.data(), static_cast<std::size_t>(got));
        }
    }
    return container_of(state);
}

struct Kernel {
    std::unique_ptr<netlink::KernelLinks> links;
    std::unique_ptr<netlink::LinkWatcher> watcher;
};

Result<Kernel> open_kernel() {
    auto links = netlink::KernelLinks::open();
    auto watcher = links ? netlink::LinkWatcher::open() : std::unexpected(links.error());
    return watcher ? Result<Kernel>(Kernel{std::move(*links), std::move(*watcher)})
                   : std::unexpected(watcher.error());
}

/// Until the links change, or might have.
Result<void> await_change(netlink::LinkWatcher& watcher, Duration left) {
    pollfd events{.fd = watcher.fd(), .events = POLLIN, .revents = 0};
    const auto pause = std::chrono::ceil<std::chrono::milliseconds>(std::min(left, kLookAgain));
    (void)::poll(&events, 1, static_cast<int>(pause.count()));
    auto drained = watcher.drain();
    drained = drained ? watcher.refresh() : drained;
    return drained ? Result<void>() : std::unexpected(drained.error());
}

/// What was done, for a person.
Result<std::string> attach(Kernel& kernel, const AttachOptions& options) {
    const TimePoint begin = BootClock::now();
    for (;;) {
        const Duration passed = BootClock::now() - begin;
        const bool late = passed >= options.timeout;
        const auto view = kernel.links->look_at(options.netns);
        if (!view) {
            return std::unexpected(view.error());
        }
        const auto step =
            next_attach(kernel.watcher->links(), *view, options.wish, late || passed >= kMoments);
        if (const auto* nothing = std::get_if<Nothing>(&step)) {
            return nothing->why;
        }
        if (const auto* never = std::get_if<Never>(&step)) {
            return fail(kInvalid, never->reason);
        }
        if (const auto* move = std::get_if<Move>(&step)) {
            const auto moved = kernel.links->move(move->ifindex, options.netns, move->name);
            if (moved) {
                return text("attached to ", options.wish.where, " as ", move->name.str());
            }
            if (moved.error().code.value() != ENODEV || late) {
                return std::unexpected(moved.error());
            }
        } else if (late) {
            return fail(std::errc::timed_out, std::get<NotYet>(step).reason, " (waited ",
                        config::show(options.timeout), ')');
        }
        if (const auto looked = await_change(*kernel.watcher, options.timeout - passed); !looked) {
            return std::unexpected(looked.error());
        }
    }
}

Result<std::string> detach(Kernel& kernel, const PairWish& pair) {
    const auto step = next_detach(kernel.watcher->links(), pair);
    if (const auto* nothing = std::get_if<Nothing>(&step)) {
        return nothing->why;
    }
    if (const auto* never = std::get_if<Never>(&step)) {
        return fail(kInvalid, never->reason);
    }
    const auto removed = kernel.links->remove(std::get<Remove>(step).ifindex);
    // Gone meanwhile, with its container: all the better.
    return removed || removed.error().code.value() == ENODEV ? Result<std::string>("detached")
                                                             : std::unexpected(removed.error());
}

int tell(const char* command, const std::string& bus, const Result<std::string>& done) {
    if (!done) {
        refuse(command, text(config::printable(bus), ": ", done.error().what));
        return kFailure;
    }
    std::cout << config::printable(bus) << ": " << *done << '\n';
    return kOk;
}

}  // namespace

Result<AttachOptions> parse_attach(int argc, char** argv) {
    auto options = parse(argc, argv, kOptions.data());
    if (options && !options->help && options->wish.where.empty() && !options->pid_from_stdin) {
        return fail(kInvalid, "where to? Give --pid PID or --netns NAME");
    }
    return options;
}

Result<DetachOptions> parse_detach(int argc, char** argv) {
    auto options = parse(argc, argv, kDetachOptions.data());
    return options ? Result<DetachOptions>({std::move(options->wish.pair), options->help})
                   : std::unexpected(options.error());
}

int attach(int argc, char** argv) {
    auto options = parse_attach(argc, argv);
    if (!options) {
        return misused("attach", options.error());
    }
    if (options->help) {
        std::cout << kAttachHelp;
        return kOk;
    }
    if (options->pid_from_stdin) {
        if (const auto taken = take_place(*options, place_from_stdin()); !taken) {
            refuse("attach", taken.error().what);
            return kFailure;
        }
    }
    auto kernel = open_kernel();
    return tell("attach", options->wish.pair.name,
                kernel ? attach(*kernel, *options) : std::unexpected(kernel.error()));
}

int detach(int argc, char** argv) {
    const auto options = parse_detach(argc, argv);
    if (!options) {
        return misused("detach", options.error());
    }
    if (options->help) {
        std::cout << kDetachHelp;
        return kOk;
    }
    auto kernel = open_kernel();
    return tell("detach", options->pair.name,
                kernel ? detach(*kernel, options->pair) : std::unexpected(kernel.error()));
}

}  // namespace mqttcan::cli
