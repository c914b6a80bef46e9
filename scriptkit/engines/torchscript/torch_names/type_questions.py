"""What a type of TorchScript says of its values, and whether a value fits one."""

from __future__ import annotations

from typing import Any, Optional, Union

import torch

from scriptkit.engines.torchscript.torch_names.table import C, look_up

_new_instance = look_up("instance of a compiled type")
_builder_of_types = look_up("builder of types")
_inferred_type = look_up("type of a value")
_parsed_schema = look_up("schema of a text")
_require_constant = look_up("is a constant")
_no_place = look_up("range of nothing")


def is_interface(concrete_type: Any) -> bool:
    """Whether a type only says which methods a submodule has."""
    return isinstance(concrete_type.jit_type, C.InterfaceType)


def holds_container(torch_type: Any) -> bool:
    """Whether values of a TorchScript type are, or hold, a list or dictionary."""
    if isinstance(torch_type, C.ListType | C.DictType):
        return True
    return isinstance(torch_type, C.TupleType | C.OptionalType) and any(
        holds_container(part) for part in torch_type.containedTypes()
    )


def holds_floats(torch_type: Any) -> bool:
    """Whether values of a TorchScript type are floats, or containers of nothing but floats."""
    if isinstance(torch_type, C.ListType | C.OptionalType):
        return any(map(holds_floats, torch_type.containedTypes()))
    if isinstance(torch_type, C.DictType):
        return holds_floats(torch_type.containedTypes()[1])
    if isinstance(torch_type, C.TupleType):
        return all(map(holds_floats, torch_type.containedTypes()))
    return bool(torch_type.kind() == "FloatType")


def containers_deep(torch_type: Any) -> int:
    """How many lists, dictionaries and tuples lie one inside the other in values of a TorchScript type."""
    if not isinstance(torch_type, C.ListType | C.DictType | C.TupleType | C.OptionalType):
        return 0
    inside = max(map(containers_deep, torch_type.containedTypes()), default=0)
    return inside if isinstance(torch_type, C.OptionalType) else inside + 1


def is_none(torch_type: Any) -> bool:
    """Whether an attribute is None for good: the compiler decides branches by it, so that no code reads it."""
    return isinstance(torch_type, C.NoneType)


def is_tensor(torch_type: Any) -> bool:
    """Whether a TorchScript type is that of tensors."""
    return isinstance(torch_type, C.TensorType)


def is_optional(torch_type: Any) -> bool:
    """Whether values of several Python types fit."""
    return isinstance(torch_type, C.OptionalType | C.UnionType | C.AnyType)


def argument_names(node: Any) -> list[str]:
    """The parameter names of an operator in a graph."""
    text = node.schema()
    return [] if text == "(no schema)" else [argument.name for argument in _parsed_schema(text).arguments]


def inferred_annotation(value: Any) -> Any:
    """The type torch infers for a value as a Python annotation, or None."""
    inferred = _inferred_type(value)
    if not inferred.success():
        return None
    names = {"List": list, "Dict": dict, "Tuple": tuple, "Optional": Optional, "Tensor": torch.Tensor, "Union": Union}
    try:
        return eval(inferred.type().annotation_str, names)  # noqa: S307 - torch's own spelling of a type
    except NameError:  # a type of the user's
        return None


def is_constant(value: Any) -> bool:
    """Whether torch takes a value for a constant."""
    try:
        _require_constant("", value, "")
    except TypeError:
        return False
    return True


def knows(annotation: Any) -> bool:
    """Whether an annotation is a type of TorchScript."""
    return _holder_of(annotation) is not None


def fits(value: Any, annotation: Any) -> bool:
    """Whether torch can store a value in an attribute of a declared type; True where it does not know the type."""
    holder = _holder_of(annotation)
    if holder is None:
        return True
    try:
        _new_instance(holder).setattr("value", value)
    except RuntimeError:
        return False
    return True


class _Holder(torch.nn.Module):
    """Gives its name to types with one attribute: under `nn.Module`'s, torch would take that for an annotation."""


_holders: dict[Any, Any] = {}


def _type_of(annotation: Any) -> Any:
    try:
        return torch.jit.annotations.try_ann_to_type(annotation, _no_place())
    except Exception:  # noqa: BLE001 - it compiles a class it does not know, and says in many ways that it cannot
        return None


def _holder_of(annotation: Any) -> Any:
    """A type with one attribute of the declared type."""
    try:
        known = _holders.get(annotation, _holders)
    except TypeError:  # an annotation that cannot be hashed is none that torch knows
        return None
    if known is _holders:
        torch_type = _type_of(annotation)
        builder = _builder_of_types(_Holder)
        known = None
        if torch_type is not None:
            builder.add_attribute("value", torch_type, False, False)
            known = builder.build().jit_type
        _holders[annotation] = known
    return known
