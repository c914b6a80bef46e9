"""A scriptable module lives through random changes exactly as a plain one, and mostly compiled."""

import pytest
import torch

from tests.scenarios.mutations import Life, Step, Tally, failure, failures, sequence, shrunk
from tests.scenarios.structural_operations import OPERATIONS


@pytest.mark.slow
def test_random_lives_agree_with_those_of_plain_modules() -> None:
    tally = Tally()
    assert list(failures(range(60), 14, tally)) == []
    assert tally.share >= 0.7, f"only {tally.share:.0%} of {tally.compiled + tally.eager} calls ran compiled"


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_each_operation_alone_and_after_a_step_agrees(name: str) -> None:
    assert not failure([Step(name, 1), Step("optimizer_step", 2), Step(name, 3), Step("deepcopy", 4)], Tally())


def test_a_sequence_is_decided_by_its_seed() -> None:
    assert sequence(5, 14) == sequence(5, 14)
    assert sequence(5, 14) != sequence(6, 14)


def test_a_disagreement_is_found_and_shrunk_to_what_causes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def differ(life: Life, _: object) -> None:
        if life.is_scriptable:
            life.net.offset += 1

    monkeypatch.setitem(OPERATIONS, "differ", differ)
    steps = [Step("train", 1), Step("call_exported", 2), Step("differ", 3), Step("evaluate", 4)]
    assert "step 3" in failure(steps, Tally())
    assert shrunk(steps) == [Step("differ", 3)]


def test_an_error_on_one_side_alone_is_a_disagreement(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(life: Life, _: object) -> None:
        if life.is_scriptable:
            raise ValueError("only here")
        torch.manual_seed(0)

    monkeypatch.setitem(OPERATIONS, "fail", fail)
    assert "only here" in failure([Step("fail", 1)], Tally())
