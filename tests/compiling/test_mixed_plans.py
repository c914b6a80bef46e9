"""A lowered parent round submodules that have a compiled form of their own: traced, scripted, or compiled before."""

from __future__ import annotations

import copy
import io
import linecache
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, NamedTuple

import pytest
import torch
from torch import Tensor, nn

import scriptkit
from scriptkit.compiling.lowering import LoweringError
from scriptkit.live.comparison import compare
from scriptkit.live.marks import scripted, traced
from scriptkit.runtime.compiled import CompiledModule
from scriptkit.runtime.reading import report


class Pair(NamedTuple):
    y: Tensor
    total: Tensor


class OnlyTraces(nn.Module):
    """Neither the compiler nor the evaluator takes `vmap`."""

    def __init__(self) -> None:
        super().__init__()
        self.fc, self.drop, self.scale = nn.Linear(4, 4), nn.Dropout(0.5), 2.0
        self.register_buffer("calls", torch.zeros(()))
        self.calls: Tensor

    def forward(self, x: Tensor, by: float = 1.0, **_: Any) -> dict[str, Any]:
        self.calls += 1
        y: Tensor = torch.func.vmap(torch.neg)(self.drop(self.fc(x))) * self.scale * by
        return {"y": y, "more": Pair(y, y.sum()), "name": "head"}


class OnlyInEvaluation(nn.Module):
    """In training a trace would bake in a size."""

    def forward(self, x: Tensor, **more: Any) -> Tensor:
        y: Tensor = torch.func.vmap(torch.neg)(x)
        if self.training:
            for _ in range(x.size(0)):
                y = y + 1
        return y


class Counting(nn.Module):
    """Scripts, with an attribute that a loop writes; that is not lowered."""

    def __init__(self) -> None:
        super().__init__()
        self.fc, self.count = nn.Linear(4, 4), 0

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        for _ in range(min(x.size(0), 1)):
            self.count = self.count + 1
        y: Tensor = self.fc(x) * self.count
        return y, y.sum()


class Repeating(nn.Module):
    """Takes a number that a trace would keep."""

    def forward(self, x: Tensor, n: int, **_: Any) -> Tensor:
        return torch.func.vmap(torch.neg)(x) * n


class Steps(nn.Module):
    """Control flow that only a program keeps, round some head."""

    def __init__(self, head: nn.Module) -> None:
        super().__init__()
        self.first, self.head = nn.Linear(4, 4), head

    def forward(self, x: Tensor, **_: Any) -> Tensor:
        x = self.first(x)
        for i in range(x.size(0)):
            if bool(x[i].sum() > 0):
                x = x + i
        y: Tensor = self.finish(x)
        return y * 3 if self.training else y

    def finish(self, x: Tensor) -> Tensor:
        found = self.head(x, by=0.5)
        y: Tensor = found["y"] + found["more"].total
        return y if found["name"] == "head" else -y


class Plainly(Steps):
    """The same round a head that gives a tensor."""

    def finish(self, x: Tensor) -> Tensor:
        y: Tensor = self.head(x)
        return y + 1


class First(Steps):
    """The same round a head that gives a tuple."""

    def finish(self, x: Tensor) -> Tensor:
        found: tuple[Tensor, Tensor] = self.head(x)
        return found[0] + found[1]


class Sized(Steps):
    """The same round a head that takes a size."""

    def finish(self, x: Tensor) -> Tensor:
        y: Tensor = self.head(x, x.size(0))
        return y


def rows(n: int, scale: float = 1.0) -> Tensor:
    return torch.linspace(-1, 1, n * 4).reshape(n, 4) * scale


def modes(module: nn.Module) -> dict[str, str]:
    return {row.path: row.mode for row in report(module).rows}


def pair(model: nn.Module, **options: Any) -> tuple[nn.Module, CompiledModule]:
    torch.manual_seed(0)
    model.eval()
    return copy.deepcopy(model), scriptkit.compile(model, (rows(3),), **options)


