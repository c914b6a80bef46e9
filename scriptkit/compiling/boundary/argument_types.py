"""Which types TorchScript has for the arguments of a call, and what a program gets where it has none.

An argument that has no type, such as a dictionary of tensors and of dictionaries, comes as its tensors, each of them a
parameter.
"""

from __future__ import annotations

import inspect
import math
from typing import TYPE_CHECKING, Any

from scriptkit.live.nested import _PLAIN, Constant, Leaf, Nest, build, flatten, leaves

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from scriptkit.live.nested import Structure


def arguments(inputs: Structure, forward: Callable[..., Any]) -> Iterator[tuple[str, Structure]]:
    """Parameter names with what was passed for them."""
    assert isinstance(inputs, Nest)  # noqa: S101
    args, kwargs = inputs.items
    assert isinstance(args, Nest)  # noqa: S101
    names = _parameter_names(forward)
    for number, structure in enumerate(args.items):
        yield names[number] if number < len(names) else f"argument_{number}", structure
    if isinstance(kwargs, Nest):
        yield from zip(kwargs.keys, kwargs.items, strict=True)


def as_parameters(
    forward: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The same call for a program, which has a parameter for each tensor of an argument that has no type."""
    tensors, inputs = flatten((tuple(args), dict(kwargs)))
    given = [*arguments(inputs, forward)]
    if all(isinstance(structure, Constant) or declared_type(structure) is not None for _, structure in given):
        return tuple(args), dict(kwargs)
    made: list[Any] = []
    for _, structure in given:
        if declared_type(structure) is not None:
            made.append(build(structure, tensors))
        else:
            made += [tensors[leaf.index] for _, leaf in leaves(structure) if isinstance(leaf, Leaf)]
    return tuple(made), {}


def declared_type(structure: Structure) -> str | None:
    """The annotation TorchScript needs for an argument, with a default; None where it has no such type."""
    if isinstance(structure, Leaf):
        return "Tensor"
    if not isinstance(structure, Constant):
        return _type_inside(structure) or None
    if structure.value is None:
        return "Optional[Tensor] = None"
    plain = _type_inside(structure)
    return f"{plain} = {structure.value!r}" if plain else None


def _type_inside(structure: Structure) -> str:
    """The type of an argument, or of what lies in one; empty where TorchScript has none."""
    if isinstance(structure, Leaf):
        return structure.scalar.__name__ if structure.scalar else "Tensor"
    if isinstance(structure, Constant):
        if structure.value is None:
            return "Optional[Tensor]"
        return (
            type(structure.value).__name__ if type(structure.value) in _PLAIN and _is_literal(structure.value) else ""
        )
    types = [_type_inside(item) for item in structure.items]
    if not types or not all(types):
        return ""
    if structure.kind in {"tuple", "namedtuple"}:  # the compiler takes a named one for a plain one
        return f"Tuple[{', '.join(types)}]"
    if len(set(types)) > 1:
        return ""
    if structure.kind == "list":
        return f"List[{types[0]}]"
    return f"Dict[str, {types[0]}]" if structure.kind == "dict" and are_texts(structure.keys) else ""


def are_texts(keys: Sequence[Any]) -> bool:
    """Whether all keys of a dictionary are texts."""
    return all(type(key) is str for key in keys)


def _is_literal(value: object) -> bool:
    """Whether compiled code can write a value down: neither infinity nor what has no 64 bits."""
    if isinstance(value, float):
        return math.isfinite(value)
    return not isinstance(value, int) or abs(value) < 2**63


def _parameter_names(forward: Callable[..., Any]) -> list[str]:
    try:
        parameters = inspect.signature(forward).parameters.values()
    except (TypeError, ValueError):
        return []
    return [p.name for p in parameters if p.kind in {p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD}]
