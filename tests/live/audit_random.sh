# SPDX-License-Identifier: Apache-2.0
#
# Random lists of up to 300 rules on the real kernel, with rules of others between: apply is
# stopped behind each message to the kernel, and no declared rule that was loaded is missing
# then; in the end the order is right, rules of others are where they were, and a second
# apply sends nothing. SEED=N repeats a list.
. "$top_srcdir/tests/live/lib.sh"
need_root
need jq strace
need_audit
[[ $(uname -m) == x86_64 ]] || skip "the rules are those of x86_64"
random=$top_builddir/tests/live/audit_random
[[ ! -e /var/lib/holdfast/applied.json ]] || skip "a baseline is applied on this machine already"
start
save_files
save_audit

# Runs apply, stopped by strace behind each message that it sends; looks, and lets it go on.
stepwise() {
	local pid= state
	steps=0
	strace -f -qq -e trace=sendmsg -e inject=sendmsg:signal=SIGSTOP -o "$work/strace" \
		sh -c 'echo $$ >"$0"; exec "$@"' "$work/pid" "$HOLDFAST" apply "$work/b.yaml" \
		>"$work/out" 2>&1 &
	tracer=$!
	while kill -0 "$tracer" 2>/dev/null; do
		[[ -n $pid ]] || read -r pid 2>/dev/null <"$work/pid" || continue
		# all of its threads are stopped: "t" under a tracer
		read -r _ _ state _ 2>/dev/null <"/proc/$pid/stat" && [[ $state == [tT] ]] || continue
		"$random" step "$work" 2>>"$work/missing" || failed=$((failed + 1))
		steps=$((steps + 1))
		kill -CONT "$pid" 2>/dev/null
	done
	wait "$tracer"
	status=$?
}

mkdir -p "$work/w/d"
moved=0
for seed in ${SEED:-1262 7 31}; do
	auditctl -D >/dev/null
	rm -rf /var/lib/holdfast /etc/audit/rules.d/60-holdfast.rules "$work/served" "$work/pid"
	: >"$work/missing"
	"$random" make "$seed" "$work"
	auditctl -e 1 >/dev/null
	chmod 640 "$work/there"
	auditctl -R "$work/there" >/dev/null || bad "SEED=$seed: auditctl refuses a rule"
	failed=0
	stepwise
	what="SEED=$seed: $(wc -l <"$work/wanted") rules, $(wc -l <"$work/there") there"
	[[ $status == 0 ]] && ok "$what: applied" || bad "$what: exit $status: $(cat "$work/out")"
	# each change is a message, and there are some without a change
	changes=$(grep -cE 'AUDIT_(ADD|DEL)_RULE' "$work/strace")
	moved=$((moved + $(grep -c AUDIT_DEL_RULE "$work/strace")))
	((failed == 0 && steps > changes && changes > 0)) &&
		ok "$what: looked at $steps times, $changes changes, no rule is missing" ||
		bad "$what: $steps looks, $changes changes, $failed with a rule missing: $(head "$work/missing")"
	"$random" end "$work" 2>"$work/missing" && ok "$what: all in order" ||
		bad "$what: $(cat "$work/missing")"
	strace -f -qq -e trace=sendmsg -o "$work/strace" "$HOLDFAST" apply "$work/b.yaml" >"$work/out" 2>&1
	status=$?
	[[ $status == 0 ]] && ! grep -qE 'AUDIT_(ADD|DEL|SET)' "$work/strace" &&
		ok "$what: a second apply sends nothing" ||
		bad "$what: a second apply exits $status: $(cat "$work/out")"
done
[[ -n ${SEED:-} ]] || ((moved > 0)) || bad "no list had a rule to be moved"
