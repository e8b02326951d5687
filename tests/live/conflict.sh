# SPDX-License-Identifier: Apache-2.0
#
# Flags of a real dockerd under a real systemd that are at odds with keys: they move into
# daemon.json, out of ExecStart and out of $DOCKER_OPTS, and back, and both in one run.
# holdfast is killed at each call that changes a file, and dockerd started then, with what
# systemd has loaded and with what a reboot would load: it always comes up.
. "$top_srcdir/tests/live/boot.sh"

fresh_tree
mkdir -p "$tree/etc/systemd/system/docker.service.d" "$tree/etc/docker"
cat >"$tree/etc/systemd/system/docker.service.d/10-site.conf" <<'EOT'
[Service]
EnvironmentFile=-/etc/default/docker
ExecStart=
ExecStart=/usr/sbin/dockerd -H fd:// --containerd=/run/containerd/containerd.sock \
	--log-level=debug $DOCKER_OPTS
EOT
echo "DOCKER_OPTS=\"--live-restore=false --log-opt max-size=5m --label 'where=a b'\"" \
	>"$tree/etc/default/docker"
printf '{\n  "max-concurrent-uploads": 3\n}\n' >"$tree/etc/docker/daemon.json"
control() { # ID DEMAND
	printf '  - {id: %s, title: T, daemon: %s}\n' "$1" "$2"
}
# cross: of what moves one stays, two go back, and another one comes
for name in moves less cross; do
	{
		printf '%s\n' 'holdfast: 1' 'name: conflict' 'title: Conflict' 'controls:'
		control uploads '{set: {max-concurrent-uploads: 4}}'
		[[ $name == less ]] || control restore '{set: {live-restore: true}}'
		[[ $name != moves ]] || {
			control level '{set: {log-level: warn}}'
			control files '{set: {log-opts: {max-file: "3"}}}'
		}
		[[ $name != cross ]] || control labels '{set: {labels: [where=there]}}'
	} >"$tree/opt/$name.yaml"
done

boot_seconds=1500
boot <<'EOT'
cmdline() {
	tr '\0' '\n' <"/proc/$(systemctl show -p MainPID --value docker.service)/cmdline"
}
state() { # NAME
	cmdline >"$1.cmdline"
	cp /etc/docker/daemon.json "$1.daemon"
	docker info --format '{{json .}}' >"$1.info"
}
: >starts
starts() { # WHEN: does dockerd start, crashed and after a reset?
	for reload in no yes; do
		[[ $reload == no ]] || systemctl daemon-reload
		systemctl reset-failed docker.service
		systemctl restart docker.service && echo "ok $1" >>starts && continue
		echo "not ok $1, daemon-reload $reload" >>starts
		journalctl -u docker.service -n 5 -o cat >>starts
		holdfast recover >>starts 2>&1
	done
}
# killed NAME COMMAND...: at each call that changes a file; what it leaves is taken back
killed() {
	for ((n = 1; n < 100; n++)); do
		strace -f -qq -o trace -e trace=renameat,renameat2,unlinkat,mkdirat \
			-e inject=renameat,renameat2,unlinkat,mkdirat:signal=KILL:when=$n \
			holdfast "${@:2}" >o 2>e
		status=$?
		[[ $status == 137 ]] || break
		echo "$1" >>deaths
		starts "$1, death $n"
		((n % 2)) || { # the recovery is killed as well
			strace -f -qq -o trace -e trace=renameat,renameat2,unlinkat \
				-e inject=renameat,renameat2,unlinkat:signal=KILL:when=$((n / 2)) \
				holdfast recover >>recovers 2>&1
			starts "$1, death $n, and another"
		}
		holdfast recover >>recovers 2>&1
	done
	echo "$status" >"$1.status"
	cp o "$1.json"
	cp e "$1.err"
}
state before
hf plan plan /opt/moves.yaml
hf apply apply /opt/moves.yaml
state applied
hf check check /opt/moves.yaml
systemd-analyze verify --man=no --recursive-errors=no docker.service 2>&1 | grep holdfast >verify
starts applied
# the source changes under our copy of it
echo "DOCKER_OPTS=\"--live-restore=false --log-opt max-size=5m --icc=true\"" >/etc/default/docker
hf stale check /opt/moves.yaml
hf follow apply /opt/moves.yaml
cmdline >follow.cmdline
hf back rollback
hf back2 rollback
state back
ls /etc/systemd/system/docker.service.d >back.ls
killed "apply" apply --format json /opt/moves.yaml
state killed
killed "cross" apply --format json --replace /opt/cross.yaml
state crossed
killed "uncross" rollback --format json
state uncrossed
killed "release" apply --format json --replace /opt/less.yaml
state released
killed "rollback" rollback --format json
state again
touch end
EOT

