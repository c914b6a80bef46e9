"""`scriptkit.readiness`: which submodule is ready for which engine, and why not.

The whole is asked first; only where it is refused are its parts asked, each with the arguments it got in one recorded
run. Parts of one class with equal settings and equal arguments share an answer.
"""

from __future__ import annotations

import contextlib
import json
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scriptkit.arguments import positional, required_module
from scriptkit.engines.export import aoti
from scriptkit.engines.export.time_limit import TimeLimitError, time_limit
from scriptkit.errors import ScriptkitError
from scriptkit.exporting.export_program import export_program
from scriptkit.exporting.onnx import export_onnx
from scriptkit.live.lives import life_of
from scriptkit.live.nested import flatten
from scriptkit.live.recorded_calls import record_examples
from scriptkit.live.undoing import nothing_left
from scriptkit.runtime.compiled import CompiledModule, compile
from scriptkit.tables import Table, Tabular

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from torch import nn

    from scriptkit.exporting.exported_module import ExportedModule
    from scriptkit.live.recorded_calls import Call

ENGINES = ("torchscript", "export", "onnx", "aoti")
TIME_LIMIT = 120.0


@dataclass(frozen=True)
class Answer:
    """What one engine says of one submodule: verdict "yes" or "no", the reason, and the line that stands in the way."""

    verdict: str
    reason: str = ""
    line: str = ""

    def __str__(self) -> str:
        return " ".join(filter(None, [self.verdict, f"{self.line}:" if self.line else "", self.reason]))


@dataclass(frozen=True)
class ReadinessRow:
    """One submodule: an `Answer` by engine, `row["export"]` or `row.export`."""

    path: str
    class_name: str
    engines: Mapping[str, Answer]

    def __getitem__(self, engine: str) -> Answer:
        return self.engines[engine]

    def __getattr__(self, name: str) -> Answer:
        if name in ENGINES and name in self.__dict__.get("engines", {}):
            return self.engines[name]
        raise AttributeError(name)


@dataclass(frozen=True)
class ReadinessReport(Tabular):
    """The table; `str()` is text, `as_json()` is for tools, and rich draws it."""

    rows: tuple[ReadinessRow, ...]
    engines: tuple[str, ...]

    def __str__(self) -> str:
        return str(self.as_table())

    def as_table(self) -> Table:
        """One line for each submodule, one column for each engine."""
        return Table(("module", *self.engines), tuple(self._cells(row) for row in self.rows))

    def _cells(self, row: ReadinessRow) -> tuple[str, ...]:
        return (f"{row.path or '(root)'}: {row.class_name}", *(str(row[engine]) for engine in self.engines))

    def as_json(self) -> str:
        """A list of rows."""
        return json.dumps([asdict(row) for row in self.rows], indent=2)


def readiness(
    m: nn.Module,
    example_inputs: Sequence[Any] | None = None,
    *,
    example_kwargs: dict[str, Any] | None = None,
    engines: Sequence[str] = ("torchscript", "export"),
    time_limit: float | None = TIME_LIMIT,
) -> ReadinessReport:
    """Which engine takes a module, and where it does not, which of its parts, with the reason and the line.

    `engines` are of "torchscript", "export", "onnx" and "aoti" (the last two take long). `time_limit` is in seconds,
    for each part and engine. On a terminal the progress is shown. The module is left alone.

    Raises ValueError for an unknown engine, and whatever `forward` raises for the example inputs.
    """
    unknown = sorted(set(engines) - set(ENGINES))
    if unknown:
        raise ValueError(f"there is no engine `{unknown[0]}`: there are {', '.join(ENGINES)}")
    module = required_module(m)
    module = module.inner if isinstance(module, CompiledModule) else module
    with nothing_left(module, given=(example_inputs, example_kwargs)):
        return _asked(module, positional(example_inputs or ()), dict(example_kwargs or {}), engines, time_limit)


def _asked(
    module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], engines: Sequence[str], time_limit: float | None
) -> ReadinessReport:
    calls = record_examples(module, args, kwargs)
    asking = _Asking(module, calls, time_limit)
    answers = {engine: dict(asking.answers(engine)) for engine in dict.fromkeys(engines)}
    paths = [path for path, _ in module.named_modules() if any(path in found for found in answers.values())]
    rows = [
        ReadinessRow(path, type(module.get_submodule(path)).__name__, {e: _answer(answers[e], path) for e in answers})
        for path in paths
    ]
    return ReadinessReport(tuple(rows), tuple(answers))


def _answer(found: Mapping[str, Answer], path: str) -> Answer:
    """The answer for a part, or that of the nearest part above that was asked."""
    if path in found:
        return found[path]
    above = path
    while above not in found:
        above = above.rpartition(".")[0]
    return Answer(found[above].verdict, f"as part of `{above or '(root)'}`")


