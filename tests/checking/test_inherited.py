"""Base classes of files beside the model are compiled with it, and held to the rules where they stand."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING

import pytest
import torch

from scriptkit.checking import check_paths
from scriptkit.errors import ScriptkitError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Found = list[tuple[str, int, str]]

BASE = """
import torch
from torch import Tensor, nn
from scriptkit import ScriptableModule, ignore


class Base(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return (lambda t: t)(self.changed(x)) * self.scale

    def changed(self, x: Tensor) -> Tensor:
        raise NotImplementedError


class Mixin:
    def halved(self, x: Tensor) -> Tensor:
        half = lambda t: t / 2
        return half(x)

    def drawn(self, x: Tensor) -> Tensor:
        return (lambda t: t)(x)


class Own(ScriptableModule):
    def doubled(self, x: Tensor) -> Tensor:
        return (lambda t: t)(x)


class Allowed(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return (lambda t: t)(x)  # scriptkit: allow[lambda-expression]


class Above(Mixin, nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return self.halved(x)


class Stepping(nn.Module):
    def step(self, x: Tensor) -> Tensor:
        return (lambda t: t)(x)


class Generated(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.__class__.made = torch.relu

    def made(self, x: Tensor) -> Tensor:
        return (lambda t: t)(x)
"""
HEAD = "from torch import Tensor, nn\nfrom scriptkit import ScriptableModule, export, ignore\n"


def write(folder: Path, **texts: str) -> None:
    for name, text in texts.items():
        path = folder / f"{name.replace('__in__', '/')}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def found(*paths: Path, all_modules: bool = False) -> Found:
    told = check_paths(paths, all_modules=all_modules)
    return [(one.path.rpartition("/")[2], one.line, one.name) for one in told]


LAMBDA = "lambda-expression"
FORWARD = ("base.py", 9, LAMBDA)
HALVED = ("base.py", 17, LAMBDA)


FORWARDS = "    def forward(self, x: Tensor) -> Tensor:\n        return "
INHERITED = [
    ("Base, ScriptableModule", "    def changed(self, x: Tensor) -> Tensor:\n        return x", [FORWARD]),
    ("Base, ScriptableModule", f"{FORWARDS}x", []),
    ("Mixin, ScriptableModule", f"{FORWARDS}x", []),
    ("Mixin, ScriptableModule", f"{FORWARDS}self.halved(x)", [HALVED]),
    (
        "Stepping, ScriptableModule",
        f"{FORWARDS}self.step(x)\n    def step(self, x: Tensor) -> Tensor:\n        return super().step(x)",
        [("base.py", 41, LAMBDA)],
    ),
    ("Generated, ScriptableModule", f"{FORWARDS}self.made(x)", []),
    ("Allowed, ScriptableModule", "    pass", []),
    ("Above, ScriptableModule", "    pass", [HALVED]),
    ("Own", f"{FORWARDS}(lambda t: t)(self.doubled(x))", [("base.py", 26, LAMBDA), ("model.py", 8, LAMBDA)]),
    ("Base", "    pass", []),
]


@pytest.mark.parametrize(("bases", "body", "expected"), INHERITED)
def test_what_a_class_inherits_is_found_where_it_stands(tmp_path: Path, bases: str, body: str, expected: Found) -> None:
    names = "Above, Allowed, Base, Generated, Mixin, Own, Stepping"
    text = f"{HEAD}from base import {names}\n\n\nclass Net({bases}):\n{body}\n"
    write(tmp_path, base=BASE, model=text)
    assert found(tmp_path / "model.py") == expected
    assert found(tmp_path / "model.py", tmp_path / "base.py") == expected
    assert found(tmp_path / "base.py", tmp_path / "model.py") == expected


HANDED_ON = ["from .base import Base", "from .base import *", "from package.parts.base import Base"]
IMPORTS = {
    "package__in__a__in__model": "from ..parts import Base",
    "package__in__b__in__model": "from package.parts.base import Base",
    "package__in__d__in__model": "from package.parts import *",
    "package__in__parts__in__model": "from . import Base",
    "package__in__parts__in__beside": "from .base import Base as Base",
    "model": "import package.parts",
}


@pytest.mark.parametrize("name", IMPORTS)
@pytest.mark.parametrize(
    "handed_on", ["from .base import Base", "from .base import *", "from package.parts.base import Base"]
)
def test_bases_are_found_through_every_way_to_import_them(tmp_path: Path, name: str, handed_on: str) -> None:
    base = "package.parts.Base" if name == "model" else "Base"
    model = f"{HEAD}{IMPORTS[name]}\n\n\nclass Net({base}, ScriptableModule):\n    pass\n"
    write(tmp_path, package__in__parts__in__base=BASE, **{name: model})
    write(tmp_path, package__in____init__="", package__in__parts__in____init__=handed_on + "\n")
    assert found(tmp_path / f"{name.replace('__in__', '/')}.py") == [FORWARD]


def test_functions_are_found_through_what_hands_them_on_and_what_those_call(tmp_path: Path) -> None:
    helpers = f"{HEAD}from package.more import deeper\n\n\ndef helper(x: Tensor) -> Tensor:\n    return deeper(x)\n"
    more = f"{HEAD}\n\ndef deeper(x: Tensor) -> Tensor:\n    return (lambda t: t)(x)\n"
    init = "from .helpers import helper\n"
    write(tmp_path, package__in____init__=init, package__in__helpers=helpers, package__in__more=more)
    calls = "    def forward(self, x: Tensor) -> Tensor:\n        return helper(x)\n"
    write(tmp_path, model=f"{HEAD}from package import helper\n\n\nclass Net(ScriptableModule):\n{calls}")
    assert found(tmp_path / "model.py") == [("more.py", 6, LAMBDA)]


def test_a_base_that_calls_a_function_of_a_third_file_is_followed(tmp_path: Path) -> None:
    base = f"{HEAD}from third import third\n\n\nclass Base(nn.Module):\n    def forward(self, x: Tensor) -> Tensor:\n"
    write(tmp_path, base=base + "        return third(x)\n")
    write(tmp_path, third=f"{HEAD}\n\ndef third(x: Tensor) -> Tensor:\n    return (lambda t: t)(x)\n")
    write(tmp_path, model=f"{HEAD}from base import Base\n\n\nclass Net(Base, ScriptableModule):\n    pass\n")
    assert found(tmp_path / "model.py") == [("third.py", 6, LAMBDA)]


def test_files_that_import_each_other_or_are_missing_or_broken_end_no_check(tmp_path: Path) -> None:
    a = f"{HEAD}from b import B\nfrom b import *\n\n\nclass A(B):\n    pass\n"
    b = f"{HEAD}from a import A\nfrom a import *\n\n\nclass B(A):\n    pass\n"
    imports = "from a import A, E\nfrom b import B\nfrom broken import C\nfrom missing import D\n"
    model = f"{HEAD}{imports}\n\nclass Net(A, B, C, D, E, ScriptableModule):\n{FORWARDS}C(x)\n"
    write(tmp_path, a=a, b=b, broken="class C(:\n", model=model)
    assert found(tmp_path / "model.py") == []
    assert found(tmp_path / "a.py") == []


def test_a_class_is_checked_that_is_scriptable_by_bases_of_two_other_files(tmp_path: Path) -> None:
    write(tmp_path, first=f"{HEAD}class First(ScriptableModule):\n    pass\n")
    write(tmp_path, second=f"{HEAD}from first import First\nclass Second(First):\n    pass\n")
    body = "    def forward(self, x: Tensor) -> Tensor:\n        return (lambda t: t)(x)\n"
    write(tmp_path, model=f"{HEAD}from second import Second\nclass Near(Second):\n    pass\nclass Net(Near):\n{body}")
    assert found(tmp_path / "model.py") == [("model.py", 8, LAMBDA)]


def test_bases_that_are_read_again_after_a_change(tmp_path: Path) -> None:
    model = f"{HEAD}from base import Base\n\n\nclass Net(Base, ScriptableModule):\n    pass\n"
    write(tmp_path, model=model)
    assert found(tmp_path / "model.py") == []
    write(tmp_path, base=BASE)
    assert found(tmp_path / "model.py") == [FORWARD]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    for name in [name for name in sys.modules if (tmp_path / f"{name}.py").exists()]:
        del sys.modules[name]


def test_the_class_statement_tells_the_same(folder: Path) -> None:
    changed = "    def changed(self, x: Tensor) -> Tensor:\n        return x\n"
    net = f"class Net(inherited_base.Base, ScriptableModule):\n    scale: float\n{changed}"
    write(folder, inherited_base=BASE)
    write(folder, inherited_model=f"{HEAD}import inherited_base\n\n\n{net}")
    with pytest.raises(ScriptkitError) as raised:
        importlib.import_module("inherited_model")
    told = [(one.path, one.line, one.name) for one in raised.value.diagnostics]  # type: ignore[attr-defined]
    assert told == [(str(folder / "inherited_base.py"), 9, LAMBDA)]
    assert [(one.path, one.line, one.name) for one in check_paths([folder / "inherited_model.py"])] == told


def test_a_right_model_whose_base_leaves_something_to_it_is_refused_by_no_door(folder: Path) -> None:
    right = BASE.replace("(lambda t: t)(self.changed(x))", "self.changed(x)").replace(
        "    def changed(self, x: Tensor) -> Tensor:\n        raise", "    def changed(self, x):\n        raise"
    )
    init = "    def __init__(self) -> None:\n        super().__init__()\n        self.scale = 2.0\n"
    net = (
        f"class Net(Base, ScriptableModule):\n{init}    def changed(self, x: Tensor) -> Tensor:\n        return x + 1\n"
    )
    write(folder, abstract_base=right, concrete_model=f"{HEAD}from abstract_base import Base\n\n\n{net}")
    assert found(folder / "concrete_model.py") == []
    made = importlib.import_module("concrete_model").Net()
    assert torch.equal(made(torch.ones(2)), torch.full((2,), 4.0))
