"""What a file may do without being trusted: compute. Found by reading it, before torch sees it.

Loading a TorchScript file runs three things of it: `__setstate__` methods, the default values of parameters, and the
values of class constants; it also folds constant texts, and sets attributes to what the objects hold. Called methods
may further reach files, other processes and foreign memory: the operators of all compiled code are looked at before
the first call. A model file remains code: the audit refuses what has no place in a model, it is no sandbox.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scriptkit.artifact.allowed_operators import is_allowed
from scriptkit.artifact.code_calls import operators
from scriptkit.artifact.code_costs import costs
from scriptkit.artifact.object_checks import check_objects
from scriptkit.artifact.pickles import Sequence
from scriptkit.engines.torchscript.engine import files

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from scriptkit.artifact.code_units import Class, Units

_CLASS = "__torch__."


def audit(units: Units, trees: Mapping[str, Any]) -> list[str]:
    """What the code and the objects would do that a model has no need of, one sentence for each."""
    findings = list(units.computed)
    for cls in units.classes.values():
        findings += _methods_that_run(cls)
    for function in units.every_function():
        for line in [function.head, *function.body]:
            named = (text for text, operator in operators(line) if not is_allowed(operator))
            findings += [f"{function.place}: line {line.number} calls `{text}`" for text in named]
    findings += costs(units, _constant_texts(trees.get("constants.pkl")))
    for name, tree in trees.items():
        findings += check_objects(name, tree, units)
    return findings


def _methods_that_run(cls: Class) -> Iterator[str]:
    found = cls.methods.get("__setstate__")
    if found is not None:
        short = cls.name.rpartition(".")[2]
        yield f"{found.place}: `{short}.__setstate__` runs while the file is loaded"


def _constant_texts(tree: Any) -> dict[str, int]:
    """The lengths of constants that are texts, by the names code has for them."""
    items = tree.items if isinstance(tree, Sequence) else []
    return {f".c{number}": len(item) for number, item in enumerate(items) if isinstance(item, str)}


def audit_operations(unit: Any) -> list[str]:
    """What the operators of all compiled code would do; sees through every way of writing a call."""
    found: dict[str, None] = {}
    for operation in files.operations(unit):
        if not is_allowed(operation.name):
            found[f"the model calls `{operation.name}`"] = None
        elif operation.name == "aten::as_strided" and operation.first_input_kind() == "prim::Constant":
            found["the model calls `aten::as_strided` on a constant, whose memory is part of another's"] = None
        elif operation.name == "prim::unchecked_cast" and _is_reinterpreted(*operation.types()):
            found[f"`{operation.place}` takes an object for one of another class"] = None
    return list(found)


def _is_reinterpreted(given: str, made: str) -> bool:
    """Whether a cast makes an object of a class out of what need not be one: only None may be excluded."""
    return _CLASS in made and not (given.startswith(("Optional[", "Union[")) and made in given) and given != made
