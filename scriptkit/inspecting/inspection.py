"""What `inspect` gives: the tree, the code and graph of each part, its source beside it, and a page of all of it."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from scriptkit.errors import ScriptkitError
from scriptkit.inspecting import page
from scriptkit.tables import Table, Tabular

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from scriptkit.inspecting.programs_seen import Seen
    from scriptkit.inspecting.rows import InspectionRow
    from scriptkit.inspecting.sides import SideBySide

_THOUSAND = 1000
_UNITS = ("", "k", "M", "G", "T")


class Inspection(Tabular):
    """A program to look at; `str()` is its tree, in a notebook it displays itself.

    `rows` are the submodules, `operators` what the whole program calls, `methods` what can be called.
    """

    def __init__(self, seen: Seen, rows: Sequence[InspectionRow]) -> None:
        self._seen = seen
        self.rows = tuple(rows)

    @property
    def class_name(self) -> str:
        """The class of the whole."""
        return self.rows[0].class_name

    @property
    def operators(self) -> tuple[str, ...]:
        """The operators of all methods, sorted."""
        return tuple(self._seen.operators)

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods that can be called."""
        return tuple(self._seen.methods(""))

    def __getitem__(self, path: str) -> InspectionRow:
        """The row of a submodule; raises KeyError where there is none."""
        for row in self.rows:
            if row.path == path:
                return row
        raise KeyError(path)

    def code(self, path: str = "", method: str = "forward", inlined: bool = False) -> str:  # noqa: FBT001, FBT002
        """A method as the program has it, in Python's syntax; with `inlined`, all that it calls written out.

        Raises ScriptkitError where there is no such submodule or method.
        """
        self._require(path, method)
        return self._seen.code(path, method, inlined=inlined)

    def graph(self, path: str = "", method: str = "forward", inlined: bool = False) -> str:  # noqa: FBT001, FBT002
        """The graph of a method, as torch prints it, with the names of the source.

        Raises ScriptkitError where there is no such submodule or method.
        """
        self._require(path, method)
        return self._seen.graph(path, method, inlined=inlined)

    def beside(self, path: str = "", method: str = "forward") -> SideBySide:
        """The source of a method beside its program, line by line: what each line became, or that it is folded away.

        Raises ScriptkitError where there is no such submodule or method.
        """
        self._require(path, method)
        return self._seen.beside(path, method)

    def _require(self, path: str, method: str) -> None:
        if path not in self._seen.paths:
            if any(row.path == path for row in self.rows):
                raise ScriptkitError(
                    f"`{path}` has no code of its own: {self[path].reason or 'it is part of the whole'}"
                )
            near = ", ".join(f"`{one}`" for one in list(self._seen.paths)[1:7])
            there = f"there are {near}" if near else "the whole is one part, ``"
            raise ScriptkitError(f"there is no submodule `{path}`: {there}")
        methods = self._seen.methods(path)
        if method not in methods:
            name = self[path].class_name if any(row.path == path for row in self.rows) else path
            there = ", ".join(f"`{one}`" for one in methods) or "none"
            raise ScriptkitError(f"{name} has no method `{method}` in the program: it has {there}")

    def __str__(self) -> str:
        return str(self.as_table())

    def as_table(self) -> Table:
        """The tree, one line for each submodule."""
        has_shares = any(row.share is not None for row in self.rows)
        numbers = ("parameters", "bytes", *(["time"] if has_shares else []))
        headings = ("module", "mode", *numbers, "operators", "reason")
        paths = {row.path for row in self.rows}
        cells = tuple(_cells(row, _name(row.path, paths), has_shares=has_shares) for row in self.rows)
        return Table(headings, cells, "", frozenset(numbers))

    def as_json(self) -> str:
        """The rows, the methods and the operators as one JSON object."""
        told: dict[str, Any] = {"rows": [asdict(row) for row in self.rows]}
        return json.dumps({**told, "methods": self.methods, "operators": self.operators}, indent=2)

    def to_html(self, file: str | os.PathLike[str]) -> None:
        """Write one page that needs no network: the tree, the picture of the data flow, source beside program, search.

        Raises OSError where the file cannot be written.
        """
        page.write(file, self.rows, self._seen)


def _name(path: str, paths: set[str]) -> str:
    """The name below the nearest part that has a row, indented under it."""
    above, depth, shown = path, 0, ""
    while above:
        above = above.rpartition(".")[0]
        if above in paths:
            shown = shown or path.removeprefix(above).lstrip(".")
            depth += 1
    return f"{'  ' * depth}{shown or '(root)'}"


def _cells(row: InspectionRow, name: str, *, has_shares: bool) -> tuple[str, ...]:
    share = ["" if row.share is None else f"{row.share:.0%}"] if has_shares else []
    operators = ", ".join(one.removeprefix("torch.") for one in row.operators[:_MOST_OPERATORS])
    more = f" and {len(row.operators) - _MOST_OPERATORS} more" if len(row.operators) > _MOST_OPERATORS else ""
    return (
        f"{name}: {row.class_name}",
        row.mode,
        short(row.parameters),
        short(row.bytes),
        *share,
        operators + more,
        row.reason,
    )


_MOST_OPERATORS = 4


def short(count: int) -> str:
    """A number to be read at a glance: `1.2 M`."""
    size, unit = float(count), 0
    while size >= _THOUSAND and unit < len(_UNITS) - 1:
        size, unit = size / _THOUSAND, unit + 1
    return f"{size:.3g} {_UNITS[unit]}".rstrip()
