#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Measures, in one run on one machine, holdfast against the tools that it stands in for,
# and prints the ratios (DESIGN 9). Nothing fails here for being slow: a number is a
# number. Rows that need root or the kernel's audit list are left out without them, with
# the reason.
#
#   HOLDFAST=PROGRAM top_srcdir=DIR bash tests/bench/bench.sh
set -u -o pipefail
export LC_ALL=C
: "${HOLDFAST:?}" "${top_srcdir:?}"
export HOLDFAST_BASELINE_PATH=$top_srcdir/templates
rounds=${BENCH_ROUNDS:-9}
work=$(mktemp -d /var/tmp/holdfast-bench.XXXXXX) || exit 1
touched_kernel=
failures=0

end() {
	if [[ -n $touched_kernel ]]; then
		auditctl -D >/dev/null 2>&1
		[[ -s $work/rules.before ]] && auditctl -R "$work/rules.before" >/dev/null
		auditctl -b "$backlog_before" >/dev/null
		auditctl -e "$enabled_before" >/dev/null
		rm -rf /etc/audit
		tar -C / -xpf "$work/etc-audit.tar"
		rm -rf /var/lib/holdfast
	fi
	rm -rf "$work"
}
trap end EXIT

# best COMMAND...: the least wall time of several runs, in microseconds. Standard output
# and diagnostics are thrown away; the status is looked at by the caller beforehand.
best() {
	local i start us least=
	for ((i = 0; i < rounds; i++)); do
		start=${EPOCHREALTIME/./}
		"$@" >/dev/null 2>&1
		us=$((${EPOCHREALTIME/./} - start))
		[[ -z $least ]] || ((us < least)) && least=$us
	done
	echo "$least"
}

row() { # WHAT OURS THEIRS BOUND, in microseconds
	awk -v what="$1" -v a="$2" -v b="$3" -v bound="$4" 'BEGIN {
		printf "%-46s %10.2f ms %10.2f ms %8.3f  %s\n", what, a / 1000, b / 1000, a / b, bound }'
}

left_out() {
	printf '%-46s left out: %s\n' "$1" "$2"
}

# must STATUS... -- COMMAND...: run it, complain if it ends otherwise
must() {
	local wanted=()
	while [[ $1 != -- ]]; do
		wanted+=("$1")
		shift
	done
	shift
	"$@" >"$work/out" 2>&1
	local status=$?
	if [[ " ${wanted[*]} " != *" $status "* ]]; then
		echo "bench: '$*' ended with status $status:" >&2
		tail -n 20 "$work/out" >&2
		failures=$((failures + 1))
	fi
}

printf '%-46s %13s %13s %8s  %s\n' "what" "holdfast" "reference" "ratio" "bound"

# peak COMMAND...: the most memory that it takes, in KiB
peak() {
	python3 -c 'import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)' "$@"
}

# fastest VARIABLE PREPARE COMMAND...: the least wall time of three runs, each after
# PREPARE; for what changes the machine
fastest() {
	local -n least=$1
	local prepare=$2 i us
	shift 2
	least=
	for ((i = 0; i < 3; i++)); do
		$prepare
		us=${EPOCHREALTIME/./}
		must 0 3 -- "$@"
		us=$((${EPOCHREALTIME/./} - us))
		[[ -z $least ]] || ((us < least)) && least=$us
	done
}

# Files that need not exist, below a folder that does.
make_rules() { # COUNT
	local i
	for ((i = 0; i < $1; i++)); do
		echo "-a always,exit -F arch=b64 -F path=$work/f/$i -F perm=wa -F key=bench"
	done
}

# The kernel drops a rule about a file when the file's folder goes, and does so at once:
# deleted one by one, 5,000 of them take a minute.
no_rules() {
	rm -rf "$work/f"
	auditctl -D >/dev/null
	mkdir "$work/f"
}

nothing_applied() {
	no_rules
	rm -rf /var/lib/holdfast
	rm -f /etc/audit/rules.d/60-holdfast.rules /etc/audit/rules.d/zz-holdfast.rules
	augenrules >/dev/null 2>&1
}

# Somebody else's rules, which holdfast has to look at.
foreign_row() { # COUNT
	no_rules
	make_rules "$1" >"$work/foreign.rules"
	auditctl -R "$work/foreign.rules" >/dev/null
	must 2 3 6 7 -- "$HOLDFAST" check cis-docker
	row "check cis-docker, $1 rules in the kernel" \
		"$(best "$HOLDFAST" check cis-docker)" "$(best auditctl -l)" \
		"<= 1, against auditctl -l"
}

