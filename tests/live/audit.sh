# SPDX-License-Identifier: Apache-2.0
#
# The audit kind against this machine's auditctl, augenrules and kernel: what our codec
# makes of a line is what the kernel stores of auditctl's, the merged file is augenrules'
# own, and the kernel's list is changed rule by rule, in order, without a gap.
. "$top_srcdir/tests/live/lib.sh"
need_root
need jq strace
need_audit
tool=$top_builddir/tests/live/audit_tool
[[ ! -e /var/lib/holdfast/applied.json ]] || skip "a baseline is applied on this machine already"
start
save_files
save_audit

# --- the codec, line by line ---------------------------------------------------------

# What auditctl makes of a line: as the kernel stores it, or "refused".
theirs() {
	printf '%s\n' "$1" >"$work/line"
	chmod 640 "$work/line"
	auditctl -D >/dev/null 2>&1
	if auditctl -R "$work/line" >/dev/null 2>&1; then
		"$tool" dump
	else
		echo refused
	fi
	auditctl -D >/dev/null 2>&1
}

# The same of ours: parsed, encoded, sent, stored.
ours() {
	auditctl -D >/dev/null 2>&1
	if printf '%s\n' "$1" | "$tool" load >/dev/null 2>&1; then
		"$tool" dump
	else
		echo refused
	fi
	auditctl -D >/dev/null 2>&1
}

compared=0 different=0
while IFS= read -r line; do
	their=$(theirs "$line")
	our=$(ours "$line")
	compared=$((compared + 1))
	if [[ $their != "$our" ]]; then
		different=$((different + 1))
		bad "'$line'"$'\n'"  auditctl: $their"$'\n'"  holdfast: $our"
	fi
done <"$top_srcdir/tests/live/audit.lines"
((different > 0)) || ok "$compared lines: stored as auditctl's, or refused as by auditctl"

# --- apply, augenrules, apply --------------------------------------------------------

mkdir -p "$work/w/dir"
cat >"$work/b.yaml" <<EOT
holdfast: 1
name: live-audit
title: Audit
controls:
  - id: on
    title: Auditing is on
    audit: {settings: {enabled: true, backlog_limit: 8192, failure: 1}}
  - id: folder
    title: A folder
    audit: {rules: [{watch: $work/w/dir, perm: wa, key: hf-dir}]}
  - id: file
    title: A file in it
    audit: {rules: [{watch: $work/w/dir/file, perm: wa, key: hf-file}]}
  - id: late
    title: A folder that is made
    audit: {rules: [{watch: $work/w/late, create: {mode: "0710"}, perm: wa, key: hf-late}]}
  - id: calls
    title: System calls
    audit:
      rules:
        - {syscalls: [mount, umount2], fields: ["auid>=1000", "auid!=unset"], key: hf-mount}
        - {rule: "-a always,exit -F arch=b64 -S init_module -k hf-modules"}
      absent: ["-a never,task"]
EOT
cat >/etc/audit/rules.d/9-foreign.rules <<EOT
# a comment

  # an indented one
-a never,task
-w /etc/passwd -p wa -k foreign
-b 100
EOT
printf -- '-w /etc/group -p wa -k foreign\n-f 1' >/etc/audit/rules.d/70-no-end.rules
printf -- '\n--backlog_wait_time 15000\n-e 1\n' >/etc/audit/rules.d/71-x.rules
# mawk leaves the indented comment in the file, and auditctl passes over it
augenrules --load >/dev/null 2>&1

sent() {
	strace -f -qq -e trace=sendto,sendmsg -o "$work/strace" "$HOLDFAST" "$@" >"$work/out" 2>&1
	status=$?
	n=$(grep -cE 'AUDIT_(ADD|DEL|SET)' "$work/strace")
}

hf apply "$work/b.yaml"
exits 0 "the first apply"
[[ -d $work/w/late && $(stat -c %a "$work/w/late") == 710 ]] && ok "the late folder is made" ||
	bad "the late folder is missing"
grep -qx '# holdfast(calls): -a never,task' /etc/audit/rules.d/9-foreign.rules &&
	ok "the line that must be absent is commented out" || bad "never,task still stands"
cp /etc/audit/audit.rules "$work/merged"
augenrules >/dev/null
cmp -s "$work/merged" /etc/audit/audit.rules && ok "audit.rules is what augenrules makes" ||
	bad "augenrules makes another audit.rules: $(diff "$work/merged" /etc/audit/audit.rules)"
sent apply "$work/b.yaml"
[[ $status == 0 && $n == 0 ]] && ok "a second apply sends nothing" ||
	bad "a second apply exits $status and sends $n changes"
"$tool" dump | sort >"$work/before"
augenrules --load >/dev/null 2>&1
"$tool" dump | sort >"$work/after"
cmp -s "$work/before" "$work/after" && ok "augenrules --load leaves an equal list" ||
	bad "augenrules --load changes the list: $(diff "$work/before" "$work/after")"
