# SPDX-License-Identifier: Apache-2.0
"""Random baselines as data, and what is given on the command line with them."""

import copy
import json

import values

SOCKET_SETTINGS = [
    ("SocketMode", ["0660", "0600"]),
    ("SocketUser", ["root"]),
    ("SocketGroup", ["docker", "root", "${grp}"]),
]
CONTAINERD = [
    {"exec_start": {"set": {"--log-level": "info"}}},
    {"Service": {"LimitCORE": "0"}},
    {"exec_start": {"unset": ["--log-level"]}, "Service": {"OOMScoreAdjust": "-999"}},
    {"exec_start": {"set": {"--config": "/etc/containerd/config.toml"}}},
]
DOCKER = [
    {"Service": {"LimitCORE": "0"}},
    {"exec_start": {"unset": ["--debug", "--host=tcp://*"]}},
    {"exec_start": {"unset": ["--host"]}},
    {"exec_start": {"unset": ["--label", "--bogus"]}},
    {"exec_start": {"set": {"--containerd": "/run/containerd/containerd.sock"}}},
    {"exec_start": {"set": {"--host": ["fd://"]}}},
    {"exec_start": {"unset": ["-H"]}, "Unit": {"StartLimitBurst": "5"}},
    {"Service": {"KillMode": "process", "LimitNOFILE": "1048576"}},
    {"exec_start": {"set": {"--http-proxy": "http://x:1"}}},
    {"Unit": {"Description": "a % b"}},
    {"Service": {"Nice": "5"}, "Install": {"Alias": "x.service"}},
]
WHEN = [
    {"engine": ">=20.10"},
    {"engine": [">=23", "<20"]},
    {"unit": "docker.service"},
    {"exists": "/etc/docker/daemon.json"},
    {"os": ["debian>=12", "fedora"]},
    {"swarm": False},
    {"not": {"unit": "docker.socket"}},
    {"not": {"swarm": True}},
    {"os": "rhel"},
]
SYSCALLS = [
    ["mount", "umount2"],
    ["init_module", "delete_module"],
    ["execve"],
    ["open", "openat"],
    ["bpf"],
    ["adjtimex", "settimeofday"],
]
SYSCALL_FIELDS = [
    ["auid>=1000", "auid!=unset"],
    ["uid=0"],
    ["exit=-EACCES"],
    ["auid>=1000"],
]
SETTINGS = [
    ("enabled", [True, True, "locked"]),
    ("failure", [0, 1, 1, 2]),
    ("backlog_limit", [8192, 320]),
    ("backlog_wait_time", [60000]),
    ("rate_limit", [0, 100]),
    ("loginuid_immutable", [True]),
]
OWNERS = ["root", "0", "ops", "${own}"]
KINDS = ("daemon", "units", "files", "audit")


