"""What mypy's types add to the rules: attributes, calls and variables of other files; torch decides who is right."""

from __future__ import annotations

import importlib
import sys
import textwrap
import warnings
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
import torch

from scriptkit import check_paths
from tests.mypy.project import after_checking

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.mypy.project import Project

HELPERS = """
    from datetime import date
    from pathlib import Path
    from typing import Dict, List, NamedTuple, Optional, Tuple, Union
    from torch import Tensor, nn

    EPS = 1e-5
    SIZES = [1, 2]

    def halved(x: Tensor, by: float) -> float:
        return by / 2

    def first(xs: List[Tensor]) -> Tensor:
        return xs[0]

    class Pair(NamedTuple):
        a: int
        b: int

    def sized(x: Tensor) -> Tuple[Tensor, int]:
        return x, 1

    def maybe(x: Tensor) -> Optional[Tensor]:
        return x

    def either(x: Tensor) -> Union[Tensor, int]:
        return x

    def named(x: Tensor) -> Pair:
        return Pair(1, 2)

    def nothing(x: Tensor) -> None:
        return None

    def several() -> nn.ModuleList:
        return nn.ModuleList([nn.Identity()])

    def pairs(n):
        return (n, n)

    def path() -> Path:
        return Path()

    def count() -> int:
        return 3

    def words() -> set[str]:
        return set()

    class Block(nn.Module):
        def forward(self, x: Tensor, times: float) -> List[Tensor]:
            return [x * times]

    class Plain:
        def __init__(self) -> None:
            self.size = 1

    class Base(nn.Module):
        limit: int

        def __init__(self) -> None:
            super().__init__()
            self.limit = count()

        def names(self, x: Tensor) -> Dict[str, Tensor]:
            return {"x": x}
"""


class Case(NamedTuple):
    """What a class of its own reads, and the rule that must find it; none where torch compiles it."""

    name: str
    body: str
    rule: str = ""
    init: str = "pass"
    base: str = "nn.Module"


BLOCK, PATH = "self.block = Block()", "self.path = path()"
CASES = [
    Case("constant_of_another_file", "x + EPS", "global-constant"),
    Case("list_of_another_file", "x + SIZES[0]", "global-variable-capture"),
    Case("constant_read_through_its_module", "x + helpers.EPS"),
    Case("result_of_a_function", "x + halved(x, 1.0).hex()", "object-attribute"),
    Case("argument_of_a_function", "x * halved(x, 'a')", "argument-type-mismatch"),
    Case("function_called_right", "x * halved(x, 1.0)"),
    Case("part_of_a_tuple", "x * sized(x)[1].bit_length()", "object-attribute"),
    Case("part_of_a_tuple_used_right", "sized(x)[0] * sized(x)[1]"),
    Case("perhaps_none", "x + maybe(x)", "optional-not-refined"),
    Case("one_of_two_types", "x if isinstance(either(x), Tensor) else x + 1"),
    Case("part_of_a_named_tuple", "x * named(x).a"),
    Case("nothing_at_all", "x + nothing(x)", "operator-types"),
    Case("too_many_arguments", "x * halved(x, 1.0, 2)", "argument-count"),
    Case("keyword_nobody_knows", "x * halved(x, bye=1.0)", "call-unknown-kwarg"),
    Case("result_of_a_module", "self.block(x, 1.0).relu()", "object-attribute", BLOCK),
    Case("result_of_a_module_used_right", "self.block(x, 1.0)[0].relu()", init=BLOCK),
    Case("module_as_argument", "first([x]) + first(self.block)", "module-argument", BLOCK),
    Case("module_as_condition", "x if self.block else x * 2", "implicit-bool-of-none-or-module", BLOCK),
    Case("list_made_elsewhere", "self.many[int(x.size(0))](x)", "module-list-index", "self.many = several()"),
    Case("list_made_elsewhere_used_right", "self.many[0](x)", init="self.many = several()"),
    Case("attribute_without_type", "x if self.path == self.path else x", "attribute-unsupported-type", PATH),
    Case("set_made_elsewhere", "x if 'a' in self.words else x", "attribute-unsupported-type", "self.words = words()"),
    Case("object_that_torch_compiles", "x * self.plain.size", init="self.plain = Plain()"),
    Case("attribute_of_a_known_type", "x + self.n.bit_length()", "object-attribute", "self.n = count()"),
    Case(
        "parameter_that_is_something_else",
        "x * self.pair[0]",
        init="size: int = 2\n        size = pairs(2)\n        self.pair = size",
    ),
    Case("attribute_of_a_base_elsewhere", "x + self.limit.bit_length()", "object-attribute", base="Base"),
    Case("method_of_a_base_elsewhere", "self.names(x).relu()", "object-attribute", base="Base"),
    Case("base_elsewhere_used_right", "self.names(x)['x'] + self.limit", base="Base"),
    Case("one_mistake_is_one_finding", "halved(self.path, 1.0) + x", "attribute-unsupported-type", PATH),
]


def text() -> str:
    """One class for each case."""
    lines = ["import helpers", "from torch import Tensor, nn"]
    lines.append(
        "from helpers import EPS, SIZES, Base, Block, Plain, count, either, first, halved, maybe, named, nothing, "
        "pairs, path, several, sized, words"
    )
    for case in CASES:
        lines += [
            "",
            f"class {case.name}({case.base}):",
            "    def __init__(self) -> None:",
            "        super().__init__()",
        ]
        lines += [
            f"        {case.init}",
            "",
            "    def forward(self, x: Tensor) -> Tensor:",
            f"        return {case.body}",
        ]
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The file and what it imports, as Python sees them."""
    folder = tmp_path_factory.mktemp("oracle")
    folder.joinpath("helpers.py").write_text(textwrap.dedent(HELPERS))
    folder.joinpath("cases_of_the_oracle.py").write_text(text())
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        yield importlib.import_module("cases_of_the_oracle")
        for name in ("helpers", "cases_of_the_oracle"):
            sys.modules.pop(name, None)


@after_checking
def test_what_mypy_knows_of_other_files_is_found(project: Project) -> None:
    project.settings = "all_modules = true\n"
    project.write(helpers=HELPERS, m=text())
    lines = text().splitlines()
    found = {(lines[f.line - 1].strip(), f.code) for f in project.check("m.py") if f.code.startswith("scriptkit")}
    assert found == {(f"return {case.body}", f"scriptkit-{case.rule}") for case in CASES if case.rule}


def test_the_text_alone_does_not_tell(project: Project) -> None:
    project.write(helpers=HELPERS, m=text())
    assert check_paths(["m.py"], all_modules=True) == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_torch_agrees(compiled: Any, case: Case) -> None:
    module = getattr(compiled, case.name)()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if not case.rule:
            torch.jit.script(module)
            return
        with pytest.raises((RuntimeError, torch.jit.frontend.NotSupportedError)):
            torch.jit.script(module)
