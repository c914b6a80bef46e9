"""One form of the archived code for one model, whatever the process compiled before.

torch tells classes of the same name apart by `___torch_mangle_7`, counted over the life of the process; puts only
those not so mangled into a common file; and numbers the local names of a file through. Here the first class of a name
found from the model's root keeps it and the others are counted from 0. torch then prints the code again from these
names (`scriptkit.artifact.contents`), because it breaks lines by the length of names.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from scriptkit.artifact.code_text import Code, Edit, joined
from scriptkit.artifact.local_names import renamed_locals
from scriptkit.language.parsing import syntax_tree

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_UNIT = re.compile(rb"^(?:class|def) (\w+)", re.MULTILINE)
_QUALIFIED = re.compile(rb"__torch__(?:\.\w+)+")
_MANGLE = re.compile(r"___torch_mangle_\d+\.")
_FOLDER, _SUFFIX = "code/", ".py"


class Program:
    """The classes and functions of a file, by qualified name, and their canonical names."""

    def __init__(self, files: dict[str, Code], roots: Iterable[str], root_name: str = "") -> None:
        """Take the code files by entry name, and the types of the object tree in the order they occur there.

        The first class gets `root_name`, if there is one: what wraps a trace has a name of its own.
        """
        self._units = {name: unit for path, code in files.items() for name, unit in _units(path, code)}
        self._order = self._discovered(roots)
        plain = [root_name, *self._order[1:]] if root_name else self._order
        self._names = dict(zip(self._order, _canonical_names(plain), strict=True))

    def files(self) -> dict[str, Code]:
        """The code files in canonical form."""
        grouped: dict[str, list[Code]] = defaultdict(list)
        for name in self._order:
            module = self._names[name].rpartition(".")[0]
            grouped[_FOLDER + module.replace(".", "/") + _SUFFIX].append(self._canonical(name))
        return {path: joined(units) for path, units in grouped.items()}

    def rename(self, text: str) -> str:
        """The text with every type name in it made canonical."""
        return re.sub(r"__torch__(?:\.\w+)+", lambda match: self._renamed(match[0]), text)

    def _discovered(self, roots: Iterable[str]) -> list[str]:
        found: dict[str, None] = {}
        for root in [*roots, *sorted(self._units)]:
            self._discover(root, found)
        return list(found)

    def _discover(self, root: str, found: dict[str, None]) -> None:
        waiting = [root]
        while waiting:
            name = waiting.pop()
            if name in self._units and name not in found:
                found[name] = None
                mentioned = (self._known(match[0].decode()) for match in _QUALIFIED.finditer(self._units[name].text))
                waiting += reversed([other for other in mentioned if other])

    def _known(self, dotted: str) -> str:
        """The longest beginning of a dotted name that is a class or function of the file."""
        while dotted and dotted not in self._units:
            dotted = dotted.rpartition(".")[0]
        return dotted

    def _renamed(self, dotted: str) -> str:
        known = self._known(dotted)
        return self._names[known] + dotted[len(known) :] if known else dotted

    def _canonical(self, name: str) -> Code:
        unit = self._units[name]
        tree = syntax_tree(unit.text).body[0]
        head = _UNIT.match(unit.text)
        names = [] if head is None else [Edit(*head.span(1), self._names[name].rpartition(".")[2].encode())]
        names += [
            Edit(match.start(), match.end(), self._renamed(match[0].decode()).encode())
            for match in _QUALIFIED.finditer(unit.text)
        ]
        edited = unit.edited([*names, *renamed_locals(tree, unit.text)])
        return _with_sorted_constants(edited)


def _units(path: str, code: Code) -> Iterator[tuple[str, Code]]:
    module = path.removeprefix(_FOLDER).removesuffix(_SUFFIX).replace("/", ".")
    matches = list(_UNIT.finditer(code.text))
    ends = [*(match.start() for match in matches[1:]), len(code.text)]
    for match, end in zip(matches, ends, strict=False):  # a file may hold nothing
        yield f"{module}.{match[1].decode()}", code.part(match.start(), end)


def _canonical_names(names: Iterable[str]) -> Iterator[str]:
    seen: Counter[str] = Counter()
    for name in names:
        plain = _MANGLE.sub("", name)
        module, _, last = plain.rpartition(".")
        yield f"{module}.___torch_mangle_{seen[plain] - 1}.{last}" if seen[plain] else plain
        seen[plain] += 1


def _with_sorted_constants(unit: Code) -> Code:
    """Constants come from a set, in an order that changes with the hash seed."""
    lines = unit.lines()
    places = [number for number, line in enumerate(lines) if re.match(rb"  \w+ : Final\[", line.text)]
    for place, line in zip(places, sorted((lines[place] for place in places), key=lambda line: line.text), strict=True):
        lines[place] = line
    return joined(lines)
