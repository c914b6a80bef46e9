"""A story: one everyday use of a tool, told with each kind of the model and compared with the plain one."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import torch
from torch import Tensor

from scriptkit import ScriptkitWarning
from tests.ecosystem.models import KINDS, inputs, made

Tell = Callable[[Any, Tensor], Any]


@dataclass(frozen=True)
class Story:
    """What is done with a model, by which package; the result is compared."""

    tool: str
    what: str
    tell: Tell
    package: str = ""
    without: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """How it went: `equal`, `told`, `differs`, `error`, `missing` or `none`, with the words for it."""

    verdict: str
    words: str = ""


STORIES: list[Story] = []
LOADED = "a ScriptModule of torch is not taken"


def story(tool: str, what: str, *, package: str = "", **without: str) -> Callable[[Tell], Tell]:
    """Add a story; `package` is what has to be installed, `without` kinds that it cannot be told with, and why."""

    def add(tell: Tell) -> Tell:
        STORIES.append(Story(tool, what, tell, package, without))
        return tell

    return add


def told(one: Story) -> dict[str, Outcome]:
    """The outcomes by kind."""
    if one.package:
        try:
            version(one.package)
        except PackageNotFoundError:
            return {kind: Outcome("missing", f"`{one.package}` is not installed") for kind in KINDS}
    found: dict[str, Outcome] = {}
    expected: Any = None
    for kind in KINDS:
        if kind in one.without:
            found[kind] = Outcome("none", one.without[kind])
            continue
        outcome, result = _run(one, kind)
        if kind == "plain":
            expected = result
            if outcome.verdict == "error":
                return {kind: Outcome("missing", f"not with a plain module either: {outcome.words}") for kind in KINDS}
        elif outcome.verdict == "equal" and not same(expected, result):
            outcome = Outcome("differs", f"{_short(expected)} and {_short(result)}")
        found[kind] = outcome
    return found


def _run(one: Story, kind: str) -> tuple[Outcome, Any]:
    with _quiet() as heard:
        try:
            model = made(kind)
            torch.manual_seed(2)
            result = one.tell(model, inputs())
        except Exception as error:  # noqa: BLE001 - whatever it is stands in the table
            first = next(iter(str(error).strip().splitlines()), "")
            return Outcome("error", f"{type(error).__name__}: {first}"), None
        finally:
            if torch.distributed.is_available() and torch.distributed.is_initialized():
                torch.distributed.destroy_process_group()
    words = [str(one.message) for one in heard if issubclass(one.category, ScriptkitWarning)]
    reasons = dict.fromkeys(word.partition(" runs as Python here: ")[2] or word for word in words)
    return Outcome("equal", "; ".join(reasons)), result


@contextlib.contextmanager
def _quiet() -> Iterator[list[warnings.WarningMessage]]:
    logging.disable(logging.WARNING)
    try:
        with (
            warnings.catch_warnings(record=True) as heard,
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.redirect_stderr(io.StringIO()),
        ):
            warnings.simplefilter("always")
            yield heard
    finally:
        logging.disable(logging.NOTSET)


def same(one: Any, other: Any) -> bool:
    """Whether two results are equal, numbers as far as rounding lets them."""
    if isinstance(one, Tensor) and isinstance(other, Tensor):
        if one.shape != other.shape or one.dtype != other.dtype:
            return False
        return torch.allclose(one.detach().float(), other.detach().float(), rtol=1e-4, atol=1e-5, equal_nan=True)
    if isinstance(one, dict) and isinstance(other, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, float) and isinstance(other, float):
        return abs(one - other) <= 1e-4 * max(1.0, abs(one))
    return bool(one == other)


def _short(value: Any) -> str:
    text = repr(value).replace("\n", " ")
    return text if len(text) < 80 else f"{text[:77]}..."
