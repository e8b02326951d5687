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

# Rules of somebody else: files that need not exist, below a folder that does.
make_rules() { # COUNT
	local i
	for ((i = 0; i < $1; i++)); do
		echo "-a always,exit -F arch=b64 -F path=$work/f/$i -F perm=wa -F key=bench"
	done
}

audit_rows() {
	local count
	cp /etc/audit/rules.d/audit.rules "$work/vendor.rules" 2>/dev/null
	auditctl -l | grep -v '^No rules' >"$work/rules.before"
	enabled_before=$(auditctl -s | awk '$1 == "enabled" { print $2 }')
	backlog_before=$(auditctl -s | awk '$1 == "backlog_limit" { print $2 }')
	tar -C / -cpf "$work/etc-audit.tar" etc/audit || return
	touched_kernel=yes
	mkdir "$work/f"

	for count in 1000 5000; do
		auditctl -D >/dev/null
		make_rules $count >"$work/foreign.rules"
		auditctl -R "$work/foreign.rules" >/dev/null
		must 2 3 6 7 -- "$HOLDFAST" check cis-docker
		row "check cis-docker, $count rules in the kernel" \
			"$(best "$HOLDFAST" check cis-docker)" "$(best auditctl -l)" \
			"<= 1, against auditctl -l"
	done

	# first load: 1,000 rules of a baseline, files and kernel, onto an empty list
	{
		printf '%s\n' 'holdfast: 1' 'name: bench' 'title: Bench' 'controls:' \
			'  - id: bench-rules' '    title: Many rules' '    audit:' '      rules:'
		make_rules 1000 | sed 's/.*/        - {rule: "&"}/'
	} >"$work/load.yaml"
	local i us least_ours='' least_theirs=''
	for ((i = 0; i < 3; i++)); do
		auditctl -D >/dev/null
		rm -rf /var/lib/holdfast
		rm -f /etc/audit/rules.d/60-holdfast.rules /etc/audit/rules.d/zz-holdfast.rules
		augenrules >/dev/null 2>&1
		us=${EPOCHREALTIME/./}
		must 0 3 -- "$HOLDFAST" apply "$work/load.yaml"
		us=$((${EPOCHREALTIME/./} - us))
		[[ -z $least_ours ]] || ((us < least_ours)) && least_ours=$us
	done
	for ((i = 0; i < 3; i++)); do
		auditctl -D >/dev/null
		us=${EPOCHREALTIME/./}
		must 0 -- augenrules --load
		us=$((${EPOCHREALTIME/./} - us))
		[[ -z $least_theirs ]] || ((us < least_theirs)) && least_theirs=$us
	done
	row "first load of 1,000 rules" "$least_ours" "$least_theirs" "<= 1, against augenrules --load"

	# one rule of 1,000 changed
	local n=0
	least_ours=''
	must 0 3 -- "$HOLDFAST" apply "$work/load.yaml"
	for ((i = 0; i < 3; i++)); do
		n=$((n + 1))
		sed -i "s|path=$work/f/500[^ ]*|path=$work/f/500x$n|" "$work/load.yaml"
		us=${EPOCHREALTIME/./}
		must 0 3 -- "$HOLDFAST" apply "$work/load.yaml"
		us=$((${EPOCHREALTIME/./} - us))
		[[ -z $least_ours ]] || ((us < least_ours)) && least_ours=$us
	done
	least_theirs=''
	for ((i = 0; i < 3; i++)); do
		n=$((n + 1))
		sed -i "s|path=$work/f/500[^ ]*|path=$work/f/500x$n|" /etc/audit/rules.d/60-holdfast.rules
		us=${EPOCHREALTIME/./}
		must 0 -- augenrules --load
		us=$((${EPOCHREALTIME/./} - us))
		[[ -z $least_theirs ]] || ((us < least_theirs)) && least_theirs=$us
	done
	row "one rule of 1,000 changed" "$least_ours" "$least_theirs" "<= 0.01, against augenrules --load"
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
peak() { # COMMAND...: peak memory in KiB
	python3 -c 'import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)' "$@"
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
