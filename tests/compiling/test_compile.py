"""`scriptkit.compile`: the best right way for each part, with a reason, and a module that stays a module."""

from __future__ import annotations

import copy
import inspect
import io
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import scriptkit
from scriptkit.compiling.plan.trees import to_torchscript
from scriptkit.engines.torchscript.programs import files
from scriptkit.live.comparison import compare
from scriptkit.live.copies import copy_tree
from scriptkit.live.marks import scripted, traced
from scriptkit.live.nested import flatten
from scriptkit.live.restoring import restored
from scriptkit.live.variations import Example, perturbations
from scriptkit.runtime.compiled import CompiledModule, compile
from scriptkit.runtime.reading import report
from tests.compiling import hazardous_models, safe_models


class Untyped(nn.Module):
    """No source the compiler takes: keyword arguments of any name."""

    def __init__(self) -> None:
        super().__init__()
        self.fc, self.bn = nn.Linear(4, 4), nn.BatchNorm1d(4)

    def forward(self, x: Tensor, **options: Any) -> Tensor:
        y: Tensor = self.bn(getattr(self, "fc")(x))  # noqa: B009
        return y


class Stepper(nn.Module):
    """Control flow only a script keeps."""

    def forward(self, x: Tensor) -> Tensor:
        for _ in range(x.size(0)):
            x = x * 0.5 if bool(x.sum() > 1) else x + 1
        return x


class Outer(nn.Module):
    """Unscriptable round a part that must be scripted."""

    def __init__(self) -> None:
        super().__init__()
        self.before, self.steps, self.after = Untyped(), Stepper(), nn.Linear(4, 2)

    def forward(self, x: Tensor, **options: Any) -> Tensor:
        y: Tensor = self.after(self.steps(self.before(x)))
        return y


class Chooses(nn.Module):
    """Scriptable control flow round a part that only traces."""

    def __init__(self) -> None:
        super().__init__()
        self.part, self.steps = Untyped(), Stepper()

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.part(x)
        if bool(y.sum() > 0):
            z: Tensor = self.steps(y)
            return z
        return -y


