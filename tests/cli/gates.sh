#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Controls with `when`: one of which it cannot be told whether it applies does not make
# others unknown that demand the same; two contradict each other only where both apply.
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

# by whether the second control has a `when` as well: SECTION-A, SECTION-B
either_or() {
	for when in ', when: {engine: ">=24"}' ''; do
		cat >b.yaml <<EOT
holdfast: 1
name: b
controls:
  - {id: old, title: T, when: {engine: "<26"}, $1}
  - {id: new, title: T$when, $2}
EOT
		if [ "$when" ]; then
			run 0 lint ./b.yaml
			run 2 plan --root root ./b.yaml --fact engine=20.10
			run 2 plan --root root ./b.yaml --fact engine=26.1
			run 65 plan --root root ./b.yaml --fact engine=24.0
		else
			run 65 lint ./b.yaml
		fi
	done
}
printf '[Service]\nExecStart=/x --x=0\n' >root/usr/lib/systemd/system/x.service
either_or 'units: {x.service: {Service: {LimitCORE: 1}}}' \
	'units: {x.service: {Service: {LimitCORE: 2}}}'
either_or 'units: {x.service: {exec_start: {set: {--x: 1}}}}' \
	'units: {x.service: {exec_start: {unset: [--x]}}}'
either_or 'units: {x.service: {exec_start: {unset: ["--?"]}}}' \
	'units: {x.service: {exec_start: {set: {--x: 2}}}}'
either_or 'daemon: {set: {debug: true}}' 'daemon: {set: {log-level: warn, debug: false}}'

# what the plan makes is there once it is carried out: who waits for it is part of it
rm -rf root/etc/docker
mkdir -p root/var/lib
printf '[Service]\nExecStart=/usr/bin/dockerd\n' >root/usr/lib/systemd/system/docker.service
cat >b.yaml <<'EOT'
holdfast: 1
name: b
controls:
  - {id: mode, title: T, when: {exists: /etc/docker/daemon.json},
     files: [{path: /etc/docker/daemon.json, max_mode: "0600"}]}
  - {id: dir, title: T, when: {exists: /etc/docker/},
     files: [{path: /etc/docker, max_mode: "0755"}]}
  - {id: other, title: T, when: {exists: /etc/docker/other},
     files: [{path: /etc/docker/daemon.json, max_mode: "0400"}]}
  - {id: icc, title: T, daemon: {set: {icc: false}}}
EOT
run 2 check --root root ./b.yaml
run 0 apply --root root ./b.yaml --fact exists:/etc/docker/daemon.json=false --only icc,mode
out "1 not applicable"
[ "$(stat -c %a root/etc/docker/daemon.json)" = 644 ] || fail "the mode was not to be looked at"
rm -rf root/etc/docker root/var/lib/holdfast
run 0 apply -v --root root ./b.yaml
out "not-applicable  other"
[ "$(stat -c %a root/etc/docker/daemon.json)" = 600 ] || fail "daemon.json can be read by others"
run 0 check --root root ./b.yaml
run 0 apply --root root ./b.yaml
out "in-sync"
# and who asks for what it removes is no more part of it
grep -v 'id: icc' b.yaml >c && mv c b.yaml
printf '  - {id: next, title: T, when: {exists: /etc/docker/daemon.json},\n%s\n' \
	'     units: {docker.service: {Service: {LimitCORE: 1}}}}' >>b.yaml
run 0 apply -v --root root ./b.yaml
out "not-applicable  mode"
out "not-applicable  next"
[ ! -e root/etc/docker/daemon.json ] || fail "daemon.json stays"
run 0 check --root root ./b.yaml
run 0 apply --root root ./b.yaml
out "in-sync"
finish
