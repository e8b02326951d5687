# SPDX-License-Identifier: Apache-2.0
#
# cis-docker on this machine and this kernel's audit list: every declared rule is loaded
# and fires, a second apply sends nothing, augenrules agrees, a dropped baseline needs
# --replace and is released.
. "$top_srcdir/tests/live/lib.sh"
need_root
need jq strace
need_audit
[[ -e /lib/systemd/system/docker.service ]] || skip "needs Debian's docker.io"
[[ ! -e /var/lib/holdfast/applied.json ]] || skip "a baseline is applied on this machine already"
! pidof dockerd >/dev/null || skip "a dockerd runs on this machine"
events=$top_builddir/tests/live/audit_events
start
save_files
save_audit
everything() {
	find /etc/audit /etc/docker /etc/tmpfiles.d -printf '%p|%m|%U:%G|%y|%l\n' 2>/dev/null | sort
	find /etc/audit /etc/docker /etc/tmpfiles.d -type f -exec sha256sum {} + 2>/dev/null | sort
	auditctl -l | sort
	echo "enabled $(audit_setting enabled) failure $(audit_setting failure)" \
		"backlog_limit $(audit_setting backlog_limit)"
}
everything >"$work/untouched"

fires() { # KEY COMMAND...
	"$events" "$1" 5 "${@:2}" >"$work/event" 2>&1
}

# The status of a run in $status, and in $n what it sends to the kernel that changes its
# rules or settings.
sent() {
	strace -f -qq -e trace=sendto,sendmsg -o "$work/strace" "$HOLDFAST" "$@" >"$work/out" 2>&1
	status=$?
	grep -q 'AUDIT_LIST_RULES' "$work/strace" ||
		bad "strace does not see the rules being listed, so its count proves nothing"
	n=$(grep -cE 'AUDIT_(ADD|DEL|SET)' "$work/strace")
}

# A small baseline first: a folder, a file that is not there yet, system calls.
mkdir "$work/watched"
cat >"$work/small.yaml" <<EOT
holdfast: 1
name: live-small
title: A few rules
controls:
  - id: live-folder
    title: A folder is watched
    audit:
      settings: {enabled: true}
      rules:
        - {watch: $work/watched, perm: wa, key: hf-live-dir}
        - {watch: $work/later, perm: wa, key: hf-live-file}
        - {syscalls: [sethostname, setdomainname], key: hf-live-call}
EOT
hf apply "$work/small.yaml"
exits "0 3" "apply of a small baseline"
fires hf-live-dir touch "$work/watched/a" && ok "a watched folder fires" ||
	bad "a watched folder does not fire"
fires hf-live-file touch "$work/later" && ok "a file that was not there fires when made" ||
	bad "a file that was not there does not fire"
fires hf-live-call hostname "$(hostname)" && ok "a rule on system calls fires" ||
	bad "a rule on system calls does not fire"
fires hf-live-dir true && bad "an event is seen where there is none" ||
	ok "no event without a write"
sent apply "$work/small.yaml"
[[ $n == 0 ]] && ok "a second apply sends no ADD, DEL or SET" || bad "a second apply sends $n changes"

# What goes while an apply waits for its baseline is put back: it looks when it has it.
mkfifo "$work/fifo"
"$HOLDFAST" apply --replace - <"$work/fifo" >"$work/out" 2>&1 &
waiting=$!
exec 7>"$work/fifo"
sleep 0.5
rm /etc/audit/rules.d/60-holdfast.rules
cat "$work/small.yaml" >&7
exec 7>&-
wait "$waiting"
[[ $? == [03] && -s /etc/audit/rules.d/60-holdfast.rules ]] && ok "an apply that waited for its baseline sees what went meanwhile" ||
	{ bad "what went while an apply waited for its baseline:"; cat "$work/out"; }
sed 's/hf-live-call/hf-live-name/' "$work/small.yaml" >"$work/changed.yaml"
fires op=holdfast-apply sh -c '"$0" apply "$1" || [ $? = 3 ]' "$HOLDFAST" "$work/changed.yaml" &&
	grep -qE ' transaction=[0-9T-]+[0-9a-f]+ result=applied digest=[0-9a-f]{64}' "$work/event" &&
	ok "an apply leaves an audit record of its own" ||
	{ bad "the audit record of an apply:"; cat "$work/event"; }

