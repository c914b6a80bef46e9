"""What the typing pass reports: the kind, the culprit, once, and nothing about what it cannot know."""

from __future__ import annotations

import ast
import textwrap

import pytest

from scriptkit.language import analyze
from scriptkit.language.abstract import AnyValue
from scriptkit.language.facts import ClassFacts
from scriptkit.language.operators import Argument, Schema
from scriptkit.language.types import FLOAT, INT, TENSOR, Type
from scriptkit.language.values import PythonObject

HEADER = """from typing import Dict, Final, List, Optional, Tuple
import numpy as np
import torch
from torch import Tensor, nn
"""


def _net(body: str) -> ClassFacts:
    return analyze(HEADER + textwrap.dedent(body), all_modules=True).classes["Net"]


def _forward(body: str, parameters: str = "x: Tensor, n: int, m: Optional[Tensor] = None") -> ClassFacts:
    indented = textwrap.indent(textwrap.dedent(body).strip("\n"), " " * 8)
    return _net(f"class Net(nn.Module):\n    def forward(self, {parameters}):\n{indented}\n")


def _lines(cls: ClassFacts) -> list[tuple[str, str]]:
    """Kind and source line of each problem."""
    return [(p.kind, cls.module.lines[cls.module.span(p.node).line - 1].strip()) for p in cls.problems]


@pytest.mark.parametrize(
    ("body", "kind", "culprit"),
    [
        ("return x + m", "optional-not-refined", "return x + m"),
        ("if m:\n    return m\nreturn x", "implicit-bool", "if m:"),
        ("if m == None:\n    return x\nreturn x", "eq-none", "if m == None:"),
        ("y = 1\nif n > 1:\n    y = 2.5\nreturn x * y", "reassign-changes-type", "y = 2.5"),
        ("if n > 1:\n    y = 1\nelse:\n    y = 2.5\nreturn x * y", "branch-types-differ", "y = 2.5"),
        ("if n > 1:\n    y = 1\nreturn x * y", "maybe-undefined", "return x * y"),
        ("for i in range(n):\n    y = i\nreturn x * y", "maybe-undefined", "return x * y"),
        ("y = []\ny.append(n)\nreturn x * y[0]", "empty-container-untyped", "y.append(n)"),
        ("y = x.numpy()\nreturn x", "unsupported-tensor-method", "y = x.numpy()"),
        ("return x.sum(axis=0)", "call-unknown-kwarg", "return x.sum(axis=0)"),
        ("t = (x, n)\nreturn x * t[n]", "tuple-index-not-constant", "return x * t[n]"),
        ("a, b = x\nreturn a", "tensor-unpack", "a, b = x"),
        ("return x.view(*x.shape)", "star-args-call", "return x.view(*x.shape)"),
        ("return np.abs(x)", "external-call", "return np.abs(x)"),
        ("return x.view(n ** 2)", "int-pow", "return x.view(n ** 2)"),
        ("y: float = 1\nreturn x * y", "annotation-mismatch", "y: float = 1"),
        ("return missing(x)", "undefined-name", "return missing(x)"),
        ("return nn.Linear(2, 2)(x)", "module-created", "return nn.Linear(2, 2)(x)"),
        ("return self.nothing(x)", "attribute-undefined", "return self.nothing(x)"),
        ("y = x.tolist()\nreturn x", "tolist-unannotated", "y = x.tolist()"),
    ],
)
def test_a_mistake_is_reported_once_at_its_culprit(body: str, kind: str, culprit: str) -> None:
    assert _lines(_forward(body)) == [(kind, culprit)]


def test_consequences_of_a_mistake_are_silent() -> None:
    assert [kind for kind, _ in _lines(_forward("y = x.foo()\nz = y.bar() + 1\nreturn z.baz(z)"))] == [
        "unsupported-tensor-method"
    ]


@pytest.mark.parametrize(
    "body",
    [
        "return other(x).anything[0](1)",
        "y = thing.make()\nif y is None:\n    return x\nreturn y.a.b + x",
        "for a, b in thing:\n    x = a(x)\nreturn x",
        "y = None\nfor t in thing:\n    y = t\nreturn y.z",
    ],
)
def test_what_is_unknown_is_left_alone(body: str) -> None:
    text = "from elsewhere import other, thing\n" + "class Net(nn.Module):\n    def forward(self, x: Tensor):\n"
    assert _net(text + textwrap.indent(body, " " * 8)).problems == []


