# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Sourced by the scripts beside it: a small tree on which a baseline of all four kinds has
# something to do, an independent listing of it, and strace as the one that interferes with
# an unmodified holdfast. Needs no privileges unless a script says so; leaves nothing.
set -u -o pipefail
export LC_ALL=C TERM=dumb TZ=UTC
unset HOLDFAST_BASELINE_PATH SOURCE_DATE_EPOCH NO_COLOR
umask 022
HOLDFAST=${HOLDFAST:-$PWD/holdfast}
[[ -x $HOLDFAST ]] || { echo "$HOLDFAST: not built"; exit 99; }
# tmpfs has no disk to wait for: what is proved here is the order of calls
[[ -n ${TMPDIR:-} ]] || { [[ -w /dev/shm ]] && export TMPDIR=/dev/shm; }
work=$(mktemp -d "${TMPDIR:-/tmp}/holdfast-faults.XXXXXX") || exit 99
finally=:
trap 'eval "$finally"; rm -rf "$work"' EXIT
trap 'exit 99' HUP INT TERM
cd "$work" || exit 99
n=0 failed=0
# of a sanitizer build: the leak check cannot work under ptrace
export ASAN_OPTIONS=${ASAN_OPTIONS:-}${ASAN_OPTIONS:+:}detect_leaks=0

skip() { # REASON
	echo "$*"
	exit 77
}

fail() {
	echo "not ok: $*"
	failed=$((failed + 1))
	((failed < 20)) || { echo "too many failures"; exit 1; }
}

finish() {
	((failed == 0)) && echo "ok: $*"
	exit $((failed > 0))
}

need_strace() {
	command -v strace >/dev/null || skip "strace is not installed"
	[[ $(strace -qq -e trace=none -e inject=openat:error=EPERM:when=9999 echo x 2>&1) == x ]] ||
		skip "strace cannot trace here: $(strace -qq -e trace=none echo x 2>&1 | tail -n 1)"
	# with a sanitizer in it the program makes calls of its own
	! grep -qa __asan_init "$HOLDFAST" || skip "the build has sanitizers"
}

# make_tree DIR: the tree before
make_tree() {
	local r=$1 i
	mkdir -p "$r"/etc/{default,docker/certs.d,audit/rules.d,systemd/system,ssl/deep/er,tmpfiles.d} \
		"$r"/usr/{bin,sbin,lib/systemd/system} "$r"/var/lib
	printf '{\n  "dns": ["10.0.0.1"],\n  "labels": ["a=b"]\n}\n' >"$r/etc/docker/daemon.json"
	setfattr -n user.origin -v site "$r/etc/docker/daemon.json" 2>/dev/null
	setfacl -m u:1:r "$r/etc/docker/daemon.json" 2>/dev/null
	printf '%s\n' '[Unit]' Description=Docker '[Service]' Type=notify EnvironmentFile=-/etc/default/docker \
		'ExecStart=/usr/bin/dockerd -H fd:// --debug --live-restore=false $OPTS' \
		>"$r/usr/lib/systemd/system/docker.service"
	echo 'OPTS="--icc --log-opt max-size=1m --mtu 1400"' >"$r/etc/default/docker"
	printf '%s\n' '[Socket]' ListenStream=/run/docker.sock SocketMode=0666 \
		>"$r/usr/lib/systemd/system/docker.socket"
	printf '%s\n' '[Service]' Type=oneshot 'ExecStart=/sbin/augenrules --load' '[Install]' \
		WantedBy=multi-user.target >"$r/usr/lib/systemd/system/audit-rules.service"
	touch "$r"/usr/sbin/{auditctl,augenrules}
	mkdir -p "$r/etc/systemd/system/multi-user.target.wants"
	ln -s /usr/lib/systemd/system/audit-rules.service \
		"$r/etc/systemd/system/multi-user.target.wants/audit-rules.service"
	printf '%s\n' -D '-b 8192' >"$r/etc/audit/rules.d/audit.rules"
	printf '#!/bin/sh\n' >"$r/usr/bin/dockerd"
	chmod 0755 "$r/usr/bin/dockerd"
	for i in 1 2 3; do
		echo "key $i" >"$r/etc/ssl/deep/k$i"
		echo "text $i" >"$r/etc/ssl/deep/er/x$i"
		chmod 0666 "$r/etc/ssl/deep/k$i" "$r/etc/ssl/deep/er/x$i"
	done
	chmod 4755 "$r/etc/ssl/deep/k1"
	echo foreign >"$r/etc/audit/rules.d/.foreign"
	# only root gives files away; who they belong to has to come through all of it
	((EUID)) || chown 12:34 "$r/etc/docker/daemon.json" "$r/etc/ssl/deep/k2"
}

