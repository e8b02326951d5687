# SPDX-License-Identifier: Apache-2.0
"""Properties of sequences on one host: apply, edits by others, another baseline,
rollback, release, a crash and its recovery."""

import copy
import json
import os
import re
import shutil

import props_apply
import props_read
import tree
from case import some
from props_read import BASELINE, verdict

JOURNAL = tree.STATE + "/journal"
# what is merged anew by each apply, and not put back by a release
MERGED = "/etc/audit/audit.rules"


def disruptive(case):
    return [option for option in case.options if option == "--allow-disruptive"]


def rollback(case, applied, root="./root", first_plan=None):
    """A rollback gives back the tree as it was: bytes, owners, modes, xattrs, links
    (holdfast(8), rollback), exits 0, and is on record; then the plan is that of before."""
    transaction = applied.report["transaction"]
    report = case.json(
        "rollback", "--yes", "--record", transaction, *disruptive(case), root=root
    )
    case.expect(
        report["exit"] == 0,
        "rollback",
        lambda: f"exit {report['exit']}: {props_apply.why(report)}",
    )
    now = tree.listing(case.path(root))
    case.unchanged(applied.before, now, "rollback", "not as before")
    listed = {t["id"]: t for t in case.json("history", root=root)["transactions"]}
    case.expect(
        listed[transaction]["undone_by"] == report["transaction"],
        "rollback",
        lambda: f"history: {listed[transaction]}",
    )
    if first_plan is not None:
        plan = case.json("plan", BASELINE, *case.options, root=root)
        for one, two in zip(verdict(first_plan), verdict(plan)):
            case.expect(
                one == two, "rollback", lambda: f"plan: {props_read.apart(one, two)}"
            )


def rollback_after_edits(case, applied):
    """What others changed after the apply is not rolled back, but named, and the rest
    is as it was (holdfast(8), rollback)."""
    root = case.path("edited")
    # applied here again: a record knows its inodes, and a copy has others
    tree.copy(case.path("orig"), root)
    done = case.json("apply", BASELINE, "--record", *applied.options, root="./edited")
    after = tree.listing(root)
    tree.perform(root, case.data["edits"])
    edited = tree.listing(root)
    report = case.json(
        "rollback", "--yes", done["transaction"], *disruptive(case), root="./edited"
    )
    case.expect(
        report["exit"] in (0, 1),
        "rollback-edited",
        lambda: f"exit {report['exit']}: {props_apply.why(report)}",
    )
    now = tree.listing(root)
    theirs = tree.difference(after, edited)
    for path in theirs:
        if applied.before.get(path) == after.get(path):
            case.expect(
                now.get(path) == edited.get(path),
                "rollback-edited",
                lambda: f"{path} was {edited.get(path)}, is {now.get(path)}",
            )
        elif applied.before.get(path) is None:
            pass  # made by the apply; is it as that left it but for an xattr, it goes
        elif now.get(path) == applied.before.get(path) and edited.get(path) is not None:
            case.expect(
                edited.get(path) == applied.before.get(path),
                "rollback-edited",
                f"{path} lost an edit: {edited.get(path)}",
            )
    if report["exit"] == 0:
        wrong = {
            path: pair
            for path, pair in tree.difference(applied.before, now).items()
            if path not in theirs and not directory_of(path, theirs)
        }
        case.expect(not wrong, "rollback-edited", lambda: f"not as before: {some(wrong)}")


def directory_of(path, paths):
    """Whether PATH is a directory above one of PATHS."""
    return any(other.startswith(path + "/") for other in paths)


def same_object(one, two):
    """Two files hold the same JSON object."""
    try:
        return json.loads(tree.content(one) or b"") == json.loads(tree.content(two) or b"")
    except ValueError:
        return False


