"""`match` as the branches it stands for: a chain of `if`, whose conditions bind the names of the patterns."""

from __future__ import annotations

import ast
import copy
from typing import Any

from scriptkit.compiling.lowering.world.refusing import RefusedError

_TAKEN_WHOLE = (bool, bytearray, bytes, dict, float, frozenset, int, list, set, str, tuple)
"""`case int(n)`: classes whose only positional pattern is for the value itself (PEP 634)."""


def as_branches(node: ast.Match) -> list[ast.stmt]:
    """Statements that do what `match` does; raises RefusedError for patterns that depend on more than their text."""
    name = f"matched_{node.lineno}_{node.col_offset}"
    chain: list[ast.stmt] = []
    for case in reversed(node.cases):
        tests = [*_tests(case.pattern, ast.Name(name, ast.Load())), *([case.guard] if case.guard is not None else [])]
        chain = [_placed(ast.If(_all(tests), case.body, chain), case.pattern)]
    return [_placed(ast.Assign([ast.Name(name, ast.Store())], node.subject), node), *chain]


def _placed(statement: ast.stmt, at: ast.AST) -> ast.stmt:
    return ast.fix_missing_locations(ast.copy_location(statement, at))


def _tests(pattern: ast.pattern, subject: ast.expr) -> list[ast.expr]:
    """What has to hold, from left to right; bindings are conditions that always hold."""
    match pattern:
        case ast.MatchValue(value=value):
            return [ast.Compare(_copy(subject), [ast.Eq()], [value])]
        case ast.MatchSingleton(value=value):
            return [ast.Compare(_copy(subject), [ast.Is()], [ast.Constant(value)])]
        case ast.MatchAs(pattern=inner, name=name):
            before = [] if inner is None else _tests(inner, subject)
            return [*before, *_bound(name, _copy(subject))]
        case ast.MatchOr(patterns=patterns):
            return [ast.BoolOp(ast.Or(), [_all(_tests(one, subject)) for one in patterns])]
        case ast.MatchSequence(patterns=patterns):
            return _sequence(patterns, subject)
        case ast.MatchMapping(keys=keys, patterns=patterns, rest=None):
            found = [ast.Compare(key, [ast.In()], [_copy(subject)]) for key in keys]
            pairs = zip(keys, patterns, strict=True)
            return [_is_a(subject, dict), *found, *(t for key, one in pairs for t in _tests(one, _item(subject, key)))]
        case ast.MatchClass():
            return _of_class(pattern, subject)
        case _:
            kind = type(pattern).__name__.removeprefix("Match").lower()
            raise RefusedError("syntax-not-lowered", f"a `match` with a pattern of this kind ({kind}) is not lowered")


def _sequence(patterns: list[ast.pattern], subject: ast.expr) -> list[ast.expr]:
    star = next((place for place, one in enumerate(patterns) if isinstance(one, ast.MatchStar)), None)
    fixed = len(patterns) - (star is not None)
    enough: ast.cmpop = ast.Eq() if star is None else ast.GtE()
    tests = [_is_a(subject, (tuple, list)), ast.Compare(_call(len, _copy(subject)), [enough], [ast.Constant(fixed)])]
    for place, one in enumerate(patterns):
        if isinstance(one, ast.MatchStar):
            behind = fixed - place
            part = ast.Slice(ast.Constant(place), ast.Constant(-behind) if behind else None)
            tests += _bound(one.name, _call(list, ast.Subscript(_copy(subject), part, ast.Load())))
        else:
            index = place if star is None or place < star else place - len(patterns)
            tests += _tests(one, _item(subject, ast.Constant(index)))
    return tests


def _of_class(pattern: ast.MatchClass, subject: ast.expr) -> list[ast.expr]:
    names = {kind.__name__ for kind in _TAKEN_WHOLE}
    positional = pattern.patterns
    if len(positional) > 1 or (positional and not (isinstance(pattern.cls, ast.Name) and pattern.cls.id in names)):
        raise RefusedError("syntax-not-lowered", "a `match` with positional patterns of a class is not lowered")
    tests: list[ast.expr] = [_call(isinstance, _copy(subject), pattern.cls)]
    tests += [test for one in positional for test in _tests(one, subject)]
    for name, one in zip(pattern.kwd_attrs, pattern.kwd_patterns, strict=True):
        tests.append(_call(hasattr, _copy(subject), ast.Constant(name)))
        tests += _tests(one, ast.Attribute(_copy(subject), name, ast.Load()))
    return tests


def _bound(name: str | None, value: ast.expr) -> list[ast.expr]:
    """`name := value`, as a condition that holds."""
    if name is None:
        return []
    both = ast.Tuple([ast.NamedExpr(ast.Name(name, ast.Store()), value), ast.Constant(value=True)], ast.Load())
    return [ast.Subscript(both, ast.Constant(1), ast.Load())]


def _all(tests: list[ast.expr]) -> ast.expr:
    if not tests:
        return ast.Constant(value=True)
    return tests[0] if len(tests) == 1 else ast.BoolOp(ast.And(), tests)


def _is_a(subject: ast.expr, kinds: Any) -> ast.expr:
    return _call(isinstance, _copy(subject), ast.Constant(kinds))


def _item(subject: ast.expr, key: ast.expr) -> ast.expr:
    return ast.Subscript(_copy(subject), _copy(key), ast.Load())


def _call(function: Any, *arguments: ast.expr) -> ast.expr:
    """A call of the function itself, whatever its name means where the statement stands."""
    return ast.Call(ast.Constant(function), list(arguments), [])


def _copy(expression: ast.expr) -> ast.expr:
    return copy.deepcopy(expression)
