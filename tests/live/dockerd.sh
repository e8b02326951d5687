# SPDX-License-Identifier: Apache-2.0
#
# A real dockerd starts on the daemon.json that apply wrote, and has its settings in force.
. "$top_srcdir/tests/live/lib.sh"
need_root
need jq dockerd docker
! pidof dockerd >/dev/null || skip "a dockerd runs on this machine"
start
# dockerd 20.10 leaves a key in /etc/docker, a shim its sockets in /run/containerd
save_files

docker_pid=
at_end() {
	if [[ -n $docker_pid ]]; then
		kill "$docker_pid" 2>/dev/null
		wait "$docker_pid" 2>/dev/null
	fi
	if [[ -n ${had_bridge-} && $had_bridge == no ]]; then
		ip link delete docker0 2>/dev/null
	fi
	if [[ -n ${had_forward-} ]]; then
		echo "$had_forward" >/proc/sys/net/ipv4/ip_forward
	fi
	if [[ -s $work/iptables ]]; then
		iptables-restore <"$work/iptables"
	fi
}
had_bridge=no
ip link show docker0 >/dev/null 2>&1 && had_bridge=yes
had_forward=$(cat /proc/sys/net/ipv4/ip_forward)
iptables-save >"$work/iptables" 2>/dev/null
# iptables-save prints nothing for a table never used; dockerd will use these two
for table in filter nat; do
	grep -qx "\*$table" "$work/iptables" ||
		iptables-save -t $table >>"$work/iptables" 2>/dev/null
done

root=$work/root
sh "$top_srcdir/contrib/sample-root" "$root"
rm "$root/etc/docker/daemon.json"
version=$(dockerd --version | sed -n 's/^Docker version \([0-9][^,]*\),.*/\1/p')
sed -i "s/^Version: 20.10.24.*/Version: $version/" "$root/var/lib/dpkg/status"
hf apply --root "$root" cis-docker
exits 0 "apply for engine $version"
config=$root/etc/docker/daemon.json
jq . "$config" || bad "daemon.json cannot be read"

socket=$work/docker.sock
dockerd --config-file "$config" --data-root "$work/data" --exec-root "$work/exec" \
	-H "unix://$socket" --pidfile "$work/docker.pid" >"$work/log" 2>&1 </dev/null &
docker_pid=$!
export DOCKER_HOST=unix://$socket
up=no
for ((i = 0; i < 300; i++)); do
	if docker info --format '{{json .}}' >"$work/info" 2>/dev/null && [[ -s $work/info ]]; then
		up=yes
		break
	fi
	kill -0 $docker_pid 2>/dev/null || break
	sleep 0.1
done
if [[ $up == no ]]; then
	bad "dockerd does not start"
	tail -n 30 "$work/log"
	exit 1
fi
ok "dockerd $version starts and answers"

is() { # WHAT WANTED FOUND
	[[ $2 == "$3" ]] && ok "$1 is $2" || bad "$1 is '$3', not '$2'"
}
is live-restore true "$(jq -r .LiveRestoreEnabled "$work/info")"
is "seccomp in force" true "$(jq -r '.SecurityOptions | any(startswith("name=seccomp"))' "$work/info")"
is experimental false "$(jq -r .ExperimentalBuild "$work/info")"
is debug false "$(jq -r .Debug "$work/info")"
is "icc of the default bridge" false \
	"$(docker network inspect bridge --format '{{index .Options "com.docker.network.bridge.enable_icc"}}')"
[[ $(stat -c %a "$work/data") == 710 ]] && ok "the data root has mode 0710" ||
	bad "the data root has mode $(stat -c %a "$work/data")"

# A container of a single static program shows what containers get.
if static=$(readlink -f "$(command -v docker-init)") && mkdir "$work/image" &&
	cp "$static" "$work/image/init" && tar -C "$work/image" -c . |
	docker import - holdfast-live >/dev/null 2>&1; then
	# with limits of its own: this machine may not be allowed to raise the hard ones
	docker create --name hf-live --network none --ulimit nofile=64:64 --ulimit nproc=64:64 \
		holdfast-live /init -s -- /init --version >/dev/null 2>"$work/err" ||
		{ bad "docker create"; cat "$work/err"; }
	docker start -a hf-live >"$work/out" 2>&1 && ok "a container runs" ||
		{ bad "a container does not run"; cat "$work/out"; }
	docker rm hf-live >/dev/null
fi

# What another data-root would hide is named, and asked for only where it is at stake.
hiding() { # KEY VALUE
	printf 'holdfast: 1\nname: t\ncontrols:\n  - {id: a, title: T, daemon: {set: {%s: %s}}}\n' \
		"$1" "$2" >"$work/hiding.yaml"
	hf check --verbose "$work/hiding.yaml"
}
docker volume create hf-volume >/dev/null
docker create --name hf-kept --network none holdfast-live /init >/dev/null 2>"$work/err" ||
	cat "$work/err"
hiding data-root /elsewhere
exits 6 "another data-root is a finding"
is "what would be hidden" \
	'{"images":{"total":1,"names":["holdfast-live:latest"]},"containers":{"total":1,"names":["hf-kept"]},"volumes":{"total":1,"names":["hf-volume"]},"why":null}' \
	"$(jq -c ".resources[0].hides" "$work/json")"
hiding storage-driver vfs
is "what another storage driver would hide" '["images","containers","why"]' \
	"$(jq -c '.resources[0].hides | keys_unsorted' "$work/json")"
hf check "$work/hiding.yaml"
is "a plain check does not ask for it" "null null 'holdfast plan' asks dockerd" \
	"$(jq -r '.resources[0].hides | "\(.images) \(.containers) \(.why)"' "$work/json")"
docker rm hf-kept >/dev/null
docker volume rm hf-volume >/dev/null

# Reloading it changes nothing and is not refused.
kill -HUP $docker_pid
for ((i = 0; i < 50; i++)); do
	grep -q 'Reloaded configuration' "$work/log" && break
	sleep 0.1
done
grep -q 'Reloaded configuration' "$work/log" && ok "SIGHUP is accepted" || bad "SIGHUP is refused"
grep 'level=fatal\|level=error' "$work/log" | head -n 5
true
