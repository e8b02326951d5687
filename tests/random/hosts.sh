#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Random hosts and baselines: what has to hold for all of them (props_*.py). As root; only
# trees below a folder of its own are touched.
#
#   SEED=N	number of the first case (default: another one in each run)
#   CASES=N	how many (default: 200)
#   OTHER=PROGRAM	another build, which runs every tenth case besides
set -u -o pipefail
here=$(dirname "${BASH_SOURCE[0]}")
: "${HOLDFAST:?}"
seed=${SEED:-$((RANDOM * 32768 + RANDOM))}
cases=${CASES:-200}

skip() {
	echo "$1"
	exit 77
}

[[ $(id -u) == 0 ]] || skip "needs root"
command -v python3 >/dev/null || skip "needs python3"
command -v strace >/dev/null || skip "needs strace"

# tmpfs has no disk to wait for; user.* attributes it has from Linux 6.6 on
[[ -n ${TMPDIR:-} ]] || { [[ -w /dev/shm ]] && TMPDIR=/dev/shm; }
work=$(mktemp -d "${TMPDIR:-/tmp}/holdfast-random.XXXXXX") || exit 99
trap 'rmdir "$work"/* "$work" 2>/dev/null' EXIT
failed=0

# run PROGRAM NAME OPTION...: the folders of failed cases stay
run() {
	python3 -B "$here/main.py" --directory "$work/$2" "${@:3}" "$1" || failed=1
}

echo "SEED=$seed CASES=$cases"
run "$HOLDFAST" cases --first "$seed" --cases "$cases"
if [[ -n ${OTHER:-} ]]; then
	echo "the same with $OTHER, every tenth case"
	run "$OTHER" other --first "$seed" --cases "$cases" --every 10
fi
[[ $failed == 0 ]] && echo "ok: what has to hold holds for $cases cases from $seed on"
exit $failed
