# SPDX-License-Identifier: Apache-2.0
#
# systemd-analyze verify takes every unit file and drop-in that the golden cases write, and
# says nothing about them: that of Debian 12 (252) and that of Debian 13 (257). As root, in
# a tree of each, as it needs no running systemd.
set -u -o pipefail
export LC_ALL=C
. "$top_srcdir/tests/trees.sh"

skip() {
	echo "$1"
	exit 77
}
[[ $(id -u) == 0 ]] || skip "needs root"
command -v mmdebstrap >/dev/null || skip "needs mmdebstrap"

work=$(mktemp -d /var/tmp/holdfast-verify.XXXXXX) || exit 1
trap 'rm -rf "$work"' EXIT
failures=0
ok() {
	echo "ok: $*"
}
bad() {
	echo "not ok: $*"
	failures=$((failures + 1))
}

# lay FOLDER: a tree of it at $case, with the programs that its units name
lay() {
	local program
	rm -rf "$case"
	cp -a "$1" "$case"
	for program in /bin/kill $(grep -rhoE '^ExecStart=/[^ ]+' "$case" | cut -d= -f2); do
		install -D -m 0755 /dev/null "$case$program"
	done
}

# verify UNIT...: what systemd-analyze says in $said, its exit status in $status
verify() {
	said=$(chroot "$tree" systemd-analyze verify --root=/case --man=no --generators=no \
		--recursive-errors=no "$@" 2>&1)
	status=$?
}

for suite in bookworm trixie; do
	stock_tree "$suite" || skip "mmdebstrap could not make a tree of $suite (no mirror?)"
	tree=$work/$suite
	case=$tree/case
	mkdir "$tree"
	tar -C "$tree" -xpf "$tree_tar" --exclude='./dev/*' || exit 1
	version=$(chroot "$tree" systemd-analyze --version | awk 'NR == 1 { print $2 }')
	n=0
	for after in "$top_srcdir"/tests/golden/plan/*/{after,next-after}; do
		mapfile -t units < <(cd "$after" 2>/dev/null && find etc/systemd/system -name zz-holdfast.conf 2>/dev/null |
			sed 's|.*/\([^/]*\)\.d/zz-holdfast.conf$|\1|')
		[[ ${#units[@]} != 0 ]] || continue
		name=${after#"$top_srcdir"/tests/golden/plan/}
		lay "$after"
		verify "${units[@]}"
		[[ $status == 0 && -z $said ]] || bad "systemd $version, $name: exit status $status: $said"
		n=$((n + ${#units[@]}))
	done
	((n >= 16)) && ok "systemd $version takes all $n drop-ins" || bad "only $n drop-ins found"
	# it does look at them
	sed -i 's|^ExecStart=/.*|ExecStart=relative/dockerd|' \
		"$case/etc/systemd/system/docker.service.d/zz-holdfast.conf"
	verify docker.service
	[[ $status != 0 && $said == *zz-holdfast.conf:* ]] && ok "and refuses a bad one" ||
		bad "a bad one passes: exit status $status: $said"
	rm -rf "$tree"
done
exit $((failures > 0))
