# SPDX-License-Identifier: Apache-2.0
#
# Messages to and from systemd and dockerd fail, one in each run (a booted Debian 12,
# strace's injection): each of the first, then one of some of the many that ask whether
# dockerd is back. `check` never passes for it, and `apply` ends with all in force (or
# held, and told so), or with all as before.
. "$top_srcdir/tests/live/boot.sh"

fresh_tree
boot_seconds=900
boot <<'EOT'
level() { # LEVEL CORE
	printf '%s\n' 'holdfast: 1' 'name: level' 'title: Level' 'extends: [cis-docker]' \
		'tailor:' "  docker-log-level: {daemon: {set: {log-level: $1}}}" \
		'controls:' '  - id: core' '    title: Core dumps' \
		"    units: {docker.service: {Service: {LimitCORE: \"$2\"}}}" \
		>level.$1.yaml
	chmod 0644 level.$1.yaml
}
everything() {
	find /etc -printf '%p %y %m %U:%G %l\n' | sort
	find /etc -type f -exec sha256sum {} + | sort
}
level warn 0
level error 1
hf plan plan ./level.warn.yaml
for now in warn error; do
	hf apply.$now apply --replace ./level.$now.yaml
	everything >want.$now
done
: >failures
failed() {
	echo "$*" >>failures
	cat o e >>failures
}
now=error next=warn
# with a restart pending, a check that does not know it would pass
hf pending apply --replace --restart=never ./level.warn.yaml
hf pending.check check ./level.warn.yaml
for call in sendmsg recvmsg connect sendto; do
	for ((n = 1; n <= 1000; n += 1 + n / 20)); do
		strace -f -qq -o trace -e trace=$call -e inject=$call:error=ECONNRESET:when=$n \
			holdfast check ./level.warn.yaml >o 2>e
		status=$?
		grep -q INJECTED trace || break
		echo "check $call $status" >>ends
		case $status in
		1 | 2 | 3 | 7) ;;
		*) failed "check with $call $n failing: exit $status" ;;
		esac
	done
done
hf settled apply --replace --restart=always ./level.warn.yaml
now=warn next=error
for call in sendmsg recvmsg connect sendto; do
	for ((n = 1; n <= 1000; n += 1 + n / 4)); do
		strace -f -qq -o trace -e trace=$call -e inject=$call:error=ECONNRESET:when=$n \
			holdfast apply --replace ./level.$next.yaml >o 2>e
		status=$?
		if ! grep -q INJECTED trace; then # it makes fewer: it was not failed
			[[ $status == 0 ]] || failed "apply with nothing failing: exit $status"
			was=$now now=$next next=$was
			break
		fi
		echo "apply $call $status" >>ends
		everything >is
		what="apply with $call $n failing: exit $status"
		case $status in
		0)
			cmp -s is want.$next || failed "$what, but /etc is not as wanted"
			was=$now now=$next next=$was
			;;
		3) # whether a container runs could not be asked: it is held, and carried out later
			cmp -s is want.$next || failed "$what, but /etc is not as wanted"
			was=$now now=$next next=$was
			hf later apply --replace ./level.$now.yaml
			[[ $(cat later.status) == 0 ]] || failed "$what, then apply exits $(cat later.status)"
			;;
		1 | 4) cmp -s is want.$now || failed "$what, but /etc is not as before" ;;
		*) failed "$what" ;;
		esac
		[[ $(systemctl is-active docker.service) == active ]] || failed "$what: dockerd is down"
		[[ ! -e /var/lib/holdfast/journal ]] || failed "$what: a journal is left"
		hf check check ./level.$now.yaml --replace
		[[ $(cat check.status) == 6 ]] || failed "$what, then check exits $(cat check.status)"
		# out of step: begin anew, so that one failure is told once
		if [[ $(cat check.status) != 6 ]] || ! cmp -s is want.$now; then
			holdfast recover
			holdfast apply --replace ./level.$now.yaml
		fi
	done
	echo "$call $n" >>calls
done
touch end
EOT
of apply.warn
exits 0 "apply of another level and limit"
of pending
exits 3 "apply without a restart"
of pending.check
exits 3 "check of it"
of settled
exits 0 "apply with the restart"
while read -r call n; do
	echo "$call: the last apply made less than $n"
done <"$out/calls"
sort "$out/ends" | uniq -c
grep -q '^apply sendmsg' "$out/ends" && grep -q '^check sendmsg' "$out/ends" &&
	grep -q '^apply recvmsg' "$out/ends" || bad "no message was failed"
if [[ -s $out/failures ]]; then
	bad "some failures did not end well:"
	head -n 60 "$out/failures"
else
	ok "every failure ended with all in force, or with all as before"
fi
