"""Follow the tutorial to the letter, in an empty folder: `python -m tools.tutorial --wheel FILE`.

Each file the page shows is written, each command it shows is typed, one by one, into one shell; what the page says they
print is what they must print. Between the commands nothing is done but one thing: where there is no index to install
from, the new environment borrows the packages of the running one, all but scriptkit itself.
"""

from __future__ import annotations

import argparse
import difflib
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tools.blocks import Block, blocks
from tools.environment import of_a_reader

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "tutorial.md"
BASH = "/bin/bash"
END = "the-command-ended-with"
NUMBER = re.compile(r"-?\d+\.\d+")
SECONDS = re.compile(r"\b\d+\.\d+s\b|\b\d+\.\d+ sec\b")
CLOSE = 0.02


class TutorialError(Exception):
    """A command that failed, or told something other than the page says."""


class Shell:
    """One shell that all commands are typed into, so that `cd`, `export` and `activate` last."""

    def __init__(self, folder: Path, wheel: Path) -> None:
        kept = {name: value for name, value in of_a_reader().items() if not name.startswith(("PYTHON", "COV_"))}
        found = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheel.parent), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
        path = f"{Path(sys._base_executable).parent}{os.pathsep}{os.environ['PATH']}"  # type: ignore[attr-defined]
        self.folder = folder
        self.process = subprocess.Popen(
            [BASH],
            cwd=folder,
            env=kept | found | {"PATH": path, "COLUMNS": "120", "SCRIPTKIT_CACHE": str(folder / ".cache")},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def type(self, command: str) -> tuple[int, str]:
        """The exit code of a command, and what it prints."""
        typed, printed = self.process.stdin, self.process.stdout
        if typed is None or printed is None:
            raise TutorialError("the shell has no pipes")
        typed.write(f"{command}\ncode=$?; echo; echo {END} $code\n")
        typed.flush()
        lines: list[str] = []
        for line in printed:
            if line.startswith(END):
                return int(line.split()[1]), "".join(lines).removesuffix("\n")
            lines.append(line)
        raise TutorialError(f"`{command}` ended the shell")

    def close(self) -> None:
        """Leave the shell."""
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()
        self.process.wait()


def follow(page: str, folder: Path, wheel: Path, tell: Callable[[str], None] = print) -> dict[str, str]:
    """Do what the page says in this folder, and return what each command printed.

    Raises TutorialError at the first command that does something else.
    """
    shell = Shell(folder, wheel)
    told: dict[str, str] = {}
    try:
        steps = blocks(page)
        for block, after in zip(steps, [*steps[1:], None], strict=True):
            if block.caption:
                write(folder / block.caption, block.text, tell)
            elif block.language == "sh":
                told.update(follow_commands(shell, block, after, tell))
    finally:
        shell.close()
    return told


def write(file: Path, text: str, tell: Callable[[str], None]) -> None:
    """Save a file that the page shows."""
    tell(f"  write {file.name}")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def follow_commands(shell: Shell, block: Block, after: Block | None, tell: Callable[[str], None]) -> dict[str, str]:
    """Type the commands of one block; the last one may be followed by what it prints."""
    expected = after.text if after is not None and after.language == "text" else None
    told = {}
    commands = block.text.strip().splitlines()
    for command in commands:
        tell(f"$ {command}")
        code, told[command] = shell.type(command)
        borrow_packages(shell.folder)
        is_last = command == commands[-1]
        may_fail = is_last and expected is not None and ("Error: " in expected or re.search(r"\d errors?,", expected))
        if code and not may_fail:
            raise TutorialError(f"line {block.line}: `{command}` ended with {code}:\n{told[command]}")
        if is_last and expected is not None:
            compare(expected, told[command], f"line {block.line}: `{command}`")
    return told


def compare(expected: str, printed: str, where: str) -> None:
    """Raise TutorialError where other words were printed; a line `...` stands for any lines, numbers may be close."""
    expected, printed = (SECONDS.sub("some seconds", text) for text in (expected, printed))
    pattern = "".join(r"(?:.*\n)*?" if line == "..." else _line(line) for line in expected.strip().splitlines())
    match = re.search(rf"\A{pattern}\Z", printed.strip() + "\n")
    if match is None:
        difference = "\n".join(difflib.ndiff(expected.strip().splitlines(), printed.strip().splitlines()))
        raise TutorialError(f"{where} prints something else:\n{difference}")
    wanted = [float(n) for n in NUMBER.findall("\n".join(_shown(expected)))]
    for one, other in zip(wanted, match.groups(), strict=True):
        if abs(one - float(other)) > CLOSE:
            raise TutorialError(f"{where} prints {other}, not {one}")


def _shown(expected: str) -> list[str]:
    return [line for line in expected.strip().splitlines() if line != "..."]


def _line(line: str) -> str:
    """A pattern for a line: its spaces may be of another width where numbers are."""
    parts = NUMBER.split(line.rstrip())
    return r"(-?\d+\.\d+)".join(re.escape(part) for part in parts) + r"[ \t]*\n"


def borrow_packages(folder: Path) -> None:
    """Let a new environment see what is installed here, but not scriptkit."""
    for site in folder.glob(".venv/lib/python*/site-packages"):
        borrowed = folder / ".borrowed"
        if borrowed.exists():
            continue
        borrowed.mkdir()
        for entry in Path(sysconfig.get_path("purelib")).iterdir():
            if not entry.name.startswith(("scriptkit", "_editable", "pip", "distutils")):
                (borrowed / entry.name).symlink_to(entry)
        for old in (
            *site.glob("setuptools*"),
            *site.glob("distutils*.pth"),
        ):  # torch needs a newer one, which is borrowed
            shutil.rmtree(old) if old.is_dir() else old.unlink()
        (site / "borrowed.pth").write_text(f"{borrowed}\n", encoding="utf-8")


def main() -> None:
    """Follow the page in a temporary folder."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--wheel", type=Path, required=True, help="what `pip install scriptkit` installs")
    parser.add_argument("--folder", type=Path, help="an empty folder to do it in, and to keep")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.folder or Path(temporary)
        try:
            follow(PAGE.read_text(encoding="utf-8"), folder, given.wheel.resolve())
        except TutorialError as error:
            sys.exit(str(error))


if __name__ == "__main__":
    main()
