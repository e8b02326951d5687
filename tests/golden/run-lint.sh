#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Bad baselines: each folder tests/golden/lint/CASE holds a baseline.yaml and, in `error`,
# what `holdfast lint baseline.yaml` prints about it, to the letter; exit status 65.
# UPDATE=1 writes the `error` files anew; read the difference before committing it.
set -u
cases=$(cd "${srcdir:-.}/tests/golden/lint" && pwd) || exit 99
program=$(pwd)/holdfast
got=$(mktemp) && raw=$(mktemp) || exit 99
trap 'rm -f "$got" "$raw"' EXIT
trap 'exit 99' HUP INT TERM
NO_COLOR=1 LC_ALL=C.UTF-8
export NO_COLOR LC_ALL
n=0
failed=0

for dir in "$cases"/*/; do
	case=$(basename "$dir")
	n=$((n + 1))
	(cd "$dir" && "$program" lint baseline.yaml) >"$raw" 2>&1 </dev/null
	status=$?
	# who owns the source tree is not the point here: the warning and its hint
	sed '/^holdfast: warning: baseline .* live apply would refuse it$/{N;d;}' "$raw" >"$got"
	if [ "$status" != 65 ]; then
		echo "$case: exit status $status, not 65"
		failed=$((failed + 1))
	fi
	if [ "${UPDATE:-}" = 1 ]; then
		cp "$got" "$dir/error"
	elif ! diff -u "$dir/error" "$got"; then
		echo "$case: not the message that is expected"
		failed=$((failed + 1))
	fi
done
echo "$n bad baselines, $failed failures"
[ "$n" -ge 60 ] && [ "$failed" = 0 ]
