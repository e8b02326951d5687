#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Two at once: each either does the work, finds it done, or exits 75 and says who is in the
# way; the tree is as after one. A lock goes with its process; --lock-timeout waits.
#
#   ROUNDS=N	(default: 20)
. "$(dirname "$0")/lib.sh"
rounds=20
[[ $HOLDFAST == *valgrind ]] && rounds=4 # which takes its time
rounds=${ROUNDS:-$rounds}
must 0 apply
listing root >after
declare -A ends=()
for ((round = 0; round < rounds; round++)); do
	where="round $round"
	fresh
	args=()
	((round % 2)) && args=(--lock-timeout 20)
	with_baseline apply "${args[@]}"
	"${command[@]}" >one 2>&1 </dev/null &
	one=$!
	"${command[@]}" >two 2>&1 </dev/null &
	two=$!
	wait $one
	one_status=$?
	wait $two
	two_status=$?
	n=$((n + 2))
	both="$one_status and $two_status"
	ends[$both]=$((${ends[$both]:-0} + 1))
	for out in one two; do
		status=${out}_status
		case ${!status} in
		0) ;;
		75) grep -q 'another holdfast' $out || fail "$where: $out exits 75: $(tail -n 4 $out)" ;;
		*) fail "$where: $out exits ${!status}: $(tail -n 4 $out)" ;;
		esac
	done
	((one_status == 0 || two_status == 0)) || fail "$where: neither came through: $both"
	listing root | diff after - >difference || fail "$where: $(head -n 10 difference)"
	found=$(strays root)
	[[ -z $found ]] || fail "$where: stray: $found"
	must 0 check
done

# held by a process: exit 75 at once, or after as long as was asked for, and it is named
if command -v flock >/dev/null; then
	fresh
	mkdir -p -m 0700 root/var/lib/holdfast
	flock --no-fork root/var/lib/holdfast sleep 60 &
	holder=$!
	finally='kill $holder 2>/dev/null'
	for ((i = 0; i < 50; i++)); do
		flock -n root/var/lib/holdfast true || break
		sleep 0.1
	done
	where="held lock"
	must 75 apply
	grep -qE 'another holdfast \(process [0-9]+\)' out || fail "$where: not named: $(cat out)"
	listing root | cmp -s - before || fail "$where: something was changed"
	start=${EPOCHREALTIME/./}
	must 75 apply --lock-timeout 2
	took=$(((${EPOCHREALTIME/./} - start) / 1000))
	((took >= 1900 && took < 20000)) || fail "$where: --lock-timeout 2 took $took ms"
	# it goes while another waits
	with_baseline apply --lock-timeout 20
	"${command[@]}" >waiting 2>&1 </dev/null &
	waiting=$!
	sleep 0.5
	kill $holder
	wait $holder 2>/dev/null
	finally=:
	wait $waiting || fail "$where: the one that waited: $(tail -n 5 waiting)"
	listing root | cmp -s - after || fail "$where: the one that waited left another tree"
else
	echo "held lock left out: flock is not installed"
fi

# a killed holder leaves nothing that blocks
fresh
mkdir -p -m 0700 root/var/lib/holdfast
where="stale lock"
with_baseline apply
"${command[@]}" >killed 2>&1 </dev/null &
killed=$!
sleep 0.02
{ kill -KILL $killed && wait $killed; } 2>/dev/null
must 0 apply
listing root | cmp -s - after || fail "$where: another tree"
ended=
for both in "${!ends[@]}"; do
	ended+=" ${ends[$both]} times $both,"
done
finish "$rounds rounds of two, ended${ended%,}; $n runs"
