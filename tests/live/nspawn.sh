# SPDX-License-Identifier: Apache-2.0
#
# A stock Debian 12 with systemd and Docker, booted in systemd-nspawn: apply puts cis-docker
# in force and restarts dockerd by itself; with a container running it holds what would
# kill it, and carries that out later. The kernel's audit list is out of reach in there.
. "$top_srcdir/tests/live/boot.sh"

fresh_tree
boot <<'EOT'
hf facts facts
hf plan plan cis-docker
systemctl show -p MainPID docker.service >pid.0
hf apply apply cis-docker
holdfast show last >show
journalctl -b -o json SYSLOG_IDENTIFIER=holdfast >trail
systemctl show -p MainPID docker.service >pid.1
systemctl is-active docker.service docker.socket >active
systemctl show -p NeedDaemonReload docker.service docker.socket >reload
docker info --format '{{json .}}' >info.json
docker network inspect bridge --format '{{index .Options "com.docker.network.bridge.enable_icc"}}' >icc
hf check check cis-docker
find /etc /var/lib/holdfast /run/systemd/system -printf '%p %i %m %U %G %s %T@ %C@\n' | sort >list.1
hf again apply cis-docker
find /etc /var/lib/holdfast /run/systemd/system -printf '%p %i %m %U %G %s %T@ %C@\n' | sort >list.2
systemctl show -p MainPID docker.service >pid.2
# four more changes that need a restart, within a minute: the start limit must not trip
for level in warn info warn info; do
	printf '%s\n' 'holdfast: 1' 'name: level' 'title: Level' 'extends: [cis-docker]' 'tailor:' \
		"  docker-log-level: {daemon: {set: {log-level: $level}}}" >level.yaml
	hf "level-$level" apply --replace ./level.yaml
	systemctl is-active docker.service >>level.active
done
touch end
EOT
of plan
exits 2 "plan on the booted tree"
of apply
exits 0 "apply on the booted tree"
jq -e '.steps[] | select(.what | startswith("validate")) | .state == "done" and
	(.why | test("does not know --validate"))' "$work/json" >/dev/null &&
	ok "dockerd 20.10 cannot validate, and that is told" || { bad "validation:"; jq .steps "$work/json"; }
jq -s -e 'length == 1 and (.[0] | .HOLDFAST_COMMAND == "apply" and .HOLDFAST_RESULT == "applied" and
	(.HOLDFAST_TRANSACTION | length) > 20 and (.HOLDFAST_DIGEST | length) == 64)' "$out/trail" >/dev/null &&
	ok "journald has one entry of the apply" || { bad "the trail in the journal:"; cat "$out/trail"; }
[[ $(sort -u "$out/active") == active ]] && ok "docker.service and docker.socket are active" ||
	bad "after apply: $(cat "$out/active")"
cmp -s "$out/pid.0" "$out/pid.1" && bad "dockerd was not restarted" || ok "dockerd was restarted"
[[ $(grep -c =no "$out/reload") == 2 ]] && ok "no unit needs a daemon-reload" ||
	bad "a unit needs a daemon-reload"
[[ $(jq -r .LiveRestoreEnabled "$out/info.json") == true ]] && ok "live-restore is in force" ||
	bad "live-restore is not in force"
[[ $(cat "$out/icc") == false ]] && ok "icc is off on the running bridge" ||
	bad "icc is '$(cat "$out/icc")' on the running bridge"
for n in 0 1; do
	sed 's/MainPID=/docker.service active, process /' "$out/pid.$n" >"$work/line"
	grep -qf "$work/line" "$out/show" || bad "the record lacks '$(cat "$work/line")'"
done
of check
exits 6 "check on the booted tree"
[[ -z $(controls drift unknown pending-restart) ]] || bad "not in sync: $(controls drift unknown pending-restart)"
of again
exits 0 "a second apply"
cmp -s "$out/list.1" "$out/list.2" && cmp -s "$out/pid.1" "$out/pid.2" &&
	ok "it changes no file and restarts nothing" ||
	{ bad "a second apply changed something"; diff "$out/list.1" "$out/list.2"; }
for level in warn info; do
	of "level-$level"
	exits 0 "apply of another log level ($level)"
done
[[ $(sort -u "$out/level.active") == active ]] && ok "dockerd survives five restarts in a row" ||
	bad "dockerd: $(tr '\n' ' ' <"$out/level.active")"

