#!/usr/bin/env python3
"""Runs pipelines as users do: pipelines_test.py <weft> <project> <module> [unittest arguments]

Nothing is waited for by sleeping: commands that have to be under way open a named pipe.
"""

import json
import os
import pathlib
import re
import resource
import select
import signal
import sys
import textwrap
import unittest

import command_line_test
from command_line_test import CommandLineTest

PROJECT = None
MODULE = None  # examples/module, built.


class PipelineTest(CommandLineTest):
    def write(self, text, name="pipeline.yaml"):
        (self.work / name).write_text(textwrap.dedent(text))
        return name

    def pipeline(self, tasks, name="pipeline.yaml", head="version: 1\nname: trial\n"):
        return self.write(head + "tasks:\n" + textwrap.indent(textwrap.dedent(tasks), "  "), name)

    def read(self, name):
        return (self.work / name).read_text()

    def refused(self, file, *says, code=3):
        run = self.weft("validate", file)
        self.assertEqual(run.returncode, code, run.stdout + run.stderr)
        for words in says:
            self.assertIn(words, run.stdout + run.stderr)
        return run


class Commands(PipelineTest):
    def test_what_one_command_prints_the_next_one_reads(self):
        self.ok("run", self.pipeline("""\
            one: {run: [echo, "a b"], out: {text: text}}
            two: {run: [printf, "%s|", "${one.text}", "${params.end}"], stdout: "${out.all}", out: {all: "file:result"}}
            """, head="version: 1\nname: trial\nparams: {end: .}\n"), "--param", "end=!")
        self.assertEqual(self.read("result"), "a b|!|")

    def test_foreach_goes_over_a_list_that_is_known_only_at_run_time(self):
        self.ok("run", self.pipeline("""\
            numbers: {run: [seq, 12], out: {all: lines}}
            square: {foreach: "${numbers.all}", shell: "echo $((${item} * ${item}))", out: {value: number}}
            sum: {run: [echo, "${square.*.value}"], stdout: "${out.all}", out: {all: "file:result"}}
            """))
        self.assertEqual(self.read("result").split(), [str(i * i) for i in range(1, 13)])

    def test_an_empty_list_is_fine(self):
        self.ok("run", self.pipeline("""\
            none: {run: ["true"], out: {all: lines}}
            each: {foreach: "${none.all}", run: ["false"], out: {x: text}}
            all: {run: [echo, none, "${each.*.x}"], stdout: "${out.all}", out: {all: "file:result"}}
            """))
        self.assertEqual(self.read("result"), "none\n")

    def test_a_chain_of_foreach_goes_on_item_by_item(self):
        self.ok("run", self.pipeline("""\
            name: {foreach: [b, a], run: [echo, "${item}${index}"], stdout: "${out.file}", out: {file: file}}
            again: {foreach: "${name.*.file}", shell: "cat ${item} ${name.file}", out: {text: text}}
            all: {run: [echo, "${again.*.text}"], stdout: "${out.all}", out: {all: "file:result"}}
            """))
        self.assertEqual(self.read("result"), "b0\nb0 a1\na1\n")

    def test_files_that_match_a_pattern_are_a_list_in_natural_order(self):
        self.ok("run", self.pipeline("""\
            parts: {shell: "for i in 1 2 10; do echo $i > part-$i; done; echo no > other", out: {all: "files:part-*"}}
            all: {run: [cat, "${parts.all}"], stdout: "${out.all}", out: {all: "file:result"}}
            """))
        self.assertEqual(self.read("result"), "1\n2\n10\n")

    def test_texts_with_spaces_quotes_and_dollars_stay_whole(self):
        text = "it's $HOME `id` \"q\" ; rm -rf x * \\"
        for key, command in (("run", '[printf, "%s", "${params.text}"]'),
                             ("shell", '"printf %s ${params.text}"')):
            file = self.pipeline(f"say: {{{key}: {command}, stdout: '${{out.all}}', out: {{all: 'file:result'}}}}",
                                 head="version: 1\nname: trial\nparams: {text: x}\n")
            self.ok("run", file, "--param", "text=" + text)
            self.assertEqual(self.read("result"), text)

    def test_variables_and_standard_input_reach_the_command(self):
        (self.work / "input.txt").write_text("from a file\n")
        self.ok("run", self.pipeline("""\
            show:
              shell: cat; echo $GREETING $WEFT_TASK
              env: {GREETING: "hello ${params.who}"}
              in: {text: file:input.txt}
              stdin: ${in.text}
              stdout: ${out.all}
              out: {all: "file:result"}
            """, head="version: 1\nname: trial\nparams: {who: you}\n"))
        self.assertEqual(self.read("result"), "from a file\nhello you show\n")

    def test_a_program_beside_the_pipeline_is_found_from_any_folder(self):
        program = self.work / "tool.sh"
        program.write_text("#!/bin/sh\npwd; echo tool\n")
        program.chmod(0o755)
        self.pipeline('use: {run: [./tool.sh], stdout: "${out.all}", out: {all: "file:made/result"}}')
        (self.work / "elsewhere").mkdir()
        pipeline = self.work / "pipeline.yaml"
        self.work /= "elsewhere"
        self.ok("run", pipeline)
        folder, word = (pipeline.parent / "made/result").read_text().split()
        self.assertEqual(word, "tool")
        self.assertTrue(folder.startswith(str(self.work / ".weft/runs/")), folder)
        self.assertIn("/use/attempt-1/work", folder)

    def test_other_exit_codes_may_mean_success(self):
        self.ok("run", self.pipeline('look: {run: [grep, nothing, /dev/null], exit_codes: [0, 1]}'))

    def test_a_trace_has_no_parameters(self):
        trace = PROJECT / "examples/traces/mosaic.json"
        run = self.weft("run", trace, "--param", "n=1")
        self.assertEqual(run.returncode, 2, run.stderr)
        self.assertIn("is a trace: it has no parameters", run.stderr)


