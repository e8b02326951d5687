# SPDX-License-Identifier: Apache-2.0
#
# import of the running list: a baseline that lints, and that gives the same list and the
# same settings once it is applied to a kernel without any.
. "$top_srcdir/tests/live/lib.sh"
need_root
need jq
need_audit
tool=$top_builddir/tests/live/audit_tool
[[ ! -e /var/lib/holdfast/applied.json ]] || skip "a baseline is applied on this machine already"
start
save_files
save_audit
rate=$(audit_setting rate_limit) wait=$(audit_setting backlog_wait_time)

at_end() {
	auditctl -r "$rate" >/dev/null
	auditctl --backlog_wait_time "$wait" >/dev/null
}

mkdir -p "$work/w/dir"
cat >"$work/list" <<EOT
-a never,exit -F arch=b64 -F path=$work/w/dir/y -F perm=wa
-w $work/w/dir -p wa -k one
-w $work/w/dir/x -p wa -k two -k three
-a always,exit -F arch=b64 -S mount,umount2 -F auid>=1000 -F auid!=unset -k a\\ b
-a always,exit -F arch=b32 -S all -F path=$work/w/\${x}
-a never,exclude -F msgtype=CWD
-a never,user -F uid=0
-A always,exit -S 333 -C uid!=euid
EOT
chmod 640 "$work/list"
auditctl -D >/dev/null
auditctl -R "$work/list" >/dev/null || bad "auditctl refuses the rules"
auditctl -e 1 -b 9000 >/dev/null
auditctl -r 777 >/dev/null
auditctl --backlog_wait_time 1234 >/dev/null
auditctl -f 1 >/dev/null
"$tool" dump >"$work/before"
"$HOLDFAST" import >"$work/in.yaml" 2>"$work/err" && [[ ! -s $work/err ]] &&
	ok "the list is imported" || bad "import: $(cat "$work/err")"
grep -q 'settings: {enabled: true, failure: 1, backlog_limit: 9000, backlog_wait_time: 1234, rate_limit: 777' \
	"$work/in.yaml" && ok "so are the settings" || bad "$(grep settings: "$work/in.yaml")"
"$HOLDFAST" lint "$work/in.yaml" >/dev/null && ok "what comes of it is a baseline" || bad "it does not lint"
hf check "$work/in.yaml"
exits 2 "a check, with nothing in the files"
jq -e '[.resources[] | select(.layer == "live" and .state != "pass")] == []' "$work/json" >/dev/null &&
	ok "the kernel is as imported" || bad "the kernel differs from what was imported"
auditctl -D >/dev/null
auditctl -b 64 -r 0 >/dev/null
auditctl --backlog_wait_time 15000 >/dev/null
rm -f /etc/audit/rules.d/60-holdfast.rules
hf apply "$work/in.yaml"
exits 0 "the apply"
"$tool" dump >"$work/after"
cmp -s "$work/before" "$work/after" && ok "the same list, in the same order" ||
	bad "another list: $(diff "$work/before" "$work/after")"
[[ $(audit_setting backlog_limit) == 9000 && $(audit_setting rate_limit) == 777 &&
	$(audit_setting backlog_wait_time) == 1234 ]] && ok "the same settings" || bad "$(auditctl -s)"
augenrules --load >/dev/null 2>&1
"$tool" dump >"$work/after"
cmp -s "$work/before" "$work/after" && ok "and after augenrules --load" ||
	bad "another list after augenrules --load: $(diff "$work/before" "$work/after")"
