# SPDX-License-Identifier: Apache-2.0
#
# Directories of rules, most of them at random: what we say that the boot will make of them
# is what augenrules and auditctl make of them, the merged text byte for byte, the kernel's
# list rule by rule, and the settings. Then a baseline demands rules near them: an apply
# does what its plan says or refuses, and what the check passes is in the kernel after the
# load. SEED=N repeats a directory.
. "$top_srcdir/tests/live/lib.sh"
need_root
need jq
need_audit
[[ $(readlink -f /usr/bin/awk) == */mawk ]] || skip "awk is not mawk"
# its getopt and its refusals
[[ $(auditctl -v) == *" 3.0."* ]] || skip "auditctl is not 3.0"
tool=$top_builddir/tests/live/audit_boot
start
save_audit
rate=$(audit_setting rate_limit) wait=$(audit_setting backlog_wait_time)

at_end() {
	auditctl -r "$rate" >/dev/null
	auditctl --backlog_wait_time "$wait" >/dev/null
}

empty() {
	auditctl -D >/dev/null 2>&1
	auditctl -e 0 -b 64 >/dev/null
	auditctl -f 1 -r 0 >/dev/null
	auditctl --backlog_wait_time 15000 >/dev/null
}

# make SEED: $tree/etc/audit/rules.d, and in $work/pool the rules that are in it often.
# Nothing locks, and nothing makes the kernel panic.
make() {
	mkdir -p "$rules"
	awk -v seed="$1" -v d="$work/d" -v dir="$rules" -v pool_file="$work/pool" '
	function pick(list, parts, n) { n = split(list, parts, ";"); return parts[1 + int(rand() * n)] }
	function key() { return pick("docker;dock;ssh;docker-x;x=1;-k;\"q\"") }
	function path() { return d pick("/a;/b;/f;/link;/a/;/none;/a;/b;/a/sub;/nosuch/x;//a;/a/../b;/dangling") }
	function keys() { return pick(";-F key=" key() ";-k " key() ";-k " key() " -k " key()) }
	function rule(act) {
		if (rand() < 0.3)
			return "-w " path() pick(" ; -p wa; -p x; -p rwxa") pick(";; -k " key())
		act = pick("-a ;-a ;-a ;-a ;-A ") pick("always,exit;exit,always;never,exit")
		if (rand() < 0.5)
			return act pick("; -F arch=b64; -F arch=b32") pick(" -F path=; -F dir=") path() \
				pick("; -F perm=wa; -F perm=x") " " keys()
		if (rand() < 0.8)
			return act pick("; -F arch=b64; -F arch=b32") " -S " \
				pick("mount;mount,umount2;open;all;333;nosuch;socketcall;umount") \
				pick("; -F auid>=1000; -F uid=0; -F gid=root; -F exit=-EPERM; -F uid=nosuchuser") " " keys()
		return pick("-a never,exclude -F msgtype=CWD;-a never,task -F uid=5;-a always,user -F uid=7;-a always,exit -S mount -C uid!=euid -k c")
	}
	function odd() {
		return pick("-D -k " key() ";-D -k " key() "; -D;-D;-D ; -i;-i;-c;-b 100; -b 200;-b 300 ;-f 0; -f 1;" \
			"-e 1;-e 0; -e 1;-r 7; -r 8;--backlog_wait_time=200;-b x;rubbish;-w;-t;--reset-lost;# c; # c;#;" \
			"   ;\t;-R /x;-k a;-p wa;-F uid=0;-S open;-w " d "/a\t-p wa;-w " d "/a  -p  wa  ;  " rule() ";" \
			rule() " # note;\"" rule() "\";-w " d "/a\\ b -p wa;" rule() " \\;-i -w " d "/b;-b 50 -f 1;-e 1 -b 77;" \
			"-D -k;-D x;-b 70 # note;-f 0 x;-i # go on;-D\r;-i\r;-Dk docker;-D -k a # x;--;-w" d "/b;-d always,exit -S mount")
	}
	function line(r, i) {
		r = rand(); i = 1 + int(rand() * 12)
		if (r < share) return pool[i]
		if (r < share + 0.1) return (pool[i] ~ /^-w/ ? "-W" : "-d") substr(pool[i], 3)
		return odd()
	}
	BEGIN {
		srand(seed)
		for (i = 1; i <= 12; i++) { pool[i] = rule(); print pool[i] >pool_file }
		share = rand() < 0.5 ? 0.6 : 0.85
		n_files = 1 + int(rand() * 5)
		for (f = 0; f < n_files; f++) {
			file = dir "/" pick("10-a;9-b;a;B;00-x;99-z;z~;audit;1.10;1.9;1.009;_u;#y;10;zz-other;zzz") \
				pick(".rules;.rules;.rules;.rules;.rules.bak")
			end = rand() < 0.06 ? "\r\n" : "\n"
			if (rand() < 0.5) printf "-D%s", end >file
			if (rand() < 0.25) printf "%s%s", pick("-i;-c"), end >file
			for (n = 1 + int(rand() * 9); n > 0; n--)
				printf "%s%s", line(), (n > 1 || rand() < 0.85 ? end : "") >file
		}
	}'
}

# merge_and_load: with the programs of this machine, into $work/kernel
merge_and_load() {
	sed "s|^DestinationFile=.*|DestinationFile=$work/audit.rules|
		s|^SourceRulesDir=.*|SourceRulesDir=$rules|" "$(command -v augenrules)" >"$work/augenrules"
	rm -f "$work/audit.rules"
	sh "$work/augenrules" >/dev/null 2>&1
	sed -i "1s|$rules|/etc/audit/rules.d|" "$work/audit.rules"
	empty
	# some lines crash it
	{ auditctl -R "$work/audit.rules" >/dev/null; } 2>/dev/null
	"$tool" kernel >"$work/kernel"
}

