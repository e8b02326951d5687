#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes configure from configure.ac; needs autoconf, automake and pkg-config.
set -e
cd "$(dirname "$0")"
mkdir -p m4
exec autoreconf --install --force
