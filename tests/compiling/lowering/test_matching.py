"""`match`: lowered as the branches it stands for, over what is known now and over what the run brings."""

from __future__ import annotations

import ast
import dataclasses
import enum
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import scriptkit
from scriptkit.compiling.lowering.code.matching import as_branches
from scriptkit.compiling.lowering.world.refusing import RefusedError


class Mode(enum.Enum):
    SUM = "sum"
    MEAN = "mean"


@dataclasses.dataclass
class Settings:
    kind: str = "wide"
    factor: int = 3


class Configured(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.mode, self.settings = Mode.MEAN, Settings()

    def forward(self, x: Tensor, how: str = "plain") -> Tensor:
        match self.settings:
            case Settings(kind="narrow"):
                x = x + 100
            case Settings(kind="wide", factor=k):
                x = x * k
        match self.mode:
            case Mode.SUM:
                x = x.sum(1)
            case Mode.MEAN:
                x = x.mean(1)
        match {"scale": 2, "pair": (1, 0.5)}:
            case {"scale": int(v), "pair": (int(a), float() as f)}:
                x = x * v + a * f
        match how:
            case "plain" | "simple":
                return x
            case _:
                raise ValueError(how)


class OfSizes(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        match x.shape:
            case (_, n, 4) if n > 6:
                y = x * n
            case [_, *others]:
                y = x + len(others)
            case _:
                y = x
        match x.size(1):
            case 1:
                y = y * 10
            case 2 | 5:
                y = y * 20
            case k if k > 6:
                y = y * k
        return y


@pytest.mark.parametrize("cls", [Configured, OfSizes])
def test_it_is_what_python_computes_at_every_size(cls: type[nn.Module]) -> None:
    net = cls()
    lowered = scriptkit.compile(net, example_inputs=(torch.randn(2, 5, 4),))

    for shape in ((2, 5, 4), (3, 7, 4), (1, 1, 4), (1, 3, 4)):
        x = torch.randn(shape)
        assert torch.equal(lowered(x), net(x))
    assert "lowered" in str(scriptkit.report(lowered))


PATTERNS = [
    ("[a, b, *rest]", [(1, 2), [1, 2, 3], (1,), "ab", {1: 2}, 7]),
    ("[*rest, 0]", [(0,), (1, 0), (1, 2), ()]),
    ("[a, *_, b]", [(1, 2), (1, 2, 3), (1,)]),
    ("{'k': a, **rest}", []),
    ("{'k': [a, 2]}", [{"k": (1, 2)}, {"k": (1, 3)}, {}, [1]]),
    ("int(a) | str(a)", [1, "x", 2.5, None]),
    ("None | True", [None, True, 1, False]),
    ("(1 | 2) as a", [1, 2, 3]),
    ("a if a > 2", [1, 3]),
    ("-1.5", [-1.5, 1.5]),
    ("Settings(kind='wide', factor=a)", [Settings(), Settings("narrow"), 3]),
]


@pytest.mark.parametrize(("pattern", "values"), PATTERNS)
def test_each_pattern_binds_what_python_binds(pattern: str, values: list[Any]) -> None:
    text = f"match value:\n case {pattern}:\n  found = True\n case _:\n  found = False"
    tree = ast.parse(text)
    if not values:
        with pytest.raises(RefusedError, match="of this kind"):
            as_branches(tree.body[0])  # type: ignore[arg-type]
        return
    branches = ast.Module(as_branches(tree.body[0]), [])  # type: ignore[arg-type]
    for value in values:
        expected: dict[str, Any] = {"value": value, "Settings": Settings}
        found = dict(expected)
        exec(text, expected)
        exec(_callable(branches), found)
        assert found["found"] == expected["found"]
        if expected["found"]:
            assert {k: found.get(k) for k in ("a", "b", "rest")} == {k: expected.get(k) for k in ("a", "b", "rest")}


def _callable(tree: Any) -> Any:
    """Compiled, with the functions that stand in the tree as constants under names."""

    class Named(ast.NodeTransformer):
        def visit_Constant(self, node: ast.Constant) -> Any:
            value: Any = node.value
            text = getattr(value, "__name__", None) or (
                "(" + ", ".join(one.__name__ for one in value) + ",)" if type(value) is tuple else None
            )
            return node if text is None else ast.copy_location(ast.parse(text, mode="eval").body, node)

    return compile(ast.fix_missing_locations(Named().visit(tree)), "<match>", "exec")
