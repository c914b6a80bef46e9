"""All facts compared by identity, as fast as Python can do it.

One generated expression compares every fact by identity. Most facts are keys of dictionaries, though, and a dictionary
nobody wrote holds what it held: after some calls only that is asked of them, and the rest of the expression.
"""

from __future__ import annotations

import os
import sys
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

import torch
from torch.utils.hooks import RemovableHandle

from scriptkit.engines.torchscript.engine.thread import unwritten_from_now
from scriptkit.watching.dict_versions import Unwritten
from scriptkit.watching.sameness import MISSING, holds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from scriptkit.compiling.lowering.world.facts import Facts


class FastQuestion:
    """Asks; True means that all holds, False that somebody has to look.

    `last_hook` holds the number of the next hook, as it was when somebody looked last.
    """

    def __init__(self, facts: Facts, last_hook: list[int]) -> None:
        everything = _Expression(facts, last_hook, dictionaries=True).compiled()
        self._rest = _Expression(facts, last_hook, dictionaries=False).compiled()
        self._dictionaries = Unwritten(_dictionaries(facts), everything, unwritten_from_now)

    def __call__(self) -> bool:
        """Whether nothing changed, as far as identities tell."""
        return self._dictionaries() and self._rest()


class _Expression:
    """Facts as one expression, those that lie in dictionaries or all others, or both."""

    def __init__(self, facts: Facts, last_hook: list[int], *, dictionaries: bool) -> None:
        self._facts = facts
        self._last_hook = last_hook
        self._has_dictionaries = dictionaries
        self._names: dict[int, str] = {}
        self._values: dict[str, object] = {"ERRORS": _ERRORS}
        self._terms = [*self._places(), *self._containers(), *self._others()]

    def compiled(self) -> Callable[[], bool]:
        """A function that evaluates the expression."""
        text = _TEXT.format(terms="\n   and ".join(self._terms))
        namespace: dict[str, Any] = self._values
        exec(compile(text, "<scriptkit: facts>", "exec"), namespace)  # noqa: S102 - our own text
        made: Callable[[], bool] = namespace["holds"]
        return made

    def _name(self, value: object) -> str:
        if value is None or value is True or value is False:
            return repr(value)
        name = self._names.get(id(value))
        if name is None:
            name = self._names[id(value)] = f"v{len(self._names)}"
            self._values[name] = value
        return name

    def _key(self, key: object) -> str:
        return repr(key) if type(key) in {str, int} else self._name(key)

    def _places(self) -> Iterator[str]:
        last: object = None
        for place in sorted(self._facts.places.values(), key=lambda place: id(place.holder)):
            holder = "h" if place.holder is last else f"(h := {self._name(place.holder)})"
            last = place.holder
            if isinstance(place.holder, dict) and not self._has_dictionaries:
                continue
            if place.value is MISSING:
                yield f"{self._key(place.key)} not in {holder}"
            else:
                yield f"{holder}[{self._key(place.key)}] is {self._name(place.now)}"

    def _containers(self) -> Iterator[str]:
        for container, items in self._facts.containers.values():
            if isinstance(container, dict) and not self._has_dictionaries:
                continue
            if sys.getrefcount(container) <= _REFERENCES:
                continue  # nobody else has it, so nobody can change it
            name = self._name(container)
            if type(container) is set:
                yield f"{name} == {self._name(frozenset(container))}"
            elif type(container) in {dict, OrderedDict}:
                if container:
                    yield f"list({name}) == {self._name(list(container))}"
                    yield from (f"{name}[{self._key(k)}] is {self._name(v)}" for k, v in dict.items(container))
                else:
                    yield f"not {name}"
            elif type(container) is list:
                yield f"len({name}) == {len(container)}"
                yield from (f"{name}[{number}] is {self._name(item)}" for number, item in enumerate(container))
            else:
                yield f"{self._name(holds)}({name}, {self._name(items)})"
        for container, names in self._facts.keys.values():
            if isinstance(container, dict) and not self._has_dictionaries:
                continue
            name = self._name(container)
            yield f"len({name}) == {len(names)}"
            yield from (f"{self._key(key)} in {name}" for key in names)

    def _others(self) -> Iterator[str]:
        facts = self._facts
        for function, *_ in facts.functions.values():
            name = self._name(function)
            yield f"{name}.__code__ is {self._name(function.__code__)}"
            for attribute in ("__defaults__", "__kwdefaults__"):  # where there are none, every call gave all arguments
                if getattr(function, attribute) is not None:
                    yield f"{name}.{attribute} is {self._name(getattr(function, attribute))}"
        if facts.instances:
            owners, classes = zip(*facts.instances.values(), strict=True)
            yield f"[*map({self._name(type)}, {self._name(owners)})] == {self._name(list(classes))}"
        for cls, order in facts.classes.items():
            yield f"{self._name(cls)}.__mro__ is {self._name(order)}"
        for cell, _ in facts.cells.values():
            yield f"{self._name(cell)}.cell_contents is {self._name(cell.cell_contents)}"
        for variable, (value, unset) in facts.context.items():
            yield f"{self._name(variable.get)}({self._name(unset)}) is {self._name(value)}"
        for owner, name, _ in facts.slots.values():
            yield f"{self._name(owner)}.{name} is {self._name(getattr(owner, name))}"
        for variable_name in facts.environment:
            get, now = self._name(os.environ.get), facts.environment[variable_name]
            yield f"{get}({variable_name!r}) == {now!r}"
        yield f"{self._name(RemovableHandle)}.next_id == {self._name(self._last_hook)}[0]"
        yield f"{self._name(torch.get_default_dtype)}() is {self._name(facts.dtype)}"


_TEXT = "def holds():\n try:\n  return (\n   {terms})\n except ERRORS:\n  return False"
_ERRORS = (KeyError, IndexError, AttributeError, ValueError, TypeError)
_REFERENCES = 3


def _dictionaries(facts: Facts) -> Iterator[dict[Any, Any]]:
    held = (place.holder for place in facts.places.values())
    containers = (container for container, _ in facts.containers.values())
    listed = (container for container, _ in facts.keys.values())
    return (one for one in (*held, *containers, *listed) if isinstance(one, dict))
