"""How a call becomes the inputs of a program, and its outputs the result.

A program of `torch.export` takes and gives what torch's pytree knows: tensors, plain values, tuples, lists and
dictionaries. Users pass and get more: named tuples, dataclasses, the outputs of transformers. Both sides are taken
apart into their leaves, numbered from left to right; a tree of the numbers says what stands round them.
"""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import torch

from scriptkit.engines.export.inputs import told
from scriptkit.live.nested import Constant, Leaf, Nest, Structure, arranged, build, flatten
from scriptkit.watching.sameness import is_same

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

PLAIN_VALUES = (type(None), bool, int, float, str)
"""What a program may have as an input beside tensors."""
SYMBOLS = (torch.SymInt, torch.SymFloat, torch.SymBool)
OUTPUTS = (torch.Tensor, bool, int, float, *SYMBOLS)
"""What a program gives; any other value is the same in every run, and stands in the tree of the result."""
_PLAIN_KINDS = {"namedtuple": tuple, "tuple": tuple, "list": list}


def taken_apart(value: Any) -> tuple[list[Any], Structure]:
    """All leaves of a nested value, and the tree that has their numbers in their places.

    A leaf that no program can hold (an object without tensors) stays in the tree as a constant; it has a number too.
    """
    tensors, structure = flatten(value)
    values: list[Any] = []
    return values, _numbered(structure, tensors, values)


def _numbered(structure: Structure, tensors: Sequence[torch.Tensor], values: list[Any]) -> Structure:
    if isinstance(structure, Nest):
        return replace(structure, items=tuple(_numbered(item, tensors, values) for item in structure.items))
    values.append(tensors[structure.index] if isinstance(structure, Leaf) else structure.value)
    return structure if not is_input(values[-1]) else Leaf(len(values) - 1)


def is_input(value: Any) -> bool:
    """Whether a program can take, or give, this leaf."""
    return isinstance(value, (torch.Tensor, *PLAIN_VALUES, *SYMBOLS))


def plain(structure: Structure) -> Structure:
    """The same tree with containers that every process knows; what is no input becomes None."""
    if isinstance(structure, Leaf):
        return structure
    if isinstance(structure, Constant):
        return Constant(None)
    items = tuple(map(plain, structure.items))
    if structure.kind in {"namedtuple", "tuple", "list"}:
        kind = _PLAIN_KINDS[structure.kind]
        return Nest("list" if kind is list else "tuple", kind, structure.keys, items)
    return Nest("dict", dict, structure.keys, items)


@dataclass(frozen=True)
class Convention:
    """The call a program was made for: how many positional arguments, which keywords, what they hold.

    `structure` is the tree of `(args, kwargs)`; `names` say of every leaf how the user writes it (`batch['ids']`),
    `sources` how torch does, which sees plain containers (`L['batch']['ids']`).
    """

    signature: inspect.Signature
    positional: int
    keywords: tuple[str, ...]
    structure: Structure
    names: tuple[str, ...]
    sources: tuple[str, ...]

    @classmethod
    def of(cls, method: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Convention:
        """The convention of one call of a method; raises TypeError where the arguments do not fit its signature."""
        signature = inspect.signature(method)
        signature.bind(*args, **kwargs)
        structure = taken_apart((args, kwargs))[1]
        parameters = _positional_names(signature, len(args))
        names = tuple(_names(parameters, structure))
        return cls(signature, len(args), tuple(kwargs), structure, names, _sources(parameters, structure))

    @classmethod
    def stored(cls, signature: inspect.Signature, structure: Nest, names: Sequence[str]) -> Convention:
        """The convention that a file tells of."""
        args, kwargs = structure.items
        assert isinstance(args, Nest)  # noqa: S101 - the caller made them
        assert isinstance(kwargs, Nest)  # noqa: S101
        positional = len(args.items)
        sources = _sources(_positional_names(signature, positional), structure)
        return cls(signature, positional, tuple(kwargs.keys), structure, tuple(names), sources)

    @property
    def argument_names(self) -> list[str]:
        """The positional arguments by name; those of `*args` have a number."""
        assert isinstance(self.structure, Nest)  # noqa: S101 - it is `(args, kwargs)`
        args = self.structure.items[0]
        assert isinstance(args, Nest)  # noqa: S101
        return _positional_names(self.signature, len(args.items))

    @property
    def plain(self) -> Structure:
        """The arguments as the program itself takes them."""
        return plain(self.structure)

    def leaves(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[list[Any], Structure]:
        """The leaves of another call, in the order of this one; raises TypeError where other arguments are given."""
        if len(args) == self.positional and tuple(kwargs) == self.keywords:
            return taken_apart((args, kwargs))
        self._refuse_others(args, kwargs)
        return taken_apart(arranged(self._callable(), (self.positional, self.keywords), args, kwargs))

    def _callable(self) -> Callable[..., Any]:
        def method() -> None: ...

        method.__signature__ = self.signature  # type: ignore[attr-defined]
        return method

    def _refuse_others(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """What the example left out is part of the program, with its default."""
        given = self.signature.bind(*args, **kwargs).arguments
        known = {*self.argument_names, *self.keywords}
        for name, parameter in self.signature.parameters.items():
            is_plain = parameter.kind not in {parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD}
            left_out = is_plain and name in given and name not in known
            if left_out and not is_same(parameter.default, given[name]):
                raise TypeError(
                    f"'{name}' is part of the program: it was exported with {told(parameter.default)}, "
                    f"not {told(given[name])}"
                )

    def program_arguments(self, values: Sequence[Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Leaves as the arguments of the program."""
        args, kwargs = build(self.plain, values)
        return args, kwargs


def _positional_names(signature: inspect.Signature, positional: int) -> list[str]:
    names: list[str] = []
    for name, parameter in signature.parameters.items():
        if parameter.kind is parameter.VAR_POSITIONAL:
            names += [f"{name}[{number}]" for number in range(positional - len(names))]
        elif parameter.kind in {parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD}:
            names.append(name)
    return names[:positional]


def _sources(parameters: Sequence[str], structure: Structure) -> tuple[str, ...]:
    return tuple(re.sub(r"^\w+", r"L['\g<0>']", name) for name in _names(parameters, plain(structure)))


def _names(parameters: Sequence[str], structure: Structure) -> Iterator[str]:
    assert isinstance(structure, Nest)  # noqa: S101 - it is `(args, kwargs)`
    args, kwargs = structure.items
    for called, tree in ((parameters, args), (None, kwargs)):
        assert isinstance(tree, Nest)  # noqa: S101 - a tuple and a dictionary
        for name, item in zip(called or tree.keys, tree.items, strict=True):
            yield from (f"{name}{path}" for path in paths(item))


def paths(structure: Structure, path: str = "") -> Iterator[str]:
    """Every leaf as Python would reach it: `[0].hidden['mask']`."""
    if not isinstance(structure, Nest):
        yield path
        return
    fields = getattr(structure.type, "_fields", None) if structure.kind == "namedtuple" else None
    for key, item in zip(fields or structure.keys, structure.items, strict=True):
        by_name = structure.kind in {"dataclass", "object", "namedtuple"}
        yield from paths(item, f"{path}.{key}" if by_name else f"{path}[{key!r}]")
