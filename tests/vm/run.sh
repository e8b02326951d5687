# SPDX-License-Identifier: Apache-2.0
#
# holdfast on a machine of its own, booted with its own kernel.
#
#   HOLDFAST=PROGRAM top_srcdir=DIR top_builddir=DIR bash tests/vm/SUITE.sh
. "$top_srcdir/tests/vm/lib.sh"

findings="docker-authorization-plugin docker-remote-logging docker-userns-remap"

# After check: nothing to do, and the findings are those that README lists.
as_readme_says() { # WHAT
	exits 6 "$1"
	if [[ $(controls finding | xargs) == "$findings" &&
		-z $(controls drift unknown pending-restart pending-reboot) ]]; then
		ok "$1: all passes but the findings that README lists"
	else
		bad "$1: not what README says"
		show
	fi
}

same() { # WHAT FILE FILE
	if cmp -s "$2" "$3"; then
		ok "$1"
	else
		bad "$1: not so"
		diff "$2" "$3" | head -n 40
	fi
}

has() { # WHAT WANTED FOUND
	[[ $2 == "$3" ]] && ok "$1" || bad "$1: found '$3', not '$2'"
}

# The stock machine: apply does what plan said, all of it is in force, and is after a reboot.
stock() {
	boot_vm stock
	vm apply <<-'EOT'
		everything >before
		engine >engine.before
		loaded >loaded.before
		hf plan plan cis-docker
		hf apply apply cis-docker
		hf check check cis-docker
		loaded >loaded
		ours
		docker info --format '{{json .}}' >info.json
		docker network inspect bridge \
			--format '{{index .Options "com.docker.network.bridge.enable_icc"}}' >icc
		systemctl is-active docker.service docker.socket auditd.service >active
		systemctl --failed --quiet >failed
		box_image
		docker run --rm box /bin/busybox grep NoNewPrivs /proc/self/status >privs
		box web -p 8080:80
		pgrep -a docker-proxy >proxies
		docker rm -f web >/dev/null
		journalctl -q -o cat -u docker.service | grep -c level=debug >debug
		since=$(stat -c %y /etc/docker/daemon.json)
		journalctl -q -o cat -u docker.service --since "${since%.*}" | grep -c level=info >info
		hf again apply cis-docker
		dockerd_pid >pid
	EOT
	of plan
	exits 2 "plan"
	if jq -e '.effects | any(.decision == "hold")' "$work/json" >/dev/null; then
		wanted=3
	else
		wanted=0
	fi
	of apply
	exits $wanted "apply, as the plan said,"
	of check
	as_readme_says "check after apply"
	has "docker.service, docker.socket and auditd.service are active" active \
		"$(sort -u "$out/active")"
	has "no unit failed" "" "$(cat "$out/failed")"
	has "live-restore is in force" true "$(jq -r .LiveRestoreEnabled "$out/info.json")"
	has "icc is off on the running bridge" false "$(cat "$out/icc")"
	has "processes in containers gain no privileges" 1 "$(awk '{print $2}' "$out/privs")"
	has "no userland proxy runs for a published port" "" "$(cat "$out/proxies")"
	has "dockerd logs no debug messages" 0 "$(cat "$out/debug")"
	[[ $(cat "$out/info") != 0 ]] && ok "dockerd logs at level info" ||
		bad "no message at level info"
	of again
	exits 0 "a second apply"
	has "and it changes nothing" false "$(jq .changed "$work/json")"

	off_vm
	boot_vm
	vm booted <<-'EOT'
		hf check check cis-docker
		loaded >loaded
		systemctl is-active docker.service docker.socket auditd.service >active
		systemctl --failed --quiet >failed
		engine >engine
		dpkg -V auditd >auditd
		systemctl show -p DropInPaths,NeedDaemonReload auditd.service >>auditd
	EOT
	of check
	as_readme_says "check after a reboot"
	has "all are active after the reboot" active "$(sort -u "$out/active")"
	has "no unit failed in the boot" "" "$(cat "$out/failed")"
	same "the kernel's list is the one of before the reboot" "$work/apply/loaded" "$out/loaded"
	has "auditd runs as Debian ships it" "DropInPaths= NeedDaemonReload=no" \
		"$(xargs <"$out/auditd")"

	vm rollback <<-'EOT'
		hf rollback rollback --yes
		loaded >loaded
		hf more rollback --yes
	EOT
	of rollback
	exits 0 "rollback of what was applied before the boot"
	same "the kernel's list is the one of before the apply" "$work/apply/loaded.before" "$out/loaded"
	of more
	exits 64 "another one, as there is nothing left,"

	off_vm
	boot_vm
	vm back <<-'EOT'
		everything >after
		engine >engine
	EOT
	same "rolled back and booted: the machine is as it was" "$work/apply/before" "$out/after"
	same "and so is the engine" "$work/apply/engine.before" "$out/engine"
	reset_vm
	first_boot "$work/apply/ours"
}

