"""From the compiler's own words to the rule that explains them."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from scriptkit.rules.catalogue import all_rules

if TYPE_CHECKING:
    from scriptkit.rules.rule import Rule


def explain_raw(message: str) -> Rule | None:
    """The one rule whose mistake makes torch say this; None if there is none, or if several fit equally well."""
    text = " ".join(message.split())
    fitting = [(len(pattern.pattern), rule) for pattern, rule in _patterns() if pattern.search(text)]
    longest = max((length for length, _ in fitting), default=0)
    best = {rule for length, rule in fitting if length == longest}
    return best.pop() if len(best) == 1 else None


@cache
def _patterns() -> list[tuple[re.Pattern[str], Rule]]:
    return [(re.compile(words), rule) for rule in all_rules() for words in _words(rule)]


def _words(rule: Rule) -> tuple[str, ...]:
    """The patterns of a rule; a rule whose words say more of another mistake has none."""
    if rule.raw is not None:
        return rule.raw
    return tuple(re.escape(example.torch_says) for example in rule.INVALID if example.torch_says)
