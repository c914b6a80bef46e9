"""Names that are no locals, and annotations in compiled code."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.language import operators
from scriptkit.language.annotations import BadAnnotation
from scriptkit.language.dotted_names import canonical
from scriptkit.language.folding import UNKNOWN_VALUE, folded
from scriptkit.language.problems.attributes import DtypeAttribute
from scriptkit.language.problems.calls import SuperCall
from scriptkit.language.problems.containers import DictKeyType
from scriptkit.language.problems.declarations import GenericFunction, MalformedAnnotation, Place, UnsupportedAnnotation
from scriptkit.language.problems.names import GlobalCapture, UndefinedName
from scriptkit.language.types import BOOL, COMPLEX, DEVICE, FLOAT, INT, STR, TENSOR, UNKNOWN, Dict, Instance, List, Type
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
    from collections.abc import Iterator

    from scriptkit.language.abstract import AnyValue
    from scriptkit.language.facts import ClassFacts
    from scriptkit.language.inference.body import Body

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


_FLOATS = frozenset(f"{module}.{name}" for module in ("math", "torch") for name in ("pi", "e", "inf", "nan")) | {
    "math.tau"
}
"""Read as `math.pi`, the compiler knows them; imported by name, they are values of the Python module."""


def global_value(body: Body, node: ast.Name) -> AnyValue:
    """A name that is no local."""
    module, name = body.module, node.id
    if name in module.type_checking_imports and name not in module.globals:
        body.report(UndefinedName(name=name, type_checking=True), node, module.import_nodes.get(name))
        return UNKNOWN
    dotted = module.dotted(node)
    if dotted in ("builtins.__name__", "builtins.__doc__"):
        return body.report(GlobalCapture(name=name, what="str"), node)
    if dotted in _FLOATS and name in module.imports:
        return body.report(GlobalCapture(name=name, what="float"), node, module.import_nodes.get(name))
    if dotted is not None:
        told = body.session.oracle.variable_type(name) if body.session.oracle and name in module.imports else None
        return dotted_value(body, dotted) if told is None else _imported_variable(body, node, told)
    made = module.globals.get(name)
    if made is not None:
        return _module_variable(body, node)
    if name == "__file__":
        return body.report(GlobalCapture(name=name, what="str"), node)
    if module.star_imports or _in_function(body) or name == "__class__":
        return UNKNOWN
    return body.report(UndefinedName(name=name, type_checking=False), node)


def _imported_variable(body: Body, node: ast.Name, told: Type) -> AnyValue:
    """A value of another Python module, imported by its name."""
    what = {"List": "list", "Dict": "dict", "Tuple": "tuple"}.get(type(told).__name__, str(told))
    return body.report(GlobalCapture(name=node.id, what=what), node, body.module.import_nodes.get(node.id))


def _in_function(body: Body) -> bool:
    """Whether the code stands inside a function whose locals we do not know."""
    owner = body.facts.owner
    return owner is not None and "<locals>" in owner.qualname


def dotted_value(body: Body, dotted: str) -> AnyValue:
    """What an imported name, a builtin or a definition of the file is."""
    module = body.module
    if dotted in module.functions:
        return FunctionValue(module.functions[dotted])
    if dotted in module.classes:
        return ClassValue(module.classes[dotted])
    if dotted == "builtins.super":
        return SuperValue()
    constant = operators.constant_type(dotted) if dotted.startswith(("torch.", "math.")) else None
    return constant if constant is not None else DottedValue(dotted)


def _module_variable(body: Body, node: ast.Name) -> AnyValue:
    made = body.module.globals[node.id]
    value = made.value
    if made.assigned > 1 or value is None or (isinstance(value, ast.Constant) and value.value is None):
        return UNKNOWN
    if isinstance(value, (ast.Name, ast.Attribute)):
        return _alias(body, node, value)
    if isinstance(value, GLOBAL_WHAT) and not _names_a_type(body, node, value):
        return body.report(GlobalCapture(name=node.id, what=_what(body, value)), node, made.node)
    return _evaluated(body, node, value)


def _names_a_type(body: Body, node: ast.Name, value: ast.expr) -> bool:
    """`Pair = Tuple[int, int]` and `(int, float)` may be meant as types where types are asked for."""
    holder = body.module.parent(node)
    return isinstance(holder, ast.Call) and node in holder.args[1:2] and isinstance(value, (ast.Tuple, ast.BinOp))


def _alias(body: Body, node: ast.Name, value: ast.expr) -> AnyValue:
    dotted = body.module.dotted(value)
    if dotted is None:
        return UNKNOWN
    found = dotted_value(body, dotted)
    if not isinstance(found, Type):
        return found
    what = "dtype" if found is INT and dotted.startswith("torch.") else str(found)
    return body.report(GlobalCapture(name=node.id, what=what), node, body.module.globals[node.id].node)


def _evaluated(body: Body, node: ast.Name, value: ast.expr) -> AnyValue:
    made = body.module.globals[node.id]
    found = body.session.members.evaluate(value, None, None)
    if isinstance(found, (ModuleValue, ContainerValue)):
        return found
    if isinstance(found, Type) and found is not UNKNOWN and not isinstance(found, Instance):
        return body.report(GlobalCapture(name=node.id, what=str(found)), node, made.node)
    if isinstance(found, PythonObject) and found.what in ("set", "numpy", "lambda", "empty list", "empty dict"):
        return body.report(GlobalCapture(name=node.id, what=found.what), node, made.node)
    maker = (body.module.dotted(value.func) or "") if isinstance(value, ast.Call) else ""
    return DottedValue(f"{maker}()") if maker.startswith("logging.") else UNKNOWN


def dotted_attribute(body: Body, receiver: DottedValue, name: str, node: ast.expr) -> AnyValue:
    """`torch.float32`, `math.pi`, `F.relu`."""
    dotted = canonical(f"{receiver.dotted}.{name}")
    if receiver.dotted in ("torch.finfo()", "torch.iinfo()"):
        return body.report(DtypeAttribute(name=name), node)
    if receiver.dotted.startswith("torch.nn.modules.") or _is_library_class(receiver.dotted):
        called = parent_method(body, receiver.dotted, name, node)
        if called is not None:
            return called
    return dotted_value(body, dotted)


def _is_library_class(dotted: str) -> bool:
    return dotted.startswith("torch.nn.") and dotted.rpartition(".")[2][:1].isupper()


def parent_method(body: Body, base: str | ClassFacts, name: str, node: ast.expr) -> AnyValue | None:
    """`Base.method(self, ...)`, which only scriptkit compiles, of a base of the class; None for anything else."""
    call, cls = body.module.parent(node), body.cls
    if not isinstance(call, ast.Call) or call.func is not node or not call.args or cls is None:
        return None
    first = call.args[0]
    if not isinstance(first, ast.Name) or first.id != body.facts.self_name:
        return None
    is_base = base in cls.mro if not isinstance(base, str) else any(base in one.bases for one in cls.mro)
    if cls.scriptable and is_base:
        return UNKNOWN
    return body.report(SuperCall(text=ast.unparse(node), method=name), node)


def static_truth(body: Body, node: ast.expr, value: AnyValue) -> bool | str | None:
    """Whether the compiler knows a test's value: a Final bool it does."""
    if isinstance(node, ast.Attribute):
        holder = body.value(node.value) if not isinstance(node.value, ast.Call) else UNKNOWN
        if isinstance(holder, ModuleValue) and holder.cls is not None:
            attribute = holder.cls.attributes.get(node.attr)
            if attribute is not None and (attribute.final or attribute.constant):
                return "unknown"
            return None if attribute is not None and value is not UNKNOWN else "unknown" if value is UNKNOWN else None
    return "unknown" if value is UNKNOWN else None


