#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The shape of the tree, checked: which folder may include what, that pure files reach
# for no host, where each library is used, file sizes, licence lines, and that the
# makefiles list every source.
set -u
cd "${srcdir:-.}" || exit 99
failed=0

bad() {
	echo "layers: $*" >&2
	failed=1
}

# allow FOLDER PATTERN: project headers that files of the folder may include
allow() {
	grep -Hn '^#include "' "$1"/*.[ch] 2>/dev/null |
		grep -Ev ":#include \"($2)" | sed 's/^/layers: not allowed here: /' >&2
	! grep -hE '^#include "' "$1"/*.[ch] 2>/dev/null | grep -qEv "^#include \"($2)" || failed=1
}
allow src/base 'base/'
allow src/model 'base/|model/'
allow src/plan 'base/|model/|plan/'
allow src/host 'base/|model/|host/'
allow src/report 'base/|model/|plan/|report/|engine/engine\.h'
allow src/engine 'base/|model/|plan/|host/|engine/'
for kind in audit daemon units files; do
	allow "src/kinds/$kind" "base/|model/|plan/|host/|kinds/$kind/|kinds/daemon/daemon_(keys|flags)\.h"
done

# Pure files: no handle to the host, no clock, no environment, no file.
pure="src/model/*.[ch] src/plan/*.[ch] src/base/*.[ch]"
for suffix in codec json unit argv kind plan keys; do
	pure="$pure $(ls src/kinds/*/*_$suffix.[ch] 2>/dev/null | tr '\n' ' ')"
done
for file in $(ls $pure 2>/dev/null); do
	grep -Hn '^#include "host/' "$file" >&2 && bad "pure file includes the host: $file"
	grep -HnwE '(fopen|open|openat|stat|lstat|getenv|system|popen|time|clock_gettime|getpwnam|getgrnam|getpwnam_r|socket|exit|printf|fprintf|puts|syslog) *\(' "$file" |
		grep -vE ':[0-9]+:[[:space:]]*(\*|/\*|//)' >&2 && bad "pure file reaches outside: $file"
done
# Nothing below the command line prints or exits.
for file in src/host/*.c src/engine/*.c src/kinds/*/*.c; do
	grep -HnwE '(exit|_exit|printf|puts|perror|syslog) *\(' "$file" |
		grep -vE ':[0-9]+:[[:space:]]*(\*|/\*|//)' >&2 && bad "prints or exits: $file"
done

# Reports, engine and commands know no kind by its name or its files.
grep -HnE '"(audit|daemon|units|files):|"[^"]*(60|zz)-holdfast\.' \
	src/plan/*.c src/report/*.c src/engine/*.c src/cli/*.c >&2 && bad "names a kind or its files"

# confined HEADER FILES...: a library's header is included there only
confined() {
	header=$1
	shift
	for file in $(grep -lE "^#include <$header" -r src); do
		case " $* " in
		*" $file "*) ;;
		*) bad "<$header> is for $*, not for $file" ;;
		esac
	done
}
confined yaml.h src/model/yaml_read.c
confined systemd/ src/host/sd.h
confined nettle/ src/base/digest.c

for file in $(find src tests contrib -name '*.[ch]' -o -name '*.sh' -o -name '*.py' | sort); do
	n=$(wc -l <"$file")
	[ "$n" -le 800 ] || bad "$file has $n lines, more than 800"
	head -n 3 "$file" | grep -q 'SPDX-License-Identifier: Apache-2.0' ||
		bad "no SPDX line at the top of $file"
done
for file in src/*/*.[ch] src/kinds/*/*.[ch]; do
	grep -qF "$file" src/*/Makemodule.am src/kinds/*/Makemodule.am ||
		bad "$file is in no Makemodule.am"
done
[ $failed = 0 ] && echo "layers: all rules hold"
exit $failed
