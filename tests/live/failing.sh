# SPDX-License-Identifier: Apache-2.0
#
# A dockerd that does not come back from a restart, for a reason that nobody could foresee:
# everything is put back, dockerd runs as before, exit 4.
. "$top_srcdir/tests/live/boot.sh"

fresh_tree
boot <<'EOT'
hf apply apply cis-docker
# from now on dockerd refuses one log level
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
everything() {
	find /etc -printf '%p %y %m %U:%G %l\n' | sort
	find /etc -type f -exec sha256sum {} + | sort
}
everything >files.0
printf '%s\n' 'holdfast: 1' 'name: level' 'title: Level' 'extends: [cis-docker]' 'tailor:' \
	"  docker-log-level: {daemon: {set: {log-level: error}}}" >level.yaml
chmod 0644 level.yaml
hf failing apply --replace ./level.yaml
everything >files.1
holdfast apply --replace ./level.yaml >failing.txt 2>&1
systemctl is-active docker.service >active
docker version --format '{{.Server.Version}}' >version
hf check check cis-docker
holdfast history >history
touch end
EOT
of apply
exits 0 "apply on the booted tree"
of failing
exits 4 "apply of what dockerd does not start with"
jq -r '.errors[].message' "$work/json" | grep -q "it said: .*'shim: no'" &&
	ok "the message quotes what dockerd said" || { bad "dockerd is not quoted:"; show; }
cmp -s "$out/files.0" "$out/files.1" && ok "all of /etc is as before" ||
	{ bad "/etc is not as before"; diff "$out/files.0" "$out/files.1"; }
[[ $(cat "$out/active") == active && -s $out/version ]] && ok "dockerd runs and answers" ||
	bad "docker.service is $(cat "$out/active")"
grep -q 'Put back:' "$out/failing.txt" && grep -q 'Next:' "$out/failing.txt" &&
	ok "the report ends in what was put back and what to type next" ||
	{ bad "no closing block in:"; tail -n 30 "$out/failing.txt"; }
of check
exits 6 "check of the set in force before"
grep -q reverted "$out/history" && ok "the failed apply is on record" ||
	{ bad "not on record:"; cat "$out/history"; }
