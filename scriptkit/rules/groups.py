"""Which rules a word means: a name, a code, the beginning of a code, a group, or all of them.

A group is what the first digit of a code says; it has a name for settings and a title for pages.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, NamedTuple

from scriptkit.rules.catalogue import all_rules

if TYPE_CHECKING:
    from scriptkit.rules.rule import Rule


class Group(NamedTuple):
    """The rules whose codes begin with `SK` and this digit."""

    digit: str
    name: str
    title: str

    def means(self, word: str) -> bool:
        """Whether a word names this group, by its name or by its title in any spelling."""
        return _plain(word) in (self.name, _plain(self.title))


GROUPS = (
    Group("1", "members", "What a module holds"),
    Group("2", "types", "Types and values"),
    Group("3", "submodules", "Submodules"),
    Group("4", "functions", "Functions, classes and calls"),
    Group("5", "statements", "Statements and expressions"),
    Group("6", "export", "Compiles, and no program of torch.export holds it"),
    Group("7", "differences", "Compiles, and computes something else"),
    Group("8", "portability", "Compiles, and is tied to this process or device"),
)


def group_of(rule: Rule) -> Group:
    """The group that a rule belongs to."""
    return next(group for group in GROUPS if rule.code[2] == group.digit)


def is_named(rule: Rule, word: str) -> bool:
    """Whether a word is the name or the code of this rule."""
    return word == rule.name or word.upper() == rule.code


def is_meant(rule: Rule, word: str) -> bool:
    """Whether a word means this rule. One that is off by default must be named itself."""
    return is_named(rule, word) or (not rule.optional and _is_among(rule, word))


def names_rules(word: str) -> bool:
    """Whether a word means any rule at all, be it one that is off by default."""
    return any(word == rule.name or _is_among(rule, word) for rule in all_rules())


def near(word: str) -> str:
    """What may be meant by a word that means nothing, as the end of a sentence."""
    known = [*(group.name for group in GROUPS), *(rule.name for rule in all_rules())]
    plain = _plain(word)
    found = [name for name in known if len(plain) > 1 and plain in name] or difflib.get_close_matches(plain, known)
    return f"near it: {', '.join(found)}" if found else "`scriptkit rules` lists them"


def _is_among(rule: Rule, word: str) -> bool:
    if word == "ALL":
        return True
    is_prefix = word.upper().startswith("SK") and rule.code.startswith(word.upper())
    return is_prefix or group_of(rule).means(word)


def _plain(word: str) -> str:
    return "-".join(word.lower().replace(",", " ").replace("-", " ").replace("_", " ").split())
