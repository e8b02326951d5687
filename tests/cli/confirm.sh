#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# apply --confirm: kept by confirm, undone at the deadline, undone when killed.
. "$(dirname "$0")/lib.sh"

mkdir -p root/etc/docker root/var/lib
printf '{\n  "dns": ["10.0.0.1"]\n}\n' >root/etc/docker/daemon.json
cp root/etc/docker/daemon.json before
cat >b.yaml <<'END'
holdfast: 1
name: b
controls:
  - id: icc
    title: No traffic between containers
    daemon: {set: {icc: false}}
END
n=0
hf() { # hf STATUS ARGUMENT...: run without a terminal, and compare the exit status
	want=$1
	shift
	"$HOLDFAST" "$@" --root root >out 2>err </dev/null
	got=$?
	n=$((n + 1))
	[ $got = "$want" ] || fail "holdfast $*: exit $got, not $want: $(cat out err)"
}
# Waits, with a bound far beyond any deadline used here, until the watchdog has ended it.
settled() {
	i=0
	while [ -e root/var/lib/holdfast/confirm ] && [ $i -lt 600 ]; do
		sleep 0.1
		i=$((i + 1))
	done
	[ ! -e root/var/lib/holdfast/confirm ] || fail "the confirmation is still waited for"
	n=$((n + 1))
}

# The process that waits for the deadline of --confirm $1; it may yet be about to detach.
watchdog() {
	i=0
	while [ $i -lt 600 ]; do
		for p in /proc/[0-9]*; do
			[ "$(readlink "$p/cwd" 2>/dev/null)" = / ] || continue
			tr '\0' ' ' 2>/dev/null <"$p/cmdline" |
				grep -q "apply ./b.yaml --confirm $1 " && {
				dog=${p#/proc/}
				return
			}
		done
		sleep 0.1
		i=$((i + 1))
	done
	fail "no watchdog"
	dog=none
}

# nothing is waited for: that is told, and nothing is written
stamps() {
	find root -printf '%p %i %T@ %C@\n' | sort
}
stamps >stamps.before
hf 64 confirm
stamps | cmp -s - stamps.before || fail "confirm of nothing has written something"

# confirmed: it stays, and the watchdog is gone
hf 0 apply ./b.yaml --confirm 611 --format json
grep -q '"confirm_until": "20' out || fail "no deadline in the JSON: $(cat out)"
watchdog 611
hf 75 apply ./b.yaml
hf 75 apply ./b.yaml --confirm 600
hf 0 confirm
i=0
while [ -e "/proc/$dog" ] && [ $i -lt 600 ]; do
	sleep 0.1
	i=$((i + 1))
done
[ ! -e "/proc/$dog" ] || fail "the watchdog stays"
hf 64 confirm
hf 0 check ./b.yaml
hf 0 rollback --record

# not confirmed: undone at the deadline
hf 0 apply ./b.yaml --confirm 1
settled
cmp -s before root/etc/docker/daemon.json || fail "it was not undone at the deadline"
hf 0 history
# with the time at which it was, so that it is the newest
sed -n 2p out | grep -q ' 20[0-9-]* .*rollback of' || fail "no rollback on record: $(cat out)"
sed -n 3p out | grep -q 'apply b' || fail "no apply on record: $(cat out)"

# a file that cannot be read for a while keeps the watchdog waiting
hf 0 apply ./b.yaml --confirm 613
watchdog 613
confirm=root/var/lib/holdfast/confirm
cp $confirm waiting
echo '{' >$confirm
sleep 1
[ -e "/proc/$dog" ] || fail "the watchdog gave up"
sed 's/"deadline": *[0-9]*/"deadline": 1/' waiting >later
mv later $confirm
settled
cmp -s before root/etc/docker/daemon.json || fail "it was not undone after that"

# nothing to do: nothing is waited for
hf 0 apply ./b.yaml --record
hf 0 apply ./b.yaml --confirm 60
[ ! -e root/var/lib/holdfast/confirm ] || fail "a confirmation of nothing is waited for"
hf 64 apply ./b.yaml --confirm 60 --allow-lock
hf 0 rollback --record

# the watchdog died (a reboot): recover undoes it once the deadline is over
hf 0 apply ./b.yaml --confirm 612 --format json
watchdog 612
kill -KILL "$dog"
hf 0 recover
grep -q 'nothing to recover' out || fail "undone before the deadline: $(cat out)"
grep -q '"icc": false' root/etc/docker/daemon.json || fail "nothing was applied"
cp root/var/lib/holdfast/confirm waiting

# a damaged file is told, not taken for none
echo '{' >root/var/lib/holdfast/confirm
hf 5 recover
grep -q damaged err || fail "a damaged confirmation is not told: $(cat out err)"
sed 's/"deadline": *[0-9]*/"deadline": 1/' waiting >root/var/lib/holdfast/confirm

# what cannot be undone is told, and stays to be undone
if [ "$(id -u)" = 0 ] && chattr +i root/etc/docker/daemon.json 2>/dev/null; then
	hf 5 recover
	chattr -i root/etc/docker/daemon.json
	[ -e root/var/lib/holdfast/confirm ] || fail "given up: $(cat out err)"
else
	echo "no immutable files here: an undoing that fails is not tried"
fi
hf 0 recover
[ ! -e root/var/lib/holdfast/confirm ] || fail "still waited for: $(cat out err)"
cmp -s before root/etc/docker/daemon.json || fail "recover did not undo it"
finish
