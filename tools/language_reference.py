"""Write the reference of TorchScript, docs/torchscript.md: `python -m tools.language_reference`.

What is listed comes from the tables of `scriptkit.language`, what is said of an example comes from the rules; a test
has the installed torch compile every line of the page.
"""

from __future__ import annotations

import argparse
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from scriptkit import check_source
from scriptkit.language.annotations import PLAIN
from scriptkit.language.inference import arithmetic, builtin_functions, comparisons, contexts
from scriptkit.language.operators import BASE, is_operator, table
from scriptkit.language.versions import judged_for
from scriptkit.rules import rule_named
from scriptkit.rules.examples import HEADER
from tools.language_examples import BUILTINS, EXPRESSIONS, OPERANDS, STATEMENTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PAGE = Path(__file__).parent.parent / "docs" / "torchscript.md"
INTRODUCTION = f"""\
# TorchScript

<!-- written by `make reference`; the tables stand in scriptkit/language -->

PyTorch's own reference of the language is gone. This one is generated from the tables that scriptkit judges code by,
as of torch {BASE}, and every line of it is compiled by every supported torch in the tests. What is refused links to the
[rule](rules.md) that says why and what to write instead. What is *lifted* is refused by plain
`torch.jit.script`, and works in a `ScriptableModule`.

TorchScript is a typed part of Python. A name has one type; a parameter without annotation is a `Tensor`; a loop over
modules is unrolled; a condition on a constant decides at compile time what is compiled at all.
"""


CONTAINERS = {
    "List[int]": "List[int]",
    "list[int]": "List[int]",
    "Dict[str, Tensor]": "Dict[str, Tensor]",
    "dict[str, Tensor]": "Dict[str, Tensor]",
    "Tuple[int, Tensor]": "Tuple[int, Tensor]",
    "tuple[int, Tensor]": "Tuple[int, Tensor]",
    "Optional[int]": "Optional[int]",
    "int | None": "Optional[int]",
    "Union[int, str]": "Union[int, str]",
    "int | str": "Union[int, str]",
}


@dataclass(frozen=True)
class Line:
    """One construct: how the page calls it, a whole program that uses it, and the rules that speak against it."""

    title: str
    code: str
    program: str
    refused_by: tuple[str, ...]

    @property
    def is_lifted(self) -> bool:
        """Whether it works in a `ScriptableModule` all the same."""
        return bool(self.refused_by) and all(rule_named(name).lifted for name in self.refused_by)

    @property
    def verdict(self) -> str:
        """As the tables of the page say it."""
        if not self.refused_by:
            return "yes"
        links = ", ".join(f"[{name}](rules/{name}.md)" for name in self.refused_by)
        return f"lifted: {links}" if self.is_lifted else f"no: {links}"


def line(title: str, code: str, body: str, parameters: str = "x: Tensor", returns: str = "") -> Line:
    """Judge the program that a construct makes."""
    arrow = f" -> {returns}" if returns else ""
    forward = f"    def forward(self, {parameters}){arrow}:\n" + textwrap.indent(body, " " * 8)
    program = f"class Model(nn.Module):\n{forward}\n"
    found = check_source(HEADER + "\n\n" + program, all_modules=True)
    return Line(title, code, program, tuple(dict.fromkeys(d.name for d in found if d.severity == "error")))


def type_lines() -> Iterator[Line]:
    """Every annotation the compiler has a type for."""
    for name, kind in PLAIN.items():
        shown = name.removeprefix("builtins.").removeprefix("typing.")
        yield line(shown, str(kind), "return value", f"value: {shown}", shown)
    for shown, meaning in CONTAINERS.items():
        yield line(shown, meaning, "return value", f"value: {shown}", shown)


def statement_lines() -> Iterator[Line]:
    """Every statement of Python."""
    yield from (line(name, body, body, "x: Tensor") for name, body in STATEMENTS.items())


def expression_lines() -> Iterator[Line]:
    """Every kind of expression."""
    yield from (line(name, body, body) for name, body in EXPRESSIONS.items())


def builtin_lines() -> Iterator[Line]:
    """Every function of Python's own that the tables know, called once."""
    for name, call in sorted(BUILTINS.items()):
        yield line(name, call, f"{call}\nreturn x" if name == "print" else f"return {call}")


def operator_lines(left: str) -> Iterator[Line]:
    """Every operator between a value of one type and values of all others."""
    for symbol in [*(text for _, text in arithmetic.BINARY.values()), *(t for _, t in comparisons.COMPARE.values())]:
        for right in OPERANDS:
            yield line(symbol, right, f"return a {symbol} b", f"a: {left}, b: {right}")


def context_lines() -> Iterator[Line]:
    """Every context manager the tables know, of those that are public."""
    arguments = {"record_function": '("name")', "autocast": '("cpu")', "set_grad_enabled": "(False)"}
    for name in sorted(contexts.CONTEXTS | contexts.BAD_CONTEXTS):
        if "._" in name or name.startswith(("torch.cuda", "torch.cpu", "contextlib", "torch.autograd")):
            continue
        call = name + arguments.get(name.rpartition(".")[2], "()")
        yield line(name, call, f"with {call}:\n    y = x * 2\nreturn y")


def attribute_lines() -> Iterator[Line]:
    """Every attribute of a tensor."""
    for name, kind in sorted(table()["tensor_attributes"].items()):
        yield line(name, kind, f"return x.{name}")


def constant_lines() -> Iterator[Line]:
    """Every constant of torch and math, of those that are public."""
    for name, kind in sorted(table()["constants"].items()):
        if name.startswith(("torch.USE", "torch.TYPE", "torch._")):
            continue
        yield line(name, kind, f"import math\nreturn {name}")


