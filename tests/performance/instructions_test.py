#!/usr/bin/env python3
"""Shows that the guard sees what it is for."""

import pathlib
import tempfile
import unittest

import instructions


class Guard(unittest.TestCase):
    def test_a_task_that_costs_more_than_the_bound_fails(self):
        line, failed = instructions.verdict("fan", 20000, 21100, bound=5)
        self.assertTrue(failed)
        self.assertIn("+5.5 % of 20000: MORE", line)

    def test_a_task_within_the_bound_passes(self):
        self.assertFalse(instructions.verdict("fan", 20000, 20900, bound=5)[1])

    def test_a_gain_passes_and_says_how_to_keep_it(self):
        line, failed = instructions.verdict("fan", 20000, 15000, bound=5)
        self.assertFalse(failed)
        self.assertIn("keep the gain", line)

    def test_figures_are_written_below_the_words_above_them(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "figures.txt"
            path.write_text("# words\nfan 1\ntree 2\n", encoding="ascii")
            instructions.write_figures(path, {"fan": 3, "tree": 4})
            self.assertEqual(path.read_text(encoding="ascii"), "# words\nfan 3\ntree 4\n")
            self.assertEqual(instructions.read_figures(path), {"fan": 3, "tree": 4})


if __name__ == "__main__":
    unittest.main()
