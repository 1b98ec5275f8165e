#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Usage: unit_test.sh CMAKE BUILD_FOLDER
#
# systemd understands the installed unit and system user, finds the daemon where the unit says, and rates its exposure
# no worse than the unit explains. Nothing is started, so no systemd need run here.
set -euo pipefail

cmake=$1 build=$2
# 2.4 of 10, of which 0.6 is for system calls that ask whether the clock is synchronized: without CAP_SYS_TIME they
# cannot do what systemd holds against them; 0.2 is for staying on one CPU, which is only ever asked for ourselves.
threshold=24

stage=$(mktemp -d "$build/unit-test.XXXXXX")
trap 'rm -rf "$stage"' EXIT

"$cmake" --install "$build" --prefix "$stage/usr"
unit=$stage/usr/lib/systemd/system/mqttcan.service
# verify's exit code is 0 even for keys that systemd does not know; what it says is what counts. The manual pages are not
# where man looks.
said=$(systemd-analyze verify --man=no "$unit" 2>&1) || { printf '%s\n' "$said"; exit 1; }
if said=$(grep -F mqttcan <<<"$said"); then
	printf '%s\n' "$said"
	exit 1
fi
systemd-analyze security --no-pager --offline=true --threshold="$threshold" "$unit" || {
	echo "exposure above $threshold tenths"
	exit 1
}
if type -P systemd-sysusers >/dev/null; then
	systemd-sysusers --dry-run "$stage/usr/lib/sysusers.d/mqttcan.conf"
fi
