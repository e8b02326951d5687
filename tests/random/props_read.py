# SPDX-License-Identifier: Apache-2.0
"""Properties of what only reads: lint, plan, check, explain, list, facts, compile."""

import copy
import os
import re

import tree
import yaml_text
from program import Stop

BASELINE = "./baseline.yaml"
READING = [
    ["check", BASELINE],
    ["explain", "--baseline", BASELINE, "by-person"],
    ["list", BASELINE],
    ["facts", BASELINE],
    ["lint", BASELINE],
    ["history"],
]


def change_key(change):
    """What a change is, without the layers of the baseline that it comes from."""
    return tuple(
        str(change[name]) for name in ("kind", "resource", "op", "before", "after", "blocked")
    )


def changes(report):
    """The changes of a report, comparable."""
    return sorted(change_key(change) for change in report["changes"])


def unblocked(report):
    return sorted(change_key(c) for c in report["changes"] if not c["blocked"])


def verdict(report):
    """All that a report judges, without times, places and the names of baselines."""
    return (
        report["exit"],
        [(*change_key(change), sorted(change["controls"])) for change in report["changes"]],
        [(control["id"], control["state"]) for control in report["controls"]],
        sorted(
            (r["resource"], r["state"], str(r["wanted"]), str(r["found"]))
            for r in report["resources"]
        ),
    )


def valid(case, baseline, root="./root"):
    """Write the BASELINE; while it is no valid one for ROOT, leave out its first control.

    What lint refuses it refuses with file and line (holdfast.yaml(5): 'Every problem is
    told ... with file, line and column'), exit 65. The same of plan, for a key that this
    engine does not have. Ends the case if nothing is left."""
    baseline = copy.deepcopy(baseline)
    while True:
        case.write_baseline(baseline)
        status, _, err = case.run("lint", BASELINE, root=root)
        if status == 0:
            status, _, err = case.run("plan", BASELINE, *case.options, root=root)
        if status != 65:
            case.expect(status in (0, 2, 3, 6, 7), "lint", f"exit {status}: {err[:500]}")
            return baseline
        case.count("baseline refused")
        case.expect(
            re.search(r"baseline\.yaml:\d+:\d+", err),
            "lint",
            lambda: f"no place: {err[:500]}",
        )
        if len(baseline["controls"]) < 2:
            raise Stop
        gone = baseline["controls"].pop(0)
        waivers = [w for w in baseline.pop("waivers", []) if w["control"] != gone["id"]]
        if waivers:
            baseline["waivers"] = waivers


def options_of(case, command):
    """Those of the case's options that a COMMAND takes."""
    return {"check": case.options, "facts": case.facts}.get(command, ())


def pure(case):
    """Nothing that only reads changes anything: not a byte, not an inode, not a time
    (holdfast(8), DESCRIPTION). Returns the plan, as text with --diff and as JSON."""
    before = tree.listing(case.root, touched=True, state=True)
    status, text, _ = case.run("plan", BASELINE, "--diff", *case.options)
    report = case.json("plan", BASELINE, *case.options)
    for arguments in READING:
        case.json(*arguments, *options_of(case, arguments[0]))
    after = tree.listing(case.root, touched=True, state=True)
    case.unchanged(before, after, "pure", "reading changed the tree")
    case.expect(status == report["exit"], "json", f"text {status}, JSON {report['exit']}")
    return text, report


def text_agrees(case, text, report):
    """The text counts the changes that the JSON lists, and names the resource of each
    (holdfast(8), Output)."""
    summary = text.rstrip("\n").rsplit("\n", 1)[-1]
    counted = re.search(r"(\d+) changes?", summary)
    blocked = re.search(r"(\d+) blocked", summary)
    number = int(counted.group(1)) if counted else 0
    if blocked and not re.search(r"\d+ changes? blocked", summary):
        number += int(blocked.group(1))
    case.expect(number == len(report["changes"]), "text", lambda: f"{summary}: {report}")
    joined = text.replace("\n", "")
    for change in report["changes"]:
        plain = change["kind"] != "audit" and change["resource"].isprintable()
        if plain and change["resource"] not in joined:
            case.fail("text", f"{change['resource']} is not in the text")


