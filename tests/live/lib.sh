# SPDX-License-Identifier: Apache-2.0
#
# What the live suites share; sourced. The machine may be changed while they run, and is
# put back: files below $kept_dirs by save_files, the kernel's rules and settings by
# save_audit.
set -u -o pipefail
export LC_ALL=C
export HOLDFAST_BASELINE_PATH=$top_srcdir/templates
failures=0
work=
saved_files=
saved_audit=

ok() {
	echo "ok: $*"
}

bad() {
	echo "not ok: $*"
	failures=$((failures + 1))
}

skip() {
	echo "$1"
	exit 77
}

need_root() {
	[[ $(id -u) == 0 ]] || skip "needs root"
}

need() {
	local program
	for program; do
		command -v "$program" >/dev/null || skip "needs $program"
	done
}

# hf COMMAND...: the JSON in $work/json, diagnostics in $work/err, the status in $status
hf() {
	"$HOLDFAST" "$1" --format json "${@:2}" >"$work/json" 2>"$work/err"
	status=$?
}

show() {
	cat "$work/err"
	jq -r '.comment, .errors[]?.message, (.resources[]?
		| select(.state | IN("pass", "not-applicable") | not)
		| "\(.state) \(.layer) \(.resource) wanted \(.wanted) found \(.found) why \(.why)")' \
		"$work/json" | head -n 30
}

# exits WANTED WHAT: was that the status? With "6 7" one of them.
exits() {
	if [[ " $1 " == *" $status "* ]]; then
		ok "$2 exits $status"
	else
		bad "$2 exits $status, not $1"
		show
	fi
}

controls() {
	local states
	states=$(printf '"%s",' "$@")
	jq -r ".controls[] | select(.state | IN(${states%,})) | .id" "$work/json" | sort
}

# What units_batches says of COUNT units, under the manager WHO.
judge_units() { # WHO FILE COUNT
	if grep -aq '^not ok' "$2"; then
		bad "$1 reads units otherwise:"
		grep -a -e '^not ok' -e '^--' "$2" | grep -a -B 1 '^not' | head -n 40
	fi
	awk -v who="$1" -v count="$3" '
		/ differ: / { n = $1; sub(/^[0-9]* /, ""); differ[$0] += n }
		/ units: / { units += $1; same += $3; refused += $6 }
		END {
			# and most of them had something to compare
			print (units == count && same * 2 > count ? "" : "not ") "ok: of " units,
				"units " who " reads " same " commands as holdfast does and refuses",
				refused " units as it does"
			for (why in differ)
				print "ok: " differ[why], why
			exit units != count || same * 2 <= count
		}' "$2" || failures=$((failures + 1))
}

kept_dirs="etc/audit etc/docker etc/systemd/system etc/tmpfiles.d var/lib/holdfast
	var/lib/docker run/containerd"

audit_setting() {
	auditctl -s | awk -v name="$1" '$1 == name { print $2 }'
}

# Is this kernel's audit list ours to change?
need_audit() {
	need auditctl augenrules
	auditctl -s >/dev/null 2>&1 || skip "the kernel's audit system cannot be reached"
	[[ $(audit_setting enabled) != 2 ]] || skip "the kernel's audit rules are locked"
}

start() {
	work=$(mktemp -d /var/tmp/holdfast-live.XXXXXX) || exit 1
	trap finish EXIT
}

save_files() {
	local dir
	mkdir "$work/files"
	for dir in $kept_dirs; do
		if [[ -e /$dir ]]; then
			tar -C / -cpf "$work/files/${dir//\//_}.tar" "$dir" 2>/dev/null
			(cd / && find "$dir") >"$work/files/${dir//\//_}.list"
		fi
	done
	saved_files=yes
}

restore_files() {
	local dir path
	for dir in $kept_dirs; do
		if [[ ! -e $work/files/${dir//\//_}.tar ]]; then
			rm -rf "/${dir:?}"
			continue
		fi
		while IFS= read -r path; do
			grep -qxF -- "$path" "$work/files/${dir//\//_}.list" || rm -rf "/${path:?}"
		done < <(cd / && find "$dir" -depth)
		tar -C / -xpf "$work/files/${dir//\//_}.tar"
	done
}

save_audit() {
	auditctl -l | grep -v '^No rules' >"$work/rules"
	audit_enabled=$(audit_setting enabled)
	audit_backlog=$(audit_setting backlog_limit)
	audit_failure=$(audit_setting failure)
	saved_audit=yes
}

restore_audit() {
	auditctl -D >/dev/null
	if [[ -s $work/rules ]]; then
		auditctl -R "$work/rules" >/dev/null
	fi
	auditctl -b "$audit_backlog" >/dev/null
	auditctl -f "$audit_failure" >/dev/null
	auditctl -e "$audit_enabled" >/dev/null
}

# A suite may define at_end() for what else it has to clean up.
finish() {
	local status=$?
	trap - EXIT
	if declare -F at_end >/dev/null; then
		at_end
	fi
	[[ -z $saved_files ]] || restore_files
	[[ -z $saved_audit ]] || restore_audit
	if [[ -n $work ]]; then
		rm -rf "$work"
	fi
	if ((status == 0 && failures > 0)); then
		echo "$failures failed"
		status=1
	fi
	exit $status
}