# What apply made of the tree of an image is what it made of the machine, and the machine
# that is booted from it for the first time needs no apply.
first_boot() { # FOLDER: its files on the live machine
	local root=$work/root disk
	lay_out "$root" && tar -C "$root" -xpf "$work/program" --no-overwrite-dir || exit 1
	hf apply --root "$root" cis-docker
	exits 0 "apply to the tree of an image"
	make_disk "$root" "$work/first.ext4" && use_disk "$work/first.ext4" first || exit 1
	rm -rf "$root"
	boot_vm
	vm first <<-'EOT'
		ours
		hf check check cis-docker
		systemctl is-active docker.service docker.socket auditd.service >active
		systemctl --failed --quiet >failed
	EOT
	of check
	as_readme_says "check in the first boot of an image"
	has "all are active in it" active "$(sort -u "$out/active")"
	has "no unit failed in it" "" "$(cat "$out/failed")"
	has "the files of an image are those of a live machine" "" "$(diff -r "$1" "$out/ours" 2>&1)"
	reset_vm
	rm "$work/first.ext4" "$disk"
}

# Containers run: what reloads and what restarts under live-restore is done, the rest is
# held until it is safe; none of them is touched unless the plan says so.
boxes() {
	boot_vm stock
	vm held <<-'EOT'
		box_image
		box one && box two && box three --network none
		boxes one two three >boxes.0
		dockerd_pid >pid.0
		# without live-restore a restart would end them
		baseline level 'daemon: {set: {log-level: warn}}'
		hf held apply ./level.yaml
		boxes one two three >boxes.1
		dockerd_pid >pid.1
		hf pending check ./level.yaml
		# live-restore and labels reload
		level='daemon: {set: {log-level: warn}}'
		live='daemon: {set: {live-restore: true}, add: {labels: [stage=test]}}'
		baseline live "$live"
		hf reload apply --replace ./live.yaml
		boxes one two three >boxes.2
		dockerd_pid >pid.2
		docker info --format '{{.LiveRestoreEnabled}} {{.Labels}}' >info.2
		# now they outlive a restart
		baseline live "$live" "$level"
		hf plan plan ./live.yaml
		hf restart apply ./live.yaml
		boxes one two three >boxes.3
		dockerd_pid >pid.3
		docker exec one /bin/busybox true
		echo $? >exec.3
		# this one only comes into force without containers
		baseline live "$live" "$level" 'daemon: {set: {icc: false}}'
		hf icc apply ./live.yaml
		boxes one two three >boxes.4
		dockerd_pid >pid.4
		hf waiting check ./live.yaml
		docker rm -f one two three >/dev/null
		hf later apply ./live.yaml
		dockerd_pid >pid.5
		hf done check ./live.yaml
		docker network inspect bridge \
			--format '{{index .Options "com.docker.network.bridge.enable_icc"}}' >icc
		# live-restore off again, and then all of it in one run
		baseline off 'daemon: {set: {log-level: error}}'
		hf off apply --replace ./off.yaml
		docker info --format '{{.LiveRestoreEnabled}}' >info.off
		box four && box five
		boxes four five >boxes.5
		dockerd_pid >pid.6
		baseline once 'daemon: {set: {live-restore: true, log-level: warn, no-new-privileges: true}}'
		hf once apply --replace ./once.yaml
		boxes four five >boxes.6
		dockerd_pid >pid.7
		docker info --format '{{.LiveRestoreEnabled}}' >info.once
		hf settled check ./once.yaml
	EOT
	has "three containers run" 3 "$(wc -l <"$out/boxes.0")"
	of held
	exits 3 "apply without live-restore"
	has "it holds the restart" '["hold"]' "$(jq -c '[.effects[] | select(.action == "restart").decision]' "$work/json")"
	has "and names the containers" '["one","three","two"]' \
		"$(jq -c '[.effects[] | select(.action == "restart").containers[].name] | sort' "$work/json")"
	of pending
	exits 3 "check with the restart held"
	of reload
	exits 0 "apply of live-restore and a label"
	has "both are in force" "true [stage=test]" "$(cat "$out/info.2")"
	of plan
	has "the plan of a restart says that it will run" '["run"]' \
		"$(jq -c '[.effects[] | select(.action == "restart").decision]' "$work/json")"
	of restart
	exits 0 "apply that restarts under live-restore"
	of icc
	exits 3 "apply of what needs a restart without containers"
	of waiting
	exits 3 "check of it"
	for i in 1 2 3 4; do
		same "the containers run on ($i)" "$out/boxes.0" "$out/boxes.$i"
	done
	has "and can be entered after the restart" 0 "$(cat "$out/exec.3")"
	same "no restart while it is held" "$out/pid.0" "$out/pid.1"
	same "no restart for a reload" "$out/pid.0" "$out/pid.2"
	! cmp -s "$out/pid.2" "$out/pid.3" && ok "one restart under live-restore" ||
		bad "no restart under live-restore"
	same "no restart while it is held again" "$out/pid.3" "$out/pid.4"
	of later
	exits 0 "apply after the containers are gone"
	! cmp -s "$out/pid.4" "$out/pid.5" && ok "the held restart is carried out" ||
		bad "the held restart is not carried out"
	of 'done'
	exits 0 "check of it"
	has "icc is off on the running bridge" false "$(cat "$out/icc")"
	of off
	exits 0 "apply that takes live-restore back"
	has "it is off" false "$(cat "$out/info.off")"
	has "two containers run" 2 "$(wc -l <"$out/boxes.5")"
	of once
	exits 0 "one apply of live-restore and what needs a restart"
	has "it reloads first" "reload docker.service restart docker.service" \
		"$(jq -r '.steps[].what | select(test("^re(load|start) "))' "$work/json" | xargs)"
	has "live-restore is in force" true "$(cat "$out/info.once")"
	same "the containers run on (once)" "$out/boxes.5" "$out/boxes.6"
	! cmp -s "$out/pid.6" "$out/pid.7" && ok "dockerd was restarted" ||
		bad "dockerd was not restarted"
	of settled
	exits 0 "check of it"
}

