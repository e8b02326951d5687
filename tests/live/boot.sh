# SPDX-License-Identifier: Apache-2.0
#
# A Debian tree with systemd and Docker that is booted in systemd-nspawn; sourced by the
# suites that need one. The kernel's audit list is out of reach in there.
. "$top_srcdir/tests/live/lib.sh"
need_root
need jq systemd-nspawn mmdebstrap
. "$top_srcdir/tests/trees.sh"
# with procps: docker.service reloads by /bin/kill; strace: messages fail by it
debian_tree bookworm-live bookworm systemd systemd-sysv dbus auditd docker.io procps strace ||
	skip "mmdebstrap could not make a tree (no mirror?)"
start
tree=$work/tree
out=$tree/opt/out

at_end() {
	local group
	# what a container's cgroups leave behind where they are shared with the machine
	for group in /sys/fs/cgroup/*/docker /sys/fs/cgroup/docker; do
		[[ -d $group ]] && find "$group" -depth -type d -exec rmdir {} + 2>/dev/null
	done
}

fresh_tree() {
	local lib
	rm -rf "$tree"
	mkdir -p "$tree"
	tar -C "$tree" -xpf "$tree_tar" --exclude='./dev/*' || exit 1
	mkdir -p "$tree/opt/holdfast/lib" "$tree/opt/holdfast/templates" "$tree/opt/out"
	cp "$HOLDFAST" "$tree/opt/holdfast/holdfast"
	cp "$top_srcdir"/templates/*.yaml "$tree/opt/holdfast/templates/"
	while read -r lib; do
		case $lib in
		*/libc.so* | */libm.so* | */ld-linux*) ;;
		*) cp -L "$lib" "$tree/opt/holdfast/lib/" ;;
		esac
	done < <(ldd "$HOLDFAST" | grep -o '/[^ ]*')
	cat >"$tree/usr/local/bin/holdfast" <<-'EOT'
		#!/bin/sh
		LD_LIBRARY_PATH=/opt/holdfast/lib HOLDFAST_BASELINE_PATH=/opt/holdfast/templates \
			exec /opt/holdfast/holdfast "$@"
	EOT
	chmod 0755 "$tree/usr/local/bin/holdfast"
	chroot "$tree" /usr/local/bin/holdfast --version >/dev/null 2>"$work/err" ||
		skip "the program does not run on Debian 12: $(head -n 1 "$work/err")"
}

# boot: run the script on standard input in the booted tree, as root, then power off
boot() {
	cat >"$tree/opt/script" <<-'EOT'
		exec >/opt/out/log 2>&1
		set -x
		cd /opt/out
		for ((i = 0; i < 200; i++)); do
			case $(systemctl is-active docker.service) in
			active | failed) break ;;
			esac
			sleep 0.1
		done
		# hf NAME COMMAND...: JSON in NAME.json, status in NAME.status
		hf() {
			holdfast "$2" --format json "${@:3}" >"$1.json" 2>"$1.err"
			echo $? >"$1.status"
		}
	EOT
	cat >>"$tree/opt/script"
	cat >"$tree/etc/systemd/system/holdfast-test.service" <<-'EOT'
		[Unit]
		After=multi-user.target
		[Service]
		Type=oneshot
		ExecStart=/bin/bash /opt/script
		ExecStopPost=/bin/systemctl --no-block poweroff
	EOT
	ln -sf ../holdfast-test.service \
		"$tree/etc/systemd/system/multi-user.target.wants/holdfast-test.service"
	timeout ${boot_seconds:-240} systemd-nspawn --register=no --keep-unit --quiet --capability=all \
		--private-network --system-call-filter='add_key keyctl bpf' \
		--hostname=holdfast-test -D "$tree" -b >"$work/console" 2>&1 </dev/null
	[[ -e $tree/opt/out/end ]] || {
		bad "the booted tree did not come to the end of its script"
		tail -n 20 "$work/console" "$tree/opt/out/log"
		exit 1
	}
}

of() { # NAME: make its results those that the checks below look at
	work_json=$tree/opt/out/$1.json
	cp "$work_json" "$work/json"
	cp "$tree/opt/out/$1.err" "$work/err"
	status=$(cat "$tree/opt/out/$1.status")
}