class Deep(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = Chooses()

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.inner(x)
        return y * 2 if x.size(0) > 3 else y


def reloaded(module: nn.Module) -> torch.jit.ScriptModule:
    return files.load_bytes(files.serialise(to_torchscript(module)), None)


def inputs(rows: int = 5, scale: float = 1.0) -> Tensor:
    return torch.linspace(-1, 1, rows * 4).reshape(rows, 4) * scale


def modes(module: nn.Module) -> dict[str, str]:
    return {row.path: row.mode for row in report(module).rows}


ROUND_TRACE = {"": "script", "part": "trace", "part.fc": "trace", "part.bn": "trace", "steps": "script"}
ROUND_SCRIPT = {
    "": "trace",
    "before": "lowered",
    "before.fc": "lowered",
    "before.bn": "lowered",
    "steps": "script",
    "after": "script",
}


@pytest.mark.parametrize(
    ("make", "wanted", "expected"),
    [
        (
            lambda: nn.Sequential(nn.Linear(4, 4), Stepper()),
            {},
            {"": "script", "0": "script", "1": "script"},
        ),
        (Untyped, {}, {"": "lowered", "fc": "lowered", "bn": "lowered"}),
        (Untyped, {"*": "trace"}, {"": "trace", "fc": "trace", "bn": "trace"}),
        (Chooses, {"part": "trace"}, ROUND_TRACE),
        (Outer, {"": "trace", "steps": "script"}, ROUND_SCRIPT),
        (
            Deep,
            {"inner.part": "trace"},
            {"": "script"} | {f"inner.{path}".rstrip("."): mode for path, mode in ROUND_TRACE.items()},
        ),
    ],
    ids=["script", "lowered", "trace", "script round trace", "trace round script", "three deep"],
)
def test_each_part_is_compiled_in_the_way_that_is_right(make: Any, wanted: Any, expected: dict[str, str]) -> None:
    module = make().eval()
    compiled = compile(module, (inputs(),), modes=wanted)
    assert modes(compiled) == expected
    assert all(row.reason for row in report(compiled).rows)
    loaded = reloaded(compiled)
    for x in (inputs(), inputs(3), inputs(8, -4.0), inputs(1, 9.0)):
        assert torch.allclose(compiled(x), module(x))
        assert torch.allclose(loaded(x), module(x))
    assert scriptkit.verify(compiled, (inputs(),)).passed


def test_marks_and_modes_override_the_choice() -> None:
    assert modes(compile(traced(nn.Linear(4, 2)), (inputs(),)))[""] == "trace"
    assert modes(compile(nn.Linear(4, 2), (inputs(),), modes={"*": "trace"}))[""] == "trace"
    mixed = compile(nn.Sequential(nn.Linear(4, 4), nn.ReLU()).eval(), (inputs(),), modes={"0": "trace"})
    assert modes(mixed) == {"": "script", "0": "trace", "1": "script"}
    with pytest.raises(scriptkit.CompilationError):
        compile(scripted(Untyped()), (inputs(),))
    with pytest.raises(ValueError, match="'script', 'lowered' and 'trace'"):
        compile(nn.Linear(4, 2), modes={"": "fast"})


@pytest.mark.parametrize("case", hazardous_models.CASES, ids=lambda case: case.make.__name__)
def test_a_hazard_traced_by_mark_is_refused(case: hazardous_models.HazardCase) -> None:
    with pytest.raises(scriptkit.TraceHazardError) as caught:
        compile(traced(case.make().eval()), case.inputs())
    assert case.kind in [diagnostic.name for diagnostic in caught.value.diagnostics]


@pytest.mark.parametrize("case", hazardous_models.CASES, ids=lambda case: case.make.__name__)
def test_a_hazard_left_to_the_plan_is_never_wrong(case: hazardous_models.HazardCase) -> None:
    """It keeps its control flow, or is refused; what runs equals eager on other inputs, or says that it cannot."""
    module = case.make().eval()
    try:
        compiled = compile(module, case.inputs())
    except (scriptkit.TraceHazardError, scriptkit.CompilationError):
        return
    assert modes(compiled)[""] in {"script", "lowered"}
    example = Example.of(case.inputs(), {})
    for change in perturbations(example):
        try:
            expected = copy_tree(module)(*change.args)
        except Exception:  # noqa: BLE001
            continue
        try:
            actual = reloaded(compiled)(*change.args)
        except (torch.jit.Error, RuntimeError):
            continue
        assert not compare(expected, restored(flatten(expected)[1], actual)), change.name


@pytest.mark.parametrize("case", safe_models.CASES, ids=lambda case: case.name)
def test_a_safe_module_traced_by_mark_is_right_also_after_loading(case: safe_models.SafeCase) -> None:
    module = case.make().eval()
    compiled = compile(traced(module), case.inputs())
    assert modes(compiled)[""] == "trace"
    reloaded(compiled)


def test_both_training_modes_are_traced_where_they_differ() -> None:
    torch.manual_seed(3)
    module = Untyped()
    twin = copy.deepcopy(module)
    compiled = compile(module, (inputs(),))
    for mode in (True, False, True):
        compiled.train(mode)
        twin.train(mode)
        for _ in range(2):
            assert torch.allclose(compiled(inputs()), twin(inputs()))
    assert torch.equal(module.bn.running_mean, twin.bn.running_mean)  # type: ignore[arg-type]
    loaded = reloaded(compiled.eval())
    assert torch.allclose(loaded.train()(inputs()), twin.train()(inputs()))


def test_a_module_compiled_for_evaluation_only_refuses_to_train() -> None:
    compiled = compile(Outer().eval(), (inputs(),), modes={"": "trace", "steps": "script"})
    with pytest.raises(scriptkit.ScriptkitError, match="evaluation only"):
        compiled.train()
    assert not compiled.training
    loaded = reloaded(compiled).train()
    with pytest.raises(torch.jit.Error, match="evaluation only"):
        loaded(inputs())


def test_training_a_compiled_module_trains_the_module_it_was_made_from() -> None:
    module = Untyped()
    compiled = compile(module, (inputs(),))
    assert compiled.state_dict().keys() == module.state_dict().keys()
    optimizer = torch.optim.SGD(compiled.parameters(), lr=0.1)
    before = compiled(inputs()).detach()
    compiled(inputs()).square().sum().backward()
    optimizer.step()
    assert module.fc.weight.grad is not None
    assert not torch.allclose(compiled(inputs()), before)


def test_exchanged_tensors_are_seen_and_other_dtypes_run_as_python() -> None:
    module = Untyped().eval()
    compiled = compile(traced(module), (inputs(),))
    module.fc.weight = nn.Parameter(torch.zeros(4, 4))
    assert torch.allclose(compiled(inputs()), module(inputs()))
    module.load_state_dict({k: torch.ones_like(v) for k, v in module.state_dict().items()}, assign=True)
    assert torch.allclose(compiled(inputs()), module(inputs()))
    compiled.double()
    with pytest.warns(scriptkit.ScriptkitEagerWarning, match=r"now torch\.float64"):
        result = compiled(inputs().double())
    assert torch.equal(result, module(inputs().double()))


def test_a_changed_attribute_runs_as_python_and_says_so() -> None:
    module = safe_models.Layers().eval()
    compiled = compile(traced(module), safe_models.rows())
    module.residual = False
    with pytest.warns(scriptkit.ScriptkitEagerWarning, match="residual"):
        result = compiled(*safe_models.rows())
    assert torch.equal(result, module(*safe_models.rows()))
    assert sum(report(compiled).eager_calls.values()) == 1


def test_without_examples_a_module_that_does_not_script_waits_for_its_first_call() -> None:
    module = Untyped().eval()
    compiled = compile(module)
    assert modes(compiled) == {"": "pending"}
    assert not scriptkit.is_compiled(compiled)
    with pytest.raises(scriptkit.CompilationError, match="example_inputs"):
        to_torchscript(compiled)
    assert torch.equal(compiled(inputs()), module(inputs()))
    assert modes(compiled)[""] == "lowered"
    assert scriptkit.is_compiled(compiled)


def test_a_refused_module_names_every_place() -> None:
    with pytest.raises(scriptkit.TraceHazardError) as caught:
        compile(hazardous_models.ToList(), (torch.ones(3),))
    assert "x.tolist()" in str(caught.value)


def test_the_switch_and_the_block_run_python() -> None:
    module = Untyped().eval()
    compiled = compile(module, (inputs(),))
    with scriptkit.eager():
        assert torch.equal(compiled(inputs()), module(inputs()))
    assert not report(compiled).eager_calls


def test_results_keep_their_types() -> None:
    compiled = compile(safe_models.Outputs(), safe_models.rows())
    result = compiled(*safe_models.rows())
    assert isinstance(result["detection"], safe_models.Detection)
    assert isinstance(compiled, CompiledModule)


def test_a_compiled_module_is_saved_with_its_parameters_and_checks() -> None:
    compiled = compile(safe_models.WithOptions(), (torch.ones(2, 8), 2.5))
    file = io.BytesIO()
    torch.jit.save(to_torchscript(compiled), file)
    file.seek(0)
    loaded = torch.jit.load(file)
    assert torch.equal(loaded(torch.ones(4, 8), scale=2.5), torch.full((4,), 20.0))
    with pytest.raises(torch.jit.Error, match=r"for scale = 2\.5"):
        loaded(torch.ones(4, 8), scale=1.0)


class RaisingValueError(nn.Module):
    def forward(self, x: Tensor, **_: object) -> Tensor:
        if x.shape[0] > 3:
            raise ValueError("too long")
        return x + 1


class Narrow(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x: Tensor, **_: object) -> Tensor:
        return self.fc(x)


def test_errors_of_compiled_code_arrive_as_python_errors_at_the_users_line() -> None:
    with pytest.raises(ValueError, match=r"^too long$") as refused:
        compile(RaisingValueError(), (torch.zeros(2, 4),))(torch.zeros(9, 4))
    assert refused.traceback[-1].path == Path(__file__)
    for mode in ("lowered", "trace"):
        with pytest.raises(RuntimeError, match=r"mat1 and mat2") as raised:
            compile(Narrow(), (torch.zeros(2, 4),), modes={"": mode})(torch.zeros(2, 5))
        assert "self.fc(x)" in str(raised.traceback[-2])


def test_the_manifest_tells_what_a_trace_takes_for_granted_and_which_sizes_are_fixed() -> None:
    compiled = compile(
        traced(hazardous_models.Ceil()), (torch.arange(5.0),), allow_baked={"baked-shape": "always five long"}
    )
    assert compiled.fixed_dimensions == {}  # the trace checks the size itself
    layer = compile(
        traced(safe_models.Wrapped(nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)).eval()),
        safe_models.sequence(),
    )
    for module, args, words in (
        (compiled, (torch.arange(5.0),), "always five long"),
        (layer, safe_models.sequence(), "dimensions"),
    ):
        file = io.BytesIO()
        scriptkit.save(module, file, example_inputs=args)
        file.seek(0)
        manifest = scriptkit.load(file).manifest
        assert any(words in text for text in manifest.trace_assumptions), manifest.trace_assumptions
        assert manifest.submodules[0].mode == "trace"