def all_lines() -> Iterator[Line]:
    """Everything the page says, for the test."""
    for lines in (type_lines, statement_lines, expression_lines, builtin_lines, context_lines, attribute_lines):
        yield from lines()
    yield from constant_lines()
    for left in OPERANDS:
        yield from operator_lines(left)


def text() -> str:
    """The page, whatever torch is installed."""
    with judged_for(BASE):
        return "\n".join(page()) + "\n"


def page() -> Iterator[str]:
    """The page, line by line."""
    yield INTRODUCTION
    yield "## Types\n"
    yield "Annotations the compiler reads, in parameters, results, attributes and local names.\n"
    yield from two_columns("annotation", type_lines())
    yield "\nBesides: `NamedTuple` classes, `Enum` classes with values of one type, and plain classes marked"
    yield "`@scriptkit.script`.\n"
    yield from programs("Statements", statement_lines())
    yield from programs("Expressions", expression_lines())
    yield "## Operators\n"
    yield "For the type on the left, the types on the right that each operator takes.\n"
    yield from operators()
    yield "\n## Functions of Python\n"
    yield from rows("call", ((f"`{one.code}`", one.verdict) for one in builtin_lines()))
    yield "\n## Context managers\n"
    yield from rows("with", ((f"`{one.code}`", one.verdict) for one in context_lines()))
    yield from tensors()
    yield from library()


def two_columns(title: str, lines: Iterable[Line]) -> Iterator[str]:
    """Annotations, what they mean, and whether they compile."""
    yield f"| {title} | type | compiles |\n|---|---|---|"
    for one in lines:
        yield f"| `{one.title}` | `{one.code}` | {one.verdict} |".replace(" | None", " \\| None").replace(
            "t | s", "t \\| s"
        )


def programs(title: str, lines: Iterable[Line]) -> Iterator[str]:
    """What compiles, then what does not, each with its program."""
    kinds: dict[str, list[Line]] = {"compiled": [], "lifted": [], "refused": []}
    for one in lines:
        kinds["compiled" if not one.refused_by else "lifted" if one.is_lifted else "refused"].append(one)
    yield f"\n## {title}\n"
    for kind, found in kinds.items():
        for one in found:
            verdict = "" if kind == "compiled" else f", {kind}: {one.verdict.partition(': ')[2]}"
            yield f"`{one.title}`{verdict}\n\n```python\n{one.code}\n```\n"


def operators() -> Iterator[str]:
    """One row for each operator, one column for each type on its left."""
    yield "| | " + " | ".join(f"`{left}`" for left in OPERANDS) + " |"
    yield "|---" * (len(OPERANDS) + 1) + "|"
    columns: dict[str, list[str]] = {}
    for left in OPERANDS:
        taken: dict[str, list[str]] = {}
        for one in operator_lines(left):
            taken.setdefault(one.title, []).extend([] if one.refused_by else [one.code])
        for symbol, types in taken.items():
            columns.setdefault(symbol, []).append(", ".join(types))
    for symbol, cells in columns.items():
        shown = symbol.replace("|", "\\|")
        yield f"| `{shown}` | " + " | ".join(cells) + " |"


def rows(title: str, cells: Iterable[tuple[str, str]]) -> Iterator[str]:
    """A table of what compiles."""
    yield f"| {title} | compiles |\n|---|---|"
    yield from (f"| {code} | {verdict} |" for code, verdict in cells)


def tensors() -> Iterator[str]:
    """Attributes of a tensor, and members that compiled code does not have."""
    yield "\n## Tensors\n\nAttributes, with their types:\n"
    yield ", ".join(f"`{one.title}` ({one.code})" for one in attribute_lines()) + "\n"
    missing = sorted(n for n in table()["tensor_python_only"] if not is_operator(n) and not n.startswith("_"))
    yield "Members of Python's `Tensor` that compiled code does not have "
    yield "([unsupported-tensor-method](rules/unsupported-tensor-method.md)):\n"
    yield ", ".join(f"`{name}`" for name in missing) + "\n"


def library() -> Iterator[str]:
    """The functions and constants of torch and math."""
    functions = sorted(name for name in table()["functions"] if "._" not in name)
    in_python = sorted(name for name in table()["python_functions"] if "._" not in name)
    refused = sorted(name for name in table()["refused"] if "._" not in name)
    yield "\n## torch and math\n"
    yield f"{len(functions)} functions are operators, {len(in_python)} more are compiled from torch's own source.\n"
    for title, names in (("math", "math."), ("torch.nn.functional", "torch.nn.functional.")):
        known = [name for name in {*functions, *in_python} if name.startswith(names)]
        yield f"`{title}`\n: " + ", ".join(f"`{name.removeprefix(names)}`" for name in sorted(known)) + "\n"
    yield "Constants\n: " + ", ".join(f"`{one.title}`" for one in constant_lines()) + "\n"
    yield "Functions that are refused ([unsupported-torch-function](rules/unsupported-torch-function.md))\n: "
    yield ", ".join(f"`{name}`" for name in refused) + "\n"
    unsupported = sorted(builtin_functions.UNSUPPORTED - BUILTINS.keys())
    yield (
        "Builtins that are refused, or mean something else\n: " + ", ".join(f"`{name}`" for name in unsupported) + "\n"
    )
    modules = ", ".join(f"`{name}`" for name in sorted(table()["modules"]))
    yield f"Modules of `torch.nn` whose `forward` is known\n: {modules}"


def main() -> None:
    """Write the page, or say that it is stale."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    if not parser.parse_args().check:
        PAGE.write_text(text(), encoding="utf-8")
    elif not PAGE.is_file() or PAGE.read_text(encoding="utf-8") != text():
        sys.exit("docs/torchscript.md is stale: run `make reference`")


if __name__ == "__main__":
    main()
