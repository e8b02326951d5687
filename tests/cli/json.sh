#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# JSON 1.0: for every exit status all members are there, each of its type.
members=$(pwd)/tests/cli/json_members
. "$(dirname "$0")/lib.sh"
HOLDFAST_BASELINE_PATH=$work
export HOLDFAST_BASELINE_PATH

# whole STATUS COMMAND ARGUMENT...: run, and look at every member of the report
whole() {
	wanted=$1
	command=$2
	run "$@" --format json
	"$members" "$command" "$wanted" <out || fail "run $n: $*"
}

mkdir -p root/etc/docker root/usr/lib/systemd/system root/var/lib
echo '{"icc": true, "debug": true}' >root/etc/docker/daemon.json
echo 'root:x:0:0::/:/bin/sh' >root/etc/passwd
echo 'root:x:0:' >root/etc/group
cat >one.yaml <<'EOT'
holdfast: 1
name: one
vars: {level: warn}
controls:
  - id: icc
    title: No traffic between containers
    tags: [net]
    refs: {cis: ["2.2"]}
    daemon: {set: {icc: false, log-level: "${level}"}}
  - {id: person, title: Somebody looks, manual: go and look}
  - {id: off, title: Switched off, disabled: not here, daemon: {set: {ipv6: false}}}
  - {id: later, title: Later, when: {engine: ">=99"}, daemon: {set: {mtu: 1400}}}
  - {id: waived, title: Waived, daemon: {set: {debug: false}}}
waivers:
  - {control: waived, reason: for a while, approved_by: them, until: 2099-01-01}
EOT
cat >finding.yaml <<'EOT'
holdfast: 1
name: one
controls:
  - {id: icc, title: T, daemon: {set: {icc: false, log-level: warn}, require: [labels]}}
EOT
printf 'holdfast: 1\nname: bad\nbogus: 1\ncontrols: 7\n' >bad.yaml
fact="--fact engine=20.10.24"

# shellcheck disable=SC2086 # an option and its value
{
	whole 2 plan --root root one $fact
	whole 2 check --root root one $fact
	whole 0 apply --root root one $fact
	whole 0 apply --root root one $fact
	whole 0 check --root root one $fact --only icc
	whole 6 check --root root finding $fact
	whole 2 plan --root root one --set level=info $fact
	whole 65 plan --root root bad
	whole 65 apply --root root bad
	whole 64 check --root nowhere one
	whole 64 check --root root one --only nothing
	printf '{"icc": 1' >root/etc/docker/daemon.json
	whole 7 check --root root one $fact
	whole 1 apply --root root one $fact
	whole 0 compile --root root one $fact --skip icc,waived --output-dir made
}
finish
