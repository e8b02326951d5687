#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What happens while an apply waits for another holdfast counts once it has the lock.
. "$(dirname "$0")/lib.sh"
command -v flock >/dev/null || {
	echo "flock is not installed"
	exit 77
}

cat >b.yaml <<'END'
holdfast: 1
name: b
controls:
  - {id: fa, title: A, files: [{path: /etc/fa, mode: "0600"}]}
  - {id: fb, title: B, files: [{path: /etc/fb, mode: "0600"}]}
END
state=root/var/lib/holdfast
fresh() {
	rm -rf root
	mkdir -p root/etc root/var/lib
	mkdir -m 0700 $state
	touch root/etc/fa root/etc/fb
	chmod 0644 root/etc/fa root/etc/fb
}

busy() { # another holdfast, as far as ours can tell
	flock --no-fork $state sleep 600 &
	holder=$!
	until ! flock -n $state true; do :; done
}
over() {
	kill $holder
	wait $holder 2>/dev/null
}

# begin NAME OPTION...: an apply that has looked, and waits for the lock by now
begin() {
	name=$1
	shift
	"$HOLDFAST" apply ./b.yaml --root root --lock-timeout 600 "$@" >"$name" 2>&1 </dev/null &
	eval "$name=$!"
	# it opens the directory for the lock, and for an instant to list it
	seen=0
	while [ $seen -lt 3 ] && kill -0 $! 2>/dev/null; do
		if ls -l /proc/$!/fd 2>/dev/null | grep -q "$state\$"; then
			seen=$((seen + 1))
		else
			seen=0
		fi
	done
}

# end NAME STATUS
end() {
	n=$((n + 1))
	eval "wait \$$1"
	status=$?
	[ $status = "$2" ] || fail "$1: exit $status, not $2: $(cat "$1")"
}
mode() { # PATH MODE
	[ "$(stat -c %a "root$1")" = "$2" ] || fail "$1 has mode $(stat -c %a "root$1"), not $2"
}

# two parts of one baseline: both are on record, with what was before
fresh
busy
begin one --only fa
begin two --only fb
over
end one 0
end two 0
for file in fa fb; do
	mode /etc/$file 600
	grep -A1 "files:/etc/$file#mode" $state/applied.json | grep -q 0644 ||
		fail "what $file was before is lost: $(cat $state/applied.json)"
done

# put on hold
fresh
busy
begin held
run 0 hold --for 8h "moving the volumes" --root root
over
end held 75
grep -q 'on hold until .*: moving the volumes' held || fail "no reason: $(cat held)"
mode /etc/fa 644
run 0 unhold --root root

# another one applied, and waits to be confirmed
fresh
run 0 apply ./b.yaml --only fa --confirm 600 --root root
cp $state/confirm .
run 0 confirm --root root
busy
begin late --only fb
cp confirm $state/
over
end late 75
grep -q 'waits to be confirmed' late || fail "no reason: $(cat late)"
mode /etc/fb 644
finish
