# SPDX-License-Identifier: Apache-2.0
#
# Debian in a virtual machine; sourced by the suites. An image is made once by mmdebstrap;
# each suite works on an overlay of its own.
#
#   start_vm SUITE       an image, an overlay, the accelerator; installs the program
#   boot_vm [SNAPSHOT]   power on, or go on from where it was saved; waits for the agent
#   vm NAME <<SCRIPT     runs a script in the machine; what it leaves is in $work/NAME
#   vm_begin NAME        the same without waiting for the end
#   save_vm SNAPSHOT     memory and disk as they are now
#   reset_vm             power cut
#   off_vm               an orderly power-off
. "$top_srcdir/tests/live/lib.sh"
. "$top_srcdir/tests/trees.sh"
need_root
need jq mmdebstrap qemu-system-x86_64 qemu-img mke2fs

# The engine, auditd and what holdfast needs; a container's root is made of busybox.
vm_packages=(apparmor attr auditd busybox-static dbus docker.io initramfs-tools
	libjansson4 libnettle8 libyaml-0-2 linux-image-cloud-amd64 mount procps strace systemd
	systemd-sysv udev)

# lay_out ROOT: a fresh tree of a machine that can be booted and has the agent. Below /usr:
# /etc is as Debian ships it.
lay_out() {
	local root=$1 units=$1/usr/lib/systemd/system
	mkdir -p "$root" && tar -C "$root" -xpf "$tree_tar" --exclude='./dev/*' || return
	echo "holdfast-vm" >"$root/etc/hostname"
	printf '%s\n' "127.0.0.1 localhost" "127.0.1.1 holdfast-vm" >"$root/etc/hosts"
	echo "/dev/vda / ext4 errors=remount-ro 0 1" >"$root/etc/fstab"
	# an installed machine, not one that applies its presets at the first boot
	rm -f "$root/etc/machine-id" "$root/etc/resolv.conf"
	echo "d1f0a57e0c4b4a0f9a7d1f0a57e0c4b4" >"$root/etc/machine-id"
	install -m 0755 "$top_srcdir/tests/vm/agent" "$root/usr/lib/holdfast-vm-agent"
	cat >"$units/holdfast-vm.service" <<-'END'
		[Unit]
		Description=Scripts from outside the machine
		After=multi-user.target
		[Service]
		Type=simple
		ExecStart=/usr/lib/holdfast-vm-agent
	END
	mkdir -p "$units/multi-user.target.wants"
	ln -s ../holdfast-vm.service "$units/multi-user.target.wants/holdfast-vm.service"
}

make_disk() { # ROOT FILE
	mke2fs -qq -t ext4 -d "$1" "$2" 4G
}

# The image in $image, with its own kernel and initrd beside it: a folder with root.ext4,
# vmlinuz and initrd.
vm_image() { # SUITE
	local root=$work/root new
	# Debian 13 has the client in a package of its own
	[[ $1 == bookworm ]] || vm_packages+=(docker-cli)
	debian_tree "$1-vm" "$1" "${vm_packages[@]}" || return
	if ! kept "$1-vm" .image "$tree_tar" "$(cat "$top_srcdir/tests/vm/agent")" \
		"$(declare -f lay_out make_disk)"; then
		new=$kept.new
		rm -rf "$new"
		mkdir "$new" && lay_out "$root" &&
			cp "$root"/boot/vmlinuz-* "$new/vmlinuz" &&
			cp "$root"/boot/initrd.img-* "$new/initrd" &&
			make_disk "$root" "$new/root.ext4" && mv "$new" "$kept" || {
			rm -rf "$new"
			return 1
		}
		rm -rf "$root"
	fi
	image=$kept
}

# Sets $qemu: the machine, without its devices.
machine() { # ACCELERATOR
	qemu=(qemu-system-x86_64 -machine q35 -accel "$1" -cpu max -m 1024 -smp 1 -nodefaults
		-display none -no-reboot -kernel "$image/vmlinuz" -initrd "$image/initrd")
}

# A KVM that is there can fail all the same: it is taken if it brings a kernel up and down.
choose_accel() {
	local log=$work/kvm
	if [[ -w /dev/kvm ]]; then
		machine kvm
		if timeout -k 1 10 "${qemu[@]}" -serial "file:$log" \
			-append "console=ttyS0 rdinit=/bin/busybox panic=-1 -- poweroff -f" \
			</dev/null >"$log.err" 2>&1 && grep -q 'Power down' "$log"; then
			ok "the machine runs on KVM"
			return
		fi
	fi
	machine tcg,thread=multi
	ok "the machine is emulated: KVM is not there or does not work"
}

