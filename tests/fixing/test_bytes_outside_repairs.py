"""A repair changes the lines it repairs, and no other byte of the file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from scriptkit.checking import check_source
from scriptkit.errors import ScriptkitWarning
from scriptkit.fixing import fix_file, fixed_text

MODEL = b"""import torch
from torch import nn, Tensor
from scriptkit import ScriptableModule
class M(ScriptableModule):
    limit: float | None
    def __init__(self, limit: float | None = None) -> None:
        super().__init__()
        self.limit = limit
    def forward(self, x: Tensor) -> Tensor:
        if self.limit is not None:
            x = x * self.limit
        return x
"""
CHECK, USE = b"        if self.limit is not None:", b"            x = x * self.limit"
FILES = {
    "unix": MODEL,
    "windows": MODEL.replace(b"\n", b"\r\n"),
    "old mac": MODEL.replace(b"\n", b"\r"),
    "mixed, the first line unix": MODEL.replace(b"\n", b"\r\n").replace(b"\r\n", b"\n", 1),
    "mixed, the first line windows": MODEL.replace(b"\n", b"\r\n", 1),
    "every third line windows": b"".join(
        line.replace(b"\n", b"\r\n") if number % 3 == 0 else line
        for number, line in enumerate(MODEL.splitlines(keepends=True))
    ),
    "with a byte order mark": b"\xef\xbb\xbf" + MODEL,
    "in latin-1": b"# coding: latin-1\n# \xe9\n" + MODEL,
    "with a form feed on a line": MODEL.replace(b"class M", b"\x0c\nclass M"),
    "with a form feed before an indent": MODEL.replace(b"    def forward", b"\x0c    def forward"),
    "with a form feed before the repaired line": MODEL.replace(CHECK, b"\x0c" + CHECK),
    "with tabs": MODEL.replace(b"    ", b"\t"),
    "without a last line end": MODEL.rstrip(),
    "with blanks at line ends": MODEL.replace(b"import torch\n", b"import torch   \n\t\n"),
    "with a lone carriage return in a string": MODEL.replace(b"class M", b"S = '''a\rb'''\nclass M"),
    "with letters of several bytes": MODEL.replace(b"return x", "y = 'ünï ✓'; return x".encode()),
    "with other separators of lines": MODEL.replace(b"class M", "S = 'a\x85\u2028b\x1c'\nclass M".encode()),
}


@pytest.mark.parametrize("name", FILES)
def test_only_the_repaired_lines_change(name: str, tmp_path: Path) -> None:
    before, path = FILES[name], tmp_path / "m.py"
    path.write_bytes(before)
    fix_file(str(path), all_modules=False)
    after = path.read_bytes()
    assert after != before
    kept = [line for line in lines_of(before) if b"self.limit is" not in line and b"x * self.limit" not in line]
    new = [line for line in lines_of(after) if line.strip() != b"limit = self.limit" and b"limit is" not in line]
    assert [line for line in new if b"x * limit" not in line] == kept
    assert len(lines_of(after)) == len(lines_of(before)) + 1
    fix_file(str(path), all_modules=False)
    assert path.read_bytes() == after


def lines_of(data: bytes) -> list[bytes]:
    return data.splitlines(keepends=True)


def test_an_inserted_line_ends_as_the_line_it_stands_before(tmp_path: Path) -> None:
    path = tmp_path / "m.py"
    path.write_bytes(MODEL.replace(CHECK + b"\n", CHECK + b"\r\n"))
    fix_file(str(path), all_modules=False)
    assert b"        limit = self.limit\r\n        if limit is not None:\r\n" in path.read_bytes()


def test_a_copy_stands_before_the_whole_chain_of_elif() -> None:
    text = MODEL.decode().replace(
        "        if self.limit", "        if x is None:\n            pass\n        elif self.limit"
    )
    better = fixed_text(text)
    assert (
        "        limit = self.limit\n        if x is None:\n            pass\n        elif limit is not None:\n"
        in better
    )
    assert check_source(better) == []


@pytest.mark.parametrize("change", ["self.limit = 3.0", "self.grow()"])
def test_a_chain_that_may_change_the_attribute_is_left(change: str) -> None:
    text = MODEL.decode().replace("            x = x * self", f"            {change}\n            x = x * self")
    text += "    def grow(self) -> None:\n        self.limit = 3.0\n"
    assert fixed_text(text) == text


def test_a_statement_behind_a_semicolon_keeps_its_line() -> None:
    text = MODEL.decode().replace("            x = x * self.limit", "            y = 1; x = x * self.limit; z = 2  # c")
    assert "            y = 1; x = x * limit; z = 2  # c\n" in fixed_text(text)


def test_a_link_stays_a_link_and_its_target_is_repaired(tmp_path: Path) -> None:
    (tmp_path / "real.py").write_bytes(MODEL)
    (tmp_path / "link.py").symlink_to("real.py")
    fix_file(str(tmp_path / "link.py"), all_modules=False)
    assert (tmp_path / "link.py").is_symlink()
    assert b"limit = self.limit\n" in (tmp_path / "real.py").read_bytes()


def test_other_names_of_a_file_are_told(tmp_path: Path) -> None:
    (tmp_path / "m.py").write_bytes(MODEL)
    os.link(tmp_path / "m.py", tmp_path / "n.py")
    with pytest.warns(ScriptkitWarning, match=r"has 2 names \(hard links\); the others keep the old contents"):
        fix_file(str(tmp_path / "m.py"), all_modules=False)
    assert (tmp_path / "n.py").read_bytes() == MODEL


def test_many_repairs_are_made_at_once() -> None:
    """The text is analysed once for all of them, and again for what they leave."""
    head, _, rest = MODEL.decode().partition("class M")
    classes = "".join(f"class M{number}{rest}" for number in range(300))
    better = fixed_text(head + classes)
    assert better.count("limit is not None") == 300
    assert check_source(better) == []
