#!/usr/bin/env python3
"""Runs that lie in a store, as users do: durable_runs_test.py <weft> <traces> [unittest arguments]

Each test has a Redis of its own. Nothing is waited for by sleeping alone: conditions are polled, with
a bound.
"""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

WEFT = None
TRACES = None
PATIENCE = 60  # Seconds until a condition counts as never met.


@unittest.skipUnless(shutil.which("redis-server"), "there is no redis-server on PATH")
class DurableRuns(unittest.TestCase):
    append_only = "yes"
    redis_options = []

    def setUp(self):
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="weft-durable-"))
        self.addCleanup(shutil.rmtree, self.home, ignore_errors=True)
        self.socket = self.home / "redis.sock"
        self.environment = {"HOME": str(self.home), "PATH": os.environ["PATH"], "LANG": "C.UTF-8",
                            "WEFT_STORE_URL": f"unix://{self.socket}", "WEFT_STORE_LEASE": "2s"}
        for name, value in os.environ.items():
            if name.endswith("SAN_OPTIONS"):
                self.environment[name] = value
        redis = subprocess.Popen(
            ["redis-server", "--port", "0", "--unixsocket", str(self.socket), "--dir",
             str(self.home), "--appendonly", self.append_only, "--save", "",
             "--maxmemory-policy", "noeviction", *self.redis_options], stdout=subprocess.DEVNULL)
        self.addCleanup(redis.wait)
        self.addCleanup(redis.kill)
        self.redis = redis
        self.until(self.socket.exists, "Redis is there")

    def until(self, condition, what):
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if found := condition():
                return found
            time.sleep(0.05)
        return self.fail(f"never: {what}")

    def weft(self, *arguments, code=0):
        run = subprocess.run([WEFT, *map(str, arguments)], cwd=self.home, env=self.environment,
                             capture_output=True, text=True, timeout=120)
        self.assertEqual(run.returncode, code, run.stdout + run.stderr)
        return run

    def begin(self, *arguments):
        log = open(self.home / "begun.log", "w")
        self.addCleanup(log.close)
        process = subprocess.Popen([WEFT, *map(str, arguments)], cwd=self.home, stdout=log,
                                   env=self.environment, stderr=subprocess.STDOUT, text=True)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def replay(self, time_scale):
        return ["run", TRACES / "mosaic.json", "--time-scale", time_scale, "--data-scale", "0.001",
                "--history", ":memory:"]

    def pipeline(self, name, tasks):
        text = f"version: 1\nname: {name}\ntasks:\n" + "".join(f"  {task}\n" for task in tasks)
        (self.home / f"{name}.yaml").write_text(text)
        return ["run", f"{name}.yaml"]

    def log(self):
        return (self.home / "begun.log").read_text()

    def listed(self):
        return json.loads(self.weft("ps", "-o", "json").stdout)

    def status(self):
        return json.loads(self.weft("status", "last", "-o", "json").stdout)

    def workers_of(self, process):
        """Worker processes below a process."""
        try:
            threads = pathlib.Path(f"/proc/{process.pid}/task").iterdir()
            text = " ".join((one / "children").read_text() for one in threads)
        except OSError:
            return []
        found = []
        for one in text.split():
            try:
                if pathlib.Path(f"/proc/{one}/comm").read_text().strip() == "weft-worker":
                    found.append(int(one))
            except OSError:
                pass
        return found


