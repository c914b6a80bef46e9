"""Nested values taken apart into tensors and put together again.

A trace carries flat tensors only. What a user passes and gets back is richer: tuples of tuples, dicts, dataclasses,
named tuples, `ModelOutput`s, caches, None and plain numbers. `flatten` separates the tensors from the `Structure`
round them, `build` puts them back, and `differences` says where another value does not fit.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, Union

import torch

from scriptkit.watching.sameness import is_same

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence


_LONGEST_TEXT = 60
Kind = Literal["tuple", "list", "dict", "mapping", "namedtuple", "dataclass", "object"]


@dataclasses.dataclass(frozen=True)
class Leaf:
    """A tensor: its number in the flat list. `scalar` is the Python type that eager code has in its place."""

    index: int
    scalar: type | None = None


@dataclasses.dataclass(frozen=True)
class Constant:
    """A value that is no tensor and contains none; it does not vary from call to call."""

    value: Any


@dataclasses.dataclass(frozen=True)
class Nest:
    """A container: what it is, its keys or field names, and what it holds."""

    kind: Kind
    type: type
    keys: tuple[Any, ...]
    items: tuple[Structure, ...]


Structure = Union[Leaf, Constant, Nest]  # noqa: UP007  # evaluated at import


def arranged(
    forward: Callable[..., Any], form: tuple[int, Collection[str]], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The same call with as many positional arguments, and the same names, as another call of the function had.

    What the other call left out may be given here only with its default value. Raises TypeError otherwise.
    """
    positional, names = form
    if len(args) == positional and kwargs.keys() == set(names):
        return args, {name: kwargs[name] for name in names}
    signature = inspect.signature(forward)
    bound = signature.bind(*args, **kwargs)
    given = dict(bound.arguments)
    order = list(signature.parameters)[:positional]
    for name, parameter in signature.parameters.items():
        if parameter.kind == parameter.VAR_KEYWORD:
            given.update(given.pop(name, {}))
        elif parameter.kind == parameter.VAR_POSITIONAL and len(args) != positional:
            message = f"{len(args)} positional arguments, and the example call had {positional}, which fixes `*{name}`"
            raise TypeError(message)
        elif parameter.kind == parameter.VAR_POSITIONAL:
            order = [f"*{number}" for number in range(positional)]
            given = {**dict(zip(order, args, strict=True)), **kwargs}
    defaults = {name: p.default for name, p in signature.parameters.items() if p.default is not p.empty}
    for name, value in given.items():
        if name not in order and name not in names and not is_same(defaults.get(name, given), value):
            raise TypeError(
                f"argument `{name}` is {_told(value)}, and the example call left it out: "
                "give it to `scriptkit.compile` too, in `example_kwargs`"
            )
    whole = defaults | given
    missing = next((name for name in (*order, *names) if name not in whole), None)
    if missing is not None:
        message = f"argument `{missing}` is missing, and the example call had it: give it here, or compile without it"
        raise TypeError(message)
    return tuple(whole[name] for name in order), {name: whole[name] for name in names}


def _told(value: object) -> str:
    if isinstance(value, torch.Tensor):
        return f"a tensor of shape {list(value.shape)}"
    text = repr(value)
    return text if len(text) <= _LONGEST_TEXT else f"a {type(value).__name__}"


def flatten(value: Any) -> tuple[list[torch.Tensor], Structure]:
    """Separate the tensors of a nested value from the structure that holds them."""
    tensors: list[torch.Tensor] = []
    return tensors, _take_apart(value, tensors, ())


def _take_apart(value: Any, tensors: list[torch.Tensor], above: tuple[int, ...]) -> Structure:
    if isinstance(value, torch.Tensor):
        tensors.append(value)
        return Leaf(len(tensors) - 1)
    found = None if id(value) in above else parts(value)
    if found is None:
        return Constant(value)
    kind, keys, items = found
    first = len(tensors)
    inside = tuple(_take_apart(item, tensors, (*above, id(value))) for item in items)
    if kind == "object" and len(tensors) == first:
        return Constant(value)
    return Nest(kind, type(value), tuple(keys), inside)


