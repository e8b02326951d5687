#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# No secret comes out of plan, rollback and show --diff, nor does holdfast's own state.
. "$(dirname "$0")/lib.sh"

mkdir -p root/etc/docker root/var/lib root/usr/lib/systemd/system
printf '[Service]\nExecStart=/usr/sbin/dockerd\n' >root/usr/lib/systemd/system/docker.service
cat >before.json <<'END'
{
  "log-opts": {
    "max-size": "10m",
    "splunk-token": "old-token"
  },
  "proxies": {"http-proxy": "plain-proxy", "no-proxy": "say \"no\""}
}
END
cp before.json root/etc/docker/daemon.json
cat >b.yaml <<'END'
holdfast: 1
name: b
controls:
  - id: token
    title: Logs go to their place
    daemon: {set: {log-opts: {splunk-token: new-token}}}
END
# clean: the diff shows that a secret changed, and no secret, whether it changed or not
clean() {
	grep -q '^-    "splunk-token": "\*\*\*\*\*\*\*\*"' out || fail "run $n: no line before: $(cat out)"
	grep -q '^+    "splunk-token": "\*\*\*\*\*\*\*\*"' out || fail "run $n: no line after: $(cat out)"
	out '"max-size": "10m"'
	for secret in old-token new-token plain-proxy 'say \"no\"' applied.json; do
		! sed -n '/^---/,$p' out | grep -qF -e "$secret" || fail "run $n: $secret is shown: $(cat out)"
	done
}
fact="--fact engine=26.1.5"
# shellcheck disable=SC2086 # an option and its value
{
	run 2 plan ./b.yaml --diff --root root $fact
	clean
	run 0 apply ./b.yaml --record --root root $fact
}
run 0 show --diff --root root
clean
run 2 rollback --dry-run --diff --root root
clean

# a file that is made, or made again, comes from nowhere
run 0 rollback --record --root root
rm root/etc/docker/daemon.json
# shellcheck disable=SC2086 # an option and its value
run 0 apply ./b.yaml --record --root root $fact
run 0 show --diff --root root
out '--- /dev/null'
out '+++ /etc/docker/daemon.json'
run 2 rollback --dry-run --diff --root root
out '--- /etc/docker/daemon.json'
out '+++ /dev/null'
sed 's/  - id: .*/  - {id: none, title: Nothing, manual: look}/; /title: L/,$d' b.yaml >none.yaml
# shellcheck disable=SC2086
run 0 apply ./none.yaml --record --root root $fact
[ ! -e root/etc/docker/daemon.json ] || fail "the file that was made is left"
run 2 rollback --dry-run --diff --root root
out '--- /dev/null'
out '+++ /etc/docker/daemon.json'
no_out 'new-token'

# out of the command line and of a variable, into the file, and all of it back
mkdir -p root/etc/default
cat >root/usr/lib/systemd/system/docker.service <<'END'
[Service]
EnvironmentFile=-/etc/default/docker
ExecStart=/usr/sbin/dockerd --debug --https-proxy "line proxy" --log-opt=splunk-token=line-token $OPTS
END
echo "OPTS=\"--http-proxy=opts-proxy --log-opt 'fluentd-password=opts word' --no-proxy no,way --mtu 1400\"" \
	>root/etc/default/docker
cat >b.yaml <<'END'
holdfast: 1
name: b
controls:
  - id: token
    title: Logs go to their place
    daemon: {set: {log-opts: {splunk-token: new-token}, proxies: {http-proxy: new-proxy}, mtu: 1500}}
END
hidden() {
	for secret in line-token 'line proxy' opts-proxy 'opts word' no,way new-token new-proxy; do
		! grep -qF -e "$secret" out || fail "run $n: $secret is shown: $(cat out)"
	done
}
for format in json text; do
	# shellcheck disable=SC2086
	run 2 plan ./b.yaml --diff --format $format --root root $fact
	hidden
