"""Writes in a branch or a loop to tensors that were there before it.

No operator of torch.export lets what it runs write to what it was given. So the branch or loop works on a tensor of its
own, which it gives back, and the write to the real one stands behind it:

    if yes:              mine = aside(x, yes)                         _arm_1: mine = own(mine); mine.add_(1)
        x.add_(1)   ->   if yes: mine = own(mine); mine.add_(1)  ->   (mine,) = cond(yes, _arm_1, _arm_2)
                         give_back(x, mine)                           give_back(x, mine)

Where two names of one memory are in use within, this does not say the same: then all stays as it is, and the export is
refused where the graph shows the write.
"""

from __future__ import annotations

import ast
import copy
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from scriptkit.compiling.exporting.rewriting.syntax import assign, flow, load, stored

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from collections.abc import Set as AbstractSet

_VIEWS = frozenset(
    "as_strided chunk contiguous detach diagonal expand expand_as flatten imag mT movedim moveaxis narrow permute real "
    "ravel reshape reshape_as select split squeeze swapaxes T t tensor_split to transpose type unbind unflatten unfold "
    "unsqueeze view view_as values float double half long int bool cpu alias mH H dropout".split()
)
"""Methods and functions whose result may be the tensor itself or a view of it."""
_NO_WRITES = frozenset({"requires_grad_", "detach_", "set_", "resize_", "as_strided_"})
_NAMESPACES = frozenset({"torch", "F", "math"})
_OF_A_PART = re.compile(r"(?:getattr\()*self(?:\.\w+|, '\w+'\))+")
"""`self.part.name`, or `getattr(self.layers, '0').name` where a part has a number for its name."""


@dataclass
class Aliases:
    """Which names and attributes of a method may share memory; found without regard to the order of statements."""

    above: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, body: Iterable[ast.stmt]) -> Aliases:
        """Those of the body of a method."""
        made = cls()
        for node in (inner for statement in body for inner in ast.walk(statement)):
            if isinstance(node, ast.Assign):
                sources = list(_shared(node.value))
                for target in node.targets:
                    for name in _targets(target):
                        for source in sources:
                            made.above[made.root(name)] = made.root(source)
        return made

    def root(self, key: str) -> str:
        """One key for all that may share memory."""
        while key in self.above and self.above[key] != key:
            key = self.above[key]
        return key


@dataclass(frozen=True)
class Moved:
    """A statement that writes to its own tensors only, what stands before it and behind it, and the new names."""

    before: list[ast.stmt]
    statement: ast.stmt
    after: list[ast.stmt]
    names: frozenset[str]


def with_writes_behind(
    statement: ast.If | ast.For | ast.While,
    known: AbstractSet[str],
    kinds: Mapping[str, str],
    aliases: Aliases,
    fresh: Callable[[str, str], str],
) -> Moved | None:
    """The statement without writes to what is there before it; None where it has none, or where that is not certain.

    `known` are the names before it, `kinds` has a letter for each variable, `fresh` makes a new name.
    """
    found = _Found(known, kinds, aliases)
    found.look(statement)
    if not found.written or not found.is_certain(statement):
        return None
    own = {key: fresh("own", "t") for key in sorted(found.written)}
    condition = statement.test if isinstance(statement, ast.If) else ast.Constant(value=False)
    made = _Renamed(own).visit(copy.deepcopy(statement))
    names = list(own.values())
    for block in _blocks(made):
        used = [name for name in names if any(_is_name(node, name) for part in block for node in ast.walk(part))]
        block[:0] = [assign(name, flow("own", load(name))) for name in used]
    before: list[ast.stmt] = [
        assign(name, flow("aside", _expression(key), copy.deepcopy(condition))) for key, name in own.items()
    ]
    after = [_given_back(key, name, rebound=key in found.rebound) for key, name in own.items()]
    return Moved(before, made, after, frozenset(names))


def _given_back(key: str, name: str, *, rebound: bool) -> ast.stmt:
    if not rebound:
        return ast.Expr(flow("give_back", _expression(key), load(name)))
    target = _expression(key)
    assert isinstance(target, ast.Attribute)  # noqa: S101 - only attributes are found rebound
    target.ctx = ast.Store()
    return ast.Assign([target], load(name))


