"""Attributes, methods, submodules and properties of modules, as compiled code sees them."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.language import operators
from scriptkit.language.body import Body
from scriptkit.language.types import (
    BOOL,
    FLOAT,
    INT,
    NONE,
    TENSOR,
    UNKNOWN,
    Type,
    optional,
)
from scriptkit.language.values import (
    ClassValue,
    ContainerValue,
    DottedValue,
    FunctionValue,
    ModuleValue,
    PythonObject,
)

if TYPE_CHECKING:
    from scriptkit.language.facts import AttributeFacts, ClassFacts
    from scriptkit.language.values import AnyValue

MODULE_ATTRIBUTES: dict[str, Type] = {"training": BOOL}
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


class ModuleMembers(Body):
    """The part of the pass that looks into modules."""

    def module_attribute(self, receiver: ModuleValue, name: str, node: ast.expr) -> AnyValue:
        """An attribute, method, submodule or property of a module."""
        before = len(self.sink.problems)
        found = self._read_in_text(receiver, name, node)
        is_open = found is UNKNOWN and len(self.sink.problems) == before
        return self._told(receiver.cls, name, node) if is_open and receiver.cls is not None else found

    def _told(self, cls: ClassFacts, name: str, node: ast.expr) -> AnyValue:
        """What a door knows of an attribute that is assigned once at most, and not declared as what it cannot be."""
        attribute = cls.attributes.get(name)
        if self.session.oracle is None or (attribute is not None and not self._is_settled(attribute)):
            return UNKNOWN
        told = self.session.oracle.attribute_value(cls, name)
        if not isinstance(told, PythonObject):
            return UNKNOWN if told is None else told
        made = attribute.init[0] if attribute is not None and attribute.init else None
        text = f"a {told.what}" if made is None or made.value is None else ast.unparse(made.value)
        where = None if made is None else made.node
        return self.report("attribute-unsupported-type", node, where, name=name, value_text=text, what=told.what)

    def _is_settled(self, attribute: AttributeFacts) -> bool:
        once = len(attribute.init) <= 1 and not attribute.later and not attribute.conditional
        return once and (attribute.annotation is None or not self.annotations.read(attribute.annotation)[1])

    def _read_in_text(self, receiver: ModuleValue, name: str, node: ast.expr) -> AnyValue:
        if receiver.cls is None:
            return self._library_attribute(receiver, name)
        cls = receiver.cls
        method = cls.methods.get(name)
        attribute = cls.attributes.get(name)
        if method is not None and not (attribute is not None and attribute.init):
            return self._method(receiver, cls, name)
        if attribute is not None:
            return self._own_attribute(receiver, cls, attribute, node)
        return self._missing(receiver, cls, name, node)

    def _method(self, receiver: ModuleValue, cls: ClassFacts, name: str) -> AnyValue:
        method = cls.methods[name]
        if method.kind == "property":
            return self.session.returns(method, cls, self)
        return FunctionValue(method, receiver)

    def _library_attribute(self, receiver: ModuleValue, name: str) -> AnyValue:
        if name in MODULE_ATTRIBUTES:
            return MODULE_ATTRIBUTES[name]
        return self.library_annotation(receiver.library, name)

    @staticmethod
    def library_annotation(library: str, name: str) -> Type:
        """What the annotations of a class of `torch.nn` say of an attribute."""
        known = operators.nn_module(library) if library else None
        if known is None:
            return UNKNOWN
        if name in ("weight", "bias") and name in known["attributes"]:
            text = known["attributes"][name]
            return TENSOR if text == "Tensor" else optional(TENSOR) if "None" in text or "Optional" in text else UNKNOWN
        kind = known["attributes"].get(name)
        return {"int": INT, "float": FLOAT, "bool": BOOL}.get(str(kind), UNKNOWN)

    def _own_attribute(
        self, receiver: ModuleValue, cls: ClassFacts, attribute: AttributeFacts, node: ast.expr
    ) -> AnyValue:
        members, name = self.session.members, attribute.name
        declared = attribute.declaration is not None and not attribute.final
        if declared and not attribute.init and attribute.class_value is not None and not self._open(cls):
            return self.report("class-attribute", node, attribute.class_value, name=name)
        if declared and attribute.registered != "module":
            return self._declared_attribute(cls, attribute, node)
        value = members.assigned(cls, attribute)
        if cls.scriptable and attribute.annotation is not None and not attribute.final:
            return self._annotated_in_init(attribute.annotation, value)
        if attribute.init and attribute.conditional:
            return self._conditional(cls, attribute, node, value)
        if value is None:
            return self._without_init(receiver, cls, attribute, node)
        if isinstance(value, PythonObject):
            return self._python_object(attribute, value, node)
        if value is NONE and not attribute.final and not attribute.constant and self._assigned_later(attribute):
            return NONE
        return value

    @staticmethod
    def _assigned_later(attribute: AttributeFacts) -> bool:
        return bool(attribute.later)

    def _annotated_in_init(self, annotation: ast.expr, value: AnyValue | None) -> AnyValue:
        """`self.x: T = value`, which scriptkit passes on to the compiler."""
        is_module = isinstance(value, (ModuleValue, ContainerValue))
        return value if is_module and value is not None else self.annotations.type(annotation)

    def _declared_attribute(self, cls: ClassFacts, attribute: AttributeFacts, node: ast.expr) -> AnyValue:
        declaration = attribute.declaration
        assert declaration is not None  # noqa: S101 - the caller has looked
        declared, bad = self.annotations.read(declaration.annotation)
        value = self.session.members.assigned(cls, attribute)
        if isinstance(value, (ModuleValue, ContainerValue)):
            return value
        owner = attribute.owner
        effective = next((c for c in cls.mro if c.annotations), None)
        if effective is not owner and effective is not None and not cls.scriptable:
            if isinstance(value, PythonObject) or value is NONE:
                self.report("inherited-annotation-lost", node, declaration, name=attribute.name, base=owner.name)
                return UNKNOWN
            return value if value is not None else UNKNOWN
        if bad:
            return UNKNOWN
        return declared

    def _conditional(
        self, cls: ClassFacts, attribute: AttributeFacts, node: ast.expr, value: AnyValue | None
    ) -> AnyValue:
        """Set under a condition only: whether it exists depends on the instance."""
        if self._exhaustive(attribute) or self.uncertain or cls.foreign_bases or attribute.class_value is not None:
            return value if value is not None and not isinstance(value, PythonObject) else UNKNOWN
        is_module = isinstance(value, (ModuleValue, ContainerValue)) or attribute.registered == "module"
        if not any(isinstance(a.conditions[-1], ast.If) for a in attribute.init):
            return value if value is not None and not isinstance(value, PythonObject) else UNKNOWN
        first = attribute.init[0]
        if self._raises_otherwise(first.conditions[0]) or not self._is_guarded(node):
            return UNKNOWN
        return self.report("attribute-conditionally-defined", node, first.node, name=attribute.name, module=is_module)

    @staticmethod
    def _exhaustive(attribute: AttributeFacts) -> bool:
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

    def _is_guarded(self, node: ast.expr) -> bool:
        """Whether a test stands before the use: the author knows that the attribute may be missing."""
        return any(isinstance(above, (ast.If, ast.IfExp)) for above in self.module.ancestors(node))

    @staticmethod
    def _raises_otherwise(outer: ast.AST) -> bool:
        return isinstance(outer, ast.If) and any(isinstance(n, ast.Raise) for s in outer.orelse for n in ast.walk(s))

    def _without_init(
        self, receiver: ModuleValue, cls: ClassFacts, attribute: AttributeFacts, node: ast.expr
    ) -> AnyValue:
        value = attribute.class_value
        if attribute.final or attribute.constant:
            return UNKNOWN if value is None else self.session.members.evaluate(value, cls, None)
        if value is None:
            if attribute.name in cls.methods:
                return self._method(receiver, cls, attribute.name)
            return (
                UNKNOWN
                if self._open(cls) or not attribute.later
                else self.undefined(receiver, attribute.name, node, write=False)
            )
        if (isinstance(value, ast.Name) and value.id in cls.methods) or self._open(cls):
            return UNKNOWN
        evaluated = self.session.members.evaluate(value, cls, None)
        if isinstance(evaluated, (FunctionValue, ClassValue, DottedValue)):
            return UNKNOWN
        if evaluated is UNKNOWN and not isinstance(value, (ast.List, ast.Dict, ast.Tuple)):
            return UNKNOWN
        return self.report("class-attribute", node, value, name=attribute.name)

    def _python_object(self, attribute: AttributeFacts, value: PythonObject, node: ast.expr) -> AnyValue:
        made = attribute.init[0]
        if value.what.startswith("empty "):
            shown = "[]" if value.what == "empty list" else "{}"
            return self.report("empty-attribute-untyped", node, made.node, name=attribute.name, value=shown)
        text = ast.unparse(made.value) if made.value is not None else ""
        return self.report(
            "attribute-unsupported-type", node, made.node, name=attribute.name, value_text=text, what=value.what
        )

    def _missing(self, receiver: ModuleValue, cls: ClassFacts, name: str, node: ast.expr) -> AnyValue:
        if name in MODULE_ATTRIBUTES:
            return MODULE_ATTRIBUTES[name]
        if name in INTROSPECTION and not cls.foreign_bases:
            return self.report("module-introspection", node, name=name)
        library = next((b for c in cls.mro for b in c.foreign_bases if b.startswith("torch.nn.")), None)
        if library is not None and not any(c.annotations for c in cls.mro):
            return self.library_annotation(library.rpartition(".")[2], name)
        if name in SILENT_MODULE or name.startswith("__") or self._open(cls):
            if name == "__class__":
                return self.report("unsupported-builtin", node, name="__class__")
            return UNKNOWN
        return self.undefined(receiver, name, node, write=False)

    def undefined(self, receiver: ModuleValue, name: str, node: ast.expr, *, write: bool) -> Type:
        """No `__init__` sets this attribute; said once for each name."""
        if name in self.sink.undefined or self._set_in_subclass(receiver.cls, name):
            return UNKNOWN
        self.sink.undefined.add(name)
        return self.report("attribute-undefined", node, name=name, write=write, owner=receiver.name)

    def _set_in_subclass(self, cls: ClassFacts | None, name: str) -> bool:
        """Whether a subclass in the file sets the attribute: then `cls` is not meant to stand alone."""
        others = self.module.classes.values()
        return cls is not None and any(
            other is not cls and cls in other.mro and (name in other.attributes or name in other.methods)
            for other in others
        )

    @staticmethod
    def _open(seen: ClassFacts) -> bool:
        """Whether attributes may come from where we cannot see: a foreign base, `setattr`, `__dict__`, a decorator."""
        if seen.node.decorator_list or any(c.foreign_bases for c in seen.mro):
            return True
        for owner in seen.mro:
            for method in owner.own_methods.values():
                if "__getattr__" in owner.own_methods or _sets_dynamically(method.node):
                    return True
        return False

    def has_attribute(self, receiver: AnyValue, name: str) -> bool | str:
        """What `hasattr` says at compile time."""
        if isinstance(receiver, ModuleValue) and receiver.cls is not None:
            attribute = receiver.cls.attributes.get(name)
            if name in receiver.cls.methods or name in MODULE_ATTRIBUTES:
                return True
            if attribute is None:
                return "unknown" if self._open(receiver.cls) else False
            if not attribute.init and attribute.class_value is None and not self._open(receiver.cls):
                return False
            return True if attribute.init and not attribute.conditional else "unknown"
        return "unknown"


def _sets_dynamically(node: ast.AST) -> bool:
    for inner in ast.walk(node):
        if isinstance(inner, ast.Name) and inner.id in ("setattr", "vars", "exec"):
            return True
        if isinstance(inner, ast.Attribute) and inner.attr in ("__dict__", "__setattr__"):
            return True
        if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Attribute):
            register = inner.func.attr in ("register_buffer", "register_parameter", "add_module", "register_module")
            if register and inner.args and not isinstance(inner.args[0], ast.Constant):
                return True
    return False
