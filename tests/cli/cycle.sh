#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The whole cycle on a small tree: plan, apply, check, tamper, check, apply, release.
. "$(dirname "$0")/lib.sh"
command -v find >/dev/null && find . -printf '' 2>/dev/null || {
	echo "find(1) without -printf"
	exit 77
}

cat >shop.yaml <<'END'
holdfast: 1
name: shop
title: Hosts of the shop
version: "7"
vars: {verbosity: warn}
controls:
  - id: icc
    title: No free traffic between containers
    severity: high
    daemon: {set: {icc: false}}
  - id: log-level
    title: The daemon logs warnings
    level: 2
    daemon: {set: {log-level: "${verbosity}"}}
  - id: dir-mode
    title: The configuration is closed to others
    tags: [modes]
    files: [{path: /etc/docker, max_mode: "0750"}]
  - id: key-mode
    title: Keys are closed to others
    tags: [modes]
    files: [{path: "/etc/docker/certs.d/*/*.key", max_mode: "0400"}]
  - id: by-person
    title: The host is looked after
    manual: Look after it.
END
mkdir -p root/etc/docker/certs.d/hub
chmod 755 root/etc/docker
printf '{\n\t"debug": true,\n\t"labels": ["a"]\n}\n' >root/etc/docker/daemon.json
: >root/etc/docker/certs.d/hub/client.key
chmod 644 root/etc/docker/certs.d/hub/client.key
printf 'ID=debian\nVERSION_ID="12"\n' >root/etc/os-release
printf 'root:x:0:0:root:/root:/bin/sh\n' >root/etc/passwd
printf 'root:x:0:\n' >root/etc/group
listing() {
	find root -printf '%p %y %i %m %U %G %s %T@ %l\n' | sort
}

# Plan: everything is shown, nothing is touched.
listing >before
run 2 plan --root root shop.yaml
out "drift  icc  No free traffic between containers (high)"
out "daemon:/etc/docker/daemon.json#icc"
out "drift  dir-mode"
out "drift  key-mode"
tail -n 1 out | grep -q '^drift: 5 controls: 4 drift, 1 manual; 4 changes' || fail "summary: $(tail -n 1 out)"
[ "$(awk '{ if (length($0) > n) n = length($0) } END { print n }' out)" -le 100 ] ||
	fail "plan is wider than 100 columns"
run 2 --dry-run --root root shop.yaml
out "holdfast plan: shop 7"
run 2 apply --dry-run --root root shop.yaml
run 2 --check --root=root shop.yaml
out "holdfast check: shop 7"
run 2 apply --check --root=root shop.yaml
run 2 plan --diff --root root shop.yaml
out '+	"icc": false'
out ' 	"debug": true,'
run 2 plan -q --root root shop.yaml
[ "$(wc -l <out)" = 1 ] || fail "-q prints $(wc -l <out) lines"
run 2 plan --root root shop.yaml --format json
json
field exit 2
field result '"drift"'
field changed false
field command '"plan"'
run 0 check --root root shop.yaml --fail-on unknown,pending,findings
out "drift  icc"

# Selection: the rest is only counted, and a partial run says so.
run 2 check --root root shop.yaml --only tag:modes
out "dir-mode"
no_out "icc"
out "partial: 3 more not selected"
run 2 check --root root shop.yaml --skip 'dir-*,key-mode' --level 1
out "drift  icc"
no_out "dir-mode"
run 64 check --root root shop.yaml --only tag:mode
err "matches no control"
run 0 check --root root shop.yaml --only by-person

# Compile: only below the directory given.
run 0 compile --root root shop.yaml --output-dir compiled
grep -q '"icc": false' compiled/etc/docker/daemon.json || fail "compiled daemon.json"
grep -q '^/etc/docker	.*0750' compiled/files.txt || fail "files.txt: $(cat compiled/files.txt)"
run 0 explain --root root --baseline shop.yaml icc
out "No free traffic"
out "daemon:/etc/docker/daemon.json#icc"
run 64 explain --root root --baseline shop.yaml icx
err "did you mean 'icc'?"
listing >after
cmp -s before after || fail "a read-only command changed the tree"

