# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# Sourced by the scripts beside it: a directory of their own, runs of holdfast with their
# exit status and output compared. Needs no privileges and leaves nothing behind.
set -u
LC_ALL=C
TERM=dumb
TZ=UTC
export LC_ALL TERM TZ
unset HOLDFAST_BASELINE_PATH SOURCE_DATE_EPOCH NO_COLOR
umask 022

top_srcdir=$(cd "${top_srcdir:-${srcdir:-.}}" && pwd) || exit 99
HOLDFAST=${HOLDFAST:-$PWD/holdfast}
[ -x "$HOLDFAST" ] || {
	echo "$HOLDFAST: not built"
	exit 99
}
work=$(mktemp -d "${TMPDIR:-/tmp}/holdfast-cli.XXXXXX") || exit 99
trap 'chmod -R u+rwX "$work" 2>/dev/null; rm -rf "$work"' EXIT
trap 'exit 99' HUP INT TERM
cd "$work" || exit 99
failed=0
n=0

fail() {
	echo "not ok: $*"
	failed=1
}

# run STATUS ARGUMENT...: run holdfast, compare the exit status; output in out and err
run() {
	want=$1
	shift
	n=$((n + 1))
	"$HOLDFAST" "$@" >out 2>err </dev/null
	status=$?
	[ "$status" = "$want" ] || {
		fail "holdfast $*: exit $status, not $want"
		sed 's/^/    /' out err
	}
}

# out TEXT, err TEXT: the last run printed a line that holds TEXT; no_out, no_err: none
out() {
	grep -qF -e "$1" out || {
		fail "run $n: stdout lacks '$1'"
		sed 's/^/    /' out
	}
}
err() {
	grep -qF -e "$1" err || {
		fail "run $n: stderr lacks '$1'"
		sed 's/^/    /' err
	}
}
no_out() {
	! grep -qF -e "$1" out || fail "run $n: stdout has '$1'"
}
no_err() {
	! grep -qF -e "$1" err || fail "run $n: stderr has '$1'"
}

# json: the last run's stdout is one JSON object (where there is a parser to tell)
json() {
	head -c 1 out | grep -q '{' || fail "run $n: stdout is not JSON: $(head -n 1 out)"
	if command -v python3 >/dev/null; then
		python3 -c 'import json, sys; json.load(sys.stdin)' <out ||
			fail "run $n: stdout is not valid JSON"
	fi
}

# field NAME VALUE: a top-level scalar of the JSON in out
field() {
	grep -qE "^  \"$1\": $2,?\$" out || fail "run $n: \"$1\" is not $2: $(
		grep -E "^  \"$1\":" out
	)"
}

finish() {
	[ "$failed" = 0 ] && echo "ok: $n runs"
	exit "$failed"
}