# The whole baseline in its place.
hf apply cis-docker
exits 64 "apply of a set that drops a baseline in force"
hf apply --replace cis-docker
exits 0 "apply --replace cis-docker"
auditctl -l | grep -q hf-live && bad "rules of the dropped baseline are still loaded" ||
	ok "rules of the dropped baseline are released"

auditctl -l >"$work/loaded"
for path in /etc/docker /etc/docker/daemon.json /usr/sbin/dockerd /usr/bin/containerd \
	/usr/sbin/runc /usr/bin/runc /run/docker.sock /run/containerd/containerd.sock \
	/run/containerd /var/lib/docker /etc/default/docker /etc/containerd/config.toml \
	/usr/bin/containerd-shim /usr/bin/containerd-shim-runc-v1 \
	/usr/bin/containerd-shim-runc-v2; do
	n=$(grep -cE -- "-F (path|dir)=$path " "$work/loaded")
	[[ $n == 2 ]] || bad "$path has $n rules in the kernel, not one for each ABI"
done
ok "rules in the kernel: $(wc -l <"$work/loaded")"
declared=$(grep -c '^-a' /etc/audit/rules.d/60-holdfast.rules)
[[ $declared == "$(wc -l <"$work/loaded")" ]] && ok "as many as the fragment declares" ||
	bad "the fragment declares $declared"

# Every one of them fires: a folder by a file made in it, a file by a change of its mode
# to what it is, one that is not there by being made.
while read -r type path; do
	made=
	if [[ $type == dir ]]; then
		fires docker touch "$path/.hf-live" || bad "$path does not fire"
		rm -f "$path/.hf-live"
		continue
	fi
	if [[ -L $path ]]; then
		fires docker chown -h root "$path" || bad "$path does not fire"
		continue
	fi
	if [[ ! -e $path ]]; then
		made=yes
		fires docker touch "$path" || bad "$path does not fire when made"
	fi
	fires docker chmod --reference="$path" "$path" || bad "$path does not fire"
	[[ -z $made ]] || rm -f "$path"
done < <(sed -n 's/.*-F \(dir\|path\)=\([^ ]*\) .*/\1 \2/p' "$work/loaded" | sort -u)
ok "each path with a rule made an event"

hf check cis-docker
exits 6 "check"
in_sync=$status
[[ $(controls finding | tr '\n' ' ') == "docker-authorization-plugin docker-remote-logging docker-userns-remap " ]] &&
	ok "its findings are those that README lists" || bad "findings: $(controls finding | tr '\n' ' ')"
[[ -z $(controls drift unknown) ]] || bad "drift or unknown: $(controls drift unknown)"
sent apply cis-docker
[[ $n == 0 && $status == 0 ]] && ok "a second apply sends no ADD, DEL or SET" ||
	bad "a second apply exits $status and sends $n changes"

augenrules --load >"$work/augenrules" 2>&1 || { bad "augenrules --load"; cat "$work/augenrules"; }
auditctl -l >"$work/reloaded"
cmp -s "$work/loaded" "$work/reloaded" && ok "augenrules --load leaves an equal list" ||
	{ bad "augenrules --load leaves another list"; diff "$work/loaded" "$work/reloaded"; }
hf check cis-docker
exits "$in_sync" "check after augenrules --load"

# Tampering with the kernel's list only.
auditctl -d always,exit -F arch=b64 -F path=/usr/sbin/dockerd -F perm=wa -F key=docker >/dev/null ||
	auditctl -W /usr/sbin/dockerd -p wa -k docker >/dev/null
hf check cis-docker
exits 2 "check with a rule deleted from the kernel"
[[ $(controls drift) == audit-dockerd ]] && ok "it names audit-dockerd" ||
	bad "it names $(controls drift)"
hf apply cis-docker
exits 0 "apply"
auditctl -e 0 >/dev/null
hf check cis-docker
case $status in
0 | 6) bad "check exits $status with auditing off" ;;
*) ok "check with auditing off exits $status" ;;
esac

# The way back, one transaction after the other: files and the kernel's list are as they
# were before the first.
auditctl -e 1 >/dev/null
for i in 1 2 3 4 5 6 7 8; do
	hf rollback --yes
	[[ $status == 64 ]] && break
	exits 0 "rollback $i"
done
[[ $status == 64 ]] && ok "everything is rolled back" || bad "transactions are left after $i rollbacks"
everything >"$work/back"
cmp -s "$work/untouched" "$work/back" && ok "files and kernel are as before the first apply" || {
	bad "after the rollbacks there are differences:"
	diff "$work/untouched" "$work/back"
}
