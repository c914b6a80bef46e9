"""What the attributes of a module tree were at one moment: rebound, counted, filled, other modes, all shows later.

Trials run a module again and again, and ask each time whether it is as it was. Nearly always it is, so what lies there
is compared by identity; only where something else lies there are values compared.
"""

from __future__ import annotations

from collections import OrderedDict
from operator import is_
from typing import TYPE_CHECKING, Any, Final

import torch
from torch import nn

from scriptkit.live.copies import CONTAINERS, is_plain_object
from scriptkit.live.programs import attributes_used, is_compiled, is_script_module

if TYPE_CHECKING:
    from collections.abc import Iterator

_DEEPEST: Final = 4
_VALUES: Final = (bool, int, float, str, bytes, type(None))
_TORCHS_OWN: Final = frozenset({dict, OrderedDict})
_NOTHING_INSIDE: Final = frozenset({*_VALUES, torch.Tensor, nn.Parameter})


class AttributesSeen:
    """The attributes of a module and all its parts, now and later; compiled parts keep theirs to themselves."""

    def __init__(self, module: nn.Module) -> None:
        self._module = module
        self._found = [_Found(namespace, 0) for namespace in _namespaces(module)]

    def are_unchanged(self) -> bool:
        """Whether all of them are what they were."""
        now = _namespaces(self._module)
        return len(now) == len(self._found) and all(map(_Found.is_in, self._found, now))

    def changed(self) -> set[str]:
        """The names of those that are something else, of whatever part; new ones and those that are gone as well."""
        pairs = zip(self._found, _namespaces(self._module), strict=False)
        return {name for found, now in pairs for name in found.changed_in(now)}


def _namespaces(module: nn.Module) -> list[dict[str, Any]]:
    if is_script_module(module):
        return [attributes_used(module)]
    parts = (part for part in module.modules() if not is_compiled(part))
    return [{name: value for name, value in vars(part).items() if name[:2] != "__"} for part in parts]


class _Found:
    """What lay in a container, or in the namespace of an object; those round it are counted by `depth`.

    Most of what lies in modules are empty dictionaries, for hooks; of them is known only where they are.
    """

    __slots__ = ("empty", "inside", "keys", "kind", "values")

    def __init__(self, holder: Any, depth: int) -> None:
        self.kind = type(holder)
        self.keys, self.values = _items(holder)
        self.empty: list[int] = []
        self.inside: dict[int, _Found] = {}
        if depth == _DEEPEST:
            return
        for number, value in enumerate(self.values):
            kind = type(value)
            if kind in _NOTHING_INSIDE:
                continue
            if kind in _TORCHS_OWN and not value:
                self.empty.append(number)
            elif isinstance(value, CONTAINERS) or is_plain_object(value):
                self.inside[number] = _Found(_inside(value), depth + 1)

    def is_in(self, holder: Any) -> bool:
        """Whether the same lies in a container now, be it this one or another of its type."""
        keys, values = _items(holder)
        if len(values) != len(self.values) or type(holder) is not self.kind:
            return False
        if all(map(is_, values, self.values)) and all(map(is_, keys, self.keys)):
            is_empty = not self.empty or not any(map(values.__getitem__, self.empty))
            return is_empty and all(found.is_in(_inside(values[number])) for number, found in self.inside.items())
        return all(map(_is_same_value, keys, self.keys)) and all(map(self._is_same, range(len(values)), values))

    def changed_in(self, namespace: dict[str, Any]) -> Iterator[str]:
        """The names under which something else lies in a namespace now."""
        yield from namespace.keys() ^ set(self.keys)
        for number, name in enumerate(self.keys):
            if name in namespace and not self._is_same(number, namespace[name]):
                yield name

    def _is_same(self, number: int, value: Any) -> bool:
        before, found = self.values[number], self.inside.get(number)
        if number in self.empty:
            return type(value) is type(before) and not value
        if found is None or not isinstance(value, CONTAINERS):
            return _is_same_value(value, before) and (found is None or found.is_in(_inside(value)))
        return found.is_in(value)


def _items(holder: Any) -> tuple[list[Any], list[Any]]:
    if isinstance(holder, dict):
        return [*holder], [*holder.values()]
    return [], [item for item in holder]  # noqa: C416 - `list` asks for the length, and a class may refuse to tell it


def _inside(value: Any) -> Any:
    return value if isinstance(value, CONTAINERS) else vars(value)


def _is_same_value(value: Any, before: Any) -> bool:
    """Numbers and texts by what they are, everything else by identity."""
    if value is before:
        return True
    return type(value) is type(before) and isinstance(value, _VALUES) and repr(value) == repr(before)
