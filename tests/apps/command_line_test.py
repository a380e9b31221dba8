#!/usr/bin/env python3
"""Runs the real program as users do: command_line_test.py <weft> <traces> [unittest arguments]

Nothing is waited for by sleeping: a test that needs a run under way reads its events first.
"""

import fcntl
import json
import os
import pathlib
import pty
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree

WEFT = None
TRACES = None
ESCAPE = "\x1b"


class CommandLineTest(unittest.TestCase):
    """A home, a working folder and an environment of its own for each test."""

    def setUp(self):
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="weft-cli-"))
        self.addCleanup(shutil.rmtree, self.home)
        self.work = self.home / "work"
        self.work.mkdir()
        self.environment = {"HOME": str(self.home), "PATH": os.environ["PATH"],
                            "LANG": "C.UTF-8", "TERM": "xterm"}
        for name, value in os.environ.items():
            if name.endswith("SAN_OPTIONS"):
                self.environment[name] = value

    def weft(self, *arguments, environment=None, stdout=subprocess.PIPE, **options):
        return subprocess.run(
            [WEFT, *map(str, arguments)], cwd=self.work, stdout=stdout, stderr=subprocess.PIPE,
            env={**self.environment, **(environment or {})}, timeout=120, text=True, **options)

    def ok(self, *arguments, **options):
        run = self.weft(*arguments, **options)
        self.assertEqual(run.returncode, 0, run.stderr)
        return run

    def replay(self, *arguments, trace="mosaic.json", time_scale="0.001", **options):
        return self.weft("run", TRACES / trace, "--time-scale", time_scale,
                         "--data-scale", "0.001", "--slots", 4, *arguments, **options)

    def begin(self, *arguments, **options):
        """A command under way."""
        process = subprocess.Popen(
            [WEFT, *arguments], cwd=self.work, env=self.environment, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, **options)
        self.addCleanup(process.__exit__, None, None, None)  # Waits, and closes its streams.
        self.addCleanup(process.kill)
        return process

    def start(self, *arguments, time_scale=1, **options):
        """A run that lasts (at scale 1 for minutes), under way: its first task has begun."""
        process = self.begin("run", TRACES / "mosaic.json", "--time-scale", str(time_scale),
                             "--data-scale", "0.001", "--slots", "2", "-o", "jsonl", *arguments,
                             **options)
        for line in process.stdout:
            if json.loads(line)["event"] == "task_started":
                return process
        self.fail("no task began: " + process.stderr.read())

    def last_run(self):
        return json.loads(self.ok("runs", "-n", 1, "-o", "json").stdout)[0]


