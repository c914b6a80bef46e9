"""State outside of buffers: attributes that a call changes, which no program carries from call to call."""

from __future__ import annotations

import ast
import functools
import inspect
import textwrap
import types
from typing import TYPE_CHECKING, Any

from torch import nn

from scriptkit.engines.export.torch_names import Place
from scriptkit.live.comparison import compare

if TYPE_CHECKING:
    from collections.abc import Iterator

_OF_TORCH = frozenset(vars(nn.Module()))


def attributes(module: nn.Module) -> dict[tuple[str, str], Any]:
    """Every plain attribute of a tree, by path and name."""
    return {
        (path, name): value
        for path, part in module.named_modules()
        for name, value in vars(part).items()
        if name not in _OF_TORCH and not name.startswith("__") and not isinstance(value, types.MethodType)
    }


def changed(before: nn.Module, after: nn.Module) -> list[tuple[str, str]]:
    """The attributes that differ between two copies of one tree, as (path of the module, name)."""
    old, new = attributes(before), attributes(after)
    return [place for place in new if place not in old or _differ(old[place], new[place])]


def _differ(one: Any, other: Any) -> bool:
    if one is other:
        return False
    try:
        return bool(compare(one, other))
    except Exception:  # noqa: BLE001 - what cannot be compared is not the same
        return True


def is_read(module: nn.Module, path: str, name: str) -> bool:
    """Whether the class of that part reads the attribute anywhere, as far as its text tells."""
    kind = type(module.get_submodule(path))
    return any(name in _read_in(base) for base in kind.__mro__ if base not in {nn.Module, object})


@functools.lru_cache(maxsize=1024)
def _read_in(kind: type) -> frozenset[str]:
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(kind)))
    except (OSError, TypeError, SyntaxError):
        return frozenset()
    return frozenset(_reads(tree))


def _reads(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
            yield node.attr
        elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Attribute):
            yield node.target.attr
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value  # getattr(self, "name")


def place_of_write(module: nn.Module, path: str, name: str) -> Place | None:
    """The line that assigns the attribute, the last of the class that says it."""
    for base in type(module.get_submodule(path)).__mro__:
        try:
            lines, start = inspect.getsourcelines(base)
            tree = ast.parse(textwrap.dedent("".join(lines)))
        except (OSError, TypeError, SyntaxError):
            continue
        found = [node.lineno for node in ast.walk(tree) if isinstance(node, ast.expr) and _writes(node, name)]
        if found:
            return Place(inspect.getfile(base), start + found[-1] - 1)
    return None


def _writes(node: ast.AST, name: str) -> bool:
    """Whether a node assigns the attribute, or calls a method that may change what it holds."""
    match node:
        case ast.Attribute(attr=attr, ctx=ast.Store()):
            return attr == name
        case ast.Subscript(value=ast.Attribute(attr=attr), ctx=ast.Store()):
            return attr == name
        case ast.Call(func=ast.Attribute(value=ast.Attribute(attr=attr))):
            return attr == name
    return False


def spoken(path: str, name: str) -> str:
    """An attribute as its author writes it."""
    return f"'self.{path}.{name}'" if path else f"'self.{name}'"
