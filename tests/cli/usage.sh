#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Bad usage: exit 64, what is wrong, the nearest name, where to read; and as JSON.
. "$(dirname "$0")/lib.sh"

run 64
err "no command given"
err "see 'holdfast --help'"
run 64 aply
err "unknown command 'aply'"
err "did you mean 'apply'?"
run 64 frobnicate
err "unknown command 'frobnicate'"
no_err "did you mean"
run 64 import --format=json
err "import writes a baseline in YAML, not JSON"
mkdir -p root
for command in history recover confirm unhold; do
	run 64 $command --root root extra
	err "$command takes no operands, not 'extra'"
done
for command in rollback show; do
	run 64 $command --root root one two
	err "$command takes one operand, not 'two'"
done
run 64 import x.rules
err "operands of import are files, after --rules"
run 64 import --rules
err "--rules needs FILE..."
run 1 import --rules missing.rules
err "cannot read 'missing.rules'"
run 64 plan --ony=x
err "unknown option '--ony'"
err "did you mean '--only'? see 'holdfast --help'"
run 64 plan -z
err "unknown option '-z'"
run 64 plan --only
err "option '--only' needs a value"
run 64 plan --diff=yes
err "option '--diff' takes no value"
run 64 plan --level=3
err "--level takes 1 or 2, not '3'"
run 64 plan --level=0
run 64 plan --level=1x
run 64 plan --severity=worst
err "--severity takes low, medium or high, not 'worst'"
run 64 plan --format=xml
err "--format takes text or json, not 'xml'"
run 64 plan --color=sometimes
err "--color takes auto, always or never"
run 64 plan --timeout=0
err "--timeout takes seconds from 1 to 86400, not '0'"
run 64 plan --timeout=-1
run 64 plan --restart=maybe
err "--restart takes safe, always or never, not 'maybe'"
run 64 plan --set novalue
err "--set takes VAR=VALUE, not 'novalue'"
run 64 plan --fact engin=26.1
err "--fact takes NAME=VALUE with a NAME"
run 64 plan --fact =x
err "--fact takes NAME=VALUE"
run 64 plan --fact engine
err "--fact takes NAME=VALUE"
for fact in engine=abc engine=v26.1 engine= audit=x systemd= kernel=x; do
	run 64 plan --fact "$fact"
	err "--fact takes a version such as 26.1.5, not '$fact'"
done
for fact in swarm=yes swarm=True swarm= unit:docker.service=1 exists:/etc=; do
	run 64 plan --fact "$fact"
	err "--fact takes true or false, not '$fact'"
done
run 64 plan --fact hostname=
err "--fact takes a VALUE, not 'hostname='"
run 64 plan --fact unit:=true
err "--fact takes NAME=VALUE with a NAME"
run 64 plan --only a,,b
err "--only takes terms separated by single commas"
run 64 check --fail-on=drifts
err "--fail-on takes drift, unknown, pending and findings, not 'drifts'"
err "did you mean 'drift'?"
run 64 plan --output=
run 64 plan --root=
run 64 lint --diff
err "--diff does not go with 'lint'"
run 64 plan --output-dir=x
err "--output-dir does not go with 'plan'"
run 64 plan --check
err "--check does not go with 'plan'"
run 64 --check --dry-run
err "--check and --dry-run exclude each other"
run 64 recover --back --forward
err "--back and --forward exclude each other"
run 64 compile
err "compile needs --output-dir=DIR"
run 64 explain
err "explain needs the id of a control"
mkdir bare
run 64 explain icc --root bare
err "name one with --baseline"
run 64 check --root bare
err "name one: "
run 64 plan --root="$work/nowhere" x.yaml
err "nowhere"

# Errors as JSON, wherever the option stands.
run 64 aply --format=json
json
field exit 64
field result '"error"'
out '"message": "unknown command '"'aply'"'"'
run 64 --format json plan --level=9
json
field exit 64
field command '""'
run 65 lint --format=json "$work/missing.yaml"
json
field exit 65
field result '"error"'
field command '"lint"'

# Help and version.
run 0 --help
out "usage: holdfast COMMAND"
for command in plan apply check compile lint explain list facts; do
	run 0 $command --help
	out "usage: holdfast $command"
	run 0 --help $command
	out "usage: holdfast $command"
done
run 0 --version
grep -qE '^holdfast [0-9]+\.[0-9]+' out || fail "--version prints $(cat out)"

# A full disk is no success.
if [ -c /dev/full ]; then
	"$HOLDFAST" --help >/dev/full 2>err
	[ $? = 1 ] || fail "--help to a full disk"
	err "cannot write to the standard output"
fi
finish
