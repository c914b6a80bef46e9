"""Functions and classes that a file hands to the compiler by themselves are held to the rules, at every door."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import torch

import scriptkit
from scriptkit.language import analyze
from tools.importing import imported

if TYPE_CHECKING:
    from types import ModuleType

HEAD = """
import functools
import scriptkit
import torch
from typing import List, Optional
from torch import Tensor
from torch.jit import script
"""
BODIES = {
    "filters": "(x: Tensor) -> List[float]:\n    return [a.item() for a in x if bool(a > 0)]",
    "joins": "(x: Tensor) -> Optional[Tensor]:\n    y = None\n    if bool(x.max() > 0):\n        y = x\n    return y",
    "counts": "(x):\n    if x.max() > 0:\n        y = 1.25\n    else:\n        y = 0\n    return y",
    "takes_many": "(*xs: Tensor) -> Tensor:\n    return xs[0]",
    "is_right": "(x, n: int = 2):\n    return x * n",
    "calls": "(x: Tensor) -> Tensor:\n    return helped(x)\n\ndef helped(x: Tensor):\n    return (lambda t: t)(x)",
}
HANDED = {  # how a function or class is handed over, and whether it takes `all_modules` to see that
    "@torch.jit.script\ndef NAME": True,
    "@script\ndef NAME": True,
    "@torch.jit.script_if_tracing\ndef NAME": True,
    "@scriptkit.script\ndef NAME": False,
    "def late():\n    return torch.jit.script(NAME)\n\ndef NAME": True,
    "def NAME": None,
    "def build(NAME):\n    return torch.jit.script(NAME)\n\ndef NAME": None,
    "@functools.lru_cache\ndef NAME": None,
}


def written(text: str, folder: Path) -> ModuleType:
    path = folder / "standing.py"
    path.write_text(text)
    return imported(path)


@pytest.mark.parametrize("name", BODIES)
def test_a_function_has_errors_where_the_compiler_refuses_it(name: str, tmp_path: Path) -> None:
    text = f"{HEAD}\ndef {name}{BODIES[name]}\n"
    function = getattr(written(text, tmp_path), name)
    try:
        torch.jit.script(function)
        compiles = True
    except Exception:  # noqa: BLE001 - torch raises types of many kinds
        compiles = False
    found = scriptkit.check_source(f"{text}\nfast = torch.jit.script({name})\n", all_modules=True)
    assert (found == []) is compiles
    assert all(one.severity == "error" and one.class_name == "" for one in found)


@pytest.mark.parametrize(("handed", "needs_all_modules"), HANDED.items())
def test_what_is_handed_over_counts(handed: str, needs_all_modules: bool | None) -> None:
    text = f"{HEAD}\n{handed.replace('NAME', 'joins')}{BODIES['joins']}\n"
    for all_modules in (False, True):
        found = scriptkit.check_source(text, all_modules=all_modules)
        is_seen = needs_all_modules is False or (needs_all_modules is True and all_modules)
        assert [one.name for one in found] == ["reassign-changes-type"] * is_seen


def test_a_comment_on_the_line_or_on_the_definition_allows_a_rule() -> None:
    text = f"{HEAD}\n@torch.jit.script\ndef joins{BODIES['joins']}\n"
    allow = "  # scriptkit: allow[reassign-changes-type]"
    assert scriptkit.check_source(text, all_modules=True) != []
    for line in ("        y = x", "Optional[Tensor]:"):
        assert scriptkit.check_source(text.replace(f"{line}\n", f"{line}{allow}\n"), all_modules=True) == []


SCRIPT_CLASS = """
@torch.jit.script
class Counter:
    def __init__(self, start: int):
        self.count = start

    def add(self, x: Tensor) -> Tensor:
        y = None
        if bool(x.sum() > 0):
            y = self.count
        return x + self.count

@torch.jit.script
def used(x: Tensor) -> Tensor:
    return Counter(2).add(x)
"""


def test_every_method_of_a_script_class_is_compiled_and_told_once() -> None:
    [found] = scriptkit.check_source(HEAD + SCRIPT_CLASS, all_modules=True)
    assert (found.name, found.severity) == ("reassign-changes-type", "error")
    assert scriptkit.check_source(HEAD + SCRIPT_CLASS.replace("y = self.count", "pass"), all_modules=True) == []


def test_what_a_function_calls_in_another_file_is_followed(tmp_path: Path) -> None:
    (tmp_path / "helping.py").write_text("def helped(x):\n    return [a for a in x if a > 0]\n")
    model = tmp_path / "model.py"
    model.write_text(f"{HEAD}\nfrom helping import helped\n\n@torch.jit.script\ndef calls(x):\n    return helped(x)\n")
    [found] = scriptkit.check_paths([model], all_modules=True)
    assert (Path(found.path).name, found.line, found.name) == ("helping.py", 2, "comprehension-if")


def test_the_first_call_tells_the_words_of_the_rule(tmp_path: Path) -> None:
    module = written(f"{HEAD}\n@scriptkit.script\ndef joins{BODIES['joins']}\n", tmp_path)
    [told] = scriptkit.check_paths([tmp_path / "standing.py"])
    with pytest.raises(scriptkit.CompilationError) as caught:
        module.joins(torch.ones(2))
    [found] = caught.value.diagnostics
    assert (found.message, found.line, found.column) == (told.message, told.line, told.column)


def test_what_torch_itself_scripts_when_it_is_imported_has_no_error() -> None:
    seen = 0
    for path in (Path(torch.__file__).parent / "distributed" / "optim").glob("*.py"):
        text = path.read_text()
        seen += sum(bool(cls.alone) for cls in analyze(text, all_modules=True).checked_classes(all_modules=True))
        found = scriptkit.check_source(text, path=str(path), all_modules=True)
        assert [one for one in found if not one.class_name and one.severity == "error"] == []
    if not seen:
        pytest.skip("this torch scripts nothing there")
