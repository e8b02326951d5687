# SPDX-License-Identifier: Apache-2.0
#
# A stock Debian 12 with systemd and Docker, booted in systemd-nspawn: apply puts cis-docker
# in force and restarts dockerd by itself; with a container running it holds what would
# kill it, and carries that out later. The kernel's audit list is out of reach in there.
. "$top_srcdir/tests/live/lib.sh"
need_root
need jq systemd-nspawn mmdebstrap
trees=${HOLDFAST_TREES:-/var/cache/holdfast-trees}
# with procps: docker.service reloads by /bin/kill
if [[ ! -e $trees/bookworm-live.tar ]]; then
	mkdir -p "$trees"
	mmdebstrap --quiet --variant=apt \
		--include=systemd,systemd-sysv,dbus,auditd,docker.io,procps \
		bookworm "$trees/bookworm-live.new.tar" || {
		rm -f "$trees/bookworm-live.new.tar"
		skip "mmdebstrap could not make a tree (no mirror?)"
	}
	mv "$trees/bookworm-live.new.tar" "$trees/bookworm-live.tar"
fi
start
tree=$work/tree

at_end() {
	local group
	# what a container's cgroups leave behind where they are shared with the machine
	for group in /sys/fs/cgroup/*/docker /sys/fs/cgroup/docker; do
		[[ -d $group ]] && find "$group" -depth -type d -exec rmdir {} + 2>/dev/null
	done
}

fresh_tree() {
	local lib
	rm -rf "$tree"
	mkdir -p "$tree"
	tar -C "$tree" -xpf "$trees/bookworm-live.tar" --exclude='./dev/*' || exit 1
	mkdir -p "$tree/opt/holdfast/lib" "$tree/opt/holdfast/templates" "$tree/opt/out"
	cp "$HOLDFAST" "$tree/opt/holdfast/holdfast"
	cp "$top_srcdir"/templates/*.yaml "$tree/opt/holdfast/templates/"
	while read -r lib; do
		case $lib in
		*/libc.so* | */libm.so* | */ld-linux*) ;;
		*) cp -L "$lib" "$tree/opt/holdfast/lib/" ;;
		esac
	done < <(ldd "$HOLDFAST" | grep -o '/[^ ]*')
	cat >"$tree/usr/local/bin/holdfast" <<-'EOT'
		#!/bin/sh
		LD_LIBRARY_PATH=/opt/holdfast/lib HOLDFAST_BASELINE_PATH=/opt/holdfast/templates \
			exec /opt/holdfast/holdfast "$@"
	EOT
	chmod 0755 "$tree/usr/local/bin/holdfast"
	chroot "$tree" holdfast --version >/dev/null 2>"$work/err" ||
		skip "the program does not run on Debian 12: $(head -n 1 "$work/err")"
}

# boot: run the script on standard input in the booted tree, as root, then power off
boot() {
	cat >"$tree/opt/script" <<-'EOT'
		exec >/opt/out/log 2>&1
		set -x
		cd /opt/out
		for ((i = 0; i < 200; i++)); do
			case $(systemctl is-active docker.service) in
			active | failed) break ;;
			esac
			sleep 0.1
		done
		# hf NAME COMMAND...: JSON in NAME.json, status in NAME.status
		hf() {
			holdfast "$2" --format json "${@:3}" >"$1.json" 2>"$1.err"
			echo $? >"$1.status"
		}
	EOT
	cat >>"$tree/opt/script"
	cat >"$tree/etc/systemd/system/holdfast-test.service" <<-'EOT'
		[Unit]
		After=multi-user.target
		[Service]
		Type=oneshot
		ExecStart=/bin/bash /opt/script
		ExecStopPost=/bin/systemctl --no-block poweroff
	EOT
	ln -sf ../holdfast-test.service \
		"$tree/etc/systemd/system/multi-user.target.wants/holdfast-test.service"
	timeout 240 systemd-nspawn --register=no --keep-unit --quiet --capability=all \
		--private-network --system-call-filter='add_key keyctl bpf' \
		--hostname=holdfast-test -D "$tree" -b >"$work/console" 2>&1 </dev/null
	[[ -e $tree/opt/out/end ]] || {
		bad "the booted tree did not come to the end of its script"
		tail -n 20 "$work/console" "$tree/opt/out/log"
		exit 1
	}
}

of() { # NAME: make its results those that the checks below look at
	work_json=$tree/opt/out/$1.json
	cp "$work_json" "$work/json"
	cp "$tree/opt/out/$1.err" "$work/err"
	status=$(cat "$tree/opt/out/$1.status")
}

fresh_tree
boot <<'EOT'
hf facts facts
hf plan plan cis-docker
systemctl show -p MainPID docker.service >pid.0
hf apply apply cis-docker
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
out=$tree/opt/out
[[ $(sort -u "$out/active") == active ]] && ok "docker.service and docker.socket are active" ||
	bad "after apply: $(cat "$out/active")"
cmp -s "$out/pid.0" "$out/pid.1" && bad "dockerd was not restarted" || ok "dockerd was restarted"
[[ $(grep -c =no "$out/reload") == 2 ]] && ok "no unit needs a daemon-reload" ||
	bad "a unit needs a daemon-reload"
[[ $(jq -r .LiveRestoreEnabled "$out/info.json") == true ]] && ok "live-restore is in force" ||
	bad "live-restore is not in force"
[[ $(cat "$out/icc") == false ]] && ok "icc is off on the running bridge" ||
	bad "icc is '$(cat "$out/icc")' on the running bridge"
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
