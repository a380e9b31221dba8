#!/usr/bin/env python3
"""Generates the traces of this folder: workflows as WfFormat 1.5 JSON, from a seed.

  generate.py                                   writes the traces that ship with weft again
  generate.py --check                           says which of them differ from what would be written
  generate.py SHAPE [--size N] [--seed N]       prints one trace
              mosaic      N x N+1 sky images, projected, fitted to their neighbours and joined
              sequencing  N lanes of reads, each cut into chunks that pass four programs
              fork_join   two rounds of N tasks between tasks that wait for all of them

The shapes are those of well-known scientific workflows; times and sizes are drawn at random, so
that tasks of one kind differ as they do in real life. Equal seeds give equal bytes.
"""

import argparse
import json
import math
import pathlib
import random
import sys

# What ships: the shape, its size and its seed.
SHIPPED = {
    "mosaic": {"size": 4, "seed": 11},
    "sequencing": {"size": 3, "seed": 23},
    "fork_join": {"size": 16, "seed": 5},
}

KB = 1000
MB = 1000 * KB


class Recording:
    """A workflow while it is made up: tasks in the order in which they would start."""

    def __init__(self, name, seed):
        self.name = name
        self.random = random.Random(f"{name}/{seed}")
        self.tasks = {}
        self.sizes = {}

    def spread(self, middle, factor):
        """A random number around `middle`: two thirds lie within `factor` of it either way."""
        uniform = max(self.random.random(), 1e-12), self.random.random()
        normal = math.sqrt(-2 * math.log(uniform[0])) * math.cos(2 * math.pi * uniform[1])
        return middle * math.exp(normal * math.log(factor))

    def file(self, name, middle_bytes):
        """A file that comes with the workflow."""
        self.sizes.setdefault(name, int(self.spread(middle_bytes, 1.2)))
        return name

    def task(self, kind, inputs, outputs, seconds, after=()):
        """Adds a task. Inputs that tasks wrote make those its parents.

        inputs   names of files
        outputs  sizes by name; the task's own name is put before a name that begins with '.'
        seconds  the middle of its runtime, and the factor by which it varies
        Answers the names of its outputs."""
        number = sum(task["kind"] == kind for task in self.tasks.values()) + 1
        name = f"{kind}_{number:03d}"
        written = []
        for suffix, middle in outputs.items():
            file = name + suffix if suffix.startswith(".") else suffix
            assert file not in self.sizes, f"{file} is written twice"
            self.sizes[file] = int(self.spread(middle, 1.3)) if middle else 0
            written.append(file)
        writers = [task for task, known in self.tasks.items()
                   if set(known["outputs"]) & set(inputs) or task in after]
        self.tasks[name] = {"kind": kind, "inputs": list(inputs), "outputs": written,
                            "parents": writers, "children": [],
                            "seconds": round(self.spread(*seconds), 3)}
        for writer in writers:
            self.tasks[writer]["children"].append(name)
        return written

    def longest_path(self):
        """The makespan with as many machines as there are tasks."""
        ends = {}
        for name, task in self.tasks.items():
            start = max((ends[parent] for parent in task["parents"]), default=0)
            ends[name] = start + task["seconds"]
        return round(max(ends.values()), 3)


# -- shapes ----------------------------------------------------------------------------------------


def mosaic(size, seed):
    """Montage: neighbours are compared pairwise, and one model corrects every image."""
    made = Recording("mosaic", seed)
    header = made.file("region.hdr", KB)
    places = [(row, column) for row in range(size) for column in range(size + 1)]
    projected = {}
    for place in places:
        image = made.file("image_{}_{}.fits".format(*place), 2 * MB)
        projected[place] = made.task("project", [image, header],
                                     {".fits": 3 * MB, ".area.fits": 3 * MB}, (6, 1.4))
    fits = []
    for row, column in places:
        for neighbour in ((row, column + 1), (row + 1, column), (row + 1, column + 1)):
            if neighbour in projected:
                pair = projected[row, column] + projected[neighbour]
                fits += made.task("difference", pair, {".fit": 2 * KB}, (0.9, 1.6))
    table = made.task("join_fits", fits, {".tbl": 60 * KB}, (2, 1.2))
    model = made.task("model", table, {".tbl": 5 * KB}, (9, 1.2))
    corrected = []
    for place in places:
        corrected += made.task("correct", projected[place] + model,
                               {".fits": 3 * MB, ".area.fits": 3 * MB}, (1.5, 1.5))
    images = made.task("list_images", corrected, {".tbl": 10 * KB}, (1, 1.2))
    joined = made.task("add", corrected + images, {".fits": 20 * MB}, (12, 1.2))
    made.task("view", joined, {".png": 2 * MB}, (4, 1.2))
    return made


