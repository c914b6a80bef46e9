"""What is read from text before anything is typed."""

from __future__ import annotations

import ast
import textwrap

import pytest

from scriptkit.language import read
from scriptkit.language.facts import ModuleFacts

TEXT = """
import torch as t
from torch import nn as n
import torch.nn.functional as F
from torch.nn.modules.conv import Conv2d
from scriptkit import ScriptableModule
import numpy as np

LIMIT = 3

def helper(x):  # é
    return x

class Base(n.Module):
    shared: int

    def __init__(self):
        super().__init__()
        self.shared = 1
        self._build()

    def _build(self):
        self.fc = n.Linear(2, 2)

    def forward(self, x): ...

class Net(Base):
    rate: float = 0.5

    def __init__(self, wide: bool):
        super().__init__()
        if wide:
            self.extra = n.Linear(2, 2)
        self.register_buffer("table", t.ones(2))

    def later(self, x):
        self.seen = x

    @t.jit.export
    def run(self, x): ...

class Mine(ScriptableModule):  # scriptkit: allow[a-rule]
    def forward(self, x):
        return x  # scriptkit: allow[b-rule, c-rule]

class Plain:
    def forward(self, x): ...

class Task(lightning.Module):
    def forward(self, x): ...
"""


@pytest.fixture(name="module")
def _module() -> ModuleFacts:
    return read(TEXT, "net.py")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("t.cat", "torch.cat"),
        ("n.Linear", "torch.nn.Linear"),
        ("Conv2d", "torch.nn.Conv2d"),
        ("F.relu", "torch.nn.functional.relu"),
        ("np.sum", "numpy.sum"),
        ("len", "builtins.len"),
        ("helper", "helper"),
        ("LIMIT", None),
        ("missing", None),
    ],
)
def test_names_are_resolved_through_imports_and_aliases(module: ModuleFacts, written: str, meant: str | None) -> None:
    assert module.dotted(ast.parse(written, mode="eval").body) == meant


def test_modules_are_recognised_directly_through_local_bases_and_by_their_forward(module: ModuleFacts) -> None:
    kinds = {name: cls.kind for name, cls in module.classes.items()}
    assert kinds == {"Base": "module", "Net": "module", "Mine": "module", "Plain": "plain", "Task": "module"}
    assert [cls.name for cls in module.checked_classes()] == ["Mine"]
    assert [cls.name for cls in module.checked_classes(all_modules=True)] == ["Base", "Net", "Mine", "Task"]


def test_attributes_come_from_bodies_init_and_what_init_calls(module: ModuleFacts) -> None:
    net = module.classes["Net"]
    assert net.attributes["fc"].init[0].method.name == "_build"
    assert net.attributes["extra"].conditional
    assert not net.attributes["fc"].conditional
    assert net.attributes["table"].registered == "buffer"
    assert net.attributes["shared"].owner.name == "Base"
    assert net.attributes["seen"].later
    assert not net.attributes["seen"].init


def test_methods_carry_their_marks_and_come_from_bases(module: ModuleFacts) -> None:
    net = module.classes["Net"]
    assert net.methods["run"].marks == {"export"}
    assert net.methods["forward"].owner is module.classes["Base"]
    assert net.own_methods.keys() == {"__init__", "later", "run"}


def test_allow_comments_hold_for_their_line_and_their_class(module: ModuleFacts) -> None:
    mine = module.classes["Mine"]
    returned = mine.methods["forward"].node.body[0].lineno
    assert module.is_allowed("b-rule", returned)
    assert module.is_allowed("c-rule", returned)
    assert module.is_allowed("a-rule", returned, mine)
    assert not module.is_allowed("a-rule", returned)


def test_spans_count_characters_from_one() -> None:
    module = read('x = "é", y\n')
    assign = module.tree.body[0]
    assert isinstance(assign, ast.Assign)
    assert isinstance(assign.value, ast.Tuple)
    assert module.span(assign.value.elts[1]) == (1, 10, 1, 11)


@pytest.mark.parametrize(
    ("decorators", "kind"),
    [
        ("class A(enum.Enum):\n    X = 1", "enum"),
        ("class A(NamedTuple):\n    x: int", "namedtuple"),
        ("@dataclass\nclass A:\n    x: int", "dataclass"),
        ("@torch.jit.script\n@dataclass\nclass A:\n    x: int", "script-class"),
        ("@torch.jit.interface\nclass A(nn.Module):\n    def forward(self): ...", "interface"),
        ("class A(torch.autograd.Function):\n    def forward(ctx, x): ...", "plain"),
    ],
)
def test_kinds_of_classes(decorators: str, kind: str) -> None:
    header = (
        "import enum, torch\nfrom torch import nn\nfrom typing import NamedTuple\nfrom dataclasses import dataclass\n"
    )
    assert read(header + textwrap.dedent(decorators)).classes["A"].kind == kind


def test_text_that_does_not_parse_raises() -> None:
    with pytest.raises(SyntaxError):
        read("def f(:")


def test_a_star_import_leaves_static_methods_and_properties_what_they_are() -> None:
    text = """
from somewhere import *

class Net(nn.Module):
    @staticmethod
    def twice(x: Tensor) -> Tensor:
        return x * 2

    @property
    def scale(self) -> float:
        return 2.0
"""
    methods = read(text, "net.py").classes["Net"].own_methods
    assert {name: method.kind for name, method in methods.items()} == {"twice": "static", "scale": "property"}
