#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# An error from every system call on files, one at a time, of an unmodified holdfast that
# applies, rolls back, recovers. The end is 0 with everything in place, 1 with nothing
# changed, or 4 with all put back; nothing else: by the time of the revert the one fault is
# over. A recovery that fails says so (5, 1), and the next one succeeds.
# Calls that change something fail in six ways; those that look, in one way each, in turn.
#
#   LOOKS=N	of the calls that look, only every Nth (default: 8; rollback and recover 5N)
. "$(dirname "$0")/lib.sh"
need_strace
looks=${LOOKS:-8}
errors=(EIO ENOSPC EROFS EPERM EBUSY EXDEV)
declare -A ends=()

# file_calls: every call on files in ./trace, as "NAME WHICH changing|looking"
file_calls() {
	changing_calls | sed 's/$/ changing/' >changing
	awk 'FNR == NR { seen[$1, $2] = 1; print; next }
		FNR == 1 { loading = 1 }
		{
			sub(/^[0-9]+ +/, "")
			name = $0
			sub(/\(.*/, "", name)
			count[name]++
			if (name == "munmap") loading = 0
			if (loading || (name, count[name]) in seen) next
			if (name ~ /^(openat2?|newfstatat|fstat|statx|read|pread64|getdents64|readlink.*|.*getxattr|.*listxattr|fstatfs|statfs|faccessat2?|access|fcntl|ioctl|lseek|getrandom|mmap|close)$/)
				print name, count[name], "looking"
		}' changing trace
}

# is LISTING: the tree is as that, and nothing stray is in it
is() {
	local found
	listing root >now
	diff "$1" now >difference || {
		fail "$where: not as $1: $(head -n 10 difference; head -n 20 first)"
		return 1
	}
	found=$(strays root)
	[[ -z $found ]] || fail "$where: stray: $found: $(head -n 20 first)"
}

# judge STATUS START GOAL COMMAND...
judge() {
	local status=$1 start=$2 goal=$3
	shift 3
	ends[$status]=$((${ends[$status]:-0} + 1))
	case $status in
	0)
		is "$goal" || return
		[[ $goal == before ]] || must 0 check
		;;
	1 | 4 | 5 | 64 | 65 | 75)
		# without standard streams there is nobody to tell
		[[ -s first || $name == fcntl ]] || fail "$where: exit $status without a word"
		if [[ $1 == recover ]]; then
			must 0 "$@"
			is "$goal"
		elif ((status == 5)); then
			fail "$where: exit 5: $(grep -A1 '^Not put back' first | tail -n 1)"
		elif is "$start"; then
			must 0 "$@"
			is "$goal"
		fi
		;;
	*) fail "$where: exit $status: $(head -n 20 first)" ;;
	esac
}

# each START GOAL PREPARE LOOKS COMMAND...: all faults of one command
each() {
	local start=$1 goal=$2 prepare=$3 every=$4 i=0 name which how error status
	shift 4
	where=$1
	$prepare
	traced -- "$@" || { fail "$1: $(cat out)"; return; }
	cp out first
	is "$goal"
	file_calls >calls
	while read -r name which how <&3; do
		i=$((i + 1))
		if [[ $how == changing ]]; then
			set -- "${errors[@]}" -- "$@"
		elif ((i % every == 0)); then
			set -- "${errors[i / every % 6]}" -- "$@"
		else
			continue
		fi
		while [[ $1 != -- ]]; do
			error=$1
			shift
			local rest=("$@")
			while [[ $1 != -- ]]; do shift; done
			shift
			where="$1: $name $which: $error"
			$prepare
			traced -e trace="$name" -e inject="$name:error=$error:when=$which" -- "$@"
			status=$?
			cp out first
			judge $status "$start" "$goal" "$@"
			set -- "${rest[@]}"
		done
		shift
	done 3<calls
	echo "$1: $(grep -c changing calls) calls that change, $(grep -c looking calls) that look (every ${every}th)"
}

recorded() {
	fresh
	must 0 apply --record
}
cut_off() { # half-way through the commits
	fresh
	traced -e trace=renameat -e inject=renameat:signal=KILL:when=6 -- apply --record
	[[ -e root/var/lib/holdfast/journal ]] || fail "no journal"
}

must 0 apply
listing root >after
each before after fresh "$looks" apply
each after before recorded $((looks * 5)) rollback --yes --record
each before before cut_off $((looks * 5)) recover --back
each before after cut_off $((looks * 5)) recover --forward

# interrupted: every other call is to be made again
for name in write fsync syncfs flock; do
	where="$name: EINTR every second time"
	fresh
	traced -e trace=$name -e inject=$name:error=EINTR:when=1+2 -- apply
	status=$?
	cp out first
	((status == 0)) || fail "$where: exit $status: $(head -n 20 out)"
	judge $status before after apply
done
ended=
for status in "${!ends[@]}"; do
	ended+=" ${ends[$status]} with $status,"
done
finish "ended${ended%,}; $n runs"
