"""Keep what the Python blocks of README and guide say in the `text` block after each: `python -m tools.readme`."""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import io
import re
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import scriptkit

ROOT = Path(__file__).parent.parent
PAGES = (ROOT / "README.md", ROOT / "docs" / "guide.md")


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text, the line it begins at and where its text stands."""

    language: str
    text: str
    line: int
    span: tuple[int, int]


def blocks(markdown: str) -> list[Block]:
    """All fenced blocks in order."""
    fences = re.finditer(r"^```(\w*)\n(.*?)^```$", markdown, re.MULTILINE | re.DOTALL)
    return [Block(m[1], m[2], markdown.count("\n", 0, m.start()) + 1, m.span(2)) for m in fences]


def up_to_date(markdown: str) -> str:
    """The same text with each `text` block saying what the Python block before it prints or raises.

    Raises:
        ValueError: a Python block says something and no `text` block follows.
    """
    names: dict[str, Any] = {}
    told, teller = "", 0
    pieces, end = [], 0
    for block in blocks(markdown):
        if block.language == "text":
            pieces += [markdown[end : block.span[0]], told]
            told, end = "", block.span[1]
        elif block.language == "python":
            if told:
                break
            told, teller = told_by(block, names), block.line
    if told:
        raise ValueError(f"the Python block at line {teller} says this, and no text block shows it:\n{told}")
    return "".join([*pieces, markdown[end:]])


def told_by(block: Block, names: dict[str, Any]) -> str:
    """Run a block as the file `model.py`: what it prints, or the diagnostics it ends in; names carry over."""
    printed = io.StringIO()
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        file = Path(folder, "model.py")
        file.write_text(block.text, encoding="utf-8")
        try:
            with contextlib.redirect_stdout(printed):
                run(file, f"readme_line_{block.line}", names)
        except scriptkit.ScriptkitError as error:
            return str(error).replace(f"{folder}/", "").rstrip() + "\n"
    return printed.getvalue()


def run(file: Path, name: str, names: dict[str, Any]) -> None:
    """Execute a file as a module that sees the names, and adds its own to them."""
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise ImportError(file)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # pickle asks for the module of a class
    vars(module).update({key: value for key, value in names.items() if not key.startswith("__")})
    try:
        spec.loader.exec_module(module)
    finally:
        names.update(vars(module))


def main() -> int:
    """Rewrite the pages, or with --check say whether they tell what happens."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    stale = [page for page in PAGES if up_to_date(page.read_text(encoding="utf-8")) != page.read_text(encoding="utf-8")]
    for page in stale:
        if check:
            print(f"{page.name} is out of date: run `make readme`")
        else:
            page.write_text(up_to_date(page.read_text(encoding="utf-8")), encoding="utf-8")
    return int(check and bool(stale))


if __name__ == "__main__":
    sys.exit(main())
