"""What torch says while it exports, traces or reads a program: kept from the terminal, and read where it tells more.

Its loggers and `sys.stderr` belong to the process, so one export listens at a time.
"""

from __future__ import annotations

import contextlib
import importlib
import logging
import sys
import threading
import warnings
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, TextIO

from scriptkit.engines.export.older_torch import without_debugging_of_loops

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

LOCK = threading.RLock()
_NOISY = (
    *("torch.fx.experimental.symbolic_shapes", "torch._export", "torch.export", "torch._dynamo", "torch._functorch"),
    *("torch._subclasses", "torch.utils.flop_counter"),
    *("torch.onnx", "onnxscript", "onnx_ir"),
)


@dataclass(frozen=True)
class Place:
    """A line of code."""

    path: str
    line: int


@dataclass
class Notes:
    """What the tracer said while it traced: the source of each symbol, and where each assumption was made.

    `sources` gives the text of a source (`L['x'].size()[0]`) by symbol; `assumed` every assumption in order, as its
    text over symbols and the line of the model that made it.
    """

    sources: dict[str, str] = field(default_factory=dict)
    assumed: list[tuple[str, Place | None]] = field(default_factory=list)

    def clear(self) -> None:
        """Another trace begins."""
        self.sources.clear()
        self.assumed.clear()


class _Listener(logging.Handler):
    """Notes while they are written; the line is found on the stack, since the record names torch's own."""

    def __init__(self, notes: Notes, place_of: Callable[[str, int], Place | None]) -> None:
        super().__init__(logging.INFO)
        self.notes = notes
        self.place_of = place_of

    def emit(self, record: logging.LogRecord) -> None:
        arguments = record.args if isinstance(record.args, tuple) else ()
        if record.msg.startswith("create_symbol") and len(arguments) > 2:  # noqa: PLR2004 - symbol, size, source
            self.notes.sources[str(arguments[0])] = str(arguments[2])
        elif "[guard added]" in record.msg and len(arguments) > 1:
            self.notes.assumed.append((str(arguments[1]), self._place()))

    def _place(self) -> Place | None:
        frame: FrameType | None = sys._getframe(2)
        while frame is not None:
            place = self.place_of(frame.f_code.co_filename, frame.f_lineno)
            if place is not None:
                return place
            frame = frame.f_back
        return None


class _WithoutGraphs:
    """A stream without the half-made graph that torch prints to it when an export fails in this thread."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._thread = threading.get_ident()
        self._has_dropped = False

    def write(self, text: str) -> int:
        if threading.get_ident() == self._thread:
            is_end = self._has_dropped and text == "\n"  # `print` writes the end of a line by itself
            self._has_dropped = "def forward(self" in text
            if self._has_dropped or is_end:
                return len(text)
        return self._stream.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextlib.contextmanager
def listening(place_of: Callable[[str, int], Place | None]) -> Iterator[Notes]:
    """Collect what the tracer notes, and keep its remarks off the terminal; the loggers are as before afterwards.

    `place_of` tells the line of the model that a line of a file is, None for those of torch and of scriptkit.
    """
    notes = Notes()
    with quiet(_Listener(notes, place_of)):
        yield notes


def _noisy_loggers() -> list[logging.Logger]:
    """Those of torch's rooms, and those below them that have handlers of their own: torch gives some of them one."""
    below = tuple(f"{name}." for name in _NOISY)
    known = [one for name, one in logging.root.manager.loggerDict.copy().items() if name.startswith(below)]
    own = [one for one in known if isinstance(one, logging.Logger) and one.handlers]
    return [*map(logging.getLogger, _NOISY), *own]


@contextlib.contextmanager
def quiet(listener: logging.Handler | None = None) -> Iterator[None]:
    """Keep torch's remarks on an export off the terminal; give them to the listener instead."""
    loggers = _noisy_loggers()
    with LOCK:
        before = [(logger.level, logger.propagate, list(logger.handlers)) for logger in loggers]
        for logger in loggers:
            logger.handlers = [logging.NullHandler()]
            logger.propagate = False
        disabled = logging.root.manager.disable
        if listener is not None:
            loggers[0].handlers = [listener]
            loggers[0].setLevel(logging.INFO)
            logging.root.manager.disable = logging.NOTSET
        stream = sys.stderr
        sys.stderr = _WithoutGraphs(stream)
        try:
            yield
        finally:
            sys.stderr = stream
            logging.root.manager.disable = disabled
            for logger, (level, propagate, handlers) in zip(loggers, before, strict=True):
                logger.setLevel(level)
                logger.propagate = propagate
                logger.handlers = handlers
            without_debugging_of_loops()


@cache
def load_what_warns() -> None:
    """Load in silence what torch loads when a loop is differentiated first: it calls `torch.jit`, and misses Triton.

    Where warnings are errors, that would be one in the middle of a call; in a trial, another program would be chosen.
    """
    with quiet(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for room in ("torch.utils.mkldnn", "torch.utils.flop_counter"):
            importlib.import_module(room)
