"""What `__init__` puts into an attribute: the value of what it assigns, joined where it assigns more than once."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.language.members import calls, displays, names, operations
from scriptkit.language.members.scope import Scope
from scriptkit.language.types import NONE, TENSOR, UNKNOWN, Dict, List, Type
from scriptkit.language.values import ContainerValue, ModuleValue, PythonObject

if TYPE_CHECKING:
    from scriptkit.language.abstract import AnyValue
    from scriptkit.language.annotations import Annotations
    from scriptkit.language.facts import Assignment, AttributeFacts, ClassFacts, FunctionFacts
    from scriptkit.language.members.scope import Readers

# what has no entry depends on more than the text
READERS: Readers = {
    ast.Attribute: names.read_attribute,
    ast.BinOp: operations.read_arithmetic,
    ast.Call: calls.read_call,
    ast.Compare: operations.read_comparison,
    ast.Constant: operations.read_constant,
    ast.Dict: displays.read_dict,
    ast.DictComp: displays.read_comprehension,
    ast.IfExp: operations.read_ternary,
    ast.JoinedStr: operations.read_text,
    ast.Lambda: operations.read_lambda,
    ast.List: displays.read_list,
    ast.ListComp: displays.read_comprehension,
    ast.Name: names.read_name,
    ast.Set: displays.read_set,
    ast.SetComp: displays.read_set,
    ast.Tuple: displays.read_list,
    ast.UnaryOp: operations.read_unary,
}


class Members:
    """Answers what `self.name` is, for the classes of one file."""

    def __init__(self, annotations: Annotations) -> None:
        self._annotations = annotations
        self._busy: set[object] = set()
        self._known: dict[tuple[str, str], AnyValue | None] = {}

    def evaluate(self, node: ast.expr, cls: ClassFacts | None, method: FunctionFacts | None) -> AnyValue:
        """The value of an expression that Python evaluates, as far as its text tells."""
        return Scope(self._annotations, READERS, self.assigned, self._busy, cls, method).value(node)

    def assigned(self, cls: ClassFacts, attribute: AttributeFacts) -> AnyValue | None:
        """What `__init__` puts into an attribute; None where no assignment has a value."""
        key = (cls.qualname, attribute.name)
        if key not in self._known:
            if key in self._busy:
                return UNKNOWN
            self._busy.add(key)
            self._known[key] = self._join(cls, attribute)
            self._busy.discard(key)
        return self._known[key]

    def _join(self, cls: ClassFacts, attribute: AttributeFacts) -> AnyValue | None:
        if not attribute.init:
            return None
        if attribute.registered in ("parameter", "buffer"):
            values = [self._registered(cls, a) for a in attribute.init]
        else:
            values = [UNKNOWN if a.value is None else self.evaluate(a.value, cls, a.method) for a in attribute.init]
        first = values[0]
        if attribute.mutations and (
            isinstance(first, (List, Dict)) or (isinstance(first, PythonObject) and first.what != "set")
        ):
            return self._filled(cls, attribute)
        if len(values) == 1:
            return first
        if attribute.init[-1].conditions == () and all(not a.conditions for a in attribute.init):
            return values[-1]
        if all(isinstance(value, Type) for value in values):
            return first if all(first == other for other in values) else UNKNOWN
        return _join_modules(values)

    def _filled(self, cls: ClassFacts, attribute: AttributeFacts) -> AnyValue:
        """A list or dict filled in `__init__` after it was created empty."""
        method = attribute.init[0].method
        for value in attribute.mutations:
            if value is not None and isinstance(self.evaluate(value, cls, method), (ModuleValue, ContainerValue)):
                return PythonObject("list of modules")
        return UNKNOWN

    def _registered(self, cls: ClassFacts, assignment: Assignment) -> AnyValue:
        if assignment.value is None:
            return UNKNOWN
        value = self.evaluate(assignment.value, cls, assignment.method)
        return value if isinstance(value, Type) and value in (NONE, TENSOR) else UNKNOWN


def _join_modules(values: list[AnyValue]) -> AnyValue:
    """A submodule made in several places: of one class, or of one we name no further; perhaps None."""
    modules = [value for value in values if isinstance(value, ModuleValue)]
    others = [value for value in values if not isinstance(value, ModuleValue)]
    if not modules or any(value is not NONE for value in others):
        return UNKNOWN
    first = modules[0]
    one_class = all(m.name == first.name and m.cls is first.cls for m in modules)
    if not others:
        return first if one_class else UNKNOWN
    return ModuleValue(first.name, first.cls if one_class else None, first.library if one_class else "", maybe=True)
