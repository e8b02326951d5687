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
