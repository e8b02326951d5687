#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# SIGKILL at every call that changes files or the kernel's audit list, of an unmodified
# holdfast that applies audit rules to the running system (root; /etc and /var/lib are
# covered by overlays of its own, the kernel's rules are put back). After each: recovery
# gives back the kernel's list and settings and the files; the next apply completes.
[[ $(id -u) == 0 ]] || { echo "needs root: it changes the kernel's audit rules"; exit 77; }
if [[ -z ${HOLDFAST_KERNEL_INSIDE-} ]]; then
	command -v auditctl >/dev/null || { echo "auditctl is not installed"; exit 77; }
	auditctl -s >/dev/null 2>&1 || { echo "the kernel's audit list cannot be reached"; exit 77; }
	! auditctl -s | grep -qx 'enabled 2' || { echo "the kernel's audit rules are locked"; exit 77; }
	unshare --mount true 2>/dev/null || { echo "cannot have mounts of its own here"; exit 77; }
	HOLDFAST_KERNEL_INSIDE=1 exec unshare --mount --propagation private bash "$0" "$@"
fi
. "$(dirname "$0")/lib.sh"
need_strace
every=${EVERY:-1}
auditctl -l | grep -v '^No rules' >rules.saved
auditctl -s >status.saved
put_back() {
	auditctl -D >/dev/null 2>&1
	[[ ! -s rules.saved ]] || auditctl -R rules.saved >/dev/null 2>&1
	auditctl -b "$(awk '$1 == "backlog_limit" { print $2 }' status.saved)" >/dev/null
	auditctl -e "$(awk '$1 == "enabled" { print $2 }' status.saved)" >/dev/null
	cd / && umount /etc /var/lib
}
for dir in /etc /var/lib; do
	mkdir -p "over$dir/up" "over$dir/work"
	mount -t overlay overlay -o "lowerdir=$dir,upperdir=$work/over$dir/up,workdir=$work/over$dir/work" "$dir" ||
		skip "no overlay can be mounted on $dir"
done
finally=put_back

cat >k.yaml <<'END'
holdfast: 1
name: kernel
title: Rules in the kernel
controls:
  - id: rules
    title: Rules
    audit:
      rules:
        - {watch: /etc/docker, type: dir, perm: wa, key: hf-test}
        - {watch: /etc/passwd, perm: wa, key: hf-test}
        - {syscalls: [mount, umount2], fields: ["auid>=1000", "auid!=unset"], key: hf-test}
        - {rule: "-a always,exit -F arch=b64 -S init_module -F key=hf-test"}
      absent: ["-a always,exit -F arch=b64 -S swapon -F key=hf-foreign"]
      settings: {backlog_limit: 9000}
END
with_baseline() {
	command=("$HOLDFAST" "$@")
	[[ $1 != apply && $1 != check ]] || command+=("$work/k.yaml")
}
kernel() {
	# order counts between rules that can match one event only; none of these do
	auditctl -l | sort
	auditctl -s | grep -E '^(enabled|failure|rate_limit|backlog_limit|backlog_wait_time) '
}
files() {
	(cd /etc && find audit tmpfiles.d -printf '%p %y %m %U:%G\n' 2>/dev/null | sort
		find audit tmpfiles.d -type f -exec sha256sum {} + 2>/dev/null | sort)
}
begin() { # nothing of ours, and two rules of others
	rm -rf /var/lib/holdfast /etc/tmpfiles.d/holdfast* /etc/audit
	cp -a "$work/etc-audit" /etc/audit
	auditctl -D >/dev/null
	auditctl -b 8192 >/dev/null
	auditctl -e 1 >/dev/null
	auditctl -a always,exit -F arch=b64 -S swapon -F key=hf-foreign
	auditctl -a always,exit -F arch=b64 -S swapoff -F key=hf-foreign
} >/dev/null 2>&1
mkdir -p /etc/audit/rules.d
rm -rf /etc/audit/rules.d/*holdfast*
cp -a /etc/audit etc-audit
begin
kernel >kernel.before
files >files.before
traced -- apply
status=$?
[[ $status == [036] ]] || { fail "apply: exit $status: $(cat out)"; finish; }
kernel >kernel.after
files >files.after
diff kernel.before kernel.after >/dev/null && fail "the kernel was not changed"
# netlink requests change something, too
changing_calls >calls
# strace injects by the calls of a thread: of each thread counted apart, and each number once
awk '{ id = $1; sub(/^[0-9]+ +/, ""); name = $0; sub(/\(.*/, "", name); n = ++count[id, name] }
	name ~ /^send(to|msg)$/ && /AUDIT_(ADD|DEL)_RULE|AUDIT_SET|nlmsg_type=0x3(f3|f4|e9)|NETLINK|nlmsg/ &&
		!seen[name, n]++ { print name, n }' trace >requests
