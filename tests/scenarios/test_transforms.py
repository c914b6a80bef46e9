"""Torch's transforms over a scriptable module: functional calls, compile, export, fx, jit itself."""

import copy
import gc
import weakref

import pytest
import torch
from torch import Tensor, fx, nn
from torch.func import functional_call, grad, vmap
from torch.nn.utils import parametrizations
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode

from scriptkit.errors import ScriptkitEagerWarning
from tests.scenarios.comparing import assert_same, twins
from tests.scenarios.matrix import row
from tests.scenarios.models import Child, Net, Outer
from tests.scenarios.test_running import batch
from tests.scenarios.watching import compiled_only, run_compiled, runs_eagerly


@row("functional_call")
def test_functional_call() -> None:
    net, plain = twins(Outer)
    before = run_compiled(net, batch())
    other = {name: torch.full_like(p, 0.1) for name, p in net.named_parameters()}
    out = compiled_only(net, functional_call, net, other, (batch(),))
    assert_same(out, functional_call(plain, other, (batch(),)))
    assert_same(run_compiled(net, batch()), before)


def test_gradients_through_functional_call() -> None:
    net, plain = twins(Child)
    ours, theirs = (
        torch.autograd.grad(functional_call(m, dict(m.named_parameters()), (batch(),)).sum(), list(m.parameters()))
        for m in (net, plain)
    )
    assert_same(ours, theirs)


@row("func_grad_vmap")
def test_per_sample_gradients() -> None:
    net, plain = twins(Outer)
    run_compiled(net, batch())

    def per_sample(model: nn.Module) -> dict[str, Tensor]:
        def loss(params: dict[str, Tensor], x: Tensor) -> Tensor:
            out: Tensor = functional_call(model, params, (x[None],))
            return out.square().sum()

        params = {name: p.detach() for name, p in model.named_parameters()}
        result: dict[str, Tensor] = vmap(grad(loss), in_dims=(None, 0))(params, batch())
        return result

    assert_same(compiled_only(net, per_sample, net), per_sample(plain))
    assert_same(run_compiled(net, batch()), plain(batch()))


def test_an_ensemble_by_vmap_over_stacked_parameters() -> None:
    nets, plains = zip(*(twins(Child) for _ in range(3)), strict=True)
    for index, pair in enumerate(zip(nets, plains, strict=True)):
        for model in pair:
            with torch.no_grad():
                model.fc.weight.mul_(index + 1.0)

    def ensemble(models: tuple[nn.Module, ...]) -> Tensor:
        params, buffers = torch.func.stack_module_state(list(models))
        base = copy.deepcopy(models[0]).to("meta")

        def one(params: dict[str, Tensor], buffers: dict[str, Tensor], x: Tensor) -> Tensor:
            out: Tensor = functional_call(base, (params, buffers), (x,))
            return out

        result: Tensor = vmap(one, in_dims=(0, 0, None))(params, buffers, batch())
        return result

    assert_same(ensemble(nets), ensemble(plains))


@row("torch_compile")
def test_torch_compile_reads_the_python() -> None:
    net, plain = twins(Outer)
    run_compiled(net, batch())
    with runs_eagerly(net, "compil|dynamo", calls=1):
        compiled = torch.compile(net, backend="eager", fullgraph=True)
        assert_same(compiled(batch()), plain(batch()))  # type: ignore[no-untyped-call]
        assert_same(compiled(batch()), plain(batch()))  # type: ignore[no-untyped-call]
    assert_same(run_compiled(net, batch()), plain(batch()))


def test_module_compile_in_place() -> None:
    net, plain = twins(Child)
    net.compile(backend="eager", fullgraph=True)
    with runs_eagerly(net, "compil", calls=1):
        assert_same(net(batch()), plain(batch()))


@row("torch_export")
def test_torch_export_reads_the_python() -> None:
    net, plain = twins(Outer)
    run_compiled(net, batch())
    with runs_eagerly(net, "export|compil|dynamo", calls=1):
        program = torch.export.export(net, (batch(),))
    assert_same(program.module()(batch()), plain(batch()))
    assert_same(run_compiled(net, batch()), plain(batch()))


