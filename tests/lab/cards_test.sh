#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Tests scripts/lab run --cards as its users see it: the machine with CAN cards, and that it is the same door as without
# (lab_test.sh). Prints TAP; fails when a case does. One guest after the other, about 10 s each; needs no privileges.
# shellcheck disable=SC2317,SC2016 # the cases are called by name; $ in quotes is for the guest
set -euo pipefail

scripts=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../../scripts" && pwd)
lab=$scripts/lab
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
export TMPDIR=$work/tmp # so that whatever a run leaves behind is found, and is known to be ours
mkdir "$TMPDIR"

# ---- Cases. Each runs in its own shell and folder under `set -e`; what it prints is shown when it fails.

expect() { # expect WANTED GOT
	[[ $1 == "$2" ]] || { printf 'wanted %q, got %q\n' "$1" "$2"; exit 1; }
}
code_of() {
	local code=0
	"$@" || code=$?
	echo "$code"
}

a_frame_crosses_from_card_to_card_once_both_have_a_bit_rate() {
	"$scripts/with-can" --say --cards 2 --timeout 120 -- bash -ec '
		basename -a $(readlink /sys/class/net/can[01]/device/driver)
		! ip link set can0 up
		for card in can0 can1; do
			ip link set "$card" type can bitrate 500000
			ip link set "$card" up
		done
		ip -j -d link show can1 | grep -o "\"bitrate\":[0-9]*"
		ip -j -d link show can1 | grep -o "\"state\":\"ERROR[A-Z-]*\""
		candump -n 1 can1 &
		until grep -q raw /proc/net/can/rcvlist_all; do sleep 0.05; done
		cansend can0 123#DEADBEEF
		wait' >got 2>err
	expect $'kvaser_pci\nkvaser_pci\n"bitrate":500000\n"state":"ERROR-ACTIVE"\ncan1 123 [4] DE AD BE EF' "$(tr -s ' ' <got | sed 's/^ //')"
	grep -q 'in the lab: emulated cards' err
}
it_is_the_same_door() {
	local code=0
	head -c 3000000 /dev/urandom >out
	head -c 1000000 /dev/urandom >err
	cp out out.before
	"$lab" run --cards 1 --cpus 1 --results 'the results, all' --env ODD='x = "1' --timeout 120 -- bash -ec '
		cat out & cat err >&2; wait
		echo changed >out; touch new
		{
			echo "$PWD $ODD"
			id -u
			ip -br addr show lo | { read -r _ _ addresses; echo $addresses; }
			nproc
			setpriv --reuid nobody --clear-groups id -un
			perl -e "socket(my \$s, 29, 2, 2) and print qq(a socket had its module loaded\n)"
		} >"$LAB_RESULTS/facts"
		exit 42' >got.out 2>got.err || code=$?
	expect 42 "$code"
	cmp got.out out.before
	cmp got.err err
	cmp out out.before
	[[ ! -e new ]]
	printf '%s\n' "$PWD x = \"1" 0 '127.0.0.1/8 ::1/128' 1 nobody 'a socket had its module loaded' >wanted
	diff wanted 'the results, all/facts'
}
what_the_command_leaves_running_does_not_hold_the_run() {
	expect started "$("$lab" run --cards 1 --timeout 60 -- bash -c 'setsid sleep 1000 & echo started')"
}
the_timeout_is_124() {
	expect 124 "$(code_of "$lab" run --cards 1 --timeout 2 -- sleep 1000 2>got)"
	expect 'lab: not done after 2 s: ended' "$(cat got)"
}
a_dead_kernel_is_125_and_shows_its_last_words() {
	expect 125 "$(code_of "$lab" run --cards 1 -- bash -c 'echo c >/proc/sysrq-trigger; sleep 20' 2>got)"
	grep -q 'Kernel panic' got
}
bad_numbers_are_refused() {
	expect 125 "$(code_of "$lab" run --cards 0 -- true 2>got)"
	expect 125 "$(code_of "$lab" run --cards 1 --cpus none -- true 2>>got)"
	expect 125 "$(code_of "$lab" run --cpus 2 -- true 2>>got)"
	expect 125 "$(code_of "$lab" run --cards 1 --mips 99 -- true 2>>got)"
	expect 125 "$(code_of "$lab" run --mips 500 -- true 2>>got)"
	expect 125 "$(code_of "$lab" run --cards 1 --cpus 2 --mips 500 -- true 2>>got)"
	expect $'lab: --cards 0: not a number from 1 to 9\nlab: --cpus none: not a number of processors
lab: --cpus goes with --cards: User-Mode Linux has one processor
lab: --mips 99: not 1000, 500, 250 or 125
lab: --mips goes with --cards: User-Mode Linux takes its time from the host
lab: --mips goes with one processor' "$(cat got)"
}

# ---- The runner.

mapfile -t cases < <(declare -F | sed -n 's/^declare -f //p' | grep -vxE 'expect|code_of')
failed=0 number=0
report() { # report OK NAME LOG
	number=$((number + 1))
	if [[ $1 == 0 ]]; then
		echo "ok $number - ${2//_/ }"
	else
		failed=$((failed + 1))
		echo "not ok $number - ${2//_/ }"
		sed 's/^/# /' "$3"
	fi
}
echo "1..$((${#cases[@]} + 1))"
for case in "${cases[@]}"; do
	mkdir "$work/$case"
	(cd "$work/$case" && set -e && "$case") >"$work/$case.log" 2>&1 &
	code=0
	wait "$!" || code=$?
	report "$code" "$case" "$work/$case.log"
done

leftover() {
	local process
	ls -A "$TMPDIR"
	for process in /proc/[0-9]*; do
		xargs -0 <"$process/cmdline" 2>/dev/null | grep -F "$TMPDIR" || true
	done
}
leftover >"$work/leftover.log" 2>/dev/null
report "$(wc -l <"$work/leftover.log")" nothing_is_left_behind "$work/leftover.log"
exit "$((failed > 0))"
