"""Expressions other than calls and subscripts: names, attributes, operators, literals, comprehensions."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.language import operators
from scriptkit.language.body import Body, enum_of
from scriptkit.language.matching import Match, resolve
from scriptkit.language.types import (
    ANY,
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
    EmptyList,
    Instance,
    List,
    Tuple,
    Type,
    Union,
    is_optional,
    is_subtype,
    known,
    unify,
    union,
    without_none,
)
from scriptkit.language.values import (
    BoundOperator,
    ClassValue,
    ContainerMethod,
    ContainerValue,
    DottedValue,
    ModuleValue,
    Sugared,
    TupleValue,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scriptkit.language.facts import Parameter
    from scriptkit.language.frames import Unusable
    from scriptkit.language.values import AnyValue

BINARY: dict[type[ast.operator], tuple[str, str]] = {
    ast.Add: ("add", "+"),
    ast.Sub: ("sub", "-"),
    ast.Mult: ("mul", "*"),
    ast.Div: ("div", "/"),
    ast.FloorDiv: ("floordiv", "//"),
    ast.Mod: ("remainder", "%"),
    ast.Pow: ("pow", "**"),
    ast.MatMult: ("matmul", "@"),
    ast.BitAnd: ("__and__", "&"),
    ast.BitOr: ("__or__", "|"),
    ast.BitXor: ("__xor__", "^"),
    ast.LShift: ("__lshift__", "<<"),
    ast.RShift: ("__rshift__", ">>"),
}
IN_PLACE = {"add": "add_", "sub": "sub_", "mul": "mul_", "div": "div_", "fmod": "fmod_", "pow": "pow_"}
COMPARE: dict[type[ast.cmpop], tuple[str, str]] = {
    ast.Lt: ("lt", "<"),
    ast.LtE: ("le", "<="),
    ast.Gt: ("gt", ">"),
    ast.GtE: ("ge", ">="),
    ast.Eq: ("eq", "=="),
    ast.NotEq: ("ne", "!="),
}
MAGIC = {
    "add": "__add__",
    "sub": "__sub__",
    "mul": "__mul__",
    "div": "__truediv__",
    "matmul": "__matmul__",
    "pow": "__pow__",
}
CONSTANTS: dict[type, Type] = {bool: BOOL, int: INT, float: FLOAT, complex: COMPLEX, str: STR, type(None): NONE}
KEYS = (INT, FLOAT, COMPLEX, BOOL, STR, TENSOR, DEVICE)


class Expressions(Body):
    """The part of the pass that reads expressions."""

    def value(self, node: ast.expr, hint: Type | None = None) -> AnyValue:
        """What an expression is; its type is recorded."""
        read = getattr(self, f"_read_{type(node).__name__.lower()}", None)
        found: AnyValue = read(node, hint) if read is not None else UNKNOWN
        if found is UNKNOWN and self.session.oracle is not None:
            found = self.session.oracle.expression_type(node) or UNKNOWN
        if isinstance(found, Type):
            self.sink.type(node, found)
        return found

    # -- leaves -------------------------------------------------------------------
    def _read_constant(self, node: ast.Constant, _hint: Type | None) -> AnyValue:
        return CONSTANTS.get(type(node.value), UNKNOWN)

    def _read_joinedstr(self, node: ast.JoinedStr, _hint: Type | None) -> AnyValue:
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                self.type(part.value, use="an f-string")
        return STR

    def _read_name(self, node: ast.Name, _hint: Type | None) -> AnyValue:
        bound = self.frame.find(node.id)
        why = self.frame.why_unusable(node.id)
        if why is not None:
            return self._unusable(node, why)
        return bound.value if bound is not None else self.global_value(node)

    def _unusable(self, node: ast.Name, why: Unusable) -> Type:
        frame = self.frame
        while frame.parent is not None and node.id not in frame.unusable:
            frame = frame.parent
        frame.unusable.pop(node.id, None)
        if why.reason == "types":
            made = sorted(
                (n for n in (why.true_node, why.false_node) if n is not None), key=lambda n: getattr(n, "lineno", 0)
            )
            self.report(
                "branch-types-differ",
                made[-1] if made else node,
                *made[:-1],
                node,
                name=node.id,
                true_type=why.true_type,
                false_type=why.false_type,
            )
        else:
            self.report("maybe-undefined", node, why.true_node, name=node.id, missing=why.where)
        from scriptkit.language.frames import Binding

        self.frame.bind(node.id, Binding(UNKNOWN, node))
        return UNKNOWN

    def _read_attribute(self, node: ast.Attribute, _hint: Type | None) -> AnyValue:
        return self.attribute(self.value(node.value), node.attr, node)

    # -- attributes -----------------------------------------------------------------
    def attribute(self, receiver: AnyValue, name: str, node: ast.expr) -> AnyValue:
        """`receiver.name`."""
        if isinstance(receiver, ModuleValue):
            return self.module_attribute(receiver, name, node)
        if isinstance(receiver, DottedValue):
            return self.dotted_attribute(receiver, name, node)
        if isinstance(receiver, ContainerValue):
            return self._container_attribute(receiver, name)
        if isinstance(receiver, ClassValue):
            return self.class_attribute(receiver, name, node)
        if isinstance(receiver, Type):
            return self.type_attribute(receiver, name, node)
        return UNKNOWN

    @staticmethod
    def _container_attribute(receiver: ContainerValue, name: str) -> AnyValue:
        return ContainerMethod(receiver, name)

    def type_attribute(self, receiver: Type, name: str, node: ast.expr) -> AnyValue:  # noqa: PLR0911 - a table of kinds
        """An attribute or method of a value."""
        base = node.value if isinstance(node, ast.Attribute) else node
        if receiver is UNKNOWN or (isinstance(receiver, Union) and receiver.has_unknown):
            return UNKNOWN
        if not self.need(receiver, base, f"attribute `{name}`"):
            return UNKNOWN
        if receiver is TENSOR:
            return self._tensor_attribute(name, node)
        if isinstance(receiver, Tuple) and (receiver.name or name in receiver.fields):
            return self._field(receiver, name, node)
        if isinstance(receiver, Instance):
            return self.instance_attribute(receiver, name, node)
        if receiver is DEVICE and name in ("type", "index"):
            return STR if name == "type" else union((INT, NONE))
        if isinstance(receiver, (Union, Tuple)) or receiver is ANY or not known(receiver):
            if isinstance(receiver, Tuple) and known(receiver):
                return self.report("object-attribute", node, name=name, type=receiver, method=self._is_called(node))
            return UNKNOWN
        if receiver is COMPLEX and name in ("real", "imag"):
            return FLOAT
        if self._takes_receiver(name, receiver):
            return BoundOperator(name, receiver, base)
        if receiver is INT and name in (
            "is_floating_point",
            "is_complex",
            "itemsize",
            "max",
            "min",
            "eps",
            "tiny",
            "to_real",
        ):
            return self.report("dtype-attribute", node, name=name)
        return self.report("object-attribute", node, name=name, type=receiver, method=self._is_called(node))

    @staticmethod
    def _takes_receiver(name: str, receiver: Type) -> bool:
        from scriptkit.language.matching import accepts, bind, substitute

        for schema in operators.overloads(name):
            if not schema.arguments:
                continue
            bound: dict[str, Type] = {}
            formal = schema.arguments[0].type
            if bind(formal, receiver, bound) and accepts(substitute(formal, bound), receiver, conversions=False):
                return True
        return False

    def _is_called(self, node: ast.AST) -> bool:
        parent = self.module.parent(node)
        return isinstance(parent, ast.Call) and parent.func is node

    def _tensor_attribute(self, name: str, node: ast.expr) -> AnyValue:
        plain = operators.tensor_attribute(name)
        if plain is not None and not self._is_called(node):
            return plain
        base = node.value if isinstance(node, ast.Attribute) else node
        if operators.is_operator(name) or operators.is_tensor_cast(name):
            return BoundOperator(name, TENSOR, base)
        if plain is not None:
            return plain
        return self.report("unsupported-tensor-method", node, name=name, method=self._is_called(node))

    def _field(self, receiver: Tuple, name: str, node: ast.expr) -> AnyValue:
        if name in receiver.fields:
            return receiver.elements[receiver.fields.index(name)]
        return self.report("namedtuple-method", node, name=name, type=receiver)

    # -- operators ----------------------------------------------------------------
    def _read_binop(self, node: ast.BinOp, _hint: Type | None) -> AnyValue:
        left = self.type(node.left, use="an operand")
        right = self.type(node.right, use="an operand")
        return self.binary(node, node.op, left, right, (node.left, node.right))

    def binary(
        self, node: ast.AST, op: ast.operator, left: Type, right: Type, parts: tuple[ast.expr, ast.expr]
    ) -> Type:
        """The type of `left op right`."""
        name, sign = BINARY[type(op)]
        if name == "remainder" and left is STR:
            return STR
        if isinstance(left, Instance):
            return UNKNOWN
        found = resolve(operators.overloads(name), [left, right], {})
        if isinstance(found, Match):
            return found.returns
        if left.has_unknown or right.has_unknown:
            return UNKNOWN
        return self.operator_problem(node, sign, left, right, parts)

    def operator_problem(
        self, node: ast.AST, sign: str, left: Type, right: Type, parts: tuple[ast.expr, ast.expr]
    ) -> Type:
        """No operator for these types: say why."""
        for found, part in zip((left, right), parts, strict=False):
            if not self.need(found, part, f"operator `{sign}`"):
                return UNKNOWN
        culprit = self.parameter_problem(parts, node)
        if culprit:
            return UNKNOWN
        for found in (left, right):
            if enum_of(found) is not None:
                return self.report("enum-limits", node, what="arithmetic", text=ast.unparse(node))
        return self.report("operator-types", node, operator=sign, left=left, right=right)

    def parameter_problem(self, parts: Sequence[ast.expr], use: ast.AST) -> bool:
        """Whether an operand is a parameter without annotation, taken for a Tensor; reports it."""
        for part in parts:
            parameter = self._unannotated(part)
            if parameter is not None:
                default = "" if parameter.default is None else ast.unparse(parameter.default)
                self.report(
                    "unannotated-param-not-tensor",
                    use,
                    parameter.node,
                    name=parameter.name,
                    default=default,
                    use=ast.unparse(use),
                    guess=_guess(parameter.default),
                )
                from scriptkit.language.frames import Binding

                self.frame.bind(parameter.name, Binding(UNKNOWN, parameter.node))
                return True
        return False

    def _unannotated(self, node: ast.expr) -> Parameter | None:
        if not isinstance(node, ast.Name):
            return None
        binding = self.frame.find(node.id)
        found = next((p for p in self.facts.parameters if p.name == node.id and p.annotation is None), None)
        is_it = binding is not None and found is not None and binding.node is found.node and binding.value is TENSOR
        return found if is_it and self.trusts_unannotated(node.id) else None

    def augmented(self, node: ast.AugAssign) -> Type | None:
        """The new value of `target op= value`; None where nothing need be assigned."""
        target = self.value(node.target)
        right = self.type(node.value, use="an operand")
        if not isinstance(target, Type):
            self.as_type(target, node.target, "an operand")
            return None
        name, sign = BINARY[type(node.op)]
        name = "fmod" if name == "remainder" else name
        if target is TENSOR and name in IN_PLACE:
            found = resolve(operators.overloads(IN_PLACE[name]), [target, right], {})
            if isinstance(found, Match):
                return found.returns
            if not right.has_unknown:
                self.operator_problem(node, f"{sign}=", target, right, (node.target, node.value))
            return None
        if isinstance(target, List) and name == "add" and known(target):
            return self._extended(node, target, right)
        if name == "fmod" and target is not STR:
            found = resolve(operators.overloads(name), [target, right], {})
            return found.returns if isinstance(found, Match) else UNKNOWN
        return self.binary(node, node.op, target, right, (node.target, node.value))

    def _extended(self, node: ast.AugAssign, target: List, right: Type) -> Type | None:
        """`xs += ys` for a list."""
        if isinstance(resolve(operators.overloads("add_"), [target, right], {}), Match) or right.has_unknown:
            return target
        if isinstance(right, List):
            self.element_problem(node.target, node.value, target, right.element)
        else:
            self.operator_problem(node, "+=", target, right, (node.target, node.value))
        return None

    def _read_unaryop(self, node: ast.UnaryOp, _hint: Type | None) -> AnyValue:
        if isinstance(node.op, ast.Not):
            self.condition(node.operand)
            return BOOL
        operand = self.type(node.operand, use="an operand")
        if isinstance(node.op, ast.UAdd):
            return UNKNOWN
        if operand.has_unknown:
            return UNKNOWN
        name, sign = ("neg", "-") if isinstance(node.op, ast.USub) else ("bitwise_not", "~")
        found = resolve(operators.overloads(name), [operand], {})
        if isinstance(found, Match):
            return found.returns
        if not self.need(operand, node.operand, f"operator `{sign}`"):
            return UNKNOWN
        return self.report("operator-types", node, operator=sign, left=operand, right=None)

    def _read_boolop(self, node: ast.BoolOp, _hint: Type | None) -> AnyValue:
        self.condition(node)
        return BOOL

    def _read_compare(self, node: ast.Compare, _hint: Type | None) -> AnyValue:
        if len(node.ops) == 1 and isinstance(node.ops[0], (ast.Is, ast.IsNot)):
            self.condition(node)
            return BOOL
        left_node = node.left
        result: Type = BOOL
        left = self.type(left_node, use="an operand")
        for op, right_node in zip(node.ops, node.comparators, strict=False):
            right = self.type(right_node, use="an operand")
            result = self._compare(node, op, left, right, (left_node, right_node))
            left, left_node = right, right_node
        return result if len(node.ops) == 1 else BOOL if result is not UNKNOWN else UNKNOWN

    def _compare(
        self, node: ast.Compare, op: ast.cmpop, left: Type, right: Type, parts: tuple[ast.expr, ast.expr]
    ) -> Type:
        if isinstance(op, (ast.Is, ast.IsNot)):
            return BOOL
        if isinstance(op, (ast.In, ast.NotIn)):
            return self._contains(node, left, right, parts)
        name, sign = COMPARE[type(op)]
        if NONE in (left, right) and sign in ("==", "!="):
            other = right if left is NONE else left
            if other is UNKNOWN:
                return UNKNOWN
            self.report("eq-none", node, type=other, operator=sign)
            return UNKNOWN
        if isinstance(left, Instance) and left.kind != "enum":
            return UNKNOWN
        found = resolve(operators.overloads(name), [left, right], {})
        if isinstance(found, Match):
            return found.returns
        if left.has_unknown or right.has_unknown:
            return UNKNOWN
        return self.operator_problem(node, sign, left, right, parts)

    def _contains(self, node: ast.Compare, item: Type, holder: Type, parts: tuple[ast.expr, ast.expr]) -> Type:
        if item.has_unknown or holder.has_unknown:
            return BOOL
        found = resolve(operators.overloads("__contains__"), [holder, item], {})
        if isinstance(found, Match):
            return BOOL
        return self.operator_problem(node, "in", item, holder, parts)

    def _read_ifexp(self, node: ast.IfExp, hint: Type | None) -> AnyValue:
        test = self.condition(node.test)
        if test.static is True:
            self.sink.kill(node.orelse)
            with self.inner(test.proves_true):
                return self.value(node.body, hint)
        if test.static is False:
            self.sink.kill(node.body)
            with self.inner(test.proves_false):
                return self.value(node.orelse, hint)
        unknown = test.static == "unknown"
        with self.inner(test.proves_true), self.doubtful(doubt=unknown):
            true = self.value(node.body, hint)
        with self.inner(test.proves_false), self.doubtful(doubt=unknown):
            false = self.value(node.orelse, hint)
        if unknown:
            return true if isinstance(true, Type) and true == false else UNKNOWN
        return self._ternary(node, true, false, hint)

    def _ternary(self, node: ast.IfExp, true: AnyValue, false: AnyValue, hint: Type | None) -> AnyValue:
        left, right = self.as_type(true, node.body, "a ternary"), self.as_type(false, node.orelse, "a ternary")
        joined = unify(left, right, to_union=isinstance(hint, Union) or hint is ANY)
        if joined is not None:
            return joined
        return self.report("ternary-types-differ", node, true_type=left, false_type=right)

    # -- literals -----------------------------------------------------------------
    def _read_tuple(self, node: ast.Tuple, hint: Type | None) -> AnyValue:
        hints: Sequence[Type | None] = [None] * len(node.elts)
        wanted = without_none(hint) if hint is not None else None
        if isinstance(wanted, Tuple) and len(wanted.elements) == len(node.elts):
            hints = wanted.elements
        parts: list[AnyValue] = []
        for part, part_hint in zip(node.elts, hints, strict=False):
            if isinstance(part, ast.Starred):
                inner = self.value(part.value)
                if isinstance(inner, Tuple):
                    parts.extend(inner.elements)
                    continue
                return UNKNOWN
            parts.append(self.value(part, part_hint))
        if any(isinstance(part, Sugared) for part in parts):
            if isinstance(self.module.parent(node), (ast.Return, ast.Assign)):
                wrong = next((p, n) for p, n in zip(parts, node.elts, strict=False) if isinstance(p, Sugared))
                self.as_type(*wrong, "a tuple")
            return TupleValue(tuple(parts))
        return Tuple([part for part in parts if isinstance(part, Type)])

    def _read_list(self, node: ast.List, hint: Type | None) -> AnyValue:
        wanted = _container_hint(hint, List)
        element = wanted.element if isinstance(wanted, List) else None
        if not node.elts:
            return wanted if wanted is not None else EmptyList()
        if any(isinstance(part, ast.Starred) for part in node.elts):
            for part in node.elts:
                self.value(part.value if isinstance(part, ast.Starred) else part)
            return UNKNOWN
        types = [self.type(part, element, use="a list") for part in node.elts]
        if element is not None:
            return self._hinted(node, types, node.elts, element, List(element))
        return List(self._common(types))

    def _hinted(
        self, node: ast.expr, types: Sequence[Type], nodes: Sequence[ast.expr], element: Type, whole: Type
    ) -> Type:
        for found, part in zip(types, nodes, strict=False):
            if not is_subtype(found, element):
                return self.report("container-element-mismatch", part, container=whole, element=found)
        return whole

    @staticmethod
    def _common(types: Sequence[Type]) -> Type:
        joined = types[0]
        for other in types[1:]:
            found = unify(joined, other, to_union=True)
            joined = UNKNOWN if found is None else found
        return joined

    def _read_dict(self, node: ast.Dict, hint: Type | None) -> AnyValue:
        wanted = _container_hint(hint, Dict)
        if not node.keys:
            return wanted if wanted is not None else Dict(STR, TENSOR)
        if any(key is None for key in node.keys):
            return UNKNOWN
        keys = [self.type(key, use="a dict key") for key in node.keys if key is not None]
        value_hint = wanted.value if isinstance(wanted, Dict) else None
        values = [self.type(value, value_hint, use="a dict value") for value in node.values]
        if isinstance(wanted, Dict):
            self._hinted(node, keys, [k for k in node.keys if k is not None], wanted.key, wanted)
            return self._hinted(node, values, node.values, wanted.value, wanted)
        key = self._common(keys)
        if known(key) and key not in KEYS:
            return self.report("dict-key-type", node, key=key)
        return Dict(key, self._common(values))

    def _read_set(self, _node: ast.Set, _hint: Type | None) -> AnyValue:
        return UNKNOWN

    # -- comprehensions --------------------------------------------------------------
    def _read_listcomp(self, node: ast.ListComp | ast.GeneratorExp, hint: Type | None) -> AnyValue:
        if len(node.generators) > 1 or node.generators[0].ifs:
            return UNKNOWN
        wanted = _container_hint(hint, List)
        run = self.iterate(self.value(node.generators[0].iter), node.generators[0].iter)
        items = run.items if run.unrolled and run.items is not None else (run.element,)
        found: list[Type] = []
        for item in items[:64] or (run.element,):
            with self.inner():
                self.assign(node.generators[0].target, item, None)
                element = self.value(node.elt)
                if isinstance(element, Sugared) and isinstance(element, ModuleValue):
                    return UNKNOWN
                found.append(self.as_type(element, node.elt, "a list"))
        if isinstance(wanted, List):
            return self._hinted(node, found, [node.elt] * len(found), wanted.element, wanted)
        return List(self._common(found))

    _read_generatorexp = _read_listcomp

    def _read_dictcomp(self, node: ast.DictComp, hint: Type | None) -> AnyValue:
        if len(node.generators) > 1 or node.generators[0].ifs:
            return UNKNOWN
        run = self.iterate(self.value(node.generators[0].iter), node.generators[0].iter)
        with self.inner():
            self.assign(node.generators[0].target, run.element, None)
            key = self.type(node.key, use="a dict key")
            value = self.type(node.value, use="a dict value")
        wanted = _container_hint(hint, Dict)
        if isinstance(wanted, Dict) and wanted.has_unknown:
            return wanted
        if known(key) and key not in KEYS:
            return self.report("dict-key-type", node, key=key)
        return Dict(key, value)

    def _read_call(self, node: ast.Call, hint: Type | None) -> AnyValue:
        return self.call(node, hint)

    def _read_subscript(self, node: ast.Subscript, hint: Type | None) -> AnyValue:
        return self.subscript(node, hint)

    def _read_starred(self, node: ast.Starred, _hint: Type | None) -> AnyValue:
        return self.value(node.value)

    def _read_namedexpr(self, node: ast.NamedExpr, hint: Type | None) -> AnyValue:
        found = self.value(node.value, hint)
        self.assign(node.target, UNKNOWN, None)
        return found


def _container_hint(hint: Type | None, kind: type[Type]) -> Type | None:
    if hint is None:
        return None
    inner = without_none(hint) if is_optional(hint) else hint
    return inner if isinstance(inner, kind) else None


def _guess(default: ast.expr | None) -> Type | None:
    if isinstance(default, ast.Constant) and default.value is not None:
        return CONSTANTS.get(type(default.value))
    return None
