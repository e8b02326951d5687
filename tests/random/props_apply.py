# SPDX-License-Identifier: Apache-2.0
"""Properties of one apply: it does what was planned, all of it, and nothing else."""

import json
import os
import re
import shutil

import texts
import tree
from case import some
from program import Stop
from props_read import BASELINE, changes, unblocked

OURS = re.compile(
    r"/etc/audit/(audit\.rules|rules\.d/(60|zz)-holdfast\.rules)"
    r"|/etc/tmpfiles\.d/holdfast\.conf"
    r"|/etc/systemd/system/[^/]+\.d/zz-holdfast\.(conf|env)"
    r"|/var/lib/holdfast(/.*)?"
)
# Changes of which none can be left out without the others, so that dockerd starts.
WHOLE = r"could not be set in|comes back to dockerd's command line|dockerd would not start"
TROUBLE = ("drift", "unknown", "finding")


class Applied:
    """One apply: the listings around it, its plan and report, with which options."""

    def __init__(self, before, plan, report, options):
        self.before, self.plan, self.report, self.options = before, plan, report, options
        self.left_out = "--leave-unknown" in options


def why(report):
    """The errors of a report as one text."""
    return " | ".join(error["message"] for error in report["errors"])


def apply(case, root="./root"):
    """Apply the baseline; what is unknown or blocked is left out in a second try.

    A refusal (exit 1) changes nothing, not even a time, and was announced by the plan
    with a resource that is unknown or a change that is blocked (holdfast(8), apply).
    Below --root nothing interferes, so no apply may fail (exit 4 or 5)."""
    real = case.path(root)
    before = tree.listing(real, touched=True, state=True)
    plain = tree.listing(real)
    for options in (case.options, case.options + ["--leave-unknown"]):
        plan = case.json("plan", BASELINE, *options, root=root)
        report = case.json("apply", BASELINE, "--record", *options, root=root)
        case.count(f"apply exits {report['exit']}")
        if report["exit"] not in (1, 4, 5, 64, 65, 75):
            expect_planned(case, plan, report, real, plain)
            return Applied(plain, plan, report, options)
        if report["exit"] != 1:
            case.fail("apply", f"exit {report['exit']}: {why(report)}")
            now = tree.listing(real)
            case.unchanged(plain, now, "refused", f"exit {report['exit']} left changes")
            raise Stop
        now = tree.listing(real, touched=True, state=True)
        case.unchanged(before, now, "refused", "a refused apply touched the tree")
        announced = any(r["state"] == "unknown" for r in plan["resources"]) or any(
            change["blocked"] for change in plan["changes"]
        )
        case.expect(announced, "refused", lambda: f"not announced: {why(report)}")
    # a key and its flag move together, or stay together
    whole = re.search(WHOLE, why(report))
    case.expect(whole, "apply", lambda: f"refused with --leave-unknown: {why(report)}")
    raise Stop


def expect_planned(case, plan, report, root, before):
    """An apply makes the changes that plan shows, no other ones (README), and says
    whether there were any."""
    case.expect(
        changes(plan) == changes(report),
        "planned",
        lambda: f"planned {changes(plan)}, made {changes(report)}"[:2000],
    )
    made = tree.difference(before, tree.listing(root))
    case.expect(bool(made) == report["changed"], "planned", lambda: f"changed: {some(made)}")


