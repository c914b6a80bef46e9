"""`swap_tensors` refuses a tensor that anything else refers to, such as a live twin."""

import copy

import pytest
import torch

from tests.scenarios.comparing import assert_same, twins
from tests.scenarios.models import Outer
from tests.scenarios.test_running import batch
from tests.scenarios.watching import run_compiled


@pytest.fixture
def swapping() -> object:
    before = torch.__future__.get_swap_module_params_on_conversion()
    torch.__future__.set_swap_module_params_on_conversion(value=True)
    yield
    torch.__future__.set_swap_module_params_on_conversion(value=before)


def test_parameters_swapped_on_conversion(swapping: object) -> None:
    """`swap_tensors` refuses a tensor that anything else refers to, such as a live twin."""
    net, plain = twins(Outer)
    run_compiled(net, batch())
    for model in (net, plain):
        model.double()
        model.load_state_dict(copy.deepcopy(plain.state_dict()))
    assert_same(run_compiled(net, batch().double()), plain(batch().double()))


def test_parameters_of_a_plain_child_swapped_on_conversion(swapping: object) -> None:
    net, plain = twins(Outer)
    run_compiled(net, batch())
    for model in (net, plain):
        model.backbone.float()
        model.backbone.to(torch.float64)
        model.backbone.to(torch.float32)
    assert_same(run_compiled(net, batch()), plain(batch()))


def test_parameters_swapped_by_hand_are_refused_by_torch_until_the_twin_is_gone() -> None:
    """`swap_tensors` says so itself, and the module goes on as it was; a copy has no twin and swaps."""
    net, plain = twins(Outer)
    run_compiled(net, batch())
    with pytest.raises(RuntimeError, match="use_count"):
        torch.utils.swap_tensors(net.blocks[0].fc.weight, net.blocks[1].fc.weight)
    assert_same(run_compiled(net, batch()), plain(batch()))
    again = copy.deepcopy(net)
    for model in (again, plain):
        torch.utils.swap_tensors(model.blocks[0].fc.weight, model.blocks[1].fc.weight)
    assert_same(run_compiled(again, batch()), plain(batch()))
