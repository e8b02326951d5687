#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# import: rules files become a baseline that compiles back to the same rules.
. "$(dirname "$0")/lib.sh"

mkdir -p root/etc/audit/rules.d root/etc/docker root/usr/sbin
: >root/usr/sbin/auditctl
cat >30-first.rules <<'EOT'
## a comment
-D
-b 9000
-f 1
-w /etc/docker -p wa -k docker
-a always,exit -F arch=b64 -S mount,umount2 -F auid>=1000 -k a\ b
-a always,exit -F arch=b64 -S nosuchcall -k x
-w /nowhere/at/all -p wa
-a never,exclude -F msgtype=CWD
-e 2
EOT
printf -- '-w /etc/docker -p wa -k docker\n-w /etc/docker/${x} -p r' >first.rules
run 0 import --root root --fact arch=x86_64 --rules 30-first.rules first.rules
mv out in.yaml
err "30-first.rules:7: warning: left out: '-a always,exit -F arch=b64 -S nosuchcall -k x': there is no syscall named 'nosuchcall' on arch b64"
err "30-first.rules:8: warning: left out: '-a always,exit -F path=/nowhere/at/all -F perm=wa': its directory is not there"
err "first.rules:1: warning: left out: '-a always,exit -F dir=/etc/docker -F perm=wa -F key=docker': the same rule stands before it"
cat >expected <<'EOT'
holdfast: 1
name: imported
title: "Audit rules as they were in files"
controls:
  - id: audit-settings
    title: Settings of the audit system
    audit:
      settings: {enabled: locked, failure: 1, backlog_limit: 9000}
  - id: audit-30-first
    title: "Audit rules of 30-first.rules"
    audit:
      rules:
        - {rule: "-a always,exit -F dir=/etc/docker -F perm=wa -F key=docker"}
        - {rule: "-a always,exit -F arch=b64 -S mount,umount2 -F auid>=1000 -F key=a\\ b"}
        - {rule: "-a never,exclude -F msgtype=CWD"}
  - id: audit-first
    title: "Audit rules of first.rules"
    audit:
      rules:
        - {rule: "-a always,exit -F path=/etc/docker/$${x} -F perm=r"}
EOT
diff -u expected in.yaml || fail "the baseline is another"
run 0 lint ./in.yaml
run 0 compile ./in.yaml --root root --fact arch=x86_64 --output-dir dir
cat >expected <<'EOT'
-a always,exit -F dir=/etc/docker -F perm=wa -F key=docker
-a always,exit -F arch=b64 -S mount,umount2 -F auid>=1000 -F key=a\ b
-a never,exclude -F msgtype=CWD
-a always,exit -F path=/etc/docker/${x} -F perm=r
EOT
grep -v '^#' "$(find dir -name 60-holdfast.rules)" >rules
diff -u expected rules || fail "other rules come back"

# A later line takes a rule out; -A goes before the others; odd names of files.
cat >settings.rules <<'EOT'
-w /etc/docker -p wa -k one
-w /etc/docker -p r -k two
-w /etc/docker -p x -k three
-D
-D -k two
-W /etc/docker -p wa -k one
-d always,exit -S mount
-A never,exit -F path=/etc/docker/x -F perm=wa
-A always,exit -F path=/etc/docker/x -F perm=wa -k x
EOT
odd=$(printf 'a\nb\001"${y}.rules')
printf -- '-b 4294967295 -r 4294967295\n--backlog_wait_time 600000\n--loginuid-immutable\n-f 0\n-w /etc/docker -p wa -k one\n' >"$odd"
long=$(printf '%0120d.rules' 0)
printf -- '-w /etc/docker -p a -k long\n' >"$long"
printf -- '-w /etc/docker -p a -k again\n' >0.rules
cp 0.rules 0-2.rules
printf -- '-w /etc/docker -p a -k third\n' >0_2.rules
run 0 import --root root --fact arch=x86_64 --rules settings.rules "$odd" "$long" 0-2.rules 0.rules 0_2.rules
mv out in.yaml
err "settings.rules:7: warning: left out: '-d always,exit -S mount': the rule that it deletes does not stand before it"
[ "$(grep -c 'left out' err)" = 2 ] || fail "other lines are left out: $(cat err)"
grep '^  - id:' in.yaml | sort -u >ids
[ "$(grep -c . ids)" = 6 ] || fail "an id comes twice, or is missing: $(cat in.yaml)"
run 0 lint ./in.yaml
rm -rf dir
run 0 compile ./in.yaml --root root --fact arch=x86_64 --output-dir dir
cat >expected <<'EOT'
-a always,exit -F path=/etc/docker/x -F perm=wa -F key=x
-a never,exit -F path=/etc/docker/x -F perm=wa
-a always,exit -F dir=/etc/docker -F perm=x -F key=three
-a always,exit -F dir=/etc/docker -F perm=wa -F key=one
-a always,exit -F dir=/etc/docker -F perm=a -F key=long
-a always,exit -F dir=/etc/docker -F perm=a -F key=again
-a always,exit -F dir=/etc/docker -F perm=a -F key=third
EOT
grep -v '^#' "$(find dir -name 60-holdfast.rules)" >rules
diff -u expected rules || fail "other rules come back"
cat >expected <<'EOT'
-f 0
-b 4294967295
--backlog_wait_time 600000
-r 4294967295
--loginuid-immutable
EOT
grep -v '^#' "$(find dir -name zz-holdfast.rules)" >rules
diff -u expected rules || fail "other settings come back"

