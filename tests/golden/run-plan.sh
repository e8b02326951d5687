#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Golden cases of plan and apply on a tree. A case is a directory of tests/golden/plan:
#
#	baseline.yaml	what must hold
#	root/		the tree before (modes: 0755 and 0644, but for `modes`)
#	modes		optional, lines "MODE PATH" of the tree
#	links		optional, lines "TARGET PATH": symlinks of the tree (`make dist` would
#			follow those in root/)
#	args		optional, further options, one line
#	plan.txt	what `plan --diff` prints, and its exit status
#	apply.exit	optional, exit status of apply (default 0)
#	check.exit	optional, exit status of check after apply (default 0)
#	after/		the tree after apply, without the applied record
#	next.yaml	optional: a second version of the baseline, planned and applied next
#	next-root/	optional: what somebody else, a vendor's upgrade say, puts into the
#			tree before that
#	next.txt, next-after/	what is expected of it
#
# Besides: a plan changes nothing and says the same twice; a second apply changes nothing
# at all; a plan after it has no change left. UPDATE=1 writes the expectations anew.
set -u
HOLDFAST=${HOLDFAST:-$PWD/holdfast}
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
export NO_COLOR=1 LC_ALL=C TZ=UTC SOURCE_DATE_EPOCH=1767225600
failed=0 passed=0

bad() {
	echo "FAIL: $case_name: $*" >&2
	case_failed=1
}

# Everything that a change would show in: names, types, modes, sizes, times, inodes, text.
listing() {
	(cd "$1" && find . -printf '%p %y %m %U %G %s %T@ %C@ %i %l\n' | sort &&
		find . -type f -exec cksum {} + | sort)
}

run() { # run OUT COMMAND...: output with the root's name taken out, then the status
	out=$1
	shift
	"$HOLDFAST" "$@" --root "$work/root" >"$out.raw" 2>"$work/stderr"
	status=$?
	# whoever runs this owns the copy of the tree
	sed "s|$work/root|ROOT|g
		s|^\([-+]\)owner $(id -u), group $(id -g), |\1owner 0, group 0, |" "$out.raw" >"$out"
	echo "exit $status" >>"$out"
	return $status
}

expect() { # expect FILE GOT: compare a text
	if [ -n "${UPDATE:-}" ]; then
		cp "$2" "$dir/$1"
	elif ! diff -u "$dir/$1" "$2" >&2; then
		bad "$1 differs"
		cat "$work/stderr" >&2
	fi
}

expect_tree() { # expect_tree NAME
	rm -rf "$work/now" && cp -a "$work/root" "$work/now"
	rm -rf "$work/now/var/lib/holdfast"
	[ -d "$work/root0/var/lib" ] || rmdir "$work/now/var/lib" "$work/now/var" 2>/dev/null
	find "$work/now" -type l -delete
	find "$work/now" -mindepth 1 -depth -type d -empty -delete
	(cd "$work/now" && find . -type f -printf '%m %p\n' | sort) >"$work/now.modes"
	if [ -n "${UPDATE:-}" ]; then
		rm -rf "${dir:?}/$1" && cp -a "$work/now" "$dir/$1"
		cp "$work/now.modes" "$dir/$1.modes"
	else
		diff -ru "$dir/$1" "$work/now" >&2 || bad "the tree is not as in $1/"
		diff -u "$dir/$1.modes" "$work/now.modes" >&2 || bad "modes are not as in $1.modes"
	fi
}

one_step() { # one_step BASELINE PLAN-FILE AFTER
	file=$1 text=$2 after=$3
	listing "$work/root" >"$work/before"
	run "$work/plan1" plan "$file" --diff $args
	run "$work/plan2" plan "$file" --diff $args
	cmp -s "$work/plan1" "$work/plan2" || bad "two plans of one host differ"
	listing "$work/root" | cmp -s - "$work/before" || bad "plan changed the tree"
	expect "$text" "$work/plan1"
	want=0
	[ -f apply.exit ] && want=$(cat apply.exit)
	run "$work/apply" apply "$file" $args
	got=$?
	[ $got = "$want" ] || { bad "apply exits $got, not $want"; cat "$work/apply" "$work/stderr" >&2; }
	expect_tree "$after"
	listing "$work/root" >"$work/applied"
	run "$work/apply2" apply "$file" $args
	listing "$work/root" | diff "$work/applied" - >&2 || bad "a second apply changed the tree"
	want=0
	[ -f check.exit ] && want=$(cat check.exit)
	run "$work/check" check "$file" $args
	got=$?
	[ $got = "$want" ] || { bad "check exits $got, not $want"; cat "$work/check" "$work/stderr" >&2; }
}

for dir in "$here"/plan/*/; do
	dir=${dir%/}
	case_name=$(basename "$dir")
	[ -n "${CASE:-}" ] && [ "$CASE" != "$case_name" ] && continue
	case_failed=0
	rm -rf "$work/root" "$work/root0" "$work/case"
	mkdir "$work/root" "$work/case"
	cp "$dir"/*.yaml "$dir"/*.exit "$dir"/modes "$work/case" 2>/dev/null
	[ -d "$dir/root" ] && cp -R "$dir/root/." "$work/root"
	chmod -R u=rwX,go=rX "$work/root" "$work/case"
	find "$work/root" -type f -exec chmod 0644 {} +
	cd "$work/case" || exit 99
	if [ -f "$dir/links" ]; then
		while read -r target path; do
			mkdir -p "$(dirname "$work/root$path")"
			ln -s "$target" "$work/root$path" || bad "no $path"
		done <"$dir/links"
	fi
	if [ -f modes ]; then
		while read -r mode path; do
			chmod "$mode" "$work/root$path" || bad "no $path"
		done <modes
	fi
	cp -a "$work/root" "$work/root0"
	args=
	[ -f "$dir/args" ] && args=$(cat "$dir/args")
	one_step ./baseline.yaml plan.txt after
	if [ -f next.yaml ]; then
		rm -f apply.exit check.exit
		cp next.yaml baseline.yaml
		if [ -d "$dir/next-root" ]; then
			(cd "$dir/next-root" && find . -type f) | while read -r path; do
				install -m 0644 "$dir/next-root/$path" "$work/root/$path"
			done
		fi
		one_step ./baseline.yaml next.txt next-after
	fi
	if [ $case_failed = 0 ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
	fi
done
echo "plan cases: $passed passed, $failed failed"
[ $failed = 0 ] && [ $passed -gt 0 ]
