"""`export_program`: the same results, told limits, and errors in words."""

from __future__ import annotations

import contextlib
import copy
import logging
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

import scriptkit
from scriptkit.live.comparison import compare
from tests.exporting import models


def assert_equal(exported: Any, module: nn.Module, *args: Any, **kwargs: Any) -> None:
    with scriptkit.eager():
        expected = copy.deepcopy(module)(*args, **kwargs)
    assert compare(expected, exported(*args, **kwargs)) == []


def test_an_exported_module_gives_the_same_for_every_size_of_the_batch() -> None:
    net = models.Normed().eval()
    exported = scriptkit.export_program(net, (torch.randn(3, 4),))
    for batch in (1, 2, 7):
        assert_equal(exported, net, torch.randn(batch, 4))
    assert isinstance(exported.program(), torch.export.ExportedProgram)


def test_the_module_itself_is_left_alone() -> None:
    net = models.Normed().eval()
    before = copy.deepcopy(net.state_dict())
    exported = scriptkit.export_program(net, (torch.randn(3, 4),))
    exported(torch.randn(3, 4))
    assert compare(before, net.state_dict()) == []
    assert int(exported.steps) == 1


def test_methods_share_their_tensors() -> None:
    net = models.Normed().eval()
    exported = scriptkit.export_program(net, (torch.randn(3, 4),))
    assert exported.methods == ("forward", "encode", "reset")
    exported(torch.randn(2, 4))
    exported(torch.randn(2, 4))
    assert int(exported.steps) == 2
    exported.reset()
    assert int(exported.steps) == 0
    x = torch.randn(2, 4)
    assert compare(net.encode(x), exported.encode(x)) == []


def test_training_gives_the_same_gradients_and_running_statistics() -> None:
    net = models.Normed().train()
    exported = scriptkit.export_program(net, (torch.randn(3, 4),))
    x = torch.randn(5, 4)
    with scriptkit.eager():
        net(x).sum().backward()
    exported(x).sum().backward()
    assert compare(dict(net.named_buffers()), dict(exported.named_buffers())) == []
    ours, theirs = dict(net.named_parameters()), dict(exported.named_parameters())
    assert ours.keys() == theirs.keys()
    assert compare({k: p.grad for k, p in ours.items()}, {k: p.grad for k, p in theirs.items()}) == []


def test_the_other_mode_is_exported_when_it_is_needed() -> None:
    net = models.Normed().train()
    exported = scriptkit.export_program(net, (torch.randn(3, 4),))
    exported.eval()
    assert_equal(exported, net.eval(), torch.randn(2, 4))
    exported.train()
    assert_equal(exported, net.train(), torch.randn(6, 4))


def test_dimensions_say_what_is_free_and_which_line_fixes_the_others() -> None:
    exported = scriptkit.export_program(models.Sized(), (torch.randn(3, 4), torch.randn(3, 7), 5))
    rows = {(row.input, row.index): row for row in exported.dimensions}
    assert rows["x", 0].kind == "range"
    assert "models.py" in rows["x", 0].reason
    assert rows["x", 1].kind == "free"
    assert rows["y", 0].kind == "equal"
    assert rows["y", 1].kind == "fixed"
    assert "the loop at models.py" in rows["y", 1].reason
    with pytest.raises(scriptkit.ExportError, match=r"dimension 1 of 'y' is fixed at 7, and was 6: the loop at models"):
        exported(torch.randn(3, 4), torch.randn(3, 6), 5)


def test_both_sides_of_a_branch_on_a_size_are_programs() -> None:
    module = models.Sized()
    exported = scriptkit.export_program(module, (torch.randn(3, 4), torch.randn(3, 7), 5))
    for batch in (1, 5, 6, 9):
        for k in (0, 5, 8):
            assert_equal(exported, module, torch.randn(batch, 4), torch.randn(batch, 7), k)


