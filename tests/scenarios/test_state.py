"""State: what compiled code writes is seen in Python at once, and what Python writes is seen by compiled code."""

import gc
import weakref

import pytest
import torch
from torch import nn

import scriptkit
from tests.scenarios.comparing import assert_same, assert_same_state, twins
from tests.scenarios.matrix import row
from tests.scenarios.models import Child, Counter, Net, Outer, Shared, Tied
from tests.scenarios.test_running import batch
from tests.scenarios.watching import run_compiled


@row("buffer_reassigned_in_forward")
def test_a_buffer_reassigned_in_forward_is_the_users_buffer() -> None:
    net, plain = twins(Counter)
    for _ in range(3):
        assert_same(run_compiled(net, batch()), plain(batch()))
        assert_same(net.total, plain.total)
        assert_same(net.state_dict()["total"], plain.total)


@row("int_attr_written_in_forward")
def test_a_number_written_in_forward() -> None:
    net, _ = twins(Counter)
    for expected in (1, 2, 3):
        run_compiled(net, batch())
        assert net.calls == expected


@row("list_mutated_in_forward")
def test_a_list_mutated_in_forward_keeps_its_identity() -> None:
    net, _ = twins(Counter)
    history, seen = net.history, net.seen
    run_compiled(net, batch())
    run_compiled(net, batch())
    assert history == [1, 2]
    assert seen == {"last": 2}
    assert net.history is history
    assert net.seen is seen


@row("list_mutated_from_python")
def test_a_list_mutated_from_python() -> None:
    net, plain = twins(Counter)
    for model in (net, plain):
        model(batch())
        model.history.append(99)
        model.history[0] = -1
        model.seen["mine"] = 5
    assert_same(run_compiled(net, batch()), plain(batch()))
    assert net.history == [-1, 99, 2]
    assert_same_state(net, plain)


@row("buffer_assigned_outside")
def test_a_buffer_assigned_from_outside() -> None:
    net, plain = twins(Net, p=0.0)
    run_compiled(net, batch())
    plain(batch())
    net.offset = plain.offset = torch.full((4,), 3.0)
    assert_same(run_compiled(net, batch()), plain(batch()))
    for model in (net, plain):
        model.offset += 1
    assert_same(run_compiled(net, batch()), plain(batch()))


@row("child_buffer_assigned_outside")
def test_a_buffer_of_a_child_assigned_from_outside() -> None:
    net, plain = twins(Net, p=0.0)
    run_compiled(net.eval(), batch())
    for model in (net, plain.eval()):
        model.norm.running_mean = torch.full((4,), 0.5)
    assert_same(run_compiled(net, batch()), plain(batch()))


@row("param_data_and_param_assign")
def test_parameters_written_and_replaced() -> None:
    net, plain = twins(Outer)
    run_compiled(net, batch())
    for change in (_write_data, _write_in_place, _replace):
        for model in (net, plain):
            change(model.blocks[0].fc)
        assert_same(run_compiled(net, batch()), plain(batch()))
        assert_same_state(net, plain)


def _write_data(layer: nn.Linear) -> None:
    layer.weight.data = torch.full((4, 4), 0.25)


def _write_in_place(layer: nn.Linear) -> None:
    with torch.no_grad():
        layer.weight.mul_(-2.0)


def _replace(layer: nn.Linear) -> None:
    layer.weight = nn.Parameter(torch.eye(4))


@row("load_state_dict_strict")
def test_load_state_dict() -> None:
    net, plain = twins(Outer)
    run_compiled(net, batch())
    state = Outer().state_dict()
    for model in (net, plain):
        assert str(model.load_state_dict(state)) == "<All keys matched successfully>"
    assert_same(run_compiled(net, batch()), plain(batch()))
    with pytest.raises(RuntimeError, match=r"Missing key\(s\) in state_dict: \"head.bias\""):
        net.load_state_dict({key: value for key, value in state.items() if key != "head.bias"})


@row("load_state_dict_assign")
def test_load_state_dict_with_assign() -> None:
    net, plain = twins(Outer)
    run_compiled(net, batch())
    state = {key: value.double() for key, value in Outer().state_dict().items()}
    for model in (net, plain):
        model.load_state_dict(state, assign=True)
    assert_same(run_compiled(net, batch().double()), plain(batch().double()))
    assert net.head.weight.data_ptr() == state["head.weight"].data_ptr()


