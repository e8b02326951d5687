# SPDX-License-Identifier: Apache-2.0
#
# dockerd 26.1 of Debian 13 judges its configuration before anything of it is visible: as
# nobody, and all the same it reads what only root may. What it refuses changes nothing and
# restarts nothing. And what its --validate finds and what it does not, word for word.
. "$top_srcdir/tests/live/boot.sh"
need openssl
stock_tree trixie || skip "mmdebstrap could not make a tree (no mirror?)"

fresh_tree
openssl req -x509 -newkey rsa:2048 -nodes -keyout "$tree/opt/key.pem" -out "$tree/opt/cert.pem" \
	-days 3 -subj /CN=x 2>/dev/null || exit 1
boot <<'EOT'
pid() {
	systemctl show -p MainPID --value docker.service
}
everything() {
	find /etc -printf '%p %y %m %U:%G %l\n' | sort
	find /etc -type f -exec sha256sum {} + | sort
	pid
}
baseline() { # NAME DEMAND
	printf '%s\n' 'holdfast: 1' "name: $1" 'title: T' 'controls:' \
		"  - {id: c, title: T, daemon: $2}" >"$1.yaml"
	chmod 0644 "$1.yaml"
}
# judge JSON WORD...: what it says to this file, as nobody
judge() {
	printf '%s' "$1" >/tmp/d.json
	setpriv --reuid=65534 --regid=65534 --clear-groups --bounding-set=-all --inh-caps=-all \
		--no-new-privs dockerd --validate --config-file=/tmp/d.json "${@:2}" >answer 2>&1
	echo "$? $(grep -v ^time= answer | tr '\n' ';')" >>judged
}
judge '{}' -H fd://
judge '' -H fd://
judge '{"bogus": 1}'
judge '{"debug": true}' --debug
judge '{"debug": "x"}'
judge '{"dns": ["x"]}'
judge '{}' --bogus
judge '{"userns-remap": "default"}'
# found out at start only
judge '{"icc": false, "iptables": false}'
judge '{"log-driver": "bogus", "storage-driver": "bogus", "default-runtime": "bogus"}'
judge '{"seccomp-profile": "/nonexistent", "data-root": "/nonexistent"}'

pid >pid.0
hf apply apply cis-docker
pid >pid.1

# only root may read the key, and the file
cp /opt/{key,cert}.pem /etc/docker/
chmod 0400 /etc/docker/key.pem
sed -i '0,/{/s||{"tls": true, "tlscert": "/etc/docker/cert.pem", "tlskey": "/etc/docker/key.pem",|' \
	/etc/docker/daemon.json
chmod 0600 /etc/docker/daemon.json
baseline mtu '{set: {mtu: 1400}}'
hf tls apply --replace ./mtu.yaml

# refused for what the baseline says, which no table of ours knows
everything >files.0
baseline search '{set: {dns-search: ["a b"]}}'
hf search apply --replace ./search.yaml
everything >files.1

# refused for what somebody else has put there
sed -i '0,/{/s||{"bogus": true,|' /etc/docker/daemon.json
baseline mtu '{set: {mtu: 1450}}'
everything >files.2
hf foreign apply --replace ./mtu.yaml
everything >files.3
# nothing of it comes in force: that is told, and the rest is done
hf never apply --replace --restart=never ./mtu.yaml
sed -i 's|"bogus": true,||' /etc/docker/daemon.json

# it would make users, as root
baseline remap '{set: {userns-remap: default}}'
hf remap apply --replace --restart=never --allow-disruptive ./remap.yaml
getent passwd dockremap >users
hf back rollback --allow-disruptive
ls -A /etc/docker >ls
touch end
EOT

dir="unable to configure the Docker daemon with file /tmp/d.json: "
cat >"$work/judged" <<EOT
0 configuration OK;
0 configuration OK;
1 ${dir}the following directives don't match any configuration option: bogus;
1 ${dir}the following directives are specified both as a flag and in the configuration file: debug: (from flag: true, from file: true);
1 ${dir}json: cannot unmarshal string into Go struct field Config.CommonConfig.debug of type bool;
1 ${dir}invalid IP address: x;
1 Status: unknown flag: --bogus;See 'dockerd --help'., Code: 125;
EOT
cmp -s "$work/judged" <(head -n 7 "$out/judged") && ok "what dockerd --validate says is what it said" ||
	{ bad "dockerd --validate says something else"; diff "$work/judged" "$out/judged"; }
sed -n 8p "$out/judged" | grep -q '^1 .*Only root may add a user' &&
	ok "with userns-remap it would make users" || bad "userns-remap: $(sed -n 8p "$out/judged")"
[[ $(sed -n '9,$p' "$out/judged" | sort -u) == "0 configuration OK;" ]] &&
	ok "what only a start finds out passes" || bad "it finds: $(sed -n '9,$p' "$out/judged")"

validated() { # WHAT STATE WHY: the step of the validation
	local found
	found=$(jq -r '.steps[] | select(.what == "validate dockerd'\''s configuration") | "\(.state) \(.why)"' \
		"$work/json")
	[[ $found == "$2 "$3 ]] && ok "$1: validated: $found" || { bad "$1: validated: '$found'"; show; }
}
says() { # WHAT TEXT
	jq -r '.errors[] | .message, .hint' "$work/json" | grep -qF "$2" && ok "$1: says '$2'" ||
		{ bad "$1: does not say '$2'"; show; }
}
of apply
exits 0 "apply of cis-docker"
validated "cis-docker" 'done' null
cmp -s "$out/pid.0" "$out/pid.1" && bad "dockerd was not restarted" || ok "dockerd was restarted"
of tls
exits 0 "apply with a key and a file that only root may read"
validated "TLS" 'done' null
of search
exits 1 "apply of what dockerd refuses"
validated "search" failed '*a b is not a valid domain'
says "search" "dockerd does not accept its configuration: unable to configure the Docker daemon with file /etc/docker/daemon.json"
cmp -s "$out/files.0" "$out/files.1" && ok "nothing was changed or restarted" ||
	{ bad "something was changed"; diff "$out/files.0" "$out/files.1"; }
of foreign
exits 1 "apply beside a key that dockerd does not know"
says "foreign" "neither the present one nor the one to come: unable to configure the Docker daemon with file /etc/docker/daemon.json: the following directives don't match any configuration option: bogus"
cmp -s "$out/files.2" "$out/files.3" && ok "nothing was changed or restarted" ||
	{ bad "something was changed"; diff "$out/files.2" "$out/files.3"; }
of never
exits 3 "the same without a restart"
validated "never" 'done' 'left out: refused, as the present configuration is: *bogus'
of remap
exits 3 "apply of userns-remap without a restart"
validated "userns-remap" 'done' null
[[ ! -s $out/users ]] && ok "no user was made" || bad "made: $(cat "$out/users")"
of back
exits 0 "rollback"
! grep holdfast "$out/ls" && ok "nothing is left lying about" || bad "left: $(cat "$out/ls")"
