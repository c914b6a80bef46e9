"""Hold a file to the rules: which rules apply to which class, and what the user allows."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from scriptkit.checking.followed import followed
from scriptkit.checking.inherited import analyzed
from scriptkit.checking.nearness import near_path
from scriptkit.diagnostics import Diagnostic, in_source_order
from scriptkit.rules import all_rules

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from scriptkit.checking.selecting import Selection
    from scriptkit.language.facts import ClassFacts, ModuleFacts
    from scriptkit.rules import Rule

UNREADABLE = ("SK001", "unreadable-file")
UNREADABLE_TEXT = (SyntaxError, ValueError, RecursionError, MemoryError)
"""What reading a text raises: it is no Python, or it nests deeper than Python's own parser goes."""


def judge_text(text: str, path: str, selection: Selection, *, all_modules: bool = False) -> list[Diagnostic]:
    """Every finding in a text; one diagnostic if it does not parse."""
    try:
        module = analyzed(text, path, all_modules=all_modules)
        return judge_module(module, selection, all_modules=all_modules)
    except UNREADABLE_TEXT as error:
        return [unreadable(path, error)]


def judge_module(module: ModuleFacts, selection: Selection, *, all_modules: bool = False) -> list[Diagnostic]:
    """Every finding in an analysed file, and in what its classes compile of other files, in source order."""
    elsewhere = judge_elsewhere(module, selection, all_modules=all_modules)
    return settled([*judge_here(module, selection, all_modules=all_modules), *(finding for _, finding in elsewhere)])


def judge_here(module: ModuleFacts, selection: Selection, *, all_modules: bool = False) -> list[Diagnostic]:
    """Every finding in an analysed file, in source order."""
    classes = _judged_classes(module, all_modules=all_modules)
    return settled(finding for cls in classes for finding in judge_class(cls, selection))


def judge_elsewhere(
    module: ModuleFacts, selection: Selection, *, all_modules: bool = False
) -> Iterator[tuple[ClassFacts, Diagnostic]]:
    """Every finding in what classes of an analysed file compile of other files of the project, with the class."""
    classes = _judged_classes(module, all_modules=all_modules)
    return followed(classes, lambda cls: judge_class(cls, selection))


def _judged_classes(module: ModuleFacts, *, all_modules: bool) -> list[ClassFacts]:
    traced = _traced(module)
    return [cls for cls in module.checked_classes(all_modules=all_modules) if cls.name not in traced]


def _traced(module: ModuleFacts) -> set[str | None]:
    """The classes of which this file traces an instance: their code never meets the compiler of scripts."""
    if "jit.trace" not in module.text:
        return set()
    calls = (node for node in ast.walk(module.tree) if isinstance(node, ast.Call))
    traces = (call for call in calls if module.dotted(call.func) in ("torch.jit.trace", "torch.jit.trace_module"))
    return {module.dotted(made.func) for trace in traces for made in trace.args[:1] if isinstance(made, ast.Call)}


def judge_class(cls: ClassFacts, selection: Selection) -> Iterator[Diagnostic]:
    """What the rules find in one class, less consequences, what a comment allows, and what scriptkit makes work."""
    selection = selection.of_file(cls.module.path)
    observed = {type(problem.data) for problem in cls.problems}
    checked = {rule: list(rule.check(cls)) for rule in all_rules() if rule.holds() and rule.may_find(observed)}
    found = {rule: _distinct(rule, findings) for rule, findings in checked.items() if findings}
    for rule, findings in found.items():
        if selection.includes(rule) and not (rule.lifted and cls.scriptable):
            for finding in findings:
                allowed = cls.module.is_allowed(rule.name, finding.line, cls)
                if not allowed and not _is_consequence(finding, found):
                    yield finding


def _distinct(rule: Rule, findings: Iterable[Diagnostic]) -> list[Diagnostic]:
    """The findings in source order; of a mistake made in one place and felt in several, the first."""
    ordered = in_source_order(findings)
    return list({finding.message: finding for finding in reversed(ordered)}.values())[::-1] if rule.once else ordered


def _is_consequence(finding: Diagnostic, found: dict[Rule, list[Diagnostic]]) -> bool:
    return any(
        _reaches(rule.reach, cause, finding)
        for rule, causes in found.items()
        if finding.name in rule.supersedes
        for cause in causes
    )


def _reaches(reach: Literal["place", "method", "class"], cause: Diagnostic, finding: Diagnostic) -> bool:
    if reach == "class":
        return True
    return cause.method == finding.method if reach == "method" else _overlap(cause, finding)


def _overlap(a: Diagnostic, b: Diagnostic) -> bool:
    a_starts, a_ends = (a.line, a.column), (a.end_line, a.end_column)
    return a_starts < (b.end_line, b.end_column) and (b.line, b.column) < a_ends


def settled(findings: Iterable[Diagnostic]) -> list[Diagnostic]:
    """In source order, each mistake once: a base class is read with each of its subclasses."""
    kept: dict[tuple[object, ...], Diagnostic] = {}
    for finding in in_source_order(findings):
        kept.setdefault(
            (finding.path, finding.line, finding.column, finding.end_line, finding.end_column, finding.name), finding
        )
    return list(kept.values())


class InternalError(Exception):
    """A failure of ours in one file; the others are still checked."""


def unreadable(path: str, error: Exception) -> Diagnostic:
    """The one finding in a file that cannot be read as Python."""
    line, column = 1, 1
    message, help = f"the file cannot be read as Python: {error}", "correct the file; nothing of it was checked"
    if isinstance(error, OSError):
        message, help = f"the file cannot be read: {error.strerror or error}", "check the path, and who may read it"
        near = near_path(path) if isinstance(error, FileNotFoundError) else ""
        help = f"check the path; near it: `{near}`" if near else help
    elif isinstance(error, (RecursionError, MemoryError)):
        message = "an expression or a block of the file nests too deep to be checked"
        help = "break the deepest expression or chain of `elif` up into steps; nothing of the file was checked"
    elif isinstance(error, InternalError):
        message = f"internal error: {error}"
        help = "report this with the file; nothing of it was checked, the other files were"
    elif isinstance(error, SyntaxError):
        line, column = error.lineno or 1, max(error.offset or 1, 1)
        message = f"the file cannot be read as Python: {error.msg}"
        help = "correct this line; the rest of the file was not checked"
    code, name = UNREADABLE
    return Diagnostic(
        path=path,
        line=line,
        column=column,
        end_line=line,
        end_column=column + 1,
        code=code,
        name=name,
        message=message[:LONGEST_MESSAGE],
        label="reading stops here",
        help=help,
    )


LONGEST_MESSAGE = 88


def as_warnings(findings: Iterable[Diagnostic]) -> list[Diagnostic]:
    """The same findings, none of them an error."""
    return [replace(finding, severity="warning") for finding in findings]
