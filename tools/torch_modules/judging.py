"""One case: six calls of Python, of the compiled module, of an own module that holds it, and of the file."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from torch import Tensor, nn
from torch.nn.parameter import is_lazy

import scriptkit
from scriptkit.errors import ScriptkitError
from scriptkit.live.side_by_side import Run, run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tools.torch_modules.cases import Case

Verdict = Literal["same", "refused", "differs", "eager raises"]
DOORS = ("compiled", "held", "file")
CALLS = ((False, 3), (True, 3))
"""Grad mode, and how many calls in a row."""
_WORDS = 40
"""Of a refusal, so many are told."""
_PARTS = ("result", "arguments", "state", "gradients", "generator")


@dataclass(frozen=True)
class Judgement:
    """What one door gave for one case."""

    case: Case
    door: str
    verdict: Verdict
    told: str = ""

    def __str__(self) -> str:
        mode = "train" if self.case.training else "eval"
        told = f": {self.told}" if self.told else ""
        return f"{self.case.group} ({self.case.name}, {mode}) {self.door} {self.verdict}{told}"


class Holder(scriptkit.ScriptableModule):
    """An own module round one of torch."""

    def __init__(self, child: nn.Module, x: Tensor) -> None:
        super().__init__()
        self.child = child
        self._x = (x,)

    def example_inputs(self) -> tuple[Tensor]:
        """What its child is called with."""
        return self._x

    def forward(self, x: Tensor) -> Tensor:
        """`x`: whatever the child takes."""
        return self.child(x)  # type: ignore[no-any-return]


def judged(case: Case) -> Iterator[Judgement]:
    """The verdict of each door."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = _runs(case, case.made())
        broken = next((one.error for one in expected if one.error is not None), None)
        for door, made in _doors(case, expected[0].result):
            if broken is not None:
                yield Judgement(case, door, "eager raises", f"{type(broken).__name__}: {broken}")
                continue
            try:
                form = made()
            except ScriptkitError as error:
                yield Judgement(case, door, "refused", " ".join(str(error).split()[:_WORDS]))
                continue
            yield compared(case, door, expected, _runs(case, form))


def _doors(case: Case, result: Any) -> Iterator[tuple[str, Callable[[], Any]]]:
    yield "compiled", lambda: _compiled(case)
    if len(case.args) == 1 and not case.kwargs and isinstance(case.args[0], Tensor) and isinstance(result, Tensor):
        yield "held", lambda: Holder(case.made(), case.args[0]).train(case.training)
    yield "file", lambda: _loaded(case)


def _compiled(case: Case) -> nn.Module:
    return scriptkit.compile(case.made(), case.args, example_kwargs=case.kwargs)


def _loaded(case: Case) -> Any:
    file = io.BytesIO()
    scriptkit.save(_compiled(case), file, example_inputs=case.args, example_kwargs=case.kwargs)
    file.seek(0)
    return scriptkit.load(file)


def _runs(case: Case, module: Any) -> list[Run]:
    """Six calls, one after the other, without gradients and with them."""
    made = []
    for grad, calls in CALLS:
        for _ in range(calls):
            wanted = _parameters(module) if grad else None
            made.append(run(module, (case.args, case.kwargs), state=lambda: state_of(module), wanted=wanted))
    return made


def _parameters(module: Any) -> dict[str, Tensor]:
    return {n.removeprefix("child."): p for n, p in module.named_parameters() if not _is_lazy(p)}


def _is_lazy(tensor: Any) -> bool:
    return bool(is_lazy(tensor))


def state_of(module: Any) -> Mapping[str, Any]:
    """Parameters, buffers and plain attributes by the names of the module itself."""
    held: dict[str, Any] = {}
    for name, tensor in module.state_dict().items():
        if isinstance(tensor, Tensor) and not _is_lazy(tensor):
            held[name.removeprefix("child.")] = tensor.detach().clone()
    return held


def compared(case: Case, door: str, expected: list[Run], found: list[Run]) -> Judgement:
    """The first difference of two rows of calls."""
    for number, (one, other) in enumerate(zip(expected, found, strict=True)):
        place = f"call {number + 1}"
        if other.error is not None:
            if isinstance(other.error, ScriptkitError | ValueError):
                return Judgement(case, door, "refused", f"{place}: {other.error}")
            return Judgement(case, door, "differs", f"{place}: {type(other.error).__name__}: {other.error}")
        one.state, other.state = _with_common_names(one.state, other.state)
        one.gradients, other.gradients = _with_common_names(one.gradients, other.gradients)
        differing = next(one.differences(other.in_types_of(one), None, _PARTS), None)
        if differing is not None:
            return Judgement(case, door, "differs", f"{place}, {differing.path}: {differing.what}")
    return Judgement(case, door, "same")


def _with_common_names(expected: Any, found: Any) -> tuple[Any, Any]:
    """A recorded file holds its tensors beneath other names: by the ends of them."""
    if not isinstance(expected, Mapping) or not isinstance(found, Mapping):
        return expected, found
    by_name = {}
    for name in expected:
        ends = [path for path in found if path == name or path.endswith(f".{name}")]
        if ends:
            by_name[name] = found[name] if name in found else found[ends[0]]
    return {name: expected[name] for name in by_name}, by_name
