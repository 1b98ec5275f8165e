#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Usage: install_test.sh CMAKE BUILD_FOLDER
#
# cmake --install puts every file where Debian and systemd look for it: for a package (DESTDIR, prefix /usr) and by hand
# (prefix /usr/local), and the unit names the daemon that came with it.
set -euo pipefail

cmake=$1 build=$2
stage=$(mktemp -d "$build/install-test.XXXXXX")
trap 'rm -rf "$stage"' EXIT

fail() {
	printf '%s\n' "$@"
	exit 1
}

for prefix in /usr /usr/local; do
	root=$stage$prefix
	said=$(DESTDIR=$root "$cmake" --install "$build" --prefix "$prefix" 2>&1) || fail "$said"
	[[ $said != *Next* ]] || fail "a staged installation is told what is next: $said"
	(cd "$root" && find . -type f -printf '%m %P\n' | sort -k2) >"$stage/files"
	found=$(<"$stage/files")
	p=${prefix#/}
	for file in "755 $p/bin/mqttcan" "755 $p/sbin/mqttcand" "644 $p/lib/systemd/system/mqttcan.service" \
		"644 $p/lib/systemd/system/mqttcan@.service" "644 $p/lib/udev/rules.d/80-mqttcan.rules" \
		"644 $p/lib/sysusers.d/mqttcan.conf" "644 $p/lib/modules-load.d/mqttcan.conf" \
		"644 $p/share/mqttcan/mqttcan.schema.json" "644 $p/share/doc/mqttcan/examples/mqttcan.json.example"; do
		[[ $'\n'$found$'\n' == *$'\n'"$file"$'\n'* ]] || fail "missing: $file" "installed:" "$found"
	done
	# Programs, and what they are told and run by: no headers, no libraries, no tests.
	strays=$(grep -Ev " $p/(bin/mqttcan|sbin/mqttcand|lib/(systemd/system|sysusers\.d|modules-load\.d|udev/rules\.d)/[^/]+|share/(mqttcan|doc/mqttcan|man|bash-completion)/.+)$" "$stage/files" || true)
	[[ -z $strays ]] || fail "installed, but nobody knows why:" "$strays"
	unit=$(<"$root/$p/lib/systemd/system/mqttcan.service")
	instance=$(<"$root/$p/lib/systemd/system/mqttcan@.service")
	[[ $unit == *$'\n'"ExecStart=$prefix/sbin/mqttcand"$'\n'* ]] || fail "the unit starts something else:" "$unit"
	[[ $unit == *$'\n'"ExecReload=$prefix/bin/mqttcan reload"$'\n'* ]] || fail "the unit reloads with something else:" "$unit"
	[[ $unit$instance != *@MQTTCAN_* ]] || fail 'a unit has a place that was not filled in:' "$unit" "$instance"
	said=$(diff <(grep -v '^#' <<<"$unit") <(grep -v '^#' <<<"$instance" | sed 's/ (%i)$//; s/-%i$//; s/ --con.*//')) ||
		fail 'the two units differ in more than their names:' "$said"
	[[ $instance == *"mqttcand --config /etc/mqttcan/%i.json --control /run/mqttcan-%i/control"$'\n'* ]] ||
		fail 'the instances start something else:' "$instance"
	[[ $(<"$root/$p/lib/sysusers.d/mqttcan.conf") =~ $'\nu '[[:space:]]*mqttcan[[:space:]] ]] || fail 'sysusers.d: no user mqttcan'
done
printf '%s\n' "$found"
