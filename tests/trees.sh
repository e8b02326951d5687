# SPDX-License-Identifier: Apache-2.0
#
# Debian trees made by mmdebstrap and kept between runs; sourced. The mirror is that of the
# machine's own package manager, the place HOLDFAST_TREES.
trees=${HOLDFAST_TREES:-/var/cache/holdfast-trees}

# kept NAME SUFFIX RECIPE...: the path at which what the recipe makes is kept in $kept,
# and there is true if it is. Its name has a digest of the recipe, so that another recipe
# makes another one; those of earlier recipes go.
kept() {
	local name=$1 suffix=$2 other
	kept=$trees/$name-$(printf '%s\n' "${@:3}" | sha256sum | cut -c1-16)$suffix
	mkdir -p "$trees" || return
	for other in "$trees/$name"-????????????????"$suffix" "$trees/$name$suffix"; do
		[[ $other == "$kept" ]] || rm -rf "$other"
	done
	[[ -e $kept ]]
}

# debian_tree NAME SUITE PACKAGE...: the tar of a tree in $tree_tar
debian_tree() {
	local name=$1 suite=$2 packages
	packages=$(IFS=, && echo "${*:3}")
	if ! kept "$name" .tar "$suite" apt "$packages"; then
		mmdebstrap --quiet --variant=apt --include="$packages" "$suite" "$kept.new.tar" &&
			mv "$kept.new.tar" "$kept" || {
			rm -f "$kept.new.tar"
			return 1
		}
	fi
	tree_tar=$kept
}

# stock_tree SUITE: the same, with what holdfast manages
stock_tree() {
	debian_tree "$1" "$1" systemd systemd-sysv dbus auditd docker.io
}
