# SPDX-License-Identifier: Apache-2.0
#
# Thousands of lines against auditctl and the kernel: refused by both, or accepted by both
# and stored byte for byte alike. audit_gen makes most of them (another SEED makes others),
# audit.packs and audit.lines hold what people write. What differs on purpose is named,
# with its reason, in audit.differences. Once with this machine's auditctl and libaudit,
# once with those of Debian 13, whose libaudit adds syscalls of its own to rules about
# permissions: from a chroot they reach this kernel's list.
. "$top_srcdir/tests/live/lib.sh"
. "$top_srcdir/tests/trees.sh"
need_root
need_audit
bin=$top_builddir/tests/live
start
save_audit

in=() # how to run what is below a root: rules about programs go from where they came
empty() {
	# -D ends at a rule that the kernel took away by itself meanwhile
	"${in[@]}" auditctl -D >/dev/null 2>&1 || "${in[@]}" auditctl -D >/dev/null 2>&1
}
at_end() {
	empty
}

# compare NAME ROOT: with the auditctl below ROOT; "" is this machine's
compare() {
	local name=$1 root=$2
	in=()
	[[ -z $root ]] || in=(chroot "$root")
	mkdir -p "$root$work/d" && touch "$root$work/d/file"
	cp "$bin/audit_diff" "$bin/audit_spy.so" "$top_srcdir/tests/live/audit.differences" \
		"$root$work"
	"$bin/audit_gen" "${SEED:-1}" "${COUNT:-1500}" "$work/d" >"$root$work/lines" ||
		bad "audit_gen fails"
	grep -vE '^(#|$)' "$top_srcdir/tests/live/audit.packs" >>"$root$work/lines"
	# of these only rules that are added: settings and deletions would change the run
	grep -E '^ *-[aAwkpFSC] ' "$top_srcdir/tests/live/audit.lines" >>"$root$work/lines"

	# One load by auditctl of all of them: -c passes over the refused ones, and a number
	# between them (a rate limit) tells the spy where it is.
	{
		echo -c
		awk '{ print "-r " NR; print }' "$root$work/lines"
		echo "-r 0"
	} >"$root$work/load"
	chmod 640 "$root$work/load"
	empty
	auditctl -e 0 >/dev/null
	"${in[@]}" env AUDIT_SPY="$work/log" LD_PRELOAD="$work/audit_spy.so" \
		auditctl -R "$work/load" >/dev/null 2>&1
	[[ $(grep -c '^line ' "$root$work/log") == $(($(wc -l <"$root$work/lines") + 1)) ]] ||
		bad "$name: auditctl did not come to the end of the lines"
	"${in[@]}" "$work/audit_diff" --dump >"$root$work/dump" ||
		bad "$name: kernel -> rule -> kernel"
	empty

	if "${in[@]}" "$work/audit_diff" "$work/lines" "$work/log" "$work/audit.differences" \
		"$work/dump" >"$work/out"; then
		ok "$name: $(tail -n 1 "$work/out")"
		grep ' lines differ: ' "$work/out"
	else
		bad "$name: of $(wc -l <"$root$work/lines") lines:" \
			"$(grep -c '^not ok' "$work/out") complaints"
		head -n "${SHOW:-60}" "$work/out"
		tail -n 1 "$work/out"
	fi
	empty
	auditctl -r 0 >/dev/null
}

compare "auditctl $(auditctl -v | grep -o '[0-9.]*$')" ""

if ! command -v mmdebstrap >/dev/null; then
	echo "Debian 13 is left out: needs mmdebstrap"
elif ! stock_tree trixie; then
	echo "Debian 13 is left out: mmdebstrap could not make a tree (no mirror?)"
else
	mkdir "$work/tree"
	tar -C "$work/tree" -xpf "$tree_tar" --exclude='./dev/*' ./etc ./usr ./bin ./lib ./lib64 ./sbin
	compare "auditctl $(chroot "$work/tree" auditctl -v | grep -o '[0-9.]*$')" "$work/tree"
fi
