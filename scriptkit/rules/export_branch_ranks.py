"""The rule `export-branch-ranks`."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scriptkit.rules.examples import forward
from scriptkit.rules.export_reading import decided_by_a_run
from scriptkit.rules.reading import nodes
from scriptkit.rules.rule import Invalid, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts


class ExportBranchRanks(Rule):
    """A branch on the values of a tensor that gives a tensor of more or fewer dimensions than the other one.

    `torch.cond` has one kind of result, so both branches give as many dimensions, and the same dtype.
    """

    code = "SK654"
    name = "export-branch-ranks"
    typed = True
    engine = "export"
    label = "decided by the values of a tensor"
    note = "a branch of torch.export has one kind of result, whichever way it goes"
    help = "give both branches as many dimensions (`unsqueeze`, `keepdim=True`), or reshape behind them"
    VALID = (
        forward("if x.sum() > 0:\n    y = x.sum(0, keepdim=True)\nelse:\n    y = x[:1]\nreturn y"),
        forward("if x.sum() > 0:\n    x = x.relu()\nreturn x"),
        forward("if x.size(0) > 1:\n    return x.unsqueeze(0)\nreturn x"),
    )
    INVALID = (
        Invalid(
            forward("if x.sum() > 0:  # <-\n    y = x.unsqueeze(0)\nelse:\n    y = x\nreturn y"),
            "the branches give tensors of 3 and 2 dimensions",
            inputs="(torch.ones(2, 2),)",
        ),
        Invalid(
            forward("if x.sum() > 0:  # <-\n    return x.sum(1)\nreturn x"),
            "the branches give tensors of 1 and 2 dimensions",
            inputs="(torch.ones(2, 2),)",
        ),
        Invalid(
            forward("if x.sum() > 0:  # <-\n    x = x[0]\nreturn x"),
            "the branches give tensors of 1 and 2 dimensions",
            inputs="(torch.ones(2, 2),)",
        ),
    )

    def check(self, cls: ClassFacts) -> Iterator[Diagnostic]:
        for function, branch in nodes(cls, ast.If):
            if decided_by_a_run(cls, branch.test) and cls.is_live(branch):
                for what, one, other in _results(branch, _after(cls, branch)):
                    if one.differs_from(other):
                        message = f"the branches give {what} other dimensions: {one}, and {other}"
                        yield self.found(cls, branch.test, message, method=function.name)
                        break


@dataclass(frozen=True)
class Rank:
    """A number of dimensions: counted from that of a name (`x`, one more), or a plain number."""

    name: str
    more: int

    def differs_from(self, other: Rank) -> bool:
        """Whether they cannot be the same, whatever the name stands for."""
        return self.name == other.name and self.more != other.more

    def __str__(self) -> str:
        if not self.name:
            return f"{self.more} dimensions"
        if not self.more:
            return f"those of `{self.name}`"
        return f"{abs(self.more)} {'more' if self.more > 0 else 'fewer'} than `{self.name}`"


def _after(cls: ClassFacts, branch: ast.If) -> Sequence[ast.stmt]:
    """The statements that follow a branch in its block."""
    parent = cls.module.parent(branch)
    for block in (getattr(parent, "body", []), getattr(parent, "orelse", [])):
        if branch in block:
            return list(block[block.index(branch) + 1 :])
    return []


def _results(branch: ast.If, after: Sequence[ast.stmt]) -> Iterator[tuple[str, Rank, Rank]]:
    """What both ways of a branch give: results that are returned, and names that are assigned."""
    yes, no = _names(branch.body), _names(branch.orelse)
    for name in yes.keys() | no.keys():
        one, other = yes.get(name, Rank(name, 0)), no.get(name, Rank(name, 0))
        if one is not None and other is not None:
            yield f"`{name}`", one, other
    returned = _returned(branch.body), _returned(branch.orelse or after)
    if returned[0] is not None and returned[1] is not None:
        yield "`return`", returned[0], returned[1]


def _names(block: Sequence[ast.stmt]) -> dict[str, Rank | None]:
    """The names that a block assigns, each with its dimensions as counted from the names before the block."""
    found: dict[str, Rank | None] = {}
    for statement in block:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                found[name] = rank(value, found)
            case _:
                stored = (node for node in ast.walk(statement) if isinstance(node, ast.Name))
                found.update({node.id: None for node in stored if isinstance(node.ctx, ast.Store)})
    return found


def _returned(block: Sequence[ast.stmt]) -> Rank | None:
    last = block[-1] if block else None
    if not isinstance(last, ast.Return) or last.value is None:
        return None
    return rank(last.value, _names(block[:-1]))


_SAME = {"abs", "clone", "contiguous", "cos", "detach", "double", "exp", "float", "gelu", "half", "log", "neg", "relu"}
_SAME |= {"round", "sigmoid", "sign", "sin", "softmax", "sqrt", "tanh", "clamp", "to", "cumsum", "softplus", "silu"}
_REDUCES = {"sum", "mean", "prod", "amax", "amin", "logsumexp", "std", "var", "norm", "any", "all"}


def rank(node: ast.expr, known: dict[str, Rank | None]) -> Rank | None:
    """The dimensions of an expression, where its own words tell them."""
    match node:
        case ast.Name(id=name):
            return known.get(name, Rank(name, 0))
        case ast.UnaryOp(operand=operand):
            return rank(operand, known)
        case ast.BinOp(left=left, right=ast.Constant()):
            return rank(left, known)
        case ast.BinOp(left=ast.Constant(), right=right):
            return rank(right, known)
        case ast.Subscript(value=held, slice=ast.Constant(value=index)):
            return _counted(rank(held, known), 1 if index is None else -1)
        case ast.Subscript(value=held, slice=ast.Slice()):
            return rank(held, known)
        case ast.Call(func=ast.Attribute(value=held, attr=name)):
            return _of_call(name, held, node, known)
        case _:
            return None


def _of_call(name: str, held: ast.expr, call: ast.Call, known: dict[str, Rank | None]) -> Rank | None:
    if isinstance(held, ast.Name) and held.id in ("torch", "F"):
        if not call.args or isinstance(call.args[0], ast.Starred):
            return None
        held, given = call.args[0], call.args[1:]
    else:
        given = call.args
    if name in _SAME:
        return rank(held, known)
    if name == "unsqueeze" and len(given) == 1:
        return _counted(rank(held, known), 1)
    keeps = any(keyword.arg == "keepdim" for keyword in call.keywords)
    if name in _REDUCES and not keeps and len(given) == 1 and _is_number(given[0]) and not call.keywords:
        return _counted(rank(held, known), -1)
    return None


def _is_number(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) or (isinstance(node, ast.UnaryOp) and isinstance(node.operand, ast.Constant))


def _counted(held: Rank | None, more: int) -> Rank | None:
    return None if held is None else Rank(held.name, held.more + more)