# dockerd refuses at its start what no validation can tell: an address that is not here.
refused() {
	boot_vm stock
	vm refused <<-'EOT'
		baseline live 'daemon: {set: {live-restore: true}}'
		hf apply apply ./live.yaml
		box_image
		box one
		boxes one >boxes.0
		engine >engine.0
		find /etc -type f -exec sha256sum {} + | sort >etc.0
		baseline live 'daemon: {set: {live-restore: true}}' \
			'daemon: {set: {metrics-addr: "192.0.2.1:9323"}}'
		hf plan plan ./live.yaml
		hf refused apply ./live.yaml
		boxes one >boxes.1
		engine >engine.1
		find /etc -type f -exec sha256sum {} + | sort >etc.1
		systemctl is-active docker.service >active
		strays >strays
		hf check check ./live.yaml
		holdfast apply ./live.yaml >text 2>&1
		holdfast history >history
	EOT
	of apply
	exits 0 "apply of live-restore"
	of plan
	exits 2 "plan of an address that is not here"
	of refused
	exits 4 "apply of it"
	jq -r '.errors[].message' "$work/json" | grep -q 'it said: .*192.0.2.1:9323: bind' &&
		ok "the journal's lines say why" || { bad "no line of the journal in:"; show; }
	has "dockerd runs" active "$(cat "$out/active")"
	same "as before" "$out/engine.0" "$out/engine.1"
	same "all files are as before" "$out/etc.0" "$out/etc.1"
	same "the container was not touched" "$out/boxes.0" "$out/boxes.1"
	has "nothing is left lying about" "" "$(cat "$out/strays")"
	of check
	exits 2 "check of it"
	grep -q 'Put back:' "$out/text" && grep -q 'Next:' "$out/text" &&
		ok "the report ends in what was put back and what to type next" ||
		{ bad "no closing block in:"; tail -n 30 "$out/text"; }
}