class Looking(DurableRuns):
    def test_without_a_store_verbs_say_what_to_name(self):
        del self.environment["WEFT_STORE_URL"]
        for verb in (["ps"], ["status", "last"], ["result", "last"], ["cancel", "last"]):
            run = self.weft(*verb, code=2)
            self.assertIn("no store is named", run.stderr)
            self.assertIn("hint: give --store", run.stderr)

    def test_an_empty_store_has_no_runs(self):
        self.assertEqual(self.listed(), [])
        self.assertIn("there is no run in the store", self.weft("status", "last", code=2).stderr)

    def test_a_detached_run_waits_until_it_is_cancelled(self):
        run = self.weft(*self.replay("0.01"), "--detach").stdout.strip()
        [listed] = self.listed()
        self.assertEqual((listed["run"], listed["state"], listed["workers_alive"]),
                         (run, "running", 0))
        self.assertIn("weft resume", self.weft("status", run[:12]).stderr)
        self.assertIn("is cancelled", self.weft("cancel", run, "--reason", "enough").stdout)
        self.assertIn("had ended", self.weft("cancel", "last").stdout)
        self.assertEqual(self.status()["state"], "cancelled")
        self.weft("result", run, code=6)
        self.assertEqual(self.listed(), [], "its result was taken")

    def test_an_empty_reference_names_no_run(self):
        self.weft(*self.replay("0.01"), "--detach")
        for verb in ("status", "cancel", "watch", "resume", "result", "show", "logs"):
            run = self.weft(verb, "", code=2)
            self.assertIn("the run's id is empty", run.stderr)
        self.assertEqual(self.status()["state"], "running")

    def test_a_run_that_nobody_works_at_is_not_waited_for_in_silence(self):
        run = self.weft(*self.replay("0.01"), "--detach").stdout.strip()
        for verb in ("watch", "result"):
            waiting = self.begin(verb, run, "--progress" if verb == "watch" else "--keep",
                                 *(["lines"] if verb == "watch" else []))
            self.until(lambda: "nobody works at run" in self.log(), "it is told")
            waiting.send_signal(signal.SIGINT)
            self.assertEqual(waiting.wait(timeout=PATIENCE), 130)
            log = self.log()
            self.assertEqual(log.count("nobody works at run"), 1, log)
            self.assertIn(f"weft resume {run}, or start a weft worker", log)
            self.assertIn("left; nobody works at the run", log)
            self.assertNotIn("goes on", log)

    def test_a_run_that_was_removed_may_be_in_the_history(self):
        run = self.weft("status", "6h01", code=2)
        self.assertIn("weft show 6h01", run.stderr)

    def test_flags_that_would_do_nothing_are_refused(self):
        for flags, what in (
                (["--replicas", "3"], "--replicas counts only"),
                (["--durability", "replicated", "--replicas", "0"], "store.replicas is at least 1"),
                (["--detach", "--timeout", "1s"], "keeps no timeout"),
                (["--detach", "--trace", "x.json"], "--trace needs"),
                (["--detach", "--deadline", "1s"], "--deadline is checked by who waits")):
            self.assertIn(what, self.weft(*self.replay("0.001"), *flags, code=2).stderr)
        self.assertEqual(self.listed(), [])
        del self.environment["WEFT_STORE_URL"]
        for flags in (["--durability", "always"], ["--replicas", "3"]):
            run = self.weft(*self.replay("0.001"), *flags, code=2)
            self.assertIn("is of runs in a store, and none is named", run.stderr)
        self.environment["WEFT_STORE_DURABILITY"] = "always"  # Meant for runs in a store.
        self.weft(*self.replay("0.001"))
        run = self.weft(*self.replay("0.001"), "--pool", "process:2", code=2)
        self.assertIn("hint: give --store", run.stderr)

    def test_the_doctor_finds_a_good_store_good(self):
        checks = json.loads(self.weft("doctor", "-o", "json").stdout)
        health = {check["check"]: check["health"] for check in checks}
        for name in ("store", "version", "eviction", "durability", "clock", "functions"):
            self.assertEqual(health[name], "ok", checks)