def settled(case, applied, root="./root"):
    """After an apply there is nothing left to do: plan is empty, check finds no drift,
    nothing is in trouble that was not before, and a second apply writes nothing at all
    (README; holdfast(8), apply)."""
    real = case.path(root)
    before = tree.listing(real, touched=True, state=True)
    plan = case.json("plan", BASELINE, *applied.options, root=root)
    left = unblocked(plan)
    case.expect(not left, "settled", f"plan still has {left[:4]}")
    check = case.json("check", BASELINE, *case.options, root=root)
    if not applied.left_out:
        case.expect(
            check["exit"] in (0, 3, 6),
            "settled",
            lambda: f"check exits {check['exit']}: {troubled(check)}",
        )
    known = {r["resource"] for r in applied.plan["resources"] if r["state"] in TROUBLE}
    observed = {c["id"] for c in check["controls"] if not c["enforce"]}
    known |= {r["resource"] for r in check["resources"] if set(r["controls"]) <= observed}
    for change in applied.plan["changes"]:  # said to be so: it cannot be made to hold
        if change["blocked"]:
            known |= {applied.plan["resources"][i]["resource"] for i in change["resources"]}
    new = [r for r in check["resources"] if r["state"] in TROUBLE and r["resource"] not in known]
    case.expect(not new, "settled", lambda: f"in trouble since: {new[:3]}")
    again = case.json("apply", BASELINE, "--record", *applied.options, root=root)
    case.expect(
        again["exit"] == applied.report["exit"],
        "settled",
        f"a second apply exits {again['exit']}, the first {applied.report['exit']}",
    )
    now = tree.listing(real, touched=True, state=True)
    case.unchanged(before, now, "settled", "check, plan and a second apply wrote")


def troubled(report):
    return [
        (r["resource"], r["state"], r["wanted"], r["found"], r["why"])
        for r in report["resources"]
        if r["state"] in TROUBLE
    ][:4]


def diff_is_exact(case, text, before_root, after_root):
    """The unified diffs of plan --diff, applied to the files as they were, give the
    files that apply makes (holdfast(8), --diff). Those with masked secrets are left out."""
    for (old, new), body in texts.split_diff(text).items():
        path = old if new == "/dev/null" else new
        if "***" in body:
            continue
        before = tree.content(tree.resolve(before_root, path)) or b""
        after = tree.content(tree.resolve(after_root, path)) or b""
        found = texts.patched(before, body)
        case.count("diffs")
        case.expect(
            found == after,
            "diff",
            lambda: f"{path}: {body[:800]!r} gives {found!r}, there is {after!r}"[:2000],
        )


# --- what belongs to others


def owned_keys(baselines):
    """The keys of daemon.json that the BASELINES may write."""
    keys = set()
    for baseline in baselines:
        for control in baseline["controls"]:
            for verb in ("set", "unset", "add"):
                names = control.get("daemon", {}).get(verb, {})
                keys |= {name.split(".")[0] for name in names}
    return keys


def edits_rules(baselines):
    """Whether they may comment out lines of others: absent, exclusive."""
    sections = [c.get("audit", {}) for b in baselines for c in b["controls"]]
    return any("absent" in s or s.get("settings", {}).get("exclusive") for s in sections)


def foreign_keys(case, before, after, owned):
    """Keys of daemon.json that nobody demands stay, in their order, each value byte for
    byte, and so do line ends and the end of the file."""
    if before is None or before == after:
        return
    try:
        old = texts.members(before.decode("utf-8"))
    except ValueError:
        # with '{}' alone in it, or nothing, there is nothing foreign
        case.fail("foreign", f"a daemon.json that is no object was edited: {before!r}")
        return
    old = [(key, value) for key, value in old if key not in owned]
    text = (after or b"").decode("utf-8")
    try:
        new = texts.members(text)
    except ValueError as error:
        if old or after is not None:
            case.fail("foreign", f"daemon.json: {error}: {text!r}")
        return
    if not new:
        return  # without a key it may be as it was before the first apply
    names = {key for key, _ in old}
    kept = [(key, value) for key, value in new if key in names]
    case.expect(old == kept, "foreign", lambda: f"keys {old}, then {kept}")
    crlf, plain = before.count(b"\r\n"), before.count(b"\n")
    if crlf and crlf == plain:
        case.expect(
            after.count(b"\r\n") == after.count(b"\n"), "foreign", f"line ends: {text!r}"
        )
    case.expect(
        before.endswith(b"\n") == after.endswith(b"\n"), "foreign", f"last line: {text!r}"
    )


def foreign_lines(case, path, before, after):
    """A line of somebody else in rules.d stays, as a comment at least."""
    lines = (after or b"").decode("latin-1").split("\n")
    comments = [line for line in lines if line.startswith("#")]
    for line in (before or b"").decode("latin-1").split("\n"):
        # one that holdfast had commented out may have come back
        line = re.sub(r"^# holdfast\([^)]*\): ", "", line)
        if line not in lines and not any(line.strip() in c for c in comments):
            case.fail("foreign", f"{path}: the line {line!r} is gone: {after!r}"[:1500])


