# SPDX-License-Identifier: Apache-2.0
# Debian 12: systemd 252, audit 3.0, Docker 20.10.
. "$top_srcdir/tests/vm/run.sh" bookworm
