# SPDX-License-Identifier: Apache-2.0
"""Random hosts, as lists of operations (tree.py).

Hosts as distributions make them, as people leave them, and as nobody should: daemon.json
in many layouts, torn, with keys nobody knows; units in each of the folders that systemd
reads, masked, with drop-ins and environment files; rules.d with settings, bad lines and
-D in the middle; odd owners, modes, ACLs, xattrs, hard links and symlinks throughout.
"""

import json
import os
import struct

import values

FILE_MODES = [
    0o600,
    0o640,
    0o644,
    0o666,
    0o755,
    0o777,
    0o444,
    0o000,
    0o4755,
    0o2664,
]
DIR_MODES = [0o700, 0o750, 0o755, 0o777, 0o1777, 0o2775]
UNIT_DIRS = (
    ["/usr/lib/systemd/system"] * 6
    + ["/lib/systemd/system"] * 2
    + ["/etc/systemd/system", "/run/systemd/system"]
)
ENVIRONMENT_FILES = [
    "",
    "# nothing\n",
    'DOCKER_OPTS="--debug --icc=false"\n',
    "DOCKER_OPTS=--log-level=warn\nOTHER=1\n",
    'OPTIONS="--selinux-enabled \\\n  --log-driver=journald \\\n  --live-restore"\n',
    "OPTIONS='--host=tcp://0.0.0.0:2375 -D'\n",
    "OPTIONS=--label=a=b --label x=1\n",
    'export X=1\nDOCKER_OPTS="unclosed\n',
    'DOCKER_OPTS="--icc=false"\r\n',
]
ODD_FLAGS = [
    "-D",
    "-l warn",
    "-H tcp://0.0.0.0:2376",
    '--host="unix:///x y"',
    "'--label=q=1'",
    "$DOCKER_OPTS",
    "$OPTIONS",
    "${OPTIONS}",
    "--label=%n",
    "--label=a$$b",
    "--",
    "--bogus",
    "-Dl warn",
    '"--log-opt" max-size=1m',
]


def acl(user_bits, mask_bits, other_bits):
    """The xattr of an ACL with an entry for uid 1000."""
    nobody = 0xFFFFFFFF
    entries = [
        (0x01, 6, nobody),
        (0x02, user_bits, 1000),
        (0x04, 4, nobody),
        (0x10, mask_bits, nobody),
        (0x20, other_bits, nobody),
    ]
    packed = b"".join(struct.pack("<HHI", *entry) for entry in entries)
    return (struct.pack("<I", 2) + packed).hex()