# Rules that record nothing, as one before them says never: no baseline can demand them.
cat >dead.rules <<'EOT'
-w /etc/docker/x -p wa -k dead
-w /etc/docker -p wa -k alive
-a never,exit -F arch=b32 -F path=/etc/docker/y
-w /etc/docker/y -p wa -k dead
-A never,exit -F path=/etc/docker/x
-a always,exit -F arch=b64 -F path=/etc/docker/y -F perm=wa
EOT
run 0 import --root root --fact arch=x86_64 --rules dead.rules
mv out in.yaml
err "dead.rules:1: warning: left out: '-a always,exit -F path=/etc/docker/x -F perm=wa -F key=dead': a rule before it takes all its events, or all of one ABI: -a never,exit -F path=/etc/docker/x"
err "dead.rules:4: warning: left out"
rm -rf dir
run 0 compile ./in.yaml --root root --fact arch=x86_64 --output-dir dir
cat >expected <<'EOT'
-a never,exit -F path=/etc/docker/x
-a always,exit -F dir=/etc/docker -F perm=wa -F key=alive
-a never,exit -F arch=b32 -F path=/etc/docker/y
-a always,exit -F arch=b64 -F path=/etc/docker/y -F perm=wa
EOT
grep -v '^#' "$(find dir -name 60-holdfast.rules)" >rules
diff -u expected rules || fail "other rules come back"

# What this host's release of auditctl takes.
printf -- '-a always,io_uring -S 18 -k u\n-a never,exclude -F uid=5 -F exe=/etc/docker/x\n-a never,exclude -F euid=5\n' >new.rules
run 0 import --root root --fact arch=x86_64 --fact audit=3.0.9 --rules new.rules
err "new.rules:1: warning: left out: '-a always,io_uring -S 18 -k u': auditctl before 3.1 does not know the list io_uring"
err "new.rules:3: warning: left out"
run 0 import --root root --fact arch=x86_64 --fact audit=3.1.2 --rules new.rules
[ "$(grep -c 'rule:' out)" = 3 ] || fail "lines that auditctl 3.1.2 takes are left out: $(cat err)"

# What YAML does not take, or takes for the end of a line.
f=$(printf 'line\342\200\250end.rules')
printf -- '-w /etc/docker -p wa -k a\302\205b\n-w /etc/docker -p wa -k a\342\200\251b\n-w /etc/docker -p wa -k a\302\200b\n-w /etc/docker -p wa -k a\357\273\277b\n-w /etc/docker -p wa -k a\303\274b\n' >"$f"
run 0 import --root root --fact arch=x86_64 --rules "$f"
mv out in.yaml
[ "$(grep -c 'no line of text stands for this rule' err)" = 4 ] || fail "taken: $(cat err)"
[ "$(grep -c 'rule:' in.yaml)" = 1 ] || fail "others come back: $(cat in.yaml)"
run 0 lint ./in.yaml

printf '\0' >nul.rules
run 1 import --rules nul.rules
err "cannot read 'nul.rules': it holds NUL bytes"
run 1 import --root root --fact arch=x86_64 --rules 30-first.rules nul.rules
[ "$(grep -c 'no syscall named' err)" = 1 ] || fail "a warning comes twice: $(cat err)"
run 1 import --rules root
err "cannot read 'root': Is a directory"
if [ -c /dev/zero ]; then
	run 1 import --rules /dev/zero
	err "cannot read '/dev/zero': it is too long"
fi
run 0 import --rules /dev/null
out "controls:"
run 64 import --root root
err "below --root there is no running list"
finish