class UserErrors(CommandLineTest):
    def refused(self, code, *arguments, says, environment=None):
        run = self.weft(*arguments, environment=environment)
        self.assertEqual(run.returncode, code, run.stderr)
        self.assertEqual(run.stdout, "")
        self.assertTrue(run.stderr.startswith("error: "), run.stderr)
        self.assertIn("hint: ", run.stderr)
        self.assertNotIn(ESCAPE, run.stderr)
        for part in says:
            self.assertIn(part, run.stderr)

    def test_a_misspelt_verb_is_answered_with_the_right_one(self):
        self.refused(2, "rnu", "x.json", says=["weft has no verb 'rnu'", "did you mean run"])

    def test_a_misspelt_flag_is_answered_with_the_right_one(self):
        self.refused(2, "run", "--slotss", "4", TRACES / "mosaic.json",
                     says=["weft run has no flag '--slotss'", "did you mean --slots?"])

    def test_a_misspelt_flag_is_named_even_when_an_argument_is_missing(self):
        self.refused(2, "run", "--tiem-scale=2", says=["'--tiem-scale'", "--time-scale"])

    def test_a_missing_argument_is_named(self):
        self.refused(2, "run", says=["weft run needs FILE"])

    def test_an_argument_too_many_is_named(self):
        self.refused(2, "runs", "extra", says=["no further argument 'extra'"])

    def test_a_file_that_is_not_there_is_answered_with_one_that_is(self):
        self.refused(2, "run", TRACES / "mosaik.json", says=["there is no file", "mosaic.json?"])

    def test_a_folder_is_no_workflow(self):
        self.refused(2, "run", TRACES, says=["is a folder"])

    def test_a_misspelt_planner_is_answered_with_the_right_one(self):
        self.refused(2, "run", TRACES / "mosaic.json", "--planner", "simpel",
                     says=["--planner: 'simpel'", "did you mean simple?"])

    def test_a_duration_without_unit_is_refused(self):
        self.refused(2, "run", TRACES / "mosaic.json", "--timeout", "30",
                     says=["--timeout: '30' is not a duration", "30s"])

    def test_a_choice_that_is_none_is_refused(self):
        self.refused(2, "graph", TRACES / "mosaic.json", "--format", "dott",
                     says=["did you mean dot?"])
        self.refused(2, "bench", "overhead", "--shape", "fam",
                     says=["--shape: 'fam' is none of", "did you mean fan?"])

    def test_a_number_that_is_none_is_refused(self):
        for number in "many", "-5", "0", "1.5", "1000000000000":
            self.refused(2, "runs", "-n", number,
                         says=[f"--limit: '{number}' is not a whole number from 1 to 1000000"])
        self.refused(2, "bench", "overhead", "--tasks", "0",
                     says=["--tasks: '0' is not a whole number from 1 to 10000000"])

    def test_a_shape_that_is_none_is_refused(self):
        self.refused(2, "generate", says=["weft generate needs SHAPE", "--list"])
        self.refused(2, "generate", "montag", says=["no shape 'montag'", "did you mean montage?"])
        self.refused(2, "generate", "montage", "--tasks", "30",
                     says=["'montage' cannot have 30 tasks", "from 31 to 1000000"])
        self.refused(2, "generate", "montage", "--tasks", "1000001", says=["--tasks: '1000001'"])
        self.refused(2, "generate", "montage", "--seed", "-1", says=["--seed: '-1'"])
    def test_a_size_that_is_none_is_refused(self):
        self.refused(2, "bench", "overhead", "--sizes", "10,many",
                     says=["'many' is not a whole number from 1 to 10000000"])

    def test_a_flag_without_its_argument_is_told_what_it_needs(self):
        self.refused(2, "run", TRACES / "mosaic.json", "--trace", says=["--trace needs FILE"])

    def test_a_flag_before_the_verb_that_takes_it_is_told_its_place(self):
        self.refused(2, "--history", "h.db", "runs",
                     says=["weft has no flag '--history'", "hint: write it after the verb: "
                           "weft runs --history"])

    def test_a_format_is_refused_where_there_is_none_to_choose(self):
        for arguments in (["completion", "bash"], ["trace", "last"],
                          ["graph", TRACES / "mosaic.json"]):
            run = self.weft(*arguments, "-o", "json")
            self.assertEqual(run.returncode, 2)
            self.assertIn(f"weft {arguments[0]} takes no --output", run.stderr)
        self.refused(2, "graph", TRACES / "mosaic.json", "-o", "x.svg",
                     says=["weft graph takes no --output", "-O FILE"])
        self.assertEqual(os.listdir(self.work), [])

    def test_a_timeout_of_no_time_is_refused(self):
        self.refused(2, "run", TRACES / "mosaic.json", "--timeout", "0s",
                     says=["--timeout: '0s' is not above 0"])

    def test_a_configuration_without_end_is_refused(self):
        self.refused(2, "runs", "--config", "/dev/zero", says=["/dev/zero is larger than 1 MiB"])

    def test_a_file_that_is_no_workflow_ends_with_3(self):
        (self.work / "x.json").write_text("{ not json")
        self.refused(3, "run", "x.json", says=["is not JSON", "line 1"])

    def test_a_run_that_nobody_recorded_is_unknown(self):
        self.refused(2, "show", "last", says=["no run has been recorded", "weft run FILE"])

    def test_a_file_that_cannot_be_written_is_named(self):
        self.refused(2, "graph", TRACES / "mosaic.json", "-O", "/nonexistent/x.svg",
                     says=["'/nonexistent/x.svg' cannot be written"])

    def test_a_trace_that_cannot_be_written_is_named_before_anything_is_run(self):
        self.refused(2, "run", TRACES / "mosaic.json", "--trace", "/nonexistent/t.json",
                     says=["'/nonexistent/t.json' cannot be written"])
        self.assertEqual(list(self.home.rglob("*.db")), [])

    def test_an_unknown_setting_of_a_file_is_named_with_its_line(self):
        (self.work / "weft.toml").write_text("[pool]\nslot = 4\n")
        self.refused(2, "runs", says=["weft.toml:2: 'pool.slot'", "did you mean pool.slots?"])

    def test_an_unknown_variable_of_a_known_section_is_named(self):
        self.refused(2, "runs", environment={"WEFT_POOL_SLOT": "1"},
                     says=["WEFT_POOL_SLOT", "did you mean pool.slots?"])

    def test_a_variable_that_sets_nothing_is_named_beside_the_result(self):
        variables = {"WEFT_POOLS_SLOTS": "1", "WEFT_SLOT": "1", "WEFT_CACHE_DIR": "/x",
                     "WEFT_WFINSTANCES": "/x", "WEFT_UPDATE_GOLDEN": "1", "WEFT_POOL_SLOTS": "1"}
        run = self.ok("runs", environment=variables)
        self.assertEqual([line for line in run.stderr.splitlines() if "WEFT" in line],
                         ["warning: WEFT_POOLS_SLOTS sets nothing; did you mean WEFT_POOL_SLOTS?",
                          "warning: WEFT_SLOT sets nothing; weft config keys lists what there is"])
        self.assertEqual(self.ok("runs", "-q", environment=variables).stderr, "")

    def test_a_history_that_is_none_ends_with_7(self):
        (self.work / "h.db").write_text("this is no database, whatever its name may say" * 100)
        self.refused(7, "runs", "--history", "h.db", says=["h.db"])

    def test_a_file_that_is_no_history_is_not_to_be_moved_away(self):
        run = self.weft("run", TRACES / "mosaic.json", "--history", "/etc/passwd")
        self.assertEqual(run.returncode, 7, run.stderr)
        self.assertIn("name another file: this one is no history", run.stderr)
        self.assertNotIn("move", run.stderr)

    def test_a_home_without_room_for_a_history_is_told_of_the_way_out(self):
        (self.home / ".local").write_text("not a folder")
        run = self.weft("run", TRACES / "mosaic.json")
        self.assertEqual(run.returncode, 7, run.stderr)
        self.assertIn("--history :memory: runs without one", run.stderr)

    def test_an_option_out_of_range_is_refused(self):
        self.refused(2, "run", TRACES / "mosaic.json", "--slots", "5000", says=["1024"])

    def test_no_arguments_are_answered_with_help_and_2(self):
        run = self.weft()
        self.assertEqual((run.returncode, run.stdout), (2, ""))
        self.assertIn("verbs", run.stderr)

    def test_an_error_is_said_in_json_where_results_are_json(self):
        run = self.weft("run", "x.json", "-o", "jsonl")
        verdict = json.loads(run.stdout.splitlines()[-1])
        self.assertEqual((run.returncode, verdict["exit_code"]), (2, 2))
        self.assertEqual(verdict["error"]["code"], "invalid_argument")

    def test_a_full_disk_ends_with_9(self):
        with open("/dev/full", "w") as full:
            run = self.weft("graph", TRACES / "mosaic.json", stdout=full)
            help_text = self.weft("--help", stdout=full)
        for said in run, help_text:
            self.assertEqual(said.returncode, 9, said.stderr)
            self.assertIn("cannot be written", said.stderr)

    def test_a_standard_output_that_is_closed_ends_with_9_and_harms_no_file(self):
        closed = lambda: os.close(1)
        for arguments in ["--help"], ["run", TRACES / "mosaic.json", "--time-scale", "0"]:
            run = self.weft(*arguments, stdout=None, preexec_fn=closed)
            self.assertEqual(run.returncode, 9, run.stderr)
            self.assertIn("cannot be written", run.stderr)
        self.assertEqual(self.last_run()["state"], "succeeded")


