# shellcheck shell=bash disable=SC2034,SC2154 # sourced by scripts/lab, which sets and reads the variables
# SPDX-License-Identifier: MIT
#
# The lab's machine with CAN cards: a PC that QEMU emulates, without KVM, so that it runs anywhere and needs no
# privileges. It boots Debian's stock kernel (lib/lab-kernel fetches it), which has the drivers of real cards, and reads
# the host's files by 9p.

machine_check() {
	if ! kernel=$(type -P qemu-system-x86_64) || ! type -P cpio >/dev/null; then
		fail 'cards need QEMU and cpio: run scripts/bootstrap, or apt install --no-install-recommends qemu-system-x86 cpio' 69
	fi
	stock=$("$lib/lab-kernel" --where) || fail 'cards need a stock kernel, which is not here: run scripts/bootstrap' 69
}

# The initramfs is Perl again (lib/lab-init says why), with the libraries that it needs: as large as a busybox would be.
initramfs() { # initramfs FOLDER: what it loads first, a folder of the kernel's
	local root=$job/initramfs library
	mkdir -p "$root"/{dev,first,host,usr/bin}
	cp "$lib/lab-initramfs" "$root/init"
	chmod 755 "$root/init"
	cp "$stock/$1"/* "$root/first/"
	cp -L /usr/bin/perl "$root/usr/bin/perl"
	while read -r library; do cp -L --parents "$library" "$root"; done < <(ldd /usr/bin/perl | grep -o '/[^ ]*')
	(cd "$root" && find . | cpio --quiet --create --format=newc --owner=0:0) >"$job/initrd"
	rm -r "$root"
}

machine_prepare() {
	initramfs first
	echo "$stock/lib/modules" >"$job/modules"
}

# A path as a part of one of QEMU's comma-separated options.
quoted() { printf '%s' "${1//,/,,}"; }

# One folder of the host for the guest, who knows it by a name.
shared() {
	arguments+=(-fsdev "local,id=$1,path=$(quoted "$2"),security_model=none,multidevs=remap$3"
		-device "virtio-9p-pci,fsdev=$1,mount_tag=$1")
}

# tsc=reliable, because the kernel takes the counters
# of emulated processors for unsynchronized (they all are the host's) and then asks an emulated HPET: each look at the
# clock a system call, a tenth of the time of a busy daemon.
pc() { # pc KERNEL-OPTIONS: arguments of every machine
	local clock=(-accel 'tcg,thread=multi')
	case ${mips-} in # nanoseconds per instruction, as a power of two
	1000) clock=(-accel 'tcg,thread=single' -icount 'shift=0,sleep=off') ;;
	500) clock=(-accel 'tcg,thread=single' -icount 'shift=1,sleep=off') ;;
	250) clock=(-accel 'tcg,thread=single' -icount 'shift=2,sleep=off') ;;
	125) clock=(-accel 'tcg,thread=single' -icount 'shift=3,sleep=off') ;;
	esac
	arguments+=(-nodefaults -no-user-config -display none -monitor none -no-reboot
		"${clock[@]}" -cpu max -smp "$cpus" -m "$megabytes"
		-kernel "$stock/vmlinuz" -initrd "$job/initrd"
		-append "console=ttyS0 panic=-1 mitigations=off audit=0 tsc=reliable $1"
		-chardev "file,id=log,append=on,path=$(quoted "$job/log")" -serial chardev:log)
}

# Becomes the machine. Descriptor 3 is the terminal, if there is one.
machine_become() {
	local arguments=()
	pc "lab_job=$job lab_machine=qemu"
	shared root / ,readonly=on
	shared job "$job" ''
	shared results "$(realpath -- "$job/results")" ''
	arguments+=(-object 'can-bus,id=bus')
	for ((card = 0; card < cards; card++)); do arguments+=(-device 'kvaser_pci,canbus=bus'); done
	if [[ $mode == shell ]]; then
		arguments+=(-chardev 'stdio,id=terminal,signal=off' -serial chardev:terminal)
		exec env -i setsid "$kernel" "${arguments[@]}" <&3 >&3 2>>"$job/log"
	fi
	arguments+=(-device virtio-serial-pci)
	local stream
	for stream in out err; do
		arguments+=(-chardev "file,id=$stream,path=$(quoted "$job/$stream")"
			-device "virtserialport,chardev=$stream,name=$stream")
	done
	exec env -i setsid "$kernel" "${arguments[@]}" </dev/null >>"$job/log" 2>&1
}

# Without stacks and registers: they would push the reason for a panic out of its last lines.
machine_log() {
	grep -avE '^\[[ 0-9.]+\] +(\? |</?TASK>|Call Trace:|Code: |[A-Z0-9]{2,3}: |[[:alnum:]_.]+\+0x)' "$job/log"
}