def assert_same(eager: nn.Module, compiled: nn.Module) -> None:
    for x in (rows(3), rows(1), rows(5, -3.0), rows(2, 10.0)):
        results = []
        for module in (eager, compiled):
            torch.manual_seed(1)
            results.append(module(x))
        assert not compare(*results)
    assert not compare(dict(eager.state_dict()), dict(compiled.state_dict()))


MIXED = {"": "lowered", "first": "lowered", "head": "trace", "head.fc": "trace", "head.drop": "trace"}


def test_what_cannot_be_lowered_is_traced_inside_a_lowered_parent() -> None:
    eager, compiled = pair(Steps(OnlyTraces()))
    assert modes(compiled) == MIXED
    reasons = {row.path: row.reason for row in report(compiled).rows}
    assert "is lowered round `head`" in reasons[""]
    assert "is not lowered (" in reasons["head"]
    assert "self.head(" in compiled.code
    assert_same(eager, compiled)
    assert not compiled.eager_calls


def test_both_can_be_trained_and_gradients_flow_through_both() -> None:
    eager, compiled = pair(Steps(OnlyTraces()))
    for training in (True, False):
        found = []
        for module in (eager, compiled):
            module.train(training)
            torch.manual_seed(2)
            x = rows(4).requires_grad_()
            module.zero_grad()
            module(x).square().sum().backward()
            found.append([x.grad, *(parameter.grad for parameter in module.parameters())])
        assert not compare(found[0], found[1])
        assert_same(eager, compiled)
    assert not compiled.eager_calls


def test_a_trace_for_evaluation_only_makes_the_whole_so() -> None:
    eager, compiled = pair(Plainly(OnlyInEvaluation()))
    assert modes(compiled) == {"": "lowered", "first": "lowered", "head": "trace"}
    assert_same(eager, compiled)
    assert "head" in compiled.eval_only
    with pytest.raises(scriptkit.ScriptkitError, match="evaluation only"):
        compiled.train()
    loaded = torch.jit.load(saved(compiled))
    loaded.train()
    with pytest.raises(torch.jit.Error, match="traced for evaluation only"):
        loaded(rows(3))


def saved(compiled: nn.Module) -> io.BytesIO:
    file = io.BytesIO()
    scriptkit.save(compiled, file, example_inputs=(rows(3),))
    file.seek(0)
    return file


def test_a_file_holds_both_and_its_manifest_says_which() -> None:
    eager, compiled = pair(Steps(OnlyTraces()))
    loaded = scriptkit.load(saved(compiled))
    for training in (False, True):
        loaded.module.train(training)
        eager.train(training)
        for x in (rows(3), rows(6), rows(1, 4.0)):
            results = []
            for module in (eager, loaded):
                torch.manual_seed(1)
                results.append(module(x))
            assert not compare(*results)
    assert any("head" in assumption for assumption in loaded.manifest.trace_assumptions)


def changed_scale(model: Any) -> None:
    model.head.scale = 5.0


def changed_weight(model: Any) -> None:
    model.head.fc.weight = nn.Parameter(torch.eye(4))


def changed_in_place(model: Any) -> None:
    with torch.no_grad():
        model.head.fc.weight.mul_(2)


def another_head(model: Any) -> None:
    torch.manual_seed(3)
    model.head = OnlyTraces().eval()


def another_head_that_is_lowered(model: Any) -> None:
    model.head = Named()


def double(model: Any) -> None:
    model.double()


class Named(nn.Module):
    def forward(self, x: Tensor, **_: Any) -> dict[str, Any]:
        return {"y": -x, "more": Pair(x, x.sum()), "name": "other"}


