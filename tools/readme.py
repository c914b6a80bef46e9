"""Keep what the code of the pages says in the `text` block after each: `python -m tools.readme` (`make readme`).

A page is one story: its files are written into one folder, its Python blocks run in it one after the other and see each
other's names, and so do its commands.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import io
import linecache
import os
import re
import subprocess
import sys
import tempfile
import types
from pathlib import Path
from typing import TYPE_CHECKING, Any

import scriptkit
from tools.blocks import blocks
from tools.environment import inside, of_a_reader

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tools.blocks import Block

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
OTHERWISE = {
    "rules.md": "written and checked by tools.rules",
    "versions.md": "written and checked by tools.torch_matrix.page",
    "torchscript.md": "written and checked by tools.language_reference",
    "tutorial.md": "followed to the letter by tools.tutorial",
    "cpp.md": "tests/cpp",
    "ecosystem.md": "written by tests/ecosystem",
    "scaling.md": "tests/ecosystem/test_scale.py",
}
PAGES = (ROOT / "README.md", *sorted(page for page in DOCS.glob("*.md") if page.name not in OTHERWISE))
RUN = ("scriptkit", "python")
# commands of other programs, and what shows that they are right
SHOWN = {
    "make": "a target of the Makefile",
    "pip": "the wheel is installed by tests/packaging",
    "cmake": "typed by the tutorial",
    "ctest": "typed by the tutorial",
    "export": "typed by the tutorial",
}
PRELUDE = "import torch\nfrom torch import Tensor, nn\n"
SETTING = re.compile(r"[A-Z_]+=\S*")
SECONDS = re.compile(r"\b\d+\.\d+s\b(?: \(\d+:\d\d:\d\d\))?")  # pytest writes minutes behind more than one
SIZE = re.compile(r"\(\d[\d,]* bytes\)")  # of a file that names the version of torch, Python and scriptkit


def program(line: str) -> str:
    """What a command runs; variables of the environment stand before it."""
    return next(word for word in line.split() if not SETTING.fullmatch(word))


def up_to_date(markdown: str) -> str:
    """The same text with each `text` block saying what the code before it prints or raises.

    Raises:
        ValueError: a Python block says something and no `text` block follows.
    """
    with tempfile.TemporaryDirectory() as folder:
        return _up_to_date(markdown, _Story(Path(folder)))


def _up_to_date(markdown: str, story: _Story) -> str:
    told, teller = "", 0
    pieces, end = [], 0
    for block in blocks(markdown):
        if block.language == "text":
            if not teller:
                continue  # an illustration; the test knows which pages may have some
            pieces += [markdown[end : block.span[0]], told]
            told, teller, end = "", 0, block.span[1]
            continue
        if told:
            break
        told, teller = story.told_by(block), block.line if block.language in {"python", "sh"} else 0
        if block.language == "sh" and not _is_followed_by_text(markdown, block):
            told = ""
    if told:
        raise ValueError(f"the block at line {teller} says this, and no text block shows it:\n{told}")
    return "".join([*pieces, markdown[end:]])


def _is_followed_by_text(markdown: str, block: Block) -> bool:
    return next((b.language for b in blocks(markdown) if b.span > block.span), "") == "text"


class _Story:
    """One page while its code runs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        cells = sys.modules["cells"] = types.ModuleType("cells")  # pickle asks for the module of a class
        self.names: dict[str, Any] = vars(cells)
        self.count = 0
        exec(PRELUDE, self.names)  # noqa: S102 - what a reader of these pages has typed already

    def told_by(self, block: Block) -> str:
        """Write the file a block is, or run it: what it prints, or the diagnostics it ends in."""
        if block.caption:
            file = self.folder / block.caption
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block.text, encoding="utf-8")
            linecache.checkcache()
            return ""
        if block.language == "sh":
            return "".join(self._command(line) for line in block.text.splitlines())
        return self._python(block) if block.language == "python" else ""

    def _python(self, block: Block) -> str:
        """Run a block like a cell of a notebook; one that imports torch itself is a file that can be checked, too."""
        printed = io.StringIO()
        name = self._name_for(block)
        if "from torch import" in block.text:
            (self.folder / name).write_text(block.text, encoding="utf-8")
        linecache.cache[name] = (len(block.text), None, block.text.splitlines(keepends=True), name)
        with inside(self.folder), _importable(self.folder), contextlib.redirect_stdout(printed):
            try:
                exec(compile(block.text, name, "exec", dont_inherit=True), self.names)  # noqa: S102
                for test in re.findall(r"^def (test_\w+)\(\)", block.text, re.MULTILINE):
                    self.names[test]()
            except scriptkit.ScriptkitError as error:
                print(f"{type(error).__name__}: {error}".rstrip())
        return self._plain(printed.getvalue())

    def _name_for(self, block: Block) -> str:
        """`model.py` for the first class, `model_2.py` for the second; no two blocks share a name."""
        if "class " not in block.text:
            return f"cell_{block.line}.py"
        self.count += 1
        return f"model_{self.count}.py" if self.count > 1 else "model.py"

    def _command(self, line: str) -> str:
        if program(line) not in RUN:
            return ""
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        result = subprocess.run(  # noqa: S602 - a command of a page of this repository
            line,
            shell=True,
            cwd=self.folder,
            env=of_a_reader() | {"PATH": path, "COLUMNS": "100"},
            capture_output=True,
            text=True,
            check=False,
        )
        if result.returncode not in {0, 1}:
            raise ValueError(f"`{line}` ended with {result.returncode}:\n{result.stdout}{result.stderr}")
        return self._plain(result.stdout)

    def _plain(self, text: str) -> str:
        """Without the temporary folder and without what differs from run to run."""
        plain = text.replace(f"{self.folder.resolve()}/", "").replace(f"{self.folder}/", "")
        return SIZE.sub("(7,308 bytes)", SECONDS.sub("1.23s", plain))


@contextlib.contextmanager
def _importable(folder: Path) -> Iterator[None]:
    """The files of the page can be imported, and are forgotten afterwards."""
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        for name, module in list(sys.modules.items()):
            if str(getattr(module, "__file__", "")).startswith(str(folder)):
                del sys.modules[name]


def main() -> int:
    """Rewrite the pages, or with --check say whether they tell what happens."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("pages", nargs="*", type=Path, help="all pages unless some are given")
    given = parser.parse_args()
    stale = []
    for page in [path.resolve() for path in given.pages] or PAGES:
        markdown = page.read_text(encoding="utf-8")
        told = up_to_date(markdown)
        if told != markdown:
            stale.append(page)
            if not given.check:
                page.write_text(told, encoding="utf-8")
    for page in stale:
        print(f"{page.name} is out of date: run `make readme`" if given.check else f"{page.name} written")
    return int(given.check and bool(stale))


if __name__ == "__main__":
    sys.exit(main())
