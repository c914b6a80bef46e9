"""What proves a rewriting: the same text otherwise, judged by the same rules, has no finding that was not there."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from scriptkit import language
from scriptkit.checking.judging import UNREADABLE_TEXT, judge_module
from scriptkit.checking.selecting import EVERYTHING
from scriptkit.migrating.names import added, unneeded

if TYPE_CHECKING:
    import ast
    from collections.abc import Iterable

    from scriptkit.diagnostics import Diagnostic
    from scriptkit.fixing.editing import Text
    from scriptkit.language.facts import ModuleFacts
    from scriptkit.migrating.steps import Step


class Verdict(NamedTuple):
    """How the rules judge a text: its errors, and those of its scriptable classes."""

    scriptable: frozenset[str]
    errors: Counter[tuple[str, str, str]]
    refused: list[Diagnostic]


def verdict(text: str, path: str) -> Verdict | None:
    """The verdict on a text; None of one that does not parse."""
    try:
        everything = language.analyze(text, path, all_modules=True)
        errors = [f for f in judge_module(everything, EVERYTHING, all_modules=True) if f.severity == "error"]
    except UNREADABLE_TEXT:
        return None
    scriptable = frozenset(cls.name for cls in everything.classes.values() if cls.scriptable)
    refused = [finding for finding in errors if finding.class_name in scriptable]
    return Verdict(scriptable, Counter((f.name, f.class_name, f.message) for f in errors), refused)


class Proof:
    """The text of a file with the steps that were proved so far."""

    def __init__(self, text: Text, module: ModuleFacts) -> None:
        self._text, self._module = text, module
        self._before = verdict(text.normal(), module.path)
        self.proved: list[Step] = []

    def prove(self, steps: list[Step]) -> dict[ast.AST, str]:
        """Take the steps that can be proved, all at once or one after the other: the others, and why not."""
        if not steps or not self._refusal([*self.proved, *steps]):
            self.proved += steps
            return {}
        refused = {}
        for step in steps:
            why = self._refusal([*self.proved, step])
            if why:
                refused[step.node] = why
            else:
                self.proved.append(step)
        return refused

    def result(self) -> Text:
        """The text after every step that was proved."""
        changed = self._changed(self.proved)
        return self._text if changed is None else changed

    def _refusal(self, steps: Iterable[Step]) -> str:
        """Why the text after these steps is not as good as the one before."""
        text = self._changed(list(steps))
        after = None if text is None else verdict(text.normal(), self._module.path)
        if self._before is None or after is None:
            return "the text would not be Python any more"
        made = after.scriptable - self._before.scriptable
        worse = [finding for finding in after.refused if finding.class_name in made]
        if worse:
            return f"`{worse[0].class_name}` would be refused: {worse[0].message} ({worse[0].name})"
        new = after.errors - self._before.errors
        return f"it would be an error: {min(new)[2]}" if new else ""

    def _changed(self, steps: list[Step]) -> Text | None:
        if not steps:
            return self._text
        needs = {need for step in steps for need in step.needs}
        imports = added(self._module, needs)
        if imports is None:
            return None
        changes = {change for step in steps for change in step.changes}
        changes |= {*imports, *unneeded(self._module, {step.node for step in steps})}
        return self._text.changed(changes)