# Apply, verify, again: nothing.
run 0 apply --root root shop.yaml
out "fixed  icc"
tail -n 1 out | grep -q '^applied: 5 controls: 4 pass, 1 manual; 4 changes' || fail "summary: $(tail -n 1 out)"
[ "$(stat -c %a root/etc/docker)" = 750 ] || fail "mode of /etc/docker"
[ "$(stat -c %a root/etc/docker/certs.d/hub/client.key)" = 400 ] || fail "mode of the key"
grep -q '	"labels": \["a"\]' root/etc/docker/daemon.json || fail "a foreign line changed"
run 0 compile --root root shop.yaml --output-dir again
diff -r compiled again >difference || fail "compile depends on the host's state: $(cat difference)"
listing >before
run 0 apply --root root shop.yaml
tail -n 1 out | grep -q '^in-sync: ' || fail "summary: $(tail -n 1 out)"
run 0 check --root root
listing >after
cmp -s before after || fail "the second apply changed the tree: $(diff before after)"
run 0 apply --root root --format json --output report.json
cp report.json out
json
field result '"in-sync"'
field changed false
[ "$(stat -c %a report.json)" = 644 ] || fail "mode of the report"
find . -name 'report.json.*' | grep -q . && fail "a temporary report is left"

# Tampering: the control that breaks, and no other.
chmod 755 root/etc/docker
run 2 check --root root
out "drift  dir-mode"
no_out "drift  icc"
tail -n 1 out | grep -q '^drift: 5 controls: 1 drift, 3 pass' || fail "summary: $(tail -n 1 out)"
chmod 750 root/etc/docker
sed -i 's/"icc": false/"icc": true/' root/etc/docker/daemon.json
run 2 check --root root
out "drift  icc"
out "the host is not as last applied"
no_out "drift  dir-mode"
run 0 apply --root root
run 0 check --root root

# Who made a change necessary: the host where the baselines are those of the last apply,
# also for what held then and is not in the record; the baseline where it is another.
cp root/etc/docker/daemon.json good.json
sed -i 's/^{/{\n\t"iptables": false,/' root/etc/docker/daemon.json
cat >>shop.yaml <<'END'
  - {id: firewall, title: Firewall, daemon: {set: {iptables: true}}}
  - {id: users, title: Users, files: [{path: /etc/passwd, max_mode: "0400"}]}
  - {id: files, title: Files, units: {docker.service: {Service: {LimitNOFILE: "5000"}}}}
END
mkdir -p root/etc/systemd/system
printf '[Service]\nExecStart=/usr/bin/dockerd\n' >root/etc/systemd/system/docker.service
run 2 check --root root shop.yaml --only firewall,users,files
[ "$(grep -c 'new in the baseline' out)" = 3 ] || fail "causes: $(cat out)"
cp good.json root/etc/docker/daemon.json
run 0 apply --root root shop.yaml
sed -i 's/^{/{\n\t"iptables": false,/' root/etc/docker/daemon.json
chmod 644 root/etc/passwd
sed -i 's/5000/6000/' root/etc/systemd/system/docker.service.d/zz-holdfast.conf
run 2 check --root root
[ "$(grep -c 'the host is not as last applied' out)" = 3 ] || fail "causes: $(cat out)"
no_out "new in the baseline"
run 0 apply --root root

# One inode with two names: a value that is demanded by either is not released.
echo x >root/etc/first
ln root/etc/first root/etc/second
cat >>shop.yaml <<'END'
  - {id: first, title: First, files: [{path: /etc/first, max_mode: "0640"}]}
  - {id: second, title: Second, files: [{path: /etc/second, max_mode: "0604"}]}
END
run 0 apply --root root shop.yaml
run 0 check --root root
sed -i '/id: first/d' shop.yaml
run 0 apply --root root shop.yaml
run 0 check --root root
[ "$(stat -c %a root/etc/second)" = 600 ] || fail "mode of two names: $(stat -c %a root/etc/second)"

