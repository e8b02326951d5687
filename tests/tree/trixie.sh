# SPDX-License-Identifier: Apache-2.0
# Debian 13.
. "$top_srcdir/tests/tree/run.sh" trixie
