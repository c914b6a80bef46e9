"""`m.code`, `m.graph`, `m.save` and `m.eager` give way to whatever a user calls by these names."""

import pytest
import torch
from torch import Tensor, nn

import scriptkit
from scriptkit import Final, ScriptableModule
from tests.scenarios.comparing import assert_same, plain_class, twins
from tests.scenarios.test_running import batch
from tests.scenarios.watching import run_compiled

NAMES = ("code", "graph", "save", "eager")


class Plainly(ScriptableModule):
    """Uses none of the names."""

    def forward(self, x: Tensor) -> Tensor:
        return x + 1


class Attributes(ScriptableModule):
    def __init__(self) -> None:
        super().__init__()
        self.code = 2
        self.graph = 3.0
        self.save = "text"
        self.eager = [1, 2]

    def forward(self, x: Tensor) -> Tensor:
        return x * self.code + self.graph + len(self.save) + len(self.eager)  # type: ignore[no-any-return]


class Methods(ScriptableModule):
    def code(self, x: Tensor) -> Tensor:
        return x * 2

    def graph(self, x: Tensor) -> Tensor:
        return x + 2

    def save(self, x: Tensor) -> Tensor:
        return x - 1

    @scriptkit.export
    def eager(self, x: Tensor) -> Tensor:
        return x / 2

    def forward(self, x: Tensor) -> Tensor:
        return self.eager(self.save(self.graph(self.code(x))))


class Submodules(ScriptableModule):
    def __init__(self) -> None:
        super().__init__()
        self.code = nn.Linear(4, 4)
        self.graph = nn.ModuleList([nn.ReLU(), nn.Linear(4, 4)])
        self.save = nn.Tanh()
        self.eager = nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        x = self.code(x)
        for layer in self.graph:
            x = layer(x)
        out: Tensor = self.eager(self.save(x))
        return out


class Tensors(ScriptableModule):
    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("code", torch.full((4,), 2.0))
        self.register_buffer("graph", torch.full((4,), 3.0), persistent=False)
        self.register_parameter("save", nn.Parameter(torch.ones(4)))
        self.eager = nn.Parameter(torch.zeros(4))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.code + self.graph * self.save + self.eager  # type: ignore[no-any-return]


class Constants(ScriptableModule):
    code: Final[int] = 2  # type: ignore[misc]
    graph: Final[float] = 0.5  # type: ignore[misc]
    save: Final[str] = "abc"  # type: ignore[misc]
    eager: Final[bool] = True  # type: ignore[misc]

    def forward(self, x: Tensor) -> Tensor:
        if self.eager:
            x = x * self.code
        return x + self.graph + len(self.save)


class Properties(ScriptableModule):
    @property
    def code(self) -> int:
        return 2

    @property
    def graph(self) -> float:
        return 3.0

    def forward(self, x: Tensor) -> Tensor:
        return x * self.code + self.graph


USERS = [Attributes, Methods, Submodules, Tensors, Constants, Properties]


@pytest.mark.parametrize("cls", USERS)
def test_a_users_member_of_that_name_wins(cls: type[nn.Module]) -> None:
    net, plain = twins(cls)
    assert_same(run_compiled(net, batch()), plain(batch()))
    assert list(net.state_dict()) == list(plain.state_dict())
    for name in NAMES:
        if isinstance(member := getattr(plain, name, None), int | float | str | list | Tensor):
            assert_same(getattr(net, name), member)
    for name in ("code", "graph"):
        assert type(getattr(net, name)) is type(getattr(plain, name))


@pytest.mark.parametrize("cls", USERS)
def test_the_function_forms_remain(cls: type[nn.Module], tmp_path: object) -> None:
    net, plain = twins(cls)
    assert_same(scriptkit.to_torchscript(net)(batch()), plain(batch()))
    with scriptkit.eager():
        assert_same(net(batch()), plain(batch()))
    path = f"{tmp_path}/model.pt"
    scriptkit.save(net, path)
    assert_same(scriptkit.load(path)(batch()), plain(batch()))


def test_members_given_and_taken_after_construction() -> None:
    net = Plainly()
    conveniences = {name: getattr(net, name) for name in NAMES}
    assert "return" in str(conveniences["code"])
    net.code = 5
    net.add_module("graph", nn.ReLU())
    net.register_buffer("save", torch.ones(2))
    net.register_parameter("eager", nn.Parameter(torch.ones(3)))
    assert net.code == 5
    assert isinstance(net.graph, nn.ReLU)
    assert_same(net.save, torch.ones(2))
    assert net.eager.shape == (3,)
    assert_same(run_compiled(net, batch()), batch() + 1)
    for name in NAMES:
        delattr(net, name)
    assert net.code == conveniences["code"]
    assert_same(net.eager(batch()), batch() + 1)


def test_the_conveniences_show_and_do_what_they_say(tmp_path: object) -> None:
    net = Plainly()
    assert "def forward" in net.code
    assert "aten::add" in str(net.graph)
    assert_same(net.eager(batch()), batch() + 1)
    net.save(f"{tmp_path}/model.pt")
    assert_same(torch.jit.load(f"{tmp_path}/model.pt")(batch()), batch() + 1)


def test_a_plain_module_has_none_of_them() -> None:
    plain = plain_class(Plainly)()
    assert not [name for name in NAMES if hasattr(plain, name)]
