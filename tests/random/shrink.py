# SPDX-License-Identifier: Apache-2.0
"""Makes a failing case smaller: leaves out parts of its data while it still fails."""

import copy


def _lists(data):
    """Paths to what can be left out one by one, the coarse before the fine."""
    yield ("edits",)
    yield ("host",)
    for part in ("second", "first"):
        yield (part, "controls")
        yield (part, "waivers")
        for index, control in enumerate(data[part]["controls"]):
            yield (part, "controls", index)
            for kind, section in control.items():
                if isinstance(section, (dict, list)):
                    yield (part, "controls", index, kind)
                    for key in section if isinstance(section, dict) else ():
                        if isinstance(section[key], (dict, list)):
                            yield (part, "controls", index, kind, key)
    yield ("options",)


def _at(data, path):
    for step in path:
        data = data[step]
    return data


def _without(data, path, keys):
    """A copy of DATA without the KEYS of what is at PATH."""
    smaller = copy.deepcopy(data)
    holder = _at(smaller, path)
    for key in sorted(keys, reverse=True) if isinstance(holder, list) else keys:
        del holder[key]
    return smaller


def _candidates(holder, path):
    """Sets of keys to leave out: halves first, then one by one."""
    if isinstance(holder, dict):
        keep = {"id", "title", "path", "manual"}
        return [[key] for key in holder if key not in keep]
    numbers = list(range(len(holder)))
    if path[-1] == "controls":
        numbers = numbers[:-1]  # the last is for a person
    if path[-1] == "options":
        pairs = [[i, i + 1] for i in numbers if holder[i] == "--fact"]
        return pairs + [[i] for i in numbers if holder[i].startswith("--allow")]
    found, size = [], len(numbers) // 2
    while size > 1:
        found += [numbers[i : i + size] for i in range(0, len(numbers), size)]
        size //= 2
    return found + [[number] for number in reversed(numbers)]


def _smaller(data, fails):
    """DATA with one part less that still FAILS, or None."""
    for path in list(_lists(data)):
        try:
            holder = _at(data, path)
        except (KeyError, IndexError):
            continue
        for keys in _candidates(holder, path):
            candidate = _without(data, path, keys)
            if fails(candidate):
                return candidate
    return None


def shrink(data, fails):
    """The smallest DATA found for which FAILS(data) is still true."""
    while True:
        smaller = _smaller(data, fails)
        if smaller is None:
            return data
        data = smaller
