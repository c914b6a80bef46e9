"""Distributed training over gloo on the processor: DDP and FSDP2."""

import copy
import multiprocessing
import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, distributed, nn
from torch.distributed.fsdp import FSDPModule, fully_shard
from torch.distributed.tensor import DTensor
from torch.nn.parallel import DistributedDataParallel

import scriptkit
from tests.scenarios.comparing import assert_same, assert_same_state, twins
from tests.scenarios.matrix import row
from tests.scenarios.models import Net, Outer
from tests.scenarios.test_running import batch
from tests.scenarios.watching import compiled_only, run_compiled

pytestmark = pytest.mark.skipif(not distributed.is_gloo_available(), reason="torch without gloo")


@pytest.fixture
def _alone(tmp_path: Path) -> Iterator[None]:
    """A process group of this process alone."""
    distributed.init_process_group(
        "gloo",
        store=distributed.FileStore(str(tmp_path / "store"), 1),  # type: ignore[attr-defined]
        rank=0,
        world_size=1,
    )
    yield
    distributed.destroy_process_group()


def train(model: nn.Module, x: Tensor, *, steps: int = 3) -> None:
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(steps):
        optimizer.zero_grad()
        model(x).square().sum().backward()
        optimizer.step()


@row("ddp_gloo_1")
@pytest.mark.usefixtures("_alone")
def test_ddp_with_one_process() -> None:
    net, plain = twins(Net, p=0.0)
    ours, theirs = DistributedDataParallel(net), DistributedDataParallel(plain)
    for _ in range(3):
        compiled_only(net, train, ours, batch(), steps=1)
        train(theirs, batch(), steps=1)
        assert_same_state(net, plain)
    assert list(ours.state_dict()) == list(theirs.state_dict())


def rank(number: int, store: str, out: str) -> None:
    """One of two processes: trains the scriptable and the plain module on its own half of the batch."""
    torch.set_num_threads(1)
    distributed.init_process_group("gloo", store=distributed.FileStore(store, 2), rank=number, world_size=2)  # type: ignore[attr-defined]
    torch.save(train_half(number), f"{out}.{number}")
    shard_compiled(number)
    distributed.destroy_process_group()
    os._exit(0)  # a thread of gloo that drops a tensor while the interpreter is taken down would abort the process


def train_half(number: int) -> dict[str, Any]:
    """The trained state. A function of its own, since both wrappers must be gone before the process group is.

    The last reference to a group ends its threads while it holds the interpreter lock, and one of them may wait
    for that lock: in one of ten runs of plain DDP the process then hung (torch 2.13).
    """
    net, plain = twins(Net, p=0.0)
    ours, theirs = DistributedDataParallel(net), DistributedDataParallel(plain)
    half = batch()[number * 4 : number * 4 + 4] * (number + 1)
    compiled_only(net, train, ours, half)
    train(theirs, half)
    assert_same_state(net, plain)
    assert_same(ours(half), theirs(half))
    state: dict[str, Any] = net.state_dict()
    return state


class Foreign(nn.Module):
    """Does not script: it is lowered."""

    def __init__(self) -> None:
        super().__init__()
        self.up, self.down = nn.Linear(4, 8), nn.Linear(8, 4)

    def forward(self, x: Tensor, **_: Any) -> Tensor:
        return self.down(torch.relu(self.up(x)))


def shard_compiled(number: int) -> None:
    """FSDP2 over compiled foreign modules: neither process waits for a trial of the other, and nothing is tried."""
    torch.manual_seed(0)
    plain = Foreign()
    x = torch.rand(4, 4) + number
    compiled = scriptkit.compile(copy.deepcopy(plain), (x,))
    pending, by_part = scriptkit.compile(copy.deepcopy(plain)), scriptkit.compile(copy.deepcopy(plain), (x,))
    fully_shard(by_part.up)
    models: list[Any] = [plain, compiled, pending, by_part]
    states = []
    for model in models:
        fully_shard(model)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", scriptkit.ScriptkitEagerWarning)
            train(model, x)
        states.append({name: tensor.full_tensor() for name, tensor in model.state_dict().items()})
    assert_same(states[1:], states[:1] * 3)
    assert not scriptkit.report(compiled).eager_calls
    assert "is sharded: compile before sharding" in scriptkit.report(pending).rows[0].reason


def test_ddp_with_two_processes_equals_plain_ddp(tmp_path: Path) -> None:
    context: Any = multiprocessing.get_context("spawn")
    out = str(tmp_path / "state")
    processes = [context.Process(target=rank, args=(n, str(tmp_path / "store"), out)) for n in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)
        process.kill()
    assert [p.exitcode for p in processes] == [0, 0]
    first, second = (torch.load(f"{out}.{n}") for n in range(2))
    assert_same(first["fc.weight"], second["fc.weight"])


@row("fsdp2_root")
@pytest.mark.usefixtures("_alone")
def test_fsdp2_on_the_root() -> None:
    net, plain = twins(Outer)
    fully_shard(net)
    assert isinstance(net, FSDPModule)
    assert isinstance(net, Outer)
    ours, theirs = (torch.optim.SGD(m.parameters(), lr=0.1) for m in (net, plain))
    for _ in range(3):
        ours.zero_grad()
        theirs.zero_grad()
        out, expected = run_compiled(net, batch()), plain(batch())
        assert_same(out, expected)
        out.square().sum().backward()
        expected.square().sum().backward()
        ours.step()
        theirs.step()
    full = {name: p.full_tensor() for name, p in net.named_parameters()}  # type: ignore[attr-defined]
    assert_same({k: v.detach() for k, v in full.items()}, {k: v.detach() for k, v in plain.named_parameters()})


@pytest.mark.usefixtures("_alone")
def test_fsdp2_per_block_gives_equal_results() -> None:
    net, plain = twins(Outer)
    for block in net.blocks:
        fully_shard(block)
    fully_shard(net)
    with pytest.warns(match="hook"):
        assert_same(net(batch()), plain(batch()))


@pytest.mark.usefixtures("_alone")
def test_fsdp2_unsharded_parameters_are_not_kept_after_the_call() -> None:
    """They are the whole model in memory: a twin that kept them would undo the sharding."""
    counts = []
    for model in twins(Outer):
        fully_shard(model, reshard_after_forward=True)
        unsharded: list[Tensor] = []
        note = lambda m, *_, unsharded=unsharded: unsharded.append(m.head.weight)
        model.register_forward_hook(note, prepend=True)
        with torch.no_grad():
            model(batch())
        assert not isinstance(unsharded[0], DTensor)
        assert all(isinstance(p, DTensor) for p in model.parameters())
        counts.append(unsharded[0]._use_count())  # type: ignore[attr-defined]
    assert counts[0] == counts[1]