# The audit configuration locked: what comes after is written and waits for the reboot.
locked() {
	boot_vm stock
	vm locked <<-'EOT'
		lock='audit: {settings: {enabled: locked}, rules: [{watch: /etc/docker, perm: wa, key: one}]}'
		baseline locked "$lock"
		hf refused apply ./locked.yaml
		loaded >loaded
		hf lock apply --allow-lock ./locked.yaml
		loaded >loaded.0
		baseline locked "$lock" 'audit: {rules: [{watch: /etc/hosts, perm: wa, key: two}]}'
		cp locked.yaml /root/locked.yaml
		hf second apply --allow-lock /root/locked.yaml
		hf check check --allow-lock /root/locked.yaml
		loaded >loaded.1
	EOT
	of refused
	exits 0 "apply without --allow-lock"
	has "and it leaves the lock out, as a finding" "enabled 1" "$(grep enabled "$out/loaded")"
	has "which it reports" 1 "$(jq .summary.finding "$work/json")"
	of lock
	exits 0 "apply --allow-lock"
	has "the kernel's list is locked" "enabled 2" "$(grep enabled "$out/loaded.0")"
	of second
	exits 3 "another change"
	of check
	exits 3 "check of it"
	has "it is pending until the reboot" control-2 "$(controls pending-reboot)"
	same "the kernel's list is as it was" "$out/loaded.0" "$out/loaded.1"
	off_vm
	boot_vm
	vm unlocked <<-'EOT'
		hf check check --allow-lock /root/locked.yaml
		loaded >loaded
	EOT
	of check
	exits 0 "check after the reboot"
	has "both rules are loaded" 4 "$(grep -c 'key=\(one\|two\)' "$out/loaded")"
	has "and the list is locked" "enabled 2" "$(grep enabled "$out/loaded")"
}

# A dockerd that was started before auditing was on: the kernel never audits it.
older() {
	boot_vm stock
	vm older <<-'EOT'
		systemctl disable -q auditd.service
		systemctl mask -q systemd-journald-audit.socket
	EOT
	off_vm
	boot_vm
	vm older <<-'EOT'
		baseline older 'audit: {settings: {enabled: true}, rules: [{watch: /var/lib/docker, perm: wa, key: hf-older}]}'
		auditctl -s | grep '^enabled' >before
		systemctl enable -q auditd.service
		# a process of before; of dockerd, which has many threads, the new ones are audited
		(until [[ -e go ]]; do sleep 0.2; done; : >/var/lib/docker/old) &
		old=$!
		hf off check ./older.yaml
		hf apply apply ./older.yaml
		systemctl start auditd.service
		hf check check ./older.yaml
		dockerd_pid >pid.old
		box_image
		docker volume create one >/dev/null
		touch /var/lib/docker/new go
		wait $old
		sleep 1
		ls /var/lib/docker/old /var/lib/docker/new >written
		ausearch -k hf-older --raw | grep -o 'name="/var/lib/docker/[a-z]*"' | sort -u >seen.old
		systemctl restart docker.service
		hf again check ./older.yaml
		docker volume create two >/dev/null
		sleep 1
		ausearch -k hf-older --raw | grep -o 'comm="[^"]*"' | sort -u >seen.new
	EOT
	has "auditing is off at boot, without auditd" "enabled 0" "$(cat "$out/before")"
	of off
	grep -q "dockerd (pid $(cat "$out/pid.old")): auditing is off" "$out/off.err" &&
		ok "check names dockerd while auditing is off" || bad "$(cat "$out/off.err")"
	of apply
	exits 0 "switching it on"
	of check
	exits 0 "check after it"
	grep -q "dockerd (pid $(cat "$out/pid.old")): .* since it was started\. Nothing" "$out/check.err" &&
		ok "and names the dockerd that is older" || bad "$(cat "$out/check.err")"
	has "an old process and a new one have written a file" 2 "$(wc -l <"$out/written")"
	grep -q /new "$out/seen.old" && ok "the new one is audited" || bad "seen: $(cat "$out/seen.old")"
	grep -q /old "$out/seen.old" && bad "the old one is audited" || ok "the old one is not"
	of again
	grep -q 'dockerd (pid' "$out/again.err" && bad "the new one is named: $(cat "$out/again.err")" ||
		ok "a dockerd of after it is not named"
	grep -q dockerd "$out/seen.new" && ok "and is audited" || bad "seen: $(cat "$out/seen.new")"
}