@pytest.mark.parametrize(
    "change",
    [changed_scale, changed_weight, changed_in_place, another_head, another_head_that_is_lowered, double],
)
def test_the_part_may_change(change: Any) -> None:
    eager, compiled = pair(Steps(OnlyTraces()))
    assert_same(eager, compiled)
    change(eager)
    change(compiled.inner)
    for n in (3, 5):
        x = rows(n).to(next(eager.parameters()).dtype)
        assert not compare(eager(x), compiled(x))
    assert not compiled.eager_calls


def test_a_hook_on_the_part_runs_the_python_code() -> None:
    eager, compiled = pair(Steps(OnlyTraces()))
    for module in (eager, compiled.inner):
        module.get_submodule("head.fc").register_forward_hook(lambda _, __, y: y + 1)
    with pytest.warns(scriptkit.ScriptkitEagerWarning, match="hooks"):
        assert_same(eager, compiled)


@pytest.mark.parametrize("options", [{}, {"modes": {"head": "trace"}}])
def test_a_number_known_at_run_time_is_never_kept_by_the_trace(options: dict[str, Any]) -> None:
    model = Sized(Repeating())
    try:
        eager, compiled = pair(model, **options)
    except scriptkit.ScriptkitError:
        return
    for n in (3, 1, 6):
        try:
            found = compiled(rows(n))
        except (ValueError, RuntimeError):
            continue
        assert torch.equal(found, eager(rows(n)))


@pytest.mark.parametrize("options", [{"modes": {"head": "trace"}}, {"modes": {"": "lowered", "head": "trace"}}, {}])
def test_a_part_that_is_marked_as_traced_is_called_by_the_lowered_parent(options: dict[str, Any]) -> None:
    head = OnlyTraces() if options else traced(OnlyTraces(), example_inputs=(rows(2),), example_kwargs={"by": 0.5})
    eager, compiled = pair(Steps(head), **options)
    assert modes(compiled) == MIXED
    assert_same(eager, compiled)


def test_a_part_that_scripts_and_is_not_lowered_keeps_its_state() -> None:
    eager, compiled = pair(First(Counting()))
    assert modes(compiled) == {"": "lowered", "first": "lowered", "head": "script", "head.fc": "script"}
    assert_same(eager, compiled)
    assert eager.get_submodule("head").count == compiled.inner.get_submodule("head").count == 4
    eager, compiled = pair(First(scripted(Counting())))
    assert modes(compiled)["head"] == "script"
    assert_same(eager, compiled)


def test_a_part_that_is_compiled_already_is_called_as_it_is() -> None:
    inner = torch.jit.trace(nn.Linear(4, 4), rows(3))
    _, compiled = pair(Plainly(inner))
    assert modes(compiled)[""] == "lowered"
    for n in (3, 5):
        assert torch.equal(compiled(rows(n)), compiled.inner(rows(n)))


class Mapped(OrderedDict[str, Tensor]):
    """A mapping with attributes, as the outputs of transformers are."""

    def __getattr__(self, name: str) -> Tensor:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


@dataclass
class Sizes:
    y: Tensor
    rows: int


class Cache:
    def __init__(self, y: Tensor) -> None:
        self.kept = [y]