def reached(root, path):
    """The path below ROOT that PATH means."""
    place = tree.resolve(root, path)
    return place[len(root) :].replace("//", "/") if place else path


def demanded_inodes(root, report):
    """What REPORT changed the owner or mode of, as paths below ROOT without links."""
    resources = [c["resource"] for c in report["changes"] if c["kind"] == "files"]
    # a name may hold what JSON and the report escape
    paths = [r[len("files:") :].rpartition("#")[0] for r in resources]
    demanded = {reached(root, path) for path in paths}
    # by whatever name: it is one inode
    numbers = {os.lstat(root + path).st_ino for path in demanded if os.path.lexists(root + path)}
    names = tree.listing(root)
    return {path for path in names if os.lstat(root + path).st_ino in numbers}


def foreign(case, before_root, after_root, baselines, report):
    """Nothing of others is changed (README: 'stay as they are, to the byte'): each
    path that differs is a file of ours, daemon.json, a file of rules.d of which lines
    are to be commented out, a directory made for one of them, or an inode of which an
    owner or mode is demanded."""
    before, after = tree.listing(before_root), tree.listing(after_root)
    daemon_json = {reached(r, "/etc/docker/daemon.json") for r in (before_root, after_root)}
    ours = {"/etc/audit/audit.rules"} | {path for path in after if OURS.fullmatch(path)}
    ours |= {path for path in before if OURS.fullmatch(path)}
    ours |= {reached(before_root, path) for path in ours}
    rules = set()
    if edits_rules(baselines):
        names = [p for p in before if re.fullmatch(r"/etc/audit/rules\.d/[^/]*", p)]
        rules = {reached(before_root, path) for path in names}
    inodes = demanded_inodes(before_root, report)
    for path, (old, new) in tree.difference(before, after).items():
        if path in ours:
            continue
        was, now = (tree.content(root + path) for root in (before_root, after_root))
        if path in daemon_json:
            foreign_keys(case, was, now, owned_keys(baselines))
        elif path in rules:
            foreign_lines(case, path, was, now)
        elif old is None:
            made = os.path.isdir(after_root + path) and any(p.startswith(path) for p in ours)
            made |= any(p.startswith(path) for p in daemon_json)
            case.expect(made, "foreign", f"{path} was made: {new}")
        else:
            inode = new is not None and path in inodes and was == now
            case.expect(inode, "foreign", f"{path} was {old}, is {new}")


# --- an oracle of its own for what can be judged without knowing the host


def ids(root, name):
    """{name: number} of /etc/passwd or /etc/group."""
    rows = (tree.content(root + "/etc/" + name) or b"").decode().splitlines()
    return {row.split(":")[0]: int(row.split(":")[2]) for row in rows}


def modes_hold(case, baseline, report):
    """What a control that passes demands of a path by its plain name, is so
    (holdfast.yaml(5), THE SECTION files)."""
    states = {control["id"]: control["state"] for control in report["controls"]}
    users, groups = ids(case.root, "passwd"), ids(case.root, "group")
    for control in baseline["controls"]:
        if states[control["id"]] != "pass":
            continue
        for demand in control.get("files", []):
            path = demand["path"]
            if "*" in path or "$" in path or "type" in demand:
                continue
            place = tree.resolve(case.root, path)
            if place is None or not os.path.exists(place):
                continue
            status = os.stat(place)
            mode = status.st_mode & 0o7777
            variables = baseline["vars"]

            def number(text, known):
                text = text.replace("${own}", variables["own"]).replace(
                    "${grp}", variables["grp"]
                )
                return int(text) if text.isdigit() else known.get(text)

            holds = (
                mode == int(demand.get("mode", oct(mode)[2:]), 8)
                and not mode & ~int(demand.get("max_mode", "7777"), 8)
                and status.st_uid == number(demand.get("owner", str(status.st_uid)), users)
                and status.st_gid == number(demand.get("group", str(status.st_gid)), groups)
            )
            case.count("modes looked at")
            case.expect(holds, "modes", f"{demand} passes: {oct(mode)} {status.st_uid}")


