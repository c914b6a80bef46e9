"""From an error of the compiler to the diagnostic a user reads."""

from __future__ import annotations

import ast
import textwrap
from typing import TYPE_CHECKING

from scriptkit.diagnostics import Diagnostic, Label
from scriptkit.engines.torchscript.types.raw_errors import Place, RawError
from scriptkit.live.places import class_place
from scriptkit.rules import COMPILER_ERROR, explain_raw, rule_named

if TYPE_CHECKING:
    from scriptkit.engines.torchscript.lifting.lifting import LiftedFunction

_MESSAGE_LENGTH = 112


def diagnostic_of(raw: RawError, failing: LiftedFunction | None, owner: type) -> Diagnostic:
    """The diagnostic of a raw error: a rule's where one explains it, else `SK000 compiler-error`."""
    place = _place(raw, failing, owner)
    rule = explain_raw(raw.text)
    class_name, method = _names(failing, owner)
    reason = _sentence(raw.reason)
    return Diagnostic(
        path=place.path,
        line=place.line,
        column=place.column or 1,
        end_line=place.line,
        end_column=place.end_column or 2,
        code=rule.code if rule else COMPILER_ERROR[0],
        name=rule.name if rule else COMPILER_ERROR[1],
        message=_cut(reason),
        note=f"the compiler says: {reason}" if len(reason) > _MESSAGE_LENGTH else rule.note if rule else "",
        help=rule.help if rule else "",
        secondary=_callers(raw),
        class_name=class_name,
        method=method,
    )


def decorator_diagnostic(lifted: LiftedFunction) -> Diagnostic:
    """A decorator the compiler would drop."""
    expression = lifted.decoration.unknown
    text = ast.unparse(expression) if expression is not None else ""
    line = lifted.file_lineno + (expression.lineno if expression is not None else 1) - 1
    class_name, method = _names(lifted, object)
    column = expression.col_offset + 1 if expression is not None else 1
    return Diagnostic(
        path=lifted.filename or "<string>",
        line=line,
        column=column,
        end_line=line,
        end_column=column + len(text),
        code=rule_named("decorated-method").code,
        name="decorated-method",
        message=f"decorator `{text}` on `{method}` would not run",
        label="dropped by the compiler",
        note="the compiler reads the function below its decorators and drops them",
        help="apply it inside the method, or mark the method `@scriptkit.ignore`",
        class_name=class_name,
        method=method,
    )


def _place(raw: RawError, failing: LiftedFunction | None, owner: type) -> Place:
    if failing is not None:
        source = failing.function_source
        inside = [p for p in raw.places if source.contains(p.path, p.line)]
        return inside[0] if inside else Place(source.path, source.first_line)
    return raw.places[0] if raw.places else Place(*class_place(owner))


def _names(failing: LiftedFunction | None, owner: type) -> tuple[str, str]:
    if failing is None:
        return owner.__name__, ""
    parts = failing.original.__qualname__.split(".")
    owner_name = parts[-2] if len(parts) > 1 else ""
    return ("" if owner_name == "<locals>" else owner_name), parts[-1]


def _callers(raw: RawError) -> tuple[Label, ...]:
    """Where the failing function is called, in the same file."""
    if not raw.places:
        return ()
    first = raw.places[0]
    return tuple(
        Label(p.line, p.column, p.line, p.end_column, "called here")
        for p in raw.places[1:]
        if p.path == first.path and p.column and p.line != first.line
    )


def _sentence(reason: str) -> str:
    text = reason.strip().rstrip(".").strip() or "the compiler gives no reason"
    is_word = text[:1].isupper() and not text[1:2].isupper()
    return text[0].lower() + text[1:] if is_word else text


def _cut(reason: str) -> str:
    if len(reason) <= _MESSAGE_LENGTH:
        return reason
    first = reason.split(". ", maxsplit=1)[0]
    return textwrap.shorten(first, _MESSAGE_LENGTH, placeholder=" ...")
