# SPDX-License-Identifier: Apache-2.0
#
# A freshly made Debian tree with Docker: apply, check, apply again; every single tampering
# is found and laid at the right door; nothing outside the tree is touched. As root.
#
#   HOLDFAST=PROGRAM top_srcdir=DIR bash tests/tree/SUITE.sh
#
set -u -o pipefail
export LC_ALL=C
suite=${1:?}
. "$top_srcdir/tests/trees.sh"
export HOLDFAST_BASELINE_PATH=$top_srcdir/templates
SOURCE_DATE_EPOCH=1700000000
export SOURCE_DATE_EPOCH

skip() {
	echo "$1"
	exit 77
}

[[ $(id -u) == 0 ]] || skip "needs root"
for program in mmdebstrap jq getfattr; do
	command -v $program >/dev/null || skip "needs $program"
done

stock_tree "$suite" ||
	skip "mmdebstrap could not make a tree of $suite (no mirror?)"

work=$(mktemp -d /var/tmp/holdfast-tree.XXXXXX) || exit 1
trap 'rm -rf "$work"' EXIT
root=$work/root
outside=$work/outside
mkdir "$root" "$outside"
tar -C "$root" -xpf "$tree_tar" --exclude='./dev/*' || exit 1
echo "precious" >"$outside/daemon.json"
chmod 0640 "$outside/daemon.json"

failures=0
ok() {
	echo "ok: $suite: $*"
}
bad() {
	echo "not ok: $suite: $*"
	failures=$((failures + 1))
}

# hf COMMAND...: the JSON in $work/json, the status in $status
hf() {
	"$HOLDFAST" "$1" --root "$root" --format json "${@:2}" >"$work/json" 2>"$work/err"
	status=$?
}

show() {
	cat "$work/err"
	jq -r '.errors[]?.message, (.resources[]? | select(.state | IN("pass", "not-applicable") | not)
		| "\(.state) \(.layer) \(.resource) wanted \(.wanted) found \(.found) why \(.why)")' \
		"$work/json" | head -n 30
}

# Ids of the controls in one of the states.
controls() {
	local states
	states=$(printf '"%s",' "$@")
	jq -r ".controls[] | select(.state | IN(${states%,})) | .id" "$work/json" | sort
}

# tampered NAME "CONTROL...": check must exit 2 and name exactly these as drift
tampered() {
	local name=$1 wanted found
	wanted=$(tr ' ' '\n' <<<"$2" | sort)
	hf check $baseline
	found=$(controls drift unknown)
	if [[ $status != 2 ]]; then
		bad "$name: check exited $status, not 2"
		show
	elif [[ $found != "$wanted" ]]; then
		bad "$name: check names other controls than it should"
		diff <(echo "$wanted") <(echo "$found")
		show
	else
		ok "$name"
	fi
}

# Remember a path, and put it back with all that belongs to it.
keep() {
	kept=$root/$1
	rm -rf "$work/kept"
	cp -a "$kept" "$work/kept"
}
back() {
	rm -rf "$kept"
	cp -a "$work/kept" "$kept"
	hf check $baseline
	[[ $status == "$in_sync" ]] || {
		bad "after putting $kept back check exits $status"
		show
	}
}

baseline=cis-docker
findings="docker-authorization-plugin
docker-remote-logging
docker-userns-remap"

bash "$top_srcdir/tests/tree/listing" "$outside" >"$work/outside.before"
bash "$top_srcdir/tests/tree/listing" "$root" >"$work/stock"

hf plan $baseline
[[ $status == 2 ]] && ok "plan exits 2" || { bad "plan exits $status"; show; }
bash "$top_srcdir/tests/tree/listing" "$root" >"$work/planned"
cmp -s "$work/stock" "$work/planned" && ok "plan changes nothing" || bad "plan changed the tree"

hf apply $baseline
[[ $status == 0 ]] && ok "apply exits 0" || { bad "apply exits $status"; show; }
bash "$top_srcdir/tests/tree/listing" "$root" >"$work/applied"

