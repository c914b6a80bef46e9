"""Why a call does not match: the one thing to change."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.language.inference.blaming import blame_parameter
from scriptkit.language.inference.elements import untyped_origin
from scriptkit.language.inference.matching import Match, Mismatch, resolve
from scriptkit.language.problems.arguments import (
    ArgumentTypeMismatch,
    CallUnknownKwarg,
    MissingArgument,
    NoMatchingOverload,
    TooManyArguments,
)
from scriptkit.language.problems.containers import EmptyContainerUntyped
from scriptkit.language.problems.variables import IntPow, Invariance, TupleListMix
from scriptkit.language.record import Record
from scriptkit.language.types import (
    FLOAT,
    INT,
    TENSOR,
    UNKNOWN,
    Dict,
    List,
    Tuple,
    Type,
    is_covariant,
    is_optional,
    without_none,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from scriptkit.language.inference.body import Body
    from scriptkit.language.operators import Schema

RENAMED = {
    "axis": "dim",
    "axes": "dim",
    "keepdims": "keepdim",
    "x": "input",
    "a": "input",
    "x1": "input",
    "x2": "other",
}


Key = int | str


class Attempt(Record):
    """A call with its evaluated arguments; a positional argument goes by its number, any other by its keyword."""

    node: ast.Call
    name: str
    schemas: Sequence[Schema]
    types: Mapping[Key, Type]
    nodes: Mapping[Key, ast.expr]

    @property
    def positional(self) -> list[Type]:
        """The positional arguments in order."""
        return [t for key, t in self.types.items() if isinstance(key, int)]

    @property
    def keywords(self) -> dict[str, Type]:
        """The keyword arguments."""
        return {key: t for key, t in self.types.items() if isinstance(key, str)}

    def resolved(self) -> Match | list[Mismatch]:
        """The overload that takes the arguments, or why none does."""
        return resolve(self.schemas, self.positional, self.keywords)

    def matches(self) -> bool:
        """Whether an overload takes the arguments."""
        return isinstance(self.resolved(), Match)

    def with_types(self, changed: Mapping[Key, Type]) -> Attempt:
        """The same call with other types."""
        return self.replaced(types={**self.types, **changed})

    def use(self, key: Key) -> str:
        """How to speak of an argument."""
        return f"argument `{key}` of `{self.name}`" if isinstance(key, str) else f"argument of `{self.name}`"


def attempt(  # noqa: PLR0913, PLR0917 - a call has these parts
    node: ast.Call,
    name: str,
    schemas: Sequence[Schema],
    positional: Sequence[Type],
    keywords: Mapping[str, Type],
    nodes: Sequence[ast.expr],
    keyword_nodes: Mapping[str, ast.expr],
) -> Attempt:
    """An `Attempt` from evaluated arguments."""
    types: dict[Key, Type] = dict(enumerate(positional))
    places: dict[Key, ast.expr] = dict(enumerate(nodes))
    types.update(keywords)
    places.update(keyword_nodes)
    return Attempt(node, name, schemas, types, places)


def explain(body: Body, call: Attempt) -> Type:
    """No schema takes the arguments: report the one thing to change; what the call gives may be sure all the same."""
    _tell(body, call)
    return TENSOR if {schema.returns for schema in call.schemas} == {TENSOR} else UNKNOWN


def _tell(body: Body, call: Attempt) -> Type:
    found = call.resolved()
    failures = found if isinstance(found, list) else []
    if _unknown_keyword(body, call, failures) or _repairable(body, call) or _all_optional(body, call):
        return UNKNOWN
    if any(t.has_unknown for t in call.types.values()):
        return UNKNOWN
    blamable = [call.nodes[key] for key in call.types if call.with_types({key: UNKNOWN}).matches()]
    if blame_parameter(body, blamable, call.node):
        return UNKNOWN
    return _mismatch(body, call, failures)


def _unknown_keyword(body: Body, call: Attempt, failures: Sequence[Mismatch]) -> bool:
    for keyword in call.keywords:
        pairs = zip(failures, call.schemas, strict=False)
        if all((f.reason == "unknown-keyword" and f.parameter == keyword) or _lacks(s, keyword) for f, s in pairs):
            replacement = RENAMED.get(keyword, "")
            culprit = call.nodes[keyword]
            body.report(CallUnknownKwarg(function=call.name, keyword=keyword, replacement=replacement), culprit)
            return True
    return False


def _repairable(body: Body, call: Attempt) -> bool:
    """Whether one argument is the whole trouble: an Optional, an untyped empty list, an `int ** int`."""
    for key, given in call.types.items():
        repaired = _repaired(body, given, call.nodes[key])
        if repaired is not None and call.with_types({key: repaired}).matches():
            _report_repaired(body, given, call.nodes[key], call.use(key))
            return True
    return False


def _all_optional(body: Body, call: Attempt) -> bool:
    """Whether the call would match were no argument Optional; reports each that is."""
    stripped = {key: without_none(t) for key, t in call.types.items() if is_optional(t)}
    if not stripped or not call.with_types(stripped).matches():
        return False
    for key in stripped:
        body.not_refined(call.types[key], call.nodes[key], call.use(key))
    return True


def _repaired(body: Body, given: Type, node: ast.expr) -> Type | None:
    if is_optional(given):
        return without_none(given)
    if given is FLOAT and _is_power(node):
        return INT
    if untyped_origin(body, node) is None:
        return None
    return List(UNKNOWN) if isinstance(given, List) else Dict(UNKNOWN, UNKNOWN) if isinstance(given, Dict) else None


def _is_power(node: ast.expr) -> bool:
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow)


def _report_repaired(body: Body, given: Type, node: ast.expr, use: str) -> None:
    origin = untyped_origin(body, node)
    if is_optional(given):
        body.not_refined(given, node, use)
    elif origin is not None:
        name, text = ast.unparse(node), ast.unparse(origin)
        body.report(EmptyContainerUntyped(name=name, value=text, element=UNKNOWN, key=None), node, origin)
    elif _is_power(node):
        body.report(IntPow(use=use), node, node)


def _mismatch(body: Body, call: Attempt, failures: Sequence[Mismatch]) -> Type:
    candidates = [f for f in failures if f.reason == "type"] or list(failures)
    if len(call.schemas) > 1 and len({(f.position, str(f.expected)) for f in candidates}) != 1:
        given = tuple(call.types.values())
        return body.report(NoMatchingOverload(function=call.name, actual=given, why=_why(failures)), call.node)
    failure = max(candidates, key=lambda f: f.progress)
    if failure.reason == "type" and failure.position in call.nodes and failure.position is not None:
        return _wrong_type(body, call, failure, failure.position)
    return _wrong_count(body, call, failure)


def _wrong_count(body: Body, call: Attempt, failure: Mismatch) -> Type:
    if failure.reason == "too-many":
        limit = max(sum(not a.keyword_only for a in s.arguments) for s in call.schemas)
        count = len(call.positional)
        return body.report(TooManyArguments(function=call.name, count=count, maximum=limit), call.node)
    if failure.reason in ("unknown-keyword", "twice"):
        culprit = call.nodes.get(failure.parameter, call.node)
        return body.report(CallUnknownKwarg(function=call.name, keyword=failure.parameter, replacement=""), culprit)
    return body.report(MissingArgument(function=call.name, parameter=failure.parameter), call.node)


def _wrong_type(body: Body, call: Attempt, failure: Mismatch, where: Key) -> Type:
    node, actual, expected = call.nodes[where], call.types[where], failure.expected or UNKNOWN
    use = f"argument `{failure.parameter}` of `{call.name}`"
    if isinstance(expected, Tuple) and isinstance(actual, List):
        return body.report(TupleListMix(expected=expected, actual=actual, use=use), node)
    if is_covariant(without_none(expected), actual):
        return body.report(Invariance(expected=without_none(expected), actual=actual, use=use), node)
    return body.report(
        ArgumentTypeMismatch(function=call.name, parameter=failure.parameter, expected=expected, actual=actual), node
    )


def _lacks(schema: Schema, keyword: str) -> bool:
    names = {argument.name for argument in schema.arguments}
    return keyword not in names and not (keyword == "input" and "self" in names and not schema.internal)


def _why(failures: Sequence[Mismatch]) -> str:
    shown = [f"`{f.parameter}` is {f.expected}" for f in failures if f.reason == "type" and f.expected is not None]
    return "; ".join(dict.fromkeys(shown))
