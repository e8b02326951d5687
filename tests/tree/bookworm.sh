# SPDX-License-Identifier: Apache-2.0
# Debian 12.
. "$top_srcdir/tests/tree/run.sh" bookworm
