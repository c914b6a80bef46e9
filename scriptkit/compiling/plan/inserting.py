"""Compiled parts in the place of Python ones: copies of a tree that hold them, and what may cross into them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch import nn

from scriptkit.compiling.chosen.choice import Choice, ScriptChoice, joined, rows_of
from scriptkit.compiling.plan.parts import outermost
from scriptkit.live import programs
from scriptkit.live.copies import copy_tree
from scriptkit.live.lives import life_of
from scriptkit.live.nested import Constant, Leaf, Nest, flatten, leaves
from scriptkit.live.training_modes import in_training_mode, overrides_train

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from scriptkit.live.recorded_calls import Call


def in_mode(part: nn.Module, *, training: bool) -> nn.Module:
    """A copy in a training mode; parts that are in it already keep modes of their own.

    It shares parameters and buffers, unless `train()` is code of the module, which may write them.
    """
    if part.training == training:
        return copy_tree(part)
    copy = life_of(part) if overrides_train(part) else copy_tree(part)
    return in_training_mode(copy, training=training)


def with_children(part: nn.Module, children: Mapping[str, Choice], path: str) -> nn.Module:
    """A copy that shares parameters and buffers, with compiled parts in the place of Python ones."""
    memo = {id(b): b for b in part.buffers()}
    copy = copy_tree(part, memo)
    prefix = f"{path}." if path else ""
    for inner, choice in children.items():
        parent, _, name = inner.removeprefix(prefix).rpartition(".")
        copy.get_submodule(parent)._modules[name] = choice.form
    return copy


def compiled_already(path: str, part: nn.Module) -> dict[str, Choice]:
    """The submodules that are TorchScript."""
    found = {joined(path, name): below for name, below in part.named_modules() if name and programs.is_compiled(below)}
    rows = {p: rows_of(p, found[p], "script", "is TorchScript already") for p in outermost(found)}
    return {p: ScriptChoice(found[p], told) for p, told in rows.items()}


def depends_on_training(part: nn.Module) -> bool:
    """Whether any code of a tree asks for a training flag, or does something when it is set."""
    if overrides_train(part):
        return True
    kinds = {kind for module in part.modules() for kind in type(module).__mro__[:-1] if kind is not nn.Module}
    functions = (value for kind in kinds for value in vars(kind).values())
    return any("training" in _names_in(getattr(function, "__code__", None)) for function in functions)


def _names_in(code: Any) -> set[str]:
    if code is None:
        return set()
    return set(code.co_names).union(*(_names_in(c) for c in code.co_consts if hasattr(c, "co_names")))


def has_tensor_boundary(calls: Sequence[Call]) -> bool:
    """Whether only tensors cross: a number that crosses from traced to scripted code would be a constant."""
    return bool(calls) and all(
        _is_of_tensors((call.args, call.kwargs)) and _is_of_tensors(call.result) for call in calls
    )


def _is_of_tensors(value: Any) -> bool:
    _, structure = flatten(value)
    plain = {"tuple", "list", "dict"}
    return all(isinstance(leaf, Leaf) for _, leaf in leaves(structure)) and _kinds(structure) <= plain


def _kinds(structure: Leaf | Constant | Nest) -> set[str]:
    if not isinstance(structure, Nest):
        return set()
    return {structure.kind}.union(*(_kinds(item) for item in structure.items))
