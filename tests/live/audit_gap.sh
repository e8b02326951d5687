# SPDX-License-Identifier: Apache-2.0
#
# No gap: a process writes to a watched file in a tight loop while 1,000 rules are loaded
# and one changes, or moves, by holdfast; every write is seen. What the same loop loses
# under augenrules --load is shown beside it.
. "$top_srcdir/tests/live/lib.sh"
need_root
need jq
need_audit
[[ ! -e /var/lib/holdfast/applied.json ]] || skip "a baseline is applied on this machine already"
pgrep -x auditd >/dev/null && skip "auditd takes the records here"
start
save_files
save_audit
count=$top_builddir/tests/live/audit_count
mkdir -p "$work/f/late"
touch "$work/f/watched"

auditctl -D >/dev/null
rm -f /etc/audit/rules.d/*.rules
printf -- '-D\n-b 65536\n-f 1\n-e 1\n' >/etc/audit/rules.d/audit.rules
rule() { # NAME KEY
	printf '        - {rule: "-a always,exit -F arch=b64 -S open,openat -F path=%s -F perm=wa -F key=%s"}\n' \
		"$work/f/$1" "$2"
}
baseline() { # NAME-OF-THE-ONE-THAT-CHANGES
	printf '%s\n' 'holdfast: 1' 'name: gap' 'title: Gap' 'controls:' '  - id: on' \
		'    title: On' '    audit: {settings: {enabled: true, backlog_limit: 65536}}' \
		'  - id: rules' '    title: Rules' '    audit:' '      rules:'
	local i
	for ((i = 0; i < 500; i++)); do rule $i other; done
	rule watched watched
	for ((i = 500; i < 998; i++)); do rule $i other; done
	rule "$1" other
}
baseline one >"$work/b.yaml"
hf apply "$work/b.yaml"
exits 0 "the first apply of 1,000 rules"
auditctl -r 0 >/dev/null

# measure WHAT KEY COMMAND...: none of the writes may be lost
measure() {
	local what=$1 key=$2 n seen rest
	shift 2
	if ! "$count" "$key" "$work/f/watched" "$@" >"$work/count" 2>"$work/err"; then
		bad "$what: cannot be measured: $(cat "$work/err")"
		return
	fi
	read -r n seen rest <"$work/count"
	lost=$((n - seen))
	echo "$what: $n writes, $lost lost, exit $rest"
}
baseline two >"$work/b.yaml"
measure "one rule of 1,000 changes" watched "$HOLDFAST" apply "$work/b.yaml" >"$work/said"
((lost == 0)) && ok "$(cat "$work/said")" || bad "$(cat "$work/said")"
auditctl -l | grep -q "$work/f/two " && ok "the change is made" || bad "the change is not made"

# The watched rule moves: one that takes some of its events first has to come after it.
# A rule for the folder, loaded before it by somebody, makes it stand wrongly.
sed -i "/- {rule.*watched/a\\        - {rule: \"-a always,exit -F arch=b64 -S open,openat -F dir=$work/f -F perm=wa -F key=folder\"}" "$work/b.yaml"
hf apply "$work/b.yaml"
exits 0 "a rule for the folder"
line="always,exit -F arch=b64 -S open,openat -F path=$work/f/watched -F perm=wa -F key=watched"
# shellcheck disable=SC2086
auditctl -d $line && auditctl -a $line
hf check "$work/b.yaml"
exits 2 "the watched rule stands behind it"
# while it moves its events are its own or the folder's, never nobody's
measure "rules move" any "$HOLDFAST" apply "$work/b.yaml" >"$work/said"
((lost == 0)) && ok "$(cat "$work/said")" || bad "$(cat "$work/said")"
hf check "$work/b.yaml"
exits 0 "the check after the move"

# The same loop beside it
sed -i "s|$work/f/two |$work/f/three |" /etc/audit/rules.d/60-holdfast.rules
measure "beside it, augenrules --load" watched augenrules --load >"$work/said"
ok "$(cat "$work/said")"