class Failures(PipelineTest):
    def test_a_failed_task_leaves_the_file_of_before(self):
        (self.work / "result").write_text("before")
        run = self.weft("run", self.pipeline(
            'half: {shell: "echo half > ${out.all}; echo sorry >&2; exit 3", out: {all: "file:result"}}'))
        self.assertEqual(run.returncode, 1, run.stderr)
        self.assertIn("the shell ended with exit code 3", run.stdout)
        self.assertIn("standard error ends with\n        sorry", run.stdout)
        self.assertEqual(self.read("result"), "before")

    def test_an_output_that_is_missing_fails_the_task(self):
        run = self.weft("run", self.pipeline('lazy: {run: ["true"], out: {all: "file:result"}}'))
        self.assertEqual(run.returncode, 1, run.stderr)
        self.assertIn("output 'all' is missing: the command ended well without it", run.stdout)
        self.assertFalse((self.work / "result").exists())

    def test_one_missing_output_keeps_all_others_from_appearing(self):
        run = self.weft("run", self.pipeline(
            'lazy: {shell: "echo x > ${out.a}", out: {a: "file:a", b: "file:b"}}'))
        self.assertEqual(run.returncode, 1, run.stderr)
        self.assertFalse((self.work / "a").exists())

    def test_each_attempt_has_a_folder_of_its_own_and_a_log(self):
        self.ok("run", self.pipeline("""\
            flaky:
              shell: ls; echo try $WEFT_ATTEMPT >&2; touch rubbish; echo "$WEFT_ATTEMPT" | grep '/2$'
              retries: {attempts: 3, backoff: 1ms}
              out: {seen: text}
            """))
        first = self.ok("logs", "last", "--task", "flaky", "--attempt", 1).stdout
        second = self.ok("logs", "last", "--task", "flaky").stdout
        self.assertRegex(first, r"^try \w+/flaky/1\n$")
        self.assertRegex(second, r"^try \w+/flaky/2\n$")
        self.assertNotIn("rubbish", self.ok("logs", "last", "--task", "flaky", "--stdout").stdout)

    def test_a_timeout_stops_the_command_and_it_is_tried_again(self):
        run = self.weft("run", self.pipeline("""\
            slow: {run: [sleep, 1000], timeout: 50ms, retries: {attempts: 2, backoff: 1ms}}
            """))
        self.assertEqual(run.returncode, 1, run.stderr)
        self.assertIn("50.0ms", run.stdout)

    def test_a_program_that_is_missing_is_told_before_anything_starts(self):
        run = self.weft("run", self.pipeline("""\
            first: {run: [touch, "${out.x}"], out: {x: "file:x"}}
            second: {run: [no-such-program, "${first.x}"]}
            third: {run: [cat, "${in.text}"], in: {text: "file:nowhere.txt"}}
            """))
        self.assertEqual(run.returncode, 5, run.stderr)
        self.assertIn("program 'no-such-program'", run.stderr)
        self.assertIn("nowhere.txt", run.stderr)
        self.assertFalse((self.work / "x").exists())

    def test_items_cannot_lead_a_file_out_of_the_pipelines_folder(self):
        run = self.weft("run", self.pipeline(
            'evil: {foreach: ["../../evil"], run: [touch, "${out.x}"], out: {x: "file:out/${item}"}}'))
        self.assertEqual(run.returncode, 1, run.stderr)
        self.assertIn("a path made of items stays in the pipeline's folder", run.stdout)

    def test_two_items_that_write_one_file_are_told(self):
        run = self.weft("run", self.pipeline(
            'same: {foreach: [a/x, b/x], run: [touch, "${out.x}"], out: {x: "file:${item.name}"}}'))
        self.assertEqual(run.returncode, 1, run.stderr)
        self.assertRegex(run.stdout, r"tasks 'same\[\d\]' and 'same\[\d\]' both write")


