"""Generated programs, lowered and compiled, against the same programs run by Python."""

from __future__ import annotations

import linecache
from typing import Any

import pytest
import torch
from torch import nn

from scriptkit.compiling.lowering import LoweringError, lower
from tests.compiling.lowering.programs import Program

SEEDS_PER_TEST = 15
TESTS = 5


def model_of(text: str, seed: int) -> nn.Module:
    path = f"<generated {seed}>"
    linecache.cache[path] = (len(text), None, text.splitlines(keepends=True), path)
    namespace: dict[str, Any] = {"__name__": f"generated_{seed}"}
    exec(compile(text, path, "exec"), namespace)
    model: nn.Module = namespace["Model"]()
    return model


def inputs() -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Inputs that drive the paths: signs, sizes, zeros."""
    torch.manual_seed(0)
    return [
        (torch.randn(rows, 2) * scale + scale / 4, torch.randn(rows, 2) - scale / 2)
        for rows in (3, 1, 2)
        for scale in (1.0, -2.0, 4.0)
    ]


def fresh(pair: tuple[torch.Tensor, torch.Tensor]) -> tuple[torch.Tensor, ...]:
    return tuple(tensor.clone() for tensor in pair)


def described(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return str(value.dtype), value.tolist()
    return [type(value).__name__, *map(described, value)] if isinstance(value, (list, tuple)) else value


def outcome(seed: int) -> str:
    """`equal`, `refused`, or a description of the difference."""
    text = Program(seed).text()
    model = model_of(text, seed)
    pairs = inputs()
    try:
        model(*fresh(pairs[0]))
    except (IndexError, RuntimeError, TypeError):
        return "invalid"
    try:
        lowered = lower(model, fresh(pairs[0]))
    except LoweringError:
        return "refused"
    jit: Any = torch.jit
    with jit.optimized_execution(False):  # hundreds of small programs run once or twice each
        return compared(model, lowered, pairs) or "equal"


def compared(model: nn.Module, lowered: Any, pairs: list[tuple[torch.Tensor, torch.Tensor]]) -> str:
    for training in (False, True):
        model.train(training)
        lowered.form.train(training)
        for pair in pairs:
            problem = difference(model, lowered, pair)
            if problem:
                return f"training={training}: {problem}\n{lowered.texts}"
    return ""


def difference(model: nn.Module, lowered: Any, pair: tuple[torch.Tensor, torch.Tensor]) -> str:
    """What is different for one input; an arm that was not lowered raises, which is no difference."""
    given, given_too = fresh(pair), fresh(pair)
    try:
        expected = model(*given)
    except Exception:  # noqa: BLE001 - whatever a generated program raises
        return ""
    try:
        actual = lowered.run(*given_too)
    except Exception as error:  # noqa: BLE001 - whatever the compiled program raises
        return "" if "was not lowered" in str(error) or "lowered for" in str(error) else f"raises {error}"
    if described(expected) != described(actual) or described(given) != described(given_too):
        return f"{described(expected)} is not {described(actual)}"
    return ""


@pytest.mark.parametrize("start", [number * SEEDS_PER_TEST for number in range(TESTS)])
def test_a_lowered_program_does_what_python_does_on_every_path(start: int) -> None:
    outcomes = [outcome(seed) for seed in range(start, start + SEEDS_PER_TEST)]
    assert [o for o in outcomes if o not in {"equal", "refused", "invalid"}] == []
    assert outcomes.count("equal") >= SEEDS_PER_TEST // 4
