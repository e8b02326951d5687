#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Where baselines come from, and what is no baseline.
. "$(dirname "$0")/lib.sh"

# baseline NAME: a baseline that asks a person only
baseline() {
	cat <<-END
		holdfast: 1
		name: $1
		title: The $1 baseline
		version: "3"
		controls:
		  - {id: $1-one, title: First of $1, manual: look}
	END
}
mkdir -p dir1 dir2 root
baseline shop >dir1/shop.yaml
baseline other >dir1/other.yaml
baseline shop-of-dir2 >dir2/shop.yaml
printf 'holdfast: [\n' >dir2/broken.yaml

# Paths, names, standard input.
run 0 lint dir1/shop.yaml
run 0 lint ./dir1/shop.yaml dir1/other.yaml
(cd dir1 && "$HOLDFAST" lint shop.yaml >/dev/null 2>&1) || fail "a bare file name is a path"
run 65 lint shop
err "there is no baseline named 'shop'"
err "searched: /etc/holdfast/baselines"
export HOLDFAST_BASELINE_PATH="$work/none::$work/dir1:$work/dir2"
run 0 lint shop
run 0 list shop
out "shop-one"
run 65 lint shpo
err "did you mean 'shop'?"
err "$work/dir1"
"$HOLDFAST" list - <dir2/shop.yaml >out 2>err || fail "standard input"
out "shop-of-dir2-one"
run 65 lint missing/x.yaml
err "there is no file 'missing/x.yaml'"

# list: the first directory wins; what cannot be read is still named.
run 0 list
out "The shop baseline"
out "The other baseline"
out "broken"
out "is not valid"
no_out "shop-of-dir2"
run 0 list --format=json
json
out '"name": "shop"'
out '"version": "3"'

# extends, by name and relative to the file.
mkdir -p site/base
baseline base >site/base/base.yaml
printf 'holdfast: 1\nname: site\ntitle: Site\nextends: [base/base.yaml, other]\n' >site/site.yaml
run 0 list site/site.yaml
out "base-one"
out "other-one"

# Not baselines.
run 65 lint dir1/
err "is a directory, not a file"
mkfifo fifo.yaml
run 65 lint ./fifo.yaml
err "baseline './fifo.yaml' is a FIFO, not a file"
run 65 lint /dev/null/x.yaml
if [ -c /dev/zero ]; then
	run 65 lint /dev/zero
	err "is a device, not a file"
	"$HOLDFAST" lint - </dev/zero >out 2>err
	[ $? = 65 ] || fail "an endless standard input"
	err "is larger than 8 MiB"
fi
dd if=/dev/zero of=big.yaml bs=1048576 count=9 2>/dev/null
run 65 lint ./big.yaml
err "baseline './big.yaml' is larger than 8 MiB"
if [ "$(id -u)" != 0 ]; then
	chmod 000 dir1/other.yaml
	run 65 lint dir1/other.yaml
	err "Permission denied"
	chmod 644 dir1/other.yaml
fi

# Trust: what others can write is told here, and refused by a live apply.
chmod 666 dir1/shop.yaml
run 0 check --root root dir1/shop.yaml
err "a live apply would refuse it"
err "chmod go-w dir1/shop.yaml"
chmod 644 dir1/shop.yaml
if [ "$(id -u)" = 0 ]; then
	run 0 check --root root dir1/shop.yaml
	no_err "a live apply would refuse it"
	chown 65534 dir1/shop.yaml
	run 1 apply dir1/shop.yaml
	err "belongs to user 65534, not to root: not applied"
	err "chown root: dir1/shop.yaml"
else
	run 1 apply dir1/shop.yaml
	err "only root may"
fi

# No baseline given, none applied here.
if [ ! -e /etc/holdfast/baseline.yaml ]; then
	run 64 check --root root
	err "no baseline given"
	err "'holdfast list' shows what ships"
	# The set last applied is found again from any directory, with its variables.
	sed 's/title: First.*/title: "${word}", manual: look}/; s/^controls/vars: {word: hi}\n&/' \
		dir2/shop.yaml >dir2/vars.yaml
	run 0 apply --root root --set word=hello ./dir2/vars.yaml
	cd / || exit 99
	"$HOLDFAST" check -v --root "$work/root" >"$work/out" 2>"$work/err" </dev/null ||
		fail "check of the set last applied"
	cd "$work" || exit 99
	out "hello"
	run 64 apply --root root shop
	err "this would drop 'shop-of-dir2', which is in force here"
	err "--replace"
	run 0 apply --root root shop --replace
	run 0 check --root root
	out "shop 3"
	"$HOLDFAST" apply --root root --replace - <dir1/other.yaml >out 2>err || fail "apply of -"
	run 64 check --root root
	err "was last applied from standard input"
fi
finish
