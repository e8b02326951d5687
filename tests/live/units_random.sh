# SPDX-License-Identifier: Apache-2.0
#
# Thousands of random unit files and drop-ins (units_gen; another SEED makes others): what
# holdfast reads of them is what the manager of a booted systemd has loaded, that of
# Debian 12 (252) and that of Debian 13 (257). What differs on purpose is named, with its
# reason, by units_diff.
. "$top_srcdir/tests/live/boot.sh"

compare() { # SUITE
	fresh_tree
	cp "$top_builddir"/tests/live/units_{gen,diff} "$top_srcdir/tests/live/units_batches" \
		"$tree/opt/holdfast/"
	boot_seconds=1200 boot <<-EOT
		systemctl --version | head -n 1 >version
		LD_LIBRARY_PATH=/opt/holdfast/lib bash /opt/holdfast/units_batches \
			${SEED:-1} ${COUNT:-5000} >differences
		touch end
	EOT
	judge_units "$(cut -d' ' -f1,2 "$out/version")" "$out/differences" "${COUNT:-5000}"
}

compare
if stock_tree trixie; then
	compare
else
	echo "Debian 13 is left out: mmdebstrap could not make a tree (no mirror?)"
fi
