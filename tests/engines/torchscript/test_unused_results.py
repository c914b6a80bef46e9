"""A call whose result nobody uses does all the same what it does besides: torch alone drops it."""

import copy
import io

import pytest
import torch
from torch import Tensor, nn

import scriptkit
from scriptkit import ScriptableModule

pytestmark = pytest.mark.filterwarnings("ignore:saved in training mode")


class Statement(nn.Module):
    def __init__(self, norm: nn.Module) -> None:
        super().__init__()
        self.norm = norm

    def forward(self, x: Tensor) -> Tensor:
        self.norm(x)
        return x * 2


class OwnStatement(ScriptableModule):
    def __init__(self, norm: nn.Module) -> None:
        super().__init__()
        self.norm = norm

    def forward(self, x: Tensor) -> Tensor:
        self.norm(x)
        return x * 2


class Flow(ScriptableModule):
    """Unused behind a loop, in a branch, in a tuple, and behind a write to what nobody reads."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(4)
        self.pair = Pair()

    def forward(self, x: Tensor) -> Tensor:
        y = x
        for _ in range(2):
            y = self.norm(y)
        _z = self.norm(x) if x.shape[0] > 2 else x
        self.pair(x)
        _one, _two = self.pair(x)
        written = self.norm(x)
        written.add_(1)
        return x * 2


class Pair(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(4)

    def forward(self, x: Tensor) -> tuple[Tensor, tuple[Tensor, int]]:
        return self.norm(x), (self.norm(x * 2), 3)


class Used(ScriptableModule):
    """Every result reaches the output, or something of the caller's."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(4)

    def forward(self, x: Tensor) -> Tensor:
        total = torch.zeros_like(x)
        total.add_(self.norm(x))
        found = [self.norm(x)]
        found.append(self.norm(x))
        x[0].copy_(self.norm(x)[0])
        y = x
        for _ in range(2):
            y = self.norm(y)
        if x.shape[0] > 2:
            y = self.norm(y)
        return torch.stack(found).sum(0) + total + y


class Drops(ScriptableModule):
    def forward(self, x: Tensor) -> Tensor:
        nn.functional.dropout(x, 0.5, True)
        return x * 2


def equal_in_five_calls(eager: nn.Module, *forms: nn.Module, x: Tensor) -> None:
    for _ in range(5):
        with scriptkit.eager():
            eager(x.clone())
        for form in forms:
            form(x.clone())
    for form in forms:
        state = form.state_dict()  # a recorded file has the tensors once for each training mode
        for name, expected in eager.state_dict().items():
            same = [state[name]] if name in state else [v for path, v in state.items() if path.endswith(f".{name}")]
            assert same, name
            for found in same:
                torch.testing.assert_close(found, expected, msg=name)


def in_file(module: nn.Module, x: Tensor) -> nn.Module:
    file = io.BytesIO()
    scriptkit.save(module, file, example_inputs=(x,))
    file.seek(0)
    loaded: nn.Module = torch.jit.load(file)
    return loaded


@pytest.mark.parametrize("mode", ["script", "lowered", "trace"])
@pytest.mark.parametrize("kind", ["norm", "sequence", "instance"])
def test_statistics_of_a_foreign_module_move(mode: str, kind: str) -> None:
    norms: dict[str, nn.Module] = {
        "norm": nn.BatchNorm1d(4),
        "sequence": nn.Sequential(nn.BatchNorm1d(4), nn.ReLU()),
        "instance": nn.InstanceNorm1d(4, track_running_stats=True),
    }
    x = torch.randn(2, 4, 5) if kind == "instance" else torch.randn(5, 4)
    compiled = scriptkit.compile(Statement(norms[kind]), (x,), modes={"": mode})
    eager = Statement(copy.deepcopy(norms[kind]))
    equal_in_five_calls(eager, in_file(compiled, x), compiled, x=x)


def test_statistics_of_an_own_module_move() -> None:
    x = torch.randn(5, 4)
    module = OwnStatement(nn.BatchNorm1d(4))
    equal_in_five_calls(OwnStatement(nn.BatchNorm1d(4)), in_file(module, x), module, x=x)


def test_so_they_do_behind_loops_branches_tuples_and_writes() -> None:
    x = torch.randn(5, 4)
    equal_in_five_calls(Flow(), in_file(Flow(), x), Flow(), x=x)


def test_where_results_are_used_nothing_is_added() -> None:
    x = torch.randn(5, 4)
    assert "numel" not in str(scriptkit.to_torchscript(Used()).code)
    equal_in_five_calls(Used(), Used(), x=x)


def test_random_numbers_of_an_unused_dropout_are_drawn() -> None:
    drops, x = Drops(), torch.randn(5, 4)
    states = []
    for _ in range(3):
        torch.manual_seed(3)
        drops(x)
        states.append(torch.get_rng_state())
    torch.manual_seed(3)
    with scriptkit.eager():
        drops(x)
    assert all(torch.equal(state, torch.get_rng_state()) for state in states)
