#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A control of which it cannot be told whether it applies does not make others unknown
# that demand the same.
. "$(dirname "$0")/lib.sh"

mkdir -p root/etc/docker root/usr/lib/systemd/system
echo '{"icc": false}' >root/etc/docker/daemon.json
chmod 0644 root/etc/docker/daemon.json
cat >b.yaml <<'EOT'
holdfast: 1
name: b
controls:
  - {id: perhaps, title: T, when: {lsm: apparmor}, daemon: {set: {icc: false}},
     files: [{path: /etc/docker, max_mode: "0755"}]}
  - {id: surely, title: T, daemon: {set: {icc: false}},
     files: [{path: /etc/docker, max_mode: "0755"}]}
EOT
run 7 check -v --root root ./b.yaml
out "unknown  perhaps"
out "pass  surely"
run 0 check --root root ./b.yaml --only surely
run 0 check --root root ./b.yaml --fact lsm=apparmor
run 0 check --root root ./b.yaml --fact lsm=selinux
finish
