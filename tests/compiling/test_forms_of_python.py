"""Each form of Python and torch in `forms/` is lowered and equals eager at every shape, or is refused by a known name.

One tensor of a form's inputs is the example; the others have another size and other signs, so that branches go other
ways.
"""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import importlib
from collections.abc import Callable, Iterator
from types import FunctionType
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from scriptkit.compiling.lowering import LoweringError, lower
from tests.compiling.forms import modules, modules_asked
from tests.compiling.lowering.loading import Loaded

ROOMS = (
    "built_in_functions",
    "comparisons",
    "containers",
    "statements",
    "lists_in_loops",
    "steered_by_sizes",
    "tensors",
    "values_of_the_run",
    "ways_out_of_loops",
    "refused",
)
REFUSED = {
    "iter_next": "call-not-lowered",
    "next_of_generator": "identity-known-at-run-time",
    "pow_builtin": "call-not-lowered",
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
    "impure_random": "call-not-lowered",
    "impure_time": "call-not-lowered",
    "module_made_in_call": "call-not-lowered",
    "seed_set": "impure-call",
    "global_written": "state-mutated",
    "global_statement": "syntax-not-lowered",
    "truth_of_text": "text-known-at-run-time",
    "attribute_of_run": "text-known-at-run-time",
    "tensor_attribute_written": "tensor-attribute-written",
    "with_as": "context-manager-not-lowered",
    "with_own_manager": "context-manager-not-lowered",
    "with_inference_mode": "call-not-lowered",
    "numpy_array": "numpy",
    "numpy_of_tensor": "example-run-failed",
    "to_numpy": "tensor-attribute-not-lowered",
    "math_of_run": "call-not-lowered",
    "item_of_complex": "type-without-counterpart",
    "tolist_of_matrix": "call-not-lowered",
    "deepcopy_tensor": "call-not-lowered",
    "deepcopy_memo": "call-not-lowered",
    "power_of_run": "operator-not-lowered",
    "shift_of_run": "operator-not-lowered",
    "identity_of_run": "identity-known-at-run-time",
    "list_in_while": "index-known-at-run-time",
    "index_by_bool": "index-form-not-lowered",
    "key_of_run": "index-known-at-run-time",
    "appended_by_other_name_while_walked": "state-mutated-in-loop",
    "appended_what_differs": "state-mutated-in-loop",
    "appended_to_the_callers": "state-mutated",
    "grows_after_it_was_put_into_a_list": "state-mutated",
    "bound_to_one_list_by_two_names": "loop-variable-changes-type",
    "binds_anew_the_callers": "branch-values-differ",
    "popped_where_the_run_says": "state-mutated-in-loop",
    "inserted_at_no_number": "index-form-not-lowered",
    "returns_int_or_tensor": "return-in-nested-block",
    "returns_lists_of_two_lengths": "return-in-nested-block",
    "returns_one_list_twice_at_times": "return-in-nested-block",
    "returns_from_no_grad_in_loop": "return-in-nested-block",
    "returns_from_try_with_finally_in_loop": "return-in-nested-block",
    "breaks_inside_a_block_of_an_unrolled_loop": "jump-in-nested-block",
    "nested_enumerate": "loop-variable-changes-type",
    "delete_attribute": "syntax-not-lowered",
    "set_of_tensors": "dynamic-value-in-python",
    "type_of_own_making": "call-not-lowered",
    "star_of_object": "call-not-lowered",
    "called_number": "call-not-lowered",
    "assigned_starred_of_run": "length-known-at-run-time",
    "requires_grad_set": "tensor-attribute-not-lowered",
    "hook_registered": "tensor-attribute-not-lowered",
    "backward_called": "tensor-attribute-not-lowered",
    "context_variable": "state-mutated",
    "environment_written": "state-mutated",
    "yields_from_run": "generator-function",
    "abstract_made": "call-not-lowered",
    "returned_function": "output-type-not-lowered",
    "returned_type": "output-type-not-lowered",
    "async_defined": "syntax-not-lowered",
    "class_defined": "syntax-not-lowered",
    "vmapped": "dynamic-value-in-python",
    "checked_by_pattern": "syntax-not-lowered",
}
SQUARE = {"transposes"}
PARTS = {"Base", "OwnSequential", "OwnOrder", "Expert"}
MODULES = [
    cls
    for room in (modules, modules_asked)
    for name, cls in vars(room).items()
    if isinstance(cls, type) and issubclass(cls, nn.Module) and cls.__module__ == room.__name__ and name not in PARTS
]


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
def test_a_form_is_equal_at_every_shape_or_refused_by_its_name(function: Callable[[Tensor], Any]) -> None:
    given = inputs(function.__name__)
    try:
        made = lower(Form(function), (given[0],))
    except LoweringError as error:
        assert error.diagnostics[0].name == REFUSED.get(function.__name__), error  # noqa: PT017 - it may be lowered
        return
    loaded = Loaded(made)
    for x in given:
        with pytest.raises(Exception) if raises(function, x) else contextlib.nullcontext():
            assert_equal(loaded(x.clone()), function(x.clone()))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("cls", MODULES)
def test_a_module_is_equal_at_every_shape(cls: type[nn.Module], training: bool) -> None:
    model = cls().train(training)
    plain = copy.deepcopy(model)
    given = inputs(cls.__name__)
    made = lower(model, (given[0],))
    loaded = Loaded(made)
    for x in given:
        assert_equal(loaded(x.clone()), plain(x.clone()))
    state = loaded.module.state_dict()  # torch writes buffers into it that no `state_dict` has, and orders it by kind
    assert_equal({key: state[key] for key in plain.state_dict()}, dict(plain.state_dict()))


def raises(function: Callable[[Tensor], Any], x: Tensor) -> bool:
    try:
        function(x.clone())
    except Exception:  # noqa: BLE001 - whatever it is, the lowered form must raise too
        return True
    return False


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
