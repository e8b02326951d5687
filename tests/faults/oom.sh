#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Every allocation of plan, check, apply, rollback and recover fails, once alone and once
# with all later ones: no crash, no sanitizer's report; what does not end as usual ends
# with 1 and nothing changed, or 4 and all put back. Short and interrupted writes as well.
#
#   STRIDE=N	only every Nth allocation (default: so many that it is soon over)
. "$(dirname "$0")/lib.sh"
export ASAN_OPTIONS=${ASAN_OPTIONS/%detect_leaks=0/detect_leaks=1}
real=$HOLDFAST
HOLDFAST=${FAULTY:-$(dirname "$real")/tests/faults/faulty}
[[ -x $HOLDFAST ]] || { echo "$HOLDFAST: not built"; exit 99; }
budget=${BUDGET:-12} # runs for each command and way
tried=0
declare -A ends=()

broken() { # STATUS: of no defined meaning, or a report of a sanitizer
	((($1 > 7 && $1 != 64 && $1 != 65 && $1 != 75))) || grep -qE 'Sanitizer|runtime error' out
}

# looks COMMAND...: a command that changes nothing ends as usual or with 1
looks() {
	local usual status
	fresh
	hf "$@"
	usual=$?
	cp out usual
	stamps root >stamps0
	HOLDFAST_FAULT="$fault" hf "$@"
	status=$?
	ends[$status]=$((${ends[$status]:-0} + 1))
	broken $status && fail "$where: exit $status: $(tail -n 20 out)"
	if ((status == usual)); then
		cmp -s out usual || fail "$where: exit $status with other output: $(diff usual out)"
	elif ((status != 1)); then
		fail "$where: exit $status: $(tail -n 5 out)"
	fi
	stamps root | cmp -s - stamps0 || fail "$where: something was written"
}

# changes GOAL COMMAND...: ends well, with 1 and nothing changed, or 4 and all put back
changes() {
	local goal=$1 start=before status
	shift
	fresh
	case $1 in
	rollback)
		hf apply --record
		start=after
		;;
	esac
	HOLDFAST_FAULT="$fault" hf "$@"
	status=$?
	ends[$status]=$((${ends[$status]:-0} + 1))
	cp out first
	broken $status && { fail "$where: exit $status: $(tail -n 20 out)"; return; }
	listing root >now
	case $status in
	0) cmp -s now $goal || fail "$where: exit 0, but: $(diff $goal now | head; tail -n 5 out)" ;;
	5)
		[[ $fault == once* ]] && fail "$where: exit 5, for one missing allocation: $(tail -n 20 first)"
		must 0 recover
		listing root >now
		cmp -s now $start || cmp -s now $goal || # done, but for that it could not say so
			fail "$where: exit 5, recovered: $(diff $start now | head; tail -n 20 first)"
		;;
	*)
		cmp -s now $start ||
			fail "$where: exit $status, but: $(diff $start now | head; tail -n 20 first)"
		;;
	esac
	[[ -s first ]] || fail "$where: exit $status without a word"
	strays=$(strays root)
	[[ -z $strays ]] || fail "$where: exit $status, stray: $strays"
	((status == 0)) && return
	must 0 "$@"
	listing root | cmp -s - $goal || fail "$where: the next one does not complete"
}

each() { # FUNCTION... -- COMMAND...
	local function=() total stride at
	while [[ $1 != -- ]]; do
		function+=("$1")
		shift
	done
	shift
	fresh
	[[ $1 == rollback ]] && hf apply --record
	HOLDFAST_FAULT="count $work/count" hf "$@"
	total=$(<count)
	stride=${STRIDE:-$((total / budget + 1))}
	for way in once from; do
		for ((at = 1; at <= total; at += stride)); do
			fault="$way $at"
			where="$1: allocation $at of $total fails ($way)"
			tried=$((tried + 1))
			"${function[@]}" "$@"
		done
	done
	echo "$1: $total allocations, every ${stride}th"
}
must 0 apply
listing root >after
each looks -- plan
each looks -- check
each changes after -- apply
each changes after -- apply --record
each changes before -- rollback --yes --record

fault=short where="short and interrupted writes"
changes after apply --record
((${ends[0]:-0} > 0)) || fail "$where: $(cat out)"
HOLDFAST_FAULT=short must 0 rollback --yes --record
ended=
for status in "${!ends[@]}"; do
	ended+=" ${ends[$status]} with $status,"
done
finish "$tried allocations failed, ended${ended%,}"
