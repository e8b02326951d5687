#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# compile refuses what apply would refuse, and what it cannot read.
. "$(dirname "$0")/lib.sh"

mkdir -p root/etc/docker root/etc/systemd
printf '{"icc": tru' >root/etc/docker/daemon.json
cat >b.yaml <<'END'
holdfast: 1
name: b
controls:
  - {id: icc, title: T, daemon: {set: {icc: false}}}
  - {id: mode, title: T, files: [{path: /etc/docker, max_mode: "0750"}]}
END
run 1 compile ./b.yaml --root root --output-dir made
err "1 resource cannot be told"
err "daemon:/etc/docker/daemon.json#icc"
[ ! -e made ] || fail "something was written all the same"
run 7 compile ./b.yaml --root root --output-dir made --leave-unknown
grep -q '^/etc/docker	mode	at most 0750' made/files.txt || fail "$(cat made/files.txt)"
[ ! -e made/etc/docker/daemon.json ] || cmp -s made/etc/docker/daemon.json root/etc/docker/daemon.json ||
	fail "another daemon.json: $(cat made/etc/docker/daemon.json)"

# drop-ins of ours that cannot be listed are not taken for none
rm -r made
run 0 compile ./b.yaml --root root --output-dir made --only mode
ln -s system root/etc/systemd/system
run 1 compile ./b.yaml --root root --output-dir again --only mode
err "/etc/systemd/system"

# what is as wanted is copied: files of the kinds' own, and those they edit
rm root/etc/systemd/system
mkdir -p root/etc/systemd/system/docker.service.d root/etc/systemd/system/notes \
	root/etc/audit/rules.d
echo '{"icc": false}' >root/etc/docker/daemon.json
for file in systemd/system/docker.service.d/zz-holdfast.conf systemd/system/docker.service.d/other.conf \
	systemd/system/notes/zz-holdfast.conf audit/rules.d/other.rules audit/audit.rules; do
	echo "# $file" >root/etc/$file
done
rm -rf made
run 0 compile ./b.yaml --root root --output-dir made --only icc
(cd made && find . -type f | sort) >found
cat >expected <<'END'
./etc/audit/audit.rules
./etc/docker/daemon.json
./etc/systemd/system/docker.service.d/zz-holdfast.conf
./files.txt
END
diff expected found || fail "other files were written"

# compile has no journal: it does not write into what it reads
echo '{"icc": true}' >root/etc/docker/daemon.json
run 1 compile ./b.yaml --root root --output-dir "$PWD/root/../root" --only icc
err "is what is looked at"
grep -q true root/etc/docker/daemon.json || fail "compile changed the tree"
finish