# A variable, then its recorded value; then a smaller baseline releases the rest.
run 2 check --root root shop.yaml --set verbosity=error
run 0 apply --root root shop.yaml --set verbosity=error
grep -q '"log-level": "error"' root/etc/docker/daemon.json || fail "log-level of --set"
run 0 check --root root
sed '/id: log-level/,/daemon:/d' shop.yaml | sed '/^vars/d' >smaller.yaml
run 2 plan --root root smaller.yaml
out "released"
out "daemon:/etc/docker/daemon.json#log-level"
run 0 apply --root root smaller.yaml
grep -q log-level root/etc/docker/daemon.json && fail "log-level is not released"
run 0 check --root root

# A daemon.json that had no key comes back byte for byte, and one that we made goes; one
# that has a key of others by then keeps that.
cat >one.yaml <<E
holdfast: 1
name: one
title: one
controls: [{id: one, title: T, daemon: {set: {icc: false, log-opts: {max-size: 10m}}}}]
E
sed 's/daemon: .*/manual: x}]/' one.yaml >none.yaml
for text in '{}' '{}\n' '{ }' '{\n}\n' '\n{\n  \n}\r\n' '{\r\n}' absent; do
	rm -rf empty
	mkdir -p empty/etc/docker empty/etc/systemd/system
	printf '[Service]\nExecStart=/usr/sbin/dockerd -H fd://\n' \
		>empty/etc/systemd/system/docker.service
	# shellcheck disable=SC2059 # the escapes are meant
	[ "$text" = absent ] || printf "$text" >empty/etc/docker/daemon.json
	cp -a empty empty.was
	run 0 apply --root empty one.yaml
	grep -q '"icc": false' empty/etc/docker/daemon.json || fail "no icc in '$text'"
	run 0 check --root empty
	run 0 apply --root empty none.yaml
	diff -r empty.was/etc empty/etc || fail "'$text' did not come back"
	run 0 check --root empty
	rm -rf empty.was
done
mkdir -p empty/etc/docker
printf '{}' >empty/etc/docker/daemon.json
run 0 apply --root empty one.yaml
sed -i 's/^{/{\n  "debug": true,/' empty/etc/docker/daemon.json
run 0 apply --root empty none.yaml
[ "$(cat empty/etc/docker/daemon.json)" = "$(printf '{\n  "debug": true\n}')" ] ||
	fail "a key of others: $(cat empty/etc/docker/daemon.json)"

# Unusable configuration: refused as a whole, untouched.
cp root/etc/docker/daemon.json good.json
printf '{"icc": tru' >root/etc/docker/daemon.json
cp root/etc/docker/daemon.json bad.json
run 7 check --root root
run 1 apply --root root
err "nothing was changed"
run 1 apply --root root --format json
json
field exit 1
field result '"error"'
field changed false
run 7 check --root root --format json
json
field exit 7
field result '"unknown"'
run 0 check --root root --fail-on drift,pending,findings
cmp -s bad.json root/etc/docker/daemon.json || fail "a malformed daemon.json was touched"
cp good.json root/etc/docker/daemon.json
run 0 check --root root

# One file by two paths, each of which another control demands something of. Only root
# gives a file to another group.
if [ "$(id -u)" = 0 ]; then
	mkdir -p merged/usr/lib merged/var/lib
	ln -s usr/lib merged/lib
	touch merged/usr/lib/f
	chmod 0644 merged/usr/lib/f
	printf '%s\n' 'holdfast: 1' 'name: t' 'controls:' \
		'  - {id: a, title: A, files: [{path: /usr/lib/f, mode: "0600"}]}' \
		'  - {id: b, title: B, files: [{path: /lib/f, group: "4"}]}' >t.yaml
	run 0 apply --root merged t.yaml
	[ "$(stat -c '%a %g' merged/usr/lib/f)" = '600 4' ] || fail "mode and group are not as demanded"
	run 0 check --root merged t.yaml
	run 0 apply --root merged t.yaml
	out "in-sync"
fi

