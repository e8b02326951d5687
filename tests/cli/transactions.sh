#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Transactions end to end on a small root: history, show, rollback, what changed since,
# recovery after a kill, hold.
. "$(dirname "$0")/lib.sh"

mkdir -p root/etc/docker root/var/lib
printf '{\n  "dns": ["10.0.0.1"]\n}\n' >root/etc/docker/daemon.json
chmod 0664 root/etc/docker/daemon.json
# only root gives files away; owner and group are part of what comes back
[ "$(id -u)" != 0 ] || chown 12:34 root/etc/docker/daemon.json
cat >b.yaml <<'END'
holdfast: 1
name: b
controls:
  - id: icc
    title: No traffic between containers
    daemon: {set: {icc: false}}
  - id: mode
    title: Nobody else writes
    files: [{path: /etc/docker/daemon.json, max_mode: "0644"}]
END
listing() {
	(cd root && find . -path ./var/lib/holdfast -prune -o -printf '%p %y %m %U %G\n' | sort &&
		find . -path ./var/lib/holdfast -prune -o -type f -print | sort | xargs cksum)
}
hf() { # hf STATUS ARGUMENT...: run, and compare the exit status
	want=$1
	shift
	"$HOLDFAST" "$@" --root root >out 2>err
	got=$?
	n=$((n + 1))
	[ $got = "$want" ] || fail "holdfast $*: exit $got, not $want: $(cat out err)"
}
has() { # has TEXT: the last output has it
	n=$((n + 1))
	grep -qF -- "$1" out err || fail "no '$1' in: $(cat out err)"
}
n=0

hf 0 history
has "no transaction is on record"
hf 64 show
hf 64 rollback
has "an apply to a tree keeps its transaction with --record only"
hf 64 confirm
has "see 'holdfast history --root root'"
listing >before
hf 0 apply ./b.yaml --record
listing >applied
hf 0 history
has "apply b"
hf 0 show --diff
has "daemon.json#icc: absent -> false"
has '+  "icc": false'

# a dry run changes nothing, the rollback gives back everything
hf 2 rollback --dry-run
has "restore /etc/docker/daemon.json"
hf 2 rollback --dry-run --format json
json
field exit 2
field result '"drift"'
has '{"what": "restore /etc/docker/daemon.json", "state": "planned", "why": null}'
has '{"kind": "daemon", "resource": "daemon:/etc/docker/daemon.json#icc", "layer": "persisted", "op": "delete", "before": "false", "after": null,'
has '{"kind": "files", "resource": "files:/etc/docker/daemon.json#mode"'
listing | cmp -s - applied || fail "rollback --dry-run changed something"
hf 0 rollback --record
listing | diff before - || fail "the tree is not as before"
hf 0 history
has "rolled-back"
hf 64 rollback
has "there is no transaction to roll back"
has "'holdfast history --root root' lists what is on record"

# what was changed since is refused, and left
hf 0 apply ./b.yaml --record
printf '{"icc": true}\n' >root/etc/docker/daemon.json
hf 1 rollback --dry-run
has "refused: /etc/docker/daemon.json: it was changed since"
hf 1 rollback --dry-run --format json
json
field exit 1
field result '"error"'
has '{"what": "/etc/docker/daemon.json", "state": "refused", "why": "it was changed since"}'
has '"blocked": "it was changed since"'
hf 1 rollback --record --format json
json
has '{"what": "/etc/docker/daemon.json", "state": "refused", "why": "it was changed since"}'
grep -q '"icc": true' root/etc/docker/daemon.json || fail "a foreign change was lost"

# the JSON of both
hf 0 history --format json
json
has '"result": "rolled-back"'
field exit 0
field comment '"transactions on record"'
hf 0 show --format json
json
field exit 0
grep -qE '^  "transaction": "[0-9]' out || fail "no id: $(cat out)"
for member in holdfast schema command root changed result host layers time baselines selection \
	vars record changes effects errors; do
	grep -qE "^  \"$member\": " out || fail "show has no $member: $(cat out)"
