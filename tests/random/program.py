# SPDX-License-Identifier: Apache-2.0
"""Runs of the program, and what holds for every one of them."""

import json
import os
import subprocess

# holdfast(8), EXIT STATUS
STATUSES = {0, 1, 2, 3, 4, 5, 6, 7, 64, 65, 75}
TIMEOUT_SECONDS = 60

ENVIRONMENT = {
    "PATH": os.environ.get("PATH", "/usr/sbin:/usr/bin:/sbin:/bin"),
    "HOME": "/root",
    "LC_ALL": "C",
    "TZ": "UTC",
    "NO_COLOR": "1",
    "SOURCE_DATE_EPOCH": "1767225600",
    # what is not freed at the end is for 'make check' with sanitizers
    "ASAN_OPTIONS": "detect_leaks=0",
    "UBSAN_OPTIONS": "print_stacktrace=1",
}


class Stop(Exception):
    """The case cannot go on; why is among its failures, if it is one."""


class Program:
    """The program under test, as seen by one case: each run is kept for the report."""

    def __init__(self, path, directory, fail):
        self.path, self.directory, self.fail = path, directory, fail
        self.log = []

    def command(self, arguments, root):
        return [self.path, arguments[0], "--root", root, *arguments[1:]]

    def run(self, *arguments, root="./root", wrapper=()):
        """(status, stdout, stderr). Whatever the host and the baseline: it ends, by
        itself and with a status of holdfast(8), and no sanitizer has anything to say."""
        line = [*wrapper, *self.command(arguments, root)]
        try:
            done = subprocess.run(
                line,
                cwd=self.directory,
                env=ENVIRONMENT,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=TIMEOUT_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            self.log.append((line, "hangs", ""))
            self.fail("ends", f"{arguments[0]} does not end")
            raise Stop from None
        out = done.stdout.decode("utf-8", "surrogateescape")
        err = done.stderr.decode("utf-8", "surrogateescape")
        self.log.append((line, done.returncode, err))
        if done.returncode not in STATUSES and not wrapper:
            self.fail("ends", f"{arguments[0]} exits {done.returncode}: {err[-1500:]}")
            raise Stop
        if "runtime error:" in err or "Sanitizer" in err:
            self.fail("ends", f"{arguments[0]}: {err[:3000]}")
        return done.returncode, out, err

    def json(self, *arguments, root="./root"):
        """The report as JSON: one object whatever the status, which it repeats, with
        counts and indexes that agree with each other (holdfast(8), JSON)."""
        status, out, err = self.run(*arguments, "--format", "json", root=root)
        try:
            report = json.loads(out)
        except ValueError as error:
            self.fail("json", f"{arguments[0]}: {error}: {out[:300]!r} {err[:300]}")
            raise Stop from None
        if report.get("exit") != status:
            self.fail("json", f"{arguments[0]} exits {status}, says {report.get('exit')}")
        if "summary" in report:
            self._agrees(arguments[0], report)
        return report

    def _agrees(self, command, report):
        summary = dict(report["summary"] or {})
        states = {}
        for control in report["controls"]:
            key = control["state"].replace("-", "_")
            states[key] = states.get(key, 0) + 1
            for index in control["resources"]:
                if control["id"] not in report["resources"][index]["controls"]:
                    self.fail("json", f"{command}: resource {index} of {control['id']}")
        for change in report["changes"]:
            for index in change["resources"]:
                report["resources"][index]  # it is there
        for key, count in states.items():
            if summary.get(key) != count:
                self.fail("json", f"{command}: {count} {key}, summary {summary}")
        blocked = sum(change["blocked"] is not None for change in report["changes"])
        made = len(report["changes"]) - blocked
        if summary and (summary["changes"], summary["blocked"]) != (made, blocked):
            self.fail("json", f"{command}: {made} changes, {blocked} blocked, {summary}")
