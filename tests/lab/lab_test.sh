#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Tests scripts/lab and scripts/with-can as their users see them. Prints TAP; fails when a case does. All cases run side
# by side, which is a test too: lab runs must not notice each other. About 10 s on two cores; needs no privileges.
# shellcheck disable=SC2317,SC2016,SC1003 # the cases are called by name; $ in quotes is for the guest; '\' is one
set -euo pipefail

scripts=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../../scripts" && pwd)
lab=$scripts/lab
work=$(mktemp -d)
declare -A pid
end_all() {
	local group
	for group in "${pid[@]}"; do kill -- "-$group" 2>/dev/null || true; done
	wait
	rm -rf "$work"
}
trap end_all EXIT
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

the_exit_code_is_the_commands() {
	expect 42 "$(code_of "$lab" run -- bash -c 'exit 42')"
}
a_command_that_does_not_exist_is_127() {
	expect 127 "$(code_of "$lab" run -- no-such-command)"
}
a_signal_is_128_and_its_number() {
	expect 137 "$(code_of "$lab" run -- bash -c 'kill -KILL $$')"
}
arguments_arrive_exactly() {
	local odd=('a b' '' "it's \"quoted\"" $'two\nlines' '*' '$HOME' -- '\' $'\xff\t' '')
	"$lab" run -- printf '%s\0' "${odd[@]}" >got
	printf '%s\0' "${odd[@]}" >wanted
	cmp got wanted
}
variables_arrive_exactly() {
	expect $'x = "1\n2"|passed|' "$(PASSED=passed OTHER=other "$lab" run --env $'ODD=x = "1\n2"' --env PASSED -- \
		bash -c 'echo "$ODD|$PASSED|$OTHER"')"
}
streams_are_separate_and_exact_to_the_byte() {
	head -c 3000000 /dev/urandom >out
	head -c 1000000 /dev/urandom >err
	"$lab" run -- bash -c 'cat out & cat err >&2; wait' >got.out 2>got.err
	cmp got.out out
	cmp got.err err
}
output_is_live_and_a_closed_pipe_ends_the_run() {
	local first status
	set +e
	"$lab" run -- bash -c 'echo first; while sleep 0.2; do echo more; done' | { read -r first; expect first "$first"; }
	status=("${PIPESTATUS[@]}")
	set -e
	expect '141 0' "${status[*]}"
}
a_frame_crosses_vcan() {
	local frame
	frame=$("$lab" run --timeout 30 -- bash -c '
		ip link add vcan0 up type vcan
		candump -n 1 vcan0 &
		until grep -q raw /proc/net/can/rcvlist_all; do sleep 0.05; done
		cansend vcan0 123#DEADBEEF
		wait')
	expect 'vcan0 123 [4] DE AD BE EF' "$(xargs <<<"$frame")"
}
results_reach_the_host() {
	"$lab" run --results 'the results, all' -- bash -c 'mkdir "$LAB_RESULTS/sub"; echo kept >"$LAB_RESULTS/sub/file"'
	expect kept "$(cat 'the results, all/sub/file')"
}
nothing_else_reaches_the_host() {
	echo original >file
	"$lab" run -- bash -c 'pwd; echo changed >file; touch new; cat file' >got
	expect "$PWD"$'\n'changed "$(cat got)"
	expect original "$(cat file)"
	[[ ! -e new ]]
}
the_guest_is_root_with_loopback_and_other_users() {
	expect $'0\n127.0.0.1/8 ::1/128\nnobody' "$("$lab" run -- bash -c '
		id -u; ip -br addr show lo | { read -r _ _ addresses; echo $addresses; }
		setpriv --reuid nobody --clear-groups bash -c "id -un >/dev/stdout"')"
}
what_the_command_leaves_running_does_not_hold_the_run() {
	expect started "$("$lab" run --timeout 20 -- bash -c 'setsid sleep 1000 & echo started')"
}
the_timeout_is_124() {
	expect 124 "$(code_of "$lab" run --timeout 4 -- sleep 1000 2>got)"
	expect 'lab: not done after 4 s: ended' "$(cat got)"
}
sigterm_ends_the_run() {
	local run code=0
	mkfifo out
	"$lab" run -- bash -c 'echo up; sleep 1000' >out &
	run=$!
	read -r <out
	kill "$run"
	wait "$run" || code=$?
	expect 143 "$code"
}
a_dead_kernel_is_125_and_shows_its_last_words() {
	expect 125 "$(code_of "$lab" run -- bash -c 'echo c >/proc/sysrq-trigger; sleep 20' 2>got)"
	grep -q 'Kernel panic' got
}
with_can_finds_can() {
	expect vcan0 "$("$scripts/with-can" --results results -- bash -c '
		ip link add vcan0 type vcan; ls /sys/class/net | grep vcan; echo kept >"$LAB_RESULTS/file"')"
	expect kept "$(cat results/file)"
}

# ---- The runner.

mapfile -t cases < <(declare -F | sed -n 's/^declare -f //p' | grep -vxE 'expect|code_of|end_all')
set -m # each case becomes a process group, which Ctrl-C can end
for case in "${cases[@]}"; do
	mkdir "$work/$case"
	(cd "$work/$case" && set -e && "$case") >"$work/$case.log" 2>&1 &
	pid[$case]=$!
done
set +m

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
	code=0
	wait "${pid[$case]}" || code=$?
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
