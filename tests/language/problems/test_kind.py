"""What a rule may rely on when it words a problem: the kind has a name, and every one of its fields is there."""

from __future__ import annotations

import importlib
import pkgutil
from typing import get_type_hints

import pytest

from scriptkit.language import abstract, analyze, problems
from scriptkit.language.problems.kind import Kind
from scriptkit.language.problems.names import MaybeUndefined
from scriptkit.rules import all_rules
from scriptkit.rules.examples import program
from scriptkit.rules.rule import ProblemRule

for _found in pkgutil.iter_modules(problems.__path__, f"{problems.__name__}."):
    importlib.import_module(_found.name)
# a rule reads the code itself: the pass reports these so that nothing is said of their consequences
SHOWN_BY_SYNTAX = {
    "dataclass-limits",
    "generator-argument",
    "getattr-dynamic",
    "string-annotation-attribute",
    "submodule-annotation",
}


def _fields(kind: type[Kind]) -> set[str]:
    return get_type_hints(kind, localns=vars(abstract)).keys() - {"kind", "_fields"}


def test_every_problem_of_the_examples_has_the_fields_of_its_kind() -> None:
    found = [
        problem
        for rule in all_rules()
        for example in rule.INVALID
        for cls in analyze(program(example.source), all_modules=True).checked_classes(all_modules=True)
        for problem in cls.problems
    ]
    assert len({problem.kind for problem in found}) > 60
    for problem in found:
        assert _fields(type(problem.data)) >= vars(problem.data).keys(), problem.data
        assert all(hasattr(problem.data, name) for name in _fields(type(problem.data))), problem.data


def test_every_kind_is_worded_by_a_rule() -> None:
    worded = {kind for rule in all_rules() if isinstance(rule, ProblemRule) for kind in rule.kinds}
    assert {kind.kind for kind in Kind.__subclasses__() if kind not in worded} == SHOWN_BY_SYNTAX


def test_a_problem_is_named_by_its_kind_and_shows_its_fields() -> None:
    missing = MaybeUndefined(name="y", missing="loop")
    assert missing.kind == "maybe-undefined"
    assert repr(missing) == "MaybeUndefined(name=y, missing=loop)"


def test_what_was_observed_stays_as_it_is() -> None:
    missing = MaybeUndefined(name="y", missing="loop")
    with pytest.raises(AttributeError, match="internal error: `name` of a `MaybeUndefined` is written"):
        missing.name = "z"  # type: ignore[misc]
    assert missing.name == "y"