def parts(value: Any) -> tuple[Kind, Sequence[Any], Sequence[Any]] | None:
    """Kind, keys and items of a container, None for everything else."""
    if isinstance(value, tuple):
        return ("namedtuple" if hasattr(value, "_fields") else "tuple"), range(len(value)), value
    if isinstance(value, list):
        return "list", range(len(value)), value
    if isinstance(value, Mapping):
        kind: Kind = "dict" if type(value) is dict else "mapping"
        return kind, list(value), [value[key] for key in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = [field.name for field in dataclasses.fields(value) if hasattr(value, field.name)]
        return "dataclass", names, [getattr(value, name) for name in names]
    if _is_plain_object(value):
        return "object", list(vars(value)), list(vars(value).values())
    return None


def _is_plain_object(value: Any) -> bool:
    """An instance of somebody's class with attributes (a cache, an image list), not a module, function or class."""
    return (
        hasattr(value, "__dict__")
        and not isinstance(value, (type, torch.nn.Module, torch.dtype))
        and not callable(value)
        and type(value).__module__ not in {"builtins", "torch", "numpy"}
    )


def build(structure: Structure, tensors: Sequence[Any]) -> Any:
    """Put the leaves back into their structure, with the types the user had."""
    if isinstance(structure, Leaf):
        leaf = tensors[structure.index]
        return structure.scalar(leaf) if structure.scalar is not None else leaf
    if isinstance(structure, Constant):
        return structure.value
    return _put_together(structure, [build(item, tensors) for item in structure.items])


def _put_together(nest: Nest, items: list[Any]) -> Any:
    if nest.kind == "list":
        return items
    if nest.kind == "tuple":
        return tuple(items) if nest.type in {tuple, torch.Size} else nest.type(items)
    if nest.kind == "namedtuple":
        return nest.type(*items)
    if nest.kind in {"dict", "mapping"}:
        return _mapping(nest.type, dict(zip(nest.keys, items, strict=True)))
    made: Any = object.__new__(nest.type)
    for name, item in zip(nest.keys, items, strict=True):
        object.__setattr__(made, name, item)
    return made


def _mapping(kind: type, content: dict[Any, Any]) -> Any:
    if kind is dict:
        return content
    if dataclasses.is_dataclass(kind):  # transformers' ModelOutput: a mapping whose keys are fields
        return kind(**content)
    if hasattr(kind, "default_factory"):
        return content
    return kind(content)


def merge(eager: Structure, traced: Structure) -> Structure:
    """The traced structure with the types of eager code: a number that became a tensor becomes a number again."""
    if isinstance(traced, Leaf) and isinstance(eager, Constant) and isinstance(eager.value, (int, float)):
        return Leaf(traced.index, type(eager.value))
    if isinstance(traced, Nest) and isinstance(eager, Nest) and len(traced.items) == len(eager.items):
        items = tuple(merge(one, other) for one, other in zip(eager.items, traced.items, strict=True))
        return Nest(eager.kind, eager.type, eager.keys, items)
    return traced


def leaves(structure: Structure, path: str = "") -> Iterator[tuple[str, Leaf | Constant]]:
    """Every leaf with its path, written as Python would: `[0].hidden['mask']`."""
    if not isinstance(structure, Nest):
        yield path, structure
        return
    for key, item in zip(structure.keys, structure.items, strict=True):
        by_name = structure.kind in {"dataclass", "object"}
        yield from leaves(item, f"{path}.{key}" if by_name else f"{path}[{key!r}]")


def differences(expected: Structure, actual: Structure, path: str = "") -> Iterator[str]:
    """Every place where a value does not fit the structure it was compiled for, in words."""
    if isinstance(expected, Nest) and isinstance(actual, Nest) and expected.kind == actual.kind:
        if expected.keys != actual.keys:
            yield f"{path} holds {_held(actual)}, not {_held(expected)}"
            return
        for key, one, other in zip(expected.keys, expected.items, actual.items, strict=True):
            by_name = expected.kind in {"dataclass", "object"}
            yield from differences(one, other, f"{path}.{key}" if by_name else f"{path}[{key!r}]")
    elif isinstance(expected, Constant) and isinstance(actual, Constant):
        if not is_same(expected.value, actual.value):
            yield f"{path} is {actual.value!r}, not {expected.value!r}"
    elif type(expected) is not type(actual) or isinstance(expected, Nest):
        yield f"{path} is {_describe(actual)}, not {_describe(expected)}"


def _held(nest: Nest) -> str:
    return (
        f"{len(nest.keys)} items" if nest.kind in {"tuple", "list", "namedtuple"} else f"the keys {list(nest.keys)!r}"
    )


def _describe(structure: Structure) -> str:
    if isinstance(structure, Leaf):
        return "a tensor"
    if isinstance(structure, Constant):
        return repr(structure.value)
    return f"a {structure.type.__name__}"


_PLAIN = (bool, int, float, str)


def told(nest: Nest) -> list[tuple[Any, Structure]]:
    """What of a container is given back, by key: of somebody's object (a cache) only what holds tensors.

    In a file, a mapping whose values have several types is a tuple, in the order of its keys: that of its class.
    """
    items = zip(nest.keys, nest.items, strict=True)
    return [(key, item) for key, item in items if nest.kind != "object" or _holds_tensors(item)]


def field_names(structure: Structure) -> Sequence[Any]:
    """The names of the parts of a value: keys, fields of a dataclass or of a named tuple."""
    if not isinstance(structure, Nest) or structure.kind in {"tuple", "list"}:
        return ()
    names: Sequence[Any] = getattr(structure.type, "_fields", structure.keys)
    return names


def _holds_tensors(structure: Structure) -> bool:
    return any(isinstance(leaf, Leaf) for _, leaf in leaves(structure))