# Rules of a baseline, files and kernel: loaded onto an empty list, and looked at then.
declared_rows() { # COUNT
	local load check theirs
	{
		printf '%s\n' 'holdfast: 1' 'name: bench' 'title: Bench' 'controls:' \
			'  - id: bench-rules' '    title: Many rules' '    audit:' '      rules:'
		make_rules "$1" | sed 's/.*/        - {rule: "&"}/'
	} >"$work/load.yaml"
	fastest load nothing_applied "$HOLDFAST" apply "$work/load.yaml"
	# a check of rules that are in force: with auditing off each of them is a finding
	auditctl -e 1 >/dev/null
	must 0 -- "$HOLDFAST" check "$work/load.yaml"
	check=$(best "$HOLDFAST" check "$work/load.yaml")
	row "check, $1 declared rules" "$check" "$(best auditctl -l)" \
		"<= 1, against auditctl -l"
	auditctl -e "$enabled_before" >/dev/null
	# what is written is the same: augenrules loads what holdfast would
	fastest theirs no_rules augenrules --load
	row "first load of $1 rules" "$load" "$theirs" "<= 1, against augenrules --load"
	if command -v python3 >/dev/null; then
		local check_kib load_kib
		check_kib=$(peak "$HOLDFAST" check "$work/load.yaml")
		nothing_applied
		load_kib=$(peak "$HOLDFAST" apply "$work/load.yaml")
		awk -v n="$1" -v c="$check" -v ck="$check_kib" -v l="$load" -v lk="$load_kib" \
			'BEGIN { printf "%12d %10.2f ms %8.1f MiB %10.2f ms %8.1f MiB\n", n,
				c / 1000, ck / 1024, l / 1000, lk / 1024 }' >>"$work/growth"
	fi
}

growth_table() {
	[[ -s $work/growth ]] || return
	printf '\n%12s %13s %12s %13s %12s\n' "rules" "check" "memory" "first load" "memory"
	cat "$work/growth"
	echo
}

change_one() { # FILE: one of its 1,000 rules
	changed=$((changed + 1))
	sed -i "s|path=$work/f/500[^ ]*|path=$work/f/500x$changed|" "$1"
}

audit_rows() {
	local count changed ours theirs
	auditctl -l | grep -v '^No rules' >"$work/rules.before"
	enabled_before=$(auditctl -s | awk '$1 == "enabled" { print $2 }')
	backlog_before=$(auditctl -s | awk '$1 == "backlog_limit" { print $2 }')
	tar -C / -cpf "$work/etc-audit.tar" etc/audit || return
	touched_kernel=yes

	for count in 100 1000 5000; do
		foreign_row $count
	done
	for count in 100 5000 1000; do
		declared_rows $count
	done
	sort -n -o "$work/growth" "$work/growth"
	growth_table

	# the 1,000 rules are still loaded
	changed=0
	fastest ours "change_one $work/load.yaml" "$HOLDFAST" apply "$work/load.yaml"
	fastest theirs "change_one /etc/audit/rules.d/60-holdfast.rules" augenrules --load
	row "one rule of 1,000 changed" "$ours" "$theirs" "<= 0.01, against augenrules --load"
	no_rules # or it would take the end long
}

if [[ $(id -u) != 0 ]]; then
	left_out "audit rows" "needs root"
elif ! command -v augenrules >/dev/null || ! auditctl -s >/dev/null 2>&1; then
	left_out "audit rows" "the kernel's audit list cannot be reached"
elif auditctl -s | grep -qx 'enabled 2'; then
	left_out "audit rows" "the kernel's audit rules are locked"
elif [[ -e /var/lib/holdfast ]]; then
	left_out "audit rows" "a baseline is applied on this machine"
else
	audit_rows
	end
	touched_kernel=
	work=$(mktemp -d /var/tmp/holdfast-bench.XXXXXX) || exit 1
fi

# files over 100,000 inodes, all as they should be
mkdir "$work/tree"
for ((i = 0; i < 1000; i++)); do
	mkdir "$work/tree/$i"
	(cd "$work/tree/$i" && touch {1..99})
done
cat >"$work/files.yaml" <<EOT
holdfast: 1
name: bench-files
title: Many files
controls:
  - id: bench-modes
    title: Nothing below can be written by others
    files:
      - {path: $work/tree, recurse: true, max_mode: "0755"}
EOT
must 0 -- "$HOLDFAST" check "$work/files.yaml"
row "files: 100,000 inodes, recursive" "$(best "$HOLDFAST" check "$work/files.yaml")" \
	"$(best find "$work/tree" -perm /022)" "<= 1.2, against find -perm"

# size: time and memory of baselines of 1,000 and 10,000 controls
big() { # COUNT FILE
	{
		printf '%s\n' 'holdfast: 1' 'name: bench-big' 'title: Many controls' 'controls:'
		for ((i = 0; i < $1; i++)); do
			printf '%s\n' "  - id: control-$i" "    title: Control number $i" \
				"    rationale: It is one of many." \
				'    tags: [bench]' '    files:' \
				"      - {path: /nowhere/file-$i, owner: root, max_mode: \"0644\"}"
		done
	} >"$2"
}
big 1000 "$work/big1.yaml"
big 10000 "$work/big10.yaml"
must 0 -- "$HOLDFAST" check "$work/big10.yaml"
small_time=$(best "$HOLDFAST" check "$work/big1.yaml")
big_time=$(best "$HOLDFAST" check "$work/big10.yaml")
row "baseline: 10,000 controls against 1,000" "$big_time" "$small_time" "<= 10, linear"
if command -v python3 >/dev/null; then
	printf '%-46s %10.1f MiB (1,000 controls: %.1f MiB)   < 64 MiB\n' \
		"baseline: memory for 10,000 controls" \
		"$(awk -v k="$(peak "$HOLDFAST" check "$work/big10.yaml")" 'BEGIN { print k / 1024 }')" \
		"$(awk -v k="$(peak "$HOLDFAST" check "$work/big1.yaml")" 'BEGIN { print k / 1024 }')"
else
	left_out "baseline: memory" "needs python3"
fi
((failures == 0))
