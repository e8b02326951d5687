# SPDX-License-Identifier: Apache-2.0
"""What others do to a host between two runs, as operations (tree.py)."""

import values

RULES_D = "/etc/audit/rules.d/"
DROP_INS = "/etc/systemd/system/docker.service.d/"


def _contents(random):
    """An edit of what is in a file."""
    return random.choice(
        [
            ["insert", "/etc/docker/daemon.json", "max-concurrent-uploads", "7"],
            ["insert", "/etc/docker/daemon.json", "x-person", '"by hand"'],
            ["append", "/etc/docker/daemon.json", "\n"],
            ["write", "/etc/docker/daemon.json", '{\n  "mtu": 1450\n}\n'],
            ["append", RULES_D + "60-holdfast.rules", "-w /etc/by-hand -p wa -k hand\n"],
            ["append", RULES_D + "audit.rules", "\n-w /etc/by-hand -p wa -k hand\n"],
            ["append", RULES_D + "10-base.rules", "\n# by hand\n"],
            ["file", RULES_D + "40-hand.rules", "-w /etc/by-hand -p r\n", 0o640, 0, 0],
            ["append", "/etc/audit/audit.rules", "-w /etc/by-hand -p wa\n"],
            ["file", DROP_INS + "20-hand.conf", "[Service]\nNice=3\n", 0o644, 0, 0],
            ["append", DROP_INS + "zz-holdfast.conf", "[Service]\nNice=3\n"],
            ["append", "/usr/lib/systemd/system/docker.service", "\n# by hand\n"],
            ["append", "/etc/default/docker", "\nBY_HAND=1\n"],
            ["append", "/etc/tmpfiles.d/holdfast.conf", "d /run/hand 0755 root root -\n"],
            ["file", "/etc/docker/tree/by-hand", "x\n", 0o666, 1000, 0],
            ["write", "/etc/containerd/config.toml", "# by hand\n"],
        ]
    )


# What holdfast writes to.
REWRITTEN = [
    "/etc/docker/daemon.json",
    RULES_D + "10-base.rules",
    DROP_INS + "zz-holdfast.conf",
]


def _inode(random):
    """An edit of whose a file is, and who may do what with it."""
    plain = [path for path in values.DEMANDED_FILES if "$" not in path and "*" not in path]
    path = random.choice(plain + values.DEMANDED_DIRS + values.TREE_FILES)
    return random.choice(
        [
            ["mode", path, random.choice([0o600, 0o644, 0o664, 0o700, 0o755])],
            ["owner", path, random.choice([0, 1000]), random.choice([0, 106])],
            ["xattr", random.choice(values.TREE_FILES[3:] + REWRITTEN)],
        ]
    )


def _removal(random):
    return [
        "remove",
        random.choice(
            [
                "/etc/docker/daemon.json",
                RULES_D + "60-holdfast.rules",
                RULES_D + "zz-holdfast.rules",
                RULES_D + "10-base.rules",
                "/etc/audit/audit.rules",
                DROP_INS + "zz-holdfast.conf",
                DROP_INS + "zz-holdfast.env",
                "/etc/tmpfiles.d/holdfast.conf",
                "/etc/docker/tree/a",
            ]
        ),
    ]


def edits(random):
    """A few operations."""
    kinds = random.choices(
        [_contents, _inode, _removal], [5, 3, 1], k=random.choice([0, 1, 2, 3, 4])
    )
    return [kind(random) for kind in kinds]
