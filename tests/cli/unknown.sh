#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What cannot be told releases nothing: rules that hang on an unreadable daemon.json stay.
. "$(dirname "$0")/lib.sh"

mkdir -p root/etc/docker root/etc/audit/rules.d root/srv/docker root/usr/sbin \
	root/usr/lib/systemd/system root/etc/systemd/system/multi-user.target.wants
echo 'root:x:0:0::/root:/bin/sh' >root/etc/passwd
echo 'root:x:0:' >root/etc/group
printf '{"data-root": "/srv/docker"}\n' >root/etc/docker/daemon.json
printf '[Service]\nExecStart=/usr/sbin/dockerd\n' >root/usr/lib/systemd/system/docker.service
printf '[Service]\nExecStart=/sbin/auditd\nExecStartPost=-/sbin/augenrules --load\n' \
	>root/usr/lib/systemd/system/auditd.service
ln -s /usr/lib/systemd/system/auditd.service \
	root/etc/systemd/system/multi-user.target.wants/auditd.service
touch root/usr/sbin/auditctl root/usr/sbin/augenrules
cat >b.yaml <<'END'
holdfast: 1
name: b
controls:
  - id: data
    title: Docker's data is watched
    audit: {rules: [{watch: "${daemon:data-root}", perm: wa, key: data}]}
  - id: config
    title: Docker's configuration is watched
    audit: {rules: [{watch: /etc/docker, perm: wa, key: config}]}
END
facts="--fact arch=x86_64 --fact audit=3.0.9 --fact engine=26.1.5"
n=0
hf() { # hf STATUS ARGUMENT...
	want=$1
	shift
	"$HOLDFAST" "$@" --root root $facts >out 2>err
	got=$?
	n=$((n + 1))
	[ $got = "$want" ] || fail "holdfast $*: exit $got, not $want: $(cat out err)"
}
rules=root/etc/audit/rules.d/60-holdfast.rules

hf 0 apply ./b.yaml
grep -q 'dir=/srv/docker' $rules || fail "the data is not watched: $(cat $rules)"
cp $rules before
echo 'broken' >root/etc/docker/daemon.json
hf 7 check ./b.yaml
grep -q released out && fail "something is released: $(cat out)"
hf 1 apply ./b.yaml
hf 7 apply ./b.yaml --leave-unknown
cmp -s before $rules || fail "rules were taken out: $(diff before $rules)"
hf 0 check ./b.yaml --only config
hf 0 apply ./b.yaml --only config
cmp -s before $rules || fail "a partial run took rules out"
printf '{"data-root": "/srv/docker"}\n' >root/etc/docker/daemon.json
hf 0 check ./b.yaml

# A flag that can be taken out of ExecStart=, and that a variable may bring again, which
# nobody can tell: blocked, not done and then not known.
printf '%s\n' '[Service]' 'EnvironmentFile=/etc/default/away' \
	'ExecStart=/usr/bin/containerd --debug $OPTIONS' >root/usr/lib/systemd/system/containerd.service
cat >flag.yaml <<'END'
holdfast: 1
name: flag
controls:
  - {id: flag, title: Flag, units: {containerd.service: {exec_start: {unset: [--debug]}}}}
END
hf 1 apply --replace ./flag.yaml
grep -q "blocked.*'/etc/default/away' is missing" err || fail "not blocked: $(cat out err)"
finish