def release(case, baseline, applied):
    """Controls that go, one after the other, leave nothing behind: in the end the tree
    is as before the apply, but for directories, the merged audit.rules, files that were
    in the place of ours (holdfast(8), FILES), and what a note says stays as it is
    (holdfast(8), apply: 'releases them'); after each step there is nothing left to do."""
    root = case.path("released")
    tree.copy(case.root, root)
    rest = copy.deepcopy(baseline)
    rest.pop("waivers", None)
    order = list(case.data["release"])
    notes = ""
    while len(rest["controls"]) > 1:
        at = order.pop() if order else 0
        rest["controls"].pop(at % (len(rest["controls"]) - 1))
        case.write_baseline(rest, "rest.yaml")
        options = [*case.options, "--leave-unknown"]
        report = case.json(
            "apply", "./rest.yaml", "--record", *options, root="./released"
        )
        if report["exit"] == 1 and any(change["blocked"] for change in report["changes"]):
            return  # what goes with something blocked stays whole, and is named
        if report["exit"] in (1, 4, 5, 64, 65):
            case.fail("release", f"exit {report['exit']}: {props_apply.why(report)}")
            return
        blocked = [change for change in report["changes"] if change["blocked"]]
        notes += "".join(f"{change['resource']} stays as it is\n" for change in blocked)
        notes += "\n".join(note["message"] for note in report["notes"])
        plan = case.json("plan", "./rest.yaml", *options, root="./released")
        left = props_read.unblocked(plan)
        case.expect(not left, "release", f"plan still has {left[:4]}")
    case.count("released")
    daemon_json, original = "/etc/docker/daemon.json", case.path("orig")
    names = {props_apply.reached(root, daemon_json): daemon_json}
    wrong = {
        path: (old, new)
        for path, (old, new) in tree.difference(applied.before, tree.listing(root)).items()
        if path != props_apply.reached(root, MERGED)
        and not (old is None and os.path.isdir(root + path))
        and not (old is not None and props_apply.OURS.fullmatch(path))
        and not re.search(re.escape(names.get(path, path)) + r"#.* stays as it is", notes)
        # its keys come back, the space between them need not
        and not (path in names and same_object(original + path, root + path))
    }
    case.expect(not wrong, "release", lambda: f"not as before: {some(wrong)}")


def next_baseline(case, baseline, applied):
    """Another version of the baseline on a host that others have edited: their edits
    stay, it settles, and its rollback gives back what was there before it."""
    root = case.path("next")
    tree.copy(case.root, root)
    tree.perform(root, case.data["edits"])
    second = props_read.valid(case, case.data["second"], "./next")
    tree.copy(root, case.path("before-next"))
    later = props_apply.apply(case, "./next")
    both = [baseline, second]
    props_apply.foreign(case, case.path("before-next"), root, both, later.report)
    props_apply.settled(case, later, "./next")
    case.count("next baseline")
    if later.report["changed"]:
        rollback(case, later, "./next")


def killable(case):
    """strace can kill it, and there are no sanitizer's own calls in between."""
    with open(case.program.path, "rb") as file:
        return shutil.which("strace") and b"__asan_init" not in file.read()


def crash(case, applied):
    """An apply that is killed while it puts files in place is told by plan (exit 5),
    which changes nothing, and taken back by recover to what was before; recover
    --forward makes what the apply would have made (holdfast(8), RECOVERY)."""
    tree.copy(case.path("orig"), case.path("crashed"))
    wrapper = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=/^rename"]
    wrapper += ["-e", f"inject=/^rename:signal=KILL:when={case.data['kill_at']}"]
    status, _, err = case.run(
        "apply", BASELINE, "--record", *applied.options, root="./crashed", wrapper=wrapper
    )
    root = case.path("crashed")
    if status >= 0 and status != 137:
        case.expect(
            status == applied.report["exit"], "crash", f"not killed, exit {status}: {err[:300]}"
        )
        return
    case.count("killed")
    if not os.path.exists(root + JOURNAL):
        found = tree.listing(root)
        whole = found in (applied.before, tree.listing(case.root))
        case.expect(whole, "crash", "no journal, and neither as before nor as after")
        return
    case.count("killed with a journal")
    before = tree.listing(root, touched=True, state=True)
    plan = case.json("plan", BASELINE, *case.options, root="./crashed")
    case.expect(plan["exit"] == 5, "crash", f"plan exits {plan['exit']}")
    now = tree.listing(root, touched=True, state=True)
    case.unchanged(before, now, "pure", "plan changed the half state")
    direction = "--forward" if case.data["forward"] else "--back"
    wanted = tree.listing(case.root) if case.data["forward"] else applied.before
    report = case.json("recover", direction, root="./crashed")
    case.expect(
        report["exit"] == 0,
        "crash",
        lambda: f"recover {direction} exits {report['exit']}: {props_apply.why(report)}",
    )
    case.unchanged(wanted, tree.listing(root), "crash", f"recover {direction}")
    case.expect(not os.path.exists(root + JOURNAL), "crash", "a journal is left")
