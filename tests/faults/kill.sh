#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# SIGKILL at every system call that changes a file system, of an unmodified holdfast that
# applies, rolls back, recovers. After each: recovery gives back the tree as it was, no
# stray file is anywhere, the next apply completes, the one after it changes nothing.
#
#   EVERY=N	only every Nth call (default: all)
. "$(dirname "$0")/lib.sh"
need_strace
every=${EVERY:-1}
total=0

# kill_at NAME WHICH COMMAND...: true if it was killed there
kill_at() {
	local name=$1 which=$2 status
	shift 2
	traced -e trace="$name" -e inject="$name:signal=KILL:when=$which" -- "$@"
	status=$?
	total=$((total + 1))
	((status == 137)) && return 0
	fail "$where: not killed but exit $status: $(tail -n 3 out)"
	return 1
}

same() { # LISTING WHAT
	listing root >now
	diff "$1" now >difference && return 0
	fail "$where: $2: $(head -n 10 difference)"
	return 1
}

no_strays() {
	local found
	found=$(strays root)
	[[ -z $found ]] || fail "$where: stray: $found"
}

# The apply after it completes, and the next one does not touch anything.
then_apply() {
	must 0 apply "$@" || return
	same after "apply after it gives another tree"
	no_strays
	stamps root >stamps1
	must 0 apply "$@"
	stamps root | cmp -s - stamps1 || fail "$where: the second apply wrote something"
}

each() { # FILE-OF-CALLS COMMAND...: calls run_one NAME WHICH COMMAND
	local i=0 name which
	while read -r name which <&3; do
		((i++ % every == 0)) || continue
		where="$2 killed at $name $which"
		"$3" "$name" "$which" "${@:4}"
	done 3<"$1"
}

# --- apply
traced -- apply || { cat out; fail "apply"; finish; }
changing_calls >calls.apply
listing root >after
same_kind=$(diff before after | grep -c '^[<>]')
((same_kind > 20)) || fail "the baseline has too little to do: $same_kind"

by_recover() {
	fresh
	kill_at "$1" "$2" apply "${@:3}" || return
	hf check
	status=$?
	if [[ -e root/var/lib/holdfast/journal ]]; then
		((status == 5)) || fail "$where: check exits $status, not 5"
	else
		((status == 2 || status == 0)) || fail "$where: check exits $status"
	fi
	must 0 recover
	no_strays
	if ((status == 0)); then # its journal was gone: it was done
		same after "neither as before nor as after"
	else
		same before "not as before" || return
	fi
	then_apply "${@:3}"
}
by_apply() {
	fresh
	kill_at "$1" "$2" apply "${@:3}" || return
	then_apply "${@:3}"
}
each calls.apply apply by_recover
echo "apply: killed at each of $(wc -l <calls.apply) calls, recovered"
each calls.apply apply by_apply
echo "apply: killed at each of $(wc -l <calls.apply) calls, applied again"

# --- apply --record, rollback
fresh
traced -- apply --record || fail "apply --record"
changing_calls >calls.record
where="apply --record"
same after "not as by apply"
traced -- rollback --yes --record || { cat out; fail "rollback"; }
changing_calls >calls.rollback
where=rollback
same before "not as before"

by_rollback() {
	# a record names inodes: the tree is made by an apply of its own, not copied
	fresh
	must 0 apply --record || return
	kill_at "$1" "$2" rollback --yes --record || return
	must 0 recover
	listing root >now
	if ! cmp -s now before; then # it was done but for its record, or is all undone
		same after "neither as before nor as after"
		no_strays
		must 0 rollback --yes --record
		same before "rollback after it"
	fi
	no_strays
}
each calls.rollback rollback by_rollback
echo "rollback: killed at each of $(wc -l <calls.rollback) calls"

# --- recover, of an apply killed early, half-way, late
count=$(wc -l <calls.record)
again() {
	fresh
	kill_at "${cut[@]}" apply --record
}
killed_again() { # NAME WHICH RECOVER-OPTION...
	again
	kill_at "$1" "$2" recover "${@:4}" || return
	must 0 recover "${@:4}" || return
	if [[ $3 == before ]]; then
		same before "not as before"
	else # the kill may have come after the work was done
		listing root >now
		cmp -s now after || same before "neither as after nor as before"
	fi
	no_strays
}
for at in $((count / 2)) $((count * 3 / 4)) $((count - 8)); do
	read -r name which < <(sed -n "${at}p" calls.record)
	where="apply --record at $name $which"
	fresh
	kill_at "$name" "$which" apply --record || continue
	[[ -e root/var/lib/holdfast/journal ]] || { fail "$where: no journal"; continue; }
	cut=("$name" "$which")
	for way in --back --forward; do
		again
		traced -- recover $way || fail "$where: recover $way: $(cat out)"
		changing_calls >calls.recover
		goal=before
		[[ $way == --forward ]] && goal=after
		same $goal "recover $way"
		each calls.recover "recover $way" killed_again $goal $way
		echo "recover $way: killed at each of $(wc -l <calls.recover) calls, after call $at of $count"
	done
done
sampled=
((every > 1)) && sampled=", of which every ${every}th"
finish "$total kills$sampled, $n runs"