# as_said WHAT: is that what we say?
as_said() {
	local setting
	"$tool" merge "$rules" | cmp -s - "$work/audit.rules" || {
		bad "$1: merged otherwise: $("$tool" merge "$rules" | diff - "$work/audit.rules" | head -n 4)"
		return
	}
	"$tool" load "$rules" >"$work/load" 2>"$work/why"
	diff <(grep ^rule "$work/load") <(grep ^rule "$work/kernel") >"$work/diff" || {
		bad "$1: the kernel has other rules ($(cat "$work/why")): $(head -n 4 "$work/diff")"
		return
	}
	while read -r setting; do
		grep -qxF -- "$setting" "$work/kernel" ||
			bad "$1: not $setting, but $(grep "^${setting% *} " "$work/kernel")"
	done < <(grep ^setting "$work/load")
	loaded=$((loaded + $(grep -c ^rule "$work/load")))
}

# demand SEED: a baseline with some of the rules, one of them in two
demand() {
	{
		echo 'holdfast: 1'
		echo 'name: near'
		echo 'controls:'
		echo '  - {id: mount, title: m, audit: {rules: [{rule: "-a always,exit -F arch=b64 -S mount -F key=docker-m"}]}}'
		echo "  - {id: watch, title: w, audit: {rules: [{watch: $work/d/b, perm: wa, key: docker}]}}"
		grep -E -- '^-[aAw] ' "$work/pool" | grep -vF '"' | awk -v seed="$1" 'BEGIN { srand(seed) }
			rand() < 0.3 { n++; printf "  - {id: c%d, title: c, audit: {rules: [{rule: \"%s\"}]}}\n", n, $0 }'
		(($1 % 3)) || echo '  - {id: gone, title: g, audit: {absent: ["-D -k docker", "-a never,task -F uid=5"]}}'
		(($1 % 5)) || echo '  - {id: limit, title: l, audit: {settings: {backlog_limit: 400, failure: 1}}}'
	} >"$work/b.yaml"
}

# near SEED: what a baseline makes of it
near() {
	local planned
	demand "$1"
	hf lint "$work/b.yaml"
	[[ $status == 0 ]] || return 0 # it contradicts itself, say
	hf plan "$work/b.yaml" --root "$tree" --fact arch=x86_64
	[[ $status == [0267] ]] || bad "SEED=$1: a plan exits $status: $(cat "$work/err")"
	planned=$status
	# all that is not blocked or unknown is done, and is then as the plan has said
	hf apply "$work/b.yaml" --root "$tree" --fact arch=x86_64 --leave-unknown
	[[ $status == [012367] && ! ($status == 1 && $planned == 0) ]] ||
		bad "SEED=$1: planned with $planned, an apply exits $status: $(cat "$work/err")"
	[[ $status != [145] ]] || { applied_not=$((applied_not + 1)); return 0; }
	applied=$((applied + 1))
	hf check "$work/b.yaml" --root "$tree" --fact arch=x86_64
	jq -r '[.changes[] | select(.blocked | not)] | length' "$work/json" | grep -qx 0 ||
		bad "SEED=$1: after the apply there is something to do: $(jq -c .changes "$work/json")"
	merge_and_load
	as_said "SEED=$1, applied"
	cmp -s "$tree/etc/audit/audit.rules" "$work/audit.rules" || [[ ! -e $tree/etc/audit/audit.rules ]] ||
		! grep -q . "$tree/etc/audit/rules.d/60-holdfast.rules" 2>/dev/null ||
		bad "SEED=$1: audit.rules is not what augenrules makes"
	# what passes by itself, not by another rule, is there
	jq -r '.resources[] | select(.state == "pass" and .why == null and .wanted == "loaded")
		| .resource | sub("^audit:"; "rule ")' "$work/json" | sort -u >"$work/passed"
	passed=$((passed + $(wc -l <"$work/passed")))
	grep -vxF -f "$work/kernel" "$work/passed" >"$work/diff" &&
		bad "SEED=$1: passed, and not in the kernel: $(head -n 3 "$work/diff")"
	return 0
}

mkdir -p "$work/d/a/sub" "$work/d/b" "$work/d/a b"
touch "$work/d/f"
ln -s a "$work/d/link"
ln -s nowhere "$work/d/dangling"
tree=$work/tree rules=$work/tree/etc/audit/rules.d
loaded=0 applied=0 applied_not=0 passed=0
n=0
for seed in ${SEED:-$(seq 1 "${COUNT:-100}")}; do
	n=$((n + 1))
	rm -rf "$tree"
	mkdir -p "$tree"/{usr/{bin,sbin},usr/lib/systemd/system,etc/systemd/system/multi-user.target.wants} \
		"$tree/$work"
	cp -a "$work/d" "$tree/$work/"
	cp "$(command -v augenrules)" "$(command -v auditctl)" "$tree/usr/sbin"
	ln -s mawk "$tree/usr/bin/awk"
	cp /etc/passwd /etc/group "$tree/etc"
	printf '%s\n' '[Service]' 'ExecStart=/usr/sbin/augenrules --load' \
		>"$tree/usr/lib/systemd/system/audit-rules.service"
	ln -s /usr/lib/systemd/system/audit-rules.service "$tree/etc/systemd/system/multi-user.target.wants/"
	make "$seed"
	merge_and_load
	as_said "SEED=$seed"
	near "$seed"
done
((failures == 0)) && ok "$loaded rules in all, loaded as we say"
[[ -n ${SEED:-} ]] || ((applied > n / 3 && passed > n)) ||
	bad "only $applied applied, $passed passed: nothing much was looked at"
ok "$applied applied, $applied_not not; $passed demands hold"
