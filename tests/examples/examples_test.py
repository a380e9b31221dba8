#!/usr/bin/env python3
"""Runs the examples as users do: examples_test.py <folder of the programs> [unittest arguments]

That each gives the right result with its own arguments is tested beside them; here is what they do
with other arguments, wrong ones above all.
"""

import os
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest
import zlib

PROGRAMS = None
SIGNATURE = b"\x89PNG\r\n\x1a\n"


class ExampleTest(unittest.TestCase):
    """A working folder of its own for each test."""

    def setUp(self):
        self.work = pathlib.Path(tempfile.mkdtemp(prefix="weft-examples-"))
        self.addCleanup(shutil.rmtree, self.work)

    def run_example(self, name, *arguments):
        return subprocess.run([PROGRAMS / name, *map(str, arguments)], cwd=self.work, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120)

    def checked(self, name, *arguments):
        run = self.run_example(name, *arguments)
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        self.assertEqual(run.stdout.splitlines()[-1], "checked: ok")
        return run.stdout

    def fails(self, name, *arguments, saying):
        run = self.run_example(name, *arguments)
        self.assertEqual(run.returncode, 1, run.stderr)
        self.assertRegex(run.stderr, "^error: ")
        self.assertIn(saying, run.stderr)
        self.assertIn("\nhint: ", run.stderr)


class Usage(ExampleTest):
    WRONG = {
        "tree_reduction": ["0", "10001", "-1", "4x", "3 4", "99999999999999999999"],
        "blocked_matmul": ["3", "--help"],
        "text_analysis": ["one two", "--help"],
        "tall_skinny_qr": ["10", "10 2", "10 2 x", "0 0 0", "10 4 3", "1000000 256 1", "8 2 2 2",
                           "-5 1 1", "18446744073709551616 1 1"],
        "image_pipeline": ["", "--help", "o.png i.png 7", "o.png i.png 1e3", "o.png i.png 8 9"],
        "word_count": ["--help", "--chunk", "--chunk 0", "--chunk -1", "--reducers 0",
                       "--reducers 257", "--reducers 3.5", "--chunk 9999999999999"],
        "toy_shapes": ["--help", "fixed_time", "fixed_times ring"],
        "embedded_host": ["--help", "a b"],
        "module_host": ["", "a b"],
    }

    def test_wrong_arguments_end_with_2_and_say_what_is_right(self):
        for name, lines in self.WRONG.items():
            for line in lines:
                with self.subTest(example=name, arguments=line):
                    run = self.run_example(name, *line.split())
                    self.assertEqual(run.returncode, 2, run.stderr)
                    self.assertEqual(run.stdout, "")
                    self.assertIn(name, run.stderr)
                    self.assertEqual(list(self.work.iterdir()), [])

    def test_every_example_is_tried_with_wrong_arguments(self):
        programs = {path.name for path in PROGRAMS.iterdir() if os.access(path, os.X_OK)}
        self.assertEqual(programs, set(self.WRONG) | {"hello"})


class Sizes(ExampleTest):
    def test_any_number_of_blocks_gives_the_same_triangle(self):
        for shape in ([1, 1, 1], [7, 7, 1], [64, 4, 16], [100, 5, 7], [300, 3, 100]):
            with self.subTest(shape=shape):
                self.checked("tall_skinny_qr", *shape)

    def test_trees_may_have_any_number_of_leaves(self):
        for leaves in (1, 2, 3, 1000):
            with self.subTest(leaves=leaves):
                self.checked("tree_reduction", leaves)

    def test_shapes_may_be_run_alone(self):
        for shape in ("fixed_times", "fan_outs_fan_ins", "matrix_multiplications"):
            with self.subTest(shape=shape):
                text = self.checked("toy_shapes", shape)
                self.assertEqual({line.split(":")[0] for line in text.splitlines()},
                                 {shape, "checked"})


