#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every option and command of the program is in holdfast(8) and in --help, and the manual
# names none that does not exist.
. "$(dirname "$0")/lib.sh"
man=$top_srcdir/man/holdfast.8
commands="plan apply check compile lint explain list facts rollback history show recover
	confirm hold unhold import"

# The option table: lines such as { "root", OPT_ROOT, ...
sed -n 's/^[[:space:]]*{ "\([a-z-]*\)", OPT_.*/--\1/p' "$top_srcdir/src/cli/options.c" |
	sort -u >table
[ "$(wc -l <table)" -ge 20 ] || fail "the option table could not be read"

sed 's/\\-/-/g' "$man" | grep -v '^\.\\"' | grep -oE -e '--[a-z][a-z-]*' | sort -u >in_man
{
	"$HOLDFAST" --help
	for command in $commands; do
		"$HOLDFAST" $command --help
	done
} >help || fail "--help"
grep -oE -e '^ +(-[a-z], )?--[a-z][a-z-]*' help | grep -oE -e '--[a-z-]*' | sort -u >in_help

for where in in_man in_help; do
	diff -u table $where >difference || {
		fail "options of the table and $where differ:"
		cat difference
	}
done
for command in $commands; do
	grep -qE "^\.BR? $command( |$)" "$man" || fail "the manual lacks $command"
	grep -qE "^  $command " help || fail "--help lacks $command"
done
for status in 0 1 2 3 4 5 6 7 64 65 75; do
	grep -qxF ".B $status" "$man" || fail "the manual lacks exit status $status"
done
if command -v man >/dev/null && man --version 2>/dev/null | grep -q man-db; then
	man --warnings=all -E UTF-8 -l "$man" >/dev/null 2>warnings
	[ ! -s warnings ] || fail "man warns: $(cat warnings)"
fi

# The examples of holdfast.yaml(5) and of README are valid as they stand, but for the
# header that a piece of one needs.
HOLDFAST_BASELINE_PATH=$top_srcdir/templates
export HOLDFAST_BASELINE_PATH
sed 's/\\-/-/g' "$top_srcdir/man/holdfast.yaml.5" | awk '
	/^\.EX/ { file = "example" ++n ".yaml"; next }
	/^\.EE/ { file = "" }
	file { print >file }' || fail "the examples of the manual could not be read"
sed -n '/^    holdfast: 1$/,/^[^ ]/s/^    //p' "$top_srcdir/README" >example0.yaml
for example in example*.yaml; do
	grep -q '^holdfast:' $example ||
		sed -i '1i holdfast: 1\nname: piece\nextends: [cis-docker]' $example
	run 0 lint ./$example
done
[ $n -ge 3 ] || fail "only $n examples"
finish