def test_a_branch_only_the_instance_decides_makes_problems_uncertain() -> None:
    cls = _net(
        """
        class Net(nn.Module):
            wide: Final[bool]

            def __init__(self, wide: bool) -> None:
                super().__init__()
                self.wide = wide

            def forward(self, x: Tensor) -> Tensor:
                if self.wide:
                    return x.numpy()
                return x
        """,
    )
    assert [(p.kind, p.certain) for p in cls.problems] == [("unsupported-tensor-method", False)]


def test_only_reachable_methods_are_compiled() -> None:
    cls = _net(
        """
        class Net(nn.Module):
            def forward(self, x: Tensor) -> Tensor:
                if not torch.jit.is_scripting():
                    return self.eager(x)
                return self.used(x)

            def used(self, x):
                return x + 1

            def eager(self, x):
                return x.numpy()

            def unused(self, x):
                return x.numpy()

            @torch.jit.export
            def exported(self, x: Tensor) -> Tensor:
                return helper(x)

        def helper(x: Tensor) -> Tensor:
            return x
        """,
    )
    assert [facts.name for facts in cls.compiled] == ["forward", "used", "exported", "helper"]
    assert cls.problems == []
    eager = cls.methods["forward"].node.body[0]
    assert isinstance(eager, ast.If)
    assert not cls.is_live(eager.body[0])
    assert cls.is_live(cls.methods["forward"].node.body[1])


def test_types_of_expressions_are_remembered() -> None:
    cls = _forward("y = x.size(0) * 2\nreturn x + y")
    assign = cls.methods["forward"].node.body[0]
    assert isinstance(assign, ast.Assign)
    assert cls.type_of(assign.value) is INT


class _Told:
    """A door that knows what `self.thing` is."""

    def attribute_value(self, cls: ClassFacts, name: str) -> AnyValue | None:
        assert cls.name == "Net"
        known: dict[str, AnyValue] = {"thing": TENSOR, "path": PythonObject("Path")}
        return known.get(name)

    def call_schema(self, node: ast.Call) -> Schema | None:
        if ast.unparse(node.func) != "helper":
            return None
        return Schema("helper", (Argument("x", FLOAT, has_default=False, keyword_only=False, length=0),), INT)

    def variable_type(self, name: str) -> Type | None:
        return FLOAT if name == "EPS" else None


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("self.thing.numpy()", "unsupported-tensor-method"),
        ("x if self.path else x", "attribute-unsupported-type"),
        ("helper(2.0).casefold()", "object-attribute"),
        ("helper('')", "argument-type-mismatch"),
        ("x + EPS", "global-capture"),
        ("x + elsewhere.EPS", None),
        ("unknown(x).casefold()", None),
    ],
)
def test_a_door_may_tell_more(body: str, kind: str | None) -> None:
    text = HEADER + f"class Net(Base):\n    def forward(self, x):\n        return {body}\n"
    text = text.replace("class Net", "import elsewhere\nfrom elsewhere import Base, helper, unknown, EPS\nclass Net")
    assert analyze(text, all_modules=True).classes["Net"].problems == []
    told = analyze(text, all_modules=True, oracle=_Told()).classes["Net"]
    assert [p.kind for p in told.problems] == ([] if kind is None else [kind])


ANNOTATED_IN_INIT = """
class Net({base}):
    def __init__(self) -> None:
        super().__init__()
        self.cache: Optional[Tensor] = None
        self.sizes: List[int] = []
        self.last: Final[int] = 1
        self.layers = nn.ModuleList([nn.ReLU(), nn.Tanh()])

    def forward(self, x: Tensor) -> Tensor:
        self.cache = x
        self.sizes.append(x.size(0))
        return self.layers[self.last](x)
"""


def test_annotations_in_init_count_for_a_scriptable_module_only() -> None:
    header = "from scriptkit import ScriptableModule\n"
    assert _net(header + ANNOTATED_IN_INIT.format(base="ScriptableModule")).problems == []
    assert [p.kind for p in _net(ANNOTATED_IN_INIT.format(base="nn.Module")).problems] == [
        "empty-attribute-untyped",
        "empty-attribute-untyped",
        "module-container-dynamic-index",
    ]
