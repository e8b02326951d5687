# SPDX-License-Identifier: Apache-2.0
#
# From a poor vantage point (not root, a foreign namespace, a chroot, no systemd, no
# Docker) it says what cannot be told or does not apply, and never passes what it did not
# see. The kernel's audit list stays as it is.
. "$top_srcdir/tests/live/lib.sh"
need_root
need jq setpriv unshare chroot
start
rules_before=$(auditctl -l 2>&1)
chmod 0755 "$work"
# the sources may be in a folder that others cannot enter
cp -L "$HOLDFAST" "$work/holdfast"
cp -r "$top_srcdir/templates" "$work/templates"
HOLDFAST=$work/holdfast
export HOLDFAST_BASELINE_PATH=$work/templates

# from WHERE COMMAND...: run holdfast that way
from() {
	where=$1
	shift
	"$@" >"$work/json" 2>"$work/err" </dev/null
	status=$?
}

no_live_audit() {
	jq -e '[.resources[] | select(.kind == "audit" and .layer == "live"
		and (.state == "pass" or .state == "drift"))] == []' "$work/json" >/dev/null &&
		ok "$where: nothing is claimed about the kernel's rules" ||
		{ bad "$where: claims about the kernel's rules"; show; }
}

never() { # STATUS...: the statuses that would be a false pass
	if [[ " $* " == *" $status "* ]]; then
		bad "$where: exits $status"
		show
	else
		ok "$where: exits $status"
	fi
}

says() { # EXTENDED-REGULAR-EXPRESSION
	if grep -qiE -- "$1" "$work/json" "$work/err"; then
		ok "$where: says '$(grep -ohiE -- "$1" "$work/json" "$work/err" | head -n 1)'"
	else
		bad "$where: does not say why"
		show
	fi
}

nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups --bounding-set=-all --inh-caps=-all)

if [[ -e /etc/audit ]] && auditctl -s >/dev/null 2>&1; then
	from "not root" "${nobody[@]}" "$HOLDFAST" check --format json --only audit-docker-config cis-docker
	exits 7 "not root: check of an audit rule"
	no_live_audit
	says 'permission|not permitted|privilege|root'
fi
from "not root" "${nobody[@]}" "$HOLDFAST" check --format json cis-docker
never 0 6
[[ -z $(controls pass | grep '^audit-') ]] || bad "not root: $(controls pass | grep '^audit-' | tr '\n' ' ') pass"
from "not root" "${nobody[@]}" "$HOLDFAST" apply --format json cis-docker
never 0 3

from "pid namespace" unshare --pid --fork --mount-proc "$HOLDFAST" check --format json --only 'audit-*' cis-docker
no_live_audit
says 'namespace'
from "user namespace" unshare --user --map-root-user "$HOLDFAST" check --format json --only 'audit-*' cis-docker
no_live_audit
says 'namespace'
from "user namespace of an ordinary user" "${nobody[@]}" unshare --user --map-root-user \
	"$HOLDFAST" check --format json cis-docker
if grep -q 'unshare:' "$work/err"; then
	ok "user namespace of an ordinary user: not allowed on this machine"
else
	no_live_audit
	never 0 6
fi

# A chroot reaches the outer kernel: apply in there must leave its rules alone.
tree=$work/tree
sh "$top_srcdir/contrib/sample-root" "$tree"
mkdir -p "$tree/opt/templates" "$tree/proc" "$tree/dev"
cp "$top_srcdir"/templates/*.yaml "$tree/opt/templates/"
cp "$HOLDFAST" "$tree/opt/holdfast"
while read -r lib; do
	mkdir -p "$tree/$(dirname "$lib")"
	cp -L "$lib" "$tree/$lib"
done < <(ldd "$HOLDFAST" | grep -o '/[^ ]*')
chroot_env=(env HOLDFAST_BASELINE_PATH=/opt/templates chroot "$tree" /opt/holdfast)
if "${chroot_env[@]}" --version >/dev/null 2>"$work/err"; then
	from "chroot without /proc" "${chroot_env[@]}" check --format json cis-docker
	no_live_audit
	says 'chroot|/proc|root of pid 1|root of process 1'
	mount -t proc proc "$tree/proc"
	from "chroot" "${chroot_env[@]}" check --format json cis-docker
	no_live_audit
	says 'chroot|root of pid 1|root of process 1'
	from "chroot" "${chroot_env[@]}" apply --format json cis-docker
	exits 0 "chroot: apply"
	from "chroot" "${chroot_env[@]}" check --format json cis-docker
	exits 6 "chroot: check"
	umount "$tree/proc"
else
	bad "the program does not run in a chroot"
	cat "$work/err"
fi
[[ $(auditctl -l 2>&1) == "$rules_before" ]] && ok "the kernel's rules are as before" ||
	bad "the kernel's rules have changed"

if [[ ! -d /run/systemd/system ]]; then
	from "no systemd" "$HOLDFAST" check --format json --only 'docker-socket-*' cis-docker
	says 'systemd'
	jq -e '[.resources[] | select(.kind == "units" and .layer == "live" and .state == "pass")] == []' \
		"$work/json" >/dev/null && ok "no systemd: nothing is claimed about loaded units" ||
		bad "no systemd: live units pass"
fi

# No Docker at all.
bare=$work/bare
sh "$top_srcdir/contrib/sample-root" "$bare"
rm -rf "$bare"/etc/docker "$bare"/etc/containerd "$bare"/etc/default/docker \
	"$bare"/usr/lib/systemd/system/{docker,containerd}.* "$bare"/usr/sbin/{dockerd,runc} \
	"$bare"/usr/bin/{containerd*,runc} "$bare"/etc/systemd/system/*.wants/{docker,containerd}.*
: >"$bare/var/lib/dpkg/status"
from "no Docker" "$HOLDFAST" check --format json --root "$bare" cis-docker
[[ -z $(controls pass | grep -v '^audit-on$') ]] && ok "no Docker: nothing of it passes" ||
	bad "no Docker: pass: $(controls pass | tr '\n' ' ')"
[[ -z $(controls unknown) ]] || bad "no Docker: unknown: $(controls unknown | tr '\n' ' ')"
[[ $(controls not-applicable | grep -cx 'docker-icc\|audit-dockerd\|docker-unit-mode') == 3 ]] &&
	ok "no Docker: its controls are not applicable" || bad "no Docker: $(show)"