has() { # NAME FLAG...: exactly these of the flags that move are on the command line
	[[ $(grep -E '^--(log-level|live-restore|log-opt)' "$out/$1.cmdline" | sort | tr '\n' ' ') == "$2" ]] &&
		ok "$1: the command line has '$2'" || bad "$1: $(tr '\n' ' ' <"$out/$1.cmdline")"
}
keys() { # NAME JSON
	[[ $(jq -cS . "$out/$1.daemon") == "$2" ]] && ok "$1: daemon.json is $2" ||
		bad "$1: daemon.json is $(jq -cS . "$out/$1.daemon")"
}
flags='--live-restore=false --log-level=debug --log-opt '
moved='{"live-restore":true,"log-level":"warn","log-opts":{"max-file":"3","max-size":"5m"},"max-concurrent-uploads":4}'
has before "$flags"
of plan
exits 2 "plan"
of apply
exits 0 "apply"
has applied ""
keys applied "$moved"
[[ $(jq -r .LiveRestoreEnabled "$out/applied.info") == true ]] && ok "live-restore is in force" ||
	bad "live-restore is not in force"
[[ $(jq -r '.Labels[0]' "$out/applied.info") == "where=a b" ]] && ok "the label stays" ||
	bad "the label is lost: $(jq -c .Labels "$out/applied.info")"
of check
exits 0 "check"
[[ -s $out/verify ]] && bad "systemd-analyze verify: $(cat "$out/verify")" || ok "systemd-analyze verify has no complaint"
of stale
exits 2 "check once \$DOCKER_OPTS has changed"
grep -q 'has changed since our environment file' "$work/json" && ok "it is named" || bad "it is not named"
of follow
exits 0 "apply after that"
grep -qx -- --icc=true "$out/follow.cmdline" && ok "dockerd has the new flag" || bad "dockerd lacks the new flag"
of back
exits 0 "rollback of that"
of back2
exits 0 "rollback of the move"
has back "--live-restore=false --log-level=debug --log-opt "
keys back '{"max-concurrent-uploads":3}'
[[ $(cat "$out/back.ls") == 10-site.conf ]] && ok "our files are gone" || bad "left: $(cat "$out/back.ls")"

for run in apply cross uncross release rollback; do
	of $run
	exits 0 "$run, killed $(grep -c "^$run" "$out/deaths") times before"
done
has killed ""
keys killed "$moved"
has crossed "--log-level=debug --log-opt "
keys crossed '{"labels":["where=there"],"live-restore":true,"max-concurrent-uploads":4}'
has uncrossed ""
keys uncrossed "$moved"
has released "$flags"
keys released '{"max-concurrent-uploads":4}'
has again ""
keys again "$moved"
[[ $(grep -c '^ok' "$out/starts") -gt 80 ]] && ! grep -q '^not ok' "$out/starts" &&
	ok "dockerd came up $(grep -c '^ok' "$out/starts") times, whenever holdfast was killed" ||
	{ bad "dockerd did not start:"; grep -A6 '^not ok' "$out/starts" | head -n 40; }
