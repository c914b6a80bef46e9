"""What an editor offers for a finding: the repairs that `check --fix` can prove, and a comment that allows it."""

from __future__ import annotations

import ast
from collections import Counter
from typing import TYPE_CHECKING

from lsprotocol import types

from scriptkit.checking.judging import UNREADABLE_TEXT
from scriptkit.fixing.editing import Change, Text
from scriptkit.language.parsing import syntax_tree
from scriptkit.lsp.telling import diagnostic
from scriptkit.rules import all_rules

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.diagnostics import Diagnostic
    from scriptkit.lsp.judging import Judged

FIX_ALL = "source.fixAll.scriptkit"
KINDS = [types.CodeActionKind.QuickFix, FIX_ALL]
MARK = "# scriptkit: allow["


def actions(judged: Judged, params: types.CodeActionParams) -> list[types.CodeAction]:
    """Every action for the findings in a range, of the kinds that were asked for."""
    uri, only = params.text_document.uri, params.context.only
    found: list[types.CodeAction] = []
    if _is_wanted(types.CodeActionKind.QuickFix, only):
        first, last = (judged.positions.place(end)[0] for end in (params.range.start, params.range.end))
        here = [one for one in judged.findings if one.line <= last and first <= one.end_line]
        found += [*_repairs(judged, here, uri), *_allowances(judged, here, uri)]
    if only and _is_wanted(FIX_ALL, only):
        found += _everything(judged, uri)
    return found


def _is_wanted(kind: str, only: object) -> bool:
    """Whether a kind is one of those asked for, or below one: `source` asks for `source.fixAll.scriptkit`."""
    wanted = [getattr(one, "value", one) for one in only] if isinstance(only, (list, tuple)) else []
    kind = getattr(kind, "value", kind)
    return not wanted or any(kind == one or kind.startswith(f"{one}.") for one in wanted)


def _repairs(judged: Judged, here: list[Diagnostic], uri: str) -> Iterator[types.CodeAction]:
    if not here:
        return
    lines = [line for one in here for line in (one.line, one.end_line)]
    for proposal in judged.proposals(min(lines), max(lines)):
        solved = [one for one in here if proposal.solved[one.message]]
        if solved:
            help = solved[0].help or solved[0].message
            action = _action(judged, f"scriptkit: {help}", proposal.changes, solved, uri)
            action.is_preferred = True
            yield action


def _everything(judged: Judged, uri: str) -> Iterator[types.CodeAction]:
    """All repairs at once, as one replacement of the text."""
    better = judged.repaired()
    if better != judged.text:
        edit = types.WorkspaceEdit(changes={uri: [types.TextEdit(judged.positions.whole(), better)]})
        yield types.CodeAction("scriptkit: repair everything that can be proved", kind=FIX_ALL, edit=edit)


def _allowances(judged: Judged, here: list[Diagnostic], uri: str) -> Iterator[types.CodeAction]:
    """A comment on the line of the finding, or of its class where none can stand there; tried before it is told."""
    names = {rule.name for rule in all_rules()}
    for finding in here:
        for where, change in _comments(judged, finding) if finding.name in names else ():
            if _allows(judged, finding, change):
                yield _action(judged, f"scriptkit: allow `{finding.name}` {where}", [change], [finding], uri)
                break


def _comments(judged: Judged, finding: Diagnostic) -> Iterator[tuple[str, Change]]:
    lines = judged.positions.lines
    yield "on this line", _comment(lines, finding.line, finding.name)
    opening = f"class {finding.class_name}"
    above = [number for number in range(finding.line, 0, -1) if lines[number - 1].lstrip().startswith(opening)]
    for number in above[:1]:
        yield "in this class", _comment(lines, number, finding.name)


def _comment(lines: list[str], line: int, name: str) -> Change:
    """The comment at the end of a line; a rule more where one stands there already."""
    text = lines[line - 1]
    before, mark, rest = text.partition(MARK)
    if mark and "]" in rest:
        column = len(before) + len(mark) + 1
        return Change(line, column, line, column, f"{name}, ")
    end = len(text.rstrip()) + 1
    return Change(line, end, line, len(text) + 1, f"  {MARK}{name}]")


def _allows(judged: Judged, finding: Diagnostic, change: Change) -> bool:
    """Whether the text with the comment has the finding no more, and no other one."""
    text = Text(judged.text).changed([change])
    if text is None or not _is_same_program(judged.text, str(text)):
        return False
    before, after = (
        Counter((one.name, one.message, one.line) for one in found)
        for found in (judged.findings, judged.again(str(text)))
    )
    return (
        not after - before
        and after[finding.name, finding.message, finding.line] < before[finding.name, finding.message, finding.line]
    )


def _is_same_program(before: str, after: str) -> bool:
    """Whether only comments differ: the end of a line may lie inside of a text."""
    try:
        return ast.dump(syntax_tree(before)) == ast.dump(syntax_tree(after))
    except UNREADABLE_TEXT:
        return False


def _action(judged: Judged, title: str, changes: list[Change], solved: list[Diagnostic], uri: str) -> types.CodeAction:
    edits = [judged.positions.edit(change) for change in changes]
    return types.CodeAction(
        title,
        kind=types.CodeActionKind.QuickFix,
        diagnostics=[diagnostic(judged, one, uri) for one in solved],
        edit=types.WorkspaceEdit(changes={uri: list(edits)}),
    )