class _Found:
    """The tensors from before a statement that it writes to: names, and attributes as `self.part.name`."""

    def __init__(self, known: AbstractSet[str], kinds: Mapping[str, str], aliases: Aliases) -> None:
        self.known = known
        self.kinds = kinds
        self.aliases = aliases
        self.written: set[str] = set()
        self.rebound: set[str] = set()
        self.in_place: set[str] = set()
        self.unclear = False

    def look(self, statement: ast.stmt) -> None:
        keys = {key for node in ast.walk(statement) if (key := _key(node))}
        outer = {key for key in keys if "." in key or key in self.known}
        for node in ast.walk(statement):
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and (key := _key(node)):
                self.written.add(key)
                self.rebound.add(key)
            for target in _written(node):
                self._note(target, outer)

    def _note(self, target: str, outer: set[str]) -> None:
        if target in outer:
            if self.kinds.get(target, "t") == "t":
                self.written.add(target)
                self.in_place.add(target)
            return
        same = [key for key in outer if self.aliases.root(key) == self.aliases.root(target)]
        self.written.update(same)
        self.in_place.update(same)
        self.unclear = self.unclear or len(same) > 1

    def is_certain(self, statement: ast.stmt) -> bool:
        """Whether nothing else within may share memory with what is written in place, and no name of it is assigned."""
        used = {key for node in ast.walk(statement) if (key := _key(node))}
        others = {key for key in used if "." in key or key in self.known} - self.in_place
        roots = [self.aliases.root(key) for key in sorted(self.in_place)]
        return (
            not self.unclear
            and not self.written & stored([statement])
            and len(set(roots)) == len(roots)
            and not any(self.aliases.root(key) in roots for key in others)
        )


class _Renamed(ast.NodeTransformer):
    """Other names in the place of names and attributes."""

    def __init__(self, own: Mapping[str, str]) -> None:
        self.own = own

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return ast.copy_location(ast.Name(self.own.get(node.id, node.id), node.ctx), node)

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        name = self.own.get(_key(node))
        if name is not None:
            return ast.copy_location(ast.Name(name, node.ctx), node)
        self.generic_visit(node)
        return node


def _blocks(statement: ast.stmt) -> list[list[ast.stmt]]:
    """What becomes functions: both arms of a branch, the body of a loop."""
    assert isinstance(statement, (ast.If, ast.For, ast.While))  # noqa: S101 - asked by the caller
    return [block for block in (statement.body, statement.orelse) if block]


def _written(node: ast.AST) -> Iterator[str]:
    """The names and attributes whose tensors a node writes to."""
    if isinstance(node, (ast.Subscript, ast.Attribute)) and isinstance(node.ctx, ast.Store):
        yield from _shared(node.value) if isinstance(node, ast.Subscript) else ()
    elif isinstance(node, ast.AugAssign):
        yield from _shared(node.target)
    elif isinstance(node, ast.Call):
        yield from _written_by_call(node)


def _written_by_call(call: ast.Call) -> Iterator[str]:
    for keyword in call.keywords:
        if keyword.arg == "out":
            yield from _shared(keyword.value)
    if _is_in_place(call) and call.args:
        yield from _shared(call.args[0])
    function = call.func
    if not isinstance(function, ast.Attribute) or not function.attr.endswith("_") or function.attr.startswith("_"):
        return
    if function.attr in _NO_WRITES:
        return
    is_function = ast.unparse(function.value).partition(".")[0] in _NAMESPACES
    if not is_function:
        yield from _shared(function.value)
    elif call.args:
        yield from _shared(call.args[0])


def _shared(value: ast.expr) -> Iterator[str]:
    """The names and attributes that the value of an expression may share memory with."""
    key = _key(value)
    if key:
        yield key
    elif isinstance(value, (ast.Subscript, ast.Attribute, ast.Starred)):
        yield from _shared(value.value)
    elif isinstance(value, (ast.Tuple, ast.List)):
        for item in value.elts:
            yield from _shared(item)
    elif isinstance(value, ast.IfExp):
        yield from (*_shared(value.body), *_shared(value.orelse))
    elif isinstance(value, ast.Call):
        yield from _shared_by_call(value)


def _shared_by_call(call: ast.Call) -> Iterator[str]:
    """Methods that give views, and modules of the program, which may give what they get."""
    function = call.func
    root = ast.unparse(function).partition(".")[0]
    name = function.attr if isinstance(function, ast.Attribute) else root
    is_method = isinstance(function, ast.Attribute) and root not in _NAMESPACES
    gives_itself = name in _VIEWS or name.endswith("_") or name == "_unwrap_optional" or _is_in_place(call)
    if isinstance(function, ast.Attribute) and is_method and gives_itself:
        yield from _shared(function.value)
    elif gives_itself or (is_method and root == "self"):
        for argument in (*call.args, *(keyword.value for keyword in call.keywords)):
            yield from _shared(argument)


def _is_in_place(call: ast.Call) -> bool:
    values = [keyword.value for keyword in call.keywords if keyword.arg == "inplace"]
    return any(isinstance(value, ast.Constant) and value.value is True for value in values)


def _key(node: ast.AST) -> str:
    """A name, or an attribute of the module or of a part of it, as text; empty for anything else."""
    if isinstance(node, ast.Name):
        return "" if node.id == "self" else node.id
    if isinstance(node, ast.Attribute):
        text = ast.unparse(node)
        return text if _OF_A_PART.fullmatch(text) else ""
    return ""


def _targets(target: ast.expr) -> Iterator[str]:
    for node in ast.walk(target):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def _is_name(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _expression(key: str) -> ast.expr:
    return ast.parse(key, mode="eval").body
