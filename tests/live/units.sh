# SPDX-License-Identifier: Apache-2.0
#
# Drop-ins under a real systemd, with the argv of a real dockerd: what apply writes is what
# the manager loads, with one daemon-reload; only dockerd is restarted; a socket gets its
# mode without a restart; and what is released goes back.
. "$top_srcdir/tests/live/boot.sh"

fresh_tree
mkdir -p "$tree/etc/systemd/system/docker.service.d"
cat >"$tree/etc/systemd/system/docker.service.d/10-site.conf" <<'EOT'
[Service]
ExecStart=
ExecStart=/usr/sbin/dockerd --debug -H fd:// \
	--host=tcp://127.0.0.1:2375 --containerd=/run/containerd/containerd.sock "--label=a b=%n" $DOCKER_OPTS
EOT
cat >"$tree/opt/units.yaml" <<'EOT'
holdfast: 1
name: units
title: Units
controls:
  - id: docker-no-tcp
    title: No TCP, no debugging
    units:
      docker.service: {exec_start: {unset: [--debug, "--host=tcp://*"]}}
  - id: docker-core
    title: No core dumps
    units:
      docker.service: {Service: {LimitCORE: "0"}}
  - id: containerd-level
    title: containerd tells what it does
    units:
      containerd.service: {exec_start: {set: {--log-level: info}}}
  - id: docker-socket
    title: The socket is closed
    units:
      docker.socket: {Socket: {SocketMode: "0600", SocketUser: root, SocketGroup: docker}}
    files:
      - {path: "${socket:docker.service}", owner: root, max_mode: "0640"}
EOT
sed '/docker-no-tcp/,/--host/d; /containerd-level/,$d' "$tree/opt/units.yaml" >"$tree/opt/less.yaml"
{
	cat "$tree/opt/less.yaml"
	printf '%s\n' '  - {id: labels, title: A label, daemon: {add: {labels: [a=1]}}}'
} >"$tree/opt/label.yaml"

# What a restart of dockerd takes along, and what it would if it ran.
for name in needs-docker would-need-docker; do
	printf '%s\n' '[Unit]' 'Requires=docker.service' 'After=docker.service' '[Service]' \
		'Type=oneshot' 'RemainAfterExit=yes' 'ExecStart=/bin/true' \
		>"$tree/etc/systemd/system/$name.service"
done

# Command lines of every shape: holdfast reads them from disk, systemd tells its own view,
# and a difference would ask for a daemon-reload.
n=0
{
	printf '%s\n' 'holdfast: 1' 'name: odd' 'title: Odd' 'controls:' '  - id: odd' '    title: Odd' \
		'    units:'
	while IFS= read -r line; do
		n=$((n + 1))
		printf '[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=%b\n' "$line" >"$tree/etc/systemd/system/odd-$n@x-y.service"
		printf '      odd-%d@x-y.service: {Service: {Type: oneshot}}\n' $n
	done <<-'EOL'
		/bin/true a  b\tc
		-/bin/true "a b" 'c "d' e"f g"h
		@/bin/true argv0 x
		:/bin/true $A ${B} $$C
		+/bin/true \\x41\\101\\u00e9\\s\\t\\\\ z
		/bin/true "" '' \\;
		/bin/true %%n %n %N %p %P %i %I %j %J %t %S %C %L %E %u %U %h
		/bin/true \\q "\\z"
		/bin/true a \\\n  b \\\n# between\n  c
		/bin/true a;b ';' --x="y z"
		/bin/true "tab\\there" caf\xc3\xa9
		!!/bin/true $$ $ a$b
	EOL
} >"$tree/opt/odd.yaml"

