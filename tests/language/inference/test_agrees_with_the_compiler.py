"""`programs/` holds small classes `M`: torch decides of each whether it scripts, and the pass must say the same.

One that torch accepts up to a version only, where a rule says so and not the pass, begins with that version; one whose
default instance is refused and another is not, with `# the instance decides`: the pass warns. One in a syntax that this
Python does not read is left out.
"""

from __future__ import annotations

import ast
import importlib.util
import re
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from scriptkit.language import analyze, versions
from tools.fuzz_language import verdicts

HEADER = """import enum
import math
from collections import OrderedDict
from typing import Any, Callable, Dict, Final, List, NamedTuple, Optional, Tuple, Union

import torch
import torch.nn.functional as F
from torch import Tensor, nn

"""
OF_THE_INSTANCE = "# the instance decides"
UNTIL = re.compile(r"# until torch (.+)")


def _is_of_this_torch(program: str) -> bool:
    named = UNTIL.match(program)
    return versions.holds("", named[1] if named else "")


def _is_of_this_python(program: str) -> bool:
    try:
        ast.parse(program)
    except SyntaxError:
        return False
    return True


PROGRAMS = [
    pytest.param(
        part.strip("\n"),
        id=f"{path.stem}-{i}",
        marks=pytest.mark.skipif(not _is_of_this_python(part.strip("\n")), reason="newer syntax than this Python's"),
    )
    for path in sorted(Path(__file__).with_name("programs").glob("*.txt"))
    for i, part in enumerate(path.read_text().split("\n---\n"))
    if _is_of_this_torch(part.strip("\n"))
]


def _refusal(text: str, path: Path) -> str:
    """What torch says; empty where it scripts the class."""
    path.write_text(text)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module: Any = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    try:
        spec.loader.exec_module(module)
        torch.jit.script(module.M())
    except Exception as error:  # noqa: BLE001 - whatever the compiler raises is a no
        return str(error) or type(error).__name__
    finally:
        del sys.modules[path.stem]
    return ""


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("program", PROGRAMS)
def test_the_pass_and_torch_agree(program: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    text = HEADER + program + "\n"
    # the compiler keeps classes by the name of their module: each program has a module of its own
    refusal = _refusal(text, tmp_path / f"program_{request.node.callspec.id.replace('-', '_')}.py")
    module = analyze(text, all_modules=True)
    found = [p for cls in module.checked_classes(all_modules=True) for p in cls.problems]
    problems = [p for p in found if p.certain]
    if program.startswith(OF_THE_INSTANCE):
        assert (bool(found), problems, bool(refusal)) == (True, [], True)
    else:
        assert bool(problems) == bool(refusal), (program, refusal, [p.data for p in problems])


@pytest.mark.filterwarnings("ignore")
def test_random_programs_are_judged_as_torch_judges_them() -> None:
    """A seeded sample of what `python -m tools.fuzz_language` runs 2,000 of."""
    found = list(verdicts(150, seed=10_000))
    false_alarms = [v for v in found if v.problems and not v.compiler]
    assert not false_alarms, (false_alarms[0].text, false_alarms[0].problems)
    assert sum(v.agree for v in found) >= 0.98 * len(found)
    assert 0.25 * len(found) < sum(not v.compiler for v in found) < 0.75 * len(found)