class BaselineGenerator:
    """Makes baselines; what one of its controls demands, no other contradicts."""

    def __init__(self, random):
        self.random = random
        self.used = {"keys": set(), "units": set(), "paths": set(), "rules": set()}
        self.used["settings"] = set()
        self.count = 0

    def chance(self, probability):
        return self.random.random() < probability

    def one(self, choices):
        return self.random.choice(choices)

    def free(self, kind, names):
        """Those of NAMES that no control has, taken."""
        names = [name for name in names if name not in self.used[kind]]
        self.used[kind].update(names)
        return names

    def section(self):
        kind = self.random.choices(KINDS, [4, 2.2, 3, 4])[0]
        return kind, getattr(self, kind)()

    # --- the sections of a control; None if there is nothing left to say

    def daemon(self):
        demands = {}
        verbs = ["set", "set", "set", "unset", "add", "forbid", "require"]
        for verb in self.random.sample(verbs, self.one([1, 1, 1, 2])):
            keys = self.random.sample(list(values.DAEMON), self.one([1, 1, 2, 3]))
            if self.chance(0.6):
                keys = [key for key in keys if key not in values.DELICATE]
            if verb == "add":
                keys = [self.one(values.LISTS)]
            keys = self.free("keys", keys)
            if verb in ("unset", "require"):
                if keys:
                    demands[verb] = keys
                continue
            for key in keys:
                value = self.one(values.DAEMON[key])
                if value == []:
                    continue
                if verb == "set" and key == "log-opts" and self.chance(0.4):
                    key, value = "log-opts.max-size", "20m"
                demands.setdefault(verb, {})[key] = value
        return demands or None

    def units(self):
        units = ["docker.service", "docker.service", "docker.socket", "containerd.service"]
        unit = self.one(units)
        if not self.free("units", [unit]):
            return None
        if unit == "docker.socket":
            chosen = {key: self.one(of) for key, of in SOCKET_SETTINGS if self.chance(0.6)}
            return {unit: {"Socket": chosen or {"SocketMode": "0660"}}}
        return {unit: self.one(CONTAINERD if unit == "containerd.service" else DOCKER)}

    def files(self):
        demands = []
        for _ in range(self.one([1, 1, 2, 3])):
            path = self.one(values.DEMANDED_FILES + values.DEMANDED_DIRS)
            if self.free("paths", [path]):
                demands.append(self.file(path, path in values.DEMANDED_DIRS))
        return demands or None

    def file(self, path, directory):
        demand = {"path": path}
        what = self.random.randrange(3)
        if what == 0:
            demand["mode"] = self.one(
                ["0755", "0750", "0700"] if directory else ["0644", "0600", "0640"]
            )
        elif what == 1:
            demand["max_mode"] = self.one(
                ["0755", "0750", "0700"]
                if directory
                else ["0644", "0600", "0640", "0444", "0755"]
            )
        if what == 2 or self.chance(0.35):
            # auditctl refuses an audit.rules of others, and a link through a directory
            # of others is not followed: then one demand puts another out of force
            ours = path in ("/etc/audit/audit.rules", "/srv")
            demand["owner"] = self.one(["root", "0"] if ours else OWNERS)
        if self.chance(0.3):
            demand["group"] = self.one(["root", "docker", "${grp}", "adm"])
        if directory and self.chance(0.4):
            demand["recurse"] = True
            # gap: a directory that is made for a drop-in, below one that is there and
            # demanded with all below it, is not seen in the plan
            drop_ins = path == "/etc/systemd/system"
            demand["type"] = "file" if drop_ins else self.one(["file", "dir", "any"])
            if self.chance(0.3):
                demand["exclude"] = self.one([["*.pem"], ["sub"], ["sub/b", "a"]])
        elif self.chance(0.1):
            # another type than a file that apply makes is a finding from then on
            socket = ["socket", "dir"] if path.startswith("${") else []
            demand["type"] = self.one(["dir", "any"] if directory else ["file", "any"] + socket)
        return demand

    def rule(self):
        kind = self.random.random()
        if kind >= 0.75:
            return {"rule": self.one(values.RULES).strip()}
        if kind >= 0.5:
            rule = {"syscalls": self.one(SYSCALLS)}
            if self.chance(0.6):
                rule["fields"] = self.one(SYSCALL_FIELDS)
            if self.chance(0.7):
                rule["key"] = self.one(["mnt", "mod", "k3"])
            if self.chance(0.08):
                rule["action"] = "never"
            return rule
        rule = {"watch": self.one(values.WATCHES)}
        if self.chance(0.8):
            rule["perm"] = self.one(["wa", "rwxa", "x", "w"])
        if self.chance(0.7):
            rule["key"] = self.one(["docker", "k1", "k2"])
        if self.chance(0.3):
            rule["type"] = self.one(["dir", "file"])
        if rule.get("type") == "dir" and self.chance(0.6):
            rule["create"] = {"mode": "0710"}
        return rule

    def audit(self):
        demands = {}
        rules = [self.rule() for _ in range(self.one([0, 1, 1, 2, 3]))]
        rules = [rule for rule in rules if self.free("rules", [json.dumps(rule)])]
        if rules:
            demands["rules"] = rules
        if self.chance(0.25):
            demands["absent"] = [self.one(values.RULES).strip()]
        if self.chance(0.3):
            names = self.free("settings", [n for n, _ in SETTINGS if self.chance(0.35)])
            settings = {name: self.one(dict(SETTINGS)[name]) for name in names}
            if self.chance(0.15) and not demands.get("absent"):
                settings["exclusive"] = True
            if settings:
                demands["settings"] = settings
        return demands or None

    # --- controls and baselines

    def control(self):
        """A control, or None."""
        control = {"id": f"c{self.count}", "title": f"T{self.count}"}
        self.count += 1
        for _ in range(self.one([1, 1, 1, 2])):
            kind, section = self.section()
            if section and kind not in control:
                control[kind] = section
        if not set(control) & set(KINDS):
            return None
        if self.chance(0.12):
            control["when"] = self.one(WHEN)
        if self.chance(0.06):
            control["enforce"] = False
        if self.chance(0.3):
            control["severity"] = self.one(["low", "medium", "high"])
        if self.chance(0.04):
            control["disabled"] = "off"
        return control

    def baseline(self):
        controls = [self.control() for _ in range(self.one([1, 2, 3, 3, 4, 5, 6]))]
        controls = [control for control in controls if control]
        baseline = {
            "holdfast": 1,
            "name": "random",
            "vars": {
                "own": self.one(["root", "ops"]),
                "grp": self.one(["docker", "root"]),
            },
        }
        if self.chance(0.12) and controls:
            baseline["waivers"] = [self.waiver(self.one(controls)["id"])]
        manual = {"id": "by-person", "title": "M", "manual": "Look after it."}
        baseline["controls"] = controls + [manual]
        return baseline

    def waiver(self, control):
        waiver = {"control": control, "reason": "x"}
        if self.chance(0.5):
            waiver["until"] = self.one(["2020-01-01", "2099-01-01"])
        if self.chance(0.4):
            waiver["hosts"] = [self.one(["db-*", "build-*", "DB-3"])]
        return waiver

    def next(self, baseline):
        """What a later version of BASELINE may be: controls gone, others demanding
        something else, new ones, in another order now and then."""
        later = copy.deepcopy(baseline)
        if self.chance(0.5):  # also about what the controls that go have demanded
            self.used = {kind: set() for kind in self.used}
        controls = []
        for control in later["controls"][:-1]:
            fate = self.random.random()
            if fate < 0.55:
                controls.append(control)
            elif fate < 0.7:
                other = self.control()
                if other:
                    controls.append({**other, "id": control["id"]})
        for _ in range(self.one([0, 1, 1, 2])):
            control = self.control()
            if control:
                controls.append(control)
        if self.chance(0.1):
            self.random.shuffle(controls)
        ids = {control["id"] for control in controls}
        later["controls"] = controls + later["controls"][-1:]
        waivers = [w for w in later.pop("waivers", []) if w["control"] in ids]
        if waivers and self.chance(0.5):
            later["waivers"] = waivers
        return later

    def options(self):
        """What is told of the host and allowed on the command line."""
        options = []
        facts = [
            (0.93, "arch", ["x86_64", "x86_64", "x86_64", "aarch64"]),
            (0.92, "engine", ["20.10.24", "23.0.1", "26.1.5", "26.1.5", "28.2.0", "29.0.0"]),
            (0.92, "audit", ["3.0.9", "3.0.9", "4.0.2", "4.0.5", "2.8.5", "4.1.0"]),
            (0.95, "swarm", ["false", "false", "true"]),
            (0.05, "unit:docker.socket", ["true", "false"]),
            (0.05, "exists:/etc/docker/daemon.json", ["true", "false"]),
            (0.05, "hostname", ["build-07", "db-3"]),
        ]
        for probability, name, choices in facts:
            if self.chance(probability):
                options += ["--fact", f"{name}={self.one(choices)}"]
        for option in ("--allow-disruptive", "--allow-lock", "--allow-panic"):
            if self.chance(0.3):
                options.append(option)
        return options
