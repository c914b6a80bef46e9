"""What a saved and loaded model of the zoo does beyond its two inputs: trained, in double precision, differentiated.

Each has to be as in eager code or an error; `wrong` is what must stay empty.
"""

from __future__ import annotations

import copy
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from scriptkit.engines.torchscript.programs import files
from scriptkit.live.comparison import compare
from scriptkit.live.copies import random_states_kept, with_fresh_tensors
from scriptkit.live.nested import build, flatten
from scriptkit.live.restoring import restored
from scriptkit.live.variations import Example, perturbations
from tests.zoo.trial import plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.zoo.catalogue import Arguments

ASPECTS = ("training", "double", "gradients", "trained gradients", "other inputs")
VERDICTS = ("equal", "raises", "wrong")


@dataclass
class Figures:
    """What became of the comparisons, by aspect, with what is to be said of those that are not equal."""

    counts: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    details: list[str] = field(default_factory=list)

    def verdict(self, aspect: str) -> str:
        """The worst that happened; empty where eager code refuses every call."""
        counts = self.counts[aspect]
        return next((one for one in ("wrong", "raises", "equal") if counts[one]), "")

    def note(self, aspect: str, verdict: str, words: str) -> None:
        """Count one comparison."""
        self.counts[aspect][verdict] += 1
        if verdict in {"wrong", "raises"} and self.counts[aspect][verdict] == 1:
            self.details.append(f"{aspect}: {verdict}: {words}")


def figures(model: nn.Module, data: bytes, inputs: tuple[Arguments, Arguments]) -> Figures:
    """Compare what is loaded from a file with the model, which stays as it is.

    A file holds the weights that parametrizations give, in the precision of that moment: their own parameters have no
    gradients there, and in double precision the weights are others.
    """
    found = Figures()
    is_parametrized = any(parametrize.is_parametrized(part) for part in model.modules())
    for case in _cases(inputs):
        if is_parametrized and case.dtype != torch.float32:
            continue
        expected = case.run(case.prepared(copy.deepcopy(model)))
        if isinstance(expected, str):
            continue
        loaded = case.prepared(files.load_bytes(data, None))
        actual = case.run(loaded, of=expected)
        if isinstance(actual, str):
            found.note(case.aspect, "raises", actual)
            continue
        if is_parametrized:
            expected, actual = (_of_common_names(*pair) for pair in ((expected, actual), (actual, expected)))
        differences = compare(expected, actual)
        words = f"{differences[0].path}: {differences[0].what}" if differences else ""
        found.note(case.aspect, "wrong" if differences else "equal", words)
    return found


def _of_common_names(run: Any, other: Any) -> Any:
    """A run with the gradients that another one has too."""
    return run[0], {name: gradient for name, gradient in run[1].items() if name in other[1]}


@dataclass(frozen=True)
class _Case:
    """One comparison."""

    aspect: str
    inputs: Arguments
    is_training: bool = False
    dtype: torch.dtype = torch.float32
    has_gradients: bool = False

    def prepared(self, module: nn.Module) -> nn.Module:
        """The module in the mode and precision of the case."""
        module.train(self.is_training)
        return module if self.dtype == torch.float32 else module.to(self.dtype)

    def run(self, module: nn.Module, of: Any = None) -> Any:
        """The result, or with gradients those too by name; what it raises is a text. `of` is what eager code gave."""
        tensors, structure = flatten(with_fresh_tensors(self.inputs))
        tensors = [one.to(self.dtype) if one.is_floating_point() else one for one in tensors]
        sources = [one.requires_grad_() for one in tensors if self.has_gradients and one.is_floating_point()]
        try:
            with torch.set_grad_enabled(self.has_gradients), random_states_kept(3):
                args = build(structure, [one.clone() for one in tensors])
                result = module(*args) if of is None else restored(flatten(of[0])[1], module(*args))
                return plain(result), self._gradients(module, result, sources)
        except Exception as error:  # noqa: BLE001 - what is raised is the figure
            return f"{type(error).__name__}: {_said(error)}"

    def _gradients(self, module: nn.Module, result: Any, sources: list[Tensor]) -> dict[str, Tensor | None]:
        if not self.has_gradients:
            return {}
        wanted = {f"input {number}": source for number, source in enumerate(sources)}
        for name, parameter in module.named_parameters(remove_duplicate=False):
            if parameter.requires_grad:
                wanted.setdefault(_name_in_eager_code(name), parameter)
        totals = [_weighted(one) for one in flatten(result)[0] if one.requires_grad and one.is_floating_point()]
        if not totals:
            raise ValueError("nothing to differentiate")
        unique = list({id(one): one for one in wanted.values()}.values())
        found = torch.autograd.grad(torch.stack(totals).sum(), unique, allow_unused=True)
        by_tensor = {id(one): gradient for one, gradient in zip(unique, found, strict=True)}
        return {name: by_tensor[id(one)] for name, one in sorted(wanted.items())}


def _cases(inputs: tuple[Arguments, Arguments]) -> Iterator[_Case]:
    for one in inputs:
        yield _Case("training", one, is_training=True)
        yield _Case("double", one, dtype=torch.float64)
        yield _Case("gradients", one, has_gradients=True)
        yield _Case("trained gradients", one, is_training=True, has_gradients=True)
        for change in perturbations(Example.of(one, {}), large=True):
            yield _Case("other inputs", change.args)


def _name_in_eager_code(name: str) -> str:
    """A trace has its parameters two modules further in."""
    for inside in ("evaluation.inner.", "training_trace.inner."):
        name = name.replace(inside, "")
    return name


def _weighted(tensor: Tensor) -> Tensor:
    """A sum with different weights: that of a normalised tensor would not depend on anything."""
    weights = torch.arange(1, tensor.numel() + 1, dtype=tensor.dtype).sin()
    return (tensor.reshape(-1) * weights).sum()


def _said(error: BaseException) -> str:
    """The line of a message that says what happened: TorchScript puts it last."""
    return next((line.strip() for line in reversed(str(error).splitlines()) if line.strip()), "")[:200]


def table(found: dict[str, Figures]) -> str:
    """How many models are equal, raise or are wrong in each aspect, then what is to be said of them."""
    lines = ["", "aspect".ljust(18) + "".join(verdict.rjust(9) for verdict in VERDICTS)]
    for aspect in ASPECTS:
        counts = Counter(one.verdict(aspect) for one in found.values())
        lines.append(aspect.ljust(18) + "".join(str(counts[verdict]).rjust(9) for verdict in VERDICTS))
    calls = Counter(
        verdict for one in found.values() for counts in one.counts.values() for verdict in counts.elements()
    )
    lines.append("calls".ljust(18) + "".join(str(calls[verdict]).rjust(9) for verdict in VERDICTS))
    return "\n".join([*lines, *(f"{name}: {words}" for name, one in found.items() for words in one.details)])