class Stopping(PipelineTest):
    """Commands that say through a named pipe that they are under way."""

    def setUp(self):
        super().setUp()
        os.mkfifo(self.work / "started")

    def begin_pipeline(self, shell):
        self.pipeline("stuck:\n  shell: |\n" + textwrap.indent(shell, "    ") +
                      "\n  in: {pipe: \"" + str(self.work / "started") + "\"}\n"
                      "  out: {never: \"file:never\"}\n")
        process = self.begin("run", "pipeline.yaml")
        with open(self.work / "started") as pipe:
            numbers = [int(word) for word in pipe.readline().split()]
        return process, numbers

    def assert_gone(self, numbers):
        for number in numbers:
            # A process that has ended may still be listed until its parent looks.
            try:
                state = pathlib.Path(f"/proc/{number}/stat").read_text().rsplit(")", 1)[1].split()[0]
            except FileNotFoundError:
                continue
            self.assertEqual(state, "Z", f"process {number} goes on")

    def test_nothing_survives_a_cancelled_run(self):
        # One in the group, one in a session of its own; the shell itself ignores TERM.
        shell = ("trap '' TERM; sleep 1000 & a=$!; setsid sleep 1000 & b=$!\n"
                 "echo half > ${out.never}; echo $$ $a $b > ${in.pipe}; wait; sleep 1000")
        self.environment["WEFT_COMMANDS_GRACE"] = "50ms"
        process, numbers = self.begin_pipeline(shell)
        self.assertEqual(len(numbers), 3)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 6, errors)
        self.assert_gone(numbers)
        self.assertFalse((self.work / "never").exists())

    def test_a_command_may_clean_up_when_it_is_told_to_stop(self):
        process, _ = self.begin_pipeline("trap 'echo bye >&2; exit 1' TERM\n"
                                         "echo $$ > ${in.pipe}; while :; do sleep 0.01; done")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
        # The shell may tell of the sleep that it lost, before.
        self.assertTrue(self.ok("logs", "last", "--task", "stuck").stdout.endswith("bye\n"))

    def test_commands_end_when_weft_is_killed(self):
        process, numbers = self.begin_pipeline("sleep 1000 & echo $$ $! > ${in.pipe}; wait")
        watched = [os.pidfd_open(number) for number in numbers]
        process.kill()
        process.communicate(timeout=60)
        for descriptor in watched:  # Readable when the process has ended.
            with os.fdopen(descriptor) as file:
                self.assertEqual(len(select.select([file], [], [], 60)[0]), 1)

    def test_a_log_is_followed_until_the_run_has_ended(self):
        os.mkfifo(self.work / "go")
        self.pipeline(f"""\
            talk:
              shell: echo one >&2; echo $$ > {self.work}/started; read word < {self.work}/go; echo two >&2
            """)
        process = self.begin("run", "pipeline.yaml")
        (self.work / "started").read_text()
        follower = self.begin("logs", "last", "--task", "talk", "--follow")
        self.assertEqual(follower.stdout.readline(), "one\n")
        (self.work / "go").write_text("go\n")
        self.assertEqual(follower.stdout.read(), "two\n")
        self.assertEqual(follower.wait(timeout=60), 0)
        self.assertEqual(process.wait(timeout=60), 0)


