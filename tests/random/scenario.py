# SPDX-License-Identifier: Apache-2.0
"""What a case goes through, in order."""

import props_apply
import props_read
import props_sequence
import tree


def scenario(case):
    """All properties on one host; see each for what it demands."""
    baseline = props_read.valid(case, case.data["first"])
    text, plan = props_read.pure(case)
    props_read.text_agrees(case, text, plan)
    props_read.controls(case, baseline, plan)
    props_read.facts(case)
    props_read.same_plan(case, baseline, plan)

    applied = props_apply.apply(case)
    original = case.path("orig")
    if applied.left_out:
        _, text, _ = case.run(
            "plan", "./baseline.yaml", "--diff", *applied.options, root="./orig"
        )
    props_apply.diff_is_exact(case, text, original, case.root)
    props_apply.foreign(case, original, case.root, [baseline], applied.report)
    props_read.compiled(case, applied.options, case.root)
    props_apply.recorded(case, applied)
    check = case.json("check", "./baseline.yaml", *case.options)
    props_apply.modes_hold(case, baseline, check)
    props_apply.settled(case, applied)
    props_apply.saved_plan(case, applied)
    props_apply.import_returns(case)
    if applied.report["changed"]:
        if props_sequence.killable(case):
            props_sequence.crash(case, applied)
        if case.data["edits"]:
            props_sequence.rollback_after_edits(case, applied)
    props_sequence.release(case, baseline, applied)
    if applied.report["changed"]:
        tree.copy(case.root, case.path("applied"))
        props_sequence.rollback(case, applied, first_plan=plan)
        tree.copy(case.path("applied"), case.root)
    props_sequence.next_baseline(case, baseline, applied)
