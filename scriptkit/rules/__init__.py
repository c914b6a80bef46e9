"""The catalogue: every mistake scriptkit knows, one file each.

A rule is found by walking this package, so a new one needs no registration line. The files are imported on first use.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from typing import TYPE_CHECKING

from scriptkit.rules.rule import Invalid, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["COMPILER_ERROR", "Invalid", "Rule", "all_rules", "rule_named"]

COMPILER_ERROR = ("SK000", "compiler-error")  # a refusal of the compiler that no rule explains


@cache
def all_rules() -> tuple[Rule, ...]:
    """One instance of every rule, ordered by code."""
    return tuple(sorted((rule() for rule in _rule_classes()), key=lambda rule: rule.code))


def _rule_classes() -> Iterator[type[Rule]]:
    for info in pkgutil.iter_modules(__path__, f"{__name__}."):
        module = importlib.import_module(info.name)
        for value in vars(module).values():
            if (
                isinstance(value, type)
                and issubclass(value, Rule)
                and value.__module__ == info.name
                and "code" in vars(value)
            ):
                yield value


@cache
def rule_named(name_or_code: str) -> Rule:
    """The rule with this name (`walrus`) or code (`SK512`); `KeyError` if there is none."""
    wanted = name_or_code.lower()
    for rule in all_rules():
        if wanted in (rule.name, rule.code.lower()):
            return rule
    raise KeyError(name_or_code)