class GoingOn(PipelineTest):
    """weft run --from-failure"""

    TASKS = """\
        read: {run: [cat, "${in.text}"], in: {text: "file:input"}, out: {all: lines}}
        each: {foreach: "${read.all}", shell: "test ${item} != ${params.bad} && echo ${item} > ${out.x}", out: {x: file}}
        join: {run: [cat, "${each.*.x}"], stdout: "${out.all}", out: {all: "file:result"}}
        """

    def setUp(self):
        super().setUp()
        (self.work / "input").write_text("a\nb\nc\n")
        self.pipeline(self.TASKS, head="version: 1\nname: trial\nparams: {bad: none}\n")

    def decisions(self, *arguments):
        """Which tasks ran and why; the others were kept."""
        run = self.weft("run", "pipeline.yaml", "--from-failure", "last", *arguments, "-o", "json")
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        summary = json.loads(run.stdout)
        return {each["task"]: each.get("reason") for each in summary["decisions"]}

    def test_only_what_is_missing_is_done_again(self):
        run = self.weft("run", "pipeline.yaml", "--param", "bad=b")
        self.assertEqual(run.returncode, 1, run.stderr)
        ran = self.decisions()
        self.assertIsNone(ran["read"])
        self.assertEqual(ran["each[1]"], "parameter 'bad' changed from 'b' to 'none'"
                         if "parameter" in ran["each[1]"] else "it had not succeeded")
        self.assertEqual(ran["join"], "it had not run")
        self.assertEqual(self.read("result"), "a\nb\nc\n")

    def test_nothing_is_done_when_nothing_changed(self):
        self.ok("run", "pipeline.yaml")
        self.assertEqual(set(self.decisions().values()), {None})
        # From a run that was itself kept, too.
        self.assertEqual(set(self.decisions().values()), {None})

    def test_each_reason_is_told(self):
        self.ok("run", "pipeline.yaml")
        (self.work / "input").write_text("a\nx\nc\n")
        ran = self.decisions()
        self.assertEqual({task: why for task, why in ran.items() if why},
                         {"read": "input 'in.text' changed", "each[1]": "input 'item' changed",
                          "join": "input 'each.*.x' changed"})
        (self.work / "result").unlink()
        ran = self.decisions()
        self.assertEqual({task: why for task, why in ran.items() if why},
                         {"join": "output 'all' is missing"})
        (self.work / "result").write_text("edited")
        self.assertEqual(self.decisions()["join"], "output 'all' changed")
        text = self.read("pipeline.yaml")
        self.write(text.replace("run: [cat, \"${each", "run: [cat, -u, \"${each"))
        self.assertEqual(self.decisions()["join"], "its command changed")

    def test_people_read_why_each_task_ran(self):
        self.ok("run", "pipeline.yaml")
        (self.work / "result").unlink()
        out = self.ok("run", "pipeline.yaml", "--from-failure", "last").stdout
        self.assertRegex(out, r"^kept 4 of 5 commands from run \w{13}\n  ran join: output 'all' is missing\n")

    def test_a_run_of_another_pipeline_is_refused(self):
        self.ok("run", "pipeline.yaml")
        self.pipeline('x: {run: ["true"]}', head="version: 1\nname: other\n")
        run = self.weft("run", "pipeline.yaml", "--from-failure", "last")
        self.assertEqual(run.returncode, 2, run.stderr)
        self.assertIn("was of pipeline 'trial', and this is 'other'", run.stderr)

    def test_a_run_that_is_not_there_is_named(self):
        run = self.weft("run", "pipeline.yaml", "--from-failure", "nothing")
        self.assertEqual(run.returncode, 2, run.stderr)
        self.assertIn("there is no run", run.stderr)


class Deadlines(PipelineTest):
    def test_a_deadline_that_was_missed_is_told_and_may_be_an_exit_code(self):
        file = self.pipeline("nap: {run: [sleep, 0.05]}",
                             head="version: 1\nname: trial\nsla: {deadline: 1ms}\n")
        self.assertRegex(self.ok("run", file).stdout, r"deadline 1.00ms: missed, .* from submit")
        run = self.weft("run", file, "--fail-on-sla-miss")
        self.assertEqual(run.returncode, 4, run.stderr)
        # The command line's word wins.
        out = self.ok("run", file, "--fail-on-sla-miss", "--deadline", "1h", "-o", "json").stdout
        self.assertTrue(json.loads(out)["deadline_met"])


class Logs(PipelineTest):
    def test_attempts_are_listed_with_their_end(self):
        self.weft("run", self.pipeline("""\
            good: {run: ["true"]}
            bad: {foreach: [x], run: ["false"]}
            """), "--keep-going")
        out = self.ok("logs", "last").stdout
        self.assertRegex(out, r"bad\[0\] +1  ended with exit code 1")
        self.assertRegex(out, r"good +1  ended with exit code 0")

    def test_a_task_that_is_not_there_is_refused_with_the_nearest(self):
        self.ok("run", self.pipeline('good: {run: ["true"]}'))
        run = self.weft("logs", "last", "--task", "goood")
        self.assertEqual(run.returncode, 2)
        self.assertIn("did you mean good?", run.stderr)

    def test_only_the_newest_runs_are_kept(self):
        file = self.pipeline('good: {run: ["true"]}')
        self.environment["WEFT_COMMANDS_KEEP_RUNS"] = "2"
        for _ in range(4):
            self.ok("run", file)
        self.assertEqual(len(list((self.work / ".weft/runs").iterdir())), 2)


