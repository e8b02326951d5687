# SPDX-License-Identifier: Apache-2.0
#
# holdfast on a machine of its own, booted with its own kernel.
#
#   HOLDFAST=PROGRAM top_srcdir=DIR top_builddir=DIR bash tests/vm/SUITE.sh
. "$top_srcdir/tests/vm/lib.sh"
start_vm "${1:?}"

vm facts <<'EOT'
hf facts facts
systemctl is-system-running >state
EOT
of facts
exits 0 "facts"
[[ $(cat "$out/state") == running ]] && ok "the machine is up, nothing failed" ||
	bad "the machine is $(cat "$out/state")"
off_vm