# --- the record of it


def recorded(case, applied):
    """history has the transaction first, and show the changes that it made
    (holdfast(8), history and show)."""
    transaction = applied.report["transaction"]
    listed = case.json("history")["transactions"]
    case.expect(listed[0]["id"] == transaction, "recorded", f"{transaction}: {listed}")
    made = unblocked(applied.report)
    case.expect(
        listed[0]["changes_count"] == len(made),
        "recorded",
        f"{listed[0]['changes_count']} changes on record, {len(made)} made",
    )
    shown = case.json("show", transaction)["changes"]
    wanted = sorted(c["resource"] for c in applied.report["changes"] if not c["blocked"])
    found = sorted(change["id"] for change in shown)
    case.expect(found == wanted, "recorded", lambda: f"shown {found}, made {wanted}"[:1500])


def saved_plan(case, applied):
    """plan --save and apply --plan on a second host that is the same give the same, to
    the byte; on one that has moved on so that the plan is another, exit 1 and nothing
    is changed (holdfast(8), --save and --plan)."""
    tree.copy(case.path("orig"), case.path("other"))
    case.run("plan", BASELINE, "--save", "plan.saved", *applied.options, root="./other")
    tree.copy(case.path("other"), case.path("moved"))
    report = case.json("apply", "--plan", "./plan.saved", root="./other")
    case.expect(
        report["exit"] == applied.report["exit"],
        "saved-plan",
        lambda: f"exit {report['exit']}: {why(report)}",
    )
    case.unchanged(
        tree.listing(case.root), tree.listing(case.path("other")), "saved-plan", "another tree"
    )
    if not case.data["edits"]:
        return
    # the saved plan is of ./other: the host that moved on has to be there
    tree.copy(case.path("moved"), case.path("other"))
    tree.perform(case.path("other"), case.data["edits"])
    plan = case.json("plan", BASELINE, *applied.options, root="./other")
    if changes(plan) == changes(applied.plan):
        return
    before = tree.listing(case.path("other"), touched=True, state=True)
    report = case.json("apply", "--plan", "./plan.saved", root="./other")
    refused = report["exit"] == 1 or plan["exit"] == 65  # no baseline for this host
    case.expect(refused, "saved-plan", f"moved on, exit {report['exit']}")
    now = tree.listing(case.path("other"), touched=True, state=True)
    case.unchanged(before, now, "saved-plan", "refused, but it wrote")


def rules_of(root):
    """The rules of our file, without comments."""
    text = tree.content(root + "/etc/audit/rules.d/60-holdfast.rules") or b""
    return [line for line in text.decode().splitlines() if line and line[0] != "#"]


def import_returns(case):
    """The rules that an apply wrote, imported, are a baseline that compiles to the same
    rules in the same order (holdfast(8), import)."""
    rules = rules_of(case.root)
    if not rules:
        return
    # a host with nothing to audit but this
    bare = case.path("bare")
    tree.copy(case.root, bare)
    shutil.rmtree(bare + "/etc/audit")
    # without any file of rules, and without auditctl, nothing would load them
    tree.perform(bare, [["file", "/etc/audit/rules.d/audit.rules", "-D\n", 0o640, 0, 0]])
    case.write("ours.rules", "\n".join(rules) + "\n")
    status, text, err = case.run("import", "--rules", "ours.rules", *case.facts, root="./bare")
    if not case.expect(status == 0, "import", f"exit {status}: {err[:500]}"):
        return
    if "warning" in err:  # which says what is left out, and why
        case.count("import left out")
        return
    case.write("imported.yaml", text)
    report = case.json(
        "apply", "./imported.yaml", "--leave-unknown", "--replace", *case.options, root="./bare"
    )
    if any(r["state"] in ("unknown", "drift") for r in report["resources"]):
        case.count("import not all applied")
        return
    case.count("imported")
    found = rules_of(bare)
    case.expect(found == rules, "import", lambda: json.dumps([rules, found])[:2000])