done
has '"changes_count": 0' # what was refused was not changed

# a damaged record does not hide the others, and the document tells of it
id=$(ls root/var/lib/holdfast/transactions | head -n 1)
hf 0 show "$id" --format json
has '{"id": "daemon:/etc/docker/daemon.json#icc", "layer": "persisted", "before": null, "after": "false"}'
cp "root/var/lib/holdfast/transactions/$id" kept
echo x >>"root/var/lib/holdfast/transactions/$id"
hf 1 history
has "torn or was edited"
has "remove it, and '$id' is not on record any more"
has "apply b"
hf 1 history --format json
json
field exit 1
field result '"error"'
grep -A1 '^  "errors"' out | grep -q 'torn or was edited' || fail "no error: $(cat out)"
cp kept "root/var/lib/holdfast/transactions/$id"

# a saved plan is applied as it is, or refused with the reason
hf 2 plan ./b.yaml --save saved.json
[ "$(stat -c %a saved.json)" = 600 ] || fail "the saved plan is not mode 0600"
cp saved.json edited.json
sed -i 's/#icc/#icd/' edited.json
hf 1 apply --plan edited.json
has "was edited"
hf 64 apply ./b.yaml --plan saved.json
has "baselines do not go with --plan"
for option in --set=a=b --fact=engine=26.1.5 --only=icc --skip=icc --level=1 --severity=low \
	--restart=never --allow-disruptive --allow-lock --allow-panic --leave-unknown --replace; do
	hf 64 apply --plan saved.json $option
	option=${option%%=*}
	has "$option does not go with --plan: the saved plan has its own"
done
hf 64 apply --plan nowhere.json
has "cannot read the plan 'nowhere.json': No such file or directory"
hf 64 apply --plan root
has "cannot read the plan 'root': Is a directory"
hf 64 apply --plan saved.json --dry-run
hf 64 apply --plan saved.json --check
printf '{"icc": true, "debug": true}\n' >root/etc/docker/daemon.json
hf 1 apply --plan saved.json
has "the host has moved on: /etc/docker/daemon.json"
[ "$(grep -o 'daemon\.json' err | wc -l)" = 1 ] || fail "named more than once: $(cat err)"
printf '{"icc": true}\n' >root/etc/docker/daemon.json
hf 2 plan ./b.yaml --allow-lock --save lock.json
hf 64 apply --plan lock.json --confirm 60
has "--confirm does not go with --allow-lock"
hf 0 apply --plan saved.json
grep -q '"icc": false' root/etc/docker/daemon.json || fail "the saved plan was not applied"
printf '{"icc": true}\n' >root/etc/docker/daemon.json

# for one root, however it is written, and for no other; a tree is not the running system
at() { # at STATUS DIRECTORY ARGUMENT...: the same from another directory, with its own --root
	want=$1
	dir=$2
	shift 2
	(cd "$dir" && "$HOLDFAST" "$@") >out 2>err
	got=$?
	n=$((n + 1))
	[ $got = "$want" ] || fail "holdfast $* in $dir: exit $got, not $want: $(cat out err)"
}
ln -s root also
mkdir -p other
for there in ./root root/ root/../root "$PWD/root" also; do
	at 2 . plan ./b.yaml --root $there --save ours.json
	at 0 other apply --root ../root --plan ../ours.json
	printf '{"icc": true}\n' >root/etc/docker/daemon.json
done
at 1 . apply --root other --plan saved.json
has "it was made for the tree $PWD/root, not for the tree $PWD/other"
has "apply it with --root $PWD/root"
at 1 . apply --plan saved.json
has "it was made for the tree $PWD/root, not for the running system"
at 1 . apply --root / --plan saved.json
has "not for the tree /"
at 1 . apply --root nowhere --plan saved.json
has "cannot open root 'nowhere'"
# nothing but a file is replaced, and that behind a link is, not the link
mkfifo pipe
ln -s saved.json link.json
ln -s /dev/null null.json
for there in pipe null.json other; do
	at 1 . plan ./b.yaml --root root --save $there
	has "cannot save the plan to '$there'"
