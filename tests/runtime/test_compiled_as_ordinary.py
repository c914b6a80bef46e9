"""A compiled foreign module among tools: `forward` replaced, surgery, other compilers, counters."""

from __future__ import annotations

import copy
import functools
import inspect
import pickle
import types
import warnings
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

import scriptkit


class Block(nn.Module):
    """Scripts as it is."""

    def __init__(self) -> None:
        super().__init__()
        self.up = nn.Linear(4, 8)
        self.down = nn.Linear(8, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.down(torch.relu(self.up(x)))


class Options(Block):
    """Is lowered."""

    def forward(self, x: Tensor, **_: Any) -> Tensor:
        return super().forward(x)


class Nested(nn.Linear):
    """A child that does not script, and can be lowered."""

    def forward(self, x: Tensor, *_: Any) -> Tensor:
        def transposed(w: Tensor) -> Tensor:
            return w.transpose(0, 1)

        return x @ transposed(self.weight) + self.bias


class Deciding(nn.Linear):
    """A child that has no compiled form."""

    def forward(self, x: Tensor) -> Tensor:
        import json

        return super().forward(x) * float(json.loads(str(float(x.sum().item() > 0) + 1)))


class Merging(nn.Linear):
    """Merges its weights for evaluation, as adapters do; its `train` returns nothing."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs)
        self.extra = nn.Parameter(torch.rand(outputs, inputs))
        self.merged = False
        self.weight.requires_grad_(False)

    def train(self, mode: bool = True) -> None:  # type: ignore[override]
        super().train(mode)
        if self.merged == mode:
            self.weight.data += -self.extra if mode else self.extra
            self.merged = not mode

    def forward(self, x: Tensor, *_: Any) -> Tensor:
        result = nn.functional.linear(x, self.weight, self.bias)
        return result if self.merged else result + x @ self.extra.T


KINDS = [pytest.param(Block, id="script"), pytest.param(Options, id="lowered")]
X = torch.rand(3, 4)


def compiled(cls: type[nn.Module] = Block) -> tuple[nn.Module, Any]:
    module = cls()
    return module, scriptkit.compile(copy.deepcopy(module), (X,))


@pytest.mark.parametrize("cls", KINDS)
def test_a_wrapper_calls_the_forward_it_replaces_and_goes_again(cls: type[nn.Module]) -> None:
    plain, module = compiled(cls)
    calls: list[int] = []
    earlier = module.forward

    @functools.wraps(earlier)
    def forward(*args: Any, **kwargs: Any) -> Tensor:
        calls.append(1)
        return 2 * earlier(*args, **kwargs)  # type: ignore[no-any-return]

    module._earlier_forward = earlier
    module.forward = forward
    assert torch.equal(module(X), 2 * plain(X))
    assert len(calls) == 1
    assert not scriptkit.report(module).eager_calls, "the code within the wrapper runs compiled"
    with pytest.raises(scriptkit.CompilationError, match="its `forward` was replaced; put the earlier"):
        scriptkit.to_torchscript(module)
    module.forward = module.__dict__.pop("_earlier_forward")
    assert torch.equal(module(X), plain(X))
    del module.forward
    assert torch.equal(module(X), plain(X))
    scriptkit.to_torchscript(module)


def test_a_bound_method_in_the_place_of_forward_belongs_to_the_compiled_module() -> None:
    plain, module = compiled()

    def forward(self: Any, x: Tensor) -> Tensor:
        return self.up(x)  # type: ignore[no-any-return]

    module.forward = types.MethodType(forward, module)
    assert torch.equal(module(X), plain.up(X))  # type: ignore[operator]
    again = copy.copy(module)
    assert torch.equal(again(X), plain.up(X))  # type: ignore[operator]


@pytest.mark.parametrize("cls", KINDS)
def test_a_wrapper_round_a_part_is_called_and_nothing_is_compiled_away(cls: type[nn.Module]) -> None:
    plain, module = compiled(cls)
    calls: list[int] = []
    earlier = module.up.forward

    def forward(x: Tensor) -> Tensor:
        calls.append(1)
        return earlier(x)  # type: ignore[no-any-return]

    module.up.forward = forward
    with pytest.warns(scriptkit.ScriptkitEagerWarning, match="forward"):
        assert torch.equal(module(X), plain(X))
    assert len(calls) == 1


@pytest.mark.parametrize("cls", KINDS)
def test_after_surgery_another_form_is_chosen(cls: type[nn.Module]) -> None:
    _, module = compiled(cls)
    module.up = Nested(4, 8)
    assert torch.allclose(module(X), cls.forward(module.inner, X))
    report = scriptkit.report(module)
    assert {row.mode for row in report.rows} == {"lowered"}
    assert not report.eager_calls
    module.up = nn.Linear(4, 8)
    assert torch.allclose(module(X), cls.forward(module.inner, X))
    assert scriptkit.is_compiled(module)


@pytest.mark.parametrize("cls", KINDS)
def test_where_no_form_fits_the_module_runs_as_python_until_it_changes(cls: type[nn.Module]) -> None:
    _, module = compiled(cls)
    module.up = Deciding(4, 8)
    with pytest.warns(scriptkit.ScriptkitEagerWarning, match="no other form is right"):
        first = module(X)
    assert torch.equal(first, cls.forward(module.inner, X))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert torch.equal(module(X), first)
    report = scriptkit.report(module)
    assert {row.mode for row in report.rows} == {"eager"}
    assert "no other form is right" in report.rows[0].reason
    assert not scriptkit.is_compiled(module)
    module.up = nn.Linear(4, 8)
    assert torch.allclose(module(X), cls.forward(module.inner, X))
    assert scriptkit.is_compiled(module)


def test_a_copy_after_surgery_chooses_with_its_first_call() -> None:
    _, module = compiled()
    module.up = Deciding(4, 8)
    twin = copy.deepcopy(module)
    assert torch.equal(twin(X), Block.forward(twin.inner, X))
    assert scriptkit.report(twin).rows[0].mode == "eager"
    again = pickle.loads(pickle.dumps(compiled()[1]))
    assert scriptkit.is_compiled(again)


@pytest.mark.parametrize("cls", KINDS)
@pytest.mark.parametrize("kind", ["compiled", "own"])
def test_a_child_that_merges_its_weights_for_evaluation(cls: type[nn.Module], kind: str) -> None:
    torch.manual_seed(0)
    plain = cls()
    plain.up = Merging(4, 8)
    module: Any = scriptkit.compile(cls(), (X,)) if kind == "compiled" else Own()
    module.load_state_dict({k: v for k, v in plain.state_dict().items() if "extra" not in k})
    module.up = copy.deepcopy(plain.up)
    for mode in (True, False, True):
        for one in (plain, module):
            one.train(mode)
        assert torch.allclose(module(X), plain(X), atol=1e-6)
        assert module(X).requires_grad
    module(X).sum().backward()
    plain(X).sum().backward()
    assert torch.allclose(module.up.extra.grad, plain.up.extra.grad)  # type: ignore[arg-type]


class Own(scriptkit.ScriptableModule):
    """As `Block`."""

    def __init__(self) -> None:
        super().__init__()
        self.up = nn.Linear(4, 8)
        self.down = nn.Linear(8, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.down(torch.relu(self.up(x)))


@pytest.mark.parametrize("cls", KINDS)
@pytest.mark.filterwarnings("ignore:.*torch.jit.script.*")
def test_torch_jit_script_takes_the_compiled_form(cls: type[nn.Module]) -> None:
    plain, module = compiled(cls)
    made = torch.jit.script(module)
    assert torch.allclose(made(X), plain(X))
    assert list(made.state_dict()) == list(plain.state_dict())

    class Round(nn.Module):
        def __init__(self, inner: nn.Module) -> None:
            super().__init__()
            self.inner = inner

        def forward(self, x: Tensor) -> Tensor:
            return self.inner(x) + 1  # type: ignore[no-any-return]

    outer = Round(module)
    made = torch.jit.script(outer)
    assert torch.allclose(made(X), plain(X) + 1)
    assert torch.allclose(outer(X), plain(X) + 1)


def test_fx_sees_the_plain_module() -> None:
    plain, module = compiled()
    with pytest.warns(scriptkit.ScriptkitEagerWarning, match="fx is tracing"):
        traced: Any = torch.fx.symbolic_trace(module)
    assert [node.target for node in traced.graph.nodes if node.op == "call_module"] == ["up", "down"]
    assert torch.equal(traced(X), plain(X))


@pytest.mark.parametrize("cls", KINDS)
def test_torch_compile_sees_one_graph(cls: type[nn.Module]) -> None:
    plain, module = compiled(cls)
    made = torch.compile(module, fullgraph=True, backend="eager")
    assert torch.allclose(made(X), plain(X))  # type: ignore[no-untyped-call]


@pytest.mark.parametrize("cls", KINDS)
@pytest.mark.filterwarnings("ignore::scriptkit.ScriptkitEagerWarning")
def test_operations_are_counted_under_the_names_of_the_plain_module(cls: type[nn.Module]) -> None:
    plain, module = compiled(cls)
    counts = []
    for one in (plain, module):
        with FlopCounterMode(display=False) as counter:
            one(X)
        counts.append({name: sum(found.values()) for name, found in counter.get_flop_counts().items()})
    assert counts[0] == counts[1]


def test_the_class_has_the_name_and_the_signature_of_the_plain_one() -> None:
    plain, module = compiled(Options)
    assert type(module).__name__ == "Options"
    assert isinstance(module, scriptkit.CompiledModule)
    assert inspect.signature(type(module).forward) == inspect.signature(type(plain).forward)
    assert type(compiled(Options)[1]) is type(module)
    assert repr(module).startswith("CompiledModule(Options(")
    assert {"up", "inner", "state_dict"} <= set(dir(module))


def test_attributes_are_set_and_deleted_where_the_code_reads_them() -> None:
    _, module = compiled()
    module.note = 3
    assert module.inner.note == 3
    del module.note
    assert not hasattr(module.inner, "note")
    module.register_buffer("mask", torch.ones(1))
    del module.mask
    assert "mask" not in module.inner._buffers
    with pytest.raises(AttributeError):
        del module.nowhere


def test_another_class_for_the_compiled_module_leaves_the_source_alone() -> None:
    """As `fully_shard` does."""
    plain, module = compiled()
    cls = type(module)
    module.__class__ = type("FSDP", (cls,), {})
    assert type(module.inner) is Block
    assert torch.equal(module(X), plain(X))
