# SPDX-License-Identifier: Apache-2.0
#
# Thousands of lines against this machine's auditctl and kernel: refused by both, or
# accepted by both and stored byte for byte alike. audit_gen makes most of them (another
# SEED makes others), audit.packs and audit.lines hold what people write. What differs on
# purpose is named, with its reason, in audit.differences.
. "$top_srcdir/tests/live/lib.sh"
need_root
need_audit
bin=$top_builddir/tests/live
start
save_audit

# -D ends at a rule that the kernel took away by itself meanwhile
at_end() {
	auditctl -D >/dev/null 2>&1 || auditctl -D >/dev/null 2>&1
}
mkdir "$work/d" && touch "$work/d/file"

"$bin/audit_gen" "${SEED:-1}" "${COUNT:-1500}" "$work/d" >"$work/lines" || bad "audit_gen fails"
grep -vE '^(#|$)' "$top_srcdir/tests/live/audit.packs" >>"$work/lines"
# of these only rules that are added: settings and deletions would change the run itself
grep -E '^ *-[aAwkpFSC] ' "$top_srcdir/tests/live/audit.lines" >>"$work/lines"

# One load by auditctl of all of them: -c passes over the refused ones, and a number
# between them (a rate limit) tells the spy where it is.
{
	echo -c
	awk '{ print "-r " NR; print }' "$work/lines"
	echo "-r 0"
} >"$work/load"
chmod 640 "$work/load"
auditctl -D >/dev/null 2>&1
auditctl -e 0 >/dev/null
AUDIT_SPY=$work/log LD_PRELOAD=$bin/audit_spy.so auditctl -R "$work/load" >/dev/null 2>&1
[[ $(grep -c '^line ' "$work/log") == $(($(wc -l <"$work/lines") + 1)) ]] ||
	bad "auditctl did not come to the end of the lines"
"$bin/audit_diff" --dump >"$work/dump" || bad "kernel -> rule -> kernel"
auditctl -D >/dev/null 2>&1

if "$bin/audit_diff" "$work/lines" "$work/log" "$top_srcdir/tests/live/audit.differences" \
	"$work/dump" >"$work/out"; then
	ok "$(tail -n 1 "$work/out")"
	grep ' lines differ: ' "$work/out"
else
	bad "of $(wc -l <"$work/lines") lines: $(grep -c '^not ok' "$work/out") complaints"
	head -n "${SHOW:-60}" "$work/out"
	tail -n 1 "$work/out"
fi
auditctl -r 0 >/dev/null
