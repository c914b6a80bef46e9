"""What a class is to the compiler: a module, an enum, a script class, or nothing it knows."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scriptkit.language.facts import ClassFacts, ClassKind

SCRIPTABLE = frozenset({"scriptkit.ScriptableModule", "scriptkit.authoring.ScriptableModule"})

ENUMS = frozenset({"enum.Enum", "enum.IntEnum", "enum.StrEnum", "enum.Flag", "enum.IntFlag"})

NO_MODULE_IN_NN = frozenset({"Parameter", "Buffer", "ParameterList", "UninitializedParameter", "UninitializedBuffer"})

NO_MODULE_ROOTS = frozenset(
    {"builtins", "typing", "enum", "abc", "collections", "dataclasses", "numpy", "threading", "unittest", "logging"},
)


def kind_of(cls: ClassFacts, seen: frozenset[str]) -> ClassKind:
    """The kind of a class, by its bases and decorators; `seen` are classes that ask for it."""
    names = set(cls.bases)
    if any(cls.module.dotted(d) == "torch.jit.interface" for d in cls.node.decorator_list):
        return "interface"
    if names & SCRIPTABLE or any(_is_nn_module(name) for name in names):
        return "module"
    for base in cls.local_bases:
        if base.qualname not in seen and kind_of(base, seen | {cls.qualname}) == "module":
            return "module"
    decorators = {cls.module.dotted(d.func if isinstance(d, ast.Call) else d) for d in cls.node.decorator_list}
    if names & ENUMS or any(b.kind == "enum" or set(b.bases) & ENUMS for b in cls.local_bases):
        return "enum"
    if "typing.NamedTuple" in names:
        return "namedtuple"
    if "torch.jit.interface" in decorators:
        return "interface"
    if decorators & {"torch.jit.script", "scriptkit.script"}:
        return "script-class"
    if decorators & {"dataclasses.dataclass"}:
        return "dataclass"
    return "module" if _looks_like_module(cls) else "plain"


def _is_nn_module(name: str | None) -> bool:
    if name is None or not name.startswith("torch.nn."):
        return False
    tail = name.rpartition(".")[2]
    return name.count(".") == 2 and tail[:1].isupper() and tail not in NO_MODULE_IN_NN  # noqa: PLR2004


def _looks_like_module(cls: ClassFacts) -> bool:
    """A subclass of something of another file counts as a module when it has a `forward(self, ...)`."""
    forward = cls.own_methods.get("forward")
    foreign = [b for c in cls.mro for b in c.foreign_bases if b.split(".")[0] not in NO_MODULE_ROOTS]
    return (
        forward is not None
        and forward.kind == "method"
        and bool(foreign)
        and not any(b.startswith(("torch.autograd.", "torch.utils.")) for b in foreign)
    )


def is_scriptable(cls: ClassFacts, seen: frozenset[str]) -> bool:
    """Whether it is a `ScriptableModule`, itself or by a base of the file."""
    if set(cls.bases) & SCRIPTABLE:
        return True
    return any(b.qualname not in seen and is_scriptable(b, seen | {cls.qualname}) for b in cls.local_bases)