class Gives(nn.Module):
    """Gives what is asked for, of something only a trace takes."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.fc, self.kind = nn.Linear(4, 4), kind

    def forward(self, x: Tensor, **_: Any) -> Any:
        y = torch.func.vmap(torch.neg)(self.fc(x))
        if self.kind == "argument written":
            return y + x.mul_(2)
        made = {
            "number": (y, y.size(0)),
            "list": [y, y + 1],
            "mapping": Mapped(a=y, b=y + 1),
            "dataclass": Sizes(y, y.size(0)),
            "object": Cache(y),
            "none": (y, None),
            "nested": ((y, {"q": [y, (y,)]}),),
            "argument itself": x,
        }
        return made[self.kind]


class Takes(Steps):
    """Takes what such a head gives."""

    def __init__(self, kind: str) -> None:
        super().__init__(Gives(kind))
        self.kind = kind

    def finish(self, x: Tensor) -> Tensor:
        y: Tensor = getattr(self, self.kind.replace(" ", "_"))(self.head(x), x)
        return y

    def number(self, found: Any, _: Tensor) -> Any:
        return found[0] * found[1]

    def list(self, found: Any, _: Tensor) -> Any:
        return found[0] + found[1] * len(found)

    def mapping(self, found: Any, _: Tensor) -> Any:
        return found.a + found["b"]

    def dataclass(self, found: Any, _: Tensor) -> Any:
        return found.y * found.rows

    def object(self, found: Any, _: Tensor) -> Any:
        return found.kept[0]

    def none(self, found: Any, _: Tensor) -> Any:
        return found[0] if found[1] is None else found[1]

    def nested(self, found: Any, _: Tensor) -> Any:
        return found[0][1]["q"][1][0]

    def argument_written(self, found: Any, x: Tensor) -> Any:
        return found + x

    def argument_itself(self, found: Any, x: Tensor) -> Any:
        return found.mul_(3) + x


KINDS = [name.replace("_", " ") for name in vars(Takes) if not name.startswith("__") and name != "finish"]


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_traced_part_gives_has_the_type_the_parent_knows(kind: str) -> None:
    eager, compiled = pair(Takes(kind))
    assert modes(compiled) == {"": "lowered", "first": "lowered", "head": "trace", "head.fc": "trace"}
    assert_same(eager, compiled)
    assert not compiled.eager_calls


class Owner(scriptkit.ScriptableModule):
    """Somebody's own module round a foreign one."""

    def __init__(self, foreign: nn.Module) -> None:
        super().__init__()
        self.foreign = foreign

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.foreign(x)
        return y * 2

    def example_inputs(self) -> tuple[Tensor]:
        return (rows(3),)


def test_a_mixed_part_of_a_scriptable_module() -> None:
    torch.manual_seed(0)
    foreign = Steps(OnlyTraces()).eval()
    plain = copy.deepcopy(foreign)
    owner = Owner(foreign).eval()
    found = modes(owner)
    assert (found[""], found["foreign"], found["foreign.head"]) == ("script", "lowered", "trace")
    for x in (rows(3), rows(7), rows(1)):
        assert torch.equal(owner(x), plain(x) * 2)
    for model in (foreign, plain):
        changed_scale(model)
    assert torch.equal(owner(rows(5)), plain(rows(5)) * 2)


class Stacks(nn.Module):
    def forward(self, parts: list[Tensor]) -> Tensor:
        return torch.stack(parts).sum(0)


class GivesAList(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.head = Stacks()

    def forward(self, x: Tensor, **_: Any) -> Tensor:
        y: Tensor = self.head([x, x * 2])
        return y


class OwnCall(nn.Module):
    def __call__(self, x: Tensor) -> Any:
        return super().__call__(x) + 1

    def forward(self, x: Tensor) -> Tensor:
        return x * 2


class CallsOwn(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.head = OwnCall()

    def forward(self, x: Tensor, **_: Any) -> Tensor:
        y: Tensor = self.head(x)
        return y


@pytest.mark.parametrize(
    ("cls", "mode", "line", "words"),
    [
        (GivesAList, "script", "self.head(", "a `list` is passed to `head`, which is compiled by itself"),
        (CallsOwn, "trace", "super().__call__(", "`OwnCall` has a `__call__` of its own"),
    ],
)
def test_a_part_that_cannot_be_called_as_it_is_is_refused_with_the_line(
    cls: type[nn.Module], mode: str, line: str, words: str
) -> None:
    with pytest.raises(LoweringError) as caught:
        scriptkit.compile(cls().eval(), (rows(2),), modes={"": "lowered", "head": mode})
    [found] = caught.value.diagnostics
    assert found.message == words
    assert line in linecache.getline(found.path, found.line)
