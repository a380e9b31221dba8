"""Runs the same graphs on weft and on others, in turn, and prints what a task costs on each.

Called by run.sh. Every system has a process that lives as long as the comparison (peer_requests.hpp
says how it is talked to). A round is one run of each system, next to one another in time, with a
ping-pong between the cores before it; ratios are taken within rounds. The first round warms up.
A system whose result is not the one that the graph must have ends the comparison.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

SHAPES = ["chain", "fan", "tree", "gemm", "layered"]
SYSTEMS = ["weft", "weft-durable", "tbb", "dask-threaded", "dask-distributed"]
ROUND_TRIPS = 100_000  # Of a ping-pong: some 20 ms.


def arguments():
    parser = argparse.ArgumentParser(prog="bench/peers/run.sh", description=__doc__.split("\n")[0])
    parser.add_argument("--tasks", type=count, default=10_000, metavar="N",
                        help="about so many tasks a graph (default 10000)")
    parser.add_argument("--distributed-tasks", type=count, default=1000, metavar="N",
                        help="at most so many for dask-distributed, which takes up to 6 ms for "
                             "each (default 1000)")
    parser.add_argument("--payload", type=int, default=0, metavar="BYTES",
                        help="bytes of the value of each task (default 0: one word)")
    parser.add_argument("--repetitions", type=count, default=5, metavar="R",
                        help="rounds that count (default 5)")
    parser.add_argument("--threads", type=count, default=2, metavar="N",
                        help="threads, or worker processes, of each system (default 2)")
    parser.add_argument("--shapes", type=names_of(SHAPES), default=SHAPES, metavar="A,B")
    parser.add_argument("--systems", type=names_of(SYSTEMS), default=SYSTEMS, metavar="A,B",
                        help="besides weft: " + ", ".join(SYSTEMS[1:]))
    parser.add_argument("--json", type=pathlib.Path, required=True, metavar="FILE",
                        help="where every figure goes (default build/release/peers.json)")
    parser.add_argument("--programs", type=pathlib.Path, required=True, help=argparse.SUPPRESS)
    parsed = parser.parse_args()
    if "weft" not in parsed.systems:
        parsed.systems.insert(0, "weft")
    return parsed


def count(text):
    number = int(text)
    if not 1 <= number <= 10_000_000:
        raise argparse.ArgumentTypeError("a number from 1 to 10000000")
    return number


def names_of(known):
    def names(text):
        chosen = text.split(",")
        for name in chosen:
            if name not in known:
                raise argparse.ArgumentTypeError(f"{name!r} is none of {', '.join(known)}")
        return [name for name in known if name in chosen]
    return names


class Peer:
    """A system that runs graphs, in a process of its own."""

    def __init__(self, name, command):
        self.name = name
        self.process = subprocess.Popen(list(map(str, command)), stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)

    def ask(self, *words):
        """The microseconds that the run took, and the sum of its result."""
        try:
            self.process.stdin.write(" ".join(map(str, words)) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = ""
        microseconds, _, total = line.strip().partition(" ")
        if not total.isdigit():
            sys.exit(f"error: {self.name} answered {line.strip() or 'nothing'!r} to {words}; "
                     "what it wrote above may say why")
        return float(microseconds), int(total)

    def end(self):
        self.process.stdin.close()
        self.process.wait(timeout=60)


def start_peers(options):
    dask = ["/usr/bin/python3", pathlib.Path(__file__).with_name("dask_peer.py")]
    commands = {
        "weft": [options.programs / "weft_peer", options.threads],
        "weft-durable": [options.programs / "weft_peer", options.threads, "durable"],
        "tbb": [options.programs / "tbb_peer", options.threads],
        "dask-threaded": [*dask, "threaded", options.threads],
        "dask-distributed": [*dask, "distributed", options.threads],
    }
    peers = {name: Peer(name, commands[name]) for name in options.systems}
    peers["ping-pong"] = Peer("ping-pong", [options.programs / "ping_pong"])
    return peers


class Graph:
    """A shape of some size, written to a file for those who cannot make it themselves."""

    def __init__(self, weft, shape, tasks, payload, folder):
        self.path = pathlib.Path(folder) / f"{shape}-{tasks}"
        self.words = (shape, tasks, payload, self.path)
        weft.ask("graph", *self.words)
        with open(self.path, encoding="ascii") as lines:
            self.sum = int(next(lines))
            self.tasks = sum(1 for _ in lines)

    def run_on(self, peer):
        """Microseconds a task."""
        microseconds, total = peer.ask("run", *self.words)
        if total != self.sum:
            sys.exit(f"error: {peer.name} has the wrong result for {self.words[:3]}: "
                     f"{total} and not {self.sum}")
        return microseconds / self.tasks


def compare(shape, options, peers, folder):
    graph = Graph(peers["weft"], shape, options.tasks, options.payload, folder)
    small = graph
    if options.distributed_tasks < options.tasks:
        small = Graph(peers["weft"], shape, options.distributed_tasks, options.payload, folder)
    graphs = {name: small if name == "dask-distributed" else graph for name in options.systems}
    samples = {name: [] for name in options.systems}
    pings = []
    for number in range(options.repetitions + 1):
        ping, _ = peers["ping-pong"].ask("run", "ping", ROUND_TRIPS, 0, "-")
        times = {name: graphs[name].run_on(peers[name]) for name in options.systems}
        if number == 0:
            continue
        pings.append(ping / ROUND_TRIPS * 1000)
        for name, time in times.items():
            samples[name].append(time)
    return [figures(shape, name, graphs[name].tasks, options.payload, samples, pings)
            for name in options.systems]


def figures(shape, name, tasks, payload, samples, pings):
    times = samples[name]
    ratios = [weft / time for weft, time in zip(samples["weft"], times)]
    return {"shape": shape, "system": name, "tasks": tasks, "payload_bytes": payload,
            "us_per_task": statistics.median(times), "us_per_task_min": min(times),
            "us_per_task_max": max(times), "weft_ratio": statistics.median(ratios),
            "ping_pong_ns": statistics.median(pings), "samples": times,
            "ping_pong_ns_samples": pings}


def row(cells):
    shape, system, *numbers = cells
    return f"{shape:8} {system:17}" + "".join(f"{number:>12}" for number in numbers)


def main():
    options = arguments()
    peers = start_peers(options)
    lines = []
    print(row(["shape", "system", "tasks", "us/task", "min", "max", "weft/it", "ping ns"]))
    with tempfile.TemporaryDirectory() as folder:
        for shape in options.shapes:
            for line in compare(shape, options, peers, folder):
                lines.append(line)
                print(row([shape, line["system"], line["tasks"]] +
                          [f"{line[key]:.3f}" for key in
                           ("us_per_task", "us_per_task_min", "us_per_task_max", "weft_ratio")] +
                          [f"{line['ping_pong_ns']:.0f}"]), flush=True)
    for peer in peers.values():
        peer.end()
    options.json.write_text(json.dumps(lines, indent=1) + "\n", encoding="ascii")
    print(f"every figure: {options.json}", file=sys.stderr)


if __name__ == "__main__":
    main()
