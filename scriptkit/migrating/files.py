"""Migrate files: first the classes of all of them, then what is done with instances, each step only if it is proved."""

from __future__ import annotations

import ast
import io
import tokenize
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from scriptkit.checking.definitions import Place
from scriptkit.fixing.editing import Text
from scriptkit.migrating import classes
from scriptkit.migrating.calls import calls
from scriptkit.migrating.constants import CONSTANTS, constants
from scriptkit.migrating.marks import marks
from scriptkit.migrating.names import Spelling
from scriptkit.migrating.project import EXPORTS, Project
from scriptkit.migrating.proving import Proof
from scriptkit.migrating.steps import Left, Step
from scriptkit.migrating.typed import typed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from scriptkit.language.facts import ClassFacts, ModuleFacts

OTHERS = {
    "torch.jit.trace": "`scriptkit.traced` marks what may be traced, and refuses what depends on the inputs",
    "torch.jit.trace_module": "`scriptkit.traced` marks what may be traced, and refuses what depends on the inputs",
    "torch.jit.load": "`scriptkit.load` checks a file before it runs, and says what it refuses",
    "torch.jit.save": "`scriptkit.save` writes what it can prove to be the module",
    "torch.jit.freeze": "a file that `scriptkit.save` wrote can be frozen where it is loaded",
    "torch.jit.optimize_for_inference": "a file that `scriptkit.save` wrote can be optimized where it is loaded",
    "torch.jit.ScriptModule": "what it is used for here is not known",
    "torch.jit.script_method": "its class stays as it is",
    "torch.jit.export": "its class stays as it is; scriptkit understands it",
    "torch.jit.ignore": "it takes arguments, or stands on something that is no plain method; scriptkit understands it",
    "torch.jit.unused": "it takes arguments, or stands on something that is no plain method; scriptkit understands it",
    "torch.jit.script": "it is used otherwise than to compile a function or a module of this project",
    "torch.jit.annotate": "its value is used where no annotation can stand",
    "torch.jit.Attribute": "its value is used where no annotation can stand",
}


@dataclass(frozen=True)
class Migrated:
    """A file before and after, in its encoding, how much was rewritten, and what was left."""

    path: str
    encoding: str
    before: str
    after: str
    steps: int
    left: list[Left]


def migrated_files(files: Sequence[str]) -> Iterator[Migrated]:
    """Each file that has something of `torch.jit`, or that cannot be read: it has no encoding. Nothing is written."""
    project = Project(files)
    opened = {path: _opened(path, project) for path in files if project.facts(path) is not None}
    for file in opened.values():
        if file is not None:
            file.migrate_classes()
    for path in files:
        if path not in opened:
            why = Left(1, 1, "the file", "it cannot be read as Python; `scriptkit check` says why")
            yield Migrated(path, "", "", "", 0, [why])
        elif (file := opened[path]) is not None:
            yield file.migrated()


def _opened(path: str, project: Project) -> _File | None:
    module = project.facts(path)
    if module is None:
        return None
    is_named = "jit" in module.text or CONSTANTS in module.text
    if not is_named and not any(place.path == path for place in project.compiled):
        return None
    data = Path(path).read_bytes()
    encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    return _File(path, encoding, Text(data.decode(encoding)), module, project)


class _File:
    """One file on its way."""

    def __init__(self, path: str, encoding: str, text: Text, module: ModuleFacts, project: Project) -> None:
        # as `Text` counts lines, whatever ends them
        self._module = replace(module, text=text.normal())
        self._path, self._encoding, self._text, self._project = path, encoding, text, project
        self._spelling = Spelling(module)
        self._proof = Proof(text, module)
        self._why: dict[ast.AST, str] = {}

    def migrate_classes(self) -> None:
        """Rewrite the bases of classes that are compiled, and tell the project which classes are scriptable then."""
        steps = []
        for cls in classes.candidates(self._module, self._project) if self._spelling.is_possible else ():
            why = classes.obstacle(cls, self._project)
            step = None if why else classes.step(cls, self._spelling)
            if step is None:
                self._why[cls.node] = why or "a comment stands between its marks"
            else:
                steps.append(step)
        self._why |= self._proof.prove(steps)
        roots = {step.node for step in self._proof.proved}
        for cls in self._module.classes.values():
            if any(above.node in roots for above in cls.mro):
                self._project.scriptable.add(Place(self._path, cls.name))

    def migrated(self) -> Migrated:
        """Rewrite the rest."""
        scriptable = [cls for cls in self._module.classes.values() if self._is_scriptable(cls)]
        found = [
            *typed(self._module),
            *(constants(self._module, scriptable, self._spelling) if self._spelling.is_possible else ()),
            *(marks(self._module, self._spelling) if self._spelling.is_possible else ()),
            *(calls(self._module, self._project, self._spelling) if self._spelling.is_possible else ()),
        ]
        self._why |= {one[0]: one[1] for one in found if isinstance(one, tuple)}
        self._why |= self._proof.prove([one for one in found if isinstance(one, Step)])
        after = str(self._proof.result())
        left = sorted(set(self._left()))
        return Migrated(self._path, self._encoding, str(self._text), after, len(self._proof.proved), left)

    def _left(self) -> Iterator[Left]:
        """Classes that were to be rewritten, and every other name of `torch.jit` that scriptkit has a word for."""
        done = {inner for step in self._proof.proved for inner in self._touched(step.node)}
        for node, why in self._why.items():
            if isinstance(node, ast.ClassDef):
                yield self._told(node, f"`class {node.name}`", why)
            elif isinstance(node, ast.Assign):
                yield self._told(node, f"`{CONSTANTS}`", why)
        for node in ast.walk(self._module.tree):
            name = self._module.dotted(node) if isinstance(node, (ast.Name, ast.Attribute)) else None
            if name in OTHERS and node not in done and not self._is_told_as_class(node):
                above = self._module.parent(node)
                why = self._why.get(node) or (self._why.get(above) if above is not None else None) or OTHERS[name]
                yield self._told(node, f"`{ast.unparse(node)}`", why)

    def _touched(self, node: ast.AST) -> Iterator[ast.AST]:
        """What of a node a step rewrites: a class its bases and marks, a call what is called."""
        if isinstance(node, ast.ClassDef):
            for other in self._module.classes.values():
                if any(above.node is node for above in other.mro):
                    yield from other.node.bases
                    marked = (m.decorators for m in other.own_methods.values())
                    yield from (mark for found in marked for mark, name in found if name in EXPORTS)
        elif isinstance(node, ast.Call):
            yield node.func
            above = self._module.parent(node)
            if isinstance(above, ast.Call):
                yield above.func
        yield node

    def _is_scriptable(self, cls: ClassFacts) -> bool:
        return cls.scriptable or Place(self._path, cls.name) in self._project.scriptable

    def _is_told_as_class(self, node: ast.AST) -> bool:
        above = self._module.parent(node)
        return isinstance(above, ast.ClassDef) and node in above.bases and above in self._why

    def _told(self, node: ast.AST, what: str, why: str) -> Left:
        span = self._module.span(node)
        return Left(span.line, span.column, what, why)
