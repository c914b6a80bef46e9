"""Properties that nothing compiled reads stay Python where they do not script: `device`, `dtype`, summaries.

torch compiles every property of a module, used or not. Whether one is used the compiler says itself: without it, what
reads it does not compile.
"""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING, Final, NamedTuple

from scriptkit.engines.torchscript.lifting.function_source import names_in
from scriptkit.engines.torchscript.lifting.functions import UnknownDecoratorError
from scriptkit.engines.torchscript.types import raw_errors

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FunctionType

    from scriptkit.engines.torchscript.lifting.lifted_class import LiftedClass, LiftedClasses
    from scriptkit.engines.torchscript.lifting.lifting import LiftedFunction


_OF_MODULE: Final = re.compile(r"^`(?P<name>\w+)` of nn\.Module is no compiled code")


class Refused(NamedTuple):
    """A property of a class whose code the compiler refuses, and what it said."""

    owner: LiftedClass
    name: str
    function: FunctionType
    error: Exception

    def leave(self) -> None:
        """Compile the class without it."""
        self.owner.left_in_python[self.function] = self.name
        self.owner.refusals.clear()

    def take_back(self) -> None:
        """Compile it after all, whatever the compiler says of it."""
        self.owner.left_in_python.pop(self.function, None)
        self.owner.needed.add(self.function)
        self.owner.refusals.clear()

    def is_missed_by(self, error: Exception) -> bool:
        """Whether other code reads it."""
        return f"'{self.name}'" in str(error)


def refused_properties(error: Exception, classes: LiftedClasses) -> list[Refused]:
    """The properties whose code an error points into, less those known to be needed."""
    found = []
    for owner in classes.known():
        for name, function in owner.property_functions():
            lifted = next((one for one in owner.methods.values() if one.__dict__["original"] is function), None)
            is_known = function in owner.left_in_python or function in owner.needed
            is_blamed = lifted is not None and _is_blamed(lifted, error)
            if not is_known and (is_blamed or _names_what_has_no_place(owner, function, error)):
                found.append(Refused(owner, name, function, error))
    return found


def _is_blamed(lifted: LiftedFunction, error: Exception) -> bool:
    if isinstance(error, UnknownDecoratorError):
        return error.lifted is lifted
    return any(lifted.function_source.contains(place.path, place.line) for place in _places(error))


def _names_what_has_no_place(owner: LiftedClass, function: FunctionType, error: Exception) -> bool:
    """Whether an error that points nowhere is about something that a property names, itself or through methods."""
    found = _OF_MODULE.search(str(error))
    if found is None or any(_places(error)):
        return False
    seen: set[str] = set()
    waiting = [function]
    while waiting:
        names = set(names_in(inspect.unwrap(waiting.pop()).__code__)) - seen
        seen |= names
        methods = (inspect.getattr_static(owner.original, name, None) for name in names)
        waiting += [one for one in methods if inspect.isfunction(one) and one.__module__.partition(".")[0] != "torch"]
    return found["name"] in seen


def _places(error: Exception) -> Iterator[raw_errors.Place]:
    yield from raw_errors.read(error).places
