"""Attributes, methods, submodules and properties of modules, as compiled code sees them."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Literal

from scriptkit.language import operators
from scriptkit.language.inference.functions_called import result_of
from scriptkit.language.inference.instance_dependent import is_guarded_by_flag, may_be_none, python_object_in_some
from scriptkit.language.inference.unseen_attributes import MODULE_ATTRIBUTES, is_open_ended, report_undefined
from scriptkit.language.instances_made import lacking
from scriptkit.language.problems.attributes import (
    AttributeConditionallyDefined,
    AttributeUnsupportedType,
    ClassAttribute,
    EmptyAttributeUntyped,
    InheritedAnnotationLost,
)
from scriptkit.language.problems.calls import UnsupportedBuiltin
from scriptkit.language.problems.modules import ModuleIntrospection
from scriptkit.language.problems.optionals import OptionalAttributeNotRefined
from scriptkit.language.types import BOOL, FLOAT, INT, NONE, TENSOR, UNKNOWN, Type, optional
from scriptkit.language.values import ClassValue, ContainerValue, DottedValue, FunctionValue, ModuleValue, PythonObject

if TYPE_CHECKING:
    from scriptkit.language.abstract import AnyValue
    from scriptkit.language.facts import Assignment, AttributeFacts, ClassFacts
    from scriptkit.language.inference.body import Body

INTROSPECTION = frozenset(
    {
        "parameters", "named_parameters", "train", "eval", "register_buffer", "register_parameter", "register_module",
        "add_module", "apply", "to", "cuda", "cpu", "float", "half", "double", "state_dict", "load_state_dict",
        "zero_grad",
        "requires_grad_", "register_forward_hook", "register_forward_pre_hook", "type", "get_submodule",
        "get_parameter",
        "get_buffer", "bfloat16", "share_memory", "extra_repr", "_get_name",
    },
)  # fmt: skip


SILENT_MODULE = frozenset({"modules", "named_modules", "children", "named_children", "buffers", "named_buffers"})


def module_attribute(body: Body, receiver: ModuleValue, name: str, node: ast.expr) -> AnyValue:
    """An attribute, method, submodule or property of a module."""
    before = len(body.sink.problems)
    found = _read_in_text(body, receiver, name, node)
    is_open = found is UNKNOWN and len(body.sink.problems) == before
    return _told_attribute(body, receiver.cls, name, node) if is_open and receiver.cls is not None else found


def _told_attribute(body: Body, cls: ClassFacts, name: str, node: ast.expr) -> AnyValue:
    """What a door knows of an attribute that is assigned once at most, and not declared as what it cannot be."""
    attribute = cls.attributes.get(name)
    if body.session.oracle is None or (attribute is not None and not _is_settled(body, attribute)):
        return UNKNOWN
    told = body.session.oracle.attribute_value(cls, name)
    if not isinstance(told, PythonObject):
        return UNKNOWN if told is None else told
    made = attribute.init[0] if attribute is not None and attribute.init else None
    text = f"a {told.what}" if made is None or made.value is None else ast.unparse(made.value)
    where = None if made is None else made.node
    return body.report(AttributeUnsupportedType(name=name, value_text=text, what=told.what), node, where)


def _is_settled(body: Body, attribute: AttributeFacts) -> bool:
    once = len(attribute.init) <= 1 and not attribute.later and not attribute.conditional
    return once and (attribute.annotation is None or not body.annotations.read(attribute.annotation)[1])


def _read_in_text(body: Body, receiver: ModuleValue, name: str, node: ast.expr) -> AnyValue:
    if receiver.cls is None:
        return _library_attribute(receiver, name)
    cls = receiver.cls
    method = cls.methods.get(name)
    attribute = cls.attributes.get(name)
    if method is not None and not (attribute is not None and attribute.init):
        return _method(body, receiver, cls, name)
    if attribute is not None:
        return own_attribute(body, receiver, cls, attribute, node)
    return _missing(body, receiver, cls, name, node)


def _method(body: Body, receiver: ModuleValue, cls: ClassFacts, name: str) -> AnyValue:
    method = cls.methods[name]
    if method.kind == "property":
        return result_of(body, method, cls)
    return FunctionValue(method, receiver)


def _library_attribute(receiver: ModuleValue, name: str) -> AnyValue:
    if name in MODULE_ATTRIBUTES:
        return MODULE_ATTRIBUTES[name]
    return _library_annotation(receiver.library, name)


def _library_annotation(library: str, name: str) -> Type:
    """What the annotations of a class of `torch.nn` say of an attribute."""
    known = operators.nn_module(library) if library else None
    if known is None:
        return UNKNOWN
    if name in ("weight", "bias") and name in known["attributes"]:
        text = known["attributes"][name]
        return TENSOR if text == "Tensor" else optional(TENSOR) if "None" in text or "Optional" in text else UNKNOWN
    kind = known["attributes"].get(name)
    return {"int": INT, "float": FLOAT, "bool": BOOL}.get(str(kind), UNKNOWN)


def _missing(body: Body, receiver: ModuleValue, cls: ClassFacts, name: str, node: ast.expr) -> AnyValue:
    if name in MODULE_ATTRIBUTES:
        return MODULE_ATTRIBUTES[name]
    if name in INTROSPECTION and not cls.foreign_bases:
        return body.report(ModuleIntrospection(name=name), node)
    library = next((b for c in cls.mro for b in c.foreign_bases if b.startswith("torch.nn.")), None)
    if library is not None and not any(c.annotations for c in cls.mro):
        return _library_annotation(library.rpartition(".")[2], name)
    if name in SILENT_MODULE or name.startswith("__") or is_open_ended(cls):
        if name == "__class__":
            return body.report(UnsupportedBuiltin(name="__class__"), node)
        return UNKNOWN
    return report_undefined(body, receiver, name, node, write=False)


def own_attribute(
    body: Body, receiver: ModuleValue, cls: ClassFacts, attribute: AttributeFacts, node: ast.expr
) -> AnyValue:
    """An attribute that the text of the class shows."""
    members, name = body.session.members, attribute.name
    declared = attribute.declaration is not None and not attribute.final
    if declared and not attribute.init and attribute.class_value is not None and not is_open_ended(cls):
        return body.report(ClassAttribute(name=name), node, attribute.class_value)
    if declared and attribute.registered != "module":
        return _declared_attribute(body, cls, attribute, node)
    value: AnyValue | None = members.assigned(cls, attribute)
    if may_be_none(body, cls, attribute, node):
        in_some = OptionalAttributeNotRefined(text=ast.unparse(node), type=NONE, use="")
        return body.report(in_some, node, is_certain=False)
    if cls.scriptable and attribute.annotation is not None and not attribute.final:
        return _annotated_in_init(body, attribute.annotation, value)
    if attribute.init and attribute.conditional:
        return _conditional(body, cls, attribute, node, value)
    if value is None:
        return _without_init(body, receiver, cls, attribute, node)
    if isinstance(value, PythonObject):
        return _python_object(body, attribute, value, node)
    return value


def _annotated_in_init(body: Body, annotation: ast.expr, value: AnyValue | None) -> AnyValue:
    """`self.x: T = value`, which scriptkit passes on to the compiler."""
    is_module = isinstance(value, (ModuleValue, ContainerValue))
    return value if is_module and value is not None else body.annotations.type(annotation)


def _declared_attribute(body: Body, cls: ClassFacts, attribute: AttributeFacts, node: ast.expr) -> AnyValue:
    declaration = attribute.declaration
    assert declaration is not None  # noqa: S101 - the caller has looked
    declared, bad = body.annotations.read(declaration.annotation)
    value = body.session.members.assigned(cls, attribute)
    if isinstance(value, (ModuleValue, ContainerValue)):
        return value
    owner = attribute.owner
    effective = next((c for c in cls.mro if c.annotations), None)
    if effective is not owner and effective is not None and not cls.scriptable:
        if isinstance(value, PythonObject) or value is NONE:
            body.report(InheritedAnnotationLost(name=attribute.name, base=owner.name), node, declaration)
            return UNKNOWN
        return value if value is not None else UNKNOWN
    if bad:
        return UNKNOWN
    return declared


def _conditional(
    body: Body, cls: ClassFacts, attribute: AttributeFacts, node: ast.expr, value: AnyValue | None
) -> AnyValue:
    """Set under a condition only: whether it exists depends on the instance."""
    if is_exhaustive(attribute):
        odd = python_object_in_some(body, cls, attribute)
        if odd is not None:
            return _python_object(body, attribute, odd[1], node, made=odd[0], is_certain=False)
    is_doubtful = body.uncertain and not is_guarded_by_flag(body, cls, node)
    if is_exhaustive(attribute) or is_doubtful or cls.foreign_bases or attribute.class_value is not None:
        return value if value is not None and not isinstance(value, PythonObject) else UNKNOWN
    is_module = isinstance(value, (ModuleValue, ContainerValue)) or attribute.registered == "module"
    if not any(isinstance(a.conditions[-1], ast.If) for a in attribute.init):
        return value if value is not None and not isinstance(value, PythonObject) else UNKNOWN
    first = attribute.init[0]
    if _raises_otherwise(first.conditions[0]) or not _is_guarded(body, node):
        return UNKNOWN
    made = lacking(cls, attribute)  # without such an instance in sight, the live one decides
    data = AttributeConditionallyDefined(name=attribute.name, module=is_module)
    return body.report(data, node, first.node, is_certain=made is not None)


def is_exhaustive(attribute: AttributeFacts) -> bool:
    """Whether an assignment stands in each branch of one `if`."""
    sides: dict[ast.AST, set[str]] = {}
    for assignment in attribute.init:
        outer = assignment.conditions[0]
        if isinstance(outer, ast.If):
            inside = any(assignment.statement is n for s in outer.body for n in ast.walk(s))
            sides.setdefault(outer, set()).add("body" if inside else "orelse")
        else:  # a loop, a `try`, a `with`, a `match`: as if it always ran
            return True
    return any(len(found) == 2 for found in sides.values())  # noqa: PLR2004 - both branches


def _is_guarded(body: Body, node: ast.expr) -> bool:
    """Whether a test stands before the use: the author knows that the attribute may be missing."""
    return any(isinstance(above, (ast.If, ast.IfExp)) for above in body.module.ancestors(node))


def _raises_otherwise(outer: ast.AST) -> bool:
    return isinstance(outer, ast.If) and any(isinstance(n, ast.Raise) for s in outer.orelse for n in ast.walk(s))


def _without_init(
    body: Body, receiver: ModuleValue, cls: ClassFacts, attribute: AttributeFacts, node: ast.expr
) -> AnyValue:
    value = attribute.class_value
    if attribute.final or attribute.constant:
        return UNKNOWN if value is None else body.session.members.evaluate(value, cls, None)
    if value is None:
        if attribute.name in cls.methods:
            return _method(body, receiver, cls, attribute.name)
        return (
            UNKNOWN
            if is_open_ended(cls) or not attribute.later
            else report_undefined(body, receiver, attribute.name, node, write=False)
        )
    if (isinstance(value, ast.Name) and value.id in cls.methods) or is_open_ended(cls):
        return UNKNOWN
    evaluated = body.session.members.evaluate(value, cls, None)
    if isinstance(evaluated, (FunctionValue, ClassValue, DottedValue)):
        return UNKNOWN
    if evaluated is UNKNOWN and not isinstance(value, (ast.List, ast.Dict, ast.Tuple)):
        return UNKNOWN
    return body.report(ClassAttribute(name=attribute.name), node, value)


def _python_object(
    body: Body,
    attribute: AttributeFacts,
    value: PythonObject,
    node: ast.expr,
    made: Assignment | None = None,
    *,
    is_certain: bool = True,
) -> AnyValue:
    made = made or attribute.init[0]
    if value.what.startswith("empty "):
        shown: Literal["[]", "{}"] = "[]" if value.what == "empty list" else "{}"
        return body.report(EmptyAttributeUntyped(name=attribute.name, value=shown), node, made.node)
    text = ast.unparse(made.value) if made.value is not None else ""
    data = AttributeUnsupportedType(name=attribute.name, value_text=text, what=value.what)
    return body.report(data, node, made.node, is_certain=is_certain)
