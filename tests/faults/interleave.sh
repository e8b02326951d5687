#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Random interleavings of apply, tampering, rollback, kill, recover and check on one tree.
# After each step: what check says is defined; nothing stray after an apply or recovery
# that came to its end; foreign keys and files keep their content; an apply that exits 0
# is followed by a check that passes and by an apply that touches nothing.
#
#   SEED=N STEPS=N ROUNDS=N	(default: 200 rounds of 6 steps; the seed of the clock)
. "$(dirname "$0")/lib.sh"
seed=${SEED:-$((EPOCHSECONDS % 32768))}
rounds=${ROUNDS:-200}
steps=${STEPS:-6}
echo "seed $seed"
RANDOM=$seed
daemon=root/etc/docker/daemon.json
declare -A did=()
calls=(fsync renameat unlinkat fchmod)
tracer=
[[ $(strace -qq -e trace=none -e inject=openat:error=EPERM:when=9999 echo x 2>&1) == x ]] &&
	! grep -qa __asan_init "$HOLDFAST" && tracer=yes

pick() { # N: a number below N, in $picked (a subshell would not move the generator on)
	picked=$((RANDOM % $1))
}

begin() {
	fresh
	dns=10.0.0.1
	foreign=foreign
	trail=
}

# What others do; the last few speak of things that are ours.
tamper() {
	pick 8
	trail+=" tamper$picked"
	case $picked in
	0 | 1) # a foreign key, edited in place or by an editor that replaces the file
		pick 200
		dns=10.0.0.$((picked + 2))
		if ((picked % 2)); then
			sed "s/10\.0\.0\.[0-9]*/$dns/" $daemon >edited
			cat edited >$daemon
		else
			sed -i "s/10\.0\.0\.[0-9]*/$dns/" $daemon
		fi
		;;
	2)
		pick 1000
		foreign="foreign $picked"
		echo "$foreign" >root/etc/audit/rules.d/.foreign
		;;
	3) chmod 0666 root/etc/ssl/deep/k2 ;;
	4) rm -f root/etc/systemd/system/docker.socket.d/zz-holdfast.conf ;;
	5) echo '# edited' >>root/etc/audit/rules.d/60-holdfast.rules ;;
	6) sed -i 's/"icc": false/"icc": true/' $daemon ;;
	7) echo "key" >root/etc/ssl/deep/k3.new && chmod 0666 root/etc/ssl/deep/k3.new &&
		mv root/etc/ssl/deep/k3.new root/etc/ssl/deep/k3 ;;
	esac
}

look() { # what must hold after every step
	local status
	grep -qF "\"$dns\"" $daemon || fail "$where: the foreign key is not \"$dns\": $(cat $daemon)"
	grep -qxF "$foreign" root/etc/audit/rules.d/.foreign || fail "$where: a foreign file was changed"
	hf check
	status=$?
	case $status in
	0 | 2 | 6) [[ ! -e root/var/lib/holdfast/journal ]] || fail "$where: check exits $status beside a journal" ;;
	5) [[ -e root/var/lib/holdfast/journal ]] || fail "$where: check exits 5 without a journal" ;;
	*) fail "$where: check exits $status: $(tail -n 5 out)" ;;
	esac
}

ended() { # STATUS: the last command came to its end
	local found
	found=$(strays root)
	[[ -z $found ]] || fail "$where: exit $1, stray: $found"
}

# Only a foreign change to what was unfinished: somebody has to decide, and takes ours.
settle() {
	grep -qE 'changed by someone else|another file is there' out ||
		fail "$where: exit 5: $(tail -n 30 out)"
	did[settled]=$((${did[settled]:-0} + 1))
	rm root/var/lib/holdfast/journal
	trail+=" (settled)"
	must 0 recover # sweeps
}

do_apply() {
	local status options=()
	pick 2
	((picked)) && options=(--record)
	hf apply "${options[@]}"
	status=$?
	case $status in
	0)
		ended 0
		hf check || fail "$where: check after apply exits $?: $(tail -n 8 out)"
		stamps root >stamps1
		must 0 apply "${options[@]}"
		stamps root | cmp -s - stamps1 || fail "$where: the second apply wrote something"
		;;
	5) settle ;;
	*) fail "$where: apply exits $status: $(head -n 8 out)" ;;
	esac
}

do_kill() { # apply, rollback or recover, at any time
	local command
	pick 6
	case $picked in
	0) with_baseline recover ;;
	1) with_baseline rollback --yes --record ;;
	*) with_baseline apply --record ;;
	esac
	pick 2
	if ((picked)) && [[ -n $tracer ]]; then # where there is most to tear apart
		pick 4
		call=$((picked))
		pick 10
		{ strace -f -qq -o trace -e trace="${calls[call]}" \
			-e inject="${calls[call]}:signal=KILL:when=$((picked + 1))" \
			"${command[@]}" >out 2>&1 </dev/null; } 2>/dev/null
		trail+="(${calls[call]} $((picked + 1)))"
		[[ -e root/var/lib/holdfast/journal ]] && did[unfinished]=$((${did[unfinished]:-0} + 1))
		return
	fi
	pick 16
	n=$((n + 1))
	{ timeout -s KILL "0.0$(printf %02d "$picked")1" "${command[@]}" >out 2>&1 </dev/null; } 2>/dev/null
	trail+="($?)"
	[[ -e root/var/lib/holdfast/journal ]] && did[unfinished]=$((${did[unfinished]:-0} + 1))
}

do_rollback() {
	local status
	hf rollback --yes --record
	status=$?
	case $status in
	0 | 1) ended $status ;;
	5) [[ -e root/var/lib/holdfast/journal ]] || fail "$where: exit 5 without a journal" ;;
	64) ;;
	*) fail "$where: rollback exits $status: $(tail -n 8 out)" ;;
	esac
	((status == 1)) && ! grep -q refused out && fail "$where: rollback exits 1: $(tail -n 8 out)"
}

do_recover() {
	local status options=()
	pick 3
	((picked)) || options=(--forward)
	hf recover "${options[@]}"
	status=$?
	case $status in
	0) ended 0 ;;
	5) settle ;;
	*) fail "$where: recover exits $status: $(tail -n 8 out)" ;;
	esac
}

for ((round = 0; round < rounds; round++)); do
	begin
	for ((step = 0; step < steps; step++)); do
		pick 10
		case $picked in
		0 | 1) what=apply ;;
		2 | 3 | 4) what=tamper ;;
		5) what=rollback ;;
		6 | 7) what=kill ;;
		8) what=recover ;;
		9) what=check ;;
		esac
		did[$what]=$((${did[$what]:-0} + 1))
		[[ $what == tamper ]] || trail+=" $what"
		where="seed $seed round $round:$trail"
		case $what in
		tamper) tamper ;;
		check) ;;
		*) do_$what ;;
		esac
		where="seed $seed round $round:$trail"
		look
	done
	where="seed $seed round $round:$trail, at the end"
	do_apply
	hf apply
	ended $?
done
done_=
for what in "${!did[@]}"; do
	done_+=" ${did[$what]} $what,"
done
finish "$rounds rounds, seed $seed:${done_%,}; $n runs"
