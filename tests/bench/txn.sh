#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What a transaction costs: the calls that wait for the disk and the time of an apply,
# beside a plain write of the same files by shell and chmod; the same for a tree of many
# modes; and an apply with nothing to do, which must neither write nor sync. Needs strace.
#
#   HOLDFAST=PROGRAM [DIR=on-a-disk] bash tests/bench/txn.sh
set -u
TMPDIR=${DIR:-/var/tmp}
export TMPDIR
. "$(dirname "$0")/../faults/lib.sh"
need_strace
rounds=${BENCH_ROUNDS:-9}
inodes=${INODES:-1000}

best() { # SETUP COMMAND...: the least time of several, in microseconds
	local setup=$1 i start us least=
	shift
	for ((i = 0; i < rounds; i++)); do
		$setup
		start=${EPOCHREALTIME/./}
		"$@" >out 2>&1 </dev/null
		us=$((${EPOCHREALTIME/./} - start))
		[[ -z $least ]] || ((us < least)) && least=$us
	done
	echo "$least"
}

calls() { # REGEX: how many of them are in ./trace
	grep -cE "^[0-9]+ +($1)\(" trace
}

row() { # WHAT MICROSECONDS FSYNCS SYNCFS
	awk -v what="$1" -v us="$2" -v f="$3" -v s="$4" 'BEGIN {
		printf "%-46s %10.2f ms %6d fsync %4d syncfs\n", what, us / 1000, f, s }'
}

with_baseline apply
apply=("${command[@]}")
traced -- apply || fail "apply: $(tail -n 5 out)"
fsyncs=$(calls 'fsync|fdatasync')
syncfs=$(calls syncfs)
row "apply: 6 files, 6 modes, 4 kinds" "$(best fresh "${apply[@]}")" "$fsyncs" "$syncfs"
((syncfs == 1)) || fail "$syncfs syncfs for one file system"

# the same bytes written, without and with a wait for the disk
fresh
"${apply[@]}" >/dev/null 2>&1
mapfile -t changed < <(cd root && find etc var -type f -newer "$work/before" | sort)
cp -a root done
plain() {
	local f
	for f in "${changed[@]}"; do
		mkdir -p "root/${f%/*}" && cat "done/$f" >"root/$f" && chmod --reference="done/$f" "root/$f"
	done
	chmod 0640 root/etc/ssl/deep/k? root/etc/ssl/deep/er/x?
}
plain_synced() {
	plain
	sync "${changed[@]/#/root/}"
}
row "plain write of the same ${#changed[@]} files, by shell" "$(best fresh plain)" 0 0
row "the same with an fsync each, by shell" "$(best fresh plain_synced)" "${#changed[@]}" 0

# nothing to do
traced -- apply || fail "first apply"
fresh
must 0 apply
traced -- apply || fail "second apply: $(cat out)"
changing_calls >changing
writes=$(grep -cv '^flock' changing)
row "apply with nothing to do ($writes writing calls)" "$(best true "${apply[@]}")" \
	"$(calls 'fsync|fdatasync')" "$(calls 'sync|syncfs')"
[[ ! -s changing ]] || fail "an apply with nothing to do: $(cat changing)"

# many modes
cat >b.yaml <<-'END'
	holdfast: 1
	name: many
	title: Many modes
	controls:
	  - id: modes
	    title: Modes
	    files: [{path: /etc/many, recurse: true, max_mode: "0640", type: file}]
END
mkdir root0/etc/many
for ((i = 0; i < inodes; i++)); do
	echo $i >root0/etc/many/$i
done
chmod 0666 root0/etc/many/*
fresh
traced -e trace=fsync,fdatasync,syncfs -- apply || fail "many modes: $(tail -n 5 out)"
fsyncs=$(calls 'fsync|fdatasync')
syncfs=$(calls syncfs)
row "apply: $inodes modes" "$(best fresh "${apply[@]}")" "$fsyncs" "$syncfs"
((syncfs == 1)) || fail "$syncfs syncfs for one file system"
((fsyncs < 20)) || fail "$fsyncs fsync for $inodes modes"
chmods() {
	chmod 0640 root/etc/many/*
}
row "chmod of the same, by shell" "$(best fresh chmods)" 0 0
chmods_synced() {
	chmods
	sync -f root
}
row "chmod and sync -f of the same, by shell" "$(best fresh chmods_synced)" 0 1
finish "costs"
