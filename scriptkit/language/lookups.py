"""Names and attributes: globals, imported names, members of modules, classes and instances."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.language import operators
from scriptkit.language.body import Body
from scriptkit.language.types import (
    BOOL,
    COMPLEX,
    DEVICE,
    FLOAT,
    INT,
    NONE,
    STR,
    TENSOR,
    UNKNOWN,
    Dict,
    Instance,
    List,
    Type,
    is_optional,
    is_subtype,
    optional,
)
from scriptkit.language.values import (
    ClassValue,
    ContainerValue,
    DottedValue,
    FunctionValue,
    ModuleValue,
    PythonObject,
    Sugared,
    SuperValue,
)

if TYPE_CHECKING:
    from scriptkit.language.facts import AttributeFacts, ClassFacts
    from scriptkit.language.values import AnyValue

MODULE_ATTRIBUTES: dict[str, Type] = {"training": BOOL}
INTROSPECTION = frozenset(
    {
        "parameters", "named_parameters", "train", "eval", "register_buffer", "register_parameter", "register_module",
        "add_module", "apply", "to", "cuda", "cpu", "float", "half", "double", "state_dict", "load_state_dict", "zero_grad",
        "requires_grad_", "register_forward_hook", "register_forward_pre_hook", "type", "get_submodule", "get_parameter",
        "get_buffer", "bfloat16", "share_memory", "extra_repr", "_get_name",
    },
)  # fmt: skip
SILENT_MODULE = frozenset({"modules", "named_modules", "children", "named_children", "buffers", "named_buffers"})
GLOBAL_WHAT = (
    ast.Constant,
    ast.List,
    ast.Tuple,
    ast.Dict,
    ast.Set,
    ast.ListComp,
    ast.DictComp,
    ast.BinOp,
    ast.UnaryOp,
    ast.JoinedStr,
)


class Lookups(Body):
    """The part of the pass that finds out what a name means."""

    # -- names ----------------------------------------------------------------------
    def global_value(self, node: ast.Name) -> AnyValue:
        """A name that is no local."""
        module, name = self.module, node.id
        if name in module.type_checking_imports and name not in module.globals:
            self.report("undefined-name", node, module.import_nodes.get(name), name=name, type_checking=True)
            return UNKNOWN
        dotted = module.dotted(node)
        if dotted is not None:
            return self.dotted_value(dotted)
        made = module.globals.get(name)
        if made is not None:
            return self._module_variable(node)
        if name == "super":
            return SuperValue()
        if module.star_imports or self._in_function() or name in ("__name__", "__file__", "__class__", "__doc__"):
            return UNKNOWN
        return self.report("undefined-name", node, name=name, type_checking=False)

    def _in_function(self) -> bool:
        """Whether the code stands inside a function whose locals we do not know."""
        owner = self.facts.owner
        return owner is not None and "<locals>" in owner.qualname

    def dotted_value(self, dotted: str) -> AnyValue:
        """What an imported name, a builtin or a definition of the file is."""
        module = self.module
        if dotted in module.functions:
            return FunctionValue(module.functions[dotted])
        if dotted in module.classes:
            return ClassValue(module.classes[dotted])
        if dotted == "builtins.super":
            return SuperValue()
        constant = operators.constant_type(dotted) if dotted.startswith(("torch.", "math.")) else None
        return constant if constant is not None else DottedValue(dotted)

    def _module_variable(self, node: ast.Name) -> AnyValue:
        made = self.module.globals[node.id]
        value = made.value
        if made.assigned > 1 or (value is None and made.annotation is None):
            return UNKNOWN
        if value is None:
            return UNKNOWN
        if isinstance(value, (ast.Name, ast.Attribute)):
            return self._alias(node, value)
        if isinstance(value, ast.Call):
            return self._made_by_call(node, value)
        if isinstance(value, ast.Constant) and value.value is None:
            return UNKNOWN
        if isinstance(value, GLOBAL_WHAT):
            if self._names_a_type(node, value):
                return UNKNOWN
            what = _what(value)
            return self.report("global-capture", node, made.node, name=node.id, what=what)
        return UNKNOWN

    def _names_a_type(self, node: ast.Name, value: ast.expr) -> bool:
        """`Pair = Tuple[int, int]` and `(int, float)` may be meant as types where types are asked for."""
        holder = self.module.parent(node)
        return isinstance(holder, ast.Call) and node in holder.args[1:2] and isinstance(value, (ast.Tuple, ast.BinOp))

    def _alias(self, node: ast.Name, value: ast.expr) -> AnyValue:
        dotted = self.module.dotted(value)
        if dotted is None:
            return UNKNOWN
        found = self.dotted_value(dotted)
        if found is INT and dotted.startswith("torch."):
            return self.report("global-capture", node, self.module.globals[node.id].node, name=node.id, what="dtype")
        if isinstance(found, Type):
            return self.report("global-capture", node, self.module.globals[node.id].node, name=node.id, what=str(found))
        return found

    def _made_by_call(self, node: ast.Name, value: ast.Call) -> AnyValue:
        made = self.module.globals[node.id]
        found = self.session.members.evaluate(value, None, None)
        if isinstance(found, (ModuleValue, ContainerValue)):
            return found
        if isinstance(found, Type) and found is not UNKNOWN and not isinstance(found, Instance):
            return self.report("global-capture", node, made.node, name=node.id, what=str(found))
        if isinstance(found, PythonObject) and found.what in ("set", "numpy", "empty list", "empty dict"):
            return self.report("global-capture", node, made.node, name=node.id, what=found.what)
        maker = self.module.dotted(value.func) or ""
        return DottedValue(f"{maker}()") if maker.startswith("logging.") else UNKNOWN

    def dotted_attribute(self, receiver: DottedValue, name: str, node: ast.expr) -> AnyValue:
        """`torch.float32`, `math.pi`, `F.relu`."""
        from scriptkit.language.facts import canonical

        dotted = canonical(f"{receiver.dotted}.{name}")
        if receiver.dotted in ("torch.finfo()", "torch.iinfo()"):
            return self.report("dtype-attribute", node, name=name)
        return self.dotted_value(dotted)

    # -- modules ----------------------------------------------------------------------
    def module_attribute(self, receiver: ModuleValue, name: str, node: ast.expr) -> AnyValue:
        """An attribute, method, submodule or property of a module."""
        told = self.session.told(receiver.cls, name)
        if told is not None:
            return told
        if receiver.cls is None:
            return self._library_attribute(receiver, name, node)
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

    def _library_attribute(self, receiver: ModuleValue, name: str, node: ast.expr) -> AnyValue:
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
        if attribute.init and attribute.conditional:
            return self._conditional(receiver, cls, attribute, node, value)
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
        self, receiver: ModuleValue, cls: ClassFacts, attribute: AttributeFacts, node: ast.expr, value: AnyValue | None
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
            elif isinstance(outer, (ast.Try, ast.For, ast.While, ast.Match)):
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
        if isinstance(value, ast.Name) and value.id in cls.methods:
            return UNKNOWN
        if self._open(cls):
            return UNKNOWN
        evaluated = self.session.members.evaluate(value, cls, None)
        if isinstance(evaluated, (FunctionValue, ClassValue, DottedValue, ModuleValue, ContainerValue)):
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
        """Whether a class of the file that derives from `cls` sets the attribute: then `cls` is not meant to stand alone."""
        others = self.module.classes.values()
        return cls is not None and any(
            other is not cls and cls in other.mro and (name in other.attributes or name in other.methods)
            for other in others
        )

    @staticmethod
    def _open(cls: ClassFacts) -> bool:
        """Whether attributes may come from where we cannot see: a foreign base, `setattr`, `__dict__`, a decorator."""
        if any(c.foreign_bases for c in cls.mro):
            return True
        if cls.node.decorator_list:
            return True
        for owner in cls.mro:
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

    # -- classes and instances ----------------------------------------------------------
    def class_attribute(self, receiver: ClassValue, name: str, node: ast.expr) -> AnyValue:
        """`Mode.MEAN`, `Net.helper`."""
        cls = receiver.cls
        if cls.kind == "enum":
            if name in cls.class_values:
                return Instance(cls, "enum")
            if name in ("__members__", "_member_map_"):
                return self.report("enum-limits", node, what="iterate", text=ast.unparse(node))
            return UNKNOWN
        method = cls.methods.get(name)
        if method is not None and cls.is_module and method.kind == "method":
            return self.report("super-call", node, text=ast.unparse(node), method=name)
        if method is not None and method.kind == "static":
            return FunctionValue(method)
        return UNKNOWN

    def instance_attribute(self, receiver: Instance, name: str, node: ast.expr) -> AnyValue:
        """`mode.value`, `stat.mean`."""
        cls = receiver.cls
        if receiver.kind == "enum":
            return self._enum_attribute(cls, name, node)
        attribute, method = cls.attributes.get(name), cls.methods.get(name)
        if method is not None:
            return (
                self.session.returns(method, cls, self)
                if method.kind == "property"
                else FunctionValue(method, receiver)
            )
        if attribute is None:
            if receiver.kind != "script-class" or self._open(cls):
                return UNKNOWN
            return self.report("object-attribute", node, name=name, type=receiver, method=False)
        if attribute.annotation is not None:
            return self.annotations.type(attribute.annotation)
        return UNKNOWN

    def _enum_attribute(self, cls: ClassFacts, name: str, node: ast.expr) -> AnyValue:
        if name == "name":
            return STR
        if name == "value":
            values = {
                self.session.members.evaluate(v, None, None)
                for k, v in cls.class_values.items()
                if not k.startswith("_")
            }
            only = next(iter(values)) if len(values) == 1 else UNKNOWN
            return only if isinstance(only, Type) else UNKNOWN
        return self.report("enum-limits", node, what="method", text=ast.unparse(node))

    def entered(self, value: AnyValue) -> AnyValue:
        """What `with value as name` binds."""
        if isinstance(value, Instance):
            method = value.cls.methods.get("__enter__")
            return self.session.returns(method, value.cls, self) if method is not None else UNKNOWN
        return UNKNOWN

    # -- attribute assignment -------------------------------------------------------------
    def assign_attribute(self, target: ast.Attribute, value: AnyValue, origin: ast.expr | None) -> None:
        """`self.x = value`."""
        receiver = self.value(target.value)
        if receiver is TENSOR:
            self.report("object-attribute", target, name=target.attr, type=receiver, method=False)
            return
        if not isinstance(receiver, ModuleValue) or receiver.cls is None:
            self._assign_to_instance(receiver, target, value)
            return
        cls, attribute = receiver.cls, receiver.cls.attributes.get(target.attr)
        setter = cls.methods.get(f"{target.attr}.setter")
        if setter is not None:
            return
        if attribute is not None and (attribute.final or attribute.constant):
            self.report("final-reassigned", target, attribute.node, name=target.attr)
            return
        if attribute is None or not (attribute.init or attribute.declaration):
            if target.attr not in MODULE_ATTRIBUTES and not self._open(cls):
                self.undefined(receiver, target.attr, target, write=True)
            return
        if attribute.conditional and not self._open(cls) and not self._exhaustive(attribute):
            return
        self._check_assignment(cls, attribute, target, value, origin)

    def _assign_to_instance(self, receiver: AnyValue, target: ast.Attribute, value: AnyValue) -> None:
        if not isinstance(receiver, Instance) or receiver.kind != "script-class":
            return
        attribute = receiver.cls.attributes.get(target.attr)
        if attribute is None or not (attribute.init or attribute.declaration):
            self.report("script-class-limits", target, name=receiver.cls.name, what="attribute-outside-init")

    def _check_assignment(
        self,
        cls: ClassFacts,
        attribute: AttributeFacts,
        target: ast.Attribute,
        value: AnyValue,
        origin: ast.expr | None,
    ) -> None:
        with self.sink.muted():
            expected = self._own_attribute(ModuleValue(cls.name, cls), cls, attribute, target)
        assigned = self.session.members.assigned(cls, attribute)
        if isinstance(assigned, PythonObject) and assigned.what.startswith("empty ") and attribute.annotation is None:
            shown = "[]" if assigned.what == "empty list" else "{}"
            self.report("empty-attribute-untyped", target, attribute.node, name=attribute.name, value=shown)
            return
        if isinstance(value, Sugared):
            value = self.as_type(value, origin or target, f"a value of `{ast.unparse(target)}`")
        if not isinstance(expected, Type) or is_subtype(value, expected):
            return
        if expected is NONE and attribute.declaration is None:
            self.report("empty-attribute-untyped", target, attribute.node, name=attribute.name, value="None")
            return
        if is_optional(value) and origin is not None and not is_optional(expected):
            self.not_refined(value, origin, f"a value of `{ast.unparse(target)}`")
            return
        self.report(
            "attribute-assign-type", target, attribute.node, name=attribute.name, declared=expected, actual=value
        )

    # -- constants --------------------------------------------------------------------------
    def static_truth(self, node: ast.expr, value: AnyValue) -> bool | str | None:
        """Whether the compiler knows a test's value: a Final bool it does."""
        if isinstance(node, ast.Attribute):
            holder = self.value(node.value) if not isinstance(node.value, ast.Call) else UNKNOWN
            if isinstance(holder, ModuleValue) and holder.cls is not None:
                attribute = holder.cls.attributes.get(node.attr)
                if attribute is not None and (attribute.final or attribute.constant):
                    return "unknown"
                return (
                    None if attribute is not None and value is not UNKNOWN else "unknown" if value is UNKNOWN else None
                )
        return "unknown" if value is UNKNOWN else None

    def trusts_unannotated(self, name: str) -> bool:
        """Parameters of anything but lambdas may be blamed."""
        return bool(name)

    def read_annotation(self, node: ast.expr, where: str) -> Type:
        """The type an annotation of compiled code names; what is wrong with it is reported."""
        found, bad = self.annotations.read(node, self.cls)
        key = _bad_key(found)
        if key is not None:
            return self.report("dict-key-type", node, key=key)
        for part in bad:
            if part.kind == "typevar":
                self.report("generic-function", part.node, name=self.facts.name, text=part.text)
            elif part.kind == "malformed":
                self.report("malformed-annotation", node, text=ast.unparse(node), where=where)
            else:
                self.report("unsupported-annotation", node, text=ast.unparse(node), name=part.text, where=where)
            break
        return found


def _what(value: ast.expr) -> str:
    if isinstance(value, ast.Constant):
        return type(value.value).__name__
    return {"List": "list", "Tuple": "tuple", "Dict": "dict", "Set": "set", "JoinedStr": "str"}.get(
        type(value).__name__, ""
    )


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


def _bad_key(found: Type) -> Type | None:
    """The key type a dict cannot have."""
    if isinstance(found, Dict):
        if not found.key.has_unknown and found.key not in (INT, FLOAT, COMPLEX, BOOL, STR, TENSOR, DEVICE):
            return found.key
        return _bad_key(found.value)
    if isinstance(found, List):
        return _bad_key(found.element)
    return None
