#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# list, facts, explain and lint --resolved; and where a report goes.
. "$(dirname "$0")/lib.sh"
mkdir -p root/etc/docker
printf 'ID=debian\nVERSION_ID="12"\n' >root/etc/os-release
printf 'web-01\n' >root/etc/hostname
cat >shop.yaml <<'END'
holdfast: 1
name: shop
title: Hosts of the shop
vars: {max: "0750"}
controls:
  - id: dir-mode
    title: The configuration is closed to others
    level: 2
    severity: high
    tags: [modes]
    refs: {house: ["3.1", "3.2"]}
    rationale: Keys lie there.
    when: {exists: /etc/docker}
    files: [{path: /etc/docker, max_mode: "${max}"}]
  - id: off
    title: Not wanted here
    files: [{path: /etc, owner: root}]
  - id: watched
    title: Seen, not changed
    enforce: false
    files: [{path: /etc/docker, max_mode: "0700"}]
tailor:
  off: {disabled: "see ticket 7"}
waivers:
  - {control: watched, hosts: ["db-*"], reason: "old mounts", approved_by: ops, until: 2099-01-01}
END
sed '/^tailor/,/ticket 7/d' shop.yaml >base.yaml
printf 'holdfast: 1\nname: site\ntitle: Site\nextends: [./base.yaml]\n' >site.yaml
printf 'tailor: {off: {disabled: "see ticket 7"}}\n' >>site.yaml

run 0 list site.yaml
out "dir-mode  2 high   files"
out "[disabled]"
out "[observed only]"
out "watched on db-* until 2099-01-01: old mounts (approved by ops)"
run 0 list site.yaml --only 'dir-*'
out "[not selected]"
run 0 list site.yaml --format=json
json
out '"kinds": ["files"]'
out '"disabled": "see ticket 7"'
out '"control": "watched"'

run 0 facts --root root site.yaml
out "hostname"
out "web-01"
out "exists:/etc/docker"
out "live:audit"
run 0 facts --root root --fact engine=26.1.5
out "26.1.5  (--fact)"
run 0 facts --root root --format=json
json
out '"name": "hostname", "known": "present", "value": "web-01"'

run 0 explain --root root --baseline site.yaml dir-mode
out "drift  dir-mode  The configuration is closed to others (high)"
out "why        Keys lie there."
out "rank       level 2, severity high"
out "refs       house 3.1, house 3.2"
out "declared   ./base.yaml:6"
out "sets       files:/etc/docker#mode: at most 0750"
run 0 explain --root root --baseline site.yaml --format=json dir-mode off
json
out '"id": "dir-mode"'
out '{"kind": "files", "resource": "files:/etc/docker#mode", "layer": "persisted", "state": "drift"'
out '"declared": {"file": "./base.yaml", "line": 14}'
out '"state": "disabled"'

run 2 check --root root site.yaml
out "enforce: false: reported, never changed"
run 0 check --root root site.yaml -v --fact hostname=db-3 --skip dir-mode
out "waived until 2099-01-01: old mounts"
out "see ticket 7"

# The flat result is a baseline with the same meaning.
run 0 lint --resolved site.yaml
cp out flat.yaml
run 0 lint flat.yaml
run 2 check --root root flat.yaml
run 64 lint --resolved --format=json site.yaml
err "--resolved prints YAML"

# Where the report goes.
run 2 plan --root root site.yaml --output plan.txt
[ ! -s out ] || fail "--output leaves something on stdout"
grep -q '^drift' plan.txt || fail "--output: $(cat plan.txt)"
mkdir sub
run 1 plan --root root site.yaml --output missing/plan.txt
err "cannot write 'missing/plan.txt'"
run 2 plan --root root site.yaml --output /dev/null
[ -c /dev/null ] || fail "/dev/null was replaced"
run 2 plan --root root site.yaml --output -
out "drift"
printf 'before\n' >out.log
ln -s /proc/self/fd/1 stdout
"$HOLDFAST" plan --root root site.yaml --output stdout >>out.log 2>err
[ -h stdout ] || fail "a link such as /dev/stdout was replaced"
[ "$(sed -n 1p out.log)" = before ] && grep -q '^drift' out.log || fail "--output stdout: $(cat out.log)"
printf 'before\n' >report.txt
chmod 600 report.txt
ln -s report.txt report
run 2 plan --root root site.yaml --output report
[ -h report ] && grep -q '^drift' report.txt || fail "the file behind a link: $(ls -l)"
[ "$(stat -c %a report.txt)" = 600 ] || fail "the report's mode became $(stat -c %a report.txt)"
! grep -q before report.txt || fail "the report was not replaced"
run 2 plan --root root site.yaml --color=always
grep -q "$(printf '\033')\[1m" out || fail "--color=always has no colour"
run 2 plan --root root site.yaml
grep -q "$(printf '\033')" out && fail "colour without a terminal"
finish