class BrokenFiles(PipelineTest):
    def broken(self, tasks, *says, head="version: 1\nname: trial\n"):
        self.refused(self.pipeline(tasks, head=head), *says)

    def test_a_key_that_does_not_exist(self):
        self.broken('a: {runn: [x]}', "pipeline.yaml:4:7: task 'a' has no key 'runn'", "did you mean run?")

    def test_a_reference_to_nothing(self):
        self.broken('a: {run: [echo, "${b.x}"]}', "pipeline.yaml:4:20: there is no task 'b'")

    def test_a_duplicate_key(self):
        self.broken('a: {run: [x]}\na: {run: [y]}', "pipeline.yaml:5:3: the key 'a' is there twice")

    def test_an_alias(self):
        self.broken('a: &x {run: [x]}\nb: *x', "anchors (&x) are not allowed")

    def test_a_cycle(self):
        self.broken("""\
            a: {run: [echo, "${b.x}"], out: {x: text}}
            b: {run: [echo, "${a.x}"], out: {x: text}}
            """, "tasks wait for one another: 'a' -> 'b' -> 'a'")

    def test_what_is_no_yaml(self):
        self.broken('a: {run: [x}', "pipeline.yaml:4:", "this is not YAML")

    def test_a_duration_without_a_unit(self):
        self.broken('a: {run: [x], timeout: 5}', "pipeline.yaml:4:26: timeout", "durations need a unit")

    def test_a_depth_beyond_any_sense(self):
        self.refused(self.write("{a: " * 100 + "1" + "}" * 100), "nest deeper than 64")
        self.refused(self.write("{a: " * 100_000), "pipeline.yaml:1:1: ")
        self.refused(self.write("- " * 100_000), "pipeline.yaml:1:")

    def test_an_unknown_version(self):
        self.broken('a: {run: [x]}', "version '2' is not known", head="version: 2\nname: trial\n")

    def test_a_list_inside_of_a_text(self):
        self.broken("""\
            a: {run: [ls], out: {x: lines}}
            b: {run: [echo, "all: ${a.x}"]}
            """, "is a list and cannot be a part of a text")

    def test_many_problems_at_once(self):
        run = self.refused(self.pipeline("""\
            a: {run: ls}
            b: {shell: x, run: [x]}
            c: {run: [x], retries: many}
            """), "3 problems")
        self.assertEqual(len(re.findall(r"pipeline\.yaml:\d+:\d+:", run.stdout)), 3)

    def test_json_for_editors(self):
        self.pipeline('a: {runn: [x]}')
        report = json.loads(self.weft("validate", "pipeline.yaml", "-o", "json").stdout)
        self.assertFalse(report["valid"])
        self.assertIn("pipeline.yaml:4:7", report["problems"][0]["message"])


