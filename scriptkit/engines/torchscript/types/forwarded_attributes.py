"""Attributes that a module hands on by `__getattr__`, as wrappers do: no compiled code calls that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.diagnostics import Diagnostic
from scriptkit.engines.torchscript.lifting.lifted_class import user_classes
from scriptkit.rules import rule_named

if TYPE_CHECKING:
    import torch

    from scriptkit.engines.torchscript.lifting.lifting import LiftedFunction
    from scriptkit.engines.torchscript.types.raw_errors import Place

_RULE = "attribute-undefined"


def explain_forwarded(owner: torch.nn.Module, name: str, place: Place, failing: LiftedFunction) -> Diagnostic | None:
    """Why an attribute that Python finds is none for the compiler; None where no `__getattr__` of the user's is."""
    cls = type(owner)
    if not any("__getattr__" in vars(base) for base in user_classes(cls)) or not hasattr(owner, name):
        return None
    source = _source_of(owner, name)
    return Diagnostic(
        path=place.path,
        line=place.line,
        column=max(place.column, 1),
        end_line=place.line,
        end_column=max(place.end_column, 2),
        code=rule_named(_RULE).code,
        name=_RULE,
        message=f"`self.{name}` is none of `{cls.__name__}`: its `__getattr__` finds it elsewhere",
        label="not there for the compiler",
        note="compiled code never calls `__getattr__`; it knows what a module itself has",
        help=f"name where it comes from: `self.{source}.{name}`" if source else f"set `self.{name}` in `__init__`",
        class_name=cls.__name__,
        method=failing.original.__name__,
    )


def _source_of(owner: torch.nn.Module, name: str) -> str:
    """The submodule whose attribute it is; empty where it is none's."""
    value = getattr(owner, name)
    found = ((path, getattr(part, name, None)) for path, part in owner.named_modules() if path)
    same = (path for path, one in found if one is value or (callable(value) and one == value))
    return min(same, key=lambda path: path.count("."), default="")
