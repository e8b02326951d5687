#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The bash completion against the program: commands, options and what each takes.
. "$(dirname "$0")/lib.sh"
. "$top_srcdir/contrib/completions/holdfast.bash"
mkdir bin 'a tree' trees
ln -s "$HOLDFAST" bin/holdfast
PATH=$work/bin:$PATH
HOLDFAST_BASELINE_PATH=$top_srcdir/templates
export HOLDFAST_BASELINE_PATH
touch own.yaml old.plan ours.rules

# offers EXPECTED WORD...: what is offered for the last word, one in each line
offers() {
	local expected=$1
	shift
	n=$((n + 1))
	COMP_WORDS=("$@")
	COMP_CWORD=$(($# - 1))
	_holdfast
	[ "${COMPREPLY[*]}" = "$expected" ] || fail "$*: offers '${COMPREPLY[*]}', not '$expected'"
}

offers "recover" holdfast rec
offers "--output-dir --output" holdfast compile --out
offers "--output" holdfast plan --out
offers "text json" holdfast plan --format ''
offers "json" holdfast plan --format = j
offers "safe always never" holdfast plan --restart =
offers "a tree" holdfast check --root a
offers "trees" holdfast check --root = t
offers "cis-docker" holdfast plan ci
offers "cis-docker own.yaml" holdfast plan ''
offers "cis-docker own.yaml" holdfast --check ''
offers "--fail-on" holdfast --check --fail
offers "cis-docker" holdfast explain --baseline c
offers "old.plan" holdfast apply --plan ol
offers "old.plan" holdfast plan --save ol
offers "ours.rules" holdfast import --rules our
offers "last" holdfast show la
offers "" holdfast hold --for ''
offers "" holdfast unhold ''
offers "" holdfast plan --set ''
finish