class Runs(CommandLineTest):
    def test_a_run_is_summed_up_recorded_and_drawn(self):
        run = self.replay("--trace", "t.json")
        self.assertEqual(run.returncode, 0, run.stderr)
        for part in ("succeeded", "88 of 88 done", "critical path", "where the time went",
                     "cold start", "replay.project@1"):
            self.assertIn(part, run.stdout)
        for part in ("running mosaic: 88 tasks", "history  ", "weft show", "weft trace"):
            self.assertIn(part, run.stderr)
        self.assertNotIn(ESCAPE, run.stdout + run.stderr)
        last = self.last_run()
        self.assertEqual(last["state"], "succeeded")
        self.assertIn(last["run"], run.stdout)
        self.assertEqual(self.ok("show", "last").stdout, run.stdout)
        self.assertEqual(self.ok("show", last["run"][:12]).stdout, run.stdout)
        self.assertEqual(self.ok("trace", "last").stdout, (self.work / "t.json").read_text())

    def test_a_trace_has_a_slice_for_each_task_and_an_arrow_for_each_edge(self):
        self.replay()
        self.ok("trace", "last", "-O", "t.json")
        events = json.loads((self.work / "t.json").read_text())["traceEvents"]
        validation = json.loads(self.ok("validate", TRACES / "mosaic.json", "-o", "json").stdout)
        of = lambda phase: [event for event in events if event["ph"] == phase]
        self.assertEqual(len(of("X")), validation["tasks"])
        self.assertEqual(len(of("s")), validation["edges"])
        self.assertEqual(len(of("f")), validation["edges"])
        self.assertEqual(len({event["tid"] for event in of("X")}), 4)
        self.assertEqual(os.listdir(self.work), ["t.json"])

    def test_a_trace_as_csv_has_a_line_for_each_attempt(self):
        self.replay()
        lines = self.ok("trace", "last", "--format", "csv").stdout.splitlines()
        self.assertEqual(len(lines), 89)
        self.assertTrue(lines[0].startswith("task,name,function,attempt"))

    def test_a_run_is_exported_as_a_workflow_of_the_same_structure_that_runs_again(self):
        self.replay()
        self.ok("trace", "last", "--format", "wfformat", "-O", "again.json")
        original = json.loads((TRACES / "mosaic.json").read_text())
        exported = json.loads((self.work / "again.json").read_text())
        structure = lambda document: {
            task["id"]: (sorted(task["parents"]), sorted(task["children"]))
            for task in document["workflow"]["specification"]["tasks"]}
        self.assertEqual(structure(exported), structure(original))
        self.assertEqual({machine["nodeName"] for machine in
                          exported["workflow"]["execution"]["machines"]},
                         {f"worker-{i}" for i in range(4)})
        run = self.ok("run", "again.json", "--time-scale", "0")
        self.assertIn("88 of 88 done", run.stdout)

    def test_a_run_that_was_cancelled_is_exported_as_far_as_it_came(self):
        process = self.start()
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
        made = self.ok("trace", "last", "--format", "wfformat", "-O", "part.json")
        self.assertIn("were never tried and are left out", made.stderr)
        validation = json.loads(self.ok("validate", "part.json", "-o", "json").stdout)
        self.assertIn(validation["tasks"], range(1, 88))
        self.assertIn("cancelled, ", (self.work / "part.json").read_text())

    def test_every_shape_is_made_up_validated_and_run(self):
        lines = self.ok("generate", "--list").stdout.splitlines()[1:]
        self.assertGreaterEqual(len(lines), 13)
        for shape in (line.split()[0] for line in lines):
            file = f"{shape}.json"
            made = self.ok("generate", shape, "--tasks", 60, "--seed", 5, "-O", file)
            self.assertIn(f"{file}: {shape}-", made.stderr)
            tasks = json.loads(self.ok("validate", file, "-o", "json").stdout)["tasks"]
            run = self.ok("run", file, "--time-scale", "0", "--data-scale", "1e-6")
            self.assertIn(f"{tasks} of {tasks} done", run.stdout)

    def test_the_same_seed_makes_the_same_file(self):
        once = self.ok("generate", "montage", "--tasks", 300, "--seed", 7).stdout
        self.ok("generate", "montage", "--tasks", 300, "--seed", 7, "-O", "m.json")
        self.assertEqual((self.work / "m.json").read_text(), once)
        self.assertNotEqual(
            self.ok("generate", "montage", "--tasks", 300, "--seed", 8).stdout, once)
        named = json.loads(self.ok("generate", "blast", "--name", "search").stdout)
        self.assertEqual(named["name"], "search")

    def test_the_last_line_of_events_is_the_whole_verdict(self):
        run = self.replay("-o", "jsonl")
        lines = [json.loads(line) for line in run.stdout.splitlines()]
        self.assertEqual(lines[0]["event"], "submitted")
        committed = [line for line in lines if line["event"] == "task_committed"]
        self.assertEqual(len(committed), 88)
        self.assertEqual(lines[-1]["event"], "summary")
        self.assertEqual((lines[-1]["exit_code"], lines[-1]["state"]), (0, "succeeded"))

    def test_json_is_one_document(self):
        summary = json.loads(self.replay("-o", "json").stdout)
        phases = summary["critical_path"]["phases"]
        self.assertEqual(sum(phases.values()), summary["critical_path"]["duration_ns"])
        self.assertLessEqual(summary["critical_path"]["duration_ns"], summary["makespan_ns"])
        self.assertEqual(summary["tasks"]["committed"], 88)

    def test_quiet_prints_the_result_alone(self):
        run = self.replay("-q")
        self.assertEqual(run.stderr, "")
        self.assertIn("succeeded", run.stdout)

    def test_a_beginning_that_many_runs_share_is_refused(self):
        self.replay()
        self.replay()
        run = self.weft("show", self.last_run()["run"][:1])
        self.assertEqual(run.returncode, 2)
        self.assertIn("2 runs begin with", run.stderr)

    def test_runs_are_listed_newest_first_and_by_workflow(self):
        self.replay(trace="fork_join.json")
        self.replay()
        ids = self.ok("runs", "--ids").stdout.split()
        self.assertEqual(ids, sorted(ids, reverse=True))
        self.assertEqual(len(ids), 2)
        listed = self.ok("runs", "--workflow", "fork_join").stdout
        self.assertEqual(len(listed.splitlines()), 2)

    def test_a_history_in_memory_leaves_nothing_behind(self):
        run = self.replay("--history", ":memory:")
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertIn("not kept", run.stderr)
        self.assertEqual(list(self.home.rglob("*.db")), [])

    def test_a_trace_that_does_not_fit_costs_no_summary(self):
        run = self.replay("--trace", "/dev/full")
        self.assertEqual(run.returncode, 9, run.stderr)
        self.assertIn("88 of 88 done", run.stdout)
        self.assertIn("'/dev/full' cannot be written", run.stderr)

    def test_a_summary_that_nobody_reads_leaves_the_run_as_it_was(self):
        process = self.begin("run", TRACES / "mosaic.json", "--time-scale", "0", "--data-scale",
                             "0")
        process.stdout.close()
        self.assertEqual((process.wait(timeout=60), process.stderr.read().count("error")), (0, 0))
        self.assertEqual(self.last_run()["state"], "succeeded")

    def test_a_run_that_takes_too_long_ends_with_124(self):
        run = self.replay("--timeout", "50ms", time_scale="1")
        self.assertEqual(run.returncode, 124, run.stderr)
        self.assertEqual(self.last_run()["state"], "failed")

    def test_verbose_names_each_task_that_is_done(self):
        self.assertIn("done: view_001 on worker", self.replay("-v").stderr)


