#!/usr/bin/env python3
"""Shows that the checks of the documentation see what they are for."""

import pathlib
import tempfile
import unittest

import docs

CODE = "int main() {\n  int x = 1;\n\n  return x;\n}\n"


class Checks(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.source = pathlib.Path(self.folder.name).resolve()
        (self.source / "main.cpp").write_text(CODE)

    def document(self, text):
        (self.source / "README.md").write_text(text)

    def snippets(self, above, block):
        self.document(f"{above}\n```cpp\n{block}```\n")
        return list(docs.check_snippets(self.source))

    def links(self, text):
        self.document(text)
        return list(docs.check_links(self.source))

    def test_a_block_may_be_lines_of_its_file_at_another_indentation(self):
        self.assertEqual(self.snippets("<!-- code: main.cpp -->", "int x = 1;\n\nreturn x;\n"), [])

    def test_a_changed_block_is_found(self):
        self.assertEqual(self.snippets("<!-- code: main.cpp -->", "int x = 2;\n"),
                         ["README.md:2: the block does not stand in main.cpp"])

    def test_a_block_without_a_file_is_found(self):
        self.assertEqual(self.snippets("words", "int x = 1;\n"),
                         ["README.md:2: C++ without the file that it is from"])

    def test_a_file_that_is_gone_is_found(self):
        self.assertEqual(self.snippets("<!-- code: gone.cpp -->", "int x = 1;\n"),
                         ["README.md:2: there is no gone.cpp"])

    def test_a_whole_file_is_all_of_it(self):
        self.assertEqual(self.snippets("<!-- code: main.cpp, whole -->", CODE), [])
        self.assertEqual(self.snippets("<!-- code: main.cpp, whole -->", "  int x = 1;\n"),
                         ["README.md:2: the block is not all of main.cpp"])

    def test_links_lead_to_files_and_headings(self):
        self.assertEqual(self.links("# A `b`, c\n[x](main.cpp) [y](#a-b-c) [z](http://x.org/)"), [])
        self.assertEqual(self.links("[x\ny](gone.md)"), ["README.md:2: there is no gone.md"])
        self.assertEqual(self.links("[x](gone.md)"), ["README.md:1: there is no gone.md"])
        self.assertEqual(self.links('<img src="a.svg">'), ["README.md:1: there is no a.svg"])
        self.assertEqual(self.links("[x](#gone)"), ["README.md:1: README.md has no heading 'gone'"])

    def test_code_has_no_links(self):
        self.assertEqual(self.links("`[](x)` takes\n```\n[](int x)\n```\n"), [])


if __name__ == "__main__":
    unittest.main()