class Shipped(PipelineTest):
    def test_word_frequencies_are_those_of_the_whole_text(self):
        folder = self.work / "pipelines"
        folder.mkdir()
        source = PROJECT / "examples/pipelines/word_frequencies.yaml"
        (folder / source.name).write_text(source.read_text())
        text = PROJECT / "LICENSE"
        out = self.ok("run", "pipelines/word_frequencies.yaml", "--param", f"text={text}").stdout
        self.assertIn("deadline 30.0s: met", out)
        verdict = next((self.work / ".weft/runs").glob("*/tasks/check/attempt-1/stdout"))
        self.assertEqual(verdict.read_text(), "equal\n")

    def test_the_relay_tries_the_dropped_baton_again(self):
        source = PROJECT / "examples/pipelines/relay.yaml"
        out = self.ok("run", source, "-o", "json").stdout
        self.assertEqual(json.loads(out)["tasks"]["retries"], 1)
        total = next((self.work / ".weft/runs").glob("*/tasks/finish/attempt-1/stdout"))
        n = [100 * (i + 1) for i in range(6)]
        self.assertEqual(int(total.read_text()), sum(k * (k + 1) // 2 for k in n))

    def test_functions_of_a_module_stand_among_commands(self):
        file = self.work / "statistics.yaml"
        file.write_text((PROJECT / "examples/pipelines/statistics.yaml").read_text())
        run = self.weft("run", file)
        self.assertEqual(run.returncode, 5, run.stderr)
        self.assertIn("module 'statistics@1'", run.stderr)
        self.ok("run", file, "--module", MODULE, "--param", "numbers=4")
        self.assertRegex(self.read("statistics.txt"), "^4 numbers, mean 2.5, deviation 1.1")

    def test_plans_and_pictures_are_made_of_pipelines_too(self):
        source = PROJECT / "examples/pipelines/relay.yaml"
        self.assertIn("start", self.ok("graph", source, "--format", "mermaid").stdout)
        self.assertIn("relay", self.ok("plan", source).stdout)
        self.assertIn("valid", self.ok("validate", source).stdout)


class Attacked(PipelineTest):
    """What once went wrong when somebody tried."""

    def again(self, *arguments):
        """Goes on from the last run; which commands ran, and why."""
        run = self.weft("run", "pipeline.yaml", "--from-failure", "last", "-o", "json", *arguments)
        self.assertTrue(run.stdout, run.stderr)
        decisions = json.loads(run.stdout)["decisions"]
        return {each["task"]: each["reason"] for each in decisions if not each["kept"]}

    def test_kept_files_of_one_name_stay_apart_and_the_earlier_run_stays_as_it_was(self):
        self.pipeline(f"""\
            gen: {{shell: "mkdir d1 d2; echo one > d1/p.txt; echo two > d2/p.txt", out: {{f: "files:d*/p.txt"}}}}
            cat: {{shell: "cat ${{gen.f}} > ${{out.y}}; test -e {self.work}/ok", out: {{y: file:result}}}}
            """)
        self.assertEqual(self.weft("run", "pipeline.yaml").returncode, 1)
        earlier, = (self.work / ".weft/runs").iterdir()
        (self.work / "ok").touch()
        self.assertEqual(self.again(), {"cat": "it had not succeeded"})
        self.assertEqual(self.read("result"), "one\ntwo\n")
        kept = sorted(earlier.glob("tasks/gen/attempt-1/out/f/*/p.txt"))
        self.assertEqual([path.read_text() for path in kept], ["one\n", "two\n"])

    def test_files_elsewhere_are_not_taken_away(self):
        (self.work / "photos").mkdir()
        (self.work / "photos/a.jpg").write_text("mine")
        run = self.weft("run", self.pipeline(
            f'x: {{shell: "ln -s {self.work}/photos p", out: {{a: "files:p/*.jpg"}}}}'))
        self.assertEqual(run.returncode, 1, run.stdout)
        self.assertIn("matches a file elsewhere", run.stdout)
        self.assertEqual(self.read("photos/a.jpg"), "mine")

    def test_a_parent_that_ignores_the_ends_of_children_changes_nothing(self):
        file = self.pipeline('x: {shell: "exit 3"}')
        run = self.weft("run", file,
                        preexec_fn=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN))
        self.assertEqual(run.returncode, 1, run.stdout)

    def test_whatever_a_command_is_made_of_makes_it_run_again(self):
        tool = self.work / "tool.sh"
        tool.write_text("#!/bin/sh\necho v1\n")
        tool.chmod(0o755)
        base = "a: {run: [./tool.sh, x], exit_codes: [0, 1], stdout: '${out.y}', out: {y: file:result}}"
        self.pipeline(base)
        self.ok("run", "pipeline.yaml")
        self.assertEqual(self.again(), {})
        tool.write_text("#!/bin/sh\necho v2\n")
        self.assertEqual(self.again(), {"a": "input 'program' changed"})
        self.assertEqual(self.read("result"), "v2\n")
        self.pipeline(base.replace("[0, 1]", "[0]"))
        self.assertEqual(self.again(), {"a": "its command changed"})
        self.pipeline(base.replace("[0, 1]", "[0]").replace(", x]", ', "x\\nword (1): y"]'))
        self.assertEqual(self.again(), {"a": "its command changed"})
        self.pipeline(base.replace("[0, 1]", "[0]").replace(", x]", ', "x\\nword (1): y"]')
                      .replace("file:result", "file:other"))
        self.assertEqual(self.again(), {"a": "its command changed"})

    def test_the_name_of_a_file_that_is_read_counts(self):
        for name in "a.csv", "b.csv":
            (self.work / name).write_text("same")
        text = 'a: {run: [wc, -l, "${in.f}"], in: {f: file:a.csv}, out: {t: text}}'
        self.pipeline(text)
        self.ok("run", "pipeline.yaml")
        self.pipeline(text.replace("a.csv", "b.csv"))
        self.assertEqual(self.again(), {"a": "input 'in.f' changed"})

    def test_a_pipeline_that_lies_elsewhere_makes_its_own_files(self):
        self.pipeline("a: {run: [echo, hello], stdout: '${out.y}', out: {y: file:result}}")
        (self.work / "two").mkdir()
        (self.work / "two/pipeline.yaml").write_text(self.read("pipeline.yaml"))
        self.ok("run", "pipeline.yaml")
        self.ok("run", "two/pipeline.yaml", "--from-failure", "last")
        self.assertEqual(self.read("two/result"), "hello\n")

    def test_going_on_does_not_remove_what_it_goes_on_from(self):
        self.pipeline('a: {run: [echo, x], out: {t: text}}')
        self.environment["WEFT_COMMANDS_KEEP_RUNS"] = "1"
        self.ok("run", "pipeline.yaml")
        self.assertEqual(self.again(), {})

    def test_folders_of_runs_that_have_ended_go_when_newer_ones_come(self):
        self.environment["WEFT_COMMANDS_KEEP_RUNS"] = "2"
        file = self.pipeline("one: {run: ['true']}")
        for _ in range(4):
            self.ok("run", file)
        self.assertEqual(len(list((self.work / ".weft" / "runs").iterdir())), 2)

    def test_texts_that_are_no_utf8_do_not_change_on_the_way(self):
        self.pipeline("""\
            gen: {shell: "printf 'caf\\\\351'", out: {t: text}}
            use: {run: [printf, "%s", "${gen.t}"], stdout: "${out.y}", out: {y: file:result}}
            """)
        self.ok("run", "pipeline.yaml")
        self.assertIn("gen", self.again())
        self.assertEqual((self.work / "result").read_bytes(), b"caf\xe9")

    def test_zero_bytes_are_told_of(self):
        run = self.weft("run", self.pipeline("""\
            l: {run: [printf, 'one\\0two\\nthree\\n'], out: {l: lines}}
            x: {run: [echo, "${l.l}"]}
            """))
        self.assertEqual(run.returncode, 1, run.stdout)
        self.assertIn("holds a zero byte", run.stdout)

    def test_items_are_no_code_for_the_shell(self):
        file = self.pipeline(f"""\
            l: {{run: [printf, '%s\\n', "a[$(touch {self.work}/pwned; echo 1)]"], out: {{l: lines}}}}
            x: {{foreach: "${{l.l}}", shell: "echo $((${{item}} * 2))"}}
            """)
        run = self.weft("run", file)
        self.assertEqual(run.returncode, 1, run.stdout)
        self.assertIn("is no number", run.stdout)
        self.assertFalse((self.work / "pwned").exists())
        self.refused(self.pipeline('x: {foreach: [a], shell: \'echo "${item}"\'}'),
                     "stands inside of quotes")
        self.ok("run", self.pipeline("""\
            x: {shell: "echo ${params.n}> ${out.a}; ${params.c} || true", out: {a: "file:a"}}
            """, head="version: 1\nname: trial\nparams: {n: 2, c: FOO=1}\n"))
        self.assertEqual(self.read("a"), "2\n")

    def test_of_two_outputs_none_appears_when_one_cannot(self):
        (self.work / "zdir").mkdir()
        run = self.weft("run", self.pipeline("""\
            x: {shell: "echo n > ${out.a}; echo n > ${out.b}", out: {a: "file:a", b: "file:zdir"}}
            """))
        self.assertEqual(run.returncode, 1, run.stdout)
        self.assertFalse((self.work / "a").exists())

    def test_links_as_outputs_become_what_they_lead_to(self):
        self.ok("run", self.pipeline("""\
            x: {shell: "echo hi > foo; ln -s $PWD/foo ${out.a}", out: {a: "file:a"}}
            """))
        self.assertEqual(self.read("a"), "hi\n")

    def test_a_file_may_be_in_two_lists(self):
        self.ok("run", self.pipeline("""\
            x: {shell: "touch part-1.txt", out: {all: "files:*.txt", parts: "files:part-*.txt"}}
            y: {run: [echo, "${x.all}", "${x.parts}"], stdout: "${out.a}", out: {a: "file:a"}}
            """))
        self.assertEqual(len(self.read("a").split()), 2)

    def test_a_file_that_another_task_writes_has_to_come_from_it(self):
        self.refused(self.pipeline("""\
            a: {run: [touch, "${out.o}"], out: {o: "file:made"}}
            b: {run: [cat, "${in.f}"], in: {f: "file:made"}}
            """), "write ${a.o}, so that it waits for it")

    def test_a_list_may_be_gone_over_and_read_as_a_whole(self):
        self.ok("run", self.pipeline("""\
            one: {run: [seq, 2], out: {l: lines}}
            two: {foreach: "${one.l}", run: [echo, "${item}", "${one.l}"], out: {t: text}}
            all: {run: [echo, "${two.*.t}"], stdout: "${out.a}", out: {a: "file:a"}}
            """))
        self.assertEqual(self.read("a"), "1 1 2 2 1 2\n")

    def test_what_is_known_only_later_is_no_count(self):
        for over in '{count: "${one.n}"}', '["${one.n}"]':
            self.refused(self.pipeline(f"""\
                one: {{run: [echo, 3], out: {{n: number}}}}
                two: {{foreach: {over}, run: [echo, x]}}
                """), "take parameters only")
        self.refused(self.pipeline('x: {foreach: [1], function: f@1, arguments: ["x-${item}"]}'),
                     "whole item or output")

    def test_a_count_has_to_be_one(self):
        file = self.pipeline('x: {foreach: {count: "${params.n}"}, run: [echo, x]}',
                             head="version: 1\nname: trial\nparams: {n: many}\n")
        for given in "many", "-3", "10000000000":
            run = self.weft("run", file, "--param", f"n={given}")
            self.assertEqual(run.returncode, 2, run.stderr)
            self.assertIn("foreach cannot count to", run.stderr)

    def test_parameters_may_lead_a_file_anywhere(self):
        self.ok("run", self.pipeline('x: {run: [touch, "${out.l}"], out: {l: "file:${params.o}"}}',
                                     head="version: 1\nname: trial\nparams: {o: x}\n"),
                "--param", f"o={self.home}/there")
        self.assertTrue((self.home / "there").exists())

    def test_names_of_tasks_may_be_those_of_functions(self):
        self.ok("run", self.pipeline('items: {foreach: [a], run: [echo, "${item}"]}',
                                     head="version: 1\nname: pipeline\n"))

    def test_no_command_waits_for_a_terminal(self):
        master, slave = os.openpty()
        self.addCleanup(os.close, master)
        run = self.weft("run", self.pipeline('a: {shell: "head -c 1 /dev/tty"}'),
                        stdin=slave, start_new_session=True)
        os.close(slave)
        self.assertEqual(run.returncode, 1, run.stdout)

    def test_the_whole_group_has_its_time_to_clean_up(self):
        worker = self.work / "worker.sh"
        worker.write_text("#!/bin/sh\ntrap 'sleep 0.1; echo clean > $OUT; exit' TERM\n"
                          "while :; do sleep 0.01; done\n")
        worker.chmod(0o755)
        run = self.weft("run", self.pipeline(f"""\
            a: {{shell: "{worker}; true", timeout: 300ms, env: {{OUT: {self.work}/cleaned}}}}
            """))
        self.assertEqual(run.returncode, 1, run.stdout)
        self.assertEqual(self.read("cleaned"), "clean\n")

    def test_few_descriptors_are_an_error_and_no_hang(self):
        file = self.pipeline('x: {foreach: {count: 30}, shell: "sleep 0.05"}')
        run = self.weft("run", file, "--slots", 16,
                        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (28, 28)))
        self.assertIn(run.returncode, (0, 1, 7, 9, 70), run.stderr)

    def test_retries_are_one_command(self):
        self.pipeline("""\
            x: {shell: "echo $WEFT_ATTEMPT | grep '/3$'", retries: {attempts: 3, backoff: 1ms}}
            """)
        self.ok("run", "pipeline.yaml")
        self.pipeline("""\
            x: {shell: "echo $WEFT_ATTEMPT | grep '/2$'", retries: {attempts: 3, backoff: 1ms}}
            """)
        self.assertEqual(self.again(), {"x": "its command changed"})
        out = self.ok("run", "pipeline.yaml", "--from-failure", "last").stdout
        self.assertIn("kept 1 of 1 commands", out)

    def test_what_means_nothing_is_refused(self):
        self.refused(self.pipeline('a: {run: [x], arguments: [1]}'), "has no arguments:")
        self.refused(self.pipeline('a: {run: [x], max_items: 3}'), "max_items without foreach")
        self.assertNotEqual(self.weft("validate", "/dev/zero").returncode, 0)


