# SPDX-License-Identifier: Apache-2.0
"""What hosts and baselines are made of: keys of daemon.json, audit rules, paths.

Plain tables, shared by the generators of hosts, baselines and edits so that they meet:
what a baseline demands is often there already, or there with another value.
"""

# Keys of daemon.json, each with values that dockerd takes.
DAEMON = {
    "icc": [True, False],
    "live-restore": [True, False],
    "debug": [True, False],
    "log-driver": ["json-file", "local", "journald", "syslog"],
    "log-level": ["info", "warn", "debug", "error"],
    "userland-proxy": [True, False],
    "no-new-privileges": [True, False],
    "labels": [["a=b"], ["env=prod", "x=1"], []],
    "insecure-registries": [["10.0.0.0/8"], ["reg:5000", "r2:80"]],
    "registry-mirrors": [["https://m.example"], []],
    "dns": [["1.1.1.1"], ["9.9.9.9", "1.1.1.1"]],
    "log-opts": [{"max-size": "10m"}, {"max-size": "10m", "max-file": "3"}, {"tag": "x"}],
    "default-ulimits": [{"nofile": {"Name": "nofile", "Hard": 64000, "Soft": 64000}}],
    "max-concurrent-downloads": [3, 5],
    "mtu": [1500, 1400],
    "selinux-enabled": [True, False],
    "iptables": [True, False],
    "ip-forward": [True],
    "storage-driver": ["overlay2", "aufs"],
    "userns-remap": ["default", ""],
    "data-root": ["/var/lib/docker", "/srv/docker"],
    "bip": ["10.1.0.1/24"],
    "seccomp-profile": ["builtin", "/etc/docker/sec.json"],
    "experimental": [True, False],
    "exec-opts": [["native.cgroupdriver=systemd"]],
    "features": [{"buildkit": True}, {"containerd-snapshotter": False}],
    "group": ["docker", "root"],
    "default-cgroupns-mode": ["private", "host"],
    "ip6tables": [True, False],
    "ipv6": [True, False],
    "shutdown-timeout": [15, 30],
    "default-shm-size": ["64M", "128M"],
    "init": [True, False],
    "authorization-plugins": [["p1"]],
    "hosts": [["fd://"], ["unix:///run/docker.sock", "tcp://0.0.0.0:2375"]],
    "tlsverify": [True, False],
    "log-format": ["json", "text"],
    "cgroup-parent": ["/x"],
    "default-runtime": ["runc", "crun"],
    "runtimes": [{"crun": {"path": "/usr/bin/crun"}}],
    "proxies": [{"http-proxy": "http://u:p@x:1"}],
    "default-address-pools": [[{"base": "10.2.0.0/16", "size": 24}]],
    "pidfile": ["/run/d.pid"],
    "metrics-addr": ["127.0.0.1:9323"],
}
LISTS = [
    key
    for key, values in DAEMON.items()
    if isinstance(values[0], list) and key != "default-address-pools"
]

# Flags that are not spelled as their key, and keys that are no flag.
FLAG = {
    "labels": "label",
    "insecure-registries": "insecure-registry",
    "registry-mirrors": "registry-mirror",
    "log-opts": "log-opt",
    "exec-opts": "exec-opt",
    "hosts": "host",
}
NO_FLAG = {
    "default-ulimits",
    "runtimes",
    "proxies",
    "default-address-pools",
    "features",
}

# Keys whose demand is often refused as a whole: taken less often, so that the rest of
# a baseline is not refused along with them.
DELICATE = {
    "hosts",
    "tlsverify",
    "data-root",
    "storage-driver",
    "userns-remap",
    "authorization-plugins",
    "group",
    "log-format",
    "features",
    "pidfile",
    "metrics-addr",
}

RULES = [
    "-w /etc/passwd -p wa -k id",
    "-w /etc/docker -p wa -k docker",
    "-w /etc/docker/ -p rwxa -k d2",
    "-a always,exit -F arch=b64 -S mount -S umount2 -F auid>=1000 -F key=mounts",
    "-a exit,always -F arch=b32 -S mount,umount -k mounts",
    "-a always,exit -F path=/usr/bin/dockerd -F perm=x -k priv",
    "-a never,exit -F arch=b64 -S open -F uid=33",
    "-A always,exit -F arch=b64 -S init_module -k mod",
    "-a never,task",
    "-a always,exclude -F msgtype=CWD",
    "-a always,user -F uid=0",
    "-w /nonexistent/dir/x -p wa -k ne",
    "  -w /etc/shadow   -p   r  ",
    "-a always,exit -F dir=/var/lib/docker -F perm=wa -k docker",
    "-a always,exit -S all -F uid=0 -k root",
    "-a never,exit -F dir=/etc/docker -F perm=wa",
    "-a always,exit -F arch=b64 -S execve -C uid!=euid -F key=setuid",
    "-a always,filesystem -F fstype=debugfs",
]
CONTROL_LINES = [
    "-b 8192",
    "-b 64",
    "-f 1",
    "-f 2",
    "-e 1",
    "-e 2",
    "-D",
    "-r 100",
    "--backlog_wait_time 60000",
    "-i",
    "-c",
    "--loginuid-immutable",
    "-e 0",
    "-D -k docker",
]
BAD_LINES = [
    "-w",
    "junk",
    "-a always,exit -F bogus=1",
    "-w relative -p wa",
    "\x01bin",
    "-w /x -p q",
]
WATCHES = [
    "/etc/docker",
    "/etc/passwd",
    "/usr/bin/dockerd",
    "/etc/docker/daemon.json",
    "/var/lib/docker",
    "/run/containerd",
    "/nonexistent/a/b",
    "${unit:docker.service}",
    "${exec:docker.service}",
    "${socket:docker.socket}",
    "${daemon:data-root}",
    "/lib/systemd/system/docker.service",
    "/etc/audit",
    "/etc/docker/tree",
]

# Files of others that hosts have, and on which baselines demand modes.
TREE_FILES = [
    "/etc/docker/certs.d/hub/client.key",
    "/etc/docker/certs.d/hub/ca.crt",
    "/etc/docker/certs.d/r2:5000/client.key",
    "/etc/docker/tree/a",
    "/etc/docker/tree/sub/b",
    "/etc/docker/tree/sub/c.pem",
    "/etc/docker/tree/sp ace/d",
    "/etc/docker/tree/ne\nwl/e",
    "/etc/containerd/config.toml",
    "/etc/default/docker",
    "/etc/sysconfig/docker",
]
DEMANDED_DIRS = [
    "/etc/docker",
    "/etc/docker/tree",
    "/etc/audit",
    "/etc/systemd/system",
    "/srv",
    "/etc/docker/certs.d",
]
DEMANDED_FILES = [
    "/etc/docker/daemon.json",
    "/etc/docker/certs.d/*/*.key",
    "${unit:docker.service}",
    "${unit:docker.socket}",
    "${exec:docker.service}",
    "${socket:docker.socket}",
    "/etc/audit/rules.d/*.rules",
    "/etc/audit/audit.rules",
    "/etc/containerd/config.toml",
    "/etc/default/docker",
    "/etc/absent",
    "${daemon:tlskey}",
    "${daemon:data-root}",
    "/lib/systemd/system/docker.*",
    "/usr/bin/dockerd",
    "/etc/systemd/system/docker.service.d/zz-holdfast.conf",
    "/etc/systemd/system/docker.service.d/*",
    "/etc/audit/rules.d/60-holdfast.rules",
]
