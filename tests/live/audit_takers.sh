# SPDX-License-Identifier: Apache-2.0
#
# Rules of others that take the events of a watch: what `check` says of the kernel's list,
# and whether a write makes a record.
. "$top_srcdir/tests/live/lib.sh"
need_root
need jq
need_audit
events=$top_builddir/tests/live/audit_events
[[ ! -e /var/lib/holdfast/applied.json ]] || skip "a baseline is applied on this machine already"
start
save_audit

mkdir -p "$work/data/spool/x"
touch "$work/file" "$work/data/spool/x/file"
ln -s data/spool "$work/spool"
auditctl -e 1 >/dev/null
auditctl -b 8192 >/dev/null

# stands STATE SEEN PATH RULE...: with these rules before a watch of PATH (the last one may
# be the watch), the live row is in STATE, and a write is seen (0) or not (1)
stands() {
	local want=$1 seen=$2 path=$3 rule got
	shift 3
	auditctl -D >/dev/null 2>&1
	for rule; do
		# shellcheck disable=SC2086
		auditctl $rule 2>/dev/null || bad "auditctl refuses $rule"
	done
	cat >"$work/b.yaml" <<-EOT
		holdfast: 1
		name: live-takers
		title: Takers
		controls:
		  - id: a
		    title: A file
		    audit: {rules: [{rule: "-a always,exit -F path=$path -F perm=wa"}]}
	EOT
	hf check "$work/b.yaml"
	got=$(jq -r '[.resources[] | select(.layer == "live") | .state, (.why != null)] | @tsv' "$work/json")
	"$events" hf-taker $((seen ? 1 : 30)) sh -c "echo x >>'$path'" >/dev/null
	status=$?
	if [[ $got == "$want" && $status == "$seen" ]]; then
		ok "$*: ${got%%$'\t'*}, a write is $( ((seen)) && echo not seen || echo seen)"
	else
		bad "$*: $got, not $want; the write: $status, not $seen"
	fi
}

watch="-a always,exit -F path=$work/file -F perm=wa -k hf-taker"
stands $'pass\ttrue' 0 "$work/file" "$watch"
for rule in never,task "never,task -F uid>=0" "never,exclude -F pid>=0" \
	"always,exclude -F msgtype=SYSCALL"; do
	stands $'drift\ttrue' 1 "$work/file" "-a $rule" "$watch"
done
# some of them, and these are among them
for rule in "never,exclude -F uid=0" "never,exit -F path=$work/file -F perm=w -F uid=0"; do
	stands $'pass\ttrue' 1 "$work/file" "-a $rule" "$watch"
done
stands $'pass\ttrue' 0 "$work/file" "-a always,exclude -F msgtype=CWD" "$watch"
stands $'drift\ttrue' 1 "$work/file" "-a never,exit -F arch=b64 -F path=$work/file -F perm=wa" \
	"$watch"

below="-F perm=wa -k hf-taker"
stands $'drift\ttrue' 1 "$work/spool/x/file" "-a always,exit -F dir=$work/spool $below"
stands $'pass\ttrue' 0 "$work/spool/x/file" "-a always,exit -F dir=$work/spool/x $below"
auditctl -D >/dev/null 2>&1
