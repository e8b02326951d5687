#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Hosts whose dockerd or units cannot be read as they stand: never a pass, never a change
# of what is there, never a crash.
. "$(dirname "$0")/lib.sh"

vendor=root/usr/lib/systemd/system
config=root/etc/docker/daemon.json

# tree UNIT-LINE...: a fresh tree with dockerd; the lines are those of [Service]
tree() {
	chmod -R u+rwX root 2>/dev/null
	rm -rf root
	mkdir -p root/etc/docker root/etc/systemd/system $vendor root/usr/sbin
	echo 'root:x:0:0::/root:/bin/sh' >root/etc/passwd
	echo 'root:x:0:' >root/etc/group
	{
		echo '[Service]'
		printf '%s\n' "$@"
	} >$vendor/docker.service
}

# baseline SECTION...: b.yaml with one control for each line
baseline() {
	printf 'holdfast: 1\nname: b\ncontrols:\n' >b.yaml
	for section; do
		i=$((${i:-0} + 1))
		printf '  - {id: c%s, title: T, %s}\n' "$i" "$section" >>b.yaml
	done
}

# hf STATUS COMMAND OPTION...
hf() {
	want=$1 command=$2
	shift 2
	run "$want" "$command" ./b.yaml --root root --fact engine=26.1.5 "$@"
}

# null in a list
tree 'ExecStart=/usr/sbin/dockerd'
baseline 'daemon: {add: {authorization-plugins: [x]}}'
mkdir -p root/etc/docker/plugins
touch root/etc/docker/plugins/x.spec
echo '{"authorization-plugins": [null]}' >$config
hf 7 plan
out "'authorization-plugins' must be a list of strings"
baseline 'daemon: {set: {icc: false}}'
echo '{"exec-opts": [null], "labels": [null]}' >$config
hf 7 plan
out "'exec-opts' must be a list of strings"

# the unit of dockerd, or one that may be it, cannot be read: its flags are not known
baseline 'daemon: {set: {icc: true}}'
tree 'ExecStart="/usr/sbin/dockerd --icc=false'
hf 7 check
out 'docker.service:2 cannot be read'
tree 'ExecStart=/usr/sbin/dockerd --icc=false' 'ExecStart=/usr/sbin/dockerd'
hf 7 check
out 'the unit has more than one ExecStart'
tree 'ExecStart=/usr/sbin/dockerd ; /bin/true'
mv $vendor/docker.service root/etc/systemd/system/engine.service
hf 7 check
out 'engine.service may run dockerd, but: ExecStart at'
echo '[Service' >root/etc/systemd/system/engine.service
hf 7 check
out 'engine.service may run dockerd, but: /etc/systemd/system/engine.service:1'
# no doubt about a unit of something else, or where dockerd is found
printf '[Service]\nType=oneshot\nExecStart=/bin/true\nExecStart=/bin/true\n' \
	>root/etc/systemd/system/engine.service
hf 0 check
out '1 not applicable'
echo '[Service' >root/etc/systemd/system/engine.service
printf '[Service]\nExecStart=/usr/sbin/dockerd\n' >$vendor/docker.service
hf 0 check

# a name that no JSON can hold: that change is blocked, no other, and named
tree 'ExecStart=/usr/sbin/dockerd'
odd=$(printf 'b\377d')
touch root/etc/docker/good "root/etc/docker/$odd"
chmod 666 root/etc/docker/*
baseline 'files: [{path: /etc/docker, recurse: true, type: file, max_mode: "0644"}]'
hf 2 plan
out '/etc/docker/b\xffd'
out 'its name is not UTF-8, so a change of it cannot be recorded: rename it'
hf 1 apply
err '/etc/docker/b\xffd#mode (its name is not UTF-8'
hf 0 apply --leave-unknown --record
[ "$(stat -c %a root/etc/docker/good) $(stat -c %a "root/etc/docker/$odd")" = "644 666" ] ||
	fail 'not the good one alone was changed'
run 0 rollback --root root
mv "root/etc/docker/$odd" root/etc/docker/bad
hf 0 apply
cp b.yaml "$odd.yaml"
run 1 apply --root root --replace "./$odd.yaml"
err "b\\xffd.yaml' is not UTF-8, so it cannot be recorded"

# a file with another name: that one keeps the old content, and the plan says so
tree 'ExecStart=/usr/sbin/dockerd'
echo '{}' >$config
ln $config root/etc/other.json
baseline 'daemon: {set: {icc: false}}'
hf 2 plan
err "'/etc/docker/daemon.json' has 2 hard links: the change shows under this name alone"
hf 0 apply --replace
[ "$(cat root/etc/other.json)" = '{}' ] || fail 'the other name shows the change'
hf 0 check
no_err 'hard links'

# what dockerd would not start with is told where nothing is demanded of it, too
for where in file flag; do
	tree "ExecStart=/usr/sbin/dockerd$([ $where = file ] || echo ' --live-restore')"
	[ $where = flag ] || echo '{"live-restore": true}' >$config
	baseline 'files: [{path: /etc/passwd, max_mode: "0644"}]'
	hf 0 check
	no_err 'swarm'
	mkdir -p root/var/lib/docker/swarm
	echo '{}' >root/var/lib/docker/swarm/docker-state.json
	hf 0 check
	err 'this is a swarm node, and swarm does not work with live-restore'
done

finish
