"""Private names (`self.__x`) mean in compiled code what they mean in Python: the class they are written in."""

import pytest
from torch import Tensor, nn

import scriptkit
from scriptkit import ScriptableModule
from scriptkit.errors import CompilationError
from tests.scenarios.comparing import assert_same, assert_same_state, twins
from tests.scenarios.test_running import batch
from tests.scenarios.watching import run_compiled


class Private(ScriptableModule):
    """Every kind of member under a private name."""

    __seen: list[int]

    def __init__(self) -> None:
        super().__init__()
        self.__count = 0
        self.__seen = []
        self.__sizes: list[int] = []
        self.__linear = nn.Linear(4, 4)
        self.__scale = nn.Parameter(batch()[0])

    @property
    def __double(self) -> int:
        return 2 * self.__count

    @staticmethod
    def __shifted(x: Tensor) -> Tensor:
        return x + 1

    def __step(self, x: Tensor) -> Tensor:
        self.__count += 1
        self.__seen.append(self.__count)
        self.__sizes.append(x.size(0))
        out: Tensor = self.__linear(x) * self.__scale
        return out

    def forward(self, x: Tensor) -> Tensor:
        return self.__shifted(self.__step(x)) + self.__double + len(self.__seen) + len(self.__sizes)


class _Parent(ScriptableModule):
    def __part(self, x: Tensor) -> Tensor:
        return x + 1

    def forward(self, x: Tensor) -> Tensor:
        return self.__part(x)


class Child(_Parent):
    """Has a `__part` of its own, which is another method than its parent's."""

    def __part(self, x: Tensor) -> Tensor:
        return x * 10

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) - self.__part(x)


class Sometimes(ScriptableModule):
    def __init__(self, *, scaled: bool) -> None:
        super().__init__()
        if scaled:
            self.__scale = 2.0

    def forward(self, x: Tensor) -> Tensor:
        return x * self.__scale


def test_members_of_every_kind_and_their_state() -> None:
    net, plain = twins(Private)
    for rows in (8, 2):
        assert_same(run_compiled(net, batch(rows, 4)), plain(batch(rows, 4)))
    assert_same_state(net, plain)
    assert_same(scriptkit.to_torchscript(net)(batch()), plain(batch()))


def test_a_subclass_with_the_same_private_name_has_a_method_of_its_own() -> None:
    net, plain = twins(Child)
    assert_same(run_compiled(net, batch()), plain(batch()))


def test_an_error_names_the_attribute_as_it_is_written() -> None:
    with pytest.raises(CompilationError) as caught:
        Sometimes(scaled=False)
    [diagnostic] = caught.value.diagnostics
    assert diagnostic.name == "attribute-conditionally-defined"
    assert diagnostic.message.startswith("`self.__scale` ")
    assert "_Sometimes" not in diagnostic.message + diagnostic.help