boot <<'EOT'
hf odd check /opt/odd.yaml
unit=/etc/systemd/system/odd-1@x-y.service
systemctl start odd-1@x-y.service # an inactive one would be read anew
touch -r "$unit" time
sed -i 's/true a/true z/' "$unit"
touch -r time "$unit"
systemctl show -p NeedDaemonReload --value odd-1@x-y.service >old.need
hf old check /opt/odd.yaml
reloads() {
	journalctl -b _PID=1 -o cat | grep -cE '^Reload(ing\.|ing requested)'
}
files() {
	find /etc /var/lib/holdfast -printf '%p %i %m %U %G %s %T@ %C@\n' | sort
}
pids() {
	systemctl show -p MainPID --value docker.service
	systemctl show -p MainPID --value containerd.service
}
systemctl start needs-docker.service
systemctl show would-need-docker.service >/dev/null # in memory, and inactive
hf plan plan /opt/units.yaml
reloads >reloads.0
pids >pids.0
hf apply apply /opt/units.yaml
reloads >reloads.1
pids >pids.1
systemctl show -p ExecStart --value docker.service >exec.docker
systemctl show -p ExecStart --value containerd.service >exec.containerd
systemctl show -p DropInPaths --value docker.service >dropins
systemctl show -p LimitCORE --value docker.service >core
systemctl show -p NeedDaemonReload --value docker.service containerd.service docker.socket >need
tr '\0' '\n' <"/proc/$(systemctl show -p MainPID --value docker.service)/cmdline" >cmdline
stat -c '%a %U %G' /run/docker.sock >socket
for unit in docker.service containerd.service docker.socket; do
	systemd-analyze verify --man=no --recursive-errors=no "$unit" 2>&1 |
		grep zz-holdfast >>verify
done
hf check check /opt/units.yaml
files >list.1
hf again apply /opt/units.yaml
files >list.2
reloads >reloads.2
pids >pids.2
systemctl restart containerd.service
for ((i = 0; i < 100; i++)); do
	systemctl is-active -q docker.service && break
	sleep 0.1
