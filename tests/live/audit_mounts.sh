# SPDX-License-Identifier: Apache-2.0
#
# File systems mounted below a watched directory: which of them a rule covers, and what
# `check` says of it.
. "$top_srcdir/tests/live/lib.sh"
need_root
need jq mount
need_audit
events=$top_builddir/tests/live/audit_events
[[ ! -e /var/lib/holdfast/applied.json ]] || skip "a baseline is applied on this machine already"
start
save_audit

at_end() {
	umount "$work/tree/a b" "$work/tree/late" 2>/dev/null
}

mkdir -p "$work/tree/a b" "$work/tree/late"
mount -t tmpfs early "$work/tree/a b" 2>/dev/null || skip "mounts are refused here"
umount "$work/tree/a b"
auditctl -D >/dev/null
auditctl -e 1 >/dev/null
auditctl -b 8192 >/dev/null
cat >"$work/b.yaml" <<EOT
holdfast: 1
name: live-mounts
title: Mounts
controls:
  - {id: a, title: A tree, audit: {rules: [{rule: "-a always,exit -F dir=$work/tree -F perm=wa -k hf-mount"}]}}
EOT

# seen WANTED FILE WHAT: is a write to it recorded (0) or not (1)?
seen() {
	"$events" hf-mount $(($1 ? 1 : 30)) sh -c "echo x >>'$2'" >/dev/null
	status=$?
	[[ $status == "$1" ]] && ok "$3" || bad "not so: $3 ($status)"
}

# told PATTERN WHAT: the live row passes with such a reason
told() {
	hf check "$work/b.yaml"
	jq -e --arg p "$1" '.resources[] | select(.layer == "live")
		| .state == "pass" and ((.why // "") | test($p))' "$work/json" >/dev/null &&
		ok "$2" || bad "not so: $2: $(jq -c '.resources[] | [.layer, .state, .why]' "$work/json")"
}

mount -t tmpfs early "$work/tree/a b"
auditctl -a always,exit -F dir="$work/tree" -F perm=wa -k hf-mount
seen 0 "$work/tree/file" "a write to the tree is seen"
seen 0 "$work/tree/a b/file" "and to what was mounted in it when the rule was loaded"
told "^$work/tree/a b is mounted below $work/tree: the rule covers" "which check cannot know"
mount -t tmpfs late "$work/tree/late"
seen 1 "$work/tree/late/file" "a write to what was mounted later is not"
told "^$work/tree/a b \\(and others\\) is mounted" "which check tells"
auditctl -q "$work/tree/late,$work/tree"
seen 0 "$work/tree/late/file" "after auditctl -q it is seen"
umount "$work/tree/a b" "$work/tree/late"
told '^$' "without a mount below it there is nothing to tell"
