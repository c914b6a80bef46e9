"""What compiled code does differently is found; what it does alike is spared: eager and compiled results decide."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import pytest
import torch

from scriptkit.checking import check_source
from scriptkit.rules.examples import forward, program
from tests.rules.loading import load_file

if TYPE_CHECKING:
    from pathlib import Path

ONES = "(torch.ones(2), 0.1)"
SCALED = "x: Tensor, scale: float"
TEXTS = [
    # -- the text is what the model gives, compares, or looks up
    ("text = f'{scale}'\nreturn text", SCALED, "str", ONES),
    ("text = str(x)\nother = text\nreturn text", SCALED, "str", ONES),
    ("return '{}'.format(scale)", SCALED, "str", ONES),
    ("return f'{x.dtype}'", SCALED, "str", ONES),
    ("return 1 if f'{scale}' == '0.1' else 2", SCALED, "int", ONES),
    ("return {'0.1': 1, '0.10000000000000001': 2}[str(scale)]", SCALED, "int", ONES),
    ("found: Dict[str, int] = {}\nfound[f'{scale}'] = 1\nreturn found", SCALED, "Dict[str, int]", ONES),
    ("return len(f'{scale}'.split('0'))", SCALED, "int", ONES),
    # -- it is told, and no more
    ("text = f'{scale}'\nprint(text)\nreturn 1", SCALED, "int", ONES),
    ("print(f'{scale}')\nreturn 1", SCALED, "int", ONES),
    ("text = f'{scale}'\nreturn 1", SCALED, "int", ONES),
    ("if scale > 1:\n    raise ValueError(f'{scale} is too much')\nreturn 1", SCALED, "int", ONES),
    ("assert scale < 1, f'{scale} is too much'\nreturn 1", SCALED, "int", ONES),
    # -- ints and strings are written alike
    ("return f'{x.size(0)} {x.dim()}'", SCALED, "str", ONES),
    ("return 'a{}b'.format(x.dim())", SCALED, "str", ONES),
    # -- `or` gives a bool
    ("return int(n or 7)", "n: int", "int", "(3,)"),
    ("a = n or 7\nreturn a * 2", "n: int", "int", "(3,)"),
    ("return 1 if n or k else 2", "n: int, k: int", "int", "(3, 4)"),
    ("a = n or k\nreturn 1 if a else 2", "n: int, k: int", "int", "(3, 4)"),
    ("if bool(n or k):\n    return 1\nreturn 2", "n: int, k: int", "int", "(0, 4)"),
    ("while n and k:\n    n = n - 1\nreturn n", "n: int, k: int", "int", "(3, 4)"),
    # -- `zip` drops its `strict`
    ("n = 0\nfor a, b in zip(xs, [1, 2], strict=True):\n    n += a * b\nreturn n", "xs: List[int]", "int", "([1],)"),
    ("n = 0\nfor a, b in zip(xs, [1, 2], strict=False):\n    n += a * b\nreturn n", "xs: List[int]", "int", "([1],)"),
    ("n = 0\nfor a, b in zip(xs, [1, 2]):\n    n += a * b\nreturn n", "xs: List[int]", "int", "([1],)"),
    (
        "a = x * 0\nb = x * 0\nfor _ in range(3):\n    a, b = b, a\n    a.add_(1)\nreturn a - b",
        "x: Tensor",
        "Tensor",
        "(torch.ones(2),)",
    ),
    (
        "a = x * 0\nb = x * 0\nfor _ in range(3):\n    a, b = b, a\n    a = a.add(1)\nreturn a - b",
        "x: Tensor",
        "Tensor",
        "(torch.ones(2),)",
    ),
    # -- a loop that swaps: compiled code reads what it has just written
    (
        "a, b = x, x + 1\nfor _ in range(3):\n    a, b = b, a.add(1)\nreturn a",
        "x: Tensor",
        "Tensor",
        "(torch.ones(2),)",
    ),
]


def outcome(module: Any, inputs: tuple[Any, ...]) -> Any:
    try:
        return module(*inputs)
    except ValueError:
        return "refused"


def are_alike(eager: Any, compiled: Any) -> bool:
    if isinstance(eager, torch.Tensor):
        return torch.equal(eager, compiled)
    return type(eager) is type(compiled) and bool(eager == compiled)


@pytest.mark.parametrize(("body", "parameters", "returns", "inputs"), TEXTS)
def test_a_difference_is_found_and_nothing_else(
    body: str, parameters: str, returns: str, inputs: str, tmp_path: Path
) -> None:
    text = program(forward(body, parameters, returns))
    path = tmp_path / f"difference_{abs(hash(text))}.py"
    path.write_text(text)
    module = vars(load_file(path))["Model"]()
    given = eval(inputs)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        alike = are_alike(outcome(module, given), outcome(torch.jit.script(module), given))
    found = [d.name for d in check_source(text, all_modules=True) if d.severity == "error"]
    assert len(found) == (not alike), found
