#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `lint --resolved` of each shipped baseline, and of those in tests/golden/good, is itself
# a valid baseline, and flattening it once more changes nothing.
set -u
source=$(cd "${srcdir:-.}" && pwd) || exit 99
program=$(pwd)/holdfast
tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT
trap 'exit 99' HUP INT TERM
NO_COLOR=1
HOLDFAST_BASELINE_PATH=$source/tests/golden/good/path
export NO_COLOR HOLDFAST_BASELINE_PATH
failed=0

for baseline in "$source"/templates/*.yaml "$source"/tests/golden/good/*.yaml; do
	name=$(basename "$baseline")
	"$program" lint --resolved "$baseline" >"$tmp/once.yaml" &&
		"$program" lint --resolved "$tmp/once.yaml" >"$tmp/twice.yaml" &&
		[ -s "$tmp/once.yaml" ] &&
		diff -u "$tmp/once.yaml" "$tmp/twice.yaml" && continue
	echo "$name: its flat form is not what it is"
	failed=1
done
exit "$failed"
