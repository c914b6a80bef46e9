"""Constructors: when and how often they compile, what they raise, threads."""

import gc
import inspect
import linecache
import weakref
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.jit._recursive import concrete_type_store

import scriptkit
from scriptkit import ScriptableModule
from scriptkit.errors import CompilationError
from tests.scenarios.comparing import assert_same, assert_same_state, plain_class, twins
from tests.scenarios.matrix import row
from tests.scenarios.models import Child, Net, Outer
from tests.scenarios.test_running import batch
from tests.scenarios.watching import run_compiled


class Refuses(ScriptableModule):
    """Raises midway when told to."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.fc = Child(width)
        if width < 0 or width == 3:
            raise ValueError("three is refused")
        self.head = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.head(self.fc(x))
        return out


@row("ctor_raises_midway")
def test_a_constructor_that_raises_midway_leaves_nothing_behind() -> None:
    with pytest.raises(ValueError, match="three is refused"):
        Refuses(3)
    net, plain = twins(Refuses, 4)
    assert_same(run_compiled(net, batch()), plain(batch()))
    assert scriptkit.is_compiled(net)


def test_a_constructor_that_catches_the_error_of_a_child() -> None:
    class Tries(ScriptableModule):
        def __init__(self) -> None:
            super().__init__()
            try:
                self.inner: nn.Module = Refuses(3)
            except ValueError:
                self.inner = Refuses(4)

        def forward(self, x: Tensor) -> Tensor:
            out: Tensor = self.inner(x)
            return out

    run_compiled(Tries(), batch())


@row("ctor_args_kwargs_signature")
def test_the_signature_of_the_constructor_is_the_users() -> None:
    assert list(inspect.signature(Net).parameters) == ["width", "depth", "p"]
    assert inspect.signature(Net) == inspect.signature(plain_class(Net))
    net, plain = Net(4, depth=1, p=0.0), plain_class(Net)(4, depth=1, p=0.0)
    plain.load_state_dict(net.state_dict())
    assert_same(run_compiled(net, batch()), plain(batch()))
    with pytest.raises(TypeError, match=r"Net.__init__\(\) got an unexpected keyword argument 'hight'"):
        Net(hight=3)  # type: ignore[call-arg]


@row("nested_100_compiles_once")
def test_a_hundred_equal_children_are_one_compiled_type() -> None:
    class Leaf(ScriptableModule):
        def __init__(self) -> None:
            super().__init__()
            self.fc = nn.Linear(4, 4)

        def forward(self, x: Tensor) -> Tensor:
            out: Tensor = self.fc(x)
            return out

    class Wide(ScriptableModule):
        def __init__(self) -> None:
            super().__init__()
            self.leaves = nn.Sequential(*(Leaf() for _ in range(100)))

        def forward(self, x: Tensor) -> Tensor:
            out: Tensor = self.leaves(x)
            return out

    before = compiled_types()
    net = Wide()
    assert compiled_types() - before <= 4  # Wide, Sequential, Leaf, and Linear where it was new
    run_compiled(net, batch())
    after = compiled_types()
    run_compiled(Wide(), batch())
    run_compiled(Leaf(), batch())
    assert compiled_types() == after


def compiled_types() -> int:
    return sum(len(types) for types in concrete_type_store.type_store.values())


@row("repr_like_plain")
def test_repr_is_that_of_a_plain_module() -> None:
    net, plain = twins(Outer)
    run_compiled(net, batch())
    assert repr(net) == repr(plain)
    assert set(dir(plain)) <= set(dir(net))


@row("isinstance_user_and_module")
def test_the_object_is_the_users() -> None:
    net, _ = twins(Outer)
    run_compiled(net, batch())
    assert type(net) is Outer
    assert isinstance(net, nn.Module)
    assert not isinstance(net, torch.jit.ScriptModule)
    assert type(net.blocks) is nn.ModuleList
    assert all(type(block) is Child for block in net.blocks)
    assert "forward" not in vars(net)
    assert inspect.isfunction(Outer.forward)


@pytest.fixture
def _checks_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """The class statement lets everything pass: the constructor is the matter."""
    monkeypatch.setenv("SCRIPTKIT_CHECK", "off")


@row("deferred_after_failed_compile")
@pytest.mark.usefixtures("_checks_off")
def test_a_failed_compile_leaves_the_type_store_as_it_was_and_says_the_same_again() -> None:
    class Bad(ScriptableModule):
        def __init__(self) -> None:
            super().__init__()
            self.child = Child(5)

        def forward(self, x: Tensor) -> Tensor:
            return self.child(x).no_such_method()  # type: ignore[attr-defined, no-any-return]

    before, said = store(), set()
    for _ in range(3):
        with pytest.raises(CompilationError) as caught:
            Bad()
        said.add(str(caught.value))
        assert store() == before
    assert len(said) == 1
    assert "no_such_method" in said.pop()
    run_compiled(Child(5), batch(2, 5))


def store() -> dict[str, list[int]]:
    types = {str(key): [id(t) for t in value] for key, value in concrete_type_store.type_store.items() if value}
    return {**types, "methods_compiled": sorted(id(t) for t in concrete_type_store.methods_compiled)}


@pytest.mark.usefixtures("_checks_off")
def test_every_later_attempt_names_the_same_methods() -> None:
    class Inner(ScriptableModule):
        def forward(self, x: Tensor) -> Tensor:
            return x.inner_missing()  # type: ignore[no-any-return, attr-defined]

    class Outer2(ScriptableModule):
        def __init__(self, build: Callable[[], nn.Module]) -> None:
            super().__init__()
            self.inner = build()

        def forward(self, x: Tensor) -> Tensor:
            return self.inner(x).outer_missing()  # type: ignore[no-any-return]

    said = []
    for _ in range(2):
        with pytest.raises(CompilationError) as caught:
            Outer2(Inner)
        said.append([(d.line, d.message) for d in caught.value.diagnostics])
    assert said[0] == said[1]
    assert len(said[0]) == 2


@pytest.mark.usefixtures("_checks_off")
def test_a_module_that_failed_to_compile_is_freed() -> None:
    born: list[weakref.ref[nn.Module]] = []

    class Bad(ScriptableModule):
        def __init__(self) -> None:
            super().__init__()
            self.fc = nn.Linear(4, 4)
            born.extend((weakref.ref(self), weakref.ref(self.fc)))

        def forward(self, x: Tensor) -> Tensor:
            return self.fc(x).no_such_method()  # type: ignore[no-any-return, attr-defined]

    for _ in range(2):
        with pytest.raises(CompilationError):
            Bad()
    gc.collect()
    assert [ref() for ref in born] == [None] * 4


def test_a_constructor_without_super_init_fails_as_in_torch() -> None:
    class Forgets(ScriptableModule):
        def __init__(self) -> None:
            self.fc = nn.Linear(4, 4)

        def forward(self, x: Tensor) -> Tensor:
            out: Tensor = self.fc(x)
            return out

    with pytest.raises(AttributeError, match=r"cannot assign module before Module.__init__\(\) call"):
        Forgets()


def test_a_module_without_forward_is_built_and_cannot_be_called() -> None:
    class Empty(ScriptableModule):
        pass

    with pytest.raises(NotImplementedError, match="forward"):
        Empty()(batch())


def test_forward_called_by_its_name_gives_the_same() -> None:
    net, plain = twins(Outer)
    assert_same(net.forward(batch()), plain.forward(batch()))
    assert_same(run_compiled(net, batch()), plain(batch()))


def test_a_constructor_called_a_second_time_starts_over() -> None:
    net, plain = twins(Child)
    run_compiled(net, batch())
    for model in (net, plain):
        torch.manual_seed(1)
        model.__init__(4, scale=0.5)
    assert_same(run_compiled(net, batch()), plain(batch()))
    assert_same_state(net, plain)


def test_a_call_within_a_constructor_works() -> None:
    net, plain = twins(Calibrated)
    assert_same(net.output, plain.output)
    assert_same(run_compiled(net, batch()), plain(batch()))
    assert_same_state(net, plain)


class Calibrated(ScriptableModule):
    output: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.child = Child()
        self.gain = 1.0
        self.register_buffer("output", torch.zeros(2, 4))
        with torch.no_grad():
            self.output = self(torch.ones(2, 4))
        self.gain = 2.0

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.child(x)
        return out * self.gain


@pytest.mark.parametrize("others", [[], ["x = 1\n"] * 9], ids=["alone", "after another text"])
def test_a_class_without_source_and_without_module_says_so(others: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(linecache.cache, "<string>", (len("".join(others)), None, others, "<string>"))
    text = """
from torch import Tensor
from scriptkit import ScriptableModule

class Made(ScriptableModule):
    def forward(self, x: Tensor) -> Tensor:
        return x
"""
    namespace: dict[str, Any] = {}
    exec(text, namespace)
    with pytest.raises(CompilationError, match="has no source text"):
        namespace["Made"]()