done
hf restarted check /opt/units.yaml
# a foreign edit that nobody has told the manager of
printf '[Unit]\nDescription=Other\n' >/etc/systemd/system/docker.service.d/20-other.conf
hf stale check /opt/units.yaml
hf fresh apply /opt/units.yaml
reloads >reloads.3
# the drop-in edited by hand
sed -i 's/LimitCORE=0/LimitCORE=7/' /etc/systemd/system/docker.service.d/zz-holdfast.conf
hf edited check /opt/units.yaml
# another set
hf less apply --replace /opt/less.yaml
ls /etc/systemd/system/*.d >left
cat /etc/systemd/system/docker.service.d/zz-holdfast.conf >>left
tr '\0' '\n' <"/proc/$(systemctl show -p MainPID --value docker.service)/cmdline" >cmdline.less
# somebody's authorization plugin that is not there: dockerd would answer nobody any more
echo '{"authorization-plugins": ["nosuch"], "mtu": 1400}' >/etc/docker/daemon.json
hf label apply --replace /opt/label.yaml
docker info >/dev/null 2>&1
echo $? >label.info
touch end
EOT

of odd
exits 0 "check of odd command lines: read as systemd reads them"
of old
exits 3 "check of a unit that was changed and kept its time"
[[ $(cat "$out/old.need") == no ]] || bad "systemd saw the change: this tests nothing"
of plan
exits 2 "plan"
[[ $(controls drift) == $'containerd-level\ndocker-core\ndocker-no-tcp\ndocker-socket' ]] &&
	ok "every control drifts" || bad "drifting: $(controls drift)"
jq -e '[.effects[] | select(.action == "restart")] | length == 1 and .[0].unit == "docker.service"' \
	"$work/json" >/dev/null && ok "only dockerd is to be restarted" ||
	{ bad "restarts"; jq -c "{effects, changes, controls: [.controls[]|{id,state,reason}]}" "$work/json"; }
why=$(jq -r '.effects[] | select(.action == "restart").why' "$work/json")
[[ $why == *"restarts what depends on it: needs-docker.service" ]] &&
	ok "and the plan names what that takes along" || bad "the restart is for: $why"
of apply
exits 3 "apply, with containerd's restart left to people"
[[ $(($(cat "$out/reloads.1") - $(cat "$out/reloads.0"))) == 1 ]] && ok "one daemon-reload" ||
	bad "daemon-reloads: $(cat "$out/reloads.0") before, $(cat "$out/reloads.1") after"
[[ $(sed -n 1p "$out/pids.0") != $(sed -n 1p "$out/pids.1") ]] && ok "dockerd was restarted" ||
	bad "dockerd was not restarted"
[[ $(sed -n 2p "$out/pids.0") == $(sed -n 2p "$out/pids.1") ]] && ok "containerd was not" ||
	bad "containerd was restarted"
wanted='argv[]=/usr/sbin/dockerd -H fd:// --containerd=/run/containerd/containerd.sock --label=a b=docker.service $DOCKER_OPTS ;'
grep -qF "$wanted" "$out/exec.docker" && ok "the manager has the command without the flags" ||
	bad "the manager has: $(cat "$out/exec.docker")"
grep -qF 'argv[]=/usr/bin/containerd --log-level=info ;' "$out/exec.containerd" ||
	bad "the manager has: $(cat "$out/exec.containerd")"
printf '%s\n' /usr/sbin/dockerd -H fd:// --containerd=/run/containerd/containerd.sock \
	'--label=a b=docker.service' | cmp -s - "$out/cmdline" && ok "and dockerd runs with it" ||
	bad "dockerd runs as: $(tr '\n' ' ' <"$out/cmdline")"
grep -q 'zz-holdfast.conf$' "$out/dropins" && ok "our drop-in is the last" || bad "$(cat "$out/dropins")"
[[ $(cat "$out/core") == 0 ]] || bad "LimitCORE is $(cat "$out/core")"
[[ $(grep -c no "$out/need") == 3 ]] && ok "no unit needs a daemon-reload" || bad "a unit needs a daemon-reload"
[[ $(cat "$out/socket") == "600 root docker" ]] && ok "the live socket has its mode" ||
	bad "the socket is $(cat "$out/socket")"
[[ ! -s $out/verify ]] && ok "systemd-analyze finds nothing in our files" || bad "$(cat "$out/verify")"
of check
exits 3 "check with containerd's restart pending"
[[ $(controls pending-restart) == containerd-level ]] || bad "pending: $(controls pending-restart)"
of again
exits 3 "a second apply"
cmp -s "$out/list.1" "$out/list.2" && cmp -s "$out/pids.1" "$out/pids.2" &&
	cmp -s "$out/reloads.1" "$out/reloads.2" && ok "it changes, reloads and restarts nothing" ||
	{ bad "a second apply did something"; diff "$out/list.1" "$out/list.2"; }
of restarted
exits 0 "check after containerd's restart"
of stale
exits 3 "check with files the manager has not read"
of fresh
exits 0 "apply then"
[[ $(($(cat "$out/reloads.3") - $(cat "$out/reloads.2"))) == 1 ]] && ok "with one daemon-reload" ||
	bad "daemon-reloads: $(cat "$out/reloads.2"), $(cat "$out/reloads.3")"
of edited
exits 2 "check with the drop-in edited"
[[ $(controls drift) == docker-core ]] && ok "the control whose setting it was is named" ||
	bad "drifting: $(controls drift)"
of less
exits 0 "apply of a set that demands less"
[[ $(grep -c ^ExecStart= "$out/left") == 0 && $(grep -c ^LimitCORE=0 "$out/left") == 1 &&
	$(grep -c ^zz-holdfast.conf "$out/left") == 1 ]] && ok "what is not demanded any more is gone" ||
	bad "left: $(cat "$out/left")"
grep -qx -- --debug "$out/cmdline.less" && ok "and dockerd runs as the site has it" ||
	bad "dockerd runs as: $(tr '\n' ' ' <"$out/cmdline.less")"
of label
exits 3 "apply of a key beside a plugin that is not there"
jq -e '[.effects[] | select(.unit == "docker.service")] | length > 0 and
	all(.decision == "hold" and (.why | contains("nosuch")))' "$work/json" >/dev/null &&
	ok "what would put it in force is held, and the plugin named" ||
	{ bad "effects"; jq -c .effects "$work/json"; }
[[ $(cat "$out/label.info") == 0 ]] && ok "and dockerd answers" || bad "dockerd does not answer any more"
exit 0