class Windows(nn.Module):
    """Takes one size only, and does not say so."""

    def forward(self, x: Tensor, **options: Any) -> Tensor:
        return x.reshape(2, 3, x.untyped_storage().nbytes() // 24)


def test_a_dimension_that_is_fixed_stands_in_the_manifest() -> None:
    compiled = compile(
        traced(Windows()), (torch.ones(6, 4),), allow_baked={"baked-shape": "six", "trace-differs": "six rows of four"}
    )
    assert compiled.fixed_dimensions == {"x": [0, 1]}
    file = io.BytesIO()
    scriptkit.save(compiled, file, example_inputs=(torch.ones(6, 4),))
    file.seek(0)
    example = scriptkit.load(file).manifest.method("forward").parameters[0].example
    assert example is not None
    assert example.fixed_dimensions == [0, 1]  # type: ignore[union-attr]


class GrowsItsArgument(nn.Module):
    def forward(self, xs):  # type: ignore[no-untyped-def]
        xs.append(xs[0] + 1)
        return xs


class GrowsItsArgumentByAPart(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(2, 2)

    def forward(self, xs):  # type: ignore[no-untyped-def]
        xs.append(self.fc(xs[0]))
        return xs


@pytest.mark.parametrize("cls", [GrowsItsArgument, GrowsItsArgumentByAPart])
def test_a_refused_trace_says_what_stood_in_the_way_of_the_better_forms(cls: type[nn.Module]) -> None:
    with pytest.raises(scriptkit.TraceHazardError) as caught:
        compile(cls(), ([torch.ones(2)],))
    assert "the module does not script (" in caught.value.headline
    assert "is not lowered (" in caught.value.headline
    assert "nor round its parts" not in caught.value.headline


class KeepsModulesInAList(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = [nn.Linear(2, 2)]

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = layer(x)
        return x


def test_what_no_form_takes_is_refused_with_the_line_of_the_user() -> None:
    with pytest.raises(scriptkit.CompilationError, match=r"script \(.*`self.layers` is a Python list") as caught:
        compile(KeepsModulesInAList(), (torch.ones(1, 2),))
    lines = {diagnostic.line for diagnostic in caught.value.diagnostics if diagnostic.path == __file__}
    assert lines == {inspect.getsourcelines(KeepsModulesInAList)[1] + 3}
