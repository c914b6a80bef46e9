"""Apply edits to a text with libcst, which keeps everything else as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider

from scriptkit.language.source_text import Span

if TYPE_CHECKING:
    from scriptkit.fixing.fix import Edits


def edited(text: str, edits: Edits) -> str | None:
    """The text with all edits made, or None if one of them found nothing to change."""
    editor = _Editor(edits)
    changed = MetadataWrapper(cst.parse_module(text)).visit(editor).code
    return changed if editor.done == _count(edits) else None


def _count(edits: Edits) -> int:
    places = (edits.expressions, edits.before, edits.annotations, edits.keywords, edits.targets)
    return sum(len(place) for place in places)


class _Editor(cst.CSTTransformer):
    METADATA_DEPENDENCIES = (PositionProvider,)

    def __init__(self, edits: Edits) -> None:
        super().__init__()
        self.edits = edits
        self.done = 0

    def _span(self, node: cst.CSTNode) -> Span:
        place = self.get_metadata(PositionProvider, node)
        return Span(place.start.line, place.start.column + 1, place.end.line, place.end.column + 1)

    def on_leave(self, original_node: Any, updated_node: Any) -> Any:
        """Replace an expression or put a statement before one; the rest is left to the method of its kind."""
        if isinstance(original_node, cst.BaseExpression):
            code = self.edits.expressions.get(self._span(original_node))
            if code is not None:
                self.done += 1
                return cst.parse_expression(code)
        updated = super().on_leave(original_node, updated_node)
        if isinstance(updated, (cst.SimpleStatementLine, cst.If, cst.For, cst.While, cst.With)):
            return self._after_statement(self._span(original_node).line, updated)
        return updated

    def _after_statement(self, line: int, updated: Any) -> Any:
        code = self.edits.before.get(line)
        if code is None:
            return updated
        self.done += 1
        inserted = cst.ensure_type(cst.parse_statement(code), cst.SimpleStatementLine)
        return cst.FlattenSentinel(
            [inserted.with_changes(leading_lines=updated.leading_lines), updated.with_changes(leading_lines=())],
        )

    def leave_Param(self, original_node: cst.Param, updated_node: cst.Param) -> cst.Param:
        """Annotate a parameter."""
        annotation = self._annotation(original_node.name)
        if annotation is None:
            return updated_node
        spaced = cst.AssignEqual(cst.SimpleWhitespace(" "), cst.SimpleWhitespace(" "))
        equal = spaced if updated_node.default is not None else cst.MaybeSentinel.DEFAULT
        return updated_node.with_changes(annotation=annotation, equal=equal)

    def leave_Assign(self, original_node: cst.Assign, updated_node: cst.Assign) -> cst.Assign | cst.AnnAssign:
        """Annotate an assigned name."""
        annotation = self._annotation(original_node.targets[0].target)
        if annotation is None:
            return updated_node
        return cst.AnnAssign(updated_node.targets[0].target, annotation, updated_node.value)

    def _annotation(self, name: cst.CSTNode) -> cst.Annotation | None:
        code = self.edits.annotations.get(self._span(name))
        if code is None:
            return None
        self.done += 1
        return cst.Annotation(cst.parse_expression(code))

    def leave_Arg(self, original_node: cst.Arg, updated_node: cst.Arg) -> cst.Arg:
        """Rename a keyword argument."""
        name = original_node.keyword
        code = self.edits.keywords.get(self._span(name)) if name is not None else None
        if code is None:
            return updated_node
        self.done += 1
        return updated_node.with_changes(keyword=cst.Name(code))

    def leave_For(self, original_node: cst.For, updated_node: cst.For) -> cst.For:
        """Give a loop other targets."""
        code = self.edits.targets.get(self._span(original_node.target))
        if code is None:
            return updated_node
        self.done += 1
        line = cst.ensure_type(cst.parse_statement(f"{code} = _"), cst.SimpleStatementLine)
        return updated_node.with_changes(target=cst.ensure_type(line.body[0], cst.Assign).targets[0].target)