@pytest.mark.parametrize("kind", ["Padded", "Summed", "Places"])
def test_branches_on_sizes_and_on_values_stand_side_by_side(kind: str) -> None:
    module = getattr(models, kind)()
    exported = scriptkit.export_program(module, (torch.randn(6, 7), torch.ones(2)))
    for rows, columns in ((6, 7), (3, 8), (2, 9), (5, 12)):
        for flag in (torch.ones(2), -torch.ones(2)):
            x = torch.randn(rows, columns)
            assert torch.equal(exported(x, flag), module(x, flag)), (rows, columns)


@pytest.mark.parametrize("kind", ["Branching", "Repeating", "Checked"])
def test_control_flow_on_values_is_kept(kind: str) -> None:
    module: nn.Module = getattr(models, kind)()
    exported = scriptkit.export_program(module, (torch.randn(3, 4),))
    assert exported.report.rows[0].route == "lowered"
    for scale in (-40.0, -1.0, 0.01, 1.0, 40.0):
        assert_equal(exported, module, torch.rand(2, 4) * scale)


def test_what_raises_on_data_raises_in_the_program() -> None:
    exported = scriptkit.export_program(models.Checked(), (torch.randn(3, 4),))
    with pytest.raises(RuntimeError, match="not a number"):
        exported(torch.full((2, 4), float("nan")))


@pytest.mark.parametrize(
    ("module", "inputs"),
    [
        (models.BothWays(), [torch.randn(n, 2, 3) for n in (4, 7, 2)]),
        (models.Pieces(), [torch.randn(n, 3) for n in (4, 7, 3)]),
        (models.RecurrentLayers(), [torch.randn(n, m, 3) for n, m in ((2, 5), (3, 9), (2, 2))]),
        (models.ByItsMean(), [torch.randn(3, 4) + n / 2 for n in (0, 1, 2, -1)]),
    ],
)
def test_one_program_serves_every_size_and_value(module: nn.Module, inputs: list[torch.Tensor]) -> None:
    exported = scriptkit.export_program(module.eval(), (inputs[0],))
    for x in inputs:
        assert_equal(exported, module, x)


def test_a_number_that_counts_the_rounds_of_a_loop_is_free() -> None:
    exported = scriptkit.export_program(models.ManyTimes(), (torch.randn(2, 3), 3))
    for times in (3, 5, 1, 0):
        assert_equal(exported, models.ManyTimes(), torch.randn(2, 3), times)


def test_a_loop_over_time_is_free_in_time() -> None:
    module = models.Recurrent().eval()
    exported = scriptkit.export_program(module, (torch.randn(5, 3, 4),))
    for length in (1, 2, 9):
        assert_equal(exported, module, torch.randn(length, 3, 4))


def test_a_tensor_says_how_often_a_loop_runs() -> None:
    module = models.Counted()
    exported = scriptkit.export_program(module, (torch.randn(3), torch.tensor(4)))
    for rounds in (0, 1, 7):
        assert_equal(exported, module, torch.randn(3), torch.tensor(rounds))


def test_nested_arguments_and_results_keep_their_types() -> None:
    module = models.Structured()
    call = ({"a": torch.randn(2, 3)}, (torch.randn(2, 3), torch.randn(4)))
    exported = scriptkit.export_program(module, call)
    found = exported({"a": torch.randn(5, 3)}, (torch.randn(5, 3), torch.randn(2)))
    assert found["size"] == 5
    assert type(found["size"]) is int
    assert found["rest"][1:] == [None, "text"]


def test_each_form_of_call_becomes_a_program() -> None:
    module = models.Flagged()
    x = torch.randn(3, 4)
    exported = scriptkit.export_program(module, [(x, True), (x, False), (x, True, x)])
    other = torch.randn(2, 4)
    assert_equal(exported, module, other)
    assert_equal(exported, module, other, double=False)
    assert_equal(exported, module, other, True, other)
    with pytest.raises(
        scriptkit.ExportError, match=r"'scale' is part of the program: it was exported with 1.0, not 3.0"
    ):
        exported(other, scale=3.0)


