# SPDX-License-Identifier: Apache-2.0
"""Runs random cases in parallel and reports what does not hold.

  python3 -B tests/random/main.py [OPTION...] PROGRAM

Case number N is the same whenever and in whatever company it is run, so a failure is
repeated with --first N --cases 1. The folder of a failed case is kept, with its data
(case.json), which --shrink makes as small as it can.
"""

import argparse
import collections
import json
import multiprocessing
import os
import shutil
import sys
import time

from case import Case, generate
from scenario import scenario
from shrink import shrink

REPORTED = 20


def run(data, program, directory):
    """One case in a fresh DIRECTORY."""
    shutil.rmtree(directory, ignore_errors=True)
    case = Case(data, program, directory)
    case.perform(scenario)
    return case


def work(job):
    """One case of a pool of workers; its folder stays if it fails."""
    seed, program, directory = job
    case = run(generate(seed), program, directory)
    if case.failures:
        lines = [f"{status}\t{' '.join(line)}\n{err}" for line, status, err in case.program.log]
        case.write("log", "\n".join(lines))
    else:
        shutil.rmtree(directory)
    return seed, case.failures, case.counts


def make_smaller(data, program, directory):
    """Shrink the failing DATA and tell what is left."""
    wanted = {name for name, _ in run(data, program, directory).failures}
    if not wanted:
        print(f"case {data['seed']} does not fail")
        return 0

    def fails(candidate):
        names = {name for name, _ in run(candidate, program, directory).failures}
        return names and names <= wanted and "suite" not in names - wanted

    data = shrink(data, fails)
    case = run(data, program, directory)
    print(json.dumps(data, indent=1))
    for name, detail in case.failures:
        print(f"{name}: {detail}")
    print(f"kept in {directory}")
    return 1


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("program", type=os.path.abspath)
    parser.add_argument("--first", type=int, default=1, help="the first case")
    parser.add_argument("--cases", type=int, default=100, help="how many")
    parser.add_argument("--every", type=int, default=1, help="only every Nth of them")
    parser.add_argument("--seconds", type=float, default=1e9, help="begin none after")
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--directory", default="/dev/shm/holdfast-random")
    parser.add_argument("--shrink", action="store_true", help="make the first case smaller")
    parser.add_argument("--data", help="with --shrink: a case.json instead of a number")
    parser.add_argument("--verbose", action="store_true", help="what the cases met")
    return parser.parse_args()


def main():
    options = arguments()
    os.umask(0o022)
    os.makedirs(options.directory, exist_ok=True)
    seeds = range(options.first, options.first + options.cases, options.every)
    jobs = ((seed, options.program, f"{options.directory}/{seed}") for seed in seeds)
    if options.shrink:
        data = generate(options.first)
        if options.data:
            with open(options.data, encoding="utf-8") as file:
                data = json.load(file)
        return make_smaller(data, options.program, f"{options.directory}/shrunk")
    started, done, failed = time.monotonic(), 0, 0
    counts, broken = collections.Counter(), collections.defaultdict(list)
    with multiprocessing.Pool(options.jobs) as pool:
        for seed, failures, met in pool.imap(work, jobs):
            done += 1
            counts.update(met)
            failed += bool(failures)
            for name, detail in failures:
                broken[name].append(seed)
                if failed <= REPORTED:
                    print(f"not ok: case {seed}: {name}: {detail}", flush=True)
            if failures and failed <= REPORTED:
                print(
                    f"        kept in {options.directory}/{seed};"
                    f" repeat: make check-random SEED={seed} CASES=1",
                    flush=True,
                )
            if time.monotonic() - started > options.seconds:
                pool.terminate()
                break
    for name, numbers in sorted(broken.items()):
        print(f"{name} is broken in cases {sorted(set(numbers))[:20]}")
    if options.verbose:
        for what, number in sorted(counts.items()):
            print(f"{number:8d} {what}")
    print(f"{done} cases from {options.first} on, {failed} failed")
    return int(failed > 0 or done == 0)


if __name__ == "__main__":
    sys.exit(main())