# Nothing but what is ours; a folder's times change when a file is made in it.
made=$(diff <(cut -d'|' -f1,4,5,6,9,10 "$work/stock" | grep '|') \
	<(cut -d'|' -f1,4,5,6,9,10 "$work/applied" | grep '|') |
	grep '^[<>]' | grep -v '|d|' | cut -d' ' -f2 | cut -d'|' -f1 | sort -u)
cat >"$work/ours" <<'EOT'
./etc/audit/audit.rules
./etc/audit/rules.d/60-holdfast.rules
./etc/audit/rules.d/zz-holdfast.rules
./etc/docker/daemon.json
./etc/tmpfiles.d/holdfast.conf
./var/lib/holdfast/applied.json
EOT
strange=$(comm -23 <(echo "$made") "$work/ours")
[[ -z $strange ]] && ok "apply makes and changes only its own files" ||
	bad "apply touched: $strange"

hf check $baseline
in_sync=$status
if [[ $status == 6 && $(controls finding) == "$findings" && -z $(controls drift unknown) ]]; then
	ok "check exits 6 with the findings that README lists"
else
	bad "check exits $status"
	show
fi

hf apply $baseline
bash "$top_srcdir/tests/tree/listing" "$root" >"$work/again"
if [[ $status == 0 ]] && cmp -s "$work/applied" "$work/again"; then
	ok "a second apply changes nothing at all"
else
	bad "a second apply exits $status and changes:"
	diff "$work/applied" "$work/again"
fi

