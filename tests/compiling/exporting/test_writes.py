"""Which writes leave a branch or a loop, and where it is not certain that this says the same."""

from __future__ import annotations

import ast
import itertools

import pytest

from scriptkit.compiling.exporting.rewriting.writes import Aliases, with_writes_behind


def moved(text: str, known: str = "x y", kinds: dict[str, str] | None = None, before: str = "") -> str:
    """The statement after the move, empty where it stays as it is."""
    (statement,) = ast.parse(text).body
    assert isinstance(statement, (ast.If, ast.For, ast.While))
    numbers = itertools.count(1)
    aliases = Aliases.of(ast.parse(f"{before}\n{text}").body)
    made = with_writes_behind(
        statement, set(known.split()), kinds or {}, aliases, lambda hint, _: f"{hint}{next(numbers)}"
    )
    if made is None:
        return ""
    whole = ast.Module([*made.before, made.statement, *made.after], [])
    text = ast.unparse(ast.fix_missing_locations(whole))
    assert made.names == {name for name in ("own1", "own2") if name in text}
    return text


def test_a_branch_writes_to_a_tensor_of_its_own() -> None:
    assert moved("if yes:\n    x.add_(1)\nelse:\n    y = x.sum()").splitlines() == [
        "own1 = _flow.aside(x, yes)",
        "if yes:",
        "    own1 = _flow.own(own1)",
        "    own1.add_(1)",
        "else:",
        "    own1 = _flow.own(own1)",
        "    y = own1.sum()",
        "_flow.give_back(x, own1)",
    ]


def test_a_buffer_that_is_assigned_is_assigned_behind() -> None:
    assert moved("if yes:\n    self.part.n = z").splitlines() == [
        "own1 = _flow.aside(self.part.n, yes)",
        "if yes:",
        "    own1 = _flow.own(own1)",
        "    own1 = z",
        "self.part.n = own1",
    ]


@pytest.mark.parametrize(
    "write",
    [
        "x[0] = 1",
        "x.grad[0] = 1",
        "x += 1",
        "z.add_(x)",
        "torch.relu_(x)",
        "F.relu(x, inplace=True)",
        "torch.add(z, 1, out=x)",
        "v = x.view(-1)\n    v.add_(1)",
        "v = torch.reshape(x, [4])\n    v[0] = 1",
        "v = x.add_(1)",
        "v, w = x.unbind()\n    w.mul_(2)",
        "v = [x, z]\n    v[0].mul_(2)",
        "v = z if yes else x\n    v.mul_(2)",
        "v = F.relu(x, inplace=True)\n    v.mul_(2)",
        "v = self.part(x)\n    v.mul_(2)",
    ],
)
def test_every_way_to_write_is_found(write: str) -> None:
    is_own = write in {"z.add_(x)", "x += 1"}  # `z` is made within; a name that is assigned may be another tensor
    assert bool(moved(f"for i in range(3):\n    {write}")) is not is_own


@pytest.mark.parametrize(
    "text",
    [
        "if yes:\n    z = x + 1",
        "if yes:\n    x.requires_grad_()",
        "if yes:\n    x.__setitem__(0, 1)",
        "if yes:\n    relu_(x)",
        "if yes:\n    F.relu(x, inplace=False)",
        "while x.sum() > 0:\n    y = x.clone()",
        "if yes:\n    z = x.clone()\n    z.add_(1)",
        "if yes:\n    torch.manual_seed_()",
    ],
)
def test_what_writes_to_nothing_from_before_stays(text: str) -> None:
    assert moved(text) == ""


def test_two_names_of_one_memory_stay() -> None:
    assert moved("if yes:\n    x.add_(1)\n    z = y + 1", before="y = x[0]") == ""
    assert moved("if yes:\n    x.add_(1)\n    y.add_(1)", before="y = x.t()") == ""
    assert moved("if yes:\n    x.add_(1)", before="y = x[0]") != ""
    assert moved("if yes:\n    v = x[0] if a else y\n    v.add_(1)") == ""


def test_a_list_is_no_tensor() -> None:
    assert moved("if yes:\n    x[0] = 1", kinds={"x": "?"}) == ""
