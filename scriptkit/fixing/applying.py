"""Apply fixes to a text until none is left, and to files without ever leaving half of one."""

from __future__ import annotations

import importlib
import io
import pkgutil
import tokenize
from collections import Counter
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from scriptkit import language
from scriptkit.checking.judging import UNREADABLE_TEXT, judge_module
from scriptkit.checking.selecting import EVERYTHING
from scriptkit.fixing.editing import Change, Text, changes
from scriptkit.fixing.fix import Fix
from scriptkit.replacing import replaced
from scriptkit.rules.rule import ProblemRule

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from scriptkit.language.facts import ModuleFacts, Problem
    from scriptkit.language.problems.kind import Kind
    from scriptkit.rules import Rule

MOST_ROUNDS = 200


@cache
def all_fixes() -> dict[type[Kind], Fix[Any]]:
    """The fix for each kind of problem that has one."""
    found: dict[type[Kind], Fix[Any]] = {}
    for info in pkgutil.iter_modules([str(Path(__file__).parent)], f"{__package__}."):
        for value in vars(importlib.import_module(info.name)).values():
            if isinstance(value, type) and issubclass(value, Fix) and value is not Fix:
                fix = value()
                found.update(dict.fromkeys(fix.kinds, fix))
    return found


def is_repaired(rule: Rule) -> bool:
    """Whether there is a fix for anything that this rule finds."""
    return isinstance(rule, ProblemRule) and not all_fixes().keys().isdisjoint(rule.kinds)


def fixed_text(text: str, *, all_modules: bool = False) -> str:
    """The text with everything repaired that can be proved; the same text where nothing can."""
    whole = Text(text)
    state = _State.of(whole, all_modules=all_modules)
    for _ in range(MOST_ROUNDS):
        better = None if state is None else _improved(state, all_modules=all_modules)
        if better is None:
            break
        state = better
    return str(state.text) if state is not None else text


class _State(NamedTuple):
    """A text, what it holds, and how often in it each rule is broken and each message told."""

    text: Text
    module: ModuleFacts
    rules: Counter[tuple[str, str]]
    messages: Counter[str]

    @classmethod
    def of(cls, text: Text, *, all_modules: bool) -> _State | None:
        """The state of a text; None of one that cannot be read."""
        try:
            module = language.analyze(text.normal(), all_modules=all_modules)
            found = judge_module(module, EVERYTHING, all_modules=all_modules)
        except UNREADABLE_TEXT:
            return None
        rules = Counter((finding.name, finding.class_name) for finding in found)
        return cls(text, module, rules, Counter(finding.message for finding in found))

    def removed(self, after: _State) -> int:
        """How many messages are gone; none where a rule is broken more often. A repair may uncover the next message."""
        return 0 if after.rules - self.rules else (self.messages - after.messages).total()


def _improved(state: _State, *, all_modules: bool) -> _State | None:
    """A text with fewer problems and no new one: all repairs at once where each repairs something, else the first."""
    repairs = list(_repairs(state, all_modules=all_modules))
    if len(repairs) > 1:
        together = state.text.changed(change for repair in repairs for change in repair)
        after = None if together is None else _State.of(together, all_modules=all_modules)
        if after is not None and state.removed(after) >= len(repairs):
            return after
    return next((after for _, after in _proved(state, repairs, all_modules=all_modules)), None)


def _proved(
    state: _State, repairs: Iterable[list[Change]], *, all_modules: bool
) -> Iterator[tuple[list[Change], _State]]:
    """The repairs that remove a finding and bring none, each with the state after it alone."""
    for repair in repairs:
        alone = state.text.changed(repair)
        after = None if alone is None else _State.of(alone, all_modules=all_modules)
        if after is not None and state.removed(after):
            yield repair, after


class Proposal(NamedTuple):
    """A repair that is proved, and the messages that are gone after it."""

    changes: list[Change]
    solved: Counter[str]


def proposals(text: str, lines: range, *, all_modules: bool = False) -> list[Proposal]:
    """What `fixed_text` would do about problems on these lines, one by one, for somebody who chooses."""
    state = _State.of(Text(text), all_modules=all_modules)
    if state is None:
        return []
    repairs = _repairs(state, all_modules=all_modules, lines=lines)
    proved = _proved(state, repairs, all_modules=all_modules)
    return [Proposal(changes, state.messages - after.messages) for changes, after in proved]


def _repairs(state: _State, *, all_modules: bool, lines: range | None = None) -> Iterator[list[Change]]:
    """The changes that might repair each problem, or each on these lines; each set of changes once."""
    known: set[tuple[Change, ...]] = set()
    for cls in state.module.checked_classes(all_modules=all_modules):
        for problem in cls.problems:
            if lines is not None and not _is_on(problem, lines):
                continue
            fix = all_fixes().get(type(problem.data))
            edits = fix.edits(cls, problem) if fix is not None else None
            found = changes(state.text, edits) if edits is not None else None
            if found and tuple(sorted(found)) not in known:
                known.add(tuple(sorted(found)))
                yield found


def _is_on(problem: Problem[Kind], lines: range) -> bool:
    places = [(getattr(node, "lineno", 0), getattr(node, "end_lineno", 0)) for node in (problem.node, *problem.related)]
    return any(start < lines.stop and lines.start <= end for start, end in places)


def fix_file(path: str, *, all_modules: bool, write: bool = True) -> tuple[str, str]:
    """The text of a file before and after; written in place, whole or not at all.

    Raises OSError, SyntaxError, ValueError or LookupError for a file that cannot be read or replaced.
    """
    data = Path(path).read_bytes()
    encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    text = data.decode(encoding)
    better = fixed_text(text, all_modules=all_modules)
    if write and better != text:
        new = better.encode(encoding)
        with replaced(path) as stream:
            stream.write(new)
    return text, better