done
[ -p pipe ] && [ "$(readlink null.json)" = /dev/null ] && [ -c /dev/null ] || fail "a device was replaced"
cp saved.json kept.json
at 2 . plan ./b.yaml --root root --save link.json
[ -L link.json ] && [ ! -L saved.json ] || fail "a link was replaced"
grep -q '^sha256 ' saved.json || fail "the file behind the link is not written"
mv kept.json saved.json
odd=$(printf 'x\377y')
mkdir "$odd"
at 1 . plan ./b.yaml --root "$odd" --save odd.json
has "is not UTF-8, so this plan cannot be saved"
[ ! -e odd.json ] || fail "a plan that cannot be saved was"

# a journal that was edited is never believed, and stops apply, plan and check
printf '{"schema": "1.0"}\nsha256 00\n' >root/var/lib/holdfast/journal
hf 5 check ./b.yaml
hf 5 plan ./b.yaml
hf 5 recover
has "torn or was edited"
rm root/var/lib/holdfast/journal
hf 0 recover
has "nothing to recover"

# a hold
hf 64 hold "no end given"
has "holdfast hold --root root --for 8h"
hf 64 hold --for soon "x"
hf 0 hold
has "no hold is in force"
hf 0 hold --for 8h "moving the volumes"
cp out told
grep -qE '^on hold until 20..-..-.. ..:..:..Z: moving the volumes \(uid [0-9]' told ||
	fail "the hold is not told: $(cat told)"
hf 75 apply ./b.yaml
has "this host is $(cat told)"
has "'holdfast unhold --root root' ends it"
hf 2 check ./b.yaml
has "this host is $(cat told)"
hf 0 hold
cmp -s out told || fail "another hold: $(cat out)"
hf 0 hold --format json
json
field result '"held"'
field changed false
hf 0 unhold --format json
field result '"in-sync"'
field changed true
hf 0 unhold --format json
json
field changed false
hf 0 apply ./b.yaml
hf 1 hold --for 8h "$(printf 'moved by J\366rg')"
has "is not UTF-8, so it cannot be recorded"
hf 0 hold
has "no hold is in force"
printf '{\n "until": 4102444800,\n "reason": "as once written",\n "user": "uid 0"\n}' \
	>root/var/lib/holdfast/hold
hf 0 hold
has "on hold until 2100-01-01 00:00:00Z: as once written (uid 0)"
for text in '' '{' '[]' '{"until": "1", "reason": "", "user": ""}' '{"until": 4102444800, "reason": "x"}'; do
	printf '%s' "$text" >root/var/lib/holdfast/hold
	hf 1 apply ./b.yaml
	has "the hold is damaged"
	has "'holdfast hold --root root', or end it with 'holdfast unhold --root root'"
done
hf 0 unhold
hf 0 apply ./b.yaml

# a journal of a version to come says which, and is left for it
printf '{"schema": "3.0", "holdfast": "9.1"}\n' >later
printf 'sha256 %s\n' "$(sha256sum <later | cut -c1-64)" >>later
cp later root/var/lib/holdfast/journal
hf 5 recover
has "was written by holdfast 9.1 in schema '3.0'"
has "use the version that wrote it"
hf 5 apply ./b.yaml
has "settle what the error names, then"
has "  holdfast recover --root root"
hf 5 check ./b.yaml
has "type 'holdfast recover --root root'"
cmp -s later root/var/lib/holdfast/journal || fail "the journal of a later version is gone"
rm root/var/lib/holdfast/journal

# what an apply did with --allow-disruptive is undone with it only
cat >hide.yaml <<'END'
holdfast: 1
name: b
controls:
  - {id: data, title: Elsewhere, daemon: {set: {data-root: /srv/docker}}}