# One tampering at a time.
json=$root/etc/docker/daemon.json
rules=$root/etc/audit/rules.d/60-holdfast.rules
unit=usr/lib/systemd/system/docker.service
audited=$(jq -r '.controls[] | select(.state != "not-applicable") | select(.id | startswith("audit-"))
	| .id' "$work/json" | sort)
# among them audit-on: augenrules puts -e at the end, so it is behind the abort as well

keep etc/docker/daemon.json
jq '.icc = true' "$work/kept" >"$json"
tampered "a key flipped" docker-icc
back
jq 'del(."no-new-privileges")' "$work/kept" >"$json"
tampered "a key removed" docker-no-new-privileges
back
chmod o+w "$json"
tampered "a mode bit added to daemon.json" docker-daemon-json-mode
back
chmod u+s "$json"
tampered "setuid added" docker-daemon-json-mode
back
chown 1 "$json"
tampered "the owner changed" docker-daemon-json-owner
back
chgrp 1 "$json"
tampered "the group changed" docker-daemon-json-owner
back

keep etc/docker
chmod g+w "$root/etc/docker"
tampered "a mode bit added to /etc/docker" docker-config-dir-mode
back

keep etc/audit/rules.d/60-holdfast.rules
for arch in b64 b32; do
	grep -v "arch=$arch.*=/usr/sbin/dockerd " "$work/kept" >"$rules"
	cmp -s "$work/kept" "$rules" && bad "there is no $arch rule for dockerd in the fragment"
	tampered "a rule ($arch) deleted from the fragment" audit-dockerd
	back
done

keep etc/audit/rules.d
echo "-a never,exit -F arch=b64 -F path=/usr/sbin/dockerd -F perm=wa" \
	>"$root/etc/audit/rules.d/10-never.rules"
tampered "a never rule in an earlier file" audit-dockerd
back
printf '%s\n' "-a always,exit -F nosuch=1" >"$root/etc/audit/rules.d/10-bad.rules"
tampered "a bad line in an earlier file" "$(tr '\n' ' ' <<<"$audited" | sed 's/ $//')"
back
printf '%s\n' "-a always,exit -F dir=/nowhere/at/all -F perm=wa" \
	>"$root/etc/audit/rules.d/10-bad.rules"
tampered "a rule in an earlier file for a folder that is not there" \
	"$(tr '\n' ' ' <<<"$audited" | sed 's/ $//')"
back

keep $unit
chmod g+w "$root/$unit"
tampered "the vendor unit's mode changed" docker-unit-mode
back
chown 1 "$root/$unit"
tampered "the vendor unit's owner changed" docker-unit-owner
back

# violated CONTROL COMMANDS: with the COMMANDS run in the tree the control must not pass
violated() {
	keep etc
	(cd "$root" && mkdir -p etc/systemd/system/docker.service.d && eval "$2") ||
		bad "$1: the tree could not be made so: $2"
	hf check $baseline
	if controls pass not-applicable | grep -qx "$1"; then
		bad "$1 passes with: $2"
	else
		ok "$1 sees: $2"
	fi
	back
}
dropin() {
	printf '%s\n' "$@" >etc/systemd/system/docker.service.d/x.conf
}

violated docker-tcp-tls "dropin '[Service]' 'Environment=\"DOCKER_OPTS=-H :2375\"'"
violated docker-tcp-tls "dropin '[Service]' ExecStart= 'ExecStart=/usr/sbin/dockerd --tls'"
violated docker-tcp-tls "dropin '[Service]' ExecStart= \
	'ExecStart=/bin/sh -c \"exec dockerd -H tcp://0.0.0.0:2375\"'"
violated docker-tcp-tls "printf '[Socket]\nListenStream=2375\nService=docker.service\n' \
	>etc/systemd/system/docker-tcp.socket"
violated docker-tls-key-mode "dropin '[Service]' Environment=DOCKER_OPTS=--tlsverify"
violated docker-icc "dropin '[Service]' RootDirectory=/srv"
violated docker-icc "dropin '[Service]' BindPaths=/srv:/etc/docker"
violated docker-icc "dropin '[Service]' TemporaryFileSystem=/etc"
violated docker-insecure-registries "dropin '[Service]' \
	Environment=DOCKER_OPTS=--registry-mirror=HTTP://mirror"
# what these are about went with 24.0 and 25.0; Debian 13 has a later one
if [[ $suite == bookworm ]]; then
	violated docker-aufs "dropin '[Service]' Environment=DOCKER_DRIVER=aufs"
	violated docker-base-device-size "dropin '[Service]' \
		Environment=DOCKER_OPTS=--storage-opt=DM.BaseSize=20G"
fi
violated docker-daemon-json-mode "install -m 0666 etc/docker/daemon.json etc/d.json
	dropin '[Service]' Environment=DOCKER_OPTS=--config-file=/etc/d.json"
violated audit-docker-daemon-json "cp etc/docker/daemon.json etc/d.json
	dropin '[Service]' Environment=DOCKER_OPTS=--config-file=/etc/d.json"
violated docker-daemon-json-owner "mkdir etc/u; chown 1 etc/u
	mv etc/docker/daemon.json etc/u/; ln -s /etc/u/daemon.json etc/docker/daemon.json"
violated docker-unit-mode "chmod 0777 etc/systemd/system/docker.service.d"
violated docker-socket-unit-owner "chown 1 etc/systemd/system"
violated docker-registry-certs-mode "mkdir -p etc/docker/certs.d/r
	chmod 0777 etc/docker/certs.d/r"
violated docker-registry-certs-mode "mkdir -p etc/docker/certs.d/r
	touch etc/docker/certs.d/r/.ca.crt"
violated docker-registry-certs-owner "mkdir -p etc/docker/certs.d/r etc/u
	touch etc/u/k; chown 1 etc/u/k; ln -s /etc/u/k etc/docker/certs.d/r/a.key"

# /etc/docker as a link that leaves the root: never a pass, nothing outside is touched.
mv "$root/etc/docker" "$work/etc-docker"
for target in "$outside" "../../../../../../../..$outside"; do
	ln -s "$target" "$root/etc/docker"
	hf check $baseline
	case $status in
	0 | 3 | 6)
		bad "/etc/docker -> $target: check exits $status"
		show
		;;
	*) ok "/etc/docker as a link out of the root: check exits $status" ;;
	esac
	for control in docker-icc docker-no-new-privileges docker-config-dir-mode; do
		if controls pass | grep -qx $control; then
			bad "/etc/docker -> $target: $control passes"
		fi
	done
	hf apply $baseline
	case $status in
	0) bad "/etc/docker -> $target: apply exits 0" ;;
	*) ok "/etc/docker as a link out of the root: apply exits $status" ;;
	esac
	bash "$top_srcdir/tests/tree/listing" "$outside" >"$work/outside.after"
	cmp -s "$work/outside.before" "$work/outside.after" && ok "nothing outside is touched" ||
		bad "something outside was touched"
	rm "$root/etc/docker"
