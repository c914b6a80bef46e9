"""What compiled code raises arrives as Python raises it: type, text, and the user's line at the end."""

import traceback

import pytest
import torch
from torch import Tensor, nn

import scriptkit
from scriptkit import ScriptableModule
from tests.scenarios.comparing import assert_same, twins
from tests.scenarios.test_running import batch
from tests.scenarios.watching import run_compiled


class OurError(ValueError):
    """An exception of the user's own."""


class Raises(ScriptableModule):
    names: list[int]
    table: dict[str, int]

    def __init__(self) -> None:
        super().__init__()
        self.names = [1, 2]
        self.table = {"a": 1}

    def helper(self, x: Tensor, why: str) -> Tensor:
        if why == "value":
            raise ValueError(f"no {why}: {len(self.names)}")
        if why == "key":
            raise KeyError("boom")
        if why == "ours":
            raise OurError("mine")
        if why == "not implemented":
            raise NotImplementedError
        if why == "runtime":
            raise RuntimeError("plain text")
        return x

    def forward(self, x: Tensor, why: str = "") -> Tensor:
        x = self.helper(x, why)
        if why == "assert":
            assert x.dim() == 7, "seven dimensions"
        if why == "index":
            return x + self.names[9]
        if why == "missing key":
            return x + self.table["zz"]
        if why == "shape":
            return x @ torch.ones(9, 9, device=x.device)
        return x


@pytest.mark.parametrize("why", ["value", "key", "ours", "not implemented", "runtime", "assert"])
def test_a_raised_exception_has_its_type_text_and_line(why: str) -> None:
    net, plain = twins(Raises)
    run_compiled(net, batch())
    with pytest.raises(Exception) as expected:
        plain(batch(), why)
    with pytest.raises(Exception) as caught:
        run_compiled(net, batch(), why)
    assert type(caught.value).__name__ == type(expected.value).__name__
    assert isinstance(caught.value, OurError if why == "ours" else type(expected.value))
    assert str(caught.value) == str(expected.value)
    last, theirs = (traceback.extract_tb(e.value.__traceback__)[-1] for e in (caught, expected))
    assert (last.filename, last.lineno, last.name) == (theirs.filename, theirs.lineno, theirs.name)
    assert_same(run_compiled(net, batch()), plain(batch()))


@pytest.mark.parametrize(("why", "line"), [("index", "self.names[9]"), ("missing key", "zz"), ("shape", "torch.ones")])
def test_an_error_of_an_operator_ends_at_the_users_line(why: str, line: str) -> None:
    net, plain = twins(Raises)
    with pytest.raises(Exception) as expected:
        plain(batch(), why)
    with pytest.raises(type(expected.value)) as caught:
        net(batch(), why)
    last = traceback.extract_tb(caught.value.__traceback__)[-1]
    assert last.filename == __file__
    assert line in str(last.line)


def test_an_exception_can_be_handled_by_its_type() -> None:
    class Careful(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = Raises()

        def forward(self, x: Tensor) -> Tensor:
            try:
                out: Tensor = self.inner(x, "key")
            except KeyError:
                return x
            return out

    assert_same(Careful()(batch()), batch())


def test_an_exception_in_an_ignored_method_is_the_same_object() -> None:
    error = LookupError("from python")

    class Calls(ScriptableModule):
        @scriptkit.ignore
        def fail(self, x: Tensor) -> Tensor:
            raise error

        def forward(self, x: Tensor) -> Tensor:
            return self.fail(x)

    with pytest.warns(scriptkit.ScriptkitWarning, match="fail"):
        net = Calls()
    with pytest.raises(LookupError, match="from python"):
        net(batch())


ARGUMENTS: list[tuple[tuple[object, ...], dict[str, object]]] = [
    ((), {}),
    ((1, 2, 3, 4), {}),
    ((), {"why": "x"}),
    ((torch.ones(1),), {"colour": "red"}),
    ((torch.ones(1), "a"), {"why": "b"}),
]


@pytest.mark.parametrize(("args", "kwargs"), ARGUMENTS)
def test_wrong_counts_and_names_of_arguments_give_pythons_words(
    args: tuple[object, ...], kwargs: dict[str, object]
) -> None:
    net, plain = twins(Raises)
    run_compiled(net, batch())
    with pytest.raises(TypeError) as expected:
        plain(*args, **kwargs)
    with pytest.raises(TypeError) as caught:
        net(*args, **kwargs)
    assert str(expected.value) in str(caught.value)
    assert "(self, x: Tensor, why: str = '') -> Tensor" in str(caught.value).replace("torch.", "")


@pytest.mark.parametrize(
    ("args", "words"),
    [((["text"],), ["'x'", "Tensor", "list"]), ((torch.ones(1), 3), ["'why'", "str", "int"])],
)
def test_a_wrong_type_of_an_argument_names_it_and_shows_the_signature(
    args: tuple[object, ...], words: list[str]
) -> None:
    net, _ = twins(Raises)
    with pytest.raises(TypeError) as caught:
        net(*args)
    text = str(caught.value)
    assert all(word in text for word in words), text
    assert "Raises.forward" in text
    assert "why: str = ''" in text
    assert "__torch__" not in text


class Fails(ScriptableModule):
    """Operators of numbers, lists and texts that fail; and exceptions whose words are those of another."""

    def forward(self, why: str, numbers: list[int], word: str) -> int:  # noqa: C901, PLR0912
        if why == "division": return 1 // len(numbers)  # fmt: skip # noqa: E701
        if why == "divmod":
            return divmod(1, len(numbers))[0]
        if why == "tensor":
            return int(torch.tensor(1) // len(numbers))
        if why == "largest":
            return max(numbers)
        if why == "popped":
            return [number for number in numbers].pop()  # noqa: C416
        if why == "index of":
            return word.index("?")
        if why == "number":
            return int(word)
        if why == "letter":
            return len(word[99])
        if why == "unpacked":
            first, second = numbers
            return first + second
        if why == "bare": raise NotImplementedError  # fmt: skip # noqa: E701
        if why == "bare call":
            raise ValueError()  # noqa: RSE102
        if why == "like another":
            raise RuntimeError("KeyError: division by zero, index out of range")
        if why == "two lines":
            raise ValueError("first\nRuntimeError: second")
        return 0


WAYS_TO_FAIL = [
    "division", "divmod", "tensor", "largest", "popped", "index of", "number", "letter", "unpacked", "bare",
    "bare call", "like another", "two lines",
]  # fmt: skip


@pytest.mark.parametrize("why", WAYS_TO_FAIL)
def test_what_fails_raises_the_type_python_raises(why: str) -> None:
    net = Fails()
    with pytest.raises(Exception) as expected:
        net.eager(why, [], "word")
    with pytest.raises(Exception) as raised:
        net(why, [], "word")
    assert raised.type is expected.type
    if why not in ("number", "unpacked"):  # compiled code knows less of these
        assert str(raised.value) == str(expected.value)