class Words(ExampleTest):
    def test_chunks_and_reducers_change_no_count(self):
        text = self.work / "text"
        text.write_text("One two, two; three THREE three\nfür für für für " + 300 * "long" + "\n")
        heads = set()
        for chunk in (1, 2, 5, 17, 100_000):
            for reducers in (1, 3, 256):
                found = self.checked("word_count", "--chunk", chunk, "--reducers", reducers, text)
                heads.add("\n".join(found.splitlines()[:-2]))
        self.assertEqual(len(heads), 1, heads)
        self.assertIn("11 words, 5 different ones", heads.pop())

    def test_files_that_are_empty_have_no_words(self):
        empty = self.work / "empty"
        empty.touch()
        self.assertIn("0 words", self.checked("word_count", empty))

    def test_files_that_cannot_be_read_are_named(self):
        self.fails("word_count", "nothing.txt", saying="'nothing.txt' cannot be read")
        self.fails("word_count", self.work, saying="cannot be read")
        self.fails("text_analysis", "nothing.txt", saying="'nothing.txt' cannot be read")


def png(width, height, pixels):
    """A PNG of 8-bit RGB that claims a size and holds some bytes."""
    def chunk(kind, content):
        body = kind + content
        return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))
    return (SIGNATURE + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)) +
            chunk(b"IDAT", zlib.compress(pixels)) + chunk(b"IEND", b""))


class Pictures(ExampleTest):
    def setUp(self):
        super().setUp()
        self.input = self.work / "in.png"
        self.output = self.work / "out.png"

    def refused(self, content, saying):
        self.input.write_bytes(content)
        self.fails("image_pipeline", self.output, self.input, saying=saying)
        self.assertEqual(list(self.work.iterdir()), [self.input])

    def test_a_picture_is_drawn_alike_in_tiles_of_any_size(self):
        rows = b"".join(b"\0" + bytes((x * y) % 256 for x in range(3 * 37)) for y in range(23))
        self.input.write_bytes(png(37, 23, rows))
        drawings = set()
        for tile in (8, 9, 23, 64):
            self.checked("image_pipeline", self.output, self.input, tile)
            drawings.add(self.output.read_bytes())
        self.assertEqual(len(drawings), 1)

    def test_a_picture_may_be_a_single_pixel(self):
        self.input.write_bytes(png(1, 1, b"\0abc"))
        self.checked("image_pipeline", self.output, self.input)

    def test_the_output_may_replace_the_input(self):
        self.input.write_bytes(png(1, 1, b"\0abc"))
        self.checked("image_pipeline", self.input, self.input)
        self.assertEqual(list(self.work.iterdir()), [self.input])

    def test_broken_pictures_are_refused_and_leave_no_file(self):
        whole = png(40, 30, 30 * (b"\0" + 120 * b"x"))
        self.refused(b"", "not a PNG")
        self.refused(b"This is text, and longer than a signature.", "not a PNG")
        self.refused(whole[:20], "not a PNG")
        self.refused(whole[:-30], "not a PNG")
        self.refused(whole[:45] + b"????" + whole[49:], "not a PNG")
        self.refused(png(40, 30, b"\0too little"), "not a PNG")
        self.refused(png(0, 30, b""), "not a PNG")

    def test_pictures_of_absurd_size_are_refused_before_memory_is_asked_for(self):
        self.refused(png(100_000, 100_000, b"\0"), "100000 x 100000 pixels, more than 64000000")
        self.refused(png(2**31 - 1, 1, b"\0"), "not a PNG")  # Beyond libpng's own limit.

    def test_an_output_that_cannot_be_written_is_named_and_leaves_no_file(self):
        self.fails("image_pipeline", self.work / "none" / "out.png", saying="cannot be written")
        self.output.mkdir()
        self.fails("image_pipeline", self.output, saying="cannot be written")
        self.assertEqual(list(self.work.iterdir()), [self.output])


class Host(ExampleTest):
    def test_a_history_grows_from_start_to_start(self):
        history = self.work / "history.db"
        for _ in range(2):
            self.checked("embedded_host", history)
        self.assertTrue(history.exists())

    def test_a_history_that_is_none_is_named(self):
        history = self.work / "history.db"
        history.write_text("This is no data base, and longer than the head of one. " * 40)
        self.fails("embedded_host", history, saying=str(history))


if __name__ == "__main__":
    PROGRAMS = pathlib.Path(sys.argv[1]).resolve()
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]])