# With a container running: nothing that would kill it.
fresh_tree
boot <<'EOT'
for group in /sys/fs/cgroup /sys/fs/cgroup/*/; do
	mount -o remount,bind,rw "$group"
done
tar -ch /bin/sleep $(ldd /bin/sleep | grep -o '/[^ ]*') 2>/dev/null | docker import - sleeper
docker run -d --name busy --network none sleeper /bin/sleep 1000 >container 2>container.err || {
	touch no-container end
	exit
}
docker inspect busy --format '{{.State.Pid}} {{.State.StartedAt}}' >busy.0
hf apply apply cis-docker
docker inspect busy --format '{{.State.Pid}} {{.State.StartedAt}}' >busy.1
docker info --format '{{json .}}' >info.json
hf check check cis-docker
hf again apply cis-docker
docker inspect busy --format '{{.State.Pid}} {{.State.StartedAt}}' >busy.2
docker rm -f busy
hf later apply cis-docker
docker network inspect bridge --format '{{index .Options "com.docker.network.bridge.enable_icc"}}' >icc
hf last check cis-docker
touch end
EOT
if [[ -e $out/no-container ]]; then
	bad "no container can run in the tree: $(tail -n 1 "$out/container.err")"
	exit 1
fi
of apply
exits 3 "apply with a container running"
cmp -s "$out/busy.0" "$out/busy.1" && cmp -s "$out/busy.0" "$out/busy.2" &&
	ok "the container runs on, the same process" || bad "the container was hurt"
jq -e '.effects[] | select(.action == "restart" and .decision == "hold")' "$work/json" >/dev/null &&
	ok "the restart is held, and said so" || { bad "no held restart in the report"; jq .effects "$work/json"; }
of check
exits 3 "check with the restart pending"
of again
exits 3 "another apply"
of later
exits 0 "apply after the container is gone"
[[ $(cat "$out/icc") == false ]] && ok "now icc is off on the running bridge" ||
	bad "icc is '$(cat "$out/icc")' after the restart"
of last
exits 6 "check at the end"

# Live-restore and what needs a restart, with a container running: one apply puts the one
# in force, sees that it is, and restarts. And when dockerd does not come back from that, the
# container outlives the way back as well. Killed at each call that changes a file, it leaves a
# file that dockerd starts with, and recovers.
fresh_tree
boot_seconds=600 boot <<'EOT'
for group in /sys/fs/cgroup /sys/fs/cgroup/*/; do
	mount -o remount,bind,rw "$group"
done
tar -ch /bin/sleep $(ldd /bin/sleep | grep -o '/[^ ]*') 2>/dev/null | docker import - sleeper
state() { # NAME
	docker inspect busy --format '{{.State.Pid}} {{.State.StartedAt}}' >"$1.busy"
	systemctl show -p MainPID --value docker.service >"$1.pid"
	docker info --format '{{.LiveRestoreEnabled}} {{.SecurityOptions}}' >"$1.info"
	cat /etc/docker/daemon.json >"$1.json.is"
}
baseline() { # NAME DEMAND
	printf '%s\n' 'holdfast: 1' "name: $1" 'title: T' 'controls:' \
		"  - {id: c, title: T, daemon: $2}" >"$1.yaml"
	chmod 0644 "$1.yaml"
}
mkdir -p /etc/docker
printf '{\n\t"labels": ["a=b"]\n}\n' >/etc/docker/daemon.json
baseline once '{set: {live-restore: true, no-new-privileges: true, log-level: warn}}'
baseline bad '{set: {live-restore: true, no-new-privileges: true, log-level: error}}'

# from now on dockerd refuses one value when it starts
mkdir /opt/real
mv /usr/sbin/dockerd /opt/real/dockerd
cat >/usr/sbin/dockerd <<'END'
#!/bin/sh
if grep -q '"log-level": "error"' /etc/docker/daemon.json; then
	echo "shim: no" >&2
	exit 1
