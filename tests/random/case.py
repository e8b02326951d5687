# SPDX-License-Identifier: Apache-2.0
"""A case: all that is random about it, as data, and the run of it.

The number of a case (its seed) decides everything, whatever other cases there are. The
data can be made smaller (shrink.py) and run again; it is kept beside a failed case.
"""

import copy
import json
import os
import random
import traceback

import tree
import yaml_text
from gen_baseline import BaselineGenerator
from gen_edits import edits
from gen_host import HostGenerator
from program import Program, Stop


def generate(seed):
    """The data of case SEED. Each part has a stream of its own."""

    def stream(part):
        return random.Random(f"{seed}/{part}")

    baselines = BaselineGenerator(stream("baseline"))
    first = baselines.baseline()
    return {
        "seed": seed,
        "host": HostGenerator(stream("host")).host(),
        "first": first,
        "options": baselines.options(),
        "edits": edits(stream("edits")),
        "second": baselines.next(first),
        # which way its recovery goes
        "forward": stream("forward").random() < 0.5,
        # which control goes next, counted modulo those that are left
        "release": [stream(f"release{i}").randrange(6) for i in range(6)],
        # at which of an apply's calls that put a file in place it is killed
        "kill_at": stream("kill").randrange(1, 12),
    }


class Case:
    """One case being run below DIRECTORY; .failures are pairs of a property and what
    is wrong. Properties are functions that take a Case."""

    def __init__(self, data, program, directory):
        self.data = copy.deepcopy(data)
        self.directory = directory
        self.failures = []
        self.counts = {}
        self.program = Program(program, directory, self.fail)
        self.run, self.json = self.program.run, self.program.json
        self.options = self.data["options"]
        self.facts = [o for o in self.options if not o.startswith("--allow")]
        self.root = directory + "/root"
        os.makedirs(directory)

    def fail(self, property_name, detail):
        """Note that a property does not hold."""
        self.failures.append((property_name, str(detail)))

    def expect(self, condition, property_name, detail):
        """fail() unless CONDITION; DETAIL may be a function."""
        if not condition:
            self.fail(property_name, detail() if callable(detail) else detail)
        return bool(condition)

    def unchanged(self, before, after, property_name, what):
        """Two listings are equal."""
        found = tree.difference(before, after)
        return self.expect(not found, property_name, lambda: f"{what}: {some(found)}")

    def count(self, what):
        """Statistics: what the cases have met."""
        self.counts[what] = self.counts.get(what, 0) + 1

    def path(self, name):
        return os.path.join(self.directory, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)

    def write_baseline(self, baseline, name="baseline.yaml"):
        self.write(name, yaml_text.flow(baseline))

    def perform(self, scenario):
        """Run SCENARIO(self); whatever goes wrong becomes a failure."""
        self.write("case.json", json.dumps(self.data, indent=1))
        try:
            tree.perform(self.root, self.data["host"])
            tree.copy(self.root, self.path("orig"))
            scenario(self)
        except Stop:
            pass
        except Exception:  # of the suite itself: a failure as well, not the end of all
            self.fail("suite", traceback.format_exc(limit=-3))
        return self.failures


def some(found, limit=4):
    """The first entries of a difference, short enough for a report."""
    return [
        (path, str(before)[:300], str(after)[:300])
        for path, (before, after) in list(found.items())[:limit]
    ] + ([f"and {len(found) - limit} more"] if len(found) > limit else [])