class _Asking:
    def __init__(self, module: nn.Module, calls: Mapping[str, list[Call]], limit: float | None) -> None:
        self.module = module
        self.calls = calls
        self.limit = limit
        self.known: dict[tuple[str, str], Answer] = {}
        self.exported: dict[str, ExportedModule] = {}

    def answers(self, engine: str) -> Iterator[tuple[str, Answer]]:
        """The answers of one engine, the whole first."""
        todo = [""]
        while todo:
            path = todo.pop(0)
            part = self.module.get_submodule(path)
            if path not in self.calls:
                if not list(part.children()):
                    yield path, Answer("no", "the example inputs do not reach it")
                todo += _children(path, part)
                continue
            with _shown(f"{engine}: {path or type(part).__name__}"):
                answer = self._ask(engine, part, self.calls[path][0])
            yield path, answer
            if answer.verdict == "no":
                todo += _children(path, part)

    def _ask(self, engine: str, part: nn.Module, call: Call) -> Answer:
        key = (engine, _digest(part, call))
        if key not in self.known:
            ask: Callable[[nn.Module, Call], str] = getattr(self, f"_{engine}")
            try:
                with time_limit(self.limit):
                    self.known[key] = Answer("yes", ask(part, call))
            except TimeLimitError as error:
                self.known[key] = Answer("no", str(error))
            except ScriptkitError as error:
                self.known[key] = _refusal(error)
            except Exception as error:  # noqa: BLE001 - an engine fails with anything, which is an answer
                said = next((line for line in str(error).splitlines() if line.strip()), "")
                self.known[key] = Answer("no", f"{type(error).__name__}: {said.strip()[:160]}")
        return self.known[key]

    @staticmethod
    def _torchscript(part: nn.Module, call: Call) -> str:
        made = compile(life_of(part), call.args, example_kwargs=dict(call.kwargs))
        rows = made.__scriptkit_report__().rows
        return {"script": "from its source", "lowered": "lowered", "trace": "traced"}.get(rows[0].mode, rows[0].mode)

    def _export(self, part: nn.Module, call: Call) -> str:
        made = self._program(part, call)
        fixed = [f"{row.input}[{row.index}]" for row in made.dimensions if row.kind == "fixed" and row.reason]
        route = made.report.rows[0].route
        return f"{route}; fixed: {', '.join(fixed)}" if fixed else route

    def _program(self, part: nn.Module, call: Call) -> ExportedModule:
        key = _digest(part, call)
        if key not in self.exported:
            self.exported[key] = export_program(
                part, call.args, example_kwargs=dict(call.kwargs), methods=["forward"], time_limit=self.limit
            )
        return self.exported[key]

    def _onnx(self, part: nn.Module, call: Call) -> str:
        with tempfile.TemporaryDirectory() as folder:
            report = export_onnx(self._program(part, call), Path(folder) / "model.onnx")
        return f"opset {report.opset}"

    def _aoti(self, part: nn.Module, call: Call) -> str:
        with tempfile.TemporaryDirectory() as folder:
            aoti.compile_and_package(self._program(part, call).program(), Path(folder) / "model.pt2")
        return "compiled"


def _children(path: str, part: nn.Module) -> list[str]:
    return [f"{path}.{name}" if path else name for name, _ in part.named_children()]


def _refusal(error: ScriptkitError) -> Answer:
    diagnostics = getattr(error, "diagnostics", ())
    first = str(error).strip().splitlines()
    reason = diagnostics[-1].message if diagnostics else (first[1] if len(first) > 1 else first[0]).strip()
    placed = next((one for one in reversed(diagnostics) if one.line), None)
    return Answer("no", reason, f"{Path(placed.path).name}:{placed.line}" if placed else "")


def _digest(part: nn.Module, call: Call) -> str:
    """What makes two parts the same question: classes, plain settings, shapes."""
    told: list[Any] = [[(n, str(p.dtype), tuple(p.shape)) for n, p in part.state_dict(keep_vars=True).items()]]
    for path, one in part.named_modules():
        plain = {k: v for k, v in vars(one).items() if isinstance(v, (bool, int, float, str, tuple, type(None)))}
        told.append((path, f"{type(one).__module__}.{type(one).__qualname__}", sorted(map(str, plain.items()))))
    tensors, structure = flatten((call.args, call.kwargs))
    told.append([(tuple(t.shape), str(t.dtype)) for t in tensors])
    return f"{told}{structure}"


@contextlib.contextmanager
def _shown(words: str) -> Iterator[None]:
    """Say on a terminal what is being asked."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(words):
        yield