fi
exec /opt/real/dockerd "$@"
END
chmod 0755 /usr/sbin/dockerd
systemctl restart docker.service
docker run -d --name busy --network none sleeper /bin/sleep 1000
state first
hf bad apply ./bad.yaml
state bad
# the reload has put it in force, and the file does not say so any more
docker rm -f busy
systemctl restart docker.service
docker run -d --name busy --network none sleeper /bin/sleep 1000
state before
cp /etc/docker/daemon.json once.json.0
hf plan plan ./once.yaml
hf once apply ./once.yaml
state once
hf check check ./once.yaml
hf again apply ./once.yaml
state again
hf back rollback
state back
docker rm -f busy
: >deaths
# strace counts each call by itself
for call in renameat unlinkat; do for ((n = 1; n < 40; n++)); do
	rm -rf /var/lib/holdfast
	cp once.json.0 /etc/docker/daemon.json
	systemctl reset-failed docker.service
	systemctl restart docker.service
	docker run -d --name busy --network none sleeper /bin/sleep 1000
	state alive
	strace -f -qq -o trace -e trace=$call -e inject=$call:signal=KILL:when=$n \
		holdfast apply ./once.yaml >o 2>e
	status=$?
	[[ $status == 137 ]] || break
	state dead
	cmp -s alive.busy dead.busy || echo "not ok $call $n: the container was hurt" >>deaths
	{ tr -d ' \t\n' <dead.json.is && echo; } >>first
	docker rm -f busy
	systemctl reset-failed docker.service
	systemctl restart docker.service || echo "not ok $call $n: dockerd does not start" >>deaths
	holdfast recover >>recovers 2>&1 || [[ $? == 3 ]] || echo "not ok $call $n: recover" >>deaths
	# from the kept record on all of it counts as done
	cmp -s once.json.0 /etc/docker/daemon.json || holdfast check ./once.yaml >/dev/null 2>&1 || {
		echo "not ok $call $n: daemon.json is neither as before nor as wanted"
		cat /etc/docker/daemon.json
	} >>deaths
	echo "ok $call $n" >>deaths
done; done
echo "$status" >killed.status
state killed
touch end
EOT
of bad
exits 4 "apply of what dockerd does not start with, beside live-restore"
[[ $(jq -r '[.steps[] | "\(.state) \(.what)"] | join(", ")' "$work/json") == *"done write /etc/docker/daemon.json, at first, done reload docker.service, done write /etc/docker/daemon.json, failed restart docker.service, "*"reverted write /etc/docker/daemon.json, reverted restart docker.service, reverted write /etc/docker/daemon.json, at first, reverted reload docker.service" ]] &&
	ok "the restart on the way back finds live-restore in the file" || { bad "the steps are:"; jq -c '.steps[]' "$work/json"; }
cmp -s "$out/first.busy" "$out/bad.busy" && ok "the container outlives it, the same process" ||
	bad "the container was hurt: $(cat "$out/bad.busy")"
cmp -s "$out/first.json.is" "$out/bad.json.is" && ok "daemon.json is as before" || bad "daemon.json: $(cat "$out/bad.json.is")"
[[ $(cat "$out/before.info") == false* ]] && ok "live-restore is off before" || bad "before: $(cat "$out/before.info")"
of plan
exits 2 "plan of live-restore and what needs a restart"
[[ $(jq -r '[.effects[] | "\(.action) \(.decision)"] | join(", ")' "$work/json") == "reload run, restart run" ]] &&
	ok "it announces a reload first, and the restart" || { bad "effects:"; jq -c '.effects[]' "$work/json"; }
of once
exits 0 "one apply of it"
cmp -s "$out/before.busy" "$out/once.busy" && ok "the container runs on, the same process" ||
	bad "the container was hurt: $(cat "$out/once.busy")"
cmp -s "$out/before.pid" "$out/once.pid" && bad "dockerd was not restarted" || ok "dockerd was restarted"
[[ $(cat "$out/once.info") == "true "*no-new-privileges* || $(cat "$out/once.info") == "true "* ]] &&
	ok "live-restore is in force" || bad "after: $(cat "$out/once.info")"
[[ $(jq -cS . "$out/once.json.is") == '{"labels":["a=b"],"live-restore":true,"log-level":"warn","no-new-privileges":true}' ]] &&
	ok "daemon.json has all of it" || bad "daemon.json: $(cat "$out/once.json.is")"
of check
exits 0 "check of it"
of again
exits 0 "a second apply"
cmp -s "$out/once.pid" "$out/again.pid" && ok "it restarts nothing" || bad "it restarts dockerd"
of back
exits 3 "rollback with the container running"
cmp -s "$out/before.busy" "$out/back.busy" && cmp -s "$out/again.pid" "$out/back.pid" &&
	ok "it holds the restart that would end it" || bad "the container was hurt: $(cat "$out/back.busy")"
cmp -s "$out/before.json.is" "$out/back.json.is" && ok "daemon.json is as before" || bad "daemon.json: $(cat "$out/back.json.is")"
[[ $(cat "$out/killed.status") == 0 && $(grep -c '^ok' "$out/deaths") -gt 5 ]] && ! grep -q '^not ok' "$out/deaths" &&
	ok "killed $(grep -c '^ok' "$out/deaths") times, the container ran on, dockerd started, all was taken back or done" ||
	{ bad "killed:"; cat "$out/deaths" "$out/killed.status"; }
[[ $(sort -u "$out/first" | wc -l) == 3 ]] && grep -qxF '{"labels":["a=b"],"live-restore":true}' "$out/first" &&
	ok "before, between and after the two" || { bad "daemon.json was:"; sort "$out/first" | uniq -c; }