class Schema(PipelineTest):
    def test_the_printed_schema_is_the_published_one(self):
        published = (PROJECT / "docs/pipeline.schema.json").read_text()
        self.assertEqual(self.ok("schema").stdout, published)

    def test_the_schema_takes_what_weft_takes(self):
        try:
            import jsonschema
            import yaml
        except ImportError as missing:
            self.skipTest(f"{missing}; scripts/setup.sh installs it")
        schema = json.loads((PROJECT / "docs/pipeline.schema.json").read_text())
        validator = jsonschema.Draft202012Validator(schema)
        validator.check_schema(schema)
        files = [*(PROJECT / "examples").rglob("*.yaml")]
        self.assertGreaterEqual(len(files), 2)
        for file in files:
            validator.validate(yaml.safe_load(file.read_text()))
        for broken in ({"version": 1, "name": "x", "tasks": {}},
                       {"version": 1, "name": "x", "tasks": {"a": {"runn": ["x"]}}},
                       {"version": 1, "name": "x", "tasks": {"a": {"run": "x"}}},
                       {"version": 1, "name": "x", "tasks": {"a": {"run": ["x"], "shell": "x"}}}):
            self.assertFalse(validator.is_valid(broken), broken)


if __name__ == "__main__":
    command_line_test.WEFT = pathlib.Path(sys.argv[1]).resolve()
    PROJECT = pathlib.Path(sys.argv[2]).resolve()
    MODULE = pathlib.Path(sys.argv[3]).resolve()
    unittest.main(argv=[sys.argv[0], *sys.argv[4:]])
