# SPDX-License-Identifier: Apache-2.0
#
# What others changed of a real dockerd's unit, under a real systemd: a restart names it,
# does not put in force what would hide data, and runs what it was judged by.
. "$top_srcdir/tests/live/boot.sh"

fresh_tree
mkdir -p "$tree/etc/systemd/system/docker.service.d" "$tree/etc/docker"
printf '{\n  "icc": true\n}\n' >"$tree/etc/docker/daemon.json"
for icc in true false; do
	printf '%s\n' 'holdfast: 1' 'name: foreign' 'controls:' \
		"  - {id: icc, title: T, daemon: {set: {icc: $icc}}}" >"$tree/opt/$icc.yaml"
done
printf '%s\n' 'holdfast: 1' 'name: dropin' 'controls:' \
	"  - {id: core, title: T, units: {docker.service: {Service: {LimitCORE: '0'}}}}" \
	>"$tree/opt/dropin.yaml"

boot <<'EOT'
site() { # FLAG...: of the site's own drop-in, which nobody tells systemd of
	printf '%s\n' '[Service]' 'ExecStart=' \
		"ExecStart=/usr/sbin/dockerd -H fd:// --containerd=/run/containerd/containerd.sock $*" \
		>/etc/systemd/system/docker.service.d/10-site.conf
}
state() { # NAME
	systemctl show -p MainPID --value docker.service >"$1.pid"
	tr '\0' '\n' <"/proc/$(cat "$1.pid")/cmdline" >"$1.cmdline"
	docker info --format '{{.DockerRootDir}}' >"$1.root"
	systemctl show -p NeedDaemonReload --value docker.service >"$1.reload"
}
mkdir image
cp /bin/true image/
tar -C image -c . | docker import - kept >/dev/null
docker volume create kept-volume
state before
site --data-root=/elsewhere --max-concurrent-uploads=7
hf hides apply /opt/false.yaml
state hides
site --max-concurrent-uploads=7
printf 'Environment=SITE=new HTTPS_PROXY=http://u:secret@proxy:1\n' \
	>>/etc/systemd/system/docker.service.d/10-site.conf
hf plan plan /opt/false.yaml
hf harmless apply /opt/false.yaml
state harmless
hf check check /opt/false.yaml
site --max-concurrent-uploads=8
hf dropin plan --replace /opt/dropin.yaml
# the API shows a data-root in other words than the file, which somebody has touched since
rm -r /etc/systemd/system/docker.service.d
printf '{ "data-root": "/var/lib/docker/" }\n' >/etc/docker/daemon.json
systemctl daemon-reload
systemctl restart docker.service
sleep 1
touch /etc/docker/daemon.json
hf words plan /opt/false.yaml
touch end
EOT

why() { # the reason of the restart
	jq -r '.effects[] | select(.action == "restart").why' "$work/json"
}
says() { # WHAT TEXT
	[[ $(why) == *"$2"* ]] && ok "$1" || bad "$1: $(why)"
}
place=/etc/systemd/system/docker.service.d/10-site.conf:3
of hides
exits 3 "apply with another data-root in the unit"
says "the flags are named" "'--data-root' in $place is new, '--max-concurrent-uploads' in $place is new"
says "the restart is held" "held: with another data-root 1 image (kept:latest), 1 volume (kept-volume) would become invisible"
[[ $(jq -c '.effects[] | select(.action == "restart").hides.volumes.names' "$work/json") == '["kept-volume"]' ]] &&
	ok "the JSON names them" || bad "the JSON does not name them"
cmp -s "$out/before.pid" "$out/hides.pid" && ok "dockerd was not restarted" || bad "dockerd was restarted"
of plan
exits 3 "plan with a harmless flag"
says "it is named" "'--max-concurrent-uploads' in $place is new"
says "and the environment" "what others changed of its environment: 'HTTPS_PROXY' in ${place%:3}:4 is new, 'SITE' in ${place%:3}:4 is new"
grep -q secret "$out/plan.json" && bad "a value of the environment is shown" || ok "no value of the environment is shown"
of harmless
exits 0 "apply with a harmless flag"
grep -qx -- --max-concurrent-uploads=7 "$out/harmless.cmdline" && ok "dockerd runs with it" ||
	bad "dockerd runs as '$(tr '\n' ' ' <"$out/harmless.cmdline")'"
[[ $(cat "$out/harmless.reload") == no ]] && ok "systemd has what is on disk" ||
	bad "systemd needs a daemon-reload"
cmp -s "$out/before.root" "$out/harmless.root" && ok "the data-root is as before" ||
	bad "the data-root is $(cat "$out/harmless.root")"
of check
exits 0 "check"
of dropin
exits 2 "plan of a drop-in"
[[ $(jq -r '.notes[].message' "$work/json") == *"all of their changes in force, of ExecStart in $place, too"* ]] &&
	ok "what else a daemon-reload puts in force is named" || bad "notes: $(jq -c .notes "$work/json")"
says "and what else the restart does" "'--max-concurrent-uploads' in $place has another value"
of words
exits 2 "plan with a data-root that the API shows in other words"
[[ $(jq -r '.effects[] | select(.action == "restart").decision' "$work/json") == run ]] &&
	ok "the restart is not held" || bad "it is held: $(why)"
