"""Write the map of the repository, one line per file, and the picture of its levels: `python -m tools.repository_map`.

The lines are the first sentences of the files themselves; `--check` fails where a page is stale (`make map` renews it).
"""

from __future__ import annotations

import argparse
import ast
import itertools
import re
import sys
from typing import TYPE_CHECKING

from tools.imports import LEVELS, PACKAGE, ROOT
from tools.levels_picture import picture

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAP = ROOT / "docs" / "map.md"
PICTURE = ROOT / "docs" / "levels.svg"
AROUND = {
    "tools": "What writes and checks the generated files.",
    "benchmarks": "Ratios against torch.jit, each with a command.",
    "examples": "Complete models, and the demonstration.",
    "tests": "They mirror the package; `scenarios` tells stories across rooms, `zoo` uses other people's models.",
}
LEFT_OUT = ("tests/corpus/", "tests/compiling/forms/", "docs/")
A_RULE = re.compile(r'^    code = "SK', re.MULTILINE)
INTRODUCTION = """\
# Map of the repository

<!-- written by `make map`; the lines are the first ones of the files themselves -->

One line per file. The rooms of the package stand in the order of their levels: a file imports what stands in a lower
level, or in its own room, so that each can be read with what stands above it here. [How it works](how-it-works.md)
tells the way through them.
"""


def main() -> None:
    """Write what is stale, or say so."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    wanted = {MAP: "\n".join(page(ROOT)), PICTURE: picture(LEVELS)}
    stale = [file for file, text in wanted.items() if not file.is_file() or file.read_text(encoding="utf-8") != text]
    if not parser.parse_args().check:
        for file in stale:
            file.write_text(wanted[file], encoding="utf-8")
    elif stale:
        sys.exit(f"run `make map`: stale in docs: {', '.join(file.name for file in stale)}")


def page(root: Path) -> Iterator[str]:
    """The map, line by line."""
    yield INTRODUCTION
    package = root / PACKAGE
    names = {file.stem for file in package.glob("*.py")} | {file.parent.name for file in package.glob("*/__init__.py")}
    for height, rooms in enumerate((*LEVELS, sorted(names.difference(*LEVELS))), 1):
        if rooms and names.intersection(rooms):
            yield f"## Level {height}\n" if height <= len(LEVELS) else "## On no level yet\n"
            yield from _files(root, [package / f"{room}.py" for room in rooms if (package / f"{room}.py").is_file()])
            for room in rooms:
                yield from _folder(root, package / room)
    yield "## Around the package\n"
    for folder, words in AROUND.items():
        yield from _folder(root, root / folder, words)


def _folder(root: Path, folder: Path, words: str = "") -> Iterator[str]:
    """The files of a folder, then the folders in it."""
    found = [file for file in sorted(folder.rglob("*.py")) if not _is_left_out(root, file)]
    for inside, files in itertools.groupby(sorted(found, key=lambda file: file.parent.parts), lambda file: file.parent):
        listed = list(files)
        about = words if inside == folder and words else first_sentence(inside / "__init__.py")
        yield f"### {inside.relative_to(root)}\n"
        if about:
            yield f"{about}\n"
        rules = [file for file in listed if A_RULE.search(file.read_text(encoding="utf-8"))]
        yield from _files(root, [file for file in listed if file.name != "__init__.py" and file not in rules])
        if rules and inside.name == "rules":
            yield f"And {len(rules)} files with one [rule](rules.md) each, of its name.\n"


def _is_left_out(root: Path, file: Path) -> bool:
    return file.relative_to(root).as_posix().startswith(LEFT_OUT)


def _files(root: Path, files: list[Path]) -> Iterator[str]:
    for file in files:
        about = first_sentence(file)
        if not about:
            sys.exit(f"{file.relative_to(root)} does not say what it is: give it a docstring")
        yield f"- `{file.name}`: {about}"
    if files:
        yield ""


def first_sentence(file: Path) -> str:
    """What a file says it is, on one line; empty where it says nothing."""
    text = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) if file.is_file() else None
    paragraph = " ".join((text or "").partition("\n\n")[0].split())
    sentence = re.match(r".+?\.(?=\s|$)", paragraph)
    return re.sub(r"(?<!`)([*<])(?!`)", r"\\\1", sentence[0] if sentence else paragraph)


if __name__ == "__main__":
    main()
