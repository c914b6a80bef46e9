"""Texts in compiled code: beyond ASCII they are refused where bytes would give another answer, and nothing hangs."""

from __future__ import annotations

import io

import pytest
import torch
from torch import Tensor

import scriptkit
from scriptkit import ScriptableModule, export


class Letters(ScriptableModule):
    prefix: str

    def __init__(self, prefix: str = "> ") -> None:
        super().__init__()
        self.prefix = prefix

    def forward(self, text: str) -> list[str]:
        out: list[str] = []
        for letter in text:
            if letter != " ":
                out += [letter.upper()]
        return out

    @export
    def length(self, text: str) -> int:
        return len(text)

    @export
    def middle(self, text: str) -> str:
        return text[1:-1].strip()

    @export
    def of_prefix(self, x: Tensor) -> str:
        return self.prefix[0]

    @export
    def words(self, text: str) -> list[str]:
        return text.split()

    @export
    def lines(self, text: str) -> list[str]:
        return text.splitlines() + text.splitlines(True) + [text.zfill(5), ("-" + text).zfill(4)]

    @export
    def place(self, text: str, part: str) -> int:
        return text.find(part)

    @export
    def safe(self, text: str, part: str) -> str:
        found = "yes" if part in text else "no"
        pieces = text.replace(part, "|").split("|") if len(part) > 0 else [text]
        joined = ", ".join(pieces)
        return f"{found} {joined} {text.startswith(part)} {text.count(part)} {text == part}"


class Parts(ScriptableModule):
    def forward(self, text: str, part: str) -> int:
        return text.count(part)

    @export
    def replace(self, text: str, part: str) -> str:
        return text.replace(part, "-")

    @export
    def split(self, text: str, part: str) -> list[str]:
        return text.split(part)

    @export
    def partition(self, text: str, part: str) -> tuple[str, str, str]:
        return text.partition(part)


def loaded(module: ScriptableModule) -> torch.jit.ScriptModule:
    file = io.BytesIO()
    scriptkit.save(module, file)
    file.seek(0)
    return torch.jit.load(file)  # type: ignore[no-any-return]


def compiled(module: ScriptableModule, method: str, text: str) -> object:
    return module(text) if method == "forward" else getattr(module, method)(text)


ASCII = ("a\r\nb\n\nc\rd", "plain text\n\twith\x7f all", "", "\r\n", "a")
BEYOND = ("caf\u00e9 noir", "\u65e5\u672c", "x\u00a0y")


@pytest.mark.parametrize("method", ["forward", "length", "middle", "words", "lines"])
def test_ascii_is_what_it_is_in_python(method: str) -> None:
    module, file = Letters(), loaded(Letters())
    for text in ASCII:
        with scriptkit.eager():
            expected = getattr(module, method)(text)
        assert compiled(module, method, text) == expected
        assert getattr(file, method)(text) == expected


@pytest.mark.parametrize("method", ["forward", "length", "middle", "words"])
@pytest.mark.parametrize("text", BEYOND)
def test_what_is_beyond_is_refused_at_the_line(method: str, text: str) -> None:
    with pytest.raises(ValueError, match="holds letters beyond ASCII"):
        compiled(Letters(), method, text)
    with pytest.raises(torch.jit.Error, match="holds letters beyond ASCII"):
        getattr(loaded(Letters()), method)(text)


def test_so_is_a_text_of_the_module() -> None:
    assert Letters().of_prefix(torch.ones(1)) == ">"
    with pytest.raises(ValueError, match="beyond ASCII"):
        Letters("\u00bb").of_prefix(torch.ones(1))


def test_a_place_is_refused_and_a_part_is_found() -> None:
    module, file = Letters(), loaded(Letters())
    with pytest.raises(ValueError, match="beyond ASCII"):
        module.place("\u00e9b", "b")
    for text in (*ASCII, *BEYOND):
        for part in ("a", "\u00e9", "\u672c", "zz"):
            with scriptkit.eager():
                expected = module.safe(text, part)
            assert module.safe(text, part) == expected
            assert file.safe(text, part) == expected


def test_an_empty_part_neither_hangs_nor_differs() -> None:
    module, file = Parts(), loaded(Parts())
    for form in (module, file):
        assert form("abc", "") == 4
        assert form("", "") == 1
        assert form("abcabc", "bc") == 2
        assert form.replace("abc", "") == "-a-b-c-"
        assert form.replace("abc", "b") == "a-c"
        assert form.split("a,b", ",") == ["a", "b"]
        assert form.partition("a,b", ",") == ("a", ",", "b")
    for method in (module.split, module.partition):
        with pytest.raises(ValueError, match="empty separator"):
            method("abc", "")
    with pytest.raises(torch.jit.Error, match="empty separator"):
        file.split("abc", "")
