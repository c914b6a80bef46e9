"""Archived code as a person would write it: `(_0).forward(x, )` is `self.blocks[0](x)`, and no name is mangled."""

from __future__ import annotations

import ast
import copy
import re
from typing import TYPE_CHECKING

from scriptkit.language.parsing import syntax_tree

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_ROOT = "__torch__"
_INDENT = "  "
_MANGLED = re.compile(r"___torch_mangle_\d+\.?")


def short_name(qualified: str) -> str:
    """The last part of a class name of a program, in the user's words."""
    return qualified.rpartition(".")[2]


def without_mangling(text: str) -> str:
    """A text with names as they are in the source."""
    return _MANGLED.sub("", text).replace(f"{_ROOT}.", "")


def header(node: ast.FunctionDef) -> str:
    """The first line of a method, without the type of `self`."""
    shown = copy.deepcopy(node)
    for argument in shown.args.args[:1]:
        argument.annotation = None
    shown.body = [ast.Pass()]
    shown.decorator_list = []
    lines = ast.unparse(ast.fix_missing_locations(_Names().visit(shown))).splitlines()
    return next(line for line in lines if line.startswith("def "))


Printed = tuple[str, "ast.stmt | None", "ast.stmt | ast.expr | None"]


def printed(statements: Sequence[tuple[ast.stmt, ast.stmt]], depth: int = 1) -> Iterator[Printed]:
    """The lines of tidy statements, each with the statement it shows, and what of the original it is."""
    indent = _INDENT * depth
    if not statements:
        yield f"{indent}pass", None, None
    for shown, original in statements:
        if not isinstance(shown, (ast.If, ast.For, ast.While)):
            yield f"{indent}{ast.unparse(shown)}", shown, original
            continue
        yield f"{indent}{_head(shown)}", shown, _decides(original)
        yield from printed([(one, one) for one in shown.body], depth + 1)
        if shown.orelse and not all(isinstance(one, ast.Pass) for one in shown.orelse):
            yield f"{indent}else:", None, None
            yield from printed([(one, one) for one in shown.orelse], depth + 1)


def _head(node: ast.If | ast.For | ast.While) -> str:
    if isinstance(node, ast.For):
        return f"for {ast.unparse(node.target)} in {ast.unparse(node.iter)}:"
    return f"{'if' if isinstance(node, ast.If) else 'while'} {ast.unparse(node.test)}:"


def _decides(node: ast.stmt) -> ast.expr:
    found: ast.expr = node.iter if isinstance(node, ast.For) else node.test  # type: ignore[attr-defined]
    return found


class _Names(ast.NodeTransformer):
    """Names without what the compiler put round them."""

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        text = ast.unparse(node)
        if text.startswith(f"{_ROOT}."):
            return syntax_tree(without_mangling(text), mode="eval").body
        self.generic_visit(node)
        return node


class Tidy(_Names):
    """Rewrites the statements of one method; short names for submodules and functions are written out."""

    def __init__(self, submodules: frozenset[str]) -> None:
        self._submodules = submodules
        self._aliases: dict[str, ast.expr] = {}

    def body(self, statements: Sequence[ast.stmt]) -> list[tuple[ast.stmt, ast.stmt]]:
        """The statements that are left, each with the one it was."""
        found = []
        for statement in statements:
            if self._is_alias(statement):
                continue
            found.append((ast.fix_missing_locations(self.visit(copy.deepcopy(statement))), statement))
        return found

    def _is_alias(self, statement: ast.stmt) -> bool:
        """Note a name for a submodule or a function, which is written out where it is used."""
        if not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
            return False
        target, value = statement.targets[0], statement.value
        if not isinstance(target, ast.Name):
            return False
        is_function = isinstance(value, ast.Attribute) and ast.unparse(value).startswith(f"{_ROOT}.")
        if is_function or self._is_submodule(value):
            self._aliases[target.id] = self.visit(copy.deepcopy(value))
            return True
        self._aliases.pop(target.id, None)
        return False

    def _is_submodule(self, value: ast.expr) -> bool:
        if isinstance(value, ast.Attribute) and isinstance(value.value, ast.Name):
            if value.value.id == "self":
                return value.attr in self._submodules
            return value.value.id in self._aliases
        is_getattr = isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "getattr"
        if not is_getattr or not isinstance(value, ast.Call):
            return False
        holder = value.args[0]
        return isinstance(holder, ast.Name) and (holder.id == "self" or holder.id in self._aliases)

    def visit_body(self, statements: list[ast.stmt]) -> list[ast.stmt]:
        """A block: what only names things is left out."""
        found = [self.visit(one) for one in statements if not self._is_alias(one)]
        return found or [ast.Pass(lineno=statements[0].lineno, col_offset=statements[0].col_offset)]

    def _visit_block(self, node: ast.If | ast.For | ast.While) -> ast.stmt:
        if isinstance(node, ast.For):
            node.iter = self.visit(node.iter)
        else:
            node.test = self.visit(node.test)
        node.body = self.visit_body(node.body)
        node.orelse = self.visit_body(node.orelse) if node.orelse else []
        return node

    visit_If = visit_For = visit_While = _visit_block  # noqa: N815 - the names that `ast` asks for

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """A short name, written out."""
        known = self._aliases.get(node.id) if isinstance(node.ctx, ast.Load) else None
        return node if known is None else copy.deepcopy(known)

    def visit_Call(self, node: ast.Call) -> ast.expr:
        """A call of a module, as its author writes it."""
        self.generic_visit(node)
        match node:
            case ast.Call(func=ast.Name(id="getattr"), args=[holder, ast.Constant(value=str() as name)]):
                if name.isdecimal():
                    return ast.copy_location(ast.Subscript(holder, ast.Constant(int(name)), ast.Load()), node)
                return ast.copy_location(ast.Attribute(holder, name, ast.Load()), node)
            case ast.Call(func=ast.Attribute(attr="forward", value=module)) if not _is_module_name(module):
                node.func = module
        return node


def _is_module_name(value: ast.expr) -> bool:
    return isinstance(value, ast.Name) and value.id in {"torch", "ops"}
