#!/usr/bin/env python3
"""Fails when a task takes more instructions than it used to, by shape of the workflow.

    instructions.py RUN_SHAPE FIGURES [WORK_FOLDER]

Counts what runs of two sizes take, under callgrind, and divides the difference by that of their
tasks: what every run takes however small it is cancels. Instructions, not time: they are the same
on a busy machine. FIGURES has a line `shape instructions` for each shape; WEFT_UPDATE_PERFORMANCE=1
in the environment writes it anew.
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile

SIZES = 1000, 3000
# Percent. Counts of one build are equal; another patch release of the compiler
# or of the C library moves them by a percent or two. What is above is a change of weft.
BOUND = 5.0
UPDATE = "WEFT_UPDATE_PERFORMANCE=1 ctest --preset release -L performance"


def count(program, shape, size, folder):
    """The tasks of a run and the instructions that it took."""
    out = pathlib.Path(folder) / f"callgrind.{shape}.{size}"
    run = subprocess.run(
        ["valgrind", "--tool=callgrind", "--toggle-collect=run_measured",
         f"--callgrind-out-file={out}", program, shape, str(size)],
        capture_output=True, text=True)
    collected = re.search(r"Collected : (\d+)", run.stderr)
    if run.returncode != 0 or not collected or int(collected[1]) == 0:
        sys.exit(f"error: callgrind could not count {shape} of {size} tasks:\n{run.stderr}")
    return int(run.stdout), int(collected[1])


def instructions_per_task(program, shape, folder):
    (few, least), (many, most) = (count(program, shape, size, folder) for size in SIZES)
    return round((most - least) / (many - few))


def read_figures(path):
    lines = (line.split() for line in path.read_text(encoding="ascii").splitlines()
             if line and not line.startswith("#"))
    return {shape: int(figure) for shape, figure in lines}


def write_figures(path, figures):
    kept = [line for line in path.read_text(encoding="ascii").splitlines()
            if line.startswith("#")]
    lines = [f"{shape} {figure}" for shape, figure in figures.items()]
    path.write_text("\n".join(kept + lines) + "\n", encoding="ascii")


def verdict(shape, was, now, bound=BOUND):
    """One line for people, and whether it is a failure."""
    change = 100 * (now - was) / was
    line = f"{shape:8} {now:7} instructions a task, {change:+.1f} % of {was}"
    if change > bound:
        return f"{line}: MORE than {bound:g} % over", True
    if change < -bound:
        return f"{line}: less; keep the gain: {UPDATE}", False
    return line, False


def main():
    program, path = sys.argv[1], pathlib.Path(sys.argv[2])
    before = read_figures(path)
    with tempfile.TemporaryDirectory() as temporary:
        folder = sys.argv[3] if len(sys.argv) > 3 else temporary
        now = {shape: instructions_per_task(program, shape, folder) for shape in before}
    if os.environ.get("WEFT_UPDATE_PERFORMANCE"):
        write_figures(path, now)
        before = now
    lines = [verdict(shape, before[shape], now[shape]) for shape in before]
    print("\n".join(line for line, _ in lines))
    if any(failed for _, failed in lines):
        sys.exit("error: a task has become more expensive. See where: callgrind_annotate on the "
                 "files that a third argument to instructions.py keeps, of this build and of the "
                 "one before the change. If what it buys is worth it, say so in the commit, and "
                 f"write the figures anew: {UPDATE}")


if __name__ == "__main__":
    main()
