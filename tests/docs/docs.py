#!/usr/bin/env python3
"""Checks that the documentation tells the truth where a program can see it.

  docs.py snippets <source>   each block of C++ stands word for word in the file that it names
  docs.py links <source>      each relative link leads to a file, and to a heading that is there

A block names its file in the line above it, in a comment that readers do not see:

    <!-- code: examples/hello.cpp -->         some lines of the file, in a row, at any indentation
    <!-- code: examples/hello.cpp, whole -->  all of it

Such a file is compiled and run by the tests. Prints each violation and ends with 1 if there is any.
"""

import pathlib
import re
import sys
import textwrap

FENCE = re.compile(r"^```(\w*)\s*$")
SOURCE = re.compile(r"^<!-- code: (\S+?)(, whole)? -->$")
LINK = re.compile(r"""(?:\[[^\]]*\]\(|<img src=")([^)"\s]+)[)"]""")
SPAN = re.compile(r"`[^`]*`")
HEADING = re.compile(r"^#{1,6}\s+(.*)$")


def documents(source):
    yield from sorted(source.glob("*.md"))
    yield from sorted((source / "docs").rglob("*.md"))
    for folder in sorted(source.iterdir()):
        if folder.is_dir() and folder.name not in ("docs", "build") and folder.name[0] != ".":
            yield from sorted(folder.rglob("*.md"))


def blocks(text):
    """Yields the fenced blocks of a document: number of their line, language, text, line above."""
    lines = text.splitlines()
    start = None
    for number, line in enumerate(lines):
        match = FENCE.match(line)
        if match is None:
            continue
        if start is None:
            start = number, match.group(1)
        else:
            first, language = start
            above = lines[first - 1] if first > 0 else ""
            yield first + 1, language, lines[first + 1:number], above
            start = None


def stands_in(block, lines):
    """Whether the lines of a block stand in a row among others, apart from their indentation."""
    wanted = textwrap.dedent("\n".join(block))
    for start in range(len(lines) - len(block) + 1):
        if textwrap.dedent("\n".join(lines[start:start + len(block)])) == wanted:
            return True
    return False


def check_block(source, language, block, above):
    """What is wrong with one block, or nothing."""
    match = SOURCE.match(above)
    if match is None:
        return "C++ without the file that it is from" if language == "cpp" else None
    name, whole = match.groups()
    path = source / name
    if not path.is_file():
        return f"there is no {name}"
    lines = path.read_text().splitlines()
    if whole and block != lines:
        return f"the block is not all of {name}"
    if not stands_in(block, lines):
        return f"the block does not stand in {name}"
    return None


def check_snippets(source):
    for path in documents(source):
        for number, language, block, above in blocks(path.read_text()):
            fault = check_block(source, language, block, above)
            if fault:
                yield f"{path.relative_to(source)}:{number}: {fault}"


def anchors(path):
    """The names by which the headings of a document are linked to."""
    names = set()
    for line in prose(path):
        match = HEADING.match(line)
        if match:
            plain = re.sub(r"[^\w\- ]", "", match.group(1).lower())
            names.add(plain.strip().replace(" ", "-"))
    return names


def prose(path):
    """The lines of a document outside of fenced blocks; those inside are empty."""
    inside = False
    for line in path.read_text().splitlines():
        fence = line.startswith("```")
        yield "" if inside or fence else line
        inside ^= fence


def links(path):
    """Yields each link of a document, with the number of its line. Code has no links."""
    text = SPAN.sub(lambda span: "\n" * span.group().count("\n"), "\n".join(prose(path)))
    for match in LINK.finditer(text):
        yield text.count("\n", 0, match.end()) + 1, match.group(1)


def check_links(source):
    for path in documents(source):
        for number, target in links(path):
            if re.match(r"^[a-z]+:", target):
                continue
            file, _, anchor = target.partition("#")
            there = (path.parent / file).resolve() if file else path
            where = f"{path.relative_to(source)}:{number}"
            if not there.exists():
                yield f"{where}: there is no {target}"
            elif anchor and anchor not in anchors(there):
                yield f"{where}: {file or path.name} has no heading '{anchor}'"


def main(arguments):
    match arguments:
        case ["snippets", source]:
            found = list(check_snippets(pathlib.Path(source).resolve()))
        case ["links", source]:
            found = list(check_links(pathlib.Path(source).resolve()))
        case _:
            sys.exit(__doc__)
    for violation in found:
        print(violation)
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main(sys.argv[1:])