done
out '+++ /etc/systemd/system/docker.service.d/zz-holdfast.env'
# shellcheck disable=SC2086
run 0 apply ./b.yaml --record --root root $fact
hidden
grep -q 'line-token\|opts word' root/etc/docker/daemon.json || fail "nothing was moved"
run 0 show --diff --root root
hidden
run 2 rollback --dry-run --diff --root root
hidden
# shellcheck disable=SC2086
run 2 plan ./none.yaml --diff --root root $fact
hidden
sed -i 's/--mtu 1400/--mtu 1400 --ipv6/' root/etc/default/docker
sed -i 's/--debug/--debug --icc/' root/usr/lib/systemd/system/docker.service
# shellcheck disable=SC2086
run 2 plan ./b.yaml --diff --root root $fact
hidden

# as a unit may have them: blanks, quotes around all of it, flags that a glob finds
none_shown() { # none_shown WHAT
	! grep -qF pw- out || fail "run $n: $1: $(cat out)"
}
cat >mtu.yaml <<'END'
holdfast: 1
name: b
controls:
  - {id: mtu, title: Frames are of usual size, daemon: {set: {mtu: 1500}}}
END
cat >glob.yaml <<'END'
holdfast: 1
name: b
controls:
  - {id: proxy, title: No proxy, units: {docker.service: {exec_start: {unset: ["--*-proxy"]}}}}
END
fresh() { # fresh FLAGS
	rm -rf root
	mkdir -p root/etc/docker root/var/lib root/usr/lib/systemd/system
	unit "$1"
}
unit() {
	printf '[Service]\nExecStart=/usr/sbin/dockerd %s\n' "$1" >root/usr/lib/systemd/system/docker.service
}
while read -r flags; do
	fresh "$flags --mtu 1400"
	# shellcheck disable=SC2086
	run 2 plan ./mtu.yaml --diff --root root $fact
	none_shown "$flags"
done <<'END'
--http-proxy   pw-a
"--https-proxy=pw-a pw-b"
"--log-opt" "splunk-token=pw-a pw-b"
--log-opt 'splunk-token=pw-a "pw-b'
END
for format in json text; do
	fresh "--http-proxy=http://me:pw-a@there"
	# shellcheck disable=SC2086
	run 2 plan ./glob.yaml --diff --format $format --root root $fact
	none_shown "found by a glob"
	fresh "--http-proxy=pw-%40a --https-proxy http://me:pw-%b@there"
	# shellcheck disable=SC2086
	run 7 plan ./mtu.yaml --format $format --root root $fact
	none_shown "with specifiers"
	fresh "--https-proxy http://me:pw-%b@there --mtu 1400"
	# shellcheck disable=SC2086
	run 2 plan ./mtu.yaml --format $format --root root $fact
	none_shown "with a specifier"
	fresh "--http-proxy=http://me:pw-a@there --mtu 1400"
	# shellcheck disable=SC2086
	run 0 apply ./mtu.yaml --record --format $format --root root $fact
	none_shown "applied"
	unit "--mtu 1400"
	# shellcheck disable=SC2086
	run 2 plan ./mtu.yaml --diff --format $format --root root $fact
	none_shown "gone from the unit"
done

# what is out of a file of root's own goes into one
# shellcheck disable=SC2016 # for systemd to expand
fresh '$OPTS' && sed -i '1a EnvironmentFile=/etc/default/docker' root/usr/lib/systemd/system/docker.service
mkdir root/etc/default
echo 'OPTS="--mtu 1400 --log-opt splunk-token=pw-a --log-opt tag=x"' >root/etc/default/docker
chmod 0600 root/etc/default/docker
sed 's/{mtu: 1500}/{log-opts: {tag: y}}/' mtu.yaml >tag.yaml
# shellcheck disable=SC2086
run 0 apply ./tag.yaml --record --root root $fact
for file in etc/docker/daemon.json etc/systemd/system/docker.service.d/zz-holdfast.env; do
	[ "$(stat -c %a "root/$file")" = 600 ] || fail "$file is for others to read"
done
finish
