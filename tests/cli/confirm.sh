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

# confirmed: it stays, and the deadline passes without effect
hf 64 confirm
hf 0 apply ./b.yaml --confirm 2 --format json
grep -q '"confirm_until": "20' out || fail "no deadline in the JSON: $(cat out)"
hf 75 apply ./b.yaml
hf 0 confirm
sleep 3
hf 0 check ./b.yaml
hf 0 rollback --record

# not confirmed: undone at the deadline
hf 0 apply ./b.yaml --confirm 1
grep -q '"icc": false' root/etc/docker/daemon.json || fail "nothing was applied"
settled
cmp -s before root/etc/docker/daemon.json || fail "it was not undone at the deadline"
hf 0 history
head -n 3 out | grep -q 'rollback of' || fail "no rollback on record: $(cat out)"

# nothing to do: nothing is waited for
hf 0 apply ./b.yaml
hf 0 apply ./b.yaml --confirm 60
[ ! -e root/var/lib/holdfast/confirm ] || fail "a confirmation of nothing is waited for"
hf 64 apply ./b.yaml --confirm 60 --allow-lock

# the watchdog died (a reboot): recover undoes it once the deadline is over
printf '{\n  "dns": ["10.0.0.1"]\n}\n' >root/etc/docker/daemon.json
hf 0 apply ./b.yaml --confirm 1 --format json
printf '{"deadline": 1, "after": "0"}\n' >root/var/lib/holdfast/confirm
hf 0 recover
settled
cmp -s before root/etc/docker/daemon.json || fail "recover did not undo it"
finish
