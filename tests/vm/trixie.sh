# SPDX-License-Identifier: Apache-2.0
# Debian 13: systemd 257, audit 4.0, Docker 26.1.
. "$top_srcdir/tests/vm/run.sh" trixie