class Modules(CommandLineTest):
    def setUp(self):
        super().setUp()
        self.modules = WEFT.parent.parent / "tests" / "modules"

    def module(self, name):
        return self.modules / f"libmodule_{name}.so"

    def test_modules_are_shown_with_their_functions(self):
        text = self.ok("module", "show", self.module("workshop"), self.module("rival")).stdout
        for part in "workshop@1", "rival@3", "workshop.oversleep@2", str(self.module("rival")):
            self.assertIn(part, text)
        shown = json.loads(self.ok("module", "show", self.module("rival"), "-o", "json").stdout)
        self.assertEqual(shown[0]["module"], "rival@3")
        self.assertEqual(shown[0]["functions"],
                         ["rival.pack@1", "workshop.pack@1", "workshop.weigh@1"])

    def test_every_verb_that_takes_a_workflow_loads_modules_first(self):
        flags = "--module", self.module("workshop"), TRACES / "mosaic.json"
        for verb in "validate", "plan", "graph":
            self.ok(verb, *flags)
        self.assertEqual(self.replay("--module", self.module("workshop")).returncode, 0)
        for verb in "run", "validate", "plan", "graph":
            run = self.weft(verb, *flags, "--module", self.module("rival"))
            self.assertEqual(run.returncode, 2, run.stderr)
            self.assertIn("module 'rival@3' is not loaded: its names are taken", run.stderr)
            self.assertIn("it came with module 'workshop@1'", run.stderr)

    def test_what_is_no_module_ends_with_2_and_a_reason(self):
        (self.work / "text.so").write_text("no library")
        for file, reason in (("text.so", "is not an ELF file"), ("gone.so", "No such file"),
                             (self.module("other_build"), "was built against weft '0.0.9-"),
                             (self.module("throwing"), "no licence for this machine")):
            for arguments in (["module", "show", file],
                              ["run", "--module", file, TRACES / "mosaic.json"]):
                run = self.weft(*arguments)
                self.assertEqual((run.returncode, run.stdout), (2, ""), run.stderr)
                self.assertIn(reason, run.stderr)
                self.assertIn("hint: ", run.stderr)

    def test_a_new_project_is_whole_and_bears_its_name(self):
        run = self.ok("new", "blur-functions", "--name", "blur")
        self.assertIn("next     cd blur-functions", run.stderr)
        files = {str(path.relative_to(self.work / "blur-functions")): path.read_text()
                 for path in (self.work / "blur-functions").rglob("*") if path.is_file()}
        self.assertEqual(sorted(files), [".gitignore", "CMakeLists.txt", "README.md",
                                         "pipeline.yaml", "src/functions.cpp", "src/functions.hpp",
                                         "src/module.cpp", "tests/module_test.cpp"])
        version = json.loads(self.ok("version", "-o", "json").stdout)["version"]
        self.assertIn(f"find_package(weft {version} REQUIRED)", files["CMakeLists.txt"])
        self.assertIn('"blur.square@1"', files["src/module.cpp"])
        for text in files.values():
            self.assertNotIn("starter", text)
            self.assertNotIn("WEFT_VERSION", text)

    def test_a_new_project_takes_the_name_of_its_folder_even_if_that_is_there_and_empty(self):
        (self.work / "my-blur").mkdir()
        said = json.loads(self.ok("new", "my-blur/", "-o", "json").stdout)
        self.assertEqual(said["module"], "my_blur")
        self.assertTrue((self.work / "my-blur" / "CMakeLists.txt").is_file())

    def test_a_project_that_cannot_be_written_leaves_nothing(self):
        (self.work / "full").mkdir()
        (self.work / "full" / "thesis.tex").write_text("years of work")
        (self.work / "file").write_text("")
        before = sorted(self.work.rglob("*"))
        for arguments, reason in ((["full"], "is not an empty folder"), (["file"], "is a file"),
                                  (["Blur"], "cannot be the name of a module"),
                                  (["x", "--name", "namespace"], "cannot be the name"),
                                  (["x", "--name", "../x"], "cannot be the name")):
            run = self.weft("new", *arguments)
            self.assertEqual(run.returncode, 2, run.stderr)
            self.assertIn(reason, run.stderr)
        run = self.weft("new", "/proc/none/blur")
        self.assertEqual(run.returncode, 9, run.stderr)
        self.assertIn("cannot be written", run.stderr)
        self.assertEqual(sorted(self.work.rglob("*")), before)

    def test_the_current_folder_is_not_replaced(self):
        run = self.weft("new", ".", "--name", "blur")
        self.assertEqual(run.returncode, 2, run.stderr)
        self.assertIn("is the current folder", run.stderr)

