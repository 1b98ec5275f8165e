// SPDX-License-Identifier: MIT
#include "daemon/cli/reloader.hpp"

#include "daemon/loop/service.hpp"

namespace mqttcan::cli {

control::ReloadResult Reloader::reload() {
    if (stopping_) {
        return refuse("mqttcand is stopping");
    }
    if (!load_) {
        return refuse(
            "the configuration came from standard input and cannot be read again; start mqttcand anew");
    }
    const config::Outcome outcome = load_();
    for (const config::Fault& warning : outcome.warnings) {
        log_.warning(config::to_string(warning));
    }
    control::Faults faults;
    for (const config::Fault& fault : outcome.faults) {
        log_.error(faults.list.emplace_back(config::to_string(fault)));
    }
    if (!outcome.config) {
        log_.error("configuration unchanged: what is running goes on as it was");
        return faults;
    }
    loop::notify_reloading();
    apply_(*outcome.config);
    loop::notify_ready(summary_());
    log_.notice("configuration reloaded");
    return control::Done{};
}

control::ReloadResult Reloader::refuse(const std::string& reason) const {
    log_.warning("configuration not reloaded: ", reason);
    return control::Failure{reason};
}

}  // namespace mqttcan::cli