cat requests >>calls
i=0 total=0 missed=0
while read -r name which <&3; do
	((i++ % every == 0)) || continue
	where="killed at $name $which"
	begin
	traced -e trace="$name" -e inject="$name:signal=KILL:when=$which" -- apply
	status=$?
	if [[ $status == [036] ]]; then
		# dockerd is looked for among the processes: with fewer of them there are
		# fewer calls than were traced, and the last numbers are not reached
		missed=$((missed + 1))
		kernel | cmp -s - kernel.after && files | cmp -s - files.after ||
			fail "$where: not killed, exit $status, and not applied"
		continue
	fi
	((status == 137)) || { fail "$where: exit $status: $(head -n 5 out)"; continue; }
	total=$((total + 1))
	must 0 recover
	kernel >kernel.now
	files >files.now
	if grep -q 'nothing to recover' out && cmp -s kernel.now kernel.after && cmp -s files.now files.after; then
		continue # it was done: a journal beside its record is over
	fi
	diff kernel.before kernel.now >difference || fail "$where: the kernel: $(cat difference; cat out)"
	diff files.before files.now >difference || fail "$where: files: $(head difference)"
	found=$(strays /etc; [[ ! -e /var/lib/holdfast ]] || strays /var/lib/holdfast)
	[[ -z $found ]] || fail "$where: stray: $found"
	hf apply
	status=$?
	[[ $status == [036] ]] || fail "$where: the next apply exits $status: $(head -n 5 out)"
	kernel | diff kernel.after - >difference || fail "$where: the next apply: $(cat difference)"
done 3<calls
((missed * 10 <= total)) || fail "$missed of $((missed + total)) numbers of calls were not reached"
# --- errors from the kernel instead: 1 and nothing changed, or 4 and all put back
begin
traced -- apply
awk '{ id = $1; sub(/^[0-9]+ +/, ""); name = $0; sub(/\(.*/, "", name); n = ++count[id, name] }
	name ~ /^(recv(from|msg)|poll|ppoll)$/ && !seen[name, n]++ { print name, n }' trace >answers
errors=(EPERM EIO ENOBUFS)
i=0 faults=0
while read -r name which <&3; do
	i=$((i + 1))
	# an answer is as good as another: one error each, of every third
	if [[ $name == send* ]]; then
		set -- "${errors[@]}"
	elif ((i % 3 == 0)); then
		set -- "${errors[i / 3 % 3]}"
	else
		continue
	fi
	for error; do
		where="$name $which: $error"
		begin
		traced -e trace="$name" -e inject="$name:error=$error:when=$which" -- apply
		status=$?
		faults=$((faults + 1))
		kernel >kernel.now
		files >files.now
		case $status in
		0 | 3 | 6)
			diff kernel.after kernel.now >difference && diff files.after files.now >>difference ||
				fail "$where: exit $status, but: $(cat difference; head -n 5 out)"
			;;
		1 | 4)
			diff kernel.before kernel.now >difference && diff files.before files.now >>difference ||
				fail "$where: exit $status, but: $(cat difference; head -n 5 out)"
			;;
		*) fail "$where: exit $status: $(head -n 5 out; grep -A5 '^Not put' out)" ;;
		esac
		[[ ! -e /var/lib/holdfast/journal ]] || fail "$where: exit $status with a journal"
	done
done 3< <(cat requests answers)
finish "$faults errors at requests and answers; $total kills, $(wc -l <requests) of them at requests to the kernel; $n runs"
