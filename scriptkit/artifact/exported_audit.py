"""What a program in a file may do without being trusted: compute.

torch evaluates the texts of sizes and of guards as Python while it loads a program, and looks its operators up by name.
Each such text is read here first, and has to be a plain expression over sizes.
"""

from __future__ import annotations

import ast
import json
import re
from typing import TYPE_CHECKING, Any

from scriptkit.artifact.allowed_operators import is_allowed
from scriptkit.artifact.exported_programs import operators, targets
from scriptkit.language.parsing import syntax_tree

if TYPE_CHECKING:
    from collections.abc import Iterator

_TARGET = re.compile(
    r"torch\.ops\.\w+\.\w+(\.\w+)?|_operator\.\w+|math\.(ceil|floor|trunc|sqrt|pow|log|log2|exp|sin|cos|tan|tanh)"
    r"|torch\.sym_\w+|torch\._sym_\w+|torch\.(sym_float|sym_int|sym_max|sym_min)"
)
_OPERATORS = frozenset(
    "add and_ eq floordiv ge getitem gt le lshift lt mod mul ne neg not_ or_ pos pow rshift sub truediv abs".split()
)
_SYMBOLIC = re.compile(r"[A-Z]\w*")
_NODES = (
    *(ast.Expression, ast.BoolOp, ast.And, ast.Or, ast.UnaryOp, ast.Not, ast.USub, ast.UAdd, ast.BinOp, ast.operator),
    *(ast.Compare, ast.cmpop, ast.Constant, ast.Load, ast.Name, ast.Subscript, ast.Attribute, ast.Call, ast.keyword),
    *(ast.Tuple, ast.List),
)
_PLAIN_TYPES = {None, "builtins.tuple", "builtins.list", "builtins.dict"}
_ASSUMPTIONS = {"integer", "positive", "nonnegative", "real", "negative", "nonpositive", "finite", "extended_real"}
_MATH = {"ceil", "floor", "trunc", "sqrt", "inf", "isnan"}
_FUNCTIONS = {"max", "min", "Max", "Min", "abs"}


def audit_program(name: str, document: dict[str, Any]) -> list[str]:
    """What a program would do that a model has no need of, one sentence for each."""
    found = [f"`{name}` calls `{target}`" for target in targets(document) if not _is_harmless(target)]
    found += [f"`{name}` calls `{operator}`" for operator in operators(document) if not is_allowed(_base(operator))]
    found += [f"`{name}` has a size `{text}`" for text in _texts(document, "expr_str") if not is_symbolic(text)]
    found += [f"`{name}` has a guard `{text}`" for text in document.get("guards_code") or () if not is_guard(text)]
    for key in ("in_spec", "out_spec"):
        found += [f"`{name}` nests its values in `{text}`" for text in _texts(document, key) if not is_plain_tree(text)]
    if any(_has(document, key) for key in ("as_custom_obj", "custom_obj")):
        found.append(f"`{name}` holds objects that are no tensors")
    return sorted(set(found))


def _base(operator: str) -> str:
    """An operator without its overload."""
    return operator.partition(".")[0]


def _is_harmless(target: str) -> bool:
    if not _TARGET.fullmatch(target):
        return False
    return not target.startswith("_operator.") or target.removeprefix("_operator.") in _OPERATORS


def is_symbolic(text: str) -> bool:
    """Whether a text is an expression of sympy over symbols: `Mul(Integer(2), Symbol('s0', integer=True))`."""
    tree = _parsed(text)
    return tree is not None and all(map(_is_symbolic_node, ast.walk(tree)))


def _is_symbolic_node(node: ast.AST) -> bool:
    match node:
        case ast.Call(func=ast.Name(id=name)):
            return bool(_SYMBOLIC.fullmatch(name))
        case ast.Call() | ast.Attribute() | ast.Subscript():
            return False
        case ast.keyword(arg=arg, value=ast.Constant(value=bool() | int())):
            return arg in _ASSUMPTIONS or arg in {"evaluate", "precision"}
        case ast.Constant(value=str() as value):
            return bool(re.fullmatch(r"[\w.+-]+", value))
    return isinstance(node, _NODES)


def is_guard(text: str) -> bool:
    """Whether a text is a comparison of sizes: `L['x'].size()[0] <= 5`."""
    tree = _parsed(text)
    return tree is not None and all(map(_is_guard_node, ast.walk(tree)))


def _is_guard_node(node: ast.AST) -> bool:
    match node:
        case ast.Call(func=ast.Attribute(attr="size"), args=[], keywords=[]):
            return True
        case ast.Call(func=ast.Attribute(value=ast.Name(id="math"), attr=name), keywords=[]):
            return name in _MATH
        case ast.Call(func=ast.Attribute(value=ast.Name(id="torch"), attr="sym_float"), args=[_], keywords=[]):
            return True
        case ast.Call(func=ast.Name(id=name), keywords=[]):
            return name in _FUNCTIONS
        case ast.Call() | ast.keyword():
            return False
        case ast.Attribute(value=ast.Name(id="math"), attr=name):
            return name in _MATH
        case ast.Attribute(value=ast.Name(id="torch"), attr=name):
            return name == "sym_float"
        case ast.Attribute(attr=name):
            return name == "size"
        case ast.Name(id=name):
            return name in {"L", "math", "torch", *_FUNCTIONS}
    return isinstance(node, _NODES)


def _parsed(text: object) -> ast.AST | None:
    try:
        return syntax_tree(text.strip(), mode="eval") if isinstance(text, str) else None
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def is_plain_tree(text: str) -> bool:
    """Whether a text is torch's description of tuples, lists and dictionaries, and of nothing else."""
    try:
        return text == "" or all(map(_is_plain_node, _nodes(json.loads(text)[1])))
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError):
        return False


def _nodes(tree: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield tree
    for child in tree["children_spec"]:
        yield from _nodes(child)


def _is_plain_node(node: dict[str, Any]) -> bool:
    context = node.get("context")
    return node["type"] in _PLAIN_TYPES and (context is None or "enum" not in str(context))


def _texts(value: Any, key: str) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _texts(item, key)
    elif isinstance(value, dict):
        for name, item in value.items():
            if name == key and isinstance(item, str):
                yield item
            else:
                yield from _texts(item, key)


def _has(value: Any, key: str) -> bool:
    if isinstance(value, list):
        return any(_has(item, key) for item in value)
    return isinstance(value, dict) and (key in value or any(_has(item, key) for item in value.values()))
