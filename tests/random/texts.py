# SPDX-License-Identifier: Apache-2.0
"""Texts taken apart without the program: unified diffs, the members of a JSON object."""

import json
import re


def members(text):
    """[(key, the value's own text)] of the object in TEXT, in order, with doubles.
    ValueError if it is none."""
    decoder = json.JSONDecoder()
    space = re.compile(r"[ \t\r\n]*")

    def skip(at):
        return space.match(text, at).end()

    at = skip(0)
    if text[at : at + 1] != "{":
        raise ValueError("no object")
    found, at = [], skip(at + 1)
    while text[at : at + 1] != "}":
        if found:
            if text[at] != ",":
                raise ValueError("no comma")
            at = skip(at + 1)
        key, at = decoder.raw_decode(text, at)
        at = skip(at)
        if text[at] != ":":
            raise ValueError("no colon")
        start = skip(at + 1)
        _, end = decoder.raw_decode(text, start)
        found.append((key, text[start:end]))
        at = skip(end)
    if text[at + 1 :].strip():
        raise ValueError("text behind the object")
    return found


def split_diff(text):
    """{(old, new): body} of the unified diffs at the end of a text report."""
    found = {}
    for part in re.split(r"^(?=--- )", text, flags=re.M)[1:]:
        head = re.match(r"--- (.*)\n\+\+\+ (.*)\n", part)
        if head:
            found[head.groups()] = part[head.end() :]
    return found


def patched(old, body):
    """OLD (bytes) with the hunks of BODY; None if they do not fit. The report shows
    bytes that are no text as \\xNN."""
    body = re.sub(r"\\x([0-9a-f]{2})", lambda m: chr(0xDC00 + int(m.group(1), 16)), body)
    raw = re.sub(
        b"\xed[\xb0-\xb3].",
        lambda m: bytes([ord(m.group(0).decode("utf-8", "surrogatepass")) - 0xDC00]),
        body.encode("utf-8", "surrogatepass"),
    )
    lines = old.split(b"\n")
    lines = [line + b"\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])
    new, at, rest = [], 0, raw.split(b"\n")
    i = 0
    while i < len(rest):
        head = re.match(rb"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@", rest[i])
        if not head:
            break
        start, count = int(head.group(1)), int(head.group(2) or 1)
        left, right = count, int(head.group(4) or 1)
        first = start - 1 if count else start
        new += lines[at:first]
        at, i = first, i + 1
        while left > 0 or right > 0:
            sign, line = rest[i][:1], rest[i][1:] + b"\n"
            i += 1
            if i < len(rest) and rest[i].startswith(b"\\ No newline"):
                line, i = line[:-1], i + 1
            if sign in (b" ", b"-", b""):
                if at >= len(lines) or lines[at] != line:
                    return None
                at, left = at + 1, left - 1
            if sign in (b" ", b"+", b""):
                new.append(line)
                right -= 1
    return b"".join(new + lines[at:])
