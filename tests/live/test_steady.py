"""What is made of a tree that somebody changes meanwhile is made again; what belongs to the tree itself is raised."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from torch import nn

from scriptkit.live.copies import copy_tree
from scriptkit.live.steady import ChangingError, made_of_one_state, parts_of, require_parts

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def another_thread() -> Iterator[None]:
    """Something else runs in the process."""
    over = threading.Event()
    thread = threading.Thread(target=over.wait)
    thread.start()
    yield
    over.set()
    thread.join()


@pytest.mark.usefixtures("another_thread")
def test_what_was_made_of_two_states_is_made_again() -> None:
    net = nn.Sequential(nn.Linear(2, 2))
    made: list[nn.Module] = []

    def make() -> nn.Module:
        made.append(net[0])
        if len(made) == 1:
            net[0] = nn.Linear(2, 2)
        return made[-1]

    assert made_of_one_state(net, make) is net[0]
    assert len(made) == 2


@pytest.mark.usefixtures("another_thread")
def test_an_error_among_changes_is_none_of_the_tree() -> None:
    net = nn.Sequential(nn.Linear(2, 2))

    def make() -> str:
        if isinstance(net[0], nn.ReLU):
            return "made"
        net[0] = nn.ReLU()
        raise KeyError(net)

    assert made_of_one_state(net, make) == "made"


def test_the_error_of_a_tree_that_nobody_changes_is_raised_at_once() -> None:
    net, attempts = nn.Sequential(nn.Linear(2, 2)), []

    def make() -> None:
        attempts.append(1)
        raise ValueError("its own")

    with pytest.raises(ValueError, match="its own"):
        made_of_one_state(net, make)
    assert len(attempts) == 1


@pytest.mark.usefixtures("another_thread")
def test_a_change_that_is_undone_before_it_is_seen_is_no_error_of_the_tree() -> None:
    net, attempts = nn.Sequential(nn.Linear(2, 2)), []

    def make() -> str:
        attempts.append(1)
        if len(attempts) < 5:
            raise KeyError(net)
        return "made"

    assert made_of_one_state(net, make) == "made"


@pytest.mark.usefixtures("another_thread")
def test_a_refusal_that_comes_again_is_the_trees_own() -> None:
    net, attempts = nn.Sequential(nn.Linear(2, 2)), []

    def make() -> None:
        attempts.append(1)
        raise ChangingError("always")

    with pytest.raises(ChangingError, match="always"):
        made_of_one_state(net, make)
    assert len(attempts) == 3


@pytest.mark.usefixtures("another_thread")
def test_a_tree_that_changes_each_time_is_told() -> None:
    net = nn.Sequential(nn.Linear(2, 2))

    def make() -> None:
        net[0] = nn.Linear(2, 2)
        raise KeyError(net)

    with pytest.raises(ChangingError, match="Sequential cannot be compiled as it is now: another thread changes it"):
        made_of_one_state(net, make)


def test_other_parts_are_told() -> None:
    net = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
    parts = parts_of(net)
    require_parts(net, parts)
    assert parts == [*net.modules()]
    net[1] = nn.Tanh()
    with pytest.raises(ChangingError):
        require_parts(net, parts)


class Changing(dict[str, nn.Module | None]):
    """Gives other modules each time it is read."""

    def copy(self) -> dict[str, nn.Module | None]:
        return {name: nn.Linear(2, 2) for name in self}


def test_a_copy_holds_nothing_of_a_tree_that_changes_while_it_is_read() -> None:
    net = nn.Sequential(nn.Linear(2, 2))
    originals = {id(part) for part in net.modules()}
    net.__dict__["_modules"] = Changing(net._modules)
    copy = copy_tree(net)
    assert originals.isdisjoint(id(part) for part in copy.modules())
    assert isinstance(copy[0], nn.Linear)


def test_where_nothing_else_runs_what_is_made_counts_whatever_it_changed() -> None:
    net, made = nn.Sequential(nn.Linear(2, 2)), []

    def make() -> None:
        net[0] = nn.ReLU()
        made.append(net[0])

    made_of_one_state(net, make)
    assert len(made) == 1
