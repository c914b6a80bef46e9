"""Check and repair random and odd sources: `python -m tools.fuzz_check --files 400`.

The corpus and the package's own files, changed: lines lost, doubled and swapped, other line ends, form feeds, codings,
odd bytes, deep expressions. Bad is: a traceback, a death, a hang, an internal error, a repair that repairs its own
result again, a byte outside the repaired lines that changed.
"""

from __future__ import annotations

import argparse
import difflib
import os
import random
import re
import sys
import tempfile
from pathlib import Path

from scriptkit.checking import check_paths
from scriptkit.fixing import fix_file
from tools.fuzz_children import Limits, report, run_all

ROOT = Path(__file__).parent.parent
LIMITS = Limits(memory=2 << 30, seconds=60)
CODINGS = "latin-1 utf-8 utf-16 utf-7 rot13 punycode undefined hex idna cp1252 no-such unicode_escape ascii".split()
ODD_LINES = [
    b"x = " + b" + ".join([b"1"] * 3000),
    b"x = " + b"(" * 150 + b"1" + b")" * 150,
    b"x = " + b"not " * 3000 + b"True",
    b"x = y" + b".t()" * 3000,
    b"x = " + b"[" * 300 + b"]" * 300,
    b"x = '''a\rb'''",
    b"x = 1if 2else 3",
    b"\x0c",
    b"    \x0c    pass",
    b"\t",
    b"\\",
    b"\xff\xfe",
    b"\0",
    "ünï = '✓ \u2028 \x85'".encode(),
    b"if True: \\\n  y = 1",
    b"async def f(): yield",
    b"match x:\n    case 1: pass",
    b"class M(ScriptableModule): forward = None",
    b"        if self.limit is not None: y = self.limit",
    b"        elif self.limit is not None:",
    b"        for i in range(len(self.layers)): x = self.layers[i](x)",
    b"        return torch.cat([x, x], axis=0).sum(dim=0, keepdims=True)",
]
MODEL = b"""import torch
from torch import nn, Tensor
from scriptkit import ScriptableModule
class M(ScriptableModule):
    limit: float | None
    def __init__(self, limit: float | None = None) -> None:
        super().__init__()
        self.limit = limit
        self.layers = nn.ModuleList([nn.Linear(2, 2) for _ in range(3)])
    def forward(self, x: Tensor, times=2) -> Tensor:
        total = 0
        if x is None:
            pass
        elif self.limit is not None:
            x = x * self.limit
        for i in range(len(self.layers)):
            x = self.layers[i](x)
        return torch.cat([x, x], axis=0)
"""
_LINE = re.compile(rb"[^\r\n]*(?:\r\n|\r|\n|$)")


def sources() -> list[bytes]:
    """What is changed: models right and wrong, and ordinary code."""
    files = [*(ROOT / "tests" / "corpus").rglob("*.py"), *(ROOT / "scriptkit").rglob("*.py")]
    return [MODEL] * len(files) + [path.read_bytes() for path in sorted(files)]


def changed(data: bytes, dice: random.Random) -> bytes:
    """A source after a few changes."""
    lines = data.split(b"\n")
    for _ in range(dice.choice([0, 1, 1, 2, 4])):
        place, kind = dice.randrange(len(lines)), dice.randrange(6)
        if kind == 0:
            lines.insert(place, dice.choice(ODD_LINES))
        elif kind == 1 and len(lines) > 1:
            del lines[place]
        elif kind == 2:  # noqa: PLR2004 - the kinds are numbered
            lines.insert(place, lines[dice.randrange(len(lines))])
        elif kind == 3:  # noqa: PLR2004
            lines[place] = lines[place][: dice.randrange(len(lines[place]) + 1)]
        elif kind == 4:  # noqa: PLR2004
            lines[place] = dice.choice([b"\x0c", b"\t", b"  ", b"# c"]) + lines[place]
        else:
            lines[place] = lines[place] + dice.choice([b" ", b"\t", b"  # c", b";", b"\\", b"\r"])
    if dice.random() < 0.1:  # noqa: PLR2004
        lines.insert(0, f"# -*- coding: {dice.choice(CODINGS)} -*-".encode())
    ends = dice.choice([[b"\n"], [b"\n"], [b"\r\n"], [b"\r"], [b"\n", b"\r\n"], [b"\n", b"\r\n", b"\r"]])
    mark = b"\xef\xbb\xbf" if dice.random() < 0.05 else b""  # noqa: PLR2004
    return mark + b"".join(line + dice.choice(ends) for line in lines[:-1]) + lines[-1]


def tried(data: bytes, path: Path, *, all_modules: bool) -> str:
    """Check and repair one source, twice."""
    path.write_bytes(data)
    found = check_paths([path], all_modules=all_modules)
    if any("internal error" in finding.message for finding in found):
        return f"BAD internal: {[finding.message for finding in found]}"
    try:
        fix_file(str(path), all_modules=all_modules)
        once = path.read_bytes()
        fix_file(str(path), all_modules=all_modules)
    except (SyntaxError, ValueError, LookupError):
        return "unreadable" if path.read_bytes() == data else "BAD write: an unreadable file was changed"
    if path.read_bytes() != once:
        return "BAD repair: a second one changes the file again"
    if once == data:
        return "left, with findings" if found else "left"
    return touched_elsewhere(data, once) or "repaired"


def touched_elsewhere(before: bytes, after: bytes) -> str:
    """Whether a line that reads the same has other bytes now."""
    old, new = _LINE.findall(before), _LINE.findall(after)
    matcher = difflib.SequenceMatcher(
        None, [_normal(line) for line in old], [_normal(line) for line in new], autojunk=False
    )
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag == "equal" and old[i1:i2] != new[j1:j2]:
            return f"BAD bytes: {old[i1:i2]} became {new[j1:j2]}"
        if tag == "delete":
            return f"BAD bytes: {old[i1:i2]} is gone"
    return ""


def _normal(line: bytes) -> bytes:
    return line.rstrip(b"\r\n \t")


def main(arguments: list[str] | None = None) -> int:
    """Fuzz, and tell how the checks ended."""
    parser = argparse.ArgumentParser(prog="python -m tools.fuzz_check", description=__doc__)
    parser.add_argument("--files", type=int, default=400)
    parser.add_argument("--first", type=int, default=0, help="the number of the first file; each is its own seed")
    options = parser.parse_args(arguments)
    texts = sources()

    def run(number: int) -> str:
        dice = random.Random(number)  # noqa: S311 - repeatable
        data = changed(dice.choice(texts), dice)
        return tried(data, Path("source.py"), all_modules=dice.random() < 0.5)  # noqa: PLR2004

    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        counts, failures = run_all(range(options.first, options.first + options.files), run, LIMITS)
        os.chdir("/")
    return report("fuzz_check", counts, failures)


if __name__ == "__main__":
    sys.exit(main())
