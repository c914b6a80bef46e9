"""What a class declares for its compiled form: which attributes are `Final`, which methods are exported."""

from __future__ import annotations

import functools
import inspect

from scriptkit.engines.torchscript.lifting.annotations import attribute_annotations, is_final
from scriptkit.engines.torchscript.lifting.lifted_class import user_classes
from scriptkit.engines.torchscript.torch_names import private


@functools.cache
def final_names(cls: type) -> frozenset[str]:
    """Attributes a class declares `Final`."""
    return frozenset(n for n, a in attribute_annotations(user_classes(cls)).items() if is_final(a))


def exported_methods(cls: type) -> list[str]:
    """The names of the methods that are compiled besides `forward` because they are exported."""
    names = (name for name in dir(cls) if not name.startswith("__"))
    return [name for name in names if is_export(inspect.getattr_static(cls, name, None))]


def is_export(method: object) -> bool:
    """Whether a method is marked as exported."""
    return private.modifier(method) == str(private.FunctionModifiers.EXPORT)
