#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `lint --resolved` of each shipped baseline is itself a valid baseline, and flattening it
# once more changes nothing.
set -u
source=$(cd "${srcdir:-.}" && pwd) || exit 99
program=$(pwd)/holdfast
tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT
trap 'exit 99' HUP INT TERM
NO_COLOR=1
export NO_COLOR
failed=0

for baseline in "$source"/templates/*.yaml; do
	name=$(basename "$baseline")
	"$program" lint --resolved "$baseline" >"$tmp/once.yaml" &&
		"$program" lint --resolved "$tmp/once.yaml" >"$tmp/twice.yaml" &&
		[ -s "$tmp/once.yaml" ] &&
		diff -u "$tmp/once.yaml" "$tmp/twice.yaml" && continue
	echo "$name: its flat form is not what it is"
	failed=1
done
exit "$failed"