class Histories(DurableRuns):
    def run_in(self, folder, *arguments):
        (self.home / folder).mkdir(exist_ok=True)
        return subprocess.run(
            [WEFT, "run", TRACES / "mosaic.json", "--time-scale", "0", "--data-scale", "0",
             *arguments], cwd=self.home / folder, env=self.environment, capture_output=True,
            text=True, timeout=120)

    def runs(self, *arguments):
        return json.loads(self.weft("runs", "-o", "json", *arguments).stdout)

    def test_clients_in_several_places_share_one(self):
        self.environment["WEFT_STORE_URL"] = "memory"
        url = f"unix://{self.socket}"
        for folder in ("here", "there"):
            run = self.run_in(folder, "--history", url)
            self.assertEqual(run.returncode, 0, run.stderr)
            self.assertIn(f"history  {url}", run.stderr)
        runs = self.runs("--history", url)
        self.assertEqual([run["state"] for run in runs], ["succeeded"] * 2)
        self.assertEqual(self.runs("--history", url, "--workflow", "other"), [])
        for run in runs:
            shown = self.weft("show", run["run"], "--history", url).stdout
            self.assertIn("88 of 88 done", shown)
        self.weft("trace", "last", "--history", url, "-O", "trace.json")
        self.assertGreater((self.home / "trace.json").stat().st_size, 10_000)
        self.assertEqual(self.runs(), [], "nothing is in the file")

    def test_a_store_has_no_say_in_where_it_is(self):
        run = self.run_in("here")
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertEqual(len(self.runs()), 1)
        self.assertEqual(self.runs("--history", f"unix://{self.socket}"), [])

    def test_one_that_is_not_there_is_named(self):
        run = self.weft("runs", "--history", "unix:///nowhere/redis.sock", code=7)
        self.assertIn("/nowhere/redis.sock", run.stderr)
        run = self.weft("runs", "--history", "redis://me:secret@localhost", code=2)
        self.assertNotIn("secret", run.stderr)


class Durability(DurableRuns):
    append_only = "no"

    def test_a_level_that_the_store_does_not_give_is_refused(self):
        run = self.weft(*self.replay("0.001"), code=2)
        self.assertIn("does not give the durability everysec: it has appendonly no", run.stderr)
        self.assertEqual(self.listed(), [])
        self.assertIn("fail", self.weft("doctor", code=1).stdout)

    def test_a_level_that_it_gives_is_named(self):
        run = self.weft(*self.replay("0.001"), "--durability", "memory")
        self.assertIn("durability memory (appendonly no", run.stderr)
        self.weft("doctor", "--durability", "memory")


class Evictions(DurableRuns):
    redis_options = ["--maxmemory-policy", "allkeys-lru"]

    def test_a_store_that_evicts_keys_is_refused(self):
        run = self.weft(*self.replay("0.001"), code=2)
        self.assertIn("maxmemory-policy allkeys-lru", run.stderr)
        self.weft(*self.replay("0.001"), "--durability", "memory")


class Passwords(DurableRuns):
    redis_options = ["--requirepass", "open sesame"]

    def test_the_variable_opens_the_store_to_all_processes_of_a_run(self):
        run = self.weft("ps", code=7)
        self.assertIn("set WEFT_STORE_PASSWORD", run.stderr)
        self.environment["WEFT_STORE_PASSWORD"] = "open sesame"
        run = self.weft(*self.replay("0.001"), "--pool", "process:2")
        self.assertNotIn("WEFT_STORE_PASSWORD", run.stderr)
        self.assertEqual(self.listed(), [])


class Losses(DurableRuns):
    def test_a_worker_that_is_killed_is_told_of_and_the_run_succeeds(self):
        process = self.begin(*self.replay("0.05"), "--pool", "process:2", "--progress", "none")
        workers = self.until(lambda: self.workers_of(process), "a worker process")
        self.until(lambda: self.listed() and self.listed()[0]["workers_alive"] > 0, "a lease")
        self.until(lambda: self.status()["tasks"]["committed"] > 0, "a task is done")
        os.kill(workers[0], signal.SIGKILL)
        self.until(lambda: process.poll() is not None, "the run ends")
        self.assertEqual(process.returncode, 0, (self.home / "begun.log").read_text())

    def test_a_run_whose_submitter_was_killed_is_resumed(self):
        process = self.begin(*self.replay("0.05"), "--pool", "process:2")
        self.until(lambda: self.listed() and self.status()["tasks"]["committed"] > 0,
                   "a task is done")
        process.send_signal(signal.SIGKILL)
        process.wait()
        self.until(lambda: self.status()["workers_alive"] == 0, "the leases run out")
        self.assertIn("weft resume", self.weft("status", "last").stderr)
        resumed = self.weft("resume", "last", "--pool", "process:2", "--progress", "none")
        self.assertIn("succeeded", resumed.stdout)
        kinds = {event["event"] for event in self.status()["events"]}
        self.assertIn("task_requeued", kinds)
        self.weft("result", "last", "--keep")
        self.assertEqual(len(self.listed()), 1)
        self.weft("result", "last")
        self.assertEqual(self.listed(), [])


