"""What several rules read from a syntax tree."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, TypeVar, overload

from scriptkit.language.source_text import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.language.facts import ClassFacts, FunctionFacts, ModuleFacts

A = TypeVar("A", bound=ast.AST)
B = TypeVar("B", bound=ast.AST)
C = TypeVar("C", bound=ast.AST)
LONGEST_QUOTE = 32
SIGNATURE = re.compile(r"^# type: \(.*\)\s*->\s*\S")
IGNORE = re.compile(r"# type:\ ignore(\[[a-zA-Z-]+\])?$")  # what torch.jit.annotations skips
MISSPELT = re.compile(r"#[\t ]*type[\t ]*(?!: ignore(\[.*\])?$):")


@overload
def nodes(cls: ClassFacts, a: type[A], /) -> Iterator[tuple[FunctionFacts, A]]: ...
@overload
def nodes(cls: ClassFacts, a: type[A], b: type[B], /) -> Iterator[tuple[FunctionFacts, A | B]]: ...
@overload
def nodes(cls: ClassFacts, a: type[A], b: type[B], c: type[C], /) -> Iterator[tuple[FunctionFacts, A | B | C]]: ...
def nodes(cls: ClassFacts, /, *kinds: type[ast.AST]) -> Iterator[tuple[FunctionFacts, ast.AST]]:
    """Every node of these kinds in the code the compiler parses for this class.

    That is more than the code it compiles: a branch that is statically not taken is parsed, too.
    """
    for function in cls.compiled:
        for kind in kinds:
            for node in function.by_kind.get(kind, ()):
                yield function, node


def shown(node: ast.AST) -> str:
    """The code of a node on one line, in backticks, cut where a message would grow too long."""
    return quoted(ast.unparse(node))


def quoted(text: str) -> str:
    """Code in backticks on one line, cut where a message would grow too long."""
    text = " ".join(text.split())
    return f"`{text if len(text) <= LONGEST_QUOTE else text[: LONGEST_QUOTE - 3] + '...'}`"


def word(cls: ClassFacts, node: ast.AST, text: str) -> Span:
    """The first word of a statement, such as `try`: pointing at the whole block would hide the place."""
    span = cls.module.span(node)
    return Span(span.line, span.column, span.line, span.column + len(text))


def is_self_attribute(node: ast.AST) -> bool:
    """Whether the node reads or writes an attribute of `self`."""
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self"


def is_ellipsis(node: ast.AST) -> bool:
    """Whether the node is `...`."""
    return isinstance(node, ast.Constant) and node.value is Ellipsis


def type_comments(cls: ClassFacts) -> Iterator[tuple[FunctionFacts, Span, str]]:
    """The comments that the compiler takes for a type and cannot read as one."""
    for function in cls.compiled:
        first, last = function.node.lineno, function.node.end_lineno or function.node.lineno
        lines = list(enumerate(cls.module.lines[first - 1 : last], first))
        typed = [(number, line) for number, line in lines if "# type:" in line and not IGNORE.search(line)]
        if any("# type: (...) -> " in line for _, line in typed) or (
            len(typed) == 1 and SIGNATURE.match(typed[0][1].strip())
        ):
            continue
        for number, line in typed or [(number, line) for number, line in lines if MISSPELT.search(line)]:
            start = line.index("# type:") if typed else MISSPELT.search(line).start()  # type: ignore[union-attr]
            yield function, Span(number, start + 1, number, len(line) + 1), line[start:]


CALLABLES = ("lambda", "partial", "list of functions", "dict of functions", "function")
CONSTANTS = ("int", "float", "str", "bool", "complex", "tuple", "dtype", "device", "torch.device", "None")
LONGEST_MESSAGE = 88
LONGEST_LABEL = 9


def container_of(cls: ClassFacts, node: ast.expr) -> str:
    """`ModuleList` and the like, if the node is an attribute that holds such a container; else nothing."""
    facts = cls.attributes.get(node.attr) if isinstance(node, ast.Attribute) and is_self_attribute(node) else None
    values = [assignment.value for assignment in facts.init] if facts is not None else []
    made = (cls.module.dotted(value.func) or "" for value in values if isinstance(value, ast.Call))
    names = (dotted.removeprefix("torch.nn.") for dotted in made if dotted.startswith("torch.nn."))
    return next((name for name in names if name in ("ModuleList", "ModuleDict", "Sequential")), "")


LARGEST_INT = 2**63 - 1
_MARKS = (
    "torch.jit.",
    "scriptkit.",
    "typing.",
    "abc.",
    "functools.cached_property",
    "functools.lru_cache",
    "functools.cache",
)


def harmless(decorator: str) -> bool:
    """Whether a decorator only marks a function, or has a meaning for the compiler."""
    return decorator.startswith(_MARKS) or decorator.endswith((".setter", ".getter", ".deleter", "override"))


def grad_mode(decorator: str) -> bool:
    """Whether a decorator sets the gradient mode."""
    return decorator in ("torch.no_grad", "torch.inference_mode", "torch.enable_grad")


def submodules(cls: ClassFacts) -> Iterator[tuple[str, ast.Call]]:
    """The attributes that `__init__` sets, whatever its arguments, to the result of a call."""
    for name, attribute in cls.attributes.items():
        for assignment in attribute.init:
            if isinstance(assignment.value, ast.Call) and not assignment.conditional:
                yield name, assignment.value


def calls_outside_classes(module: ModuleFacts) -> Iterator[ast.Call]:
    """Every call of the file that is not part of a class."""
    for statement in module.tree.body:
        if not isinstance(statement, ast.ClassDef):
            yield from (node for node in ast.walk(statement) if isinstance(node, ast.Call))


def declarations(cls: ClassFacts) -> Iterator[tuple[str, ast.AnnAssign]]:
    """The annotations in a class body that the compiler reads: those of attributes every instance has.

    It looks at one class only: this one if it has annotations, else the nearest base that has.
    """
    nearest = next((c for c in cls.mro if c.annotations), cls)
    for name, declaration in nearest.annotations.items():
        if name in cls.attributes and any(not a.conditional for a in cls.attributes[name].init):
            yield name, declaration
