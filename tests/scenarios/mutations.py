"""Random mutation sequences: a scriptable module and its plain twin live through the same life, step by step.

    python -m tests.scenarios.mutations --sequences 400 --steps 14

A step is a name and a seed. After every step outputs, state, keys and Python attributes must agree; a sequence that
disagrees is shrunk by leaving out steps as long as it still disagrees, and printed.
"""

import argparse
import random
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from scriptkit import Final, ScriptableModule, export
from scriptkit.errors import ScriptkitEagerWarning
from tests.scenarios.comparing import assert_same, assert_same_state, twins
from tests.scenarios.models import Child, Counter
from tests.scenarios.watching import python_forwards

WIDTH = 4


class Subject(ScriptableModule):
    """Something of everything: children of both kinds, containers, constants, state written by forward."""

    rounds: Final[int]
    calls: int
    history: list[int]
    table: dict[str, list[float]]
    offset: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.rounds = 2
        self.calls = 0
        self.scale = 1.0
        self.mode = "plus"
        self.history = []
        self.table = {"gain": [1.0, 0.5]}
        self.fc = nn.Linear(WIDTH, WIDTH)
        self.norm = nn.BatchNorm1d(WIDTH)
        self.drop = nn.Dropout(0.25)
        self.blocks = nn.ModuleList([Child(WIDTH), Child(WIDTH)])
        self.plain = nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.Sequential(nn.Tanh(), nn.Linear(WIDTH, WIDTH)))
        self.counter = Counter(WIDTH)
        self.extra: nn.Module | None = None
        self.register_buffer("offset", torch.zeros(WIDTH))

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        self.history.append(self.calls)
        for _ in range(self.rounds):
            x = self.drop(torch.relu(self.norm(self.fc(x)))) + x
        for block in self.blocks:
            x = block(x) + x
        x = self.counter(self.plain(x)) * 0.01
        if self.extra is not None:
            x = self.extra(x)
        if self.mode == "plus":
            x = x + self.offset
        for gain in self.table["gain"]:
            x = x * gain
        self.offset = self.offset * 0.5
        return x * self.scale

    @export
    def encode(self, x: Tensor) -> Tensor:
        out: Tensor = self.fc(x)
        return out * self.scale


@dataclass
class Life:
    """One of the two modules with the things a user keeps beside it."""

    net: Any  # its members are replaced by anything
    optimizer: torch.optim.Optimizer | None = None
    handles: list[torch.utils.hooks.RemovableHandle] = field(default_factory=list)

    @property
    def is_scriptable(self) -> bool:
        return isinstance(self.net, ScriptableModule)


@dataclass(frozen=True)
class Step:
    """An operation by name; the seed decides its choices, equally for both modules."""

    name: str
    seed: int

    def __str__(self) -> str:
        return f"Step({self.name!r}, {self.seed})"


@dataclass
class Tally:
    """How the calls of the scriptable modules ran."""

    compiled: int = 0
    eager: int = 0

    @property
    def share(self) -> float:
        return self.compiled / max(1, self.compiled + self.eager)


class DisagreementError(AssertionError):
    """The two modules differ, or one raised and the other did not."""


def sequence(seed: int, length: int) -> list[Step]:
    """The steps of one life: operations at random."""
    from tests.scenarios.structural_operations import OPERATIONS

    chooser = random.Random(seed)
    return [Step(chooser.choice(sorted(OPERATIONS)), chooser.randrange(10**6)) for _ in range(length)]


def live(steps: list[Step], tally: Tally) -> None:
    """Take both modules through the steps; raise `DisagreementError` at the first difference."""
    lives = [Life(net.double()) for net in twins(Subject)]
    _compare(lives, "construction", tally)
    for number, step in enumerate(steps, 1):
        _both(lives, step)
        _compare(lives, f"step {number}, {step}", tally)


def _both(lives: list[Life], step: Step) -> None:
    from tests.scenarios.structural_operations import OPERATIONS

    def act(life: Life) -> object:
        torch.manual_seed(step.seed)
        return OPERATIONS[step.name](life, random.Random(step.seed))

    _agree(f"{step}", *(lambda life=life: act(life) for life in lives))


def _compare(lives: list[Life], where: str, tally: Tally) -> None:
    def call(life: Life) -> object:
        torch.manual_seed(1)
        dtype = next(life.net.parameters()).dtype
        x = torch.randn(3, WIDTH, generator=torch.Generator().manual_seed(2)).to(dtype)
        with python_forwards(life.net) as entered:
            out = life.net(x)
        if life.is_scriptable:
            tally.compiled += not entered
            tally.eager += bool(entered)
        return out

    _agree(where, *(lambda life=life: call(life) for life in lives))
    try:
        assert_same_state(lives[0].net, lives[1].net)
    except AssertionError as error:
        raise DisagreementError(f"{where}: {error}") from None


def _agree(where: str, ours: Callable[[], object], theirs: Callable[[], object]) -> None:
    mine, other = _outcome(ours), _outcome(theirs)
    if isinstance(mine, Exception) and isinstance(other, Exception):
        return
    if isinstance(mine, Exception) or isinstance(other, Exception):
        raise DisagreementError(f"{where}: scriptable {mine!r}, plain {other!r}")
    try:
        assert_same(mine, other, "output")
    except AssertionError as error:
        raise DisagreementError(f"{where}: {error}") from None


def _outcome(act: Callable[[], object]) -> object:
    try:
        return act()
    except Exception as error:  # noqa: BLE001 whatever it is: the twin must raise as well
        return error


def shrunk(steps: list[Step]) -> list[Step]:
    """The shortest sequence found by leaving out steps that still disagrees."""
    position = 0
    while position < len(steps):
        shorter = steps[:position] + steps[position + 1 :]
        if failure(shorter, Tally()):
            steps = shorter
        else:
            position += 1
    return steps


def failure(steps: list[Step], tally: Tally) -> str:
    """Why the two modules disagree, or nothing."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ScriptkitEagerWarning)
        try:
            live(steps, tally)
        except DisagreementError as error:
            return str(error)
    return ""


def failures(sequences: range, length: int, tally: Tally) -> Iterator[str]:
    """For each sequence that disagrees, its minimal form and what differs."""
    for seed in sequences:
        steps = sequence(seed, length)
        if failure(steps, tally):
            steps = shrunk(steps)
            yield f"sequence {seed}: {failure(steps, Tally())}\n    {', '.join(map(str, steps))}"


def main(arguments: list[str] | None = None) -> int:
    """Run the sequences, print what disagrees, how many agree and how the calls ran."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--sequences", type=int, default=400)
    parser.add_argument("--steps", type=int, default=14)
    parser.add_argument("--seed", type=int, default=0, help="number of the first sequence")
    options = parser.parse_args(arguments)
    tally, failed = Tally(), 0
    for text in failures(range(options.seed, options.seed + options.sequences), options.steps, tally):
        failed += 1
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()
    sys.stdout.write(
        f"{options.sequences - failed} of {options.sequences} sequences of {options.steps} steps agree\n"
        f"{tally.share:.0%} of {tally.compiled + tally.eager} calls ran compiled\n"
    )
    return 1 if failed else 0


if __name__ == "__main__":
    from tests.scenarios import mutations  # the classes as pickle finds them, not those of `__main__`

    sys.exit(mutations.main())
