"""Names that are no locals, and annotations in compiled code."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.language import operators
from scriptkit.language.types import (
    BOOL,
    COMPLEX,
    DEVICE,
    FLOAT,
    INT,
    STR,
    TENSOR,
    UNKNOWN,
    Dict,
    Instance,
    List,
    Type,
)
from scriptkit.language.values import (
    ClassValue,
    ContainerValue,
    DottedValue,
    FunctionValue,
    ModuleValue,
    PythonObject,
    SuperValue,
)

if TYPE_CHECKING:
    from scriptkit.language.annotations import BadAnnotation
    from scriptkit.language.values import AnyValue
from scriptkit.language.instances import Instances

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
    ast.Compare,
)


class Lookups(Instances):
    """The part of the pass that finds out what a name means."""

    def global_value(self, node: ast.Name) -> AnyValue:
        """A name that is no local."""
        module, name = self.module, node.id
        if name in module.type_checking_imports and name not in module.globals:
            self.report("undefined-name", node, module.import_nodes.get(name), name=name, type_checking=True)
            return UNKNOWN
        dotted = module.dotted(node)
        if dotted in ("builtins.__name__", "builtins.__doc__"):
            return self.report("global-capture", node, name=name, what="str")
        if dotted is not None:
            told = self.session.oracle.variable_type(name) if self.session.oracle and name in module.imports else None
            return self.dotted_value(dotted) if told is None else self._imported_variable(node, told)
        made = module.globals.get(name)
        if made is not None:
            return self._module_variable(node)
        if name == "__file__":
            return self.report("global-capture", node, name=name, what="str")
        if module.star_imports or self._in_function() or name == "__class__":
            return UNKNOWN
        return self.report("undefined-name", node, name=name, type_checking=False)

    def _imported_variable(self, node: ast.Name, told: Type) -> AnyValue:
        """A value of another Python module, imported by its name."""
        what = {"List": "list", "Dict": "dict", "Tuple": "tuple"}.get(type(told).__name__, str(told))
        return self.report("global-capture", node, self.module.import_nodes.get(node.id), name=node.id, what=what)

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
        if made.assigned > 1 or value is None or (isinstance(value, ast.Constant) and value.value is None):
            return UNKNOWN
        if isinstance(value, (ast.Name, ast.Attribute)):
            return self._alias(node, value)
        if isinstance(value, GLOBAL_WHAT) and not self._names_a_type(node, value):
            return self.report("global-capture", node, made.node, name=node.id, what=_what(value))
        return self._evaluated(node, value)

    def _names_a_type(self, node: ast.Name, value: ast.expr) -> bool:
        """`Pair = Tuple[int, int]` and `(int, float)` may be meant as types where types are asked for."""
        holder = self.module.parent(node)
        return isinstance(holder, ast.Call) and node in holder.args[1:2] and isinstance(value, (ast.Tuple, ast.BinOp))

    def _alias(self, node: ast.Name, value: ast.expr) -> AnyValue:
        dotted = self.module.dotted(value)
        if dotted is None:
            return UNKNOWN
        found = self.dotted_value(dotted)
        if not isinstance(found, Type):
            return found
        what = "dtype" if found is INT and dotted.startswith("torch.") else str(found)
        return self.report("global-capture", node, self.module.globals[node.id].node, name=node.id, what=what)

    def _evaluated(self, node: ast.Name, value: ast.expr) -> AnyValue:
        made = self.module.globals[node.id]
        found = self.session.members.evaluate(value, None, None)
        if isinstance(found, (ModuleValue, ContainerValue)):
            return found
        if isinstance(found, Type) and found is not UNKNOWN and not isinstance(found, Instance):
            return self.report("global-capture", node, made.node, name=node.id, what=str(found))
        if isinstance(found, PythonObject) and found.what in ("set", "numpy", "lambda", "empty list", "empty dict"):
            return self.report("global-capture", node, made.node, name=node.id, what=found.what)
        maker = (self.module.dotted(value.func) or "") if isinstance(value, ast.Call) else ""
        return DottedValue(f"{maker}()") if maker.startswith("logging.") else UNKNOWN

    def dotted_attribute(self, receiver: DottedValue, name: str, node: ast.expr) -> AnyValue:
        """`torch.float32`, `math.pi`, `F.relu`."""
        from scriptkit.language.facts import canonical

        dotted = canonical(f"{receiver.dotted}.{name}")
        if receiver.dotted in ("torch.finfo()", "torch.iinfo()"):
            return self.report("dtype-attribute", node, name=name)
        return self.dotted_value(dotted)

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
        wrong = next((p for p in bad if not (p.kind == "quoted-union" and self.cls and self.cls.scriptable)), None)
        if wrong is not None:
            self._report_annotation(node, wrong, where)
        return found

    def _report_annotation(self, node: ast.expr, wrong: BadAnnotation, where: str) -> None:
        text = ast.unparse(node)
        if wrong.kind == "typevar":
            self.report("generic-function", wrong.node, name=self.facts.name, text=wrong.text)
        elif wrong.kind == "malformed":
            self.report("malformed-annotation", node, text=text, where=where)
        else:
            self.report("unsupported-annotation", node, text=text, name=wrong.text, where=where)


def _what(value: ast.expr) -> str:
    if isinstance(value, ast.Constant):
        return type(value.value).__name__
    return {"List": "list", "Tuple": "tuple", "Dict": "dict", "Set": "set", "JoinedStr": "str"}.get(
        type(value).__name__, ""
    )


def _bad_key(found: Type) -> Type | None:
    """The key type a dict cannot have."""
    if isinstance(found, Dict):
        if not found.key.has_unknown and found.key not in (INT, FLOAT, COMPLEX, BOOL, STR, TENSOR, DEVICE):
            return found.key
        return _bad_key(found.value)
    if isinstance(found, List):
        return _bad_key(found.element)
    return None
