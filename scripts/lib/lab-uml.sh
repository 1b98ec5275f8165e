# shellcheck shell=bash disable=SC2034,SC2154 # sourced by scripts/lab, which sets and reads the variables
# SPDX-License-Identifier: MIT
#
# The lab's usual machine: User-Mode Linux, a kernel that is an ordinary process and reads the host's files itself.

machine_check() {
	if ! kernel=$(type -P linux.uml); then
		fail 'needs User-Mode Linux, which is not installed: run scripts/bootstrap, or apt install user-mode-linux' 69
	fi
	memory_in=$(memory_folder)
}

# The guest's memory is a file that it maps executable: the folder must have the room (else SIGBUS ends the guest in
# mid-run) and must not be mounted noexec. In a Docker container /dev/shm, 64 MB and noexec, is no such folder.
memory_folder() {
	local folder probe usable
	for folder in /dev/shm "${TMPDIR:-/tmp}" /tmp /var/tmp; do
		probe=$(mktemp "$folder/mqttcan-lab.XXXXXX" 2>/dev/null) || continue
		usable=''
		printf '#!/bin/sh\n' >"$probe"
		chmod +x "$probe"
		if "$probe" 2>/dev/null && (($(df --output=avail -BM "$folder" | tr -dc 0-9) > megabytes)); then usable=yes; fi
		rm -f "$probe"
		if [[ $usable ]]; then
			echo "$folder"
			return
		fi
	done
	fail "no folder has $memory free and permits running files (tried /dev/shm, \$TMPDIR, /tmp, /var/tmp); see --memory"
}

machine_prepare() { :; }

# Becomes the machine. Descriptor 3 is the terminal or where stdout goes, 4 where stderr goes.
machine_become() {
	local arguments=("mem=${megabytes}M" root=/dev/root rootfstype=hostfs rootflags=/ ro "init=$job/init"
		"lab_job=$job" lab_machine=uml "uml_dir=$job/" umid=uml con=null ssl=null "con0=null,fd:1")
	if [[ $mode == shell ]]; then arguments+=("con1=fd:3"); else arguments+=("ssl1=null,fd:3" "ssl2=null,fd:4"); fi
	ulimit -Sn hard # the guest's kernel keeps a descriptor for each of the host's files that the guest ever opened
	exec env -i TMPDIR="$memory_in" setsid "$kernel" "${arguments[@]}" </dev/null >"$job/log" 2>&1
}

# Without stacks, and without complaints that /dev/null and files cannot be polled: in every log, and harmless.
machine_log() { grep -avE '^epollctl add err|^( [0-9a-f]{8}| \[<)' "$job/log"; }