hf check "$work/b.yaml"
exits 0 "the check after augenrules --load"

# Booted with audit=0: nobody answers, and what the files say is no proof of anything.
strace -f -qq -e trace=sendmsg -e inject=sendmsg:error=ECONNREFUSED -o "$work/strace" \
	"$HOLDFAST" check --format json "$work/b.yaml" >"$work/json" 2>"$work/err"
status=$?
exits 6 "a kernel that does not audit"
jq -e '[.controls[] | select(.state != "finding")] == [] and
	(.resources | any(.layer == "live" and (.why | test("audit=0"))))' "$work/json" >/dev/null &&
	ok "each control is a finding" || bad "it passes: $(jq -c '.controls[] | [.id, .state]' "$work/json")"

# --- tampering with the kernel's list ------------------------------------------------

auditctl -d always,exit -F arch=b64 -S init_module -k hf-modules
hf check "$work/b.yaml"
exits 2 "a rule deleted from the kernel"
[[ $(controls drift) == calls ]] && ok "its control is named" || bad "$(controls drift) drift"
auditctl -d always,exit -F arch=b64 -F dir="$work/w/dir" -F perm=wa -k hf-dir
auditctl -a always,exit -F arch=b64 -F dir="$work/w/dir" -F perm=wa -k hf-dir
hf check "$work/b.yaml"
exits 2 "two rules in the wrong order"
[[ $(controls drift) == $'calls\nfile' ]] && ok "the control of the later rule is named" ||
	bad "$(controls drift) drift"
sent apply "$work/b.yaml"
[[ $status == 0 && $n == 5 ]] && ok "an addition, and a bridge of four changes" ||
	bad "apply exits $status and sends $n changes"
hf check "$work/b.yaml"
exits 0 "the check after it"
auditctl -d always,exit -F arch=b64 -F dir="$work/w/dir" -F perm=wa -k hf-dir
auditctl -a always,exit -F arch=b64 -F dir="$work/w/dir" -F perm=wa -k hf-dir
order() { # of two rules that one event may match
	auditctl -l | grep arch=b64 | grep -oE 'hf-(dir|file)' | tr '\n' ' '
}
[[ $(order) == "hf-file hf-dir " ]] || bad "the order is $(order)"
hf apply "$work/b.yaml"
exits 0 "a move alone"
[[ $(order) == "hf-dir hf-file " ]] && ok "the order is another" || bad "the order is $(order)"
hf rollback --yes
exits 0 "its rollback"
[[ $(order) == "hf-file hf-dir " ]] && ok "the order is as it was" || bad "the order is $(order)"
hf apply "$work/b.yaml"
exits 0 "the move again"
rm -r "$work/w/dir"
auditctl -l | grep -q "hf-dir\|hf-file" && bad "the rules outlive their directory" ||
	ok "the kernel drops rules with their directory"
