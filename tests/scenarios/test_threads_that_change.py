"""Sixteen threads call one module while another exchanges what is in it: each result is that of one state."""

from __future__ import annotations

import io
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
import torch
from torch import Tensor, nn

import scriptkit
from scriptkit import ScriptableModule
from tests.rules.loading import load_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

X = torch.rand(2, 3)
CALLERS, CALLS = 16, 15


class Own(ScriptableModule):
    def __init__(self) -> None:
        super().__init__()
        self.fc: nn.Module = nn.Linear(3, 2)
        self.scale: float = 1.0

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.fc(x)
        return out * self.scale


class Counting(ScriptableModule):
    calls: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.fc: nn.Module = nn.Linear(3, 2)
        self.register_buffer("calls", torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        self.calls = self.calls + 1
        out: Tensor = self.fc(x)
        return out


class Foreign(nn.Module):
    def __init__(self, fc: nn.Module | None = None) -> None:
        super().__init__()
        self.fc = nn.Linear(3, 2) if fc is None else fc
        self.options = {"gain": 1}

    def forward(self, x: Tensor, **_: object) -> Tensor:
        out: Tensor = self.fc(x)
        return out * self.options["gain"]


class Around(ScriptableModule):
    def __init__(self) -> None:
        super().__init__()
        self.fc = Foreign()

    def example_inputs(self) -> tuple[Tensor]:
        return (X,)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.fc(x)
        return out


class Cast(nn.Module):
    """Computes in the dtype of its weight."""

    def __init__(self, dtype: torch.dtype) -> None:
        super().__init__()
        self.fc = nn.Linear(3, 2, dtype=dtype)

    def forward(self, x: Tensor) -> Tensor:
        weight = self.fc.weight
        return (x.to(weight.dtype) @ weight.t()).to(x.dtype)


def compiled(mode: str) -> nn.Module:
    return scriptkit.compile(Foreign(), (X,), modes={"": mode})


def of_one_type() -> list[nn.Module]:
    return [nn.Linear(3, 2), nn.Linear(3, 2)]


def of_other_types() -> list[nn.Module]:
    return [
        nn.Linear(3, 2),
        nn.Sequential(nn.Linear(3, 2), nn.ReLU()),
        nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2)),
    ]


def of_other_dtypes() -> list[nn.Module]:
    return [Cast(torch.float32), Cast(torch.float64), Cast(torch.bfloat16)]


def foreign_ones() -> list[nn.Module]:
    return [Foreign(), Foreign(), Foreign(nn.Sequential(nn.Linear(3, 2), nn.Tanh()))]


CASES: dict[str, tuple[Callable[[], nn.Module], Callable[[], list[nn.Module]]]] = {
    "own, one type": (Own, of_one_type),
    "own, other types": (Own, of_other_types),
    "own, other dtypes": (Own, of_other_dtypes),
    "state, other types": (Counting, of_other_types),
    "around foreign ones": (Around, foreign_ones),
    "lowered, one type": (lambda: compiled("lowered"), of_one_type),
    "lowered, other types": (lambda: compiled("lowered"), of_other_types),
    "traced, one type": (lambda: compiled("trace"), of_one_type),
    "traced, other types": (lambda: compiled("trace"), of_other_types),
}


@pytest.fixture(autouse=True)
def _switching_often() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-4)
    yield
    sys.setswitchinterval(before)


def call_while(net: nn.Module, change: Callable[[int], object], expected: list[Tensor]) -> None:
    """Raise what a caller met, or the result that belongs to no state."""
    over = threading.Event()

    def changing() -> None:
        number = 0
        while not over.is_set():
            change(number)
            number += 1
            time.sleep(0.0005)  # lets the callers run; nothing waits for it

    def calling(_: int) -> None:
        for _ in range(CALLS):
            with torch.no_grad():
                out = net(X)
            assert any(torch.allclose(out, one, atol=1e-5) for one in expected), f"{out} is none of {expected}"

    thread = threading.Thread(target=changing)
    thread.start()
    try:
        with ThreadPoolExecutor(CALLERS) as pool:
            list(pool.map(calling, range(CALLERS)))
    finally:
        over.set()
        thread.join()


@pytest.mark.filterwarnings("ignore::scriptkit.errors.ScriptkitEagerWarning")
@pytest.mark.parametrize("case", CASES)
def test_a_submodule_is_exchanged(case: str) -> None:
    make, others = CASES[case]
    net, parts = make(), others()
    net.fc = parts[0]
    call_while(net, lambda n: setattr(net, "fc", parts[n % len(parts)]), [part(X) for part in parts])
    net.fc = parts[0]
    assert torch.allclose(net(X), parts[0](X))


@pytest.mark.filterwarnings("ignore::scriptkit.errors.ScriptkitEagerWarning")
def test_a_number_is_exchanged_by_one_of_another_type() -> None:
    net = Own()
    scales = [1.0, 2, 3.0]
    call_while(net, lambda n: setattr(net, "scale", scales[n % 3]), [net.fc(X) * scale for scale in scales])


def test_no_call_of_a_module_with_state_is_lost() -> None:
    net = Counting()
    net(X)
    call_while(net, lambda _: None, [net.fc(X)])
    assert float(net.calls) == CALLERS * CALLS + 1


SOURCE = """
import torch
from torch import Tensor, nn

from scriptkit import ScriptableModule


class Part(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(3, 3)

    def forward(self, x, **options):
        return [torch.relu(self.fc(x)), self.fc(x)][{number} % 2]


class Net(ScriptableModule):
    def __init__(self):
        super().__init__()
        self.part = Part()

    def example_inputs(self):
        return (torch.rand(2, 3),)

    def forward(self, x: Tensor) -> Tensor:
        out = self.part(x)
        if out.sum() > {number}:
            out = out + 1
        return out
"""
WRONG = """
from scriptkit import ScriptableModule


class Net(ScriptableModule):
    def forward(self, x):
        return (lambda t: t)(x)
"""


def test_threads_read_check_construct_compile_and_save_at_once(tmp_path: Path) -> None:
    start = threading.Barrier(8)

    def everything(number: int) -> None:
        start.wait()
        path = tmp_path / f"made_at_once_{number}.py"
        path.write_text(SOURCE.format(number=number))
        code = load_file(path)
        net, file = code.Net(), io.BytesIO()
        assert torch.allclose(net(X), net.eager(X))
        for mode in ("lowered", "trace"):
            part = code.Part()
            assert torch.allclose(scriptkit.compile(part, (X,), modes={"": mode})(X), part(X))
        assert [found.code for found in scriptkit.check_source(WRONG)] == ["SK502"]
        scriptkit.save(net, file, example_inputs=(X,))
        file.seek(0)
        assert torch.allclose(scriptkit.load(file)(X), net.eager(X))
        assert scriptkit.verify(net, (X,), sizes=["grown"]).passed

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(everything, range(8)))
