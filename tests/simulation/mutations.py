#!/usr/bin/env python3
"""Shows that the simulation bites: takes one guard of the run protocol away at a time, and counts
the seeds that it takes to fail.

    tests/simulation/mutations.py [--scratch FOLDER] [--only NAME]...

Copies the working tree to a scratch folder, so that nothing here is touched, and builds nothing but
simulation_test there. Takes some minutes; not part of CI. The table belongs into docs/testing.md.
"""

import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
BLOCKS = 20  # Of 100 seeds each.

ADMIT = 'storage/memory_run.cpp'
WORKERS = 'storage/memory_workers.cpp'
LEASE = 'actors/worker_lease.cpp'

# A name, what is gone, and (file, text, replacement) for each change.
MUTATIONS = [
    ('fence', 'the fence check of commits and failures', [
        (ADMIT, 'const bool current = state.fence == fence;', 'const bool current = true;')]),
    ('committed', 'the check whether a task is committed already', [
        (ADMIT, 'if (state.status == TaskStatus::claimed && current) return',
         'if (state.status == TaskStatus::committed) hold(task, extend_lease(worker, now), worker);\n'
         '  if (state.status == TaskStatus::claimed && current) return')]),
    ('count-down', 'counting down in the step of the commit (with the next request instead)', [
        (ADMIT, '  settle(request, now);\n  count_down_dependents(request.task);',
         '  settle(request, now);\n'
         '  for (const TaskId task : std::exchange(deferred_[request.worker], {})) {\n'
         '    count_down_dependents(task);\n'
         '  }\n'
         '  deferred_[request.worker] = {request.task};'),
        (WORKERS, '  lease->expiry = now + lease_;\n  return {.held = true',
         '  for (const TaskId task : std::exchange(deferred_[worker], {})) {\n'
         '    count_down_dependents(task);\n'
         '  }\n'
         '  sort_fresh();\n'
         '  std::vector<ReadyTask> late;\n'
         '  make_fresh_ready(now, late);\n'
         '  lease->expiry = now + lease_;\n  return {.held = true'),
        (WORKERS, '    lapse(worker, lease, now);\n    lease.told = 0;',
         '    lapse(worker, lease, now);\n    deferred_.erase(worker);\n    lease.told = 0;'),
        ('storage/memory_run.hpp', '  std::vector<std::uint32_t> path_;\n',
         '  std::vector<std::uint32_t> path_;\n'
         '  std::map<WorkerId, std::vector<TaskId>> deferred_;\n')]),
    ('launch', 'the check whether another holder is the worker', [
        (WORKERS, 'if (live && !lease.holder.empty() && lease.holder != holder) return false;', '')]),
    ('renew', 'the check whether the lease to renew has run out', [
        (WORKERS, 'if (!lease || lease->expiry <= now) return {};', 'if (!lease) return {};')]),
    ('held', 'reading again what a worker holds', [
        (LEASE, '  if (std::exchange(reading_held_, true)) {',
         '  if (true) return;\n  if (std::exchange(reading_held_, true)) {')]),
    ('requeue', 'the requeue of what has lost its lease', [
        (WORKERS, '    if (at->second.expiry > now) {', '    if (true) {')]),
]


def run(command, **options):
    return subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          check=False, **options)


def build(scratch):
    built = run(['ninja', '-C', 'build/release', 'simulation_test'], cwd=scratch)
    if built.returncode != 0:
        sys.exit('simulation_test does not build:\n' + built.stdout[-4000:])


def fails(program, seed):
    """How one seed fails; nothing if it does not."""
    played = run([program, '--gtest_filter=Seeds*/0'], env=os.environ | {'WEFT_SEED': str(seed)})
    if played.returncode == 0:
        return None
    found = re.search(r': Failure\n(?:Failed\n)?(.*)', played.stdout)
    return found.group(1) if found else f'exit code {played.returncode}'


def first_failure(program):
    """The number of seeds until one fails, and how; nothing if none does."""
    for block in range(BLOCKS):
        if run([program, f'--gtest_filter=Seeds*/{block}']).returncode == 0:
            continue
        for seed in range(block * 100, block * 100 + 100):
            if how := fails(program, seed):
                return seed + 1, how
    return None


def change(scratch, changes):
    originals = {}
    for name, text, replacement in changes:
        path = scratch / name
        content = path.read_text()
        originals.setdefault(path, content)
        if content.count(text) != 1:
            sys.exit(f'{name} does not have once: {text}')
        path.write_text(content.replace(text, replacement))
    return originals


def copy_tree(scratch):
    listed = run(['git', 'ls-files'], cwd=ROOT).stdout.splitlines()
    for name in listed:
        target = scratch / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target, follow_symlinks=False)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--scratch', help='folder to build in; kept, and faster the second time')
    parser.add_argument('--only', action='append', help='name of a mutation; may be repeated')
    options = parser.parse_args()
    scratch = pathlib.Path(options.scratch or tempfile.mkdtemp(prefix='weft-mutations-'))
    copy_tree(scratch)
    configured = run(['cmake', '--preset', 'release', '-DCMAKE_UNITY_BUILD=OFF'], cwd=scratch)
    if configured.returncode != 0:
        sys.exit(configured.stdout[-4000:])
    build(scratch)
    program = str(scratch / 'build/release/tests/bin/simulation_test')
    if not options.only and (failure := first_failure(program)):
        sys.exit(f'fails without any mutation, after {failure[0]} seeds: {failure[1]}')
    print('| without | fails after | by |\n|---|---|---|', flush=True)
    survived = 0
    for name, what, changes in MUTATIONS:
        if options.only and name not in options.only:
            continue
        originals = change(scratch, changes)
        build(scratch)
        failure = first_failure(program)
        survived += failure is None
        after, how = failure or (f'not within {BLOCKS * 100}', '')
        print(f'| {what} | {after} seeds | {how} |', flush=True)
        for path, content in originals.items():
            path.write_text(content)
    if not options.scratch:
        shutil.rmtree(scratch)
    sys.exit(1 if survived else 0)


if __name__ == '__main__':
    main()