def test_state_outside_of_buffers_is_refused_by_its_name() -> None:
    with pytest.raises(scriptkit.ExportError, match=r"'self.last' changes from call to call and is no buffer"):
        scriptkit.export_program(models.Remembering(), (torch.randn(3),))


def test_state_in_a_buffer_goes_on_from_call_to_call() -> None:
    module = models.Averaging()
    exported = scriptkit.export_program(module, (torch.randn(3, 4),))
    for _ in range(3):
        x = torch.randn(2, 4)
        assert torch.equal(exported(x), module(x))
    assert torch.equal(exported.mean, module.get_buffer("mean"))


def test_a_flag_has_a_program_for_each_of_its_values() -> None:
    module = models.Flagged()
    exported = scriptkit.export_program(module, (torch.randn(3, 4), True))
    assert_equal(exported, module, torch.randn(2, 4), False)


def test_a_refusal_names_the_line() -> None:
    class Growing(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            found: list[torch.Tensor] = []
            while x.sum() > 1:
                x = x / 2
                found.append(x)
            return torch.stack([x, *found]).sum(0)

    with pytest.raises(scriptkit.ExportError) as caught:
        scriptkit.export_program(Growing(), (torch.rand(3) + 2,))
    assert any(one.path == __file__ and one.line for one in caught.value.diagnostics)
    assert "while x.sum() > 1" in str(caught.value)


class OtherRanks(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if x.sum() > 0:
            return x.unsqueeze(0)
        return x


class OtherDtypes(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = x.to(torch.float64) if x.sum() > 0 else x
        return y + 1


@pytest.mark.parametrize(
    ("module", "message"),
    [
        (OtherRanks(), "the branches give tensors of 3 and 2 dimensions"),
        (OtherDtypes(), "the branches give tensors of float64 and float32"),
    ],
)
def test_branches_that_give_other_kinds_of_tensors_are_told_apart(module: nn.Module, message: str) -> None:
    with pytest.raises(scriptkit.ExportError) as caught:
        scriptkit.export_program(module, (torch.randn(3, 4),))
    (found,) = caught.value.diagnostics
    assert found.message == message
    assert "give both branches" in found.help
    assert found.path == __file__


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: scriptkit.export_program(models.Normed),  # type: ignore[arg-type]
            "a module is needed, not the class",
        ),
        (lambda: scriptkit.export_program(models.Sized()), "without example inputs"),
        (lambda: scriptkit.export_program(models.Sized(), (torch.randn(3),)), "missing a required argument"),
        (
            lambda: scriptkit.export_program(models.Checked(), (torch.randn(2),), methods=["decode"]),
            "no method `decode`",
        ),
        (lambda: scriptkit.export_program(models.Checked(), (torch.randn(2),), dynamic={"y": [0]}), "names 'y'"),
        (lambda: scriptkit.export_program(models.Checked(), ("text",)), "raises on the example inputs"),
        (lambda: scriptkit.export_program(nn.Linear(2, 2), (torch.randn(2, 2),)).double(), "stays on cpu"),
        (lambda: scriptkit.export_program(nn.Linear(2, 2), (torch.randn(2, 2),)).program("other"), "without `other`"),
    ],
)
def test_what_does_not_fit_is_said(call: Any, message: str) -> None:
    with pytest.raises((scriptkit.ExportError, TypeError), match=message):
        call()