mkdir "$work/w/dir"
hf check "$work/b.yaml"
exits 2 "a directory that was made anew"
[[ $(jq '[.resources[] | select(.layer == "live" and .state == "drift")
	| .why == "the directory '"$work/w/dir"' was made after the rules were loaded: the kernel drops a rule with its directory"]
	| length, all' "$work/json" | tr '\n' ' ') == "4 true " ]] && ok "the cause is named" ||
	bad "$(jq -c '.resources[] | select(.state == "drift") | [.resource, .why]' "$work/json")"
hf apply "$work/b.yaml"
exits 0 "adding them again"
auditctl -e 0 >/dev/null
hf check "$work/b.yaml"
exits 2 "auditing switched off"
hf apply "$work/b.yaml"
exits 0 "switching it on again"

# --- release -------------------------------------------------------------------------

sed -i '/id: file/,/rules:/d; /id: calls/,$d' "$work/b.yaml"
hf apply "$work/b.yaml"
exits 0 "a baseline that demands less"
auditctl -l | grep -q 'hf-file\|hf-mount\|hf-modules' && bad "released rules are still loaded" ||
	ok "released rules leave the kernel"
auditctl -l | grep -q 'key=foreign\|-k foreign' && ok "foreign rules stay" ||
	bad "foreign rules are gone"

auditctl -w /etc/hostname -p wa -k kernel-only
hf check "$work/b.yaml"
jq -r '.asides[] | select(.name == "rule of others")
	| "\(.value) \(.why) \(.found_at.file):\(.found_at.line)"' "$work/json" >"$work/out"
grep -q 'key=kernel-only kernel only null:null' "$work/out" &&
	grep -q '/etc/passwd .*key=foreign null /etc/audit/rules.d/9-foreign.rules:5' "$work/out" &&
	ok "rules of others are listed with where they come from" ||
	bad "rules of others: $(cat "$work/out")"
jq -e '[.asides[] | select(.name == "lost" or .name == "backlog")] | length == 2' "$work/json" \
	>/dev/null && ok "so are the counters" || bad "no counters"

# --- a rule without two fields to swap ----------------------------------------------

auditctl -a always,exit -S execve -k hf-exec
cat >>"$work/b.yaml" <<EOT
  - id: exec
    title: Programs, but not those of one user
    audit:
      rules:
        - {rule: "-a never,exit -F arch=b64 -S execve -F uid=4242"}
        - {rule: "-a always,exit -S execve -k hf-exec"}
EOT
hf apply "$work/b.yaml"
exits 0 "a move over a rule with a condition more"
[[ $(auditctl -l | grep execve | cut -d, -f1 | tr '\n' ' ') == "-a never -a always " ]] &&
	ok "the rule stands behind the exception" || bad "the order is wrong: $(auditctl -l)"

# --- a failure half way --------------------------------------------------------------

"$tool" dump >"$work/before"
cp -a /etc/audit/rules.d "$work/rules.d"
cat >>"$work/b.yaml" <<EOT
  - id: two
    title: Two rules, of which the second does not arrive
    audit:
      rules:
        - {rule: "-a always,exit -S mount -k hf-one"}
        - {rule: "-a always,exit -S umount2 -k hf-two"}
EOT
# the requests of the main thread: the first rule, the second; others look at the list
strace -qq -e trace=sendmsg -e inject=sendmsg:error=EIO:when=2 -o "$work/strace" \
	"$HOLDFAST" apply "$work/b.yaml" >"$work/out" 2>&1
status=$?
[[ $status == 4 ]] && ok "an apply that fails half way exits 4" ||
	bad "an apply that fails half way exits $status: $(cat "$work/out")"
"$tool" dump >"$work/after"
cmp -s "$work/before" "$work/after" && ok "the list is as it was" ||
	bad "the list changed: $(diff "$work/before" "$work/after")"
diff -r "$work/rules.d" /etc/audit/rules.d >/dev/null && ok "the files are as they were" ||
	bad "the files changed: $(diff -r "$work/rules.d" /etc/audit/rules.d)"

# --- a deleted rule comes back to its place --------------------------------------------

auditctl -D >/dev/null
auditctl -a never,exit -F path="$work/w/dir/file"
auditctl -a always,exit -F dir="$work/w/dir" -F perm=wa -k hf-dir
"$HOLDFAST" apply "$work/b.yaml" >/dev/null
cat >>"$work/b.yaml" <<EOT
  - id: exception
    title: No exception
    audit:
      absent: ["-a never,exit -F path=$work/w/dir/file", "-a always,exit -F arch=b64 -S swapon -k hf-swap"]
EOT
auditctl -a always,exit -F arch=b64 -S swapon -k hf-swap
"$tool" dump >"$work/before"
# Each request of the main thread fails in turn: a look, the deletion, another deletion.
undone=0
for ((when = 1; when < 20; when++)); do
	strace -qq -e trace=sendmsg -e inject=sendmsg:error=EIO:when=$when -o "$work/strace" \
		"$HOLDFAST" apply "$work/b.yaml" >"$work/out" 2>&1 && break
	grep -q 'AUDIT_DEL_RULE.* = [0-9]' "$work/strace" && undone=$((undone + 1))
	"$tool" dump >"$work/after"
	cmp -s "$work/before" "$work/after" ||
		bad "request $when: $(diff "$work/before" "$work/after"), $(cat "$work/out")"
done
((undone > 0)) && ok "a deletion that is taken back puts the rule where it stood ($undone)" ||
	bad "no apply failed after the deletion"
auditctl -l | grep -q "never.*$work" && bad "the exception is still there" || ok "it is gone"
hf rollback
exits 0 "the rollback"
"$tool" dump >"$work/after"
cmp -s "$work/before" "$work/after" && ok "the exception stands first again" ||
	bad "the order differs: $(diff "$work/before" "$work/after")"

# --- the whole list ----------------------------------------------------------------------

auditctl -w /etc/group -p wa -k foreign
cp -a /etc/audit/rules.d "$work/rules.d.2"
"$tool" dump >"$work/before"
cat >>"$work/b.yaml" <<EOT
  - id: only
    title: No rules of others
    audit: {settings: {exclusive: true}}
EOT
hf check "$work/b.yaml"
exits 2 "rules of others where nobody wants them"
hf apply "$work/b.yaml"
exits 0 "taking them out"
auditctl -l | grep -q foreign && bad "they are still loaded" || ok "they have left the kernel"
grep -qx -- '# holdfast(only): -w /etc/group -p wa -k foreign' /etc/audit/rules.d/70-no-end.rules &&
	ok "and the files" || bad "$(cat /etc/audit/rules.d/70-no-end.rules)"
augenrules --load >/dev/null 2>&1
hf check "$work/b.yaml"
exits 0 "a check after augenrules --load"
sed -i '/id: only/,$d' "$work/b.yaml"
hf apply "$work/b.yaml"
exits 0 "allowing them again"
diff -r "$work/rules.d.2" /etc/audit/rules.d >/dev/null && ok "the files are as they were" ||
	bad "the files differ: $(diff -r "$work/rules.d.2" /etc/audit/rules.d)"

# --- a rollback under another boot -------------------------------------------------------

# Runs holdfast as after a reboot: what the record has of the kernel counts no more.
rebooted() {
	uuidgen >"$work/boot_id" 2>/dev/null || echo another >"$work/boot_id"
	unshare -m sh -c 'mount --bind "$1" /proc/sys/kernel/random/boot_id && shift && exec "$@"' \
		- "$work/boot_id" "$HOLDFAST" "$@" >"$work/out" 2>&1
	status=$?
}

augenrules --load >/dev/null 2>&1
sed -i 's/backlog_limit: 8192/backlog_limit: 8300/; s/key: hf-file/key: hf-other/' "$work/b.yaml"
cat >>"$work/b.yaml" <<EOT
  - id: never
    title: Not all of it
    audit: {absent: ["-w /etc/passwd -p wa -k foreign"]}
EOT
sorted() { "$tool" dump | sort; }
sorted >"$work/before"
hf apply "$work/b.yaml"
exits 0 "apply of other rules"
[[ $(audit_setting backlog_limit) == 8300 ]] && ok "the backlog limit is another" ||
	bad "the backlog limit is $(audit_setting backlog_limit)"
augenrules --load >/dev/null 2>&1 # the reboot
auditctl -w /etc/issue -p wa -k kernel-only
sorted >"$work/applied"
cmp -s "$work/before" "$work/applied" && bad "the apply changed no rule" || ok "the rules are others"
rebooted rollback
exits 0 "the rollback after a reboot"
sorted >"$work/after"
[[ $(comm -13 "$work/before" "$work/after" | wc -l) == 1 ]] && [[ -z $(comm -23 "$work/before" "$work/after") ]] &&
	auditctl -l | grep -q kernel-only && ok "the rules are as before, one of the kernel alone stays" ||
	bad "the rules differ: $(diff "$work/before" "$work/after")"
[[ $(audit_setting backlog_limit) == 8192 ]] && ok "so is the backlog limit" ||
	bad "the backlog limit is $(audit_setting backlog_limit)"
augenrules --load >/dev/null 2>&1
sorted >"$work/loaded"
cmp -s "$work/before" "$work/loaded" && ok "and a boot loads the same" ||
	bad "a boot loads others: $(diff "$work/before" "$work/loaded")"
sed -i '/id: never/,$d; s/8300/8192/; s/hf-other/hf-file/' "$work/b.yaml"

# --- a rollback that is rolled back -----------------------------------------------------

hf apply "$work/b.yaml"
exits 0 "apply again"
sed -i 's/key: hf-file/key: hf-third/' "$work/b.yaml"
hf apply "$work/b.yaml"
sorted >"$work/applied"
hf rollback --yes
exits 0 "a rollback"
undone=$("$HOLDFAST" history --format json | jq -r '[.transactions[] | select(.command == "rollback")] | max_by(.id) | .id')
hf rollback --yes "$undone"
exits 0 "the rollback of the rollback"
sorted >"$work/after"
cmp -s "$work/applied" "$work/after" && ok "the rules are loaded again" ||
	bad "the rules differ: $(diff "$work/applied" "$work/after")"

# --- a feature of the kernel -------------------------------------------------------------

[[ $(auditctl -s | grep loginuid_immutable) == "loginuid_immutable 0 unlocked" ]] ||
	{
		echo "not tried: $(auditctl -s | grep loginuid_immutable), so no change of it can be seen"
		exit 0
	}
cat >>"$work/b.yaml" <<EOT
  - id: immutable
    title: A login uid stays
    audit: {settings: {loginuid_immutable: true}}
EOT
hf apply "$work/b.yaml"
exits 0 "making the login uid immutable"
[[ $(auditctl -s | grep loginuid_immutable) == "loginuid_immutable 1 unlocked" ]] && ok "it is" ||
	bad "$(auditctl -s | grep loginuid)"
augenrules --check | grep -q "No change" && ok "audit.rules is what augenrules makes" ||
	bad "augenrules would change audit.rules"
hf rollback
exits 0 "the rollback"
[[ $(auditctl -s | grep loginuid_immutable) == "loginuid_immutable 0 unlocked" ]] &&
	ok "it is no longer" || bad "$(auditctl -s | grep loginuid)"
