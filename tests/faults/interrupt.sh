#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A signal (Ctrl-C is another) in the middle of an apply: the step in hand is finished, everything is put back,
# exit 4. The apply is slowed down where strace can do so.
. "$(dirname "$0")/../cli/lib.sh"

strace -qq -o /dev/null -e inject=renameat:delay_enter=1 true 2>/dev/null || {
	echo "strace cannot be used here"
	exit 77
}
mkdir -p root/etc/docker root/var/lib
printf '{\n  "dns": ["10.0.0.1"]\n}\n' >root/etc/docker/daemon.json
for i in 1 2 3 4 5 6 7 8; do
	echo x >root/etc/f$i
	chmod 0666 root/etc/f$i
done
cat >b.yaml <<'END'
holdfast: 1
name: b
controls:
  - id: icc
    title: No traffic between containers
    daemon: {set: {icc: false}}
  - id: mode
    title: Nobody else writes
    files: [{path: "/etc/f*", max_mode: "0644"}]
END
listing() {
	(cd root && find . -path ./var/lib/holdfast -prune -o -printf '%p %y %m %U %G %s\n' | sort &&
		find . -path ./var/lib/holdfast -prune -o -type f -print | sort | xargs cksum)
}
listing >before
# each rename takes a while: the journal's, then, while the signal comes, that of a file
strace -f -qq -o trace -e trace=renameat,rename,renameat2 \
	-e inject=renameat,rename,renameat2:delay_enter=1500000 \
	"$HOLDFAST" apply ./b.yaml --root root --format json >out 2>err &
i=0
while seen=$(grep -c rename trace 2>/dev/null); [ "${seen:-0}" -lt 2 ] && [ $i -lt 300 ]; do
	sleep 0.05
	i=$((i + 1))
done
sleep 0.2
# not SIGINT: a shell starts its background jobs with that ignored
child=$(cat /proc/$!/task/$!/children)
kill -TERM ${child:-$!}
wait $!
status=$?
n=2
[ $status = 4 ] || fail "exit $status, not 4: $(cat out err)"
grep -q interrupted out err || fail "not said to be interrupted: $(cat out err)"
listing | diff before - || fail "not everything was put back"
[ ! -e root/var/lib/holdfast/journal ] || fail "a journal is left"
"$HOLDFAST" apply ./b.yaml --root root >out 2>err || fail "the next apply: $(cat out err)"
finish
