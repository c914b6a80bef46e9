"""Parameters declared `Tensor` whose default is `None`: they compile, and no file can hold the default.

torch says "strides() called on an undefined Tensor" of them, without a name or a place.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

_SAID: Final = "called on an undefined Tensor"
_IN_GRAPH: Final = re.compile(r"# (?P<path>\S.*):(?P<line>\d+):\d+$", re.MULTILINE)


class NoneDefault(NamedTuple):
    """A parameter, its method, and the first line of that which torch knows."""

    parameter: str
    method: str
    path: str
    line: int

    def told(self) -> str:
        """What is the matter with it."""
        return f"parameter `{self.parameter}` of `{self.method}` is a `Tensor` whose default is `None`"


WAY_OUT: Final = "annotate it as `Optional[Tensor]`"


def none_default(error: RuntimeError, modules: Iterable[Any]) -> NoneDefault | None:
    """The parameter that torch means; None where it says something else. `modules` are those of C++."""
    if _SAID not in str(error):
        return None
    methods = (module._get_method(name) for module in modules for name in module._method_names())
    return next((found for method in methods for found in _in_method(method)), None)


def _in_method(method: Any) -> Iterable[NoneDefault]:
    for argument in method.schema.arguments:
        is_tensor = argument.type.kind() == "TensorType"
        if is_tensor and argument.has_default_value() and argument.default_value is None:
            place = _IN_GRAPH.search(str(method.graph))
            path, line = (place["path"], int(place["line"])) if place is not None else ("<unknown>", 1)
            yield NoneDefault(argument.name, method.name, path, line)