class Benchmarks(CommandLineTest):
    """Whether they measure what they say; never how long it took."""

    def figures(self, *arguments):
        lines = self.ok("bench", *arguments, "--json").stdout.splitlines()
        return [json.loads(line) for line in lines]

    def test_every_shape_has_a_line_of_figures(self):
        figures = self.figures("overhead", "--tasks", 50, "--repetitions", 1)
        self.assertEqual([line["shape"] for line in figures],
                         ["chain", "fan", "tree", "gemm", "layered"])
        for line in figures:
            self.assertGreater(line["us_per_task"], 0)

    def test_sizes_are_compared_with_the_first(self):
        figures = self.figures("overhead", "--shape", "chain", "--sizes", "20,40,80",
                               "--repetitions", 1)
        self.assertEqual([line["tasks"] for line in figures], [20, 40, 80])
        self.assertEqual(figures[0]["growth"], 1)

    def test_recorded_runs_stand_beside_those_that_are_not(self):
        line, = self.figures("overhead", "--shape", "tree", "--tasks", 50, "--recorded",
                             "--repetitions", 2)
        self.assertGreater(line["recorded_us_per_task"], 0)
        self.assertGreater(line["recording_ratio"], 0)

    def test_payloads_are_measured_in_the_order_given(self):
        figures = self.figures("payload", "--shape", "gemm", "--tasks", 30, "--bytes", "8,4096",
                               "--repetitions", 1)
        self.assertEqual([line["payload_bytes"] for line in figures], [8, 4096])

    def test_starting_and_ending_have_a_line_for_each_step(self):
        figures = self.figures("startup", "--engines", 2, "--runs", 3)
        self.assertEqual([line["samples"] for line in figures], [2, 2, 2, 6, 6, 2])
        for entered, over in (1, 2), (3, 4):
            self.assertLess(figures[entered]["min_us"], figures[over]["min_us"])

    def test_building_says_what_a_task_holds_in_memory(self):
        line, = self.figures("build", "--shape", "fan", "--tasks", 10000, "--repetitions", 1)
        self.assertEqual(line["tasks"], 10002)
        if "ASAN_OPTIONS" not in os.environ:  # Its allocator does not say what it has given away.
            self.assertGreater(line["graph_bytes_per_task"], 32)

    def test_a_table_is_for_people(self):
        table = self.ok("bench", "startup", "--engines", 1, "--runs", 1).stdout
        self.assertIn("submit to function", table)

