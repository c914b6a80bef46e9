"""Parameters declared `Tensor` whose default is `None`: they compile, and no file can hold the default.

torch says "strides() called on an undefined Tensor" of them, without a name or a place.
"""

from __future__ import annotations

import ast
import linecache
import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from scriptkit.engines.torchscript.torch_names.table import look_up
from scriptkit.language.parsing import syntax_tree

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_SAID: Final = "called on an undefined Tensor"
_IN_GRAPH: Final = re.compile(r"# (?P<path>\S.*):(?P<line>\d+):\d+$", re.MULTILINE)
_compiled = look_up("unit of everything compiled")


class NoneDefault(NamedTuple):
    """A parameter, its method or function, and where it is declared."""

    parameter: str
    method: str
    path: str
    line: int
    column: int
    """From 1 on."""

    def told(self) -> str:
        """What is the matter with it."""
        return f"parameter `{self.parameter}` of `{self.method}` is a `Tensor` whose default is `None`"


WAY_OUT: Final = "annotate it as `Optional[Tensor]`"


def none_default(error: RuntimeError, modules: Iterable[Any]) -> NoneDefault | None:
    """The parameter that torch means; None where it says something else. `modules` are those of C++."""
    if _SAID not in str(error):
        return None
    methods = [module._get_method(name) for module in modules for name in module._method_names()]
    return next((found for code in _reached(methods) for found in _declared_by(code)), None)


def _reached(methods: list[Any]) -> Iterator[Any]:
    """The methods and the functions that they call, each once."""
    waiting, seen = methods, set[str]()
    while waiting:
        code = waiting.pop(0)
        yield code
        kinds = (node.output().type() for node in code.graph.findAllNodes("prim::Constant"))
        names = {kind.annotation_str for kind in kinds if kind.kind() == "FunctionType"} - seen
        seen |= names
        waiting += [function for name in sorted(names) if (function := _compiled.find_function(name)) is not None]


def _declared_by(code: Any) -> Iterator[NoneDefault]:
    for argument in code.schema.arguments:
        is_tensor = argument.type.kind() == "TensorType"
        if is_tensor and argument.has_default_value() and argument.default_value is None:
            place = _IN_GRAPH.search(str(code.graph))
            path, line = (place["path"], int(place["line"])) if place is not None else ("<unknown>", 1)
            yield NoneDefault(argument.name, code.name, path, *_place(path, line, code.name, argument.name))


def _place(path: str, line: int, function: str, parameter: str) -> tuple[int, int]:
    """Line and column of a parameter; of a function torch knows no more than a line of its body."""
    try:
        tree = syntax_tree("".join(linecache.getlines(path)))
    except SyntaxError:  # the file was changed meanwhile
        return line, 1
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name == function and _is_within(node, line):
            for argument in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs):
                if argument.arg == parameter:
                    return argument.lineno, argument.col_offset + 1
    return line, 1


def _is_within(node: ast.FunctionDef, line: int) -> bool:
    return node.lineno <= line <= (node.end_lineno or node.lineno)
