"""Threads that construct, call and change modules at once."""

import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import scriptkit
from scriptkit import ScriptableModule
from scriptkit.live.steady import ChangingError
from tests.scenarios.comparing import assert_same, twins
from tests.scenarios.matrix import row
from tests.scenarios.models import Outer
from tests.scenarios.test_running import batch
from tests.scenarios.watching import run_compiled


@row("threads_construct")
def test_eight_threads_construct_at_once() -> None:
    """Raw torch.jit.script fails then: "Can't redefine method: forward on class"."""
    (net, plain), start = twins(Outer), threading.Barrier(8)

    def build(width: int) -> Tensor:
        start.wait()
        model = Outer(children=width % 3 + 1, width=width % 2 + 4)
        run_compiled(model, batch(2, width % 2 + 4))
        out: Tensor = run_compiled(net, batch())
        return out

    with ThreadPoolExecutor(8) as pool:
        for out in pool.map(build, range(8)):
            assert_same(out, plain(batch()))
    run_compiled(net, batch())


def test_eight_threads_construct_one_class_nobody_built_before() -> None:
    class Fresh(ScriptableModule):
        def __init__(self) -> None:
            super().__init__()
            self.fc = nn.Linear(4, 4)

        def forward(self, x: Tensor) -> Tensor:
            out: Tensor = self.fc(x)
            return out

    start = threading.Barrier(8)

    def build(_: int) -> Any:
        start.wait()
        return run_compiled(Fresh(), batch()).shape

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(build, range(8))) == [torch.Size([8, 4])] * 8


@row("threads_call")
def test_threads_call_one_module() -> None:
    net, plain = twins(Outer)
    expected, start = plain(batch()), threading.Barrier(4)

    def call(_: int) -> None:
        start.wait()
        for _ in range(50):
            assert_same(run_compiled(net, batch()), expected)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(call, range(4)))
    run_compiled(net, batch())


def test_threads_call_while_another_thread_changes_attributes() -> None:
    net, _ = twins(Outer)
    stop = threading.Event()

    def change() -> None:
        while not stop.is_set():
            net.head.bias = nn.Parameter(torch.ones(2))
            net.blocks[2].scale = 2.0

    thread = threading.Thread(target=change)
    thread.start()
    try:
        assert all(run_compiled(net, batch()).shape == (8, 2) for _ in range(100))
    finally:
        stop.set()
        thread.join()


@pytest.mark.filterwarnings("ignore:.*another thread changes it all the time")
def test_surgery_while_another_thread_calls() -> None:
    """A call runs compiled; where no attempt to compile the new tree met one state, as Python, told: never wrongly."""
    net, _ = twins(Outer)
    stop, errors = threading.Event(), []

    def call() -> None:
        while not stop.is_set():
            try:
                net(batch())
            except Exception as error:  # noqa: BLE001 any is the failure looked for
                errors.append(error)
                return

    thread = threading.Thread(target=call)
    thread.start()
    for step in range(300):
        net.head = nn.Linear(4, 2 + step % 3)
        net.blocks = nn.ModuleList([*net.blocks][::-1])
    stop.set()
    thread.join()
    assert not errors
    assert {*scriptkit.report(net).eager_calls} <= {ChangingError.reason}
    assert run_compiled(net, batch()).shape == (8, 4), "compiled again as soon as all is quiet"


STATEFUL = """
import threading, torch
from tests.scenarios.models import Counter
net = Counter()

def call() -> None:
    with torch.no_grad():
        for _ in range(500):
            net(torch.ones(8, 4))

threads = [threading.Thread(target=call) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
assert net.calls == len(net.history) == 2000, (net.calls, len(net.history))
"""


def test_threads_call_a_module_that_writes_state() -> None:
    """Raw TorchScript aborts the process when a tensor attribute is read while compiled code replaces it."""
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    subprocess.run([sys.executable, "-W", "ignore", "-c", STATEFUL], check=True, env=environment, timeout=300)
