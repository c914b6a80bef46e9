"""Modules in other processes: forked, spawned, in a DataLoader."""

import multiprocessing
import os
from collections.abc import Iterator
from multiprocessing.connection import Connection, wait
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from tests.scenarios.comparing import assert_same, twins
from tests.scenarios.matrix import row
from tests.scenarios.models import Child, Counter, Outer
from tests.scenarios.test_running import batch
from tests.scenarios.watching import run_compiled


def call_and_send(module: nn.Module, pipe: Connection) -> None:
    """Runs in the other process; sends the output, or why there is none, and a second module built there."""
    try:
        built, _ = twins(Child)
        outputs = [run_compiled(module, batch()), run_compiled(built, batch())]
        pipe.send([out.detach().numpy().tolist() for out in outputs])
    except BaseException as error:
        pipe.send(repr(error))
        raise


def in_process(method: str, module: nn.Module) -> Any:
    context: Any = multiprocessing.get_context(method)
    ours, theirs = context.Pipe()
    process = context.Process(target=call_and_send, args=(module, theirs))
    process.start()
    try:
        wait([ours, process.sentinel], timeout=120)
        answer = ours.recv() if ours.poll() else f"the other process ended with {process.exitcode}"
    finally:
        process.join(10)
        process.kill()
    assert isinstance(answer, list), answer
    return [torch.tensor(out) for out in answer]


@row("fork_worker")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_forked_process() -> None:
    (net, plain), (_, child) = twins(Outer), twins(Child)
    run_compiled(net, batch())
    assert_same(in_process("fork", net), [plain(batch()).detach(), child(batch()).detach()])


@row("spawn_pickle")
def test_a_spawned_process() -> None:
    (net, plain), (_, child) = twins(Outer), twins(Child)
    run_compiled(net, batch())
    assert_same(in_process("spawn", net), [plain(batch()).detach(), child(batch()).detach()])


class Items(Dataset[Tensor]):
    """Preprocesses with a scriptable module, in the worker."""

    def __init__(self, module: nn.Module) -> None:
        self.module = module

    def __len__(self) -> int:
        return 4

    def __getitem__(self, index: int) -> Tensor:
        with torch.no_grad():
            out: Tensor = run_compiled(self.module, torch.full((1, 4), float(index)))
        return out


@row("dataloader_fork")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_dataloader_with_forked_workers() -> None:
    net, plain = twins(Outer)
    run_compiled(net, batch())
    loader = DataLoader(Items(net), batch_size=2, num_workers=1, multiprocessing_context="fork")
    out = torch.cat(list(loader))
    with torch.no_grad():
        assert_same(out, torch.stack([plain(torch.full((1, 4), float(i))) for i in range(4)]))


@pytest.fixture
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("_one_thread")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_state_written_in_a_forked_process_stays_there() -> None:
    net, _ = twins(Counter)
    run_compiled(net, batch())
    in_process("fork", net)
    assert net.calls == 1
