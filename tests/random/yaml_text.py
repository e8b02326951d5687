# SPDX-License-Identifier: Apache-2.0
"""A baseline as YAML text: in flow style (JSON), in block style, or in several layers."""

import json


def flow(baseline):
    """One line for each control, so that places can be told apart."""
    head = ",\n ".join(
        f"{json.dumps(key)}: {json.dumps(value)}"
        for key, value in baseline.items()
        if key != "controls"
    )
    body = ",\n  ".join(json.dumps(control) for control in baseline["controls"])
    return "{" + head + ',\n "controls": [\n  ' + body + "\n]}\n"


def _scalar(value):
    # what is not a text must not be quoted: the key decides, but a flag is true or false
    return json.dumps(value)


def block(value, indent=0):
    """VALUE in block style, with scalars as JSON writes them."""
    margin = "  " * indent
    if isinstance(value, dict) and value:
        lines = []
        for key, item in value.items():
            if isinstance(item, (dict, list)) and item:
                lines.append(f"{margin}{json.dumps(key)}:\n{block(item, indent + 1)}")
            else:
                lines.append(f"{margin}{json.dumps(key)}: {_scalar(item)}\n")
        return "".join(lines)
    if isinstance(value, list) and value:
        lines = []
        for item in value:
            if isinstance(item, (dict, list)) and item:
                text = block(item, indent + 1)
                lines.append(margin + "- " + text[len(margin) + 2 :])
            else:
                lines.append(f"{margin}- {_scalar(item)}\n")
        return "".join(lines)
    return f"{margin}{_scalar(value)}\n"


def layers(baseline):
    """{file name: text} of baselines that extend each other and come to BASELINE again:
    the controls in two files, in order; sections and other keys of some moved into
    'tailor'. 'top.yaml' is the last word; it has no controls of its own but the last."""
    controls = baseline["controls"]
    half = len(controls) // 2
    shared = {key: baseline[key] for key in ("holdfast", "vars")}
    tailor, first = {}, []
    for control in controls[:half]:
        moved = [key for key in ("files", "daemon") if key in control]
        rest = set(control) & {"audit", "units"}
        if moved and rest:
            tailor[control["id"]] = {key: control[key] for key in moved}
            control = {key: control[key] for key in control if key not in moved}
        elif "severity" in control:
            tailor[control["id"]] = {"severity": control["severity"]}
            control = {**control, "severity": "low"}
        first.append(control)
    bottom = {**shared, "name": "bottom", "controls": first}
    # what was said below is of no account any more
    bottom["vars"] = {name: "nobody" for name in shared["vars"]}
    middle = {**shared, "name": "middle", "extends": ["./bottom.yaml"]}
    middle["controls"] = controls[half:-1]
    top = {**baseline, "extends": ["./middle.yaml"], "controls": controls[-1:]}
    if tailor:
        top["tailor"] = tailor
    if not first:
        del bottom["controls"]
    if not middle["controls"]:
        del middle["controls"]
    return {
        "bottom.yaml": block(bottom),
        "middle.yaml": block(middle),
        "top.yaml": block(top),
    }