make_baseline() { # FILE
	cat >"$1" <<-'END'
		holdfast: 1
		name: faults
		title: All four kinds
		controls:
		  - id: daemon-keys
		    title: Keys
		    daemon: {set: {icc: false, live-restore: true, log-opts: {max-file: 3}}, add: {labels: ["env=prod"]}}
		  - id: units
		    title: Units
		    units:
		      docker.service: {exec_start: {unset: [--debug]}}
		      docker.socket: {Socket: {SocketMode: "0660"}}
		  - id: modes
		    title: Modes
		    files:
		      - {path: /etc/docker/daemon.json, max_mode: "0640"}
		      - {path: /etc/ssl/deep, recurse: true, max_mode: "0640", type: file}
		  - id: audit
		    title: Audit
		    audit:
		      rules:
		        - {watch: /etc/docker, perm: wa, key: docker}
		        - {watch: /var/lib/late, type: dir, create: {mode: "0710"}, perm: wa, key: docker}
		      settings: {enabled: true, backlog_limit: 16384}
	END
}

facts=(--fact arch=x86_64)

# hf COMMAND OPTION...: holdfast on ./root, output in out; nothing before it
with_baseline() { # sets the array command
	command=("$HOLDFAST" "$@")
	case $1 in
	apply | check | plan) command+=("$work/b.yaml" "${facts[@]}") ;;
	esac
	command+=(--root "$work/root")
}
hf() {
	local command
	with_baseline "$@"
	n=$((n + 1))
	"${command[@]}" >out 2>&1 </dev/null
}

# must STATUS COMMAND OPTION...
must() {
	local want=$1 got
	shift
	hf "$@"
	got=$?
	((got == want)) && return 0
	fail "${where:+$where: }$*: exit $got, not $want: $(tail -n 5 out)"
	return 1
}

# traced STRACE-OPTION... -- COMMAND OPTION...: the status of holdfast; 137 when killed
traced() {
	local options=() command
	while [[ $1 != -- ]]; do
		options+=("$1")
		shift
	done
	shift
	with_baseline "$@"
	n=$((n + 1))
	# the shell would tell of each kill
	{ strace -f -qq -o trace "${options[@]}" "${command[@]}" >out 2>&1 </dev/null; } 2>/dev/null
}

# listing DIR: all but holdfast's own state: type, mode, owner, size, link, content, xattrs
listing() {
	(cd "$1" && find . -path ./var/lib/holdfast -prune -o -printf '%p %y %m %U:%G %l\n' | sort &&
		find . -path ./var/lib/holdfast -prune -o -type f -printf '%s %p\n' | sort &&
		find . -path ./var/lib/holdfast -prune -o -type f -print0 | sort -z |
		xargs -0 sha256sum &&
		{ ! command -v getfattr >/dev/null || getfattr -R -h -d -m - -e hex . 2>/dev/null; })
}

# stamps DIR: what shows a write even of the same: inode, times; holdfast's own included
stamps() {
	(cd "$1" && find . -printf '%p %i %T@ %C@\n' | sort)
}

strays() { # DIR: staged files and journals that nobody will take away
	find "$1" \( -name '.*.holdfast-*' -o -path '*/var/lib/holdfast/journal' \) -print
}

# The calls that change a file system, one line "NAME WHICH" for each made in ./trace:
# WHICH counts calls of that name, as strace's injection does. strace before 6.6 does not
# know fchmodat2 (0x1c4): the call after it stands for it.
changing_calls() {
	awk '{
		sub(/^[0-9]+ +/, "")
		name = $0
		sub(/\(.*/, "", name)
		count[name]++
		if (name == "syscall_0x1c4") {
			before = 1
			next
		}
		if (before) print name, count[name]
		else if (name ~ /^(open|openat|openat2)$/) {
			if (/O_CREAT/) print name, count[name]
		} else if (name == "write") {
			# a pipe or a terminal is no file system
			if ($0 !~ /^write\([012],/) print name, count[name]
		} else if (name ~ /^(writev|pwrite64|rename.*|unlink.*|mkdir.*|rmdir|link.*|symlink.*|f?truncate|fallocate|f?chmod.*|f?chown.*|lchown|fsync|fdatasync|syncfs|sync|.*setxattr|.*removexattr|flock)$/ ||
			   (name == "ioctl" && /SETFLAGS/))
			print name, count[name]
		before = 0
	}' trace
}
make_baseline b.yaml
make_tree root0
fresh() {
	rm -rf root
	cp -a root0 root
}
fresh
listing root >before
