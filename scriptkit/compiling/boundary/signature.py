"""The TorchScript round a trace: the user's parameters and result, and the checks of what the trace takes for granted.

A trace takes flat tensors and gives a flat tuple, in one training mode. The wrapper is a small scripted module made of
text: it has the parameters of the user's `forward`, raises where a call is not one the trace was recorded for, picks
the trace of the current training mode, and puts the result together as far as TorchScript has a type for it.
"""

from __future__ import annotations

import inspect
import itertools
import keyword
import linecache
import typing
from typing import TYPE_CHECKING, Any, TypeGuard

import torch
from torch import nn

from scriptkit.compiling.boundary.argument_types import arguments, declared_type
from scriptkit.compiling.boundary.named_results import CLASSES, named_tuple
from scriptkit.engines.torchscript.engine.making import scripted
from scriptkit.errors import OtherCallError
from scriptkit.live.nested import _PLAIN, Constant, Leaf, Nest, leaves, told
from scriptkit.watching.sameness import is_same

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from scriptkit.compiling.boundary.flat_call import InputFact, TracedCall
    from scriptkit.live.nested import Structure


_numbers = itertools.count()

_WITH_FIELDS = {"mapping", "dataclass", "namedtuple"}
_EMPTY = {"list": ("List[Tensor]", "[]"), "dict": ("Dict[str, Tensor]", "{}"), "tuple": ("Tuple[()]", "()")}
"""Containers without items: the type that they get where nothing tells of one, and how they are written."""


def wrapped(
    name: str, evaluation: TracedCall | None, training: TracedCall | None, *, flat: bool = False
) -> torch.jit.ScriptModule:
    """One scripted module for the traces of a module in both training modes, of which one may be missing.

    `flat`: it takes and gives flat tensors, as the traces do, and checks what they take for granted of those.
    """
    calls = [call for call in (evaluation, training) if call is not None]
    writing = _Text(calls[0], has_evaluation=evaluation is not None, has_training=training is not None)
    text = writing.module(flat=flat)
    file = f"<scriptkit trace {next(_numbers)} of {name}>"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    names: dict[str, Any] = {"nn": nn, "torch": torch, "Tensor": torch.Tensor, **vars(typing), **CLASSES}
    names["__name__"] = f"scriptkit.traced.{name}"
    exec(compile(text, file, "exec", dont_inherit=True), names)  # noqa: S102  # our own text
    module: nn.Module = names["Traced"]()
    for attribute, call in (("evaluation", evaluation), ("training_trace", training)):
        if call is not None:
            module.add_module(attribute, call.run)
    return scripted(module.train(evaluation is None))


def refusal(message: str) -> str:
    """The line that refuses a call: compiled code knows `RuntimeError` only, and says the type in its text."""
    return f"raise RuntimeError({f'{OtherCallError.__name__}: {message}'!r})"


class Entry:
    """The parameters of the user's `forward` as TorchScript has them, the checks of a call, and names for its tensors.

    `made` says in messages how the program came about: "traced" or "lowered".
    """

    def __init__(self, inputs: Structure, forward: Callable[..., Any], made: str) -> None:
        self.names: dict[int, str] = {}
        self.checks: list[str] = []
        self._parameters: list[str] = []
        self._made = made
        self._defaults = _defaults(forward)
        for name, structure in arguments(inputs, forward):
            self._parameter(name, structure)

    @property
    def parameters(self) -> list[str]:
        """The parameters as text; none without a default comes after one with."""
        made: list[str] = []
        for parameter in reversed(self._parameters):
            is_last = all(" = " in later for later in made)
            made.append(parameter if is_last else parameter.partition(" = ")[0])
        return made[::-1]

    def _parameter(self, name: str, structure: Structure) -> None:
        declared = declared_type(structure)
        if declared is not None and isinstance(structure, Constant) and name in self._defaults:
            # who leaves the argument out means the default of the user, for which the program may not be made
            is_default = is_same(structure.value, self._defaults[name])
            declared = declared if is_default else declared.partition(" = ")[0]
        name = f"{name}_" if keyword.iskeyword(name) or name in {"self", "out"} else name
        if declared is None:
            for path, leaf in leaves(structure):
                if isinstance(leaf, Leaf):  # `as_parameters` takes a call apart in the same way
                    self._parameter(f"{name}_{''.join(c if c.isalnum() else '_' for c in path).strip('_')}", leaf)
            return
        self._parameters.append(f"{name}: {declared}")
        self._take_apart(name, structure)

    def _take_apart(self, name: str, structure: Structure) -> None:
        if isinstance(structure, Leaf):
            self.names[structure.index] = name if name.isidentifier() else f"leaf_{structure.index}"
            if not name.isidentifier():
                self.checks.append(f"leaf_{structure.index} = {name}")
        elif isinstance(structure, Constant):
            differs = f"{name} is not None" if structure.value is None else f"{name} != {structure.value!r}"
            self._refuse(differs, f"{self._made} for {name} = {structure.value!r}")
        else:
            if structure.kind == "dict" and all(isinstance(item, Constant) for item in structure.items):
                keys = list(structure.keys)
                self._refuse(f"list({name}.keys()) != {keys!r}", f"{self._made} for the keys {keys!r} of {name}")
            elif structure.kind in {"list", "dict"}:
                count = len(structure.items)
                self._refuse(f"len({name}) != {count}", f"{self._made} for {count} items in {name}")
            for key, item in zip(structure.keys, structure.items, strict=True):
                self._take_apart(f"{name}[{key!r}]", item)

    def _refuse(self, condition: str, message: str) -> None:
        self.checks += [f"if {condition}:", f"    {refusal(message)}"]


