#!/usr/bin/env python3
"""Checks that the folders of weft keep to the direction of the design.

  tidy.py includes <source>                    what each file may include
  tidy.py links <nm> <folder>=<archive>...     what each static library may refer to
  tidy.py public <compiler> <include> <header>...   what a host that includes the headers is given

Prints each violation and ends with 1 if there is any.
"""

import pathlib
import re
import subprocess
import sys

# A folder may include and link those named here, and itself.
BELOW = {
    "workflow": set(),
    "planning": {"workflow"},
    "storage": {"workflow"},
    "actors": {"workflow", "planning", "storage"},
    "runtime": {"workflow", "planning", "storage", "actors"},
    "apps": {"workflow", "planning", "storage", "actors", "runtime"},
}

# What a folder must not know, as the beginning of what stands between < and >.
THREADS = ("thread>", "mutex>", "condition_variable>", "future>", "shared_mutex>", "semaphore>")
HTTP = ("boost/beast", "boost/asio")
MUST_NOT_KNOW = {
    "workflow": ("caf/", "hiredis/", "boost/", "sqlite3") + THREADS,
    "planning": ("caf/", "hiredis/", "boost/", "sqlite3") + THREADS,
    "storage": ("caf/",),
    "actors": ("CLI/", "boost/process") + HTTP,
    "runtime": ("CLI/",),
    "apps": (),
}

# The one place that reads the machine's clocks, so that virtual time covers everything else.
# Planning is not even given a clock.
CLOCK = re.compile(r"(steady|system|high_resolution)_clock::now")
CLOCK_READER = "workflow/clock.hpp"

# Made by the build, above all folders.
GENERATED = ("weft/build_id.hpp",)

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^">]+)[">]')


def violations_of_line(folder, line):
    """Yields what is wrong with one line of a file in `folder`."""
    match = INCLUDE.match(line)
    if match is None:
        if folder != "apps" and CLOCK.search(line):
            yield f"only {CLOCK_READER} reads the machine's clocks; take a weft::Clock"
        return
    bracket, target = match.groups()
    if bracket == "<":
        for unknown in MUST_NOT_KNOW[folder]:
            if (target + ">").startswith(unknown):
                yield f"{folder}/ must not know <{target}>"
        if target.startswith("weft/"):
            yield f'write "{target}" in quotes'
        return
    parts = target.split("/")
    if parts[0] != "weft":
        yield f'write "{target}" as "weft/<folder>/<file>.hpp"'
    elif len(parts) > 2 and parts[1] != folder and parts[1] not in BELOW[folder]:
        yield f"{folder}/ must not include {parts[1]}/ (below it: {sorted(BELOW[folder])})"
    elif folder == "planning" and target == "weft/" + CLOCK_READER:
        yield "planning/ must not know a clock"
    elif target in GENERATED:
        return
    elif len(parts) == 2 and folder not in ("apps", "runtime"):
        yield f"{folder}/ must not include the umbrella header"


def check_first_include(path, text, source):
    """A file that includes its own header first shows that the header needs nothing before it."""
    header = path.with_suffix(".hpp")
    if path.suffix != ".cpp" or not header.exists():
        return
    wanted = f"weft/{header.relative_to(source)}"
    first = next(filter(None, map(INCLUDE.match, text.splitlines())), None)
    if first is None or first.group(2) != wanted:
        yield f'{path.relative_to(source)}: include "{wanted}" before anything else'


def check_includes(source):
    for folder in BELOW:
        for path in sorted((source / folder).rglob("*.[ch]pp")):
            yield from check_first_include(path, path.read_text(), source)
            for number, line in enumerate(path.read_text().splitlines(), 1):
                if str(path.relative_to(source)) == CLOCK_READER and CLOCK.search(line):
                    continue
                for violation in violations_of_line(folder, line):
                    yield f"{path.relative_to(source)}:{number}: {violation}"


def symbols(nm, archive, wanted):
    """The strong external symbols of an archive that are `wanted`: defined or undefined."""
    listing = subprocess.run(
        [nm, "--extern-only", f"--{wanted}-only", "--format=posix", archive],
        check=True, capture_output=True, text=True).stdout
    kinds = "U" if wanted == "undefined" else "TDBR"
    rows = (line.split() for line in listing.splitlines())
    return {row[0] for row in rows if len(row) >= 2 and row[1] in kinds}


def check_links(nm, archives):
    defined = {folder: symbols(nm, path, "defined") for folder, path in archives.items()}
    for folder, path in archives.items():
        undefined = symbols(nm, path, "undefined")
        for other in defined:
            if other == folder or other in BELOW[folder]:
                continue
            for symbol in sorted((undefined & defined[other]) - defined[folder])[:5]:
                yield f"weft_{folder} refers to {symbol} of weft_{other}"


def check_public(compiler, include, headers):
    """All that the public headers reach is public too, and none of it is CAF, hiredis or Boost."""
    text = "".join(f'#include "weft/{header}"\n' for header in headers)
    run = subprocess.run(
        [compiler, "-std=c++20", "-DMSGPACK_NO_BOOST", "-I", include, "-M", "-x", "c++", "-"],
        input=text, capture_output=True, text=True)
    if run.returncode != 0:
        yield run.stderr.strip()
        return
    root = pathlib.Path(include)
    for word in run.stdout.replace("\\\n", " ").split()[1:]:
        if re.search(r"/(caf|hiredis|boost|spdlog|nlohmann|yaml-cpp|toml\+\+)/", word):
            yield f"the public headers reach {word}"
        try:
            own = str(pathlib.Path(word).relative_to(root / "weft"))
        except ValueError:
            continue
        if own not in headers:
            yield f"the public headers reach {own}, which PUBLIC_HEADERS does not list"


def main(arguments):
    match arguments:
        case ["includes", source]:
            found = list(check_includes(pathlib.Path(source)))
        case ["links", nm, *pairs]:
            found = list(check_links(nm, dict(pair.split("=", 1) for pair in pairs)))
        case ["public", compiler, include, *headers]:
            found = list(check_public(compiler, include, headers))
        case _:
            sys.exit(__doc__)
    for violation in found:
        print(violation)
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main(sys.argv[1:])