def sequencing(size, seed):
    """Epigenomics: independent pipelines, wide in the middle, that meet at the end."""
    made = Recording("sequencing", seed)
    contaminants = made.file("contaminants.txt", 50 * KB)
    reference = made.file("reference.bin", 4 * MB)
    lanes = []
    for lane in range(1, size + 1):
        reads = made.file(f"lane{lane}.fastq", 12 * MB)
        chunks = 5 + made.random.randrange(5)
        split = made.task("split", [reads],
                          {f"lane{lane}_chunk{i}.fastq": 12 * MB // chunks for i in range(chunks)},
                          (8, 1.3))
        mapped = []
        for chunk in split:
            clean = made.task("filter", [chunk, contaminants], {".fastq": MB}, (1.2, 1.5))
            converted = made.task("convert", clean, {".fastq": MB}, (0.4, 1.5))
            packed = made.task("pack", converted, {".bfq": 300 * KB}, (0.7, 1.5))
            mapped += made.task("map", packed + [reference], {".map": 200 * KB}, (16, 1.4))
        lanes += made.task("merge_lane", mapped, {".map": MB}, (3, 1.3))
    merged = made.task("merge_all", lanes, {".map": 3 * MB}, (6, 1.2))
    indexed = made.task("index", merged, {".idx": 3 * MB}, (5, 1.2))
    made.task("pileup", indexed + [reference], {".txt": MB}, (10, 1.2))
    return made


def fork_join(size, seed):
    """Two rounds: the first hands data on, the second waits for marks without content."""
    made = Recording("fork_join", seed)
    parts = made.task("prepare", [made.file("input.dat", 8 * MB)],
                      {f"part_{i}.dat": 500 * KB for i in range(size)}, (3, 1.2))
    done = []
    for part in parts:
        done += made.task("transform", [part], {".dat": 400 * KB}, (8, 2))
    whole = made.task("combine", done, {".dat": 4 * MB}, (4, 1.2))
    checked = []
    for _ in range(size):
        checked += made.task("verify", whole, {".ok": 0}, (3, 1.8))
    marks = [name for name, task in made.tasks.items() if task["kind"] == "verify"]
    made.task("finish", whole, {".txt": 10 * KB}, (1, 1.2), after=marks)
    return made


SHAPES = {"mosaic": mosaic, "sequencing": sequencing, "fork_join": fork_join}


# -- the format ------------------------------------------------------------------------------------


def document(made):
    """The recording as WfFormat 1.5."""
    return {
        "name": made.name,
        "description": SHAPES[made.name].__doc__,
        "createdAt": "2026-01-01T00:00:00Z",
        "schemaVersion": "1.5",
        "runtimeSystem": {"name": "weft trace generator", "version": "1"},
        "workflow": {
            "specification": {
                "tasks": [{"name": name, "id": name, "parents": task["parents"],
                           "children": task["children"], "inputFiles": task["inputs"],
                           "outputFiles": task["outputs"]}
                          for name, task in made.tasks.items()],
                "files": [{"id": name, "sizeInBytes": size} for name, size in made.sizes.items()],
            },
            "execution": {
                "makespanInSeconds": made.longest_path(),
                "executedAt": "2026-01-01T00:00:00Z",
                "tasks": [{"id": name, "runtimeInSeconds": task["seconds"],
                           "command": {"program": task["kind"]}, "coreCount": 1}
                          for name, task in made.tasks.items()],
            },
        },
    }


def text_of(value, indent=0):
    """JSON with one line for each task and file: short, and a change shows as a line."""
    def is_plain(item):
        return not isinstance(item, dict) or indent >= 6
    inner = " " * (indent + 1)
    if isinstance(value, dict) and not is_plain(value):
        rows = [f"{inner}{json.dumps(key)}: {text_of(item, indent + 1)}"
                for key, item in value.items()]
        return "{\n" + ",\n".join(rows) + "\n" + " " * indent + "}"
    if isinstance(value, list) and value and isinstance(value[0], dict):
        rows = [inner + json.dumps(item, separators=(",", ":")) for item in value]
        return "[\n" + ",\n".join(rows) + "\n" + " " * indent + "]"
    return json.dumps(value)


def trace(shape, size, seed):
    return text_of(document(SHAPES[shape](size, seed))) + "\n"


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shape", nargs="?", choices=sorted(SHAPES))
    parser.add_argument("--size", type=int)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    if options.shape:
        shipped = SHIPPED[options.shape]
        size = shipped["size"] if options.size is None else options.size
        seed = shipped["seed"] if options.seed is None else options.seed
        if not 1 <= size <= 1000:
            parser.error(f"--size is {size}; give a number from 1 to 1000")
        sys.stdout.write(trace(options.shape, size, seed))
        return 0
    differing = []
    for shape, shipped in SHIPPED.items():
        path = pathlib.Path(__file__).parent / f"{shape}.json"
        text = trace(shape, **shipped)
        if options.check:
            if not path.exists() or path.read_text() != text:
                differing.append(path.name)
        else:
            path.write_text(text)
    for name in differing:
        print(f"{name} is not what generate.py writes; run it and look at the difference")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