class _Text:
    """The source of one wrapper."""

    def __init__(self, call: TracedCall, *, has_evaluation: bool, has_training: bool) -> None:
        self.call = call
        self.has_evaluation = has_evaluation
        self.has_training = has_training
        entry = Entry(call.inputs, call.forward, "traced")
        self.names, self.parameters, self.checks = entry.names, entry.parameters, entry.checks

    def module(self, *, flat: bool) -> str:
        """The class, with `forward`."""
        if flat:
            self.names = {number: f"input_{number}" for number in range(len(self.call.facts))}
            self.parameters, self.checks = [f"{name}: Tensor" for name in self.names.values()], []
        for number, fact in enumerate(self.call.facts):
            self.checks += checks_of(self.names[number], fact)
        result = "out" if flat else expression(self.call.output)
        lines = [
            "class Traced(nn.Module):",
            f"    def forward({', '.join(['self', *self.parameters])}):",
            *(f"        {line}" for line in self.checks),
            *(f"        {line}" for line in self._run()),
            f"        return {result}",
        ]
        return "\n".join(lines) + "\n"

    def _run(self) -> list[str]:
        arguments = ", ".join(self.names[number] for number in range(len(self.call.facts)))
        evaluation, training = (f"out = self.{name}({arguments})" for name in ("evaluation", "training_trace"))
        if self.has_evaluation and self.has_training:
            return ["if self.training:", f"    {training}", "else:", f"    {evaluation}"]
        refused = "not self.training" if self.has_training else "self.training"
        mode = "training" if self.has_training else "evaluation"
        message = f"this module was traced for {mode} only"
        return [f"if {refused}:", f"    {refusal(message)}", training if self.has_training else evaluation]


def _defaults(forward: Callable[..., Any]) -> dict[str, Any]:
    try:
        parameters = inspect.signature(forward).parameters.values()
    except (TypeError, ValueError):
        return {}
    return {p.name: p.default for p in parameters if p.default is not p.empty}


def _item_type(nest: Nest, others: Mapping[int, str] | None = None) -> str:
    """The type of all items, where TorchScript has containers of it; `others` are the types of leaves, else tensors."""
    types = {_container_type(item, others or {}) for item in nest.items}
    empty = {_EMPTY[item.kind][0] for item in nest.items if _is_untyped(item)}
    found = list(types - empty or types)
    return found[0] if len(found) == 1 and all(found[0].startswith(usual[:4]) for usual in empty) else ""


def _is_untyped(structure: Structure) -> TypeGuard[Nest]:
    """Whether it is a list or dictionary without items, which may have any type."""
    return isinstance(structure, Nest) and not structure.items and structure.kind in {"list", "dict"}


def _container_type(structure: Structure, others: Mapping[int, str]) -> str:
    if isinstance(structure, Nest):
        return _type_of(structure, others) if structure.kind in _EMPTY else ""
    return _plain_type(structure, others)


def _plain_type(structure: Structure, others: Mapping[int, str]) -> str:
    if isinstance(structure, Leaf):
        return structure.scalar.__name__ if structure.scalar else others.get(structure.index, "Tensor")
    if isinstance(structure, Constant) and type(structure.value) in _PLAIN:
        return type(structure.value).__name__
    return ""


