# SPDX-License-Identifier: Apache-2.0
#
# The environment that systemd's manager gives every service (DefaultEnvironment=,
# `systemctl set-environment`) is dockerd's as well, in a booted Debian 12.
. "$top_srcdir/tests/live/boot.sh"

fresh_tree
mkdir -p "$tree/etc/systemd/system.conf.d"
printf '%s\n' '[Manager]' 'DefaultEnvironment=A=1 "DOCKER_OPTS=-H tcp://127.0.0.1:2375"' \
	>"$tree/etc/systemd/system.conf.d/site.conf"
cat >"$tree/opt/hosts.yaml" <<'EOT'
holdfast: 1
name: hosts
title: Hosts
controls: [{id: tcp, title: No TCP, daemon: {forbid: {hosts: ["tcp://*"]}}}]
EOT
boot <<'EOT'
tr '\0' '\n' <"/proc/$(systemctl show -P MainPID docker.service)/cmdline" >cmdline
hf file check /opt/hosts.yaml
systemctl set-environment "DOCKER_OPTS=-H tcp://127.0.0.1:2376"
hf both check /opt/hosts.yaml
systemctl unset-environment DOCKER_OPTS
rm /etc/systemd/system.conf.d/site.conf
systemctl daemon-reexec
systemctl restart docker.service
systemctl show-environment >environment.1
hf none check /opt/hosts.yaml
systemctl set-environment "DOCKER_OPTS=-H tcp://127.0.0.1:2376"
systemctl show-environment >environment.2
hf set check /opt/hosts.yaml
systemctl show -P MainPID docker.service >pid.1
systemctl restart docker.service
tr '\0' '\n' <"/proc/$(systemctl show -P MainPID docker.service)/cmdline" >cmdline.2
touch end
EOT
grep -qx tcp://127.0.0.1:2375 "$out/cmdline" && ok "dockerd is started with DefaultEnvironment=" ||
	bad "dockerd runs as: $(tr '\n' ' ' <"$out/cmdline")"
persisted() { # the row of what is on disk
	jq -r ".resources[] | select(.layer == \"persisted\") | $1" "$work/json"
}
of file
exits 6 "check with the address in system.conf.d"
[[ $(persisted .found) == *tcp://127.0.0.1:2375* ]] && ok "it is found there" || bad "found: $(persisted .)"
of both
exits 7 "check with another one set in the manager"
[[ $(persisted .why) == *DOCKER_OPTS* ]] && ok "the variable is named" || bad "why: $(persisted .)"
of none
exits 0 "check with neither"
of set
exits 6 "check with it set in the manager alone"
[[ $(persisted .found) == *tcp://127.0.0.1:2376* ]] && ok "it is found there" || bad "found: $(persisted .)"
grep -qx tcp://127.0.0.1:2376 "$out/cmdline.2" && ok "and the next dockerd has it" ||
	bad "dockerd runs as: $(tr '\n' ' ' <"$out/cmdline.2")"
exit 0