# Moments of a run in $moments: "call NAME NUMBER", spread over its calls that change
# something, and "time SECONDS", spread over its time, most of which goes by while dockerd
# restarts.
choose_moments() { # COMMAND
	local calls msec i at
	local n_calls=$(((resets + 1) / 2)) n_times=$((resets / 2))
	moments=()
	mapfile -t calls <"$out/calls"
	msec=$(cat "$out/msec")
	RANDOM=$(cksum <<<"$seed $suite $1" | cut -d' ' -f1)
	for ((i = 0; i < n_calls; i++)); do
		at=$(((i * 32768 + RANDOM) * ${#calls[@]} / n_calls / 32768))
		moments+=("call ${calls[at]}")
	done
	for ((i = 0; i < n_times; i++)); do
		at=$(((i * 32768 + RANDOM) * msec / n_times / 32768))
		moments+=("time ${at}e-3")
	done
}

# What check says of cis-docker where it is applied, or not.
stands() { # applied|plain WHAT
	of check
	if [[ $1 == applied ]]; then
		as_readme_says "$2: check"
	else
		exits 2 "$2: check"
	fi
}

# Power cuts in the middle of a command: the boot puts all back before anything uses it,
# unless all was done; dockerd and auditd run; the next run completes and the one after it
# has nothing to do.
power_cuts() { # SNAPSHOT COMMAND FROM TO IDLE-STATUS [MOMENT]
	local command=$2 from=$3 to=$4 idle=$5 moment moments next
	boot_vm "$1"
	vm undisturbed <<-EOT
		everything >before
		start=\${EPOCHREALTIME/./}
		strace -f -qq -o trace -e trace="\$changing" holdfast $command
		echo \$? >status
		echo \$(((\${EPOCHREALTIME/./} - start) / 1000)) >msec
		changing_calls <trace >calls
		everything >after
	EOT
	has "$command, traced, exits 0" 0 "$(cat "$out/status")"
	(($(wc -l <"$out/calls") > 40)) && ok "$(wc -l <"$out/calls") of its calls change something" ||
		bad "it has only these calls: $(xargs <"$out/calls")"
	echo "ok: SEED=$seed RESETS=$resets"
	choose_moments "$command"
	for moment in "${moments[@]}" "${@:6}"; do
		reset_vm
		boot_vm "$1"
		vm cut <<-EOT
			run_until "$command" $moment
		EOT
		reset_vm
		boot_vm
		vm booted <<-EOT
			systemctl show -p ConditionResult -p Result holdfast-recover.service >recover
			journalctl -q -b -o cat -u holdfast-recover.service >journal
			for unit in holdfast-recover docker; do
				systemctl show --value -p ExecMainStartTimestampMonotonic \$unit.service
			done >order
			# of holdfast's own staged files no journal tells: the next run sweeps them
			strays | grep -v '^/var/lib/holdfast/.*[.]holdfast-' >strays
			systemctl is-active docker.service docker.socket auditd.service >active
			systemctl --failed --quiet >failed
			everything >now
			hf check check cis-docker
			hf next $command
			everything >after
			strays >strays.next
			hf again $command
		EOT
		echo "ok: -- $command cut at $moment, $(cat "$work/cut/how"): $(xargs <"$out/recover")"
		has "the recovery did not fail" Result=success "$(grep ^Result "$out/recover")"
		if grep -q ConditionResult=yes "$out/recover"; then
			sort -n "$out/order" | cmp -s - "$out/order" &&
				ok "it ran before dockerd was started" || bad "it ran after dockerd was started"
		fi
		has "nothing is left lying about" "" "$(cat "$out/strays")"
		has "dockerd and auditd run" active "$(sort -u "$out/active")"
		has "no unit failed in the boot" "" "$(cat "$out/failed")"
		next=0
		if grep -q ConditionResult=no "$out/recover" &&
			cmp -s "$work/undisturbed/after" "$out/now"; then
			stands "$to" "all is done"
			next=$idle
		else
			same "all is as before" "$work/undisturbed/before" "$out/now"
			stands "$from" "as before"
		fi
		of next
		if [[ $next == 64 && $status == 0 ]]; then
			# cut when the work was done and the record did not yet say so
			grep -q ' 0 restored' "$work/err" "$work/json" && ok "the next $command finds all done" ||
				{ bad "the next $command did something again"; show; }
		else
			exits "$next" "the next $command"
		fi
		same "it completes" "$work/undisturbed/after" "$out/after"
		has "and leaves nothing lying about" "" "$(cat "$out/strays.next")"
		of again
		exits "$idle" "the one after it"
		[[ $idle != 0 ]] || has "and it changes nothing" false "$(jq .changed "$work/json")"
	done
}

resets() {
	power_cuts stock "apply cis-docker" plain applied 0 confirm
}

# The same in mid-rollback. What is done already cannot be rolled back again.
rollbacks() {
	boot_vm stock
	vm applied <<-'EOT'
		hf apply apply cis-docker
	EOT
	of apply
	exits 0 "apply"
	save_vm applied
	reset_vm
	power_cuts applied "rollback --yes" applied plain 64
}

# Good restarts count towards the start limit, which is three in a minute. Emulated, five
# take longer than that: here it counts over an hour.
often() {
	local n
	boot_vm stock
	vm often <<-'EOT'
		mkdir -p /etc/systemd/system/docker.service.d
		printf '[Unit]\nStartLimitIntervalSec=1h\n' >/etc/systemd/system/docker.service.d/limit.conf
		# where Debian has it, it would win
		printf '[Service]\nStartLimitInterval=1h\n' >>/etc/systemd/system/docker.service.d/limit.conf
		systemctl daemon-reload
		systemctl show -p StartLimitBurst -p StartLimitIntervalUSec docker.service >limit
		dockerd_pid >pids
		start=$EPOCHSECONDS
		for n in 1 2 3 4 5; do
			level=warn
			((n % 2)) || level=error
			baseline level "daemon: {set: {log-level: $level}}"
			hf apply.$n apply ./level.yaml
			dockerd_pid >>pids
			systemctl is-active docker.service docker.socket >>active
		done
		echo $((EPOCHSECONDS - start)) >seconds
		docker info >/dev/null 2>&1
		echo $? >info
		# and there is a limit that they would have met
		for n in 1 2 3 4; do
			systemctl restart docker.service || break
		done
		echo $n >refused
		systemctl show -p Result --value docker.service >>refused
	EOT
	has "the start limit" "StartLimitBurst=3 StartLimitIntervalUSec=1h" "$(sort "$out/limit" | xargs)"
	for n in 1 2 3 4 5; do
		of "apply.$n"
		exits 0 "apply $n that needs a restart"
	done
	has "each of them restarted dockerd" 6 "$(sort -u "$out/pids" | wc -l)"
	has "which lived, as did its socket" active "$(sort -u "$out/active")"
	has "and answers" 0 "$(cat "$out/info")"
	has "systemctl restart by itself meets the limit" start-limit-hit "$(tail -n 1 "$out/refused")"
	ok "the five took $(cat "$out/seconds") seconds, systemctl was refused at attempt $(head -n 1 "$out/refused")"
}

# Random unit files and drop-ins, as holdfast and as the manager reads them; some thousands
# of them are in check-live, which does not emulate the machine.
units() {
	boot_vm stock
	vm units <<-EOT
		bash $vm_tools/units_batches ${SEED:-1} ${UNITS:-500} >differences
	EOT
	judge_units "the manager" "$out/differences" "${UNITS:-500}"
}

seed=${SEED:-$RANDOM}
resets=${RESETS:-2}
suite=${1:?}
start_vm "$suite"
save_vm stock
reset_vm

scenarios=(stock boxes refused often resets rollbacks locked older units)
for scenario in ${SCENARIOS:-"${scenarios[@]}"}; do
	echo "ok: --- $scenario, at $SECONDS seconds"
	"$scenario"
	reset_vm
done
