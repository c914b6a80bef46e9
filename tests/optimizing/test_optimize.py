"""`optimize` keeps a program only where it is equal and wins, a file runs as it does, and the module is left alone."""

from __future__ import annotations

import io
import itertools
import json
import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import torch
from torch import Tensor, nn

import scriptkit
from scriptkit import OptimizedModule, ScriptableModule
from scriptkit.cpp.project import new_cpp_project
from scriptkit.engines.torchscript.engine import making
from scriptkit.optimizing import candidates, contest, optimize
from tests.optimizing.models import Block, Counter, Image, Training

if TYPE_CHECKING:
    from collections.abc import Callable

NAMES = [one.name for one in candidates.CANDIDATES]


@pytest.fixture(autouse=True)
def few_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """What wins is none of these tests' business, except where they say so."""
    monkeypatch.setattr(contest, "HEATS", 2)
    monkeypatch.setattr(contest, "FINAL", 2)


@pytest.fixture
def winning(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Let a candidate win, if it is equal."""

    def choose(name: str) -> None:
        chosen = tuple(one for one in candidates.CANDIDATES if one.name in {"script", name})
        monkeypatch.setattr(optimize, "CANDIDATES", chosen)
        monkeypatch.setattr(optimize, "winner", lambda contenders, tell: len(contenders) - 1)

    return choose


def as_python(module: nn.Module, *args: Any) -> Any:
    with scriptkit.eager(), torch.no_grad():
        return module(*args)


def test_every_candidate_has_a_row_and_the_fastest_equal_one_runs() -> None:
    block, x = Block().eval(), torch.rand(2, 3, 16, 16)
    optimized = scriptkit.optimize(block, (x,))
    assert isinstance(optimized, OptimizedModule)
    assert [row.name for row in optimized.table] == NAMES
    assert [row.name for row in optimized.table if row.chosen] == [optimized.variant]
    assert all(row.equal or row.reason for row in optimized.table)
    assert optimized.table["script"].ratio == 1.0
    torch.testing.assert_close(optimized(x), as_python(block, x))
    torch.testing.assert_close(optimized.doubled(x), as_python(block, x) * 2)  # type: ignore[attr-defined]
    assert repr(optimized) == f"OptimizedModule(Block: {optimized.variant})"
    assert optimized.variant in str(optimized.table)
    assert {row["name"] for row in json.loads(optimized.table.as_json())} == set(NAMES)
    assert len(optimized.table) == len(NAMES)
    with pytest.raises(KeyError):
        _ = optimized.table["nothing"]


@pytest.mark.parametrize("name", NAMES)
def test_a_file_of_each_variant_runs_as_it_does(name: str, winning: Callable[[str], None], tmp_path: Path) -> None:
    winning(name)
    block, x = Block().eval(), torch.rand(2, 3, 16, 16)
    optimized = scriptkit.optimize(block, (x,))
    assert optimized.variant == name
    optimized.save(tmp_path / "block.pt", metadata={"made": "here"})
    loaded = scriptkit.load(tmp_path / "block.pt")
    assert loaded.manifest.optimization is not None
    assert loaded.manifest.optimization.variant == name
    assert tuple(loaded.manifest.optimization.switches) == optimized.switches
    for size, _ in itertools.product((16, 9), range(4)):
        image = torch.rand(2, 3, size, size)
        torch.testing.assert_close(loaded(image), as_python(block, image))
        torch.testing.assert_close(optimized.forward(image), as_python(block, image))
    torch.testing.assert_close(loaded.doubled(x), as_python(block, x) * 2)
    assert loaded.eval() is loaded
    if name != "script":
        with pytest.raises(scriptkit.ArtifactError, match="cannot be trained"):
            loaded.train()
        with pytest.raises(scriptkit.ArtifactError, match="map_location"):
            loaded.to("cpu")


def test_the_same_program_gives_the_same_file(winning: Callable[[str], None]) -> None:
    winning("fold")
    block = Block().eval()
    written = []
    for _ in range(2):
        stream = io.BytesIO()
        scriptkit.optimize(block, (torch.ones(1, 3, 8, 8),)).save(stream)
        written.append(stream.getvalue())
    assert written[0] == written[1]


def test_no_fusion_is_left_switched_on(winning: Callable[[str], None]) -> None:
    """It is a switch of the process, and some programs of torch's cannot run fused."""
    if making.why_no_onednn():
        pytest.skip(making.why_no_onednn())
    winning("onednn")
    block, x = Block().eval(), torch.rand(1, 3, 8, 8)
    stream = io.BytesIO()
    scriptkit.optimize(block, (x,)).save(stream)
    loaded = scriptkit.load(io.BytesIO(stream.getvalue()))
    for _ in range(5):
        loaded(x)
    assert not torch._C._jit_llga_enabled()


def test_the_module_is_left_as_it_was_and_its_state_is_that_of_the_program() -> None:
    counter, x = Counter(), torch.rand(2, 4)
    optimized = scriptkit.optimize(counter, (x,))
    assert counter.calls == 0
    assert float(counter.total) == 0
    assert counter.training
    for _ in range(2):
        torch.testing.assert_close(optimized(x), as_python(counter, x))


def test_what_is_optimised_is_the_module_in_evaluation() -> None:
    optimized = scriptkit.optimize(Training(), (torch.ones(2),))
    assert optimized(torch.ones(2)).tolist() == [3.0, 3.0]
    assert optimized.eval() is optimized
    assert optimized.train(mode=False) is optimized
    with pytest.raises(scriptkit.ScriptkitError, match="train the module it was made from"):
        optimized.train()


def test_a_result_in_another_layout_is_no_equal_one() -> None:
    """Who reads a result by its address would get other numbers."""
    x = torch.rand(2, 3, 8, 8)
    optimized = scriptkit.optimize(scriptkit.compile(Image().eval(), (x,)), (x,))
    row = optimized.table["channels_last"]
    assert row.equal is False
    assert "memory of output 0" in row.reason


def test_a_candidate_without_anything_to_do_says_so() -> None:
    optimized = scriptkit.optimize(scriptkit.compile(nn.Linear(3, 3), (torch.rand(1, 3),)), (torch.rand(1, 3),))
    assert optimized.table["channels_last"].reason == "no weight has four dimensions"


def test_a_wrong_candidate_is_told_and_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(program: Any, methods: Any) -> Any:
        return scriptkit.to_torchscript(scriptkit.compile(Twice(), (torch.ones(2),)))

    def impossible(program: Any, methods: Any) -> Any:
        raise RuntimeError("torch has a bad day\nand more to say")

    made = (
        candidates.PLAIN,
        candidates.Candidate("wrong", "another program", wrong),
        candidates.Candidate("impossible", "none", impossible),
    )
    monkeypatch.setattr(optimize, "CANDIDATES", made)
    optimized = scriptkit.optimize(scriptkit.compile(Thrice(), (torch.ones(2),)), (torch.ones(2),))
    assert optimized.variant == "script"
    assert optimized.table["wrong"].equal is False
    assert "2 of 2 elements differ" in optimized.table["wrong"].reason
    assert optimized.table["impossible"].reason == "torch cannot make it: RuntimeError: torch has a bad day"


class Twice(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x * 2


class Thrice(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x * 3


DRAWN = itertools.count()


def test_where_eager_runs_differ_nothing_is_compared_and_plain_script_stays() -> None:
    optimized = scriptkit.optimize(Clock(), (torch.ones(2),))
    assert optimized.variant == "script"
    assert all(row.equal is None for row in optimized.table)
    assert "two eager runs differ from one another" in optimized.table["freeze"].reason


class Clock(ScriptableModule):
    """Python that is another at each call, and a program that is not."""

    def forward(self, x: Tensor) -> Tensor:
        if torch.jit.is_scripting():  # type: ignore[attr-defined]
            return x
        return x + next(DRAWN)


def test_what_the_module_raises_is_raised() -> None:
    with pytest.raises(RuntimeError, match="shapes"):
        scriptkit.optimize(Counter(), (torch.rand(2, 7),))


def test_files_and_loaded_models_are_optimised_with_what_they_were_saved_with(
    winning: Callable[[str], None], tmp_path: Path
) -> None:
    winning("freeze")
    block = Block().eval()
    x = torch.rand(2, 3, 8, 8)
    scriptkit.save(block, tmp_path / "block.pt", example_inputs=(x,))
    for given in (tmp_path / "block.pt", str(tmp_path / "block.pt"), scriptkit.load(tmp_path / "block.pt")):
        optimized = scriptkit.optimize(given)
        torch.testing.assert_close(optimized(x), as_python(block, x))
    optimized.save(tmp_path / "faster.pt")
    before, after = (scriptkit.load(tmp_path / name).manifest for name in ("block.pt", "faster.pt"))
    assert (after.class_name, after.submodules) == (before.class_name, before.submodules)


def test_without_inputs_those_of_the_class_are_used_or_it_is_said(winning: Callable[[str], None]) -> None:
    winning("freeze")
    assert scriptkit.optimize(Block()).table["script"].equal
    with pytest.raises(ValueError, match="nothing says with what: pass `example_inputs`"):
        scriptkit.optimize(Counter())
    with pytest.raises(TypeError, match=r"write `\(x,\)`"):
        scriptkit.optimize(Counter(), torch.rand(2, 4))  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="not a int"):
        scriptkit.optimize(3)  # type: ignore[arg-type]


def test_a_pending_module_is_refused_in_words() -> None:
    class Foreign(nn.Module):
        def forward(self, x: Tensor, **options: Any) -> Tensor:
            return x * 2

    with pytest.raises(scriptkit.ScriptkitError, match="call it once, or compile it with `example_inputs`"):
        scriptkit.optimize(scriptkit.compile(Foreign()), (torch.rand(2),))


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.pt").write_bytes(b"hello")
    with pytest.raises(scriptkit.ArtifactError, match="no TorchScript file"):
        scriptkit.optimize(tmp_path / "model.pt", (torch.rand(1),))


def test_tolerances_are_the_users(winning: Callable[[str], None]) -> None:
    winning("fold")
    block, x = Block().eval(), torch.rand(2, 3, 16, 16)
    strict = scriptkit.optimize(block, (x,), rtol=0.0, atol=0.0)
    assert strict.variant == "script" or strict.table["fold"].equal
    assert scriptkit.optimize(block, (x,), rtol=0.1, atol=0.1).table["fold"].equal


class Pair(ScriptableModule):
    """Several results, one of them of integers."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x: Tensor, n: Tensor) -> tuple[Tensor, Tensor]:
        return self.fc(x), n + 1


@pytest.mark.parametrize("single", [True, False])
def test_bfloat16_is_tried_where_a_tolerance_says_how_far_it_may_be(
    single: bool, winning: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    winning("script")
    monkeypatch.setattr(optimize, "winner", lambda contenders, tell: len(contenders) - 1)
    module, given = (
        (Block().eval(), (torch.rand(1, 3, 8, 8),)) if single else (Pair(), (torch.rand(2, 4), torch.arange(3)))
    )
    with pytest.raises(ValueError, match="how far apart results may be"):
        scriptkit.optimize(module, given, bfloat16=True)
    optimized = scriptkit.optimize(module, given, bfloat16=True, rtol=0.1, atol=0.1)
    assert optimized.variant == "bfloat16"
    torch.testing.assert_close(optimized(*given), as_python(module, *given), rtol=0.1, atol=0.1)
    assert not torch.equal(flat(optimized(*given))[0], flat(as_python(module, *given))[0])
    stream = io.BytesIO()
    optimized.save(stream)
    loaded = scriptkit.load(io.BytesIO(stream.getvalue()))
    torch.testing.assert_close(loaded(*given), as_python(module, *given), rtol=0.1, atol=0.1)


def flat(value: Any) -> list[Tensor]:
    return [value] if isinstance(value, Tensor) else list(value)


def test_a_file_that_asks_for_what_nobody_knows_runs_without_it(
    winning: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    winning("onednn")
    named = candidates.Candidate("onednn", "", candidates.CANDIDATES[1].make, switches=("tomorrow",))
    monkeypatch.setattr(optimize, "CANDIDATES", (candidates.PLAIN, named))
    stream = io.BytesIO()
    scriptkit.optimize(Block().eval()).save(stream)
    with pytest.warns(scriptkit.ScriptkitWarning, match="does not know `tomorrow`"):
        scriptkit.load(io.BytesIO(stream.getvalue()))


def test_without_onednn_its_candidates_say_so_and_files_warn(
    winning: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    winning("onednn")
    block, x = Block().eval(), torch.rand(1, 3, 8, 8)
    stream = io.BytesIO()
    scriptkit.optimize(block, (x,)).save(stream)
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: False)
    assert scriptkit.optimize(block, (x,)).table["onednn"].reason == "this build of torch has no oneDNN"
    with pytest.warns(scriptkit.ScriptkitWarning, match="no oneDNN: the model runs without it"):
        loaded = scriptkit.load(io.BytesIO(stream.getvalue()))
    torch.testing.assert_close(loaded(x), as_python(block, x))


@pytest.mark.parametrize(
    ("name", "expected"), [("onednn", "RegisterLlgaFuseGraph"), ("optimize_for_inference", "doubled")]
)
def test_the_cpp_project_switches_on_what_the_file_asks_for(
    name: str, expected: str, winning: Callable[[str], None], tmp_path: Path
) -> None:
    winning(name)
    scriptkit.optimize(Block().eval()).save(tmp_path / "block.pt")
    new_cpp_project(tmp_path / "block.pt", tmp_path / "project")
    header = (tmp_path / "project" / "block.hpp").read_text()
    assert expected in header.partition("torch::jit::Module module_;")[0].partition("static torch")[2]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scriptkit.save(Block().eval(), tmp_path / "plain.pt")
    new_cpp_project(tmp_path / "plain.pt", tmp_path / "plain")
    assert "Llga" not in (tmp_path / "plain" / "block.hpp").read_text()


def test_a_kept_folder_of_files_is_not_touched(winning: Callable[[str], None], tmp_path: Path) -> None:
    winning("freeze")
    target = tmp_path / "block.pt"
    target.write_bytes(b"old")
    optimized = scriptkit.optimize(Block().eval())
    with pytest.raises(scriptkit.ArtifactError):
        optimized.save(os.fspath(tmp_path / "missing" / "block.pt"))
    assert target.read_bytes() == b"old"