def controls(case, baseline, report):
    """Each control is reported once and in order, and what may not be changed for it is
    not: manual, disabled, waived on this host and day, not enforced
    (holdfast.yaml(5), CONTROLS and WAIVERS)."""
    declared = [control["id"] for control in baseline["controls"]]
    found = {control["id"]: control for control in report["controls"]}
    if not case.expect(
        declared == [c["id"] for c in report["controls"]],
        "controls",
        f"{declared}, reported {list(found)}",
    ):
        return
    by_id = {control["id"]: control for control in baseline["controls"]}
    untouchable = set()
    for control in baseline["controls"]:
        state = found[control["id"]]["state"]
        case.count("state " + state)
        for key, wanted in (("manual", "manual"), ("disabled", "disabled")):
            if key in control:
                untouchable.add(control["id"])
                case.expect(state == wanted, "controls", f"{control['id']} is {state}")
        if control.get("enforce") is False:
            untouchable.add(control["id"])
    for waiver in baseline.get("waivers", []):
        # the day is that of SOURCE_DATE_EPOCH: 2026-01-01
        state = found[waiver["control"]]["state"]
        over = waiver.get("until", "2099").startswith("2020")
        name = report["host"]["name"]
        elsewhere = name is not None and not any(
            pattern.lower().rstrip("*") in name.lower() for pattern in waiver.get("hosts", [""])
        )
        if over or elsewhere:
            case.expect(state != "waived", "controls", f"{waiver} and {state}")
        elif name is not None and state != "disabled":
            untouchable.add(waiver["control"])
            # one that is for other hosts is not looked at in the first place
            conditional = "when" in by_id[waiver["control"]] and state == "not-applicable"
            case.expect(
                state == "waived" or conditional, "controls", f"{waiver} and {state}"
            )
    for change in report["changes"]:
        if change["controls"] and set(change["controls"]) <= untouchable:
            case.fail("controls", f"changed for {change['controls']}: {change}")


def facts(case):
    """A fact that is given is taken (holdfast(8), --fact)."""
    listed = {fact["name"]: fact for fact in case.json("facts", *case.facts)["facts"]}
    for fact in case.facts[1::2]:
        name, value = fact.split("=", 1)
        if ":" not in name:
            found = listed.get(name, {}).get("value")
            case.expect(found == value, "facts", f"{fact}, but it is {found}")


def same_plan(case, baseline, report):
    """One baseline, however it is written, gives one plan: resolved by lint, in block
    style, and in layers with 'extends' and 'tailor' (holdfast.yaml(5), INHERITANCE)."""
    status, resolved, err = case.run("lint", BASELINE, "--resolved")
    case.expect(status == 0, "same-plan", f"lint --resolved exits {status}: {err[:300]}")
    case.write("resolved.yaml", resolved)
    case.write("block.yaml", yaml_text.block(baseline))
    for name, text in yaml_text.layers(baseline).items():
        case.write(name, text)
    wanted = verdict(report)
    for name in ("resolved.yaml", "block.yaml", "top.yaml"):
        other = verdict(case.json("plan", "./" + name, *case.options))
        for one, two in zip(wanted, other):
            case.expect(one == two, "same-plan", lambda: f"{name}: {apart(one, two)}")


def apart(one, two):
    """Where two lists differ, short."""
    if not isinstance(one, list):
        return f"{one} and {two}"
    gone = [item for item in one if item not in two][:3]
    come = [item for item in two if item not in one][:3]
    return f"only here: {gone}; only there: {come}" if gone or come else "another order"


def compiled(case, options, applied_root):
    """compile writes the files that apply makes, byte for byte, and nothing else
    (holdfast(8), compile). Run on the host as it was, compared with APPLIED_ROOT."""
    out = case.path("out")
    before = tree.listing(case.path("orig"), touched=True)
    status, _, err = case.run(
        "compile", BASELINE, "--output-dir", out, *options, root=case.path("orig")
    )
    case.unchanged(before, tree.listing(case.path("orig"), touched=True), "pure", "compile")
    if not case.expect(
        status in (0, 2, 3, 6, 7), "compile", f"exit {status}: {err[:500]}"
    ):
        return
    for path in tree.files(out, ""):
        if path == "/files.txt":
            continue
        made = tree.resolve(applied_root, path)
        case.expect(
            tree.content(out + path) == tree.content(made),
            "compile",
            lambda: f"{path}: {tree.content(out + path)} and {tree.content(made)}"[:1500],
        )
    for path in tree.files(applied_root, ""):
        if path.startswith(tree.STATE) or os.path.exists(out + path):
            continue
        old = tree.content(case.path("orig") + path)
        if old != tree.content(applied_root + path):
            reached = {tree.resolve(applied_root, p) for p in tree.files(out, "")}
            case.expect(applied_root + path in reached, "compile", f"{path} is missing")