# A name below a folder may hold any byte, and what was changed there is given back.
newline='a
b'
mkdir -p "tree/etc/t/$newline" tree/var/lib
touch "tree/etc/t/$newline/f"
chmod 0755 "tree/etc/t/$newline"
chmod 0666 "tree/etc/t/$newline/f"
printf '%s\n' 'holdfast: 1' 'name: t' 'controls:' '  - {id: t, title: T, files: [{path: /etc/t, recurse: true,' \
	'     max_mode: "0750"}]}' >t.yaml
printf '%s\n' 'holdfast: 1' 'name: t' 'controls: [{id: m, title: M, manual: By hand}]' >t0.yaml
run 0 apply --root tree t.yaml
[ "$(stat -c %a "tree/etc/t/$newline/f")" = 640 ] || fail "a file in a folder with a newline is left out"
cp tree/var/lib/holdfast/applied.json t.json
run 0 apply --root tree t.yaml
cmp -s t.json tree/var/lib/holdfast/applied.json || fail "the second apply changed the record"
run 0 apply --root tree t0.yaml
[ "$(stat -c %a "tree/etc/t/$newline" "tree/etc/t/$newline/f" | xargs)" = '755 666' ] ||
	fail "what is below a name with a newline is not released"

# A watch is of what will be there: of a file that the same apply makes, whatever 'type'
# and 'create' say for what is not there, and of a directory where it removes that.
mkdir -p made/usr/lib/systemd/system made/usr/sbin made/var/lib made/etc/audit/rules.d
touch made/usr/sbin/auditctl made/etc/audit/rules.d/audit.rules
printf '%s\n' '[Service]' 'ExecStart=/usr/bin/dockerd' >made/usr/lib/systemd/system/docker.service
printf '%s\n' 'holdfast: 1' 'name: t' 'controls:' '  - id: w' '    title: W' \
	'    audit: {rules: [{watch: /etc/docker/daemon.json, perm: wa, type: dir, create: {mode: "0710"}}]}' \
	>t0.yaml
cp t0.yaml t.yaml
printf '%s\n' '  - {id: d, title: D, daemon: {set: {icc: false}}}' >>t.yaml
run 0 apply --root made t.yaml --fact arch=x86_64 --fact engine=26.1.5
grep -q 'path=/etc/docker/daemon.json' made/etc/audit/rules.d/60-holdfast.rules ||
	fail "a file that is made is not watched as a file"
run 0 apply --root made t0.yaml --fact arch=x86_64 --fact engine=26.1.5
grep -q 'dir=/etc/docker/daemon.json' made/etc/audit/rules.d/60-holdfast.rules ||
	fail "what is made in place of a file is not watched as a directory"

# A drop-in of ours, its mode changed by a later apply: both go at once.
dropin=made/etc/systemd/system/docker.service.d/zz-holdfast.conf
printf '%s\n' 'holdfast: 1' 'name: t' 'controls:' '  - id: u' '    title: U' \
	'    units: {docker.service: {Service: {LimitCORE: 0}}}' >t.yaml
run 0 apply --root made t.yaml
printf '%s\n' '  - {id: m, title: M, files: [{path: "${unit:docker.service}", mode: "0600"}]}' >>t.yaml
run 0 apply --root made t.yaml
[ "$(stat -c %a $dropin)" = 600 ] || fail "the mode of the drop-in is not as demanded"
printf '%s\n' 'holdfast: 1' 'name: t' 'controls: [{id: m, title: M, manual: By hand}]' >t0.yaml
run 0 apply --root made t0.yaml
[ ! -e $dropin ] || fail "the drop-in is still there"

# A record that only root can read: what can be told is told, and that not all can be.
if [ "$(id -u)" != 0 ]; then
	chmod 000 root/var/lib/holdfast/applied.json
	run 7 check --root root smaller.yaml
	err "Permission denied"
	out "unknown: 4 controls: 3 pass"
	run 0 check --root root smaller.yaml --fail-on drift
	chmod 600 root/var/lib/holdfast/applied.json
fi
finish
