"""Functions made from generated text, where the private entry to the compiler is missing."""

from __future__ import annotations

import ast
import itertools
import linecache
from typing import TYPE_CHECKING, Final, cast

if TYPE_CHECKING:
    from types import FunctionType

    from scriptkit.engines.torchscript.lifting.lifting import LiftedFunction


_count: Final = itertools.count()


def as_function(lifted: LiftedFunction) -> FunctionType:
    """A lifted function as one Python itself can call and `torch.jit.script` can read."""
    text = ast.unparse(lifted.ast) + "\n"
    path = f"<{lifted.__qualname__} as the compiler sees it {next(_count)}>"
    linecache.cache[path] = (len(text), None, text.splitlines(keepends=True), path)
    namespace = dict(lifted.__globals__)
    exec(compile(text, path, "exec"), namespace)  # noqa: S102 - the user's own function
    function = cast("FunctionType", namespace[lifted.ast.body[0].name])
    function.__name__, function.__qualname__ = lifted.__name__, lifted.__qualname__
    function.__module__ = lifted.original.__module__
    function.__dict__.update(lifted.original.__dict__)
    function.__dict__.pop("__wrapped__", None)
    lifted.__dict__["generated_path"] = path
    return function
