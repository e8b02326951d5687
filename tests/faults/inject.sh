#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# An error from every system call on files, one at a time, of an unmodified holdfast that
# applies. The end is 0 with everything in place, 1 with nothing changed, or 4 with all put
# back; nothing else: by the time of the revert the one fault is over.
# Calls that change something fail in six ways; those that look, in one way each, in turn.
#
#   LOOKS=N	of the calls that look, only every Nth (default: 4)
. "$(dirname "$0")/lib.sh"
need_strace
looks=${LOOKS:-4}
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

settled() { # nothing is left of it, and nothing is in the way of the next
	local found
	found=$(strays root)
	[[ -z $found ]] || { fail "$where: stray: $found: $(cat first)"; return; }
	must 0 apply || return
	listing root >now
	diff after now >difference || fail "$where: the next apply gives: $(head -n 10 difference)"
}

as_before() {
	listing root >now
	diff before now >difference && return 0
	fail "$where: exit $1, but not as before: $(head -n 10 difference; cat first)"
	return 1
}

judge() { # STATUS
	ends[$1]=$((${ends[$1]:-0} + 1))
	case $1 in
	0)
		listing root >now
		diff after now >difference ||
			fail "$where: exit 0, but: $(head -n 10 difference; cat first)"
		must 0 check
		settled
		;;
	1 | 4 | 64 | 65 | 75)
		# without standard streams there is nobody to tell
		[[ -s first || $name == fcntl ]] || fail "$where: exit $1 without a word"
		as_before "$1" && settled
		;;
	5)
		# the one fault is over by the time of the revert
		fail "$where: exit 5: $(grep -A1 '^Not put back' first | tail -n 1)"
		must 0 recover && as_before "$1" && settled
		;;
	*) fail "$where: exit $1: $(cat first)" ;;
	esac
}

fresh
traced -- apply || { cat out; fail apply; finish; }
listing root >after
file_calls >calls
i=0
while read -r name which how <&3; do
	i=$((i + 1))
	if [[ $how == changing ]]; then
		set -- "${errors[@]}"
	elif ((i % looks == 0)); then
		set -- "${errors[i / looks % 6]}"
	else
		continue
	fi
	for error; do
		where="$name $which: $error"
		fresh
		traced -e trace="$name" -e inject="$name:error=$error:when=$which" -- apply
		status=$?
		cp out first
		judge $status
	done
done 3<calls

# interrupted: every write of one byte less than asked, every fourth call again
for name in write fsync flock; do
	where="$name: EINTR every second time"
	fresh
	traced -e trace=$name -e inject=$name:error=EINTR:when=1+2 -- apply
	status=$?
	cp out first
	((status == 0)) || fail "$where: exit $status: $(cat out)"
	judge $status
done
ended=
for status in "${!ends[@]}"; do
	ended+=" ${ends[$status]} with $status,"
done
echo "$(grep -c changing calls) calls that change, $(grep -c looking calls) that look (every ${looks}th)"
finish "ended${ended%,}; $n runs"
