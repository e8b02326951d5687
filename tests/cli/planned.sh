#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What one kind makes is there for the next: a drop-in that ${unit:} names is watched by the
# very apply that writes it, though its directory is not there yet.
. "$(dirname "$0")/lib.sh"

units=root/usr/lib/systemd/system
mkdir -p $units root/etc/systemd/system/multi-user.target.wants root/etc/audit/rules.d \
	root/etc/systemd/system root/usr/bin root/var/lib
printf '[Service]\nExecStart=/usr/bin/dockerd\n' >$units/docker.service
printf '[Service]\nExecStart=/sbin/auditd\nExecStartPost=-/sbin/augenrules --load\n' >$units/auditd.service
ln -s ../auditd.service root/etc/systemd/system/multi-user.target.wants/auditd.service
mkdir -p root/usr/sbin
printf "#!/bin/sh\n" >root/usr/sbin/augenrules
printf "#!/bin/sh\n" >root/usr/sbin/auditctl
cat >b.yaml <<'END'
holdfast: 1
name: b
controls:
  - id: watched
    title: The unit is watched
    audit: {rules: [{watch: "${unit:docker.service}", perm: wa, key: d}]}
  - id: core
    title: No core dumps
    units: {docker.service: {Service: {LimitCORE: "0"}}}
END
on="--root root --fact arch=x86_64 --fact audit=3.0.9"
run 0 apply ./b.yaml $on
grep -q 'path=/etc/systemd/system/docker.service.d/zz-holdfast.conf' root/etc/audit/rules.d/60-holdfast.rules ||
	fail "the drop-in is not watched: $(cat root/etc/audit/rules.d/*)"
run 0 check ./b.yaml $on
run 0 apply ./b.yaml $on
finish