class StoresThatGoAway(DurableRuns):
    def setUp(self):
        super().setUp()
        self.environment["WEFT_STORE_PATIENCE"] = "500ms"

    def check_told(self, process, next_step):
        self.redis.kill()
        self.assertEqual(process.wait(timeout=PATIENCE), 7, self.log())
        self.assertIn("the store is away", self.log())
        self.assertIn(next_step, self.log())
        self.assertNotIn("0 of 0", self.log())

    def test_do_not_end_a_run_that_is_watched(self):
        run = self.weft(*self.replay("0.01"), "--detach").stdout.strip()
        watching = self.begin("watch", run)
        self.until(lambda: "nobody works" in self.log(), "it watches")
        self.check_told(watching, f"weft watch {run}")
        self.assertNotIn("failed", self.log())

    def test_do_not_end_a_run_whose_submitter_waits(self):
        running = self.begin(*self.replay("1"), "--pool", "process:2", "--progress", "none")
        self.until(lambda: self.listed() and self.listed()[0]["workers_alive"] > 0, "a lease")
        self.check_told(running, "weft resume")


class Nodes(DurableRuns):
    def test_outputs_of_commands_are_shown_by_their_fields(self):
        pipeline = self.pipeline("sums", [
            "sum: {shell: 'echo 91', out: {total: number, words: lines}}"])
        run = self.weft(*pipeline, "--detach").stdout.strip()
        self.assertIn("(its outputs;", self.finish(run))
        self.assertIn("sum  total: 91, words: [91]", self.weft("result", run, "--keep").stdout)
        outputs = json.loads(self.weft("result", run, "-o", "json").stdout)["outputs"]
        self.assertEqual(outputs, {"sum": {"total": 91, "words": ["91"]}})

    def finish(self, run):
        self.weft("resume", run, "--pool", "process:1", "--progress", "none")
        return self.weft("status", run).stderr

    def test_a_run_that_keeps_no_outputs_says_so(self):
        process = self.begin(*self.replay("0.05"), "--pool", "process:2")
        self.until(lambda: self.listed() and self.listed()[0]["workers_alive"] > 0, "a lease")
        process.kill()
        process.wait()
        self.assertIn("only runs with --detach", self.finish("last"))
        self.assertIn("only runs with --detach", self.weft("result", "last").stderr)

    def test_a_node_takes_a_detached_run_over_and_ends_when_it_is_told_to(self):
        node = self.begin("worker", "--pool", "process:2")
        run = self.weft(*self.replay("0.01"), "--detach").stdout.strip()
        watched = self.weft("watch", run, "--progress", "none")
        self.assertIn("succeeded", watched.stdout)
        outputs = json.loads(self.weft("result", run, "-o", "json").stdout)["outputs"]
        self.assertTrue(outputs)
        node.send_signal(signal.SIGTERM)
        self.assertEqual(node.wait(timeout=PATIENCE), 0)
        log = (self.home / "begun.log").read_text()
        self.assertIn(f"took over run {run}", log)


if __name__ == "__main__":
    WEFT = pathlib.Path(sys.argv[1]).resolve()
    TRACES = pathlib.Path(sys.argv[2]).resolve()
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
