"""Methods of texts give what Python's give, however often they stand in a function; none hangs."""

from __future__ import annotations

import importlib.util
import io
import sys
from typing import TYPE_CHECKING, Any

import pytest
import torch

import scriptkit

if TYPE_CHECKING:
    from pathlib import Path

LISTS = ("s.split(t)", "s.rsplit(t)", "s.split(t, n)", "s.rsplit(t, n)", "s.split(' ')", "s.rsplit()", "s.split('')")
TEXTS = (
    *("s.strip(' ')", "s.strip('\\n')", "s.lstrip('\\t')", "s.strip()", "s.rstrip()", "s.strip(t)"),
    *("s.center(n)", "s.center(9, '.')", "s.zfill(n)", "s.partition(t)[2]"),
)
NUMBERS = ("s.find(t, 1, 3)", "s.find(t, n)", "s.rfind(t, 2)", "s.index(t, 1)", "s.rindex(t, 1)", "ord(t)")
ANSWERS = ("s.startswith(t, 1)", "s.endswith(t, 1)", "s.isidentifier()")
TYPES = {**dict.fromkeys(LISTS, "list[str]"), **dict.fromkeys(TEXTS, "str"), **dict.fromkeys(NUMBERS, "int")}
TYPES |= dict.fromkeys(ANSWERS, "bool")
GIVEN = [
    (s, t, n)
    for s in ("", "a b", " a  b ", "\tab \n", "Ab ab", "__x", "a1")
    for t in ("a", " ", "ab", "")
    for n in (-1, 0, 1, 5)
]


def _methods(expressions: tuple[str, ...], folder: Path) -> Any:
    """A module with a method for each expression, which stands in it twice."""
    head = "from scriptkit import ScriptableModule, export\n\n\nclass Texts(ScriptableModule):\n"
    text = "".join(
        f"    @export\n    def m{number}(self, s: str, t: str, n: int) -> list[{TYPES[one]}]:\n"
        f"        return [{one}, {one}]\n"
        for number, one in enumerate(expressions)
    )
    path = folder / f"texts_{abs(hash(expressions))}.py"
    path.write_text(head + text)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[path.stem] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Texts()


def _outcome(call: Any, given: tuple[str, str, int]) -> Any:
    try:
        return call(*given)
    except (ValueError, IndexError, TypeError) as error:
        return type(error)


@pytest.mark.parametrize("expressions", [LISTS, TEXTS, NUMBERS, ANSWERS], ids=["lists", "texts", "numbers", "answers"])
def test_a_method_of_a_text_is_that_of_python(expressions: tuple[str, ...], tmp_path: Path) -> None:
    texts, file = _methods(expressions, tmp_path), io.BytesIO()
    scriptkit.save(texts, file)
    file.seek(0)
    loaded = torch.jit.load(file)
    for number, expression in enumerate(expressions):
        for given in GIVEN:
            with scriptkit.eager():
                expected = _outcome(getattr(texts, f"m{number}"), given)
            assert _outcome(getattr(texts, f"m{number}"), given) == expected, (expression, given)
            if not isinstance(expected, type):
                assert getattr(loaded, f"m{number}")(*given) == expected, (expression, given)
