"""Instructions and the expressions they were made of, found without columns, as code of Python 3.10 has none."""

from __future__ import annotations

import dis
import linecache
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from scriptkit.live.instruction_nodes import span_of

if TYPE_CHECKING:
    from pathlib import Path
    from types import CodeType

PROGRAM = """\
from __future__ import annotations

import functools


@functools.cache
def decided(x, ys):
    é = 1; names = [y.size(0) for y in ys if y.any()]
    if x.sum() > 0 and not x.all(): return names
    while x.norm() > é:
        x = x.half(); continue
    for part in x.unbind(0): names.append(part.item() if part.dim() else 0)
    assert x.equal(
        x
    ), "words"
    return (lambda z: z.numel())(x)
"""


def function_of(path: Path, text: str = PROGRAM) -> CodeType:
    """The code of the function of a program in a file."""
    path.write_text(text, encoding="utf-8")
    linecache.checkcache(str(path))
    names: dict[str, Any] = {}
    exec(compile(text, str(path), "exec"), names)
    code: CodeType = names["decided"].__wrapped__.__code__
    return code


def with_inner(code: CodeType) -> list[CodeType]:
    """The code and all code in it."""
    return [code, *(one for inner in code.co_consts if hasattr(inner, "co_code") for one in with_inner(inner))]


def text_at(code: CodeType, offset: int) -> str:
    """The text of the expression of an instruction; of several lines the first."""
    span = span_of(code, offset)
    assert span is not None
    line = PROGRAM.splitlines()[span.line - 1].encode()
    return line[span.column : span.end_column if span.end_line == span.line else None].decode()


def test_what_is_called_is_found(tmp_path: Path) -> None:
    codes = with_inner(function_of(tmp_path / "program.py"))
    steps = [(code, one) for code in codes for one in dis.get_instructions(code)]
    called = {text_at(code, one.offset) for code, one in steps if one.opname.startswith("CALL")}
    wanted = "y.size(0)|y.any()|x.sum()|x.all()|x.norm()|x.half()|x.unbind(0)|part.item()|part.dim()|x.equal(|z.numel()"
    assert set(wanted.split("|")) <= called


def test_what_decides_is_found(tmp_path: Path) -> None:
    codes = with_inner(function_of(tmp_path / "program.py"))
    steps = [(code, one) for code in codes for one in dis.get_instructions(code)]
    jumps = {text_at(code, one.offset) for code, one in steps if one.opname.startswith("POP_JUMP")}
    assert jumps == {"y.any()", "x.sum() > 0", "x.all()", "x.norm() > é", "part.dim()", "x.equal("}


def test_a_text_that_is_not_that_of_the_code_tells_nothing(tmp_path: Path) -> None:
    path = tmp_path / "program.py"
    code = function_of(path)
    for text in ("", "x = (", PROGRAM.replace("decided", "other"), "\n" + PROGRAM):
        path.write_text(text)
        linecache.checkcache(str(path))
        assert span_of(code, 0) is None


HAZARDS = """
import torch, scriptkit
from tests.compiling import hazardous_models as models
for kind in (models.WhileData, models.LoopOverSize):
    try:
        scriptkit.compile(scriptkit.traced(kind()), (torch.rand(4, 4),))
    except scriptkit.TraceHazardError as error:
        print(*(f"{one.name} {one.message}" for one in error.diagnostics), sep="\\n")
"""


@pytest.mark.parametrize("options", [[], ["-X", "no_debug_ranges"]])
def test_hazards_are_told_alike_with_columns_and_without(options: list[str]) -> None:
    done = subprocess.run([sys.executable, *options, "-c", HAZARDS], capture_output=True, text=True, check=True)
    assert "baked-loop" in done.stdout
    assert "`range(x.size(0))`" in done.stdout or "`x.size(0)`" in done.stdout
