"""Every rule there is, found by walking the package: a new rule needs no registration line."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from scriptkit.rules.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent


@cache
def all_rules() -> tuple[Rule, ...]:
    """One instance of every rule, ordered by code."""
    return tuple(sorted((rule() for rule in _rule_classes()), key=lambda rule: rule.code))


def _rule_classes() -> Iterator[type[Rule]]:
    for info in pkgutil.iter_modules([str(HERE)], f"{__package__}."):
        for value in vars(importlib.import_module(info.name)).values():
            if isinstance(value, type) and issubclass(value, Rule) and _is_of(info.name, value):
                yield value


def _is_of(module: str, rule: type[Rule]) -> bool:
    return "code" in vars(rule) and rule.__module__ == module


@cache
def rule_named(name_or_code: str) -> Rule:
    """The rule with this name (`walrus`) or code (`SK512`); `KeyError` if there is none."""
    wanted = name_or_code.lower()
    for rule in all_rules():
        if wanted in (rule.name, rule.code.lower()):
            return rule
    raise KeyError(name_or_code)