def read_annotation(body: Body, node: ast.expr, where: Place) -> Type:
    """The type an annotation of compiled code names; what is wrong with it is reported."""
    found, bad = body.annotations.read(node, body.cls)
    key = _bad_key(found)
    if key is not None:
        return body.report(DictKeyType(key=key), node)
    bad = [*_type_parameters(body, node), *bad]
    wrong = next((p for p in bad if not (p.kind == "quoted-union" and body.cls and body.cls.scriptable)), None)
    if wrong is not None:
        _report_annotation(body, node, wrong, where)
    return found


def _type_parameters(body: Body, node: ast.expr) -> Iterator[BadAnnotation]:
    """Where an annotation names the `T` of `def f[T]` or `class Net[T]`, which Python knows since 3.12."""
    owners = [body.facts.node, *([] if body.cls is None else [body.cls.node])]
    names = {one.name for owner in owners for one in getattr(owner, "type_params", ())}
    for part in ast.walk(node) if names else ():
        if isinstance(part, ast.Name) and part.id in names:
            yield BadAnnotation(part, part.id, "typevar")


def _report_annotation(body: Body, node: ast.expr, wrong: BadAnnotation, where: Place) -> None:
    text = ast.unparse(node)
    if wrong.kind == "typevar":
        body.report(GenericFunction(name=body.facts.name, text=wrong.text), wrong.node)
    elif wrong.kind == "malformed":
        body.report(MalformedAnnotation(text=text, where=where), node)
    else:
        body.report(UnsupportedAnnotation(text=text, name=wrong.text, where=where), node)


def _what(body: Body, value: ast.expr) -> str:
    constant = folded(value, lambda name: _assigned_once(body, name))
    if constant is not UNKNOWN_VALUE:
        return type(constant).__name__
    return {"List": "list", "Tuple": "tuple", "Dict": "dict", "Set": "set", "JoinedStr": "str"}.get(
        type(value).__name__, ""
    )


def _assigned_once(body: Body, name: str) -> ast.expr | None:
    made = body.module.globals.get(name)
    return made.value if made is not None and made.assigned == 1 else None


def _bad_key(found: Type) -> Type | None:
    """The key type a dict cannot have."""
    if isinstance(found, Dict):
        if not found.key.has_unknown and found.key not in (INT, FLOAT, COMPLEX, BOOL, STR, TENSOR, DEVICE):
            return found.key
        return _bad_key(found.value)
    if isinstance(found, List):
        return _bad_key(found.element)
    return None
