"""Each form of Python and torch in `forms/` is lowered and equals eager at every shape, or is refused by a known name.

One tensor of a form's inputs is the example; the others have another size and other signs, so that branches go other
ways.
"""

from __future__ import annotations

import dataclasses
import importlib
import io
from collections.abc import Callable, Iterator
from types import FunctionType
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from scriptkit.compiling.lowering import LoweringError, lower

ROOMS = ("built_in_functions", "comparisons", "containers", "statements", "tensors")
REFUSED = {
    "iter_next": "call-not-lowered",
    "next_of_generator": "identity-known-at-run-time",
    "max_key": "call-not-lowered",
    "divmod_static": "call-not-lowered",
    "pow_builtin": "call-not-lowered",
    "filter_none": "call-not-lowered",
    "itertools_chain": "call-not-lowered",
    "itertools_product": "call-not-lowered",
    "accumulate_sizes": "call-not-lowered",
    "operator_functions": "call-not-lowered",
    "compare_dataclasses": "source-unavailable",
    "enum_by_value": "call-not-lowered",
    "default_dict": "example-call-raises",
    "named_tuple": "call-not-lowered",
    "own_slots": "descriptor-not-lowered",
    "with_enable_grad": "context-manager-not-lowered",
    "closure_changes": "syntax-not-lowered",
    "wraps_inner": "state-mutated",
    "scalar_floor_divided": "operator-not-lowered",
    "data_and_detach": "tensor-attribute-not-lowered",
}
SQUARE = {"transposes"}


class Form(nn.Module):
    """A module whose `forward` is a function."""

    def __init__(self, function: Callable[[Tensor], Any]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Any:
        return self.function(x)


def forms() -> Iterator[Any]:
    for room in ROOMS:
        module = importlib.import_module(f"tests.compiling.forms.{room}")
        for name, value in vars(module).items():
            if isinstance(value, FunctionType) and value.__module__ == module.__name__:
                yield pytest.param(value, id=name)


def inputs(name: str) -> list[Tensor]:
    rows = (3, 3, 3, 3) if name in SQUARE else (2, 4, 4, 3)
    drawn = [torch.randn(count, 3) for count in rows]
    return [*drawn[:2], -drawn[2].abs(), drawn[3].abs()]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("function", list(forms()))
def test_a_form_is_equal_at_every_shape_or_refused(function: Callable[[Tensor], Any]) -> None:
    given = inputs(function.__name__)
    if function.__name__ in REFUSED:
        with pytest.raises(LoweringError) as caught:
            lower(Form(function), (given[0],))
        assert caught.value.diagnostics[0].name == REFUSED[function.__name__]
        return
    made = lower(Form(function), (given[0],))
    file = io.BytesIO()
    torch.jit.save(made.compile(), file)
    file.seek(0)
    loaded = torch.jit.load(file)
    for x in given:
        assert_equal(made.rebuild(loaded(*made.flat((x.clone(),), {}))), function(x.clone()))


def assert_equal(actual: Any, expected: Any) -> None:
    """Of one type and value; sizes arrive as plain tuples."""
    assert type(actual) is (tuple if isinstance(expected, torch.Size) else type(expected))
    if isinstance(expected, dict):
        assert list(actual) == list(expected)
        assert_equal([actual[key] for key in expected], list(expected.values()))
    elif isinstance(expected, Tensor):
        torch.testing.assert_close(actual, expected, equal_nan=True)
    elif isinstance(expected, list | tuple):
        assert len(actual) == len(expected)
        for one, other in zip(actual, expected, strict=True):
            assert_equal(one, other)
    elif dataclasses.is_dataclass(expected):
        assert_equal(vars(actual), vars(expected))
    else:
        assert actual == expected
