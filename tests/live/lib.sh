# SPDX-License-Identifier: Apache-2.0
#
# What the live suites share; sourced. The machine may be changed while they run, and is
# put back: files under $kept_dirs, the kernel's rules and settings.
set -u -o pipefail
export LC_ALL=C
export HOLDFAST_BASELINE_PATH=$top_srcdir/templates
failures=0
work=
saved_host=

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
		"$work/json"
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

save_host() {
	local dir
	mkdir "$work/host"
	auditctl -l | grep -v '^No rules' >"$work/host/rules"
	audit_enabled=$(audit_setting enabled)
	audit_backlog=$(audit_setting backlog_limit)
	audit_failure=$(audit_setting failure)
	for dir in $kept_dirs; do
		if [[ -e /$dir ]]; then
			tar -C / -cpf "$work/host/${dir//\//_}.tar" "$dir" 2>/dev/null
			(cd / && find "$dir") >"$work/host/${dir//\//_}.list"
		fi
	done
	saved_host=yes
}

restore_host() {
	local dir path
	[[ -n $saved_host ]] || return 0
	auditctl -D >/dev/null
	if [[ -s $work/host/rules ]]; then
		auditctl -R "$work/host/rules" >/dev/null
	fi
	auditctl -b "$audit_backlog" >/dev/null
	auditctl -f "$audit_failure" >/dev/null
	auditctl -e "$audit_enabled" >/dev/null
	for dir in $kept_dirs; do
		if [[ ! -e $work/host/${dir//\//_}.tar ]]; then
			rm -rf "/${dir:?}"
			continue
		fi
		while IFS= read -r path; do
			grep -qxF -- "$path" "$work/host/${dir//\//_}.list" || rm -rf "/${path:?}"
		done < <(cd / && find "$dir" -depth)
		tar -C / -xpf "$work/host/${dir//\//_}.tar"
	done
	saved_host=
}

# A suite may define at_end() for what else it has to clean up.
finish() {
	local status=$?
	trap - EXIT
	if declare -F at_end >/dev/null; then
		at_end
	fi
	restore_host
	if [[ -n $work ]]; then
		rm -rf "$work"
	fi
	if ((status == 0 && failures > 0)); then
		echo "$failures failed"
		status=1
	fi
	exit $status
}