# No word from the machine for so long is a failure of the suite, not of what it looks at.
patience=900

lost() { # WHAT
	bad "no answer from the machine: $*"
	tail -n 40 "$work/console" "$work/qemu.err"
	exit 1
}

at_end() {
	reset_vm
}

# Where the machine has the programs of the tests.
vm_tools=/usr/lib/holdfast-vm

# The first boot installs the program, as a package would, on the stock machine.
start_vm() { # SUITE
	start
	vm_image "$1" || skip "no image of $1 (no mirror?)"
	choose_accel
	use_disk "$image/root.ext4" disk || exit 1
	make -s -C "$top_builddir" install DESTDIR="$work/install" >"$work/install.log" 2>&1 &&
		install -D -t "$work/install$vm_tools" "$top_builddir"/tests/live/units_{gen,diff} \
			"$top_srcdir/tests/live/units_batches" &&
		tar -C "$work/install" --owner=0 --group=0 -cf "$work/program" . || {
		cat "$work/install.log"
		exit 1
	}
	boot_vm
	vm install <<-'EOT'
		tar -C / -xpf /dev/vdb --no-overwrite-dir
		systemctl daemon-reload
		systemctl enable holdfast-recover.service
		sync
		holdfast --version
	EOT
}

use_disk() { # FILE NAME: in $disk an overlay of it, with nothing on it yet
	disk=$work/$2.qcow2
	qemu-img create -q -f qcow2 -F raw -b "$1" "$disk"
}

boot_vm() { # [SNAPSHOT]
	local word
	rm -f "$work/qmp.in" "$work/qmp.out"
	mkfifo "$work/qmp.in" "$work/qmp.out" || exit 1
	coproc vm_process {
		exec "${qemu[@]}" -append "console=ttyS0 root=/dev/vda rw panic=-1 quiet" \
			-drive "file=$disk,format=qcow2,if=virtio,cache=writeback" \
			-drive "file=$work/program,format=raw,if=virtio,readonly=on" \
			-serial "file:$work/console" \
			-device virtio-serial -chardev stdio,id=agent,signal=off \
			-device virtserialport,chardev=agent,name=holdfast \
			-chardev "pipe,id=qmp,path=$work/qmp" -mon chardev=qmp,mode=control \
			${1:+-loadvm "$1"} 2>"$work/qemu.err"
	}
	# kept under names of our own: the shell drops its own when the process ends
	vm_pid=$vm_process_PID
	exec {from_vm}<&"${vm_process[0]}" {to_vm}>&"${vm_process[1]}"
	if [[ -z ${1-} ]]; then
		read -r -t $patience word <&"$from_vm" && [[ $word == ready ]] || lost "at boot"
	fi
}

vm_begin() { # NAME
	local word
	mkdir -p "$work/$1"
	echo "$1 $(cat "$top_srcdir/tests/vm/guest" - | base64 -w0)" >&"$to_vm"
	read -r -t $patience word <&"$from_vm" && [[ $word == running ]] || lost "at $1"
}

vm() { # NAME
	vm_begin "$1"
	timeout $patience sed '/^\.$/q' <&"$from_vm" | base64 -di | tar -C "$work/$1" -xz ||
		lost "at the end of $1"
	out=$work/$1
}

vm_gone() {
	exec {from_vm}<&- {to_vm}>&-
	wait "$vm_pid"
	vm_pid=
}

# What QEMU has not been told to flush to the disk's image is lost with it.
reset_vm() {
	if [[ -n ${vm_pid-} ]]; then
		kill -KILL "$vm_pid"
		vm_gone 2>/dev/null
	fi
}

off_vm() {
	echo "off $(base64 -w0 <<<'systemctl --no-block poweroff')" >&"$to_vm"
	# its end is the end of what it says
	timeout $patience cat <&"$from_vm" >/dev/null || lost "at power-off"
	vm_gone
}

save_vm() { # SNAPSHOT
	local in out line
	exec {in}<>"$work/qmp.in" {out}<>"$work/qmp.out"
	jq -cn --arg line "savevm $1" '{execute: "qmp_capabilities", id: "-"},
		{execute: "human-monitor-command", arguments: {"command-line": $line}, id: "saved"}' >&"$in"
	while read -r -t $patience line <&"$out"; do
		case $line in
		*'"id": "saved"'*) break ;;
		esac
	done
	exec {in}<&- {out}<&-
	[[ $line == *'"return": ""'* ]] || lost "its state cannot be saved: $line"
}

# of NAME: make what hf NAME left there what the checks of the live suites look at
of() {
	cp "$out/$1.json" "$work/json"
	cp "$out/$1.err" "$work/err"
	status=$(cat "$out/$1.status")
}