@row("fx_trace")
def test_fx_reads_the_python() -> None:
    net, plain = twins(Outer)
    run_compiled(net, batch())
    with runs_eagerly(net.blocks[0], "fx", calls=1, modules=3):  # fx calls the `forward` of the root itself
        graph = fx.symbolic_trace(net)
    assert_same(graph(batch()), plain(batch()))
    targets = {str(node.target) for node in graph.graph.nodes if node.op == "call_module"}
    assert "blocks.0.fc" in targets
    assert_same(run_compiled(net, batch()), plain(batch()))


@row("jit_script_and_trace_of_it")
def test_jit_script_and_trace_take_it_as_any_module() -> None:
    net, plain = twins(Outer)
    run_compiled(net, batch())
    assert_same(torch.jit.script(net)(batch()), plain(batch()))
    with runs_eagerly(net, "trac", calls=1):
        traced = torch.jit.trace(net, (batch(),), check_trace=False)
    assert_same(traced(batch()), plain(batch()))
    assert_same(run_compiled(net, batch()), plain(batch()))


class SeesOperators(TorchDispatchMode):
    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.names: list[str] = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        self.names.append(str(func))
        return func(*args, **(kwargs or {}))


def test_dispatch_modes_see_the_operators_of_compiled_code() -> None:
    net, plain = twins(Child)
    with SeesOperators() as mode:
        run_compiled(net, batch())
    with SeesOperators() as expected:
        plain(batch())
    assert [n for n in mode.names if "addmm" in n] == [n for n in expected.names if "addmm" in n] != []


def test_flop_counter_counts_every_submodule() -> None:
    """It works with hooks on all modules, so Python runs."""
    net, plain = twins(Outer)
    counts = []
    for model in (net, plain):
        with FlopCounterMode(display=False) as counter:
            if model is net:
                with pytest.warns(ScriptkitEagerWarning, match="hook"):
                    model(batch())
            else:
                model(batch())
        counts.append(counter.get_flop_counts())
    assert counts[0] == counts[1]


class Doubling(Tensor):
    """A tensor subclass; nothing special in it but its type."""


def test_a_tensor_subclass_as_argument() -> None:
    net, plain = twins(Child)
    x = batch().as_subclass(Doubling)
    assert_same(net(x).as_subclass(Tensor), plain(x).as_subclass(Tensor))


def test_make_fx_records_the_python() -> None:
    from torch.fx.experimental.proxy_tensor import make_fx

    net, plain = twins(Child)
    with runs_eagerly(net, "fx|trac", calls=1):
        graph = make_fx(net)(batch())
    assert_same(graph(batch()), plain(batch()))


def test_functional_call_leaves_none_of_its_tensors_bound() -> None:
    net, _ = twins(Net, p=0.0)
    run_compiled(net, batch())
    given = {name: torch.randn_like(p) for name, p in net.named_parameters()}
    refs = [weakref.ref(tensor) for tensor in given.values()]
    functional_call(net, given, (batch(),))
    del given
    gc.collect()
    assert not [ref for ref in refs if ref() is not None]


def test_functional_call_that_raises_leaves_none_of_its_tensors_bound() -> None:
    net, _ = twins(Child)
    run_compiled(net, batch())
    given = {name: torch.randn_like(p) for name, p in net.named_parameters()}
    refs = [weakref.ref(tensor) for tensor in given.values()]
    with pytest.raises(RuntimeError):
        functional_call(net, given, (torch.ones(2, 9),))
    del given
    gc.collect()
    assert not [ref for ref in refs if ref() is not None]


def test_a_parametrized_call_leaves_no_graph_bound() -> None:
    """The computed weight has a `grad_fn`; nothing may keep it, or its graph, after the call."""
    net, _ = twins(Child)
    parametrizations.weight_norm(net.fc)
    run_compiled(net, batch())
    alive: list[weakref.ref[Tensor]] = []

    class Remember(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            out = x * 1.0
            alive.append(weakref.ref(out))
            return out

    nn.utils.parametrize.register_parametrization(net.fc, "bias", Remember())
    run_compiled(net, batch())
    assert alive
    gc.collect()
    assert not [ref for ref in alive if ref() is not None]