class Signals(CommandLineTest):
    def ended(self, process):
        output, errors = process.communicate(timeout=60)
        return process.returncode, output.splitlines(), errors

    def test_an_interrupt_cancels_the_run_and_ends_with_6(self):
        process = self.start()
        process.send_signal(signal.SIGINT)
        code, lines, errors = self.ended(process)
        self.assertEqual(code, 6, errors)
        self.assertIn("cancelling the run; once more stops at once", errors)
        self.assertEqual(json.loads(lines[-1])["state"], "cancelled")
        self.assertEqual(self.last_run()["state"], "cancelled")

    def test_a_request_to_end_cancels_the_run_and_ends_with_143(self):
        for request in signal.SIGTERM, signal.SIGHUP:
            process = self.start()
            process.send_signal(request)
            code, lines, errors = self.ended(process)
            self.assertEqual(code, 143, errors)
            self.assertEqual(self.last_run()["state"], "cancelled")

    def test_a_terminal_that_goes_ends_no_run_that_was_started_to_outlive_it(self):
        process = self.start(preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
        process.send_signal(signal.SIGHUP)
        process.send_signal(signal.SIGINT)
        code, _, errors = self.ended(process)
        self.assertEqual(code, 6, errors)

    def test_a_reader_of_events_that_goes_cancels_the_run(self):
        process = self.start(time_scale=0.02)  # The next event tells.
        process.stdout.close()
        self.assertEqual(process.wait(timeout=60), 6)
        self.assertIn("Broken pipe; cancelling the run", process.stderr.read())
        self.assertEqual(self.last_run()["state"], "cancelled")

    def test_one_signal_is_enough_before_a_run(self):
        os.mkfifo(self.work / "slow.json")
        process = self.begin("run", "slow.json")
        with open(self.work / "slow.json", "w"):  # Opens once the other end is being read.
            process.send_signal(signal.SIGINT)
            code, _, errors = self.ended(process)
        self.assertEqual((code, errors), (130, "\nstopped at once\n"))
        self.assertEqual(list(self.home.rglob("*.db")), [])

    def test_one_signal_is_enough_after_a_run(self):
        os.mkfifo(self.work / "t.json")
        process = self.begin("run", TRACES / "mosaic.json", "--time-scale", "0", "--data-scale",
                             "0", "--trace", "t.json")
        with open(self.work / "t.json") as trace:
            fcntl.fcntl(trace, fcntl.F_SETPIPE_SZ, 4096)  # Less than a trace, which waits for us.
            self.assertIn("mosaic", process.stdout.readline())
            process.send_signal(signal.SIGTERM)
            code, _, errors = self.ended(process)
        self.assertEqual(code, 143, errors)
        self.assertIn("stopped at once", errors)
        self.assertEqual(self.last_run()["state"], "succeeded")

    def test_a_run_that_is_stopped_at_once_leaves_no_part_of_its_trace(self):
        process = self.start("--trace", "t.json")
        self.assertEqual(len(os.listdir(self.work)), 1)
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
        self.assertIn("stopped at once", self.ended(process)[2])
        self.assertEqual(os.listdir(self.work), [])

    def test_a_second_signal_stops_at_once_and_leaves_no_run_as_running(self):
        process = self.start()
        # Two signals of one kind would be delivered as one.
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
        code, _, errors = self.ended(process)
        self.assertIn(code, (130, 143), errors)
        self.assertIn("stopped at once", errors)
        self.assertEqual(self.last_run()["state"], "cancelled")


class Configuration(CommandLineTest):
    def shown(self, key, *arguments, **options):
        run = self.ok("config", "show", "-o", "json", *arguments, **options)
        return json.loads(run.stdout)[key]

    def test_flags_win_over_variables_over_files_and_losers_are_shown(self):
        config = self.home / ".config" / "weft"
        config.mkdir(parents=True)
        (config / "config.toml").write_text("[output]\ncolor = \"always\"\n")
        (self.work / "weft.toml").write_text("[output]\n\ncolor = \"never\"\n")
        variable = {"WEFT_OUTPUT_COLOR": "auto"}
        value = self.shown("output.color", "--color", "always", environment=variable)
        self.assertEqual((value["value"], value["origin"]), ("always", "--color"))
        losers = [(loser["value"], loser["origin"]) for loser in value["overridden"]]
        self.assertEqual(losers, [("auto", "WEFT_OUTPUT_COLOR"), ("never", "./weft.toml:3"),
                                  ("always", str(config / "config.toml") + ":2"),
                                  ("auto", "default")])

    def test_a_file_that_is_named_stands_in_for_the_one_in_the_folder(self):
        (self.work / "weft.toml").write_text("[pool]\nslots = 3\n")
        (self.work / "other.toml").write_text("[pool]\nslots = 5\n")
        self.assertEqual(self.shown("pool.slots")["value"], "3")
        self.assertEqual(self.shown("pool.slots", "--config", "other.toml")["value"], "5")
        self.assertEqual(self.weft("runs", "--config", "none.toml").returncode, 2)

    def test_the_history_follows_the_state_folder_of_the_user(self):
        self.assertEqual(self.shown("history.file")["value"],
                         str(self.home / ".local/state/weft/history.db"))
        moved = self.shown("history.file", environment={"XDG_STATE_HOME": "/somewhere"})
        self.assertEqual(moved["value"], "/somewhere/weft/history.db")

    def test_a_broken_configuration_leaves_help_and_version_working(self):
        (self.work / "weft.toml").write_text("[pool\n")
        self.assertEqual(self.weft("runs").returncode, 2)
        self.ok("version")
        self.ok("run", "--help")
        self.ok("config", "keys")

    def test_keys_are_there_for_programs(self):
        keys = {key["setting"]: key for key in
                json.loads(self.ok("config", "keys", "-o", "json").stdout)}
        lines = self.ok("config", "keys", "-o", "jsonl").stdout.splitlines()
        self.assertEqual([json.loads(line) for line in lines], list(keys.values()))
        self.assertEqual(keys["output.color"],
                         {"setting": "output.color", "type": "text", "default": "auto",
                          "variable": "WEFT_OUTPUT_COLOR", "meaning": "Whether output is coloured.",
                          "choices": ["auto", "always", "never"]})
        self.assertEqual(keys["pool.slots"].get("choices"), None)

    def test_origins_are_shown_for_people(self):
        shown = self.ok("config", "show", "--origin", environment={"WEFT_POOL_SLOTS": "7"}).stdout
        self.assertRegex(shown, r"pool.slots +7 +WEFT_POOL_SLOTS\n +overridden +0 +default")


class Texts(CommandLineTest):
    def test_every_verb_explains_itself_with_an_example(self):
        verbs = re.findall(r"^  ([a-z]+) ", self.ok("--help").stdout.split("\nverbs\n")[1]
                           .split("\nflags\n")[0], re.MULTILINE)
        self.assertGreaterEqual(len(verbs), 10)
        for verb in verbs:
            text = self.ok(verb, "--help").stdout
            self.assertIn("\nexamples\n", text, verb)
            self.assertIn("global flags", text, verb)
            self.assertLessEqual(max(map(len, text.splitlines())), 100, verb)

    def test_the_version_is_there_for_people_and_programs(self):
        version = json.loads(self.ok("version", "-o", "json").stdout)
        self.assertIn("weft " + version["version"], self.ok("version").stdout)

    def test_global_flags_stand_before_or_behind_the_verb(self):
        self.assertEqual(self.ok("-o", "json", "version").stdout,
                         self.ok("version", "-o", "json").stdout)

    def test_pictures_are_in_the_format_that_was_asked_for(self):
        svg = self.ok("graph", TRACES / "mosaic.json").stdout
        xml.etree.ElementTree.fromstring(svg)
        self.assertEqual(svg.count("<rect x="), 88 + 8)  # Tasks, and functions in the legend.
        self.ok("graph", TRACES / "mosaic.json", "-O", "m.svg")
        self.assertEqual((self.work / "m.svg").read_text(), svg)
        dot = self.ok("graph", TRACES / "mosaic.json", "--format", "dot").stdout
        self.assertTrue(dot.startswith('digraph "mosaic" {'))
        mermaid = self.ok("graph", TRACES / "mosaic.json", "--format", "mermaid", "--by",
                          "function").stdout
        self.assertIn("replay.project@1 x20", mermaid)

    def test_a_plan_says_what_would_be_done_and_does_nothing(self):
        text = self.ok("plan", TRACES / "mosaic.json", "--workers", 3).stdout
        self.assertIn("88 tasks on 3 workers", text)
        self.assertIn("critical path", text)
        plan = json.loads(self.ok("plan", TRACES / "mosaic.json", "-o", "json").stdout)
        self.assertEqual(len(plan["tasks"]), 88)
        lines = self.ok("plan", TRACES / "mosaic.json", "-o", "jsonl").stdout.splitlines()
        self.assertEqual([json.loads(line) for line in lines], [plan])
        self.assertEqual(list(self.home.rglob("*.db")), [])

    def test_every_problem_of_a_workflow_is_named(self):
        document = json.loads((TRACES / "mosaic.json").read_text())
        tasks = document["workflow"]["specification"]["tasks"]
        tasks[0]["inputFiles"] = ["nowhere"]
        tasks[1]["parents"] = ["nobody"]
        (self.work / "x.json").write_text(json.dumps(document))
        run = self.weft("validate", "x.json", "-o", "json")
        self.assertEqual(run.returncode, 3)
        messages = " ".join(problem["message"] for problem in json.loads(run.stdout)["problems"])
        self.assertIn("nowhere", messages)
        self.assertIn("nobody", messages)

    def test_a_workflow_whose_files_fit_no_memory_is_refused_only_to_be_run(self):
        document = json.loads((TRACES / "mosaic.json").read_text())
        for file in document["workflow"]["specification"]["files"]:
            file["sizeInBytes"] = 1 << 40
        (self.work / "big.json").write_text(json.dumps(document))
        for verb in "validate", "graph", "plan":
            self.ok(verb, "big.json")
        refused = self.weft("run", "big.json")
        self.assertEqual(refused.returncode, 9, refused.stderr)
        self.assertIn("replay it with a data scale of", refused.stderr)

    def test_completion_scripts_are_sound_and_complete_verbs_flags_and_choices(self):
        script = self.ok("completion", "bash").stdout
        for shell in ("bash", "zsh", "fish"):
            self.assertIn("weft", self.ok("completion", shell).stdout)
        (self.work / "two words.json").write_text("")
        def completed(*words):
            probe = (f"{script}\nCOMP_WORDS=({' '.join(map(shlex.quote, words))}); "
                     f"COMP_CWORD={len(words) - 1}; _weft; printf '%s\\n' \"${{COMPREPLY[@]}}\"")
            run = subprocess.run(["bash", "-c", probe], capture_output=True, text=True,
                                 cwd=self.work,
                                 env={**self.environment, "PATH": f"{WEFT.parent}:/usr/bin:/bin"})
            self.assertEqual(run.stderr, "")
            return run.stdout.splitlines()
        self.assertEqual(completed("weft", "ru"), ["run", "runs"])
        self.assertEqual(completed("weft", "run", "--time"), ["--time-scale", "--timeout"])
        self.assertEqual(completed("weft", "graph", "--format", "s"), ["svg"])
        self.assertEqual(completed("weft", "config", "s"), ["show"])
        self.assertEqual(completed("weft", "show", "l"), ["last"])
        self.assertEqual(completed("weft", "--color", "never", "-q", "graph", "--by", "t"),
                         ["task"])
        self.assertEqual(completed("weft", "-o", "js"), ["json", "jsonl"])
        self.assertEqual(completed("weft", "bench", "overhead", "--shape", "l"), ["layered"])
        self.assertEqual(completed("weft", "generate", "m"), ["montage"])
        self.assertEqual(completed("weft", "trace", "--format", "w"), ["wfformat"])
        self.assertEqual(completed("weft", "run", "two"), ["two words.json"])
        self.assertEqual(completed("weft", "run", "--trace", "two"), ["two words.json"])
        self.assertEqual(completed("weft", "run", "--slots", ""), [""])
        self.assertEqual(completed("weft", "run", "--planner", "s"), ["simple"])
        every = completed("weft", "run", "--")
        self.assertEqual(len(every), len(set(every)))
        self.replay()
        self.assertEqual(completed("weft", "runs", "--workflow", "m"), ["mosaic"])


class Terminals(CommandLineTest):
    def on_terminal(self, *arguments, environment=None):
        """What a terminal of 80 columns would be sent on the standard error."""
        master, slave = pty.openpty()
        with subprocess.Popen(
                [WEFT, "run", TRACES / "fork_join.json", "--time-scale", "0.002",
                 "--data-scale", "0.001", *arguments], cwd=self.work, stderr=slave,
                stdout=subprocess.DEVNULL, env={**self.environment, **(environment or {})}) as run:
            os.close(slave)
            received = b""
            try:
                while part := os.read(master, 65536):
                    received += part
            except OSError:  # The other end was closed.
                pass
        os.close(master)
        self.assertEqual(run.returncode, 0)
        return received.decode()

    def test_a_terminal_gets_a_bar_that_is_gone_at_the_end(self):
        text = self.on_terminal()
        self.assertRegex(text, r"\r.*\d+/35 +\d+ %")
        self.assertRegex(text, r"\r\x1b\[K\r\n?history")

    def test_a_terminal_without_color_gets_none(self):
        for arguments, environment in (([], {"NO_COLOR": "1"}), (["--no-color"], {}),
                                       (["--color", "never"], {})):
            self.assertNotRegex(self.on_terminal(*arguments, environment=environment),
                                r"\x1b\[\d*m")

    def test_a_terminal_that_cannot_move_its_cursor_gets_lines(self):
        self.assertNotIn(ESCAPE, self.on_terminal(environment={"TERM": "dumb"}))


if __name__ == "__main__":
    WEFT = pathlib.Path(sys.argv[1]).resolve()
    TRACES = pathlib.Path(sys.argv[2]).resolve()
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
