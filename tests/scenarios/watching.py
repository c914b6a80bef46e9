"""Did compiled code run in a call, or Python? Seen from outside: by the Python frames entered meanwhile."""

import inspect
import re
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from torch import nn

import scriptkit
from scriptkit.errors import ScriptkitEagerWarning

seen = {"compiled": 0, "eager": 0}


def run_compiled(module: nn.Module, *args: Any, **kwargs: Any) -> Any:
    """Call the module and return its output; fail if the Python `forward` of any module of its tree ran."""
    return compiled_only(module, module, *args, **kwargs)


def compiled_only(module: nn.Module, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call `function`; fail if it enters the Python `forward` of any module in the tree of `module`."""
    with python_forwards(module) as entered:
        output = function(*args, **kwargs)
    assert not entered, f"expected compiled code, Python ran {entered}"
    seen["compiled"] += 1
    return output


@contextmanager
def python_forwards(module: nn.Module) -> Iterator[list[str]]:
    """The class names of the modules of the tree whose Python `forward` is entered on this thread, one per entry."""
    names = _forward_code(module)
    entered: list[str] = []

    def notice(frame: FrameType, event: str, _arg: object) -> None:
        if event == "call" and id(frame.f_code) in names:
            entered.append(names[id(frame.f_code)])

    before = sys.getprofile()
    sys.setprofile(notice)
    try:
        yield entered
    finally:
        sys.setprofile(before)


def _forward_code(module: nn.Module) -> dict[int, str]:
    """The code of each `forward`, by identity: that of a plain twin is equal.

    A parametrization computes a tensor and is not part of the model's own code.
    """
    return {
        id(inspect.unwrap(type(sub).forward).__code__): type(sub).__name__
        for path, sub in module.named_modules()
        if "parametrizations" not in path.split(".")
    }


@contextmanager
def runs_eagerly(module: nn.Module, reason: str, *, calls: int, modules: int = 1) -> Iterator[None]:
    """In the block `module` runs Python `calls` times for `reason` (a pattern): warned once, counted every time.

    `modules` is how many modules, of the same class, do so: each of them warns.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    told = [str(w.message) for w in caught if issubclass(w.category, ScriptkitEagerWarning)]
    mine = [text for text in told if re.search(reason, text)]
    assert len(mine) == modules, f"expected {modules} warning about {reason}, got {told}"
    assert all(type(module).__name__ in text for text in mine)
    assert eager_calls(module, reason) == calls
    seen["eager"] += 1


def eager_calls(module: nn.Module, reason: str) -> int:
    """How many calls `report` has counted under a reason that matches the pattern."""
    return sum(count for text, count in scriptkit.report(module).eager_calls.items() if re.search(reason, text))