def test_an_export_that_takes_too_long_is_given_up() -> None:
    class Slow(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            if type(x) is not torch.Tensor:
                for _ in range(10**9):
                    pass
            assert x.data_ptr()  # which is not lowered either
            return x + 1

    with pytest.raises(scriptkit.ExportError, match="took longer than 1 s"):
        scriptkit.export_program(Slow(), (torch.randn(2),), time_limit=1)


def test_the_state_of_torch_and_of_the_process_is_as_before() -> None:
    logger = logging.getLogger("torch.fx.experimental.symbolic_shapes")
    x = torch.randn(3)
    before = (logger.level, logger.propagate, list(logger.handlers), sys.stderr, torch.get_rng_state())
    enabled = torch.is_grad_enabled()
    scriptkit.export_program(models.Branching(), (x,))
    with pytest.raises(scriptkit.ExportError):
        scriptkit.export_program(models.Remembering(), (x,))
    after = (logger.level, logger.propagate, list(logger.handlers), sys.stderr, torch.get_rng_state())
    assert before[:4] == after[:4]
    assert torch.equal(before[4], after[4])
    assert torch.is_grad_enabled() == enabled


def test_other_threads_may_call_while_one_exports() -> None:
    net = models.Normed().eval()
    exported = scriptkit.export_program(net, (torch.randn(3, 4),))
    failed: list[BaseException] = []

    def calling() -> None:
        try:
            for _ in range(50):
                exported(torch.randn(2, 4))
        except BaseException as error:  # noqa: BLE001 - shown below
            failed.append(error)

    threads = [threading.Thread(target=calling) for _ in range(3)]
    for thread in threads:
        thread.start()
    scriptkit.export_program(models.Tied(), (torch.randn(3, 4),))
    for thread in threads:
        thread.join()
    assert failed == []


def test_tied_weights_stay_tied() -> None:
    exported = scriptkit.export_program(models.Tied(), (torch.randn(3, 4),))
    assert exported.get_parameter("one.weight") is exported.get_parameter("two.weight")


def test_hooks_of_the_module_are_part_of_the_program() -> None:
    module = models.Tied()
    module.register_forward_pre_hook(lambda _, args: (args[0] * 2,))
    exported = scriptkit.export_program(module, (torch.randn(3, 4),))
    assert_equal(exported, module, torch.randn(2, 4))


def test_dynamic_false_fixes_every_size() -> None:
    exported = scriptkit.export_program(nn.Linear(4, 2), (torch.randn(3, 4),), dynamic=False)
    assert {row.kind for row in exported.dimensions} == {"fixed"}
    only = scriptkit.export_program(models.Checked(), (torch.randn(3, 4),), dynamic={"x": [1]})
    assert [row.kind for row in only.dimensions] == ["fixed", "free"]


def test_the_report_tells_route_and_what_is_fixed() -> None:
    exported = scriptkit.export_program(models.Sized(), (torch.randn(3, 4), torch.randn(3, 7), 5))
    told = str(exported.report)
    assert "forward: exported" in told
    assert "dimension 1 of 'y' is fixed at 7: the loop at models.py" in told
    assert "lowered" in str(scriptkit.export_program(models.Branching(), (torch.randn(3),)).report)


def test_torch_remarks_on_nothing_that_was_not_asked(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    class Stops(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            for _ in range(3):
                x = x / 2
                if x.abs().max() < 0.1:
                    break
            return x

    class LoopInLoop(nn.Module):
        """Torch differentiates no such loop, and writes pages about it."""

        def forward(self, x: torch.Tensor, n: int) -> torch.Tensor:
            for _ in range(n):
                x = x * 0.75
                rounds = 0
                while rounds < 4 and x.abs().mean() > 0.3:
                    rounds += 1
                    x = x * 0.5
            return x

    exported = scriptkit.export_program(Stops(), (torch.randn(3, 4),))
    exported.save(tmp_path / "stops.pt2")
    scriptkit.load(tmp_path / "stops.pt2")
    told = ""
    with contextlib.suppress(scriptkit.ExportError):  # older torch takes no loop in a loop
        told = str(scriptkit.export_program(LoopInLoop(), (torch.ones(2, 4), 3)).report)
    assert capfd.readouterr() == ("", "")
    assert "TORCHDYNAMO" not in told
