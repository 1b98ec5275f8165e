#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Usage: unit_test.sh CMAKE BUILD_FOLDER
#
# systemd understands the installed unit and system user, finds the daemon where the unit says, and rates its exposure
# no worse than the unit explains. Nothing is started, so no systemd need run here.
set -euo pipefail

cmake=$1 build=$2
# 2.0 of 10. 0.2 of that is for staying on one CPU, which is only ever asked for ourselves; nearly all else for the network,
# which is the work.
threshold=20

stage=$(mktemp -d "$build/unit-test.XXXXXX")
trap 'rm -rf "$stage"' EXIT

"$cmake" --install "$build" --prefix "$stage/usr"
units=$stage/usr/lib/systemd/system
# With the example drop-in for serial adapters, as an administrator would install it: checked in the copy only.
mkdir "$stage/slcan"
cp "$units"/mqttcan*.service "$stage/slcan/"
install -D -m 0644 "$stage/usr/share/doc/mqttcan/examples/slcan.conf" "$stage/slcan/mqttcan.service.d/slcan.conf"
for unit in "$units"/mqttcan.service "$units"/mqttcan@.service "$stage"/slcan/mqttcan.service; do
	# verify's exit code is 0 even for keys that systemd does not know; what it says is what counts. The manual pages are
	# not where man looks.
	instance=${unit/@./@other.}
	[[ $instance == "$unit" ]] || ln -s mqttcan@.service "$instance"
	said=$(systemd-analyze verify --man=no "$instance" 2>&1) || { printf '%s\n' "$said"; exit 1; }
	if said=$(grep -F mqttcan <<<"$said"); then
		printf '%s\n' "$said"
		exit 1
	fi
done
for unit in mqttcan mqttcan@other; do
	systemd-analyze security --no-pager --offline=true --threshold="$threshold" "$units/$unit.service" || {
		echo "$unit: exposure above $threshold tenths"
		exit 1
	}
done
if type -P systemd-sysusers >/dev/null; then
	systemd-sysusers --dry-run "$stage/usr/lib/sysusers.d/mqttcan.conf"
fi
