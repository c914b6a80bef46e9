"""A compile that fails or is interrupted leaves the module, and everything torch keeps for the process, as it was."""

from __future__ import annotations

import random
import warnings
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.jit._recursive import concrete_type_store
from torch.jit._trace import _trace_module_map

import scriptkit
from scriptkit import ScriptableModule, traced
from scriptkit.runtime.compiled import compile

_C: Any = torch._C


class Stopped:
    """Raises at one of its calls; a class attribute, because copies of a module share nothing else."""

    at, calls = 0, 0
    error: type[BaseException] = KeyboardInterrupt

    @classmethod
    def count(cls) -> None:
        cls.calls += 1
        if cls.calls == cls.at:
            raise cls.error("stopped here")


class Interrupted(nn.Module):
    """Writes buffers, draws random numbers, and is stopped at one of the many runs a compile takes."""

    counted: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.fc, self.bn, self.drop = nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Dropout(0.2)
        self.register_buffer("counted", torch.zeros(1))
        self.inner = nn.Sequential(nn.Linear(4, 4), nn.Tanh())

    def forward(self, x: Tensor, **options: Any) -> Tensor:
        Stopped.count()
        self.counted += 1
        y: Tensor = self.inner(self.drop(self.bn(self.fc(x))))
        return y + random.random() * 0 + torch.rand(1) * 0


class Holds(ScriptableModule):
    def __init__(self, part: nn.Module) -> None:
        super().__init__()
        self.part = part

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.part(x)
        return y + 1

    def example_inputs(self) -> tuple[Any, ...]:
        return (torch.ones(3, 4),)


def everything(module: nn.Module) -> dict[str, Any]:
    """What may not change, as plain values."""
    store = {str(key): [id(one) for one in kept] for key, kept in concrete_type_store.type_store.items() if kept}
    return {
        "attributes": [sorted((k, id(v)) for k, v in vars(part).items()) for part in module.modules()],
        "hooks": [len(part._forward_hooks) for part in module.modules()],
        "flags": [part.training for part in module.modules()],
        "state": {name: tensor.tolist() for name, tensor in module.state_dict().items()},
        "gradients": [parameter.grad is None for parameter in module.parameters()],
        "random": (torch.get_rng_state().tolist(), random.getstate()),
        "filters": list(warnings.filters),
        "dtype": torch.get_default_dtype(),
        "grad": torch.is_grad_enabled(),
        "types": (store, sorted(id(one) for one in concrete_type_store.methods_compiled)),
        "tracing": (_C._get_tracing_state(), _trace_module_map, _C._jit_get_tracer_state_warn()),
        "executor": (_C._get_graph_executor_optimize(), _profiling_mode()),
        "modes": _C._len_torch_function_stack(),
    }


def _profiling_mode() -> bool:
    before: bool = _C._jit_set_profiling_mode(True)
    _C._jit_set_profiling_mode(before)
    return before


def run(module: nn.Module, wanted: dict[str, str]) -> None:
    compile(module, (torch.ones(3, 4),), modes=wanted)


@pytest.mark.parametrize("wanted", [{}, {"*": "trace"}, {"": "trace", "inner": "script"}], ids=["plan", "trace", "mix"])
@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
@pytest.mark.parametrize("at", [1, 2, 3, 5, 8, 13])
def test_nothing_is_left_of_a_compile_that_was_stopped(
    wanted: dict[str, str], error: type[BaseException], at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = Interrupted()
    monkeypatch.setattr(Stopped, "error", error)
    monkeypatch.setattr(Stopped, "calls", 0)
    monkeypatch.setattr(Stopped, "at", at)
    before = everything(module)
    try:
        run(module, wanted)
    except (error, scriptkit.ScriptkitError):
        after = everything(module)
        assert {key for key in before if before[key] != after[key]} == set()
    else:
        after = everything(module)
        assert {key for key in before if before[key] != after[key]} <= {"types"}  # it compiled all the same


@pytest.mark.parametrize("at", [1, 2, 4, 7])
def test_nothing_is_left_of_a_scriptable_module_that_was_stopped(at: int, monkeypatch: pytest.MonkeyPatch) -> None:
    module = traced(Interrupted())
    monkeypatch.setattr(Stopped, "calls", 0)
    monkeypatch.setattr(Stopped, "at", at)
    before = everything(module)
    with pytest.raises(KeyboardInterrupt):
        Holds(module)
    after = everything(module)
    assert {key for key in before if before[key] != after[key]} == set()


def test_a_successful_compile_changes_nothing_of_the_module_either() -> None:
    module = Interrupted()
    before = everything(module)
    run(module, {"*": "trace"})
    after = everything(module)
    assert {key for key in before if before[key] != after[key]} <= {"types"}


def test_the_file_of_a_stopped_save_stays_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "model.pt"
    path.write_bytes(b"older")
    compiled = compile(Interrupted().eval(), (torch.ones(3, 4),), modes={"*": "trace"})
    monkeypatch.setattr(Stopped, "calls", 0)
    monkeypatch.setattr(Stopped, "at", 1)
    with pytest.raises(KeyboardInterrupt):
        scriptkit.save(compiled, path, example_inputs=(torch.ones(3, 4),))
    assert path.read_bytes() == b"older"
