#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Disks and files that do not take a change (root): a small tmpfs that is full, or has room
# for a part of the work only; an immutable file; a file and a directory that are mounts;
# a read-only mount. Each ends with the reason named and the tree as before.
[[ $(id -u) == 0 ]] || { echo "needs root: it mounts"; exit 77; }
if [[ -z ${HOLDFAST_FULL_INSIDE-} ]]; then
	unshare --mount true 2>/dev/null || { echo "cannot have mounts of its own here"; exit 77; }
	HOLDFAST_FULL_INSIDE=1 exec unshare --mount --propagation private bash "$0" "$@"
fi
. "$(dirname "$0")/lib.sh"
finally='chattr -i "$work"/*/etc/docker/daemon.json 2>/dev/null; umount -R "$work"/root/{etc/docker/daemon.json,etc/docker,etc/ssl,etc,.} "$work"/root 2>/dev/null'
declare -A ends=()
must 0 apply
listing root >after

# end GOAL: the last run ended well or as if nothing had been
end() { # STATUS
	ends[$1]=$((${ends[$1]:-0} + 1))
	listing root >now
	case $1 in
	0) diff after now >difference || fail "$where: exit 0, but $(head difference; tail -n 5 out)" ;;
	1 | 4) diff before now >difference || fail "$where: exit $1, but $(head difference; tail -n 30 out)" ;;
	*) fail "$where: exit $1: $(tail -n 30 out)" ;;
	esac
	found=$(strays root)
	[[ -z $found ]] || fail "$where: exit $1, stray: $found"
}

# --- a disk that is full but for so many pages, for /etc, then for all
fill() { # DIR PAGES: all but so many
	local page=4096 free
	dd if=/dev/zero of="$1/.ballast" bs=$page status=none 2>/dev/null
	free=$(($2 * page))
	((free == 0)) || truncate -s "-$free" "$1/.ballast"
}
for on in /etc /; do
	dir=root$on
	for ((pages = 0; pages < 32; pages++)); do
		rm -rf root
		mkdir -p "$dir"
		mount -t tmpfs -o size=320k,mode=0755 holdfast-test "$dir" || { fail "mount"; break; }
		cp -a root0/. root
		fill "$dir" $pages
		listing root >before
		hf apply --record
		status=$?
		if ((status == 0)); then
			rm "$dir/.ballast"
			hf check || fail "$pages pages free on $on: exit 0, then check exits $?"
			listing root | diff after - >difference || fail "$pages pages on $on: exit 0, but $(head difference)"
			ends[0]=$((${ends[0]:-0} + 1))
		else
			where="$pages pages free on $on" end $status
			grep -qi 'no space' out || fail "$pages pages free on $on: not named: $(head -n 3 out)"
			rm "$dir/.ballast"
			must 0 apply
		fi
		umount "$dir"
	done
done
full=${ends[*]}
fresh
listing root >before

refused() { # REASON OPTION...: the apply fails, names it, changes nothing
	hf apply "${@:2}"
	status=$?
	((status == 1 || status == 4)) || fail "$where: exit $status: $(tail -n 5 out)"
	grep -qiE "$1" out || fail "$where: '$1' is not named: $(head -n 6 out)"
	listing root | diff before - >difference || fail "$where: $(head difference)"
	found=$(strays root)
	[[ -z $found ]] || fail "$where: stray: $found"
}

# --- a bind-mounted file, a read-only mount
where="daemon.json is a mount"
fresh
touch other
cp -p root/etc/docker/daemon.json other
mount --bind other root/etc/docker/daemon.json
listing root >before
refused 'mount'
refused 'mount' --skip modes
umount root/etc/docker/daemon.json

where="/etc/docker is read-only"
fresh
mount --bind root/etc/docker root/etc/docker
mount -o remount,bind,ro root/etc/docker
listing root >before
refused 'read-only'
umount root/etc/docker

where="modes on a read-only mount"
fresh
mount --bind root/etc/ssl root/etc/ssl
mount -o remount,bind,ro root/etc/ssl
listing root >before
refused 'read-only'
umount root/etc/ssl

# --- an immutable file, where the file system has that
where="immutable file"
immutable="an immutable file"
for dir in "$work" /var/tmp; do
	[[ $dir == "$work" ]] || dir=$(mktemp -d "$dir/holdfast-full.XXXXXX")
	touch "$dir/try"
	if chattr +i "$dir/try" 2>/dev/null; then
		chattr -i "$dir/try"
		rm -rf root "$dir/tree"
		cp -a root0 "$dir/tree"
		ln -s "$dir/tree" root
		listing root/. >before
		chattr +i root/etc/docker/daemon.json
		refused 'immutable'
		chattr -i root/etc/docker/daemon.json
		chattr +i root/etc/ssl/deep/k2
		refused 'immutable'
		chattr -i root/etc/ssl/deep/k2
		immutable+=" on $(stat -f -c %T "$dir")"
		break
	fi
done
[[ $immutable == *" on "* ]] || echo "left out: no file system here knows immutable files"
[[ $dir == "$work" ]] || rm -rf "$dir"
ended=
for status in "${!ends[@]}"; do
	ended+=" ${ends[$status]} with $status,"
done
finish "full disks ended${ended%,}; two mounts, ${immutable}; $n runs"
