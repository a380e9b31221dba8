"""Dask, to be compared with weft: its scheduler of threads, or of worker processes.

    dask_peer.py threaded|distributed WORKERS

Reads requests as peer_requests.hpp says. Graphs are given to the scheduler as they are, without the
passes that fuse tasks of collections: what is compared is what a task costs. Values are numpy arrays,
or plain numbers where they are a single word, which is the faster of the two there.
"""

import itertools
import sys
import time

import numpy

MASK = (1 << 64) - 1


def first_word(total):
    return (total * 6364136223846793005 + 1442695040888963407) & MASK


def sum_of_words(value):
    return value if isinstance(value, int) else int(numpy.add.reduce(value))


def task(payload, inputs):
    """What bench_values.hpp says: reads all bytes of its inputs, writes all bytes of a value."""
    total = 0
    for value in inputs:
        total += sum_of_words(value)
    first = first_word(total & MASK)
    words = max((payload + 7) // 8, 1)
    if words == 1:
        return first
    value = numpy.full(words, (first >> 56) * 0x0101010101010101, dtype=numpy.uint64)
    value[0] = first
    return value


def read_graph(path):
    with open(path, encoding="ascii") as lines:
        next(lines)  # The sum of the result.
        return [[int(word) for word in line.split()] for line in lines]


def named(graph, payload, run):
    """As a graph of Dask's. Its keys are those of one run: results of another must not serve."""
    return {f"{run}-{number}": (task, payload, [f"{run}-{i}" for i in inputs])
            for number, inputs in enumerate(graph)}


def threaded(workers):
    import dask.threaded
    return lambda graph, key: dask.threaded.get(graph, key, num_workers=workers)


def distributed(workers):
    import dask
    from distributed import Client, LocalCluster
    dask.config.set({"distributed.worker.memory.terminate": False})
    cluster = LocalCluster(n_workers=workers, threads_per_worker=1, processes=True,
                           dashboard_address=None)
    client = Client(cluster)
    return lambda graph, key: client.get(graph, key)


def answer(get, request, run):
    _, _, _, payload, path = request.split()
    structure = read_graph(path)
    graph = named(structure, int(payload), run)
    begin = time.perf_counter()
    result = get(graph, f"{run}-{len(structure) - 1}")
    took = time.perf_counter() - begin
    return f"{took * 1e6} {sum_of_words(result) & MASK}"


def main():
    get = {"threaded": threaded, "distributed": distributed}[sys.argv[1]](int(sys.argv[2]))
    for run in itertools.count():
        request = sys.stdin.readline()
        if not request:
            return
        try:
            print(answer(get, request, run), flush=True)
        except Exception as failure:  # Whatever it is: compare.py says which peer it was.
            print(f"error: {failure!r}", flush=True)
            return


if __name__ == "__main__":  # Worker processes import this file.
    main()