END
hidden="images, containers or volumes would become invisible, which ones is not known: in a tree"
hf 2 check ./hide.yaml
has "$hidden"
hf 0 apply ./hide.yaml --allow-disruptive --record --format json
has '"hides": {"images": null, "containers": null, "volumes": null, "why": "in a tree no dockerd runs"}'
listing >applied
hf 1 rollback --record
has "daemon.json#data-root would change back: $hidden"
has "rollback --allow-disruptive"
listing | cmp -s - applied || fail "the refused rollback changed something"
hf 2 rollback --dry-run --allow-disruptive --format json
has '"hides": {"images": null'
hf 0 rollback --allow-disruptive --record
has "daemon.json#data-root: $hidden"

# so is the flag that does the same
mkdir -p root/usr/lib/systemd/system
printf '[Service]\nExecStart=/usr/bin/dockerd -g /srv/docker --debug\n' \
	>root/usr/lib/systemd/system/docker.service
cat >flag.yaml <<'END'
holdfast: 1
name: b
controls:
  - {id: flag, title: T, units: {docker.service: {exec_start: {unset: ["--gr*", --debug]}}}}
END
hf 1 apply ./flag.yaml
has "without '--graph' images, containers or volumes may become invisible"
hf 2 plan ./flag.yaml --allow-disruptive
rm -r root/usr

# no byte of a file's name reaches the terminal raw
esc=$(printf '\033')
mkdir root/etc/docker/c
touch "root/etc/docker/c/a${esc}[31m.key"
cat >c.yaml <<'END'
holdfast: 1
name: b
controls:
  - {id: key, title: Closed, files: [{path: "/etc/docker/c/*.key", max_mode: "0400"}]}
END
plain() {
	has '/etc/docker/c/a\x1b[31m.key'
	! grep -q "$esc" out err || fail "an escape came out raw: $(cat -v out err)"
}
hf 0 apply ./c.yaml --record
hf 0 show
plain
hf 2 rollback --dry-run
plain
chmod 0777 root/etc/docker/c/*
hf 1 rollback --record
plain

# directories that several files needed go with the last of these
mkdir -p root2/etc root2/usr/lib/systemd/system root2/var/lib
for unit in a b; do
	printf '[Service]\nExecStart=/usr/bin/x\n' >root2/usr/lib/systemd/system/$unit.service
done
cat >d.yaml <<'END'
holdfast: 1
name: d
controls:
  - id: nice
    title: Not in the way
    units:
      a.service: {Service: {Nice: "5"}}
      b.service: {Service: {Nice: "5"}}
END
n=$((n + 1))
"$HOLDFAST" apply ./d.yaml --record --root root2 -q && [ -d root2/etc/systemd ] &&
	"$HOLDFAST" rollback --record --root root2 -q || fail "cannot apply, or roll back"
[ -z "$(ls root2/etc)" ] || fail "a rollback leaves $(find root2/etc -type d | tr '\n' ' ')"

# a record that cannot be read is no bad usage
mv root/var/lib/holdfast/transactions aside
ln -s transactions root/var/lib/holdfast/transactions
hf 1 show
has "cannot list '/var/lib/holdfast/transactions'"
hf 1 history
rm root/var/lib/holdfast/transactions
mv aside root/var/lib/holdfast/transactions
hf 64 show no-such-id
for command in show rollback; do
	hf 64 $command ''
	has "no transaction '' is on record"
done
has "'holdfast history --root root' lists them"

# a command that a message names can be typed as it stands
mv root "it's a tree"
n=$((n + 1))
"$HOLDFAST" show no-such-id --root "it's a tree" 2>err && fail "there is no such transaction"
has "--root 'it'\\''s a tree'"
command=$(sed -n "s/.*hint: 'holdfast \(.*\)' lists them/\1/p" err)
eval "'$HOLDFAST' $command" | grep -q "apply b" || fail "cannot be typed: $command"
finish
