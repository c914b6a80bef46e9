"""What a newer torch keeps with an exported program, or has an option for, from a torch that does not.

Nothing asks for a version: what is there is used.
"""

from __future__ import annotations

import contextlib
import inspect
import json
import logging
import sys
import threading
import warnings
from typing import TYPE_CHECKING, Any

import torch

from scriptkit.language.versions import in_range

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch.export import ExportedProgram

_NOTICE = "You are calling torch.compile inside torch.export region"
"""What torch 2.10 says of every branch and loop that it keeps; newer ones say the like of calls of the user alone."""

_FIRST_WITH_SMALL_EXAMPLES = "2.9"
_LEAST_EXAMPLE = 2

_ALONE = ("serialize_state_dict", "serialize_constants")
"""Options of torch >= 2.12; without them, the tensors are written too, and thrown away."""


def serialised_alone(program: ExportedProgram) -> bytes:
    """The JSON document of a program, without its tensors."""
    from torch._export.serde.serialize import serialize

    known = inspect.signature(serialize).parameters
    options: dict[str, Any] = {name: False for name in _ALONE if name in known}
    document: bytes = serialize(program, **options).exported_program
    return document


def with_examples_as_taken(document: bytes) -> bytes:
    """A document that this torch loads: 2.8 refuses example numbers below 2, which nothing needs."""
    if not in_range(str(torch.__version__), "", _FIRST_WITH_SMALL_EXAMPLES):
        return document
    return json.dumps(_without_small_examples(json.loads(document))).encode()


def _without_small_examples(value: Any) -> Any:
    if isinstance(value, list):
        return [*map(_without_small_examples, value)]
    if not isinstance(value, dict):
        return value
    example = (value.get("hint") or {}).get("as_int") if "expr_str" in value else None
    if example is not None and example < _LEAST_EXAMPLE:
        return {**value, "hint": None}
    return {key: _without_small_examples(one) for key, one in value.items()}


def guards_of_tracer(program: ExportedProgram) -> list[str]:
    """What the tracer assumed of the inputs; programs of torch 2.8 do not keep it."""
    from torch._dynamo.source import ConstantSource
    from torch._guards import detect_fake_mode
    from torch.fx.experimental.symbolic_shapes import ShapeGuardPythonPrinter

    fake: Any = detect_fake_mode([node.meta.get("val") for node in program.graph.nodes])
    if fake is None or fake.shape_env is None:
        return []
    sources: dict[Any, list[Any]] = fake.shape_env.var_to_sources
    of_inputs = {
        symbol for symbol, found in sources.items() if not any(isinstance(one, ConstantSource) for one in found)
    }
    text_of = ShapeGuardPythonPrinter(sources, _name_of, sources).doprint
    return [text_of(one.expr) for one in fake.shape_env.guards if one.expr.free_symbols <= of_inputs]


@contextlib.contextmanager
def sizes_kept(program: ExportedProgram) -> Iterator[None]:
    """Keep free sizes of a program free while it runs: torch 2.9 fixes them where it differentiates a loop."""
    from torch._guards import detect_fake_mode

    fake: Any = detect_fake_mode([node.meta.get("val") for node in program.graph.nodes])
    env = getattr(fake, "shape_env", None)
    if env is None:
        yield
        return
    before = {name: dict(getattr(env, name)) for name in ("replacements", "var_to_range")}
    try:
        yield
    finally:
        if any(getattr(env, name) != held for name, held in before.items()):
            for name, held in before.items():
                getattr(env, name).clear()
                getattr(env, name).update(held)
            env._update_version_counter()  # what it remembers of expressions is of the fixed sizes


@contextlib.contextmanager
def without_notice_of_branches() -> Iterator[None]:
    """Let torch keep branches and loops in silence; call this under the lock of exporting."""
    root: Any = torch
    before = getattr(root, "warnings", None)
    if before is None:  # torch 2.8 warns nobody there
        yield
        return
    root.warnings = _WithoutNotice(before)
    try:
        yield
    finally:
        root.warnings = before


class _WithoutNotice:
    """What torch takes for `warnings` while this thread exports; the filters of other threads stay as they are."""

    def __init__(self, told: Any) -> None:
        self._told = told
        self._thread = threading.get_ident()

    def warn(
        self, message: Any, category: type[Warning] | None = None, stacklevel: int = 1, *more: Any, **options: Any
    ) -> None:
        """Anything but the notice."""
        if threading.get_ident() != self._thread or not str(message).startswith(_NOTICE):
            warnings.warn(message, category, stacklevel + 1, *more, **options)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._told, name)


def without_debugging_of_loops() -> None:
    """Keep torch 2.10 to 2.12 from printing each loop that is differentiated: once loaded, a room of theirs debugs."""
    name = "torch._higher_order_ops.partitioner"
    if name in sys.modules and logging.getLogger(name).level == logging.DEBUG:
        logging.getLogger(name).setLevel(logging.NOTSET)


def _name_of(source: Any) -> str:
    """The text of a source, which was a method up to torch 2.9."""
    return str(source.name() if callable(source.name) else source.name)
