"""How the files of the package import each other: circles of files, and imports that go up a level.

Every import statement counts: at the top, inside a function, and under `if TYPE_CHECKING`.

    python -m tools.imports          # the figures, each circle and each arrow that goes up
"""

from __future__ import annotations

import ast
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

ROOT = Path(__file__).parent.parent
PACKAGE = "scriptkit"

# What a level may import lies below it, or in a room of the same level that does not import it in turn; within a room
# files import each other without a circle.
LEVELS: tuple[tuple[str, ...], ...] = (
    (
        "installed",
        "diagnostics",
        "arguments",
        "interleaving",
        "tables",
        "switches",
        "log",
        "pyproject",
        "version",
        "compile_report",
        "language",
        "watching",
    ),
    ("errors", "live", "rules"),
    ("checking", "config", "engines", "replacing", "supported"),
    ("compiling", "fixing", "migrating", "mypy"),
    ("runtime",),
    ("artifact", "authoring", "verification"),
    ("benching", "cpp", "example_calls", "exporting", "inspecting", "optimizing", "serving", "testing", "warming"),
    ("__init__", "__main__", "cli", "lsp"),
)


# Rooms whose sub-rooms are in order as well: a file imports from its own sub-room and those named before it. What lies
# in the room itself, or in a sub-room that is not named, is above all of them.
SUB_ROOMS: dict[str, tuple[str, ...]] = {
    "scriptkit.compiling.lowering": (
        *("world", "program", "evaluator", "paths", "operations", "objects", "calling", "code"),
    ),
    "scriptkit.engines.torchscript": ("torch_names", "programs", "lifting", "types", "twin", "calling"),
}


@dataclass(frozen=True)
class Arrow:
    """One file imports another."""

    by: str
    of: str
    line: int


def modules(root: Path = ROOT) -> dict[str, Path]:
    """Every module of the package, by its dotted name."""
    return {_name(file.relative_to(root)): file for file in sorted((root / PACKAGE).rglob("*.py"))}


def _name(file: Path) -> str:
    parts = file.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def arrows(files: Mapping[str, Path]) -> list[Arrow]:
    """Every import of one file by another."""
    return [Arrow(name, of, line) for name, file in files.items() for of, line in _imported(name, file, files)]


def _imported(name: str, file: Path, files: Mapping[str, Path]) -> Iterator[tuple[str, int]]:
    package = name if file.name == "__init__.py" else name.rpartition(".")[0]
    tree = ast.parse(file.read_text(encoding="utf-8"))
    for node in (n for n in ast.walk(tree) if isinstance(n, (ast.Import, ast.ImportFrom))):
        if isinstance(node, ast.Import):
            found = {alias.name for alias in node.names}
        else:
            above = package.split(".")[: len(package.split(".")) + 1 - node.level] if node.level else []
            module = ".".join([*above, *filter(None, [node.module])])
            inner = {f"{module}.{alias.name}" for alias in node.names}
            found = {of if of in files else module for of in inner}
        yield from ((of, node.lineno) for of in found if of in files and of != name)


def circles(files: Mapping[str, Path], found: Sequence[Arrow]) -> list[list[str]]:
    """The groups of files that import each other, directly or through others, largest first (Tarjan)."""
    below: dict[str, list[str]] = {name: [] for name in files}
    for arrow in found:
        below[arrow.by].append(arrow.of)
    number: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    groups: list[list[str]] = []

    def visit(name: str) -> None:
        number[name] = low[name] = len(number)
        stack.append(name)
        for other in below[name]:
            if other not in number:
                visit(other)
                low[name] = min(low[name], low[other])
            elif other in stack:
                low[name] = min(low[name], number[other])
        if low[name] == number[name]:
            group = stack[stack.index(name) :]
            del stack[stack.index(name) :]
            groups.append(sorted(group))

    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, 4 * len(files)))
    try:
        for name in files:
            if name not in number:
                visit(name)
    finally:
        sys.setrecursionlimit(limit)
    return sorted((group for group in groups if len(group) > 1), key=len, reverse=True)


def level(module: str) -> int | None:
    """The level of a module, from 1 at the bottom; None for one that no level names."""
    room = _room(module)
    return next((height for height, rooms in enumerate(LEVELS, 1) if room in rooms), None)


def _room(module: str) -> str:
    return module.removeprefix(PACKAGE).removeprefix(".").partition(".")[0] or "__init__"


def upward(found: Sequence[Arrow]) -> list[Arrow]:
    """Imports of a file that is not below: in a higher level or sub-room, or in a room that imports this one."""
    between = {(_room(arrow.by), _room(arrow.of)) for arrow in found}
    return [arrow for arrow in found if not (_goes_down(arrow, between) and _goes_down_within(arrow))]


def _goes_down_within(arrow: Arrow) -> bool:
    """Whether an import within a room goes to the same sub-room or a lower one."""
    for room, order in SUB_ROOMS.items():
        above, below = (_height(module, room, order) for module in (arrow.by, arrow.of))
        if above is not None and below is not None and below > above:
            return False
    return True


def _height(module: str, room: str, order: tuple[str, ...]) -> int | None:
    """The place of a module in the order of its sub-rooms; None outside the room."""
    if module != room and not module.startswith(f"{room}."):
        return None
    sub_room = module.removeprefix(room).removeprefix(".").partition(".")[0]
    return order.index(sub_room) if sub_room in order else len(order)


def _goes_down(arrow: Arrow, between: set[tuple[str, str]]) -> bool:
    by, of = _room(arrow.by), _room(arrow.of)
    above, below = level(arrow.by), level(arrow.of)
    if above is None or below is None:
        return False
    return by == of or below < above or (below == above and (of, by) not in between)


def main() -> int:
    """Print the figures; 1 where there is a circle or an arrow that goes up."""
    files = modules()
    found = arrows(files)
    rings, against = circles(files, found), upward(found)
    print(f"files {len(files)}, imports {len(found)}")
    print(f"circles {len(rings)}")
    for ring in rings:
        print(f"  {len(ring)} files: {', '.join(name.removeprefix(PACKAGE + '.') for name in ring)}")
    print(f"arrows against the levels {len(against)}")
    for arrow in against:
        print(f"  {arrow.by}:{arrow.line} imports {arrow.of}")
    return bool(rings or against)


if __name__ == "__main__":
    sys.exit(main())
