"""The entry of a lowered program: the parameters and the result that the user's `forward` has.

The program itself takes flat tensors and gives flat values. `with_entry` puts a `forward` in front of it that takes
what the user passes, raises where a call is not one the program was lowered for, and puts the result together as far
as TorchScript has a type for it.
"""

from __future__ import annotations

import ast
import linecache
import typing
import zlib
from typing import TYPE_CHECKING, Any

import torch

from scriptkit.compiling.boundary.signature import Entry, expression
from scriptkit.engines.torchscript.engine import making as engine
from scriptkit.language.parsing import syntax_tree
from scriptkit.live.nested import Leaf, leaves

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from scriptkit.live.nested import Structure

FLAT = "lowered_forward"


def with_entry(
    shadow: engine.Shadow,
    forward: Callable[..., Any],
    inputs: Structure,
    output: Structure,
    not_tensors: Mapping[int, str],
) -> engine.Shadow:
    """The same shadow with the user's `forward`; its program is the method `FLAT`."""
    text = _text(forward, inputs, output, not_tensors)
    cls = type(shadow)
    methods: tuple[ast.FunctionDef, ...] = getattr(cls, "lowered_methods", ())
    files: tuple[str, ...] = getattr(cls, "lowered_files", ())
    path = _remembered(text, cls.__name__)
    renamed = [_renamed(method) if method.name == "forward" else method for method in methods]
    defaults = _defaults(text, path)
    made = engine.shadow_class(cls.__name__, [*renamed, _placed(text, len(files))], [*files, path], defaults)()
    made.__dict__.update(shadow.__dict__)
    return made


def _text(forward: Callable[..., Any], inputs: Structure, output: Structure, not_tensors: Mapping[int, str]) -> str:
    entry = Entry(inputs, forward, "lowered")
    arguments = ", ".join(entry.names[number] for number in range(len(entry.names)))
    count = sum(isinstance(leaf, Leaf) for _, leaf in leaves(output))
    lines = [
        f"def forward({', '.join(['self', *entry.parameters])}):",
        *(f"    {line}" for line in entry.checks),
        f"    {'result' if count == 1 else 'out'} = self.{FLAT}({arguments})",
        *(["    out = (result,)"] if count == 1 else []),
        f"    return {expression(output, not_tensors)}",
    ]
    return "\n".join(lines) + "\n"


def _remembered(text: str, name: str) -> str:
    """A file name under which messages find the text; the same text has the same name."""
    path = f"<scriptkit entry {zlib.crc32(text.encode()):08x} of {name}>"
    linecache.cache[path] = (len(text), None, text.splitlines(keepends=True), path)
    return path


def _renamed(method: ast.FunctionDef) -> ast.FunctionDef:
    made: ast.FunctionDef = ast.FunctionDef(FLAT, method.args, method.body, [], None)
    return ast.copy_location(made, method)


def _placed(text: str, number: int) -> ast.FunctionDef:
    tree = syntax_tree(text).body[0]
    assert isinstance(tree, ast.FunctionDef)  # noqa: S101 - our own text
    return ast.increment_lineno(tree, number * engine.LINES_PER_FILE)


def _defaults(text: str, path: str) -> Callable[..., Any]:
    """The entry as a Python function: the compiler asks it for default values."""
    names: dict[str, Any] = {"torch": torch, "Tensor": torch.Tensor, **vars(typing)}
    exec(compile(text, path, "exec", dont_inherit=True), names)  # noqa: S102  # our own text
    made: Callable[..., Any] = names["forward"]
    return made
