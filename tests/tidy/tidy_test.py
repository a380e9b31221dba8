#!/usr/bin/env python3
"""Shows that tidy.py sees what it is there to see."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

import tidy


class Includes(unittest.TestCase):
    def violations(self, folder, line):
        return list(tidy.violations_of_line(folder, line))

    def test_a_lower_folder_may_be_included(self):
        self.assertEqual(self.violations("actors", '#include "weft/workflow/value.hpp"'), [])
        self.assertEqual(self.violations("planning", '#include "weft/planning/sample.hpp"'), [])

    def test_a_higher_folder_may_not(self):
        self.assertTrue(self.violations("workflow", '#include "weft/planning/sample.hpp"'))
        self.assertTrue(self.violations("planning", '#include "weft/storage/run_store.hpp"'))
        self.assertTrue(self.violations("storage", '#include "weft/weft.hpp"'))

    def test_some_libraries_are_unknown_to_lower_folders(self):
        self.assertTrue(self.violations("storage", "#include <caf/actor.hpp>"))
        self.assertTrue(self.violations("workflow", "#include <mutex>"))
        self.assertEqual(self.violations("actors", "#include <caf/actor.hpp>"), [])

    def test_nobody_reads_the_machine_clock_and_planning_knows_none(self):
        now = "auto t = std::chrono::steady_clock::now();"
        self.assertTrue(self.violations("actors", now))
        self.assertEqual(self.violations("apps", now), [])
        self.assertEqual(self.violations("actors", '#include "weft/workflow/clock.hpp"'), [])
        self.assertTrue(self.violations("planning", '#include "weft/workflow/clock.hpp"'))

    def test_a_file_includes_its_own_header_first(self):
        with tempfile.TemporaryDirectory() as name:
            source = pathlib.Path(name)
            (source / "storage").mkdir()
            (source / "storage/keys.hpp").touch()
            path = source / "storage/keys.cpp"
            own, other = '#include "weft/storage/keys.hpp"\n', "#include <string>\n"
            self.assertEqual(list(tidy.check_first_include(path, "// Why.\n" + own + other, source)), [])
            self.assertTrue(list(tidy.check_first_include(path, other + own, source)))
            self.assertTrue(list(tidy.check_first_include(path, "", source)))
            alone = source / "storage/lone.cpp"
            self.assertEqual(list(tidy.check_first_include(alone, other, source)), [])

    def test_our_own_headers_are_named_in_full(self):
        self.assertTrue(self.violations("storage", '#include "run_store.hpp"'))


class Links(unittest.TestCase):
    compiler = "c++"

    def archive(self, directory, name, text):
        source = directory / f"{name}.cpp"
        source.write_text(text)
        subprocess.run([self.compiler, "-c", source, "-o", directory / f"{name}.o"], check=True)
        path = directory / f"lib{name}.a"
        subprocess.run(["ar", "rc", path, directory / f"{name}.o"], check=True)
        return str(path)

    def test_an_upward_reference_is_named(self):
        with tempfile.TemporaryDirectory() as name:
            directory = pathlib.Path(name)
            archives = {
                "workflow": self.archive(directory, "workflow", "int up(); int low() { return up(); }"),
                "planning": self.archive(directory, "planning", "int up() { return 1; }"),
            }
            found = list(tidy.check_links("nm", archives))
            self.assertEqual(found, ["weft_workflow refers to _Z2upv of weft_planning"])

    def test_a_downward_reference_is_fine(self):
        with tempfile.TemporaryDirectory() as name:
            directory = pathlib.Path(name)
            archives = {
                "workflow": self.archive(directory, "workflow", "int low() { return 1; }"),
                "planning": self.archive(directory, "planning", "int low(); int up() { return low(); }"),
            }
            self.assertEqual(list(tidy.check_links("nm", archives)), [])


if __name__ == "__main__":
    if len(sys.argv) > 1:
        Links.compiler = sys.argv.pop(1)
    unittest.main()
