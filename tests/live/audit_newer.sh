# SPDX-License-Identifier: Apache-2.0
#
# holdfast with the libaudit of Debian 13, which gives a rule by permission some syscalls
# and not all: what it loads is what that release's auditctl loads at boot, and a rule
# about fewer syscalls is not taken for it.
. "$top_srcdir/tests/live/lib.sh"
. "$top_srcdir/tests/trees.sh"
need_root
need_audit
need jq mmdebstrap
[[ ! -e /var/lib/holdfast/applied.json ]] || skip "a baseline is applied on this machine already"
stock_tree trixie || skip "mmdebstrap could not make a tree (no mirror?)"
start
save_files
save_audit
tree=$work/tree
mkdir "$tree"
tar -C "$tree" -xpf "$tree_tar" --exclude='./dev/*' ./etc ./usr ./bin ./lib ./lib64 ./sbin

# The tree's loader and libraries; what it has not comes from this machine.
loader=$(readlink -f "$tree"/lib64/ld-linux-* | head -n 1)
libs=$(dirname "$(find "$tree/usr/lib" -name libaudit.so.1 | head -n 1)")
cat >"$work/holdfast" <<EOT
#!/bin/sh
exec "$loader" --library-path "$libs" "$HOLDFAST" "\$@"
EOT
chmod 755 "$work/holdfast"
HOLDFAST=$work/holdfast
"$HOLDFAST" --version >/dev/null 2>"$work/err" ||
	skip "the program does not run with Debian 13's libraries: $(head -n 1 "$work/err")"
newer=(--fact "audit=$(chroot "$tree" auditctl -v | grep -o '[0-9.]*$')")

touch "$work/file"
cat >"$work/b.yaml" <<EOT
holdfast: 1
name: live-audit
title: Audit
controls:
  - id: all
    title: All that is done to a file
    audit: {rules: [{watch: $work/file, key: hf-all}]}
  - id: listed
    title: Syscalls and a permission
    audit:
      rules:
        - {rule: "-a always,exit -F arch=b64 -S mount -F path=$work/file -F perm=wa -k hf-listed"}
EOT
auditctl -D >/dev/null
auditctl -e 1 >/dev/null
hf apply "${newer[@]}" "$work/b.yaml"
exits 0 "the apply"
hf check "${newer[@]}" "$work/b.yaml"
exits 0 "the check after it"
auditctl -l | sort >"$work/ours"
[[ $(wc -l <"$work/ours") == 3 ]] && ! grep -q -- '-S all' "$work/ours" &&
	ok "the rules name their syscalls" || bad "they name none: $(cat "$work/ours")"

auditctl -D >/dev/null
cp /etc/audit/rules.d/60-holdfast.rules "$tree/rules"
chmod 640 "$tree/rules"
mkdir -p "$tree$work" && touch "$tree$work/file"
chroot "$tree" auditctl -R /rules >/dev/null 2>&1 || bad "Debian 13's auditctl refuses our file"
auditctl -l | sort >"$work/theirs"
cmp -s "$work/ours" "$work/theirs" && ok "its auditctl loads the same" ||
	bad "its auditctl loads others: $(diff "$work/ours" "$work/theirs")"
hf check "${newer[@]}" "$work/b.yaml"
exits 0 "the check of what it has loaded"

auditctl -D >/dev/null
grep -v listed "$work/ours" | sed 's/renameat2,//' >"$work/shorter"
grep listed "$work/ours" >>"$work/shorter"
chmod 640 "$work/shorter"
auditctl -R "$work/shorter" >/dev/null
hf check "${newer[@]}" "$work/b.yaml"
exits 2 "the check of rules without renameat2"
jq -e '[.resources[] | select(.layer == "live" and .found == "absent")] | length == 2' \
	"$work/json" >/dev/null && ok "they are not taken for ours" ||
	bad "they are taken for ours: $(jq -c '.resources[] | [.resource, .found]' "$work/json")"