def checks_of(name: str, fact: InputFact) -> Iterator[str]:
    """Lines that raise where an argument is not what a trace takes for granted."""
    conditions = []
    if fact.rank is not None:
        conditions.append((f"{name}.dim() != {fact.rank}", f"traced for {name} of {fact.rank} dimensions"))
    if fact.dtype is not None:
        conditions.append((f"{name}.dtype != {fact.dtype}", f"traced for {name} of {fact.dtype}"))
    if fact.device is not None:
        conditions.append((f"{name}.device.type != {fact.device!r}", f"traced for {name} on {fact.device}"))
    conditions += [
        (f"{name}.size({d}) != {n}", f"traced for size {n} of {name} in dimension {d}") for d, n in fact.sizes
    ]
    for condition, message in conditions:
        yield f"if {condition}:"
        yield f"    {refusal(message)}"


def _named_tuple(nest: Nest, others: Mapping[int, str] | None) -> str | None:
    fields = nest.type._fields if nest.kind == "namedtuple" else [key for key, _ in told(nest)]  # type: ignore[attr-defined]
    return named_tuple(nest.type, fields, [_type_of(item, others or {}) for _, item in told(nest)])


def type_of_field(structure: Structure) -> str:
    """The type of a part of a result as a field that code asks for by name; empty where it has none."""
    if isinstance(structure, Constant) and structure.value is None:
        return "Optional[Tensor]"  # what another call may have there
    return _type_of(structure, {})


def _type_of(structure: Structure, others: Mapping[int, str]) -> str:
    """The type of what `expression` writes; empty where it is none that a field can have."""
    if not isinstance(structure, Nest):
        return _plain_type(structure, others) if not isinstance(structure, Constant) else _type_of_constant(structure)
    if not structure.items:
        return _EMPTY.get(structure.kind, ("", ""))[0]
    types = [_type_of(item, others) for _, item in told(structure)]
    item = _item_type(structure, others)
    key = _key_type(structure)
    if key and item:
        return f"Dict[{key}, {item}]"
    if structure.kind == "list" and item:
        return f"List[{item}]"
    if not types or not all(types):
        return ""
    named = _named_tuple(structure, others) if structure.kind in _WITH_FIELDS else None
    return named or f"Tuple[{', '.join(types)}]"


def _key_type(nest: Nest) -> str:
    """The type of all keys of a dictionary; empty where it is none, or TorchScript has no dictionaries of them."""
    types = {type(key) for key in nest.keys} if nest.kind in {"dict", "mapping"} else set()
    return types.pop().__name__ if types in ({str}, {int}) else ""


def _type_of_constant(constant: Constant) -> str:
    return type(constant.value).__name__ if type(constant.value) in _PLAIN else "str" * (constant.value is not None)


def expression(structure: Structure, others: Mapping[int, str] | None = None, declared: str = "") -> str:
    """The result, put together from the flat tuple `out`; `others` are the types of the leaves that are no tensors.

    `declared` is the type that an empty container has to have.
    """
    if isinstance(structure, Leaf):
        tensor = f"out[{structure.index}]"
        return tensor if structure.scalar is None else f"{structure.scalar.__name__}({tensor})"
    if isinstance(structure, Nest) and not structure.items:
        usual, text = _EMPTY.get(structure.kind, ("", "None"))
        return f"torch.jit.annotate({declared or usual}, {text})" if _is_untyped(structure) else text
    if isinstance(structure, Constant):
        plain = structure.value is None or type(structure.value) in _PLAIN
        return repr(structure.value) if plain else repr(str(structure.value))
    keys = [key for key, _ in told(structure)]
    item_type = _item_type(structure, others)
    items = [expression(item, others, item_type) for _, item in told(structure)]
    if _key_type(structure) and item_type:
        written = dict(zip(keys, items, strict=True))  # in the order the user has them in
        return "{" + ", ".join(f"{key!r}: {written[key]}" for key in structure.keys) + "}"
    if structure.kind == "list" and item_type:
        return f"[{', '.join(items)}]"
    if structure.kind in _WITH_FIELDS and (named := _named_tuple(structure, others)) is not None:
        return f"{named}({', '.join(items)})"
    return f"({', '.join(items)}{',' if len(items) == 1 else ''})"