@row("child_load_state_dict_assign")
def test_load_state_dict_with_assign_on_a_child() -> None:
    net, plain = twins(Outer)
    run_compiled(net, batch())
    state = Child().state_dict()
    for model in (net, plain):
        model.blocks[1].load_state_dict(state, assign=True)
    assert_same(run_compiled(net, batch()), plain(batch()))


@row("state_dict_keys_same")
@pytest.mark.parametrize("cls", [Net, Outer, Counter, Shared, Tied])
def test_state_dict_has_the_keys_of_a_plain_module(cls: type[nn.Module]) -> None:
    net, plain = twins(cls)
    run_compiled(net, batch())
    assert list(net.state_dict()) == list(plain.state_dict())
    assert [n for n, _ in net.named_parameters()] == [n for n, _ in plain.named_parameters()]
    assert [n for n, _ in net.named_buffers()] == [n for n, _ in plain.named_buffers()]
    assert [n for n, _ in net.named_modules()] == [n for n, _ in plain.named_modules()]


@row("attr_mutation")
def test_an_attribute_changed_from_python() -> None:
    net, plain = twins(Net, p=0.0)
    for scale in (1.0, 2.5, -1.0):
        net.scale = plain.scale = scale
        assert_same(run_compiled(net, batch()), plain(batch()))


@row("child_attr_mutation")
def test_an_attribute_of_a_child_changed_from_python() -> None:
    net, plain = twins(Outer)
    run_compiled(net, batch())
    for model in (net, plain):
        model.blocks[2].scale = -3.0
    assert_same(run_compiled(net, batch()), plain(batch()))


@row("plain_child_attr_mutation")
def test_an_attribute_of_a_plain_child_changed_from_python() -> None:
    net, plain = twins(Net, p=0.5)
    run_compiled(net, batch())
    plain(batch())
    for p in (0.0, 1.0):
        net.drop.p = plain.drop.p = p
        assert_same(run_compiled(net, batch()), plain(batch()))


@row("final_reassign_errors")
def test_a_final_cannot_be_reassigned() -> None:
    net, plain = twins(Net, p=0.0)
    with pytest.raises(AttributeError, match=r"depth.*Final"):
        net.depth = 5
    assert net.depth == 2
    assert_same(run_compiled(net, batch()), plain(batch()))


@row("apply_init_fn")
def test_apply_with_an_init_function() -> None:
    net, plain = twins(Outer)
    run_compiled(net, batch())
    for model in (net, plain):
        model.apply(_zero_bias)
    assert_same(run_compiled(net, batch()), plain(batch()))
    assert_same_state(net, plain)


def _zero_bias(module: nn.Module) -> None:
    if isinstance(module, nn.Linear):
        nn.init.constant_(module.bias, 0.5)


@row("weight_tying")
def test_tied_weights_stay_tied() -> None:
    net, plain = twins(Tied)
    run_compiled(net, batch()).sum().backward()
    plain(batch()).sum().backward()
    assert_same_state(net, plain)
    assert net.decoder.weight is net.encoder.weight
    assert len(list(net.parameters())) == 1


@row("shared_submodule")
def test_one_module_under_two_names_is_one_module() -> None:
    """torch.jit.script makes two of it: the counter reads 1 and 1 there, and 2 in Python."""
    net, plain = twins(Shared)
    assert_same(run_compiled(net, batch()), plain(batch()))
    assert net.first.calls == net.second.calls == 2
    assert_same_state(net, plain)


@row("params_not_duplicated")
def test_parameters_are_stored_once() -> None:
    net, plain = twins(Outer)
    run_compiled(net, batch())
    for model in (net, plain):
        model.head.weight.data.fill_(0.125)  # unseen by any bookkeeping: only shared memory shows it
    assert_same(run_compiled(net, batch()), plain(batch()))
    script = scriptkit.to_torchscript(net)
    assert {p.data_ptr() for p in script.parameters()} == {p.data_ptr() for p in net.parameters()}


@row("gc_freed")
def test_a_dropped_module_is_freed_with_its_tensors() -> None:
    net, _ = twins(Outer)
    run_compiled(net, batch())
    module, weight, child = weakref.ref(net), weakref.ref(net.head.weight), weakref.ref(net.blocks[0])
    del net
    gc.collect()
    assert module() is None
    assert child() is None
    assert weight() is None