done
mv "$work/etc-docker" "$root/etc/docker"

# Drop-ins, with a small baseline of its own, in a fresh tree.
rm -rf "$root"
mkdir "$root"
tar -C "$root" -xpf "$tree_tar" --exclude='./dev/*' || exit 1
baseline=$work/units.yaml
cat >"$baseline" <<'EOT'
holdfast: 1
name: tree-units
title: Drop-ins of a tree
controls:
  - id: containerd-log-level
    title: containerd logs at level warn
    units:
      containerd.service: {exec_start: {set: {--log-level: warn}}}
  - id: socket-mode
    title: The socket is closed
    units:
      docker.socket: {Socket: {SocketMode: "0600"}}
EOT
hf apply "$baseline"
[[ $status == 0 ]] && ok "drop-ins: apply exits 0" || { bad "drop-ins: apply exits $status"; show; }
hf check "$baseline"
in_sync=$status
[[ $status == 0 ]] && ok "drop-ins: check exits 0" || { bad "drop-ins: check exits $status"; show; }
for unit in containerd.service docker.socket; do
	systemd-analyze verify --man=no --generators=no --root="$root" "/usr/lib/systemd/system/$unit" \
		>"$work/verify" 2>&1 && ok "drop-ins: systemd-analyze agrees with $unit" ||
		{ bad "drop-ins: systemd-analyze verify $unit"; cat "$work/verify"; }
done
keep etc/systemd/system/containerd.service.d/zz-holdfast.conf
sed -i 's/warn/debug/' "$kept"
tampered "a drop-in edited" containerd-log-level
back
rm "$kept"
tampered "a drop-in removed" containerd-log-level
back
keep etc/systemd/system/docker.socket.d/zz-holdfast.conf
sed -i 's/0600/0666/' "$kept"
tampered "a drop-in of the socket edited" socket-mode
back
keep usr/lib/systemd/system/containerd.service
sed -i 's|^ExecStart=.*|& --root /srv/containerd|' "$kept"
tampered "the vendor's ExecStart changed" containerd-log-level
hf apply "$baseline"
grep -q -- '--root /srv/containerd' "$root/etc/systemd/system/containerd.service.d/zz-holdfast.conf" &&
	ok "and apply follows it" || bad "apply does not follow the vendor's ExecStart"

# The way back: the whole baseline applied to a fresh tree, then rolled back, leaves no
# trace but the transactions on record: names, types, modes, owners, links, bytes, xattrs.
rm -rf "$root" && mkdir "$root"
tar -C "$root" -xpf "$tree_tar" --exclude='./dev/*' || exit 1
everything() {
	(cd "$root" && find . -path ./var/lib/holdfast -prune -o -printf '%p|%m|%U:%G|%y|%l\n' | sort &&
		find . -path ./var/lib/holdfast -prune -o -type f -print0 | sort -z |
		xargs -0 sha256sum && getfattr -Rhd -m - . 2>/dev/null)
}
everything >"$work/untouched"
hf apply cis-docker --record
[[ $status == 0 ]] && ok "apply --record exits 0" || { bad "apply --record exits $status"; show; }
everything | cmp -s - "$work/untouched" && bad "apply --record changed nothing"
hf rollback --record
[[ $status == 0 ]] && ok "rollback exits 0" || { bad "rollback exits $status"; show; }
everything >"$work/back"
cmp -s "$work/untouched" "$work/back" && ok "a rollback gives back the tree exactly" || {
	bad "a rollback leaves differences:"
	diff "$work/untouched" "$work/back" | head -n 20
}

if ((failures > 0)); then
	echo "$failures of the checks on $suite failed"
	exit 1
fi
exit 0
