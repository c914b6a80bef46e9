"""`a[b]`, assignment to it, and what a loop can run over."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import TYPE_CHECKING

from scriptkit.language import operators
from scriptkit.language.body import Body
from scriptkit.language.matching import Match, converted, resolve
from scriptkit.language.types import (
    ANY,
    BOOL,
    COMPLEX,
    FLOAT,
    INT,
    NONE,
    NUMBER,
    STR,
    TENSOR,
    UNKNOWN,
    Dict,
    Instance,
    List,
    Tuple,
    Type,
    Union,
    is_optional,
    is_subtype,
)
from scriptkit.language.values import (
    ClassValue,
    ContainerValue,
    Iteration,
    ModuleValue,
    TupleValue,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scriptkit.language.values import AnyValue


class Subscripts(Body):
    """The part of the pass that indexes and iterates."""

    def subscript(self, node: ast.Subscript, hint: Type | None = None) -> AnyValue:
        """What `a[b]` is."""
        holder = self.value(node.value)
        index = node.slice
        if isinstance(holder, ContainerValue):
            interface = isinstance(hint, Instance) and hint.kind == "interface"
            return UNKNOWN if interface else self._container_item(holder, node, index)
        if isinstance(holder, TupleValue):
            return self._part(holder, node, self.constant(index))
        if isinstance(holder, ClassValue) and holder.cls.kind == "enum":
            return self.report("enum-limits", node, what="lookup", text=ast.unparse(node))
        if isinstance(holder, ModuleValue):
            return self._module_item(holder, node)
        if not isinstance(holder, Type):
            return UNKNOWN
        if holder is UNKNOWN or (holder.has_unknown and isinstance(holder, Union)):
            self._read_index(index)
            return UNKNOWN
        if not self.need(holder, node.value, "indexing"):
            return UNKNOWN
        return self._item(holder, node, index)

    def _read_index(self, index: ast.expr) -> Type | None:
        """The type of an index; None for a slice."""
        if isinstance(index, ast.Slice):
            for part in (index.lower, index.upper, index.step):
                if part is not None:
                    self.type(part, use="a slice bound")
            return None
        if isinstance(index, ast.Tuple) and any(isinstance(part, ast.Slice) for part in index.elts):
            for part in index.elts:
                self._read_index(part)
            return None
        return self.type(index, use="an index")

    def _item(self, holder: Type, node: ast.Subscript, index: ast.expr) -> AnyValue:
        if holder is TENSOR:
            return self._tensor_item(node, index)
        if isinstance(holder, Tuple):
            return self._tuple_item(holder, node, index)
        found = self._read_index(index)
        if found is None and (isinstance(index, ast.Tuple) or isinstance(holder, Dict)):
            return self.report("not-subscriptable", node, type=holder)
        if isinstance(holder, List):
            if found is None:
                return List(holder.element)
            return self._looked_up(holder, found, node, holder.element)
        if isinstance(holder, Dict) and found is not None:
            return self._looked_up(holder, found, node, holder.value)
        if holder is STR:
            return (
                STR
                if found is None or found in (INT, TENSOR) or found.has_unknown
                else self._bad_index(holder, found, node)
            )
        if isinstance(holder, Instance) and holder.kind != "enum":
            return self.magic(holder, "__getitem__", node)
        return self.report("not-subscriptable", node, type=holder)

    def _looked_up(self, holder: Type, found: Type, node: ast.Subscript, element: Type) -> AnyValue:
        if found.has_unknown or holder.has_unknown:
            return element
        result = resolve(operators.overloads("__getitem__"), [holder, found], {})
        if isinstance(result, Match):
            return element
        if not self.need(found, node.slice, "an index"):
            return UNKNOWN
        return self._bad_index(holder, found, node)

    def _bad_index(self, holder: Type, found: Type, node: ast.Subscript) -> Type:
        return self.report("index-forms", node, type=holder, index=found, why="")

    # -- tensors ----------------------------------------------------------------------
    def _tensor_item(self, node: ast.Subscript, index: ast.expr) -> AnyValue:
        parts = index.elts if isinstance(index, ast.Tuple) else [index]
        for part in parts:
            if isinstance(part, ast.Constant) and (part.value is ... or part.value is None):
                continue
            if isinstance(part, ast.Starred):
                self.report("star-args-call", part, function=ast.unparse(node.value), type=self.type(part.value))
                continue
            found = self._read_index(part)
            if found is not None and not found.has_unknown:
                self._tensor_index(node, part, found)
        return TENSOR

    def _tensor_index(self, node: ast.Subscript, part: ast.expr, found: Type) -> None:
        if isinstance(found, List) and found.element is BOOL:
            self.report("bool-list-index", part, text=ast.unparse(part))
        elif isinstance(found, Tuple):
            self.report("tuple-variable-index", part, text=ast.unparse(part), type=found)
        elif found in (FLOAT, STR) or isinstance(found, Dict) or (isinstance(found, List) and found.element == STR):
            self.report("index-forms", node, type=TENSOR, index=found, why="")
        elif is_optional(found) and found != _OPTIONAL_TENSOR:
            self.not_refined(found, part, "an index")

    # -- tuples -----------------------------------------------------------------------
    def _part(self, holder: TupleValue, node: ast.Subscript, index: int | str | None) -> AnyValue:
        """A part of a tuple with modules in it; a module taken from there has lost its hooks, and is not called."""
        if not isinstance(index, int):
            return UNKNOWN
        if not -len(holder.items) <= index < len(holder.items):
            return self.report("tuple-index-out-of-range", node, type=holder, index=index)
        part = holder.items[index]
        return replace(part, sliced=True) if isinstance(part, (ModuleValue, ContainerValue)) else part

    def _tuple_item(self, holder: Tuple, node: ast.Subscript, index: ast.expr) -> AnyValue:
        if isinstance(index, ast.Slice):
            return self._tuple_slice(holder, node, index)
        self._read_index(index)
        found = self.constant(index)
        count = len(holder.elements)
        if isinstance(found, int):
            if not -count <= found < count:
                return self.report("tuple-index-out-of-range", node, type=holder, index=found)
            return holder.elements[found]
        if found == "constant" or holder.has_unknown:
            return UNKNOWN
        if count and all(is_subtype(part, holder.elements[0]) for part in holder.elements):
            return holder.elements[0]
        return self.report("tuple-index-not-constant", node, type=holder, text=ast.unparse(node), slice=False)

    def _tuple_slice(self, holder: Tuple, node: ast.Subscript, index: ast.Slice) -> AnyValue:
        bounds: list[int | None] = []
        for part in (index.lower, index.upper, index.step):
            if part is None:
                bounds.append(None)
                continue
            self.value(part)
            found = self.constant(part)
            if found is None or (found == 0 and part is index.step):
                return self.report("tuple-index-not-constant", node, type=holder, text=ast.unparse(node), slice=True)
            if not isinstance(found, int):
                return UNKNOWN
            bounds.append(found)
        return Tuple(holder.elements[slice(*bounds)])

    def constant(self, node: ast.expr) -> int | str | None:
        """The value of a constant index; "constant" where only the instance has it; None where it is none."""
        if isinstance(node, ast.Constant) and isinstance(node.value, (int, str)):
            return node.value
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            found = self.constant(node.operand)
            return -found if isinstance(found, int) else found
        if isinstance(node, ast.Name):
            binding = self.frame.find(node.id)
            return "constant" if binding is None or binding.value is UNKNOWN or binding.constant else None
        if isinstance(node, ast.Attribute):
            holder = self.value(node.value)
            if isinstance(holder, ModuleValue) and holder.cls is not None:
                attribute = holder.cls.attributes.get(node.attr)
                is_constant = attribute is None or attribute.final or attribute.constant
                return "constant" if is_constant else None
            return None if isinstance(holder, Type) and holder is not UNKNOWN else "constant"
        return None

    # -- module containers ---------------------------------------------------------------
    def _container_item(self, holder: ContainerValue, node: ast.Subscript, index: ast.expr) -> AnyValue:
        if isinstance(index, ast.Slice):
            for part in (index.lower, index.upper, index.step):
                if part is not None:
                    self.value(part)
            return ContainerValue(holder.kind, element=holder.element or _joined(holder.items), sliced=True)
        self.value(index)
        found = self.constant(index)
        if found is None:
            if holder.kind.startswith("Parameter"):
                self.report("parameter-container", node, text=ast.unparse(node.value), what="index")
            else:
                self.report(
                    "module-container-dynamic-index",
                    node,
                    container=holder.kind,
                    text=ast.unparse(node.value),
                    index=ast.unparse(index),
                )
            return UNKNOWN
        if isinstance(found, int) and holder.items is not None and -len(holder.items) <= found < len(holder.items):
            return holder.items[found]
        if isinstance(found, str) and holder.keys is not None and holder.items is not None and found in holder.keys:
            return holder.items[holder.keys.index(found)]
        element = holder.element
        return element if element is not None and holder.items is None else UNKNOWN

    def _module_item(self, holder: ModuleValue, node: ast.Subscript) -> AnyValue:
        self._read_index(node.slice)
        if not holder.library and (holder.cls is None or any(c.foreign_bases for c in holder.cls.mro)):
            return UNKNOWN
        return self.report("not-subscriptable", node, type=holder)

    # -- assignment ------------------------------------------------------------------
    def assign_item(self, target: ast.Subscript, value: AnyValue, origin: ast.expr | None) -> None:
        """`a[b] = value`."""
        holder = self.value(target.value)
        if isinstance(holder, ContainerValue):
            self.report("module-container-mutation", target, text=ast.unparse(target.value), method="__setitem__")
            return
        holder = self.as_type(holder, target.value, "item assignment")
        if holder.has_unknown and not isinstance(holder, (List, Dict)):
            self._read_index(target.slice)
            return
        if not self.need(holder, target.value, "item assignment"):
            return
        value = self.as_type(value, origin or target, "an element")
        if holder is TENSOR:
            self._tensor_item(target, target.slice)
            if not (value in NUMBERS or value.has_unknown) and self.need(value, origin or target.value, "an element"):
                self.report("container-element-mismatch", origin or target, container=holder, element=value)
            return
        index = self._read_index(target.slice)
        if isinstance(holder, Instance):
            self.magic(holder, "__setitem__", target)
        elif isinstance(holder, Tuple):
            self.report("index-forms", target, type=holder, index=INT, why="assignment")
        elif not isinstance(holder, (List, Dict)):
            self.report("not-subscriptable", target, type=holder)
        elif index is None:
            self.report("index-forms", target, type=holder, index="slice", why="assignment to a slice")
        elif isinstance(holder, List):
            self._assign_element(target, origin, holder, index, value)
        else:
            self._assign_value(target, origin, holder, index, value)

    def _assign_element(
        self, target: ast.Subscript, origin: ast.expr | None, holder: Type, index: Type, value: Type
    ) -> None:
        if not isinstance(resolve(operators.overloads("_set_item"), [List(ANY), index, ANY], {}), Match):
            self._bad_index(holder, index, target)
        elif not isinstance(resolve(operators.overloads("_set_item"), [holder, INT, value], {}), Match):
            self.element_problem(target.value, origin or target, holder, value)

    def _assign_value(
        self, target: ast.Subscript, origin: ast.expr | None, holder: Dict, index: Type, value: Type
    ) -> None:
        wrong_key = not is_subtype(converted(index, holder.key, conversions=True), holder.key)
        wrong_value = not isinstance(resolve(operators.overloads("_set_item"), [holder, holder.key, value], {}), Match)
        untyped = self._untyped_origin(target.value)
        if (wrong_key or wrong_value) and untyped is not None:
            text = ast.unparse(untyped)
            name = ast.unparse(target.value)
            self.report("empty-container-untyped", target, untyped, name=name, value=text, element=value, key=index)
            self._forget_name(target.value)
        elif wrong_key:
            self._bad_index(holder, index, target)
        elif wrong_value:
            self.element_problem(target.value, origin or target, holder, value)

    def _untyped_origin(self, node: ast.expr) -> ast.expr | None:
        binding = self.frame.find(node.id) if isinstance(node, ast.Name) else None
        return binding.origin if binding is not None else None

    def _forget_name(self, node: ast.expr) -> None:
        if isinstance(node, ast.Name):
            binding = self.frame.find(node.id)
            if binding is not None:
                binding.value, binding.origin = UNKNOWN, None

    def element_problem(self, holder: ast.expr, node: ast.expr, container: Type, element: Type) -> Type:
        """An element of another type goes into a container; an untyped `[]` it came from is the cause."""
        untyped = self._untyped_origin(holder)
        if untyped is not None:
            name, text = ast.unparse(holder), ast.unparse(untyped)
            self.report("empty-container-untyped", node, untyped, name=name, value=text, element=element, key=None)
            self._forget_name(holder)
            return UNKNOWN
        inner = (
            container.element
            if isinstance(container, List)
            else container.value
            if isinstance(container, Dict)
            else UNKNOWN
        )
        if is_optional(element) and not is_optional(inner):
            return self.not_refined(element, node, "an element")
        return self.report("container-element-mismatch", node, container=container, element=element)

    # -- iteration --------------------------------------------------------------------
    def iterate(self, value: AnyValue, node: ast.expr) -> Iteration:
        """What a loop over a value runs over; what cannot be iterated is a problem."""
        if isinstance(value, Iteration):
            return value
        if isinstance(value, ContainerValue):
            return self._container_iteration(value)
        if isinstance(value, TupleValue):
            return Iteration("tuple", UNKNOWN, unrolled=True, items=value.items)
        if isinstance(value, ClassValue) and value.cls.kind == "enum":
            return Iteration("enum", Instance(value.cls, "enum"), unrolled=True)
        if not isinstance(value, Type):
            return Iteration("unknown", UNKNOWN)
        return self._type_iteration(value, node)

    def _type_iteration(self, value: Type, node: ast.expr) -> Iteration:
        if isinstance(value, Tuple):
            return Iteration("tuple", UNKNOWN, unrolled=True, items=value.elements)
        if isinstance(value, List):
            return Iteration("list", value.element)
        if isinstance(value, Dict):
            return Iteration("dict", value.key)
        if value in (TENSOR, STR):
            return Iteration(str(value), value)
        if value.has_unknown or (isinstance(value, Instance) and value.kind == "interface"):
            return Iteration("unknown", UNKNOWN)
        if self.need(value, node, "a loop"):
            self.report("not-iterable", node, type=value)
        return Iteration("unknown", UNKNOWN)

    @staticmethod
    def _container_iteration(value: ContainerValue) -> Iteration:
        if value.kind in ("ModuleDict", "ParameterDict"):
            return Iteration(value.kind, STR, unrolled=True)
        element = value.element or UNKNOWN
        if value.sliced and value.kind in ("ModuleList", "Sequential"):
            name = element.name if isinstance(element, ModuleValue) else ""
            cls = element.cls if isinstance(element, ModuleValue) else None
            return Iteration(value.kind, ModuleValue(name, cls, sliced=True), unrolled=True)
        return Iteration(value.kind, element, unrolled=True, items=value.items)


# what an element of a tensor can be set to
NUMBERS = (TENSOR, INT, FLOAT, BOOL, COMPLEX, NUMBER)
_OPTIONAL_TENSOR = Union(frozenset({TENSOR, NONE}))


def _joined(items: Sequence[AnyValue] | None) -> AnyValue:
    return items[0] if items and len(items) == 1 else UNKNOWN