class HostGenerator:
    """Collects the operations of one host in .operations."""

    def __init__(self, random):
        self.random = random
        self.operations = []

    def chance(self, probability):
        return self.random.random() < probability

    def one(self, choices):
        return self.random.choice(choices)

    def add(self, *operation):
        self.operations.append(list(operation))

    def file(self, path, text, mode=0o644, uid=0, gid=0):
        encoded = text.encode("utf-8", "surrogateescape").decode("latin-1")
        self.add("file", path, encoded, mode, uid, gid)

    def odd(self, path, directory=False):
        """Perhaps an owner, mode, ACL, xattr or second name that one does not expect."""
        if self.chance(0.25):
            self.add("mode", path, self.one(DIR_MODES if directory else FILE_MODES))
        if self.chance(0.2):
            self.add("owner", path, self.one([0, 1000, 0, 4242]), self.one([0, 106, 4, 4242]))
        if self.chance(0.1):
            bits = self.one([4, 6, 7])
            self.add("acl", path, acl(bits, bits | 4, self.one([0, 4])))
        if self.chance(0.08):
            self.add("xattr", path)
        if directory:
            return
        if self.chance(0.06):
            self.add("hard", path, f"/srv/hl{self.random.randrange(10**6)}")
        elif self.chance(0.07):
            target = "/srv/conf/" + os.path.basename(path)
            relative = os.path.relpath(target, os.path.dirname(path))
            self.add("move", path, target, target if self.chance(0.6) else relative)

    def host(self):
        """The whole host."""
        users = "root:x:0:0:root:/root:/bin/sh\nops:x:1000:1000::/home/ops:/bin/sh\n"
        self.file("/etc/passwd", users if self.chance(0.97) else "root:x:0:0::\n")
        self.file("/etc/group", "root:x:0:\nadm:x:4:\ndocker:x:106:ops\nops:x:1000:\n")
        if self.chance(0.85):
            self.file(
                "/etc/os-release",
                self.one(
                    [
                        'ID=debian\nVERSION_ID="12"\n',
                        'ID=debian\nVERSION_ID="13"\n',
                        "ID=fedora\nVERSION_ID=40\n",
                        'ID="rocky"\nID_LIKE="rhel fedora"\nVERSION_ID="9.3"\n',
                    ]
                ),
            )
        if self.chance(0.9):
            self.file("/etc/hostname", "db-3\n")
        if self.chance(0.7):
            self.file("/usr/bin/true", "x", 0o755)
        self.file("/usr/bin/dockerd", "\x7fELF" + "\0" * 60, 0o755)
        for path in ("/var/lib", "/etc/docker", "/run", "/srv"):
            if path != "/etc/docker" or self.chance(0.8):
                self.add("dir", path)
        if self.chance(0.3):
            self.add("dir", "/var/lib/docker")
        if self.chance(0.6):
            self.add("link", "/lib", "usr/lib")
            self.add("dir", "/usr/lib/systemd/system")
        self.daemon_json()
        self.units()
        self.audit()
        self.tree_files()
        return self.operations

    def tree_files(self):
        for path in values.TREE_FILES:
            if self.chance(0.3):
                environment = "default" in path or "sysconfig" in path
                text = self.one(ENVIRONMENT_FILES) if environment else "x\n"
                self.file(path, text, self.one([0o644, 0o600, 0o664]))
                self.odd(path)
        for path in (
            "/etc/docker",
            "/etc/docker/tree",
            "/etc/docker/certs.d",
            "/etc/audit/rules.d",
            "/etc/audit",
        ):
            if self.chance(0.4):
                self.odd(path, directory=True)
        if self.chance(0.05):
            self.add("link", "/etc/docker/tree/lnk", "/etc/passwd")
        if self.chance(0.03):
            self.add("fifo", "/etc/docker/tree/fifo")

    # --- daemon.json

    def daemon_json(self):
        if self.chance(0.15):
            return
        keys = self.random.sample(list(values.DAEMON), self.random.randrange(0, 7))
        keys = [key for key in keys if key != "hosts"]
        data = {key: self.one(values.DAEMON[key]) for key in keys if self.chance(0.9)}
        if self.chance(0.1):
            data["hosts"] = ["fd://"]
        if self.chance(0.12):
            data["x-unknown"] = {"a": [1, {"b": None}], "é": "\u20ac"}
        if self.chance(0.1):
            data["big"] = 1234567890123456789
            data["fl"] = 1.50e3
        text = self.broken_json(self.json_text(data))
        self.file("/etc/docker/daemon.json", text)
        self.odd("/etc/docker/daemon.json")

    def json_text(self, data):
        """DATA in one of the layouts that people and programs write."""
        plain = json.dumps(data, indent=2)
        pairs = [(json.dumps(key), value) for key, value in data.items()]
        layouts = [
            lambda: json.dumps(data),
            lambda: json.dumps(data, indent="\t") + "\n",
            lambda: plain.replace("\n", "\r\n") + "\r\n",
            lambda: json.dumps(data, indent=4),
            lambda: "\n\n  "
            + json.dumps(data, separators=(" , ", " :\t"), ensure_ascii=False)
            + "\n\n",
            lambda: plain.replace(",\n", ",\n\n").replace("{\n", "{\n\n") + "\n",
            lambda: "{"
            + "\n, ".join(f"{key}:{json.dumps(value, indent=1)}" for key, value in pairs)
            + "\n}\n",
            lambda: "{ "
            + ",\n  ".join(f"{key}: {json.dumps(value)}" for key, value in pairs)
            + " }\n",
            lambda: plain + "\n",
        ]
        return self.one(layouts)()

    def broken_json(self, text):
        """TEXT, or now and then what is no such object."""
        if self.chance(0.9):
            return text
        return self.one(
            [
                "",
                "",
                "{",
                text[:-2],
                "[]\n",
                "\ufeff" + text,
                '{"icc": true, "icc": false}\n',
                "{}",
                "{\n}\n",
                '{"ICC": false, "debug" : true}',
            ]
        )

    # --- units

    def flag(self):
        key = self.one([key for key in values.DAEMON if key not in values.NO_FLAG])
        value = self.one(values.DAEMON[key])
        name = "--" + values.FLAG.get(key, key)
        between = self.one([" ", "="])
        if isinstance(value, bool):
            return self.one([name, f"{name}={str(value).lower()}"])
        if isinstance(value, dict):
            return " ".join(f"{name} {sub}={text}" for sub, text in value.items())
        if isinstance(value, list):
            return " ".join(f"{name}{between}{item}" for item in value)
        return f"{name}{between}{value}" if value != "" else f'{name}{between}""'

    def exec_start(self):
        words = ["/usr/bin/dockerd"]
        words += self.one([["-H fd://"], ["-H", "fd://"], ["--host=fd://"], []])
        words += [self.flag() for _ in range(self.random.randrange(4))]
        if self.chance(0.25):
            words.append(self.one(ODD_FLAGS))
        words += self.one(
            [
                [],
                [],
                ["$DOCKER_OPTS"],
                ["$OPTIONS"],
                ["--containerd=/run/containerd/containerd.sock"],
            ]
        )
        between = self.one([" ", " ", " \\\n          "])
        prefix = self.one(["", "", "", "-"])
        return "ExecStart=" + prefix + between.join(words) + "\n"

    def docker_service(self):
        text = "[Unit]\nDescription=D\n"
        text += self.one(["", "Requires=docker.socket\n"])
        text += "\n[Service]\nType=notify\n"
        if self.chance(0.4):
            text += self.one(
                [
                    "EnvironmentFile=-/etc/default/docker\n",
                    "EnvironmentFile=-/etc/sysconfig/docker\n",
                    "EnvironmentFile=/etc/default/docker\n",
                    "EnvironmentFile=/etc/def*/docker\n"
                    "EnvironmentFile=-/etc/sysconfig/docker\n",
                ]
            )
        if self.chance(0.15):
            text += self.one(
                ['Environment="DOCKER_OPTS=--icc=false" X=1\n', "Environment=OPTIONS=-D\n"]
            )
        if self.chance(0.1):
            text += self.exec_start() + "ExecStart=\n"
        text += self.exec_start()
        if self.chance(0.05):
            text += "# c\n; d\n" + self.one(
                ["ExecStart=/bin/x\n", "ExecStart=/usr/bin/dockerd --debug\n"]
            )
        text += "ExecReload=/bin/kill -s HUP $MAINPID\n"
        text += self.one(["LimitCORE=infinity\n", "", "LimitCORE=1\nLimitCORE=0\n"])
        text += self.one(["KillMode=process\n", ""])
        text += "\n[Install]\nWantedBy=multi-user.target\n"
        text += self.one(["", "Alias=dckr.service\n"])
        text = text.replace("\n", self.one(["\n"] * 12 + ["\r\n"]))
        return text.rstrip() if self.chance(0.05) else text

    def units(self):
        if self.chance(0.88):
            path = self.one(UNIT_DIRS) + "/docker.service"
            self.file(path, self.docker_service())
            self.odd(path)
            if self.chance(0.03):
                self.add("link", "/etc/systemd/system/docker.service", "/dev/null")
            elif self.chance(0.05):
                self.add("link", "/etc/systemd/system/dckr.service", path)
        if self.chance(0.6):
            path = self.one(UNIT_DIRS) + "/docker.socket"
            listen = self.one(["/run/docker.sock", "/var/run/docker.sock", "%t/docker.sock"])
            text = f"[Unit]\nDescription=S\n[Socket]\nListenStream={listen}\n"
            text += self.one(["", "ListenStream=127.0.0.1:2375\n"])
            text += self.one(["SocketMode=0660\n", "SocketMode=0666\n", ""])
            text += self.one(["SocketGroup=docker\nSocketUser=root\n", ""])
            self.file(path, text + "[Install]\nWantedBy=sockets.target\n")
            self.odd(path)
        if self.chance(0.5):
            path = self.one(UNIT_DIRS) + "/containerd.service"
            flags = self.one(
                [
                    " --log-level debug",
                    " -l info",
                    "",
                    " --config /etc/x.toml --log-level=warn --log-level=info",
                ]
            )
            text = "[Service]\nExecStartPre=-/sbin/modprobe overlay\n"
            text += f"ExecStart=/usr/bin/containerd{flags}\n"
            self.file(path, text + self.one(["LimitCORE=infinity\n", ""]))
            self.odd(path)
        for _ in range(self.one([0, 0, 0, 1, 1, 2, 3])):
            self.drop_in()

    def drop_in(self):
        unit = self.one(
            ["docker.service"] * 4 + ["docker.socket", "containerd.service", "service"]
        )
        top = self.one(["/etc", "/etc", "/run", "/usr/lib"])
        name = self.one(["10-a", "50-b", "override", "zzz", "zz-holdfast-not", "http-proxy"])
        if unit == "docker.socket":
            text = "[Socket]\n" + self.one(
                ["SocketMode=0600\n", "ListenStream=\nListenStream=/run/x.sock\n"]
                + ["SocketGroup=ops\n"]
            )
        elif unit == "containerd.service":
            text = "[Service]\n" + self.one(
                ["LimitCORE=0\n", "Environment=A=1\n"]
                + ["ExecStart=\nExecStart=/usr/bin/containerd -l warn\n"]
            )
        else:
            command = "[Service]\nExecStart=\n" + self.exec_start()
            texts = [
                '[Service]\nEnvironment="HTTP_PROXY=http://u:p@h:1"\n',
                "[Service]\nEnvironment=DOCKER_OPTS=--debug\n",
                "[Service]\nEnvironmentFile=\n",
                "[Service]\nLimitCORE=5\n#comment\n",
                "# only\n",
                "",
                "[Service]\nLimitNOFILE=\\\n# c\n 5\n",
                "[Service]\nEnvironmentFile=-/etc/sysconfig/docker\n",
                "[Unit]\nDescription=\xe9\n",
                "junk\n",
            ]
            # of all services: what is no dockerd's
            text = self.one(texts + [command] * 2 * (unit != "service"))
        path = f"{top}/systemd/system/{unit}.d/{name}.conf"
        self.file(path, text)
        self.odd(path)
        if self.chance(0.05) and top != "/etc":
            self.add("link", f"/etc/systemd/system/{unit}.d/{name}.conf", "/dev/null")

    # --- audit

    def audit(self):
        if self.chance(0.75):
            self.file("/usr/sbin/auditctl", "\x7fELF", 0o755)
        if self.chance(0.75):
            self.file("/usr/sbin/augenrules", "#!/bin/sh\n", 0o755)
        if self.chance(0.75):
            load = self.one(
                [
                    "ExecStartPost=-/sbin/augenrules --load\n",
                    "ExecStartPost=-/sbin/auditctl -R /etc/audit/audit.rules\n",
                    "",
                ]
            )
            self.file(
                "/usr/lib/systemd/system/auditd.service",
                f"[Service]\nExecStart=/sbin/auditd\n{load}"
                "[Install]\nWantedBy=multi-user.target\n",
            )
            if self.chance(0.8):
                self.add(
                    "link",
                    "/etc/systemd/system/multi-user.target.wants/auditd.service",
                    "/lib/systemd/system/auditd.service",
                )
        if self.chance(0.3):
            self.file(
                "/usr/lib/systemd/system/audit-rules.service",
                "[Service]\nExecStart=/sbin/augenrules --load\n",
            )
        self.rules_d()
        if self.chance(0.3):
            self.file("/etc/tmpfiles.d/x.conf", "d /run/x 0755 root root -\n")
        # files in our place that are not ours
        if self.chance(0.05):
            self.file("/etc/tmpfiles.d/holdfast.conf", "d /run/x 0755 root root -\n")
        if self.chance(0.04):
            self.file("/etc/audit/rules.d/60-holdfast.rules", "-w /etc/motd -p wa\n")
        if self.chance(0.02):
            path = "/etc/systemd/system/docker.service.d/zz-holdfast.conf"
            self.file(path, "[Service]\nLimitCORE=7\n")

    def rule_line(self):
        kind = self.random.random()
        if kind < 0.6:
            return self.one(values.RULES)
        if kind < 0.8:
            return self.one(values.CONTROL_LINES[:4] + values.CONTROL_LINES)
        if kind < 0.98:
            return self.one(["# comment", "", "   ", "## -w /etc/x -p wa"])
        return self.one(values.BAD_LINES)

    def rules_d(self):
        names = [
            "audit.rules",
            "10-base.rules",
            "30-stig.rules",
            "50-x.rules",
            "70-y.rules",
            "99-finalize.rules",
            "zzz.rules",
            "old.rules.bak",
        ]
        merged = []
        for name in self.random.sample(names, self.one([0, 1, 1, 2, 2, 3, 4])):
            lines = [self.rule_line() for _ in range(self.random.randrange(7))]
            end = self.one(["\n"] * 14 + ["\r\n"])
            text = end.join(lines) + (end if self.chance(0.85) else "")
            path = "/etc/audit/rules.d/" + name
            self.file(path, text, self.one([0o640, 0o600, 0o644]))
            self.odd(path)
            merged += lines
        if self.chance(0.6):
            top = self.one(
                [
                    "## This file is automatically generated from /etc/audit/rules.d\n-D\n\n",
                    "-D\n",
                    "",
                ]
            )
            kept = [line for line in merged if self.chance(0.9)]
            self.file("/etc/audit/audit.rules", top + "\n".join(kept) + "\n", 0o640)
            self.odd("/etc/audit/audit.rules")
