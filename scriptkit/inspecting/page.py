"""One page that shows an inspection, without a network: the tree, pictures of the data flow, source beside program."""

from __future__ import annotations

import html
import json
import os
from importlib import resources
from typing import TYPE_CHECKING, Any

from scriptkit.inspecting import layout
from scriptkit.replacing import replaced

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scriptkit.inspecting.flow import Flow
    from scriptkit.inspecting.programs_seen import Seen
    from scriptkit.inspecting.rows import InspectionRow
    from scriptkit.inspecting.sides import SideBySide

_TEMPLATE = "page.html"
_MOST_BOXES = 400


def write(file: str | os.PathLike[str], rows: Sequence[InspectionRow], seen: Seen) -> None:
    """Write the page, or leave the old one as it was."""
    text = page(rows, seen)
    with replaced(os.fspath(file)) as stream:
        stream.write(text.encode())


def page(rows: Sequence[InspectionRow], seen: Seen) -> str:
    """The text of the page."""
    template = resources.files("scriptkit.inspecting").joinpath(_TEMPLATE).read_text(encoding="utf-8")
    told = json.dumps(_told(rows, seen), ensure_ascii=False).replace("</", "<\\/").replace("<!--", "<\\!--")
    return template.replace("{{title}}", html.escape(rows[0].class_name)).replace("{{data}}", told)


def _told(rows: Sequence[InspectionRow], seen: Seen) -> dict[str, Any]:
    with_code = set(seen.paths)
    kinds: dict[str, dict[str, Any]] = {}
    for path in seen.paths:
        kind = seen.kind(path)
        if kind not in kinds:
            kinds[kind] = {name: _method(seen, path, name) for name in seen.methods(path)}
    return {
        "title": rows[0].class_name,
        "rows": [_row(row, seen.kind(row.path) if row.path in with_code else "") for row in rows],
        "kinds": kinds,
        "operators": list(seen.operators),
        "missing": "" if layout.is_available() else layout.MISSING,
    }


def _row(row: InspectionRow, kind: str) -> dict[str, Any]:
    return {
        "path": row.path,
        "name": row.path.rpartition(".")[2] or "(root)",
        "class": row.class_name,
        "mode": row.mode,
        "reason": row.reason,
        "parameters": row.parameters,
        "bytes": row.bytes,
        "share": row.share,
        "inputs": row.inputs,
        "outputs": row.outputs,
        "operators": row.operators,
        "kind": kind,
    }


def _method(seen: Seen, path: str, name: str) -> dict[str, Any]:
    return {
        "code": seen.code(path, name, inlined=False),
        "beside": _beside(seen.beside(path, name)),
        "flow": _flow(seen.flow(path, name)),
    }


def _beside(sides: SideBySide) -> dict[str, Any]:
    rows = [[row.line, row.source, list(row.program), row.note] for row in sides.rows]
    return {"rows": rows, "assumptions": list(sides.assumptions)}


def _flow(flow: Flow) -> dict[str, Any] | None:
    """Boxes with their places, arrows; nothing where no library is there to lay them out, or nobody could read it."""
    if not layout.is_available() or len(flow.nodes) > _MOST_BOXES:
        return None
    places: Sequence[tuple[float, float]] = layout.positions(flow)
    nodes = [
        [node.kind, node.label, node.path, round(x, 3), round(y, 3)]
        for node, (x, y) in zip(flow.nodes, places, strict=True)
    ]
    return {"nodes": nodes, "edges": [list(edge) for edge in flow.edges]}
