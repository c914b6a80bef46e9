"""`mask &= other`, `x[0] **= 2`, `x %= 3`: Python writes into a tensor, the compiler computes another one, or drops it.

For the compiler `&=`, `|=`, `^=` and `**=` make a new value, which goes nowhere where the target is an element; `%=` is
`fmod`, also of numbers, whose remainder has the other sign. Which operation is meant depends on a type that no text
tells: the compiler decides `isinstance` while it compiles, and takes one of the two branches.
"""

from __future__ import annotations

import ast
import copy
from typing import Final

_IN_PLACE: Final[dict[type[ast.operator], str]] = {
    ast.BitAnd: "bitwise_and_",
    ast.BitOr: "bitwise_or_",
    ast.BitXor: "bitwise_xor_",
    ast.Pow: "pow_",
    ast.Mod: "remainder_",
}
_IN_PLACE_BUT_IN_DICTS: Final[dict[type[ast.operator], str]] = {
    ast.Add: "add_",
    ast.Sub: "sub_",
    ast.Mult: "mul_",
    ast.Div: "div_",
}


def in_place(node: ast.AugAssign, torch_name: str) -> list[ast.stmt]:
    """Statements that do what Python does, where the compiler would not; `torch_name` is how the code calls torch."""
    if type(node.op) not in _IN_PLACE:
        return _in_a_container(node, torch_name) if isinstance(node.target, ast.Subscript) else [node]
    return _placed([*_calls_first(node), *_decided(node, torch_name)], node)


def _in_a_container(node: ast.AugAssign, torch_name: str) -> list[ast.stmt]:
    """`totals["a"] += 1`: a part of a tensor is written in place, a tensor or a list in a dictionary is not."""
    if type(node.op) not in _IN_PLACE_BUT_IN_DICTS or not isinstance(node.target, ast.Subscript):
        return [node]
    before = _calls_first(node)
    of_a_tensor = _is_a(node.target.value, _of_torch(torch_name, "Tensor"))
    decided = _decided(copy.deepcopy(node), torch_name)
    return _placed([*before, ast.If(of_a_tensor, [node], decided)], node)


def _placed(made: list[ast.stmt], node: ast.AugAssign) -> list[ast.stmt]:
    for inner in (inner for statement in made for inner in ast.walk(statement)):
        if "lineno" in inner._attributes and not hasattr(inner, "lineno"):
            ast.copy_location(inner, node)
    return made


def _decided(node: ast.AugAssign, torch_name: str) -> list[ast.stmt]:
    """The statement by whether its target is a tensor."""
    before: list[ast.stmt] = []
    whole, after = _loaded(node.target), list[ast.stmt]()
    if isinstance(node.target, ast.Subscript):
        part = f"part_{node.lineno}_{node.col_offset}"
        before.append(_named(part, whole))
        whole, after = ast.Name(part, ast.Load()), [ast.Assign([node.target], ast.Name(part, ast.Load()))]
    if not isinstance(node.value, (ast.Name, ast.Constant)):
        value = f"value_{node.lineno}_{node.col_offset}"
        before.append(_named(value, node.value))
        node.value = ast.Name(value, ast.Load())
    written = _written(node, whole, torch_name)
    other = [_of_a_list(node, whole, after)] if after and isinstance(node.op, ast.Add) else [_of_numbers(node)]
    return [*before, ast.If(_is_a(whole, _of_torch(torch_name, "Tensor")), [*written, *after], other)]


def _of_a_list(node: ast.AugAssign, part: ast.expr, after: list[ast.stmt]) -> ast.stmt:
    """A list in a dictionary gets longer; for the compiler the dictionary gets another list."""
    longer = ast.Expr(
        ast.Call(ast.Attribute(copy.deepcopy(part), "extend", ast.Load()), [copy.deepcopy(node.value)], [])
    )
    return ast.If(_is_a(part, ast.Name("list", ast.Load())), [longer, *copy.deepcopy(after)], [_of_numbers(node)])


def _written(node: ast.AugAssign, tensor: ast.expr, torch_name: str) -> list[ast.stmt]:
    """The operation that writes. Its `bool` is a number to the compiler, and a tensor of bools has no place for one."""
    names = _IN_PLACE | _IN_PLACE_BUT_IN_DICTS

    def call(value: ast.expr) -> ast.stmt:
        method = ast.Attribute(copy.deepcopy(tensor), names[type(node.op)], ast.Load())
        return ast.Expr(ast.Call(method, [value], []))

    value = copy.deepcopy(node.value)
    if not isinstance(node.op, (ast.BitAnd, ast.BitOr, ast.BitXor)):
        return [call(value)]
    as_tensor = ast.Call(_of_torch(torch_name, "tensor"), [copy.deepcopy(value)], [])
    return [ast.If(_is_a(value, ast.Name("bool", ast.Load())), [call(as_tensor)], [call(copy.deepcopy(value))])]


def _is_a(value: ast.expr, kind: ast.expr) -> ast.expr:
    return ast.Call(ast.Name("isinstance", ast.Load()), [copy.deepcopy(value), kind], [])


def _of_torch(torch_name: str, name: str) -> ast.expr:
    return ast.Attribute(ast.Name(torch_name, ast.Load()), name, ast.Load())


def _named(name: str, value: ast.expr) -> ast.stmt:
    return ast.Assign([ast.Name(name, ast.Store())], value)


def _of_numbers(node: ast.AugAssign) -> ast.stmt:
    """The statement for anything but a tensor."""
    target, value = copy.deepcopy(node.target), copy.deepcopy(node.value)
    if isinstance(node.op, ast.Mod):
        return ast.Assign([target], ast.BinOp(_loaded(target), node.op, value))
    return ast.AugAssign(target, node.op, value)


def _loaded(target: ast.expr) -> ast.expr:
    made = copy.deepcopy(target)
    made.ctx = ast.Load()  # type: ignore[attr-defined]
    return made


def _calls_first(node: ast.AugAssign) -> list[ast.stmt]:
    """Whatever the target calls is called once, and before the value is computed."""
    found = _Calls(f"called_{node.lineno}_{node.col_offset}")
    found.visit(node.target)
    return found.statements


class _Calls(ast.NodeTransformer):
    """Puts names in the places of calls, innermost first."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self.statements: list[ast.stmt] = []

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        name = f"{self.prefix}_{len(self.statements)}"
        self.statements.append(_named(name, node))
        return ast.copy_location(ast.Name(name, ast.Load()), node)
