"""Builtins and torch functions that the compiler treats as syntax, and Tensor methods without a schema."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.language import operators
from scriptkit.language.calls import Calls
from scriptkit.language.explanations import attempt
from scriptkit.language.matching import Match, resolve
from scriptkit.language.types import (
    ANY,
    BOOL,
    COMPLEX,
    DEVICE,
    FLOAT,
    INT,
    NONE,
    NUMBER,
    STR,
    TENSOR,
    UNKNOWN,
    Dict,
    Future,
    Instance,
    List,
    Tuple,
    Type,
    Union,
    is_optional,
)
from scriptkit.language.values import (
    BoundOperator,
    ContainerValue,
    FunctionValue,
    Iteration,
    ModuleValue,
    TupleValue,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from scriptkit.language.callees import Arguments
    from scriptkit.language.values import AnyValue

UNSUPPORTED = frozenset(
    {
        "map", "filter", "type", "id", "vars", "dir", "iter", "next", "open", "input", "eval", "exec", "callable",
        "super",
        "issubclass", "memoryview", "bytearray", "bytes", "object", "globals", "locals", "repr", "format", "delattr",
        "classmethod", "staticmethod", "property", "compile", "__import__", "breakpoint", "ascii",
    },
)  # fmt: skip
SETS = frozenset({"set", "frozenset"})
OPERATORS = {
    "min": "prim::min", "max": "prim::max", "abs": "prim::abs", "all": "all", "any": "any", "divmod": "divmod", "sum":
    "sum",
    "ord": "ord", "chr": "chr", "bin": "bin", "pow": "pow", "sorted": "sorted", "round": "round", "hash": "hash",
    "hex": "hex",
    "oct": "oct", "len": "len",
}  # fmt: skip
CASTS: dict[str, Type] = {"int": INT, "float": FLOAT, "bool": BOOL, "str": STR, "complex": COMPLEX}
TORCH_FORMS = {
    "torch.jit.annotate": "annotate",
    "torch.jit.is_scripting": "scripting",
    "torch.jit.is_tracing": "scripting",
    "torch.compiler.is_compiling": "scripting",
    "torch.jit.fork": "fork",
    "torch.jit._fork": "fork",
    "torch.jit.wait": "wait",
    "torch.jit._wait": "wait",
    "torch.jit.isinstance": "jit_isinstance",
    "torch.jit.unchecked_cast": "opaque",
    "torch.device": "device",
    "torch.tensor": "tensor",
    "torch._assert": "nothing",
    "torch.einsum": "opaque",
    "torch.functional.einsum": "opaque",
    "warnings.warn": "nothing",
    **dict.fromkeys(("torch.unique", "torch.unique_consecutive", "torch.functional.unique"), "opaque"),
}
CAST_OPERATORS = {"int": "Int", "float": "Float", "bool": "Bool", "str": "str", "complex": "Complex"}


class SpecialForms(Calls):
    """The part of the pass for what only looks like a call."""

    def special_form(self, node: ast.Call, hint: Type | None) -> AnyValue | None:
        """Builtins and torch functions the compiler treats as syntax."""
        if isinstance(node.func, ast.Name) and self.frame.find(node.func.id) is not None:
            return None
        dotted = self.module.dotted(node.func)
        if dotted is None:
            return None
        if dotted.startswith("builtins."):
            return self._builtin(dotted.partition(".")[2], node, hint)
        if dotted not in TORCH_FORMS:
            return None
        form: Callable[[ast.Call], AnyValue] = getattr(self, f"_torch_{TORCH_FORMS[dotted]}")
        return form(node)

    # -- builtins --------------------------------------------------------------------
    def _builtin(self, name: str, node: ast.Call, hint: Type | None) -> AnyValue | None:
        form: Callable[[ast.Call, Type | None], AnyValue] | None = getattr(self, f"_builtin_{name}", None)
        if form is not None:
            return form(node, hint)
        if name in CASTS:
            return self._cast(name, node)
        if name in SETS:
            self.arguments(node)
            return self.report("unsupported-container", node, name=name)
        if name in OPERATORS:
            return self._operator_builtin(name, node)
        if name in UNSUPPORTED and name != "super":
            self.arguments_quietly(node)
            return self.report("unsupported-builtin", node, name=name)
        return None

    def arguments_quietly(self, node: ast.Call) -> None:
        """Read arguments for their own problems, functions among them being no further one."""
        for argument in node.args:
            if not isinstance(argument, (ast.Starred, ast.Lambda)):
                self.value(argument)

    def _operator_builtin(self, name: str, node: ast.Call) -> AnyValue:
        arguments = self.arguments(node)
        for index, (value, part) in enumerate(zip(arguments.positional, arguments.nodes, strict=False)):
            if isinstance(value, Iteration):
                return self._over_iteration(name, value, node)
            if isinstance(value, (ContainerValue,)) and name == "len" and index == 0:
                return INT
            if isinstance(value, ModuleValue) and name == "len":
                return UNKNOWN
            del part
        if any(isinstance(v, TupleValue) for v in arguments.positional):
            return INT if name == "len" else UNKNOWN
        positional, keywords = self.typed(arguments, name)
        if arguments.open:
            return UNKNOWN
        if name == "len" and positional and (isinstance(positional[0], (Tuple, Instance)) or positional[0] is ANY):
            return INT
        return self._resolve_builtin(name, node, positional, keywords, arguments)

    def _over_iteration(self, name: str, value: Iteration, node: ast.Call) -> AnyValue:
        if name == "len" and value.kind == "range":
            return self.report("range-forms", node, why="a range is not a value")
        if name == "len":
            return INT
        element = value.element
        if isinstance(element, Type) and not element.has_unknown and value.kind in ("range", "list", "generator"):
            found = resolve(operators.overloads(OPERATORS[name]), [List(element)], {})
            return found.returns if isinstance(found, Match) else UNKNOWN
        del node
        return UNKNOWN

    def _resolve_builtin(
        self, name: str, node: ast.Call, positional: list[Type], keywords: dict[str, Type], arguments: Arguments
    ) -> AnyValue:
        schemas = operators.overloads(OPERATORS[name])
        if name in ("min", "max") and len(positional) > 2:  # noqa: PLR2004 - max(a, b, c)
            result = positional[0]
            for other in positional[1:]:
                found = resolve(schemas, [result, other], {})
                if not isinstance(found, Match):
                    return UNKNOWN
                result = found.returns
            return result
        found = resolve(schemas, positional, keywords)
        if isinstance(found, Match):
            return found.returns
        if any(t.has_unknown for t in (*positional, *keywords.values())) and not keywords:
            return UNKNOWN
        if any(is_optional(t) for t in positional):
            return self.explain(
                attempt(node, name, schemas, positional, keywords, arguments.nodes, arguments.keyword_nodes)
            )
        why = f"keyword `{next(iter(keywords))}`" if keywords else ", ".join(map(str, positional))
        if keywords and any(t.has_unknown for t in positional) and name not in ("sorted", "min", "max", "sum", "round"):
            return UNKNOWN
        if self.parameter_problem(arguments.nodes, node):
            return UNKNOWN
        return self.report("builtin-signature", node, name=name, why=why)

    def _cast(self, name: str, node: ast.Call) -> AnyValue:
        arguments = self.arguments(node)
        positional, _ = self.typed(arguments, name)
        if len(positional) != 1 or arguments.open or name == "str":
            return CASTS[name]
        given = positional[0]
        if given.has_unknown:
            return CASTS[name]
        found = resolve(operators.overloads(CAST_OPERATORS[name]), [given], {})
        if isinstance(found, Match) or given == CASTS[name]:
            return CASTS[name]
        if name == "bool":
            self.truth(given, arguments.nodes[0])
            return BOOL
        if isinstance(given, Instance):
            return self.report("enum-limits", node, what="arithmetic", text=ast.unparse(node))
        if not self.need(given, arguments.nodes[0], f"`{name}()`"):
            return UNKNOWN
        return self.report("builtin-signature", node, name=name, why=str(given))

    def truth(self, value: AnyValue, node: ast.expr) -> None:
        """Report a value that has no truth value."""
        raise NotImplementedError

    def _builtin_range(self, node: ast.Call, _hint: Type | None) -> AnyValue:
        for argument in node.args:
            if isinstance(argument, ast.Starred):
                self.value(argument.value)
                continue
            found = self.type(argument, use="range")
            if found.has_unknown or found is INT:
                continue
            if isinstance(argument, ast.BinOp) and isinstance(argument.op, ast.Pow) and found is FLOAT:
                self.report("int-pow", argument, use="range")
            elif self.need(found, argument, "range") and not self.parameter_problem([argument], node):
                self.report("range-forms", node, why=str(found))
            break
        return Iteration("range", INT)

    def _builtin_enumerate(self, node: ast.Call, _hint: Type | None) -> AnyValue:
        if not node.args:
            return UNKNOWN
        for extra in (*node.args[1:], *(k.value for k in node.keywords)):
            self.value(extra)
        run = self.iterate(self.value(node.args[0]), node.args[0])
        items = None if run.items is None else tuple(_pair(INT, item) for item in run.items)
        kind = "unknown" if run.kind == "unknown" else "enumerate"
        return Iteration(kind, _pair(INT, run.element), unrolled=run.unrolled, items=items)

    def _builtin_zip(self, node: ast.Call, _hint: Type | None) -> AnyValue:
        if any(isinstance(a, ast.Starred) for a in node.args):
            self.arguments_quietly(node)
            return Iteration("zip", UNKNOWN)
        values = [self.value(argument) for argument in node.args]
        runs = [self.iterate(value, argument) for value, argument in zip(values, node.args, strict=False)]
        unrolled = [run for run in runs if run.unrolled]
        if unrolled and len(unrolled) < len(runs):
            known_dynamic = [
                a
                for a, r in zip(node.args, runs, strict=False)
                if not r.unrolled and r.kind != "unknown" and not self.is_constant(a)
            ]
            sure = [a for a, r in zip(node.args, runs, strict=False) if r.unrolled]
            if known_dynamic:
                self.report(
                    "zip-length-mismatch", node, container=ast.unparse(sure[0]), other=ast.unparse(known_dynamic[0])
                )
            return Iteration("zip", UNKNOWN, unrolled=True)
        items = None
        if runs and all(run.items is not None for run in runs):
            items = tuple(_joined(parts) for parts in zip(*(run.items or () for run in runs), strict=False))
        kind = "unknown" if any(run.kind == "unknown" for run in runs) else "zip"
        return Iteration(kind, _joined([run.element for run in runs]), unrolled=bool(unrolled), items=items)

    def is_constant(self, node: ast.expr) -> bool:
        """Whether an expression is an attribute that is a constant: a list of that kind is unrolled."""
        if not isinstance(node, ast.Attribute):
            return False
        holder = self.value(node.value)
        attribute = holder.cls.attributes.get(node.attr) if isinstance(holder, ModuleValue) and holder.cls else None
        return attribute is not None and (attribute.final or attribute.constant)

    def _builtin_reversed(self, node: ast.Call, _hint: Type | None) -> AnyValue:
        arguments = self.arguments(node)
        if arguments.positional and isinstance(arguments.positional[0], ContainerValue):
            return self.report("module-container-reversed", node, text=ast.unparse(node.args[0]))
        return self.report("unsupported-builtin", node, name="reversed")

    def _builtin_isinstance(self, node: ast.Call, _hint: Type | None) -> AnyValue:
        if len(node.args) == 2:  # noqa: PLR2004 - else the rest of the pass knows no more than we do
            self.condition(node)
        return BOOL

    def _builtin_getattr(self, node: ast.Call, _hint: Type | None) -> AnyValue:
        name = node.args[1] if len(node.args) > 1 else None
        if not (isinstance(name, ast.Constant) and isinstance(name.value, str)):
            return self.report("getattr-dynamic", node, function="getattr")
        receiver = self.value(node.args[0])
        if len(node.args) > 2 or not isinstance(receiver, ModuleValue):  # noqa: PLR2004 - with a default
            return UNKNOWN
        return self.attribute(receiver, name.value, node)

    def _builtin_setattr(self, node: ast.Call, _hint: Type | None) -> AnyValue:
        return self.report("getattr-dynamic", node, function="setattr")

    def _builtin_list(self, node: ast.Call, hint: Type | None) -> AnyValue:
        if not node.args:
            return hint if isinstance(hint, List) else List(TENSOR)
        value = self.value(node.args[0])
        if isinstance(value, Type) and value.has_unknown and not isinstance(value, (List, Tuple)):
            return UNKNOWN
        run = self.iterate(value, node.args[0])
        if run.items is not None:
            types = [t for t in run.items if isinstance(t, Type)]
            same = types and len(types) == len(run.items) and all(t == types[0] for t in types)
            return List(types[0]) if same else UNKNOWN
        return List(run.element) if isinstance(run.element, Type) and run.element is not UNKNOWN else UNKNOWN

    def _builtin_tuple(self, node: ast.Call, _hint: Type | None) -> AnyValue:
        if not node.args:
            return Tuple([])
        if isinstance(node.args[0], ast.GeneratorExp):
            self.value(node.args[0])
            return self.report("generator-argument", node, function="tuple")
        value = self.value(node.args[0])
        if isinstance(value, (Tuple, TupleValue)):
            return value
        if isinstance(value, (List, Dict)) and not value.has_unknown:
            return self.report("builtin-signature", node, name="tuple", why=str(value))
        return UNKNOWN

    def _builtin_dict(self, node: ast.Call, hint: Type | None) -> AnyValue:
        if not node.args and not node.keywords:
            return hint if isinstance(hint, Dict) else Dict(STR, TENSOR)
        self.arguments(node)
        return UNKNOWN

    def _builtin_print(self, node: ast.Call, _hint: Type | None) -> AnyValue:
        self.arguments(node)
        return NONE

    # -- torch -----------------------------------------------------------------------
    def _torch_annotate(self, node: ast.Call) -> AnyValue:
        if len(node.args) != 2:  # noqa: PLR2004
            return UNKNOWN
        declared = self.read_annotation(node.args[0], "variable")
        self.value(node.args[1], declared)
        return declared

    def _torch_scripting(self, _node: ast.Call) -> AnyValue:
        return BOOL

    def _torch_fork(self, node: ast.Call) -> AnyValue:
        arguments = self.arguments(node)
        function = arguments.positional[0] if arguments.positional else UNKNOWN
        if isinstance(function, FunctionValue):
            result = self.session.returns(function.facts, getattr(function.receiver, "cls", None), self)
            return Future(result) if isinstance(result, Type) else UNKNOWN
        return UNKNOWN

    def _torch_wait(self, node: ast.Call) -> AnyValue:
        arguments = self.arguments(node)
        given = arguments.positional[0] if arguments.positional else UNKNOWN
        return given.element if isinstance(given, Future) else UNKNOWN

    def _torch_device(self, node: ast.Call) -> AnyValue:
        self.arguments(node)
        return DEVICE

    def _builtin_hasattr(self, node: ast.Call, hint: Type | None) -> AnyValue:
        return self._builtin_isinstance(node, hint)

    def _torch_opaque(self, node: ast.Call) -> AnyValue:
        self.arguments(node)
        return UNKNOWN

    def _torch_nothing(self, node: ast.Call) -> AnyValue:
        self.arguments(node)
        return NONE

    def _torch_jit_isinstance(self, node: ast.Call) -> AnyValue:
        self.arguments_quietly(node)
        return BOOL

    def _torch_tensor(self, node: ast.Call) -> AnyValue:
        """`torch.tensor(data)`: numbers, bools, or lists of one kind of them."""
        arguments = self.arguments(node)
        given = arguments.positional[0] if arguments.positional else UNKNOWN
        element = given
        while isinstance(element, List):
            element = element.element
        mixed = element is TENSOR or isinstance(element, Union)
        if isinstance(given, List) and isinstance(element, Type) and not element.has_unknown and mixed:
            return self.report("tensor-constructor", node, element=element)
        if is_optional(given) if isinstance(given, Type) else False:
            assert isinstance(given, Type)  # noqa: S101 - narrowed above
            return self.not_refined(given, node.args[0], "torch.tensor")
        return TENSOR

    # -- tensor methods -----------------------------------------------------------------
    def tensor_method(self, function: BoundOperator, node: ast.Call, arguments: Arguments) -> AnyValue | None:
        """Methods the compiler treats as syntax."""
        name = function.name
        if name == "tolist":
            return self._tolist(node)
        if name == "item" and not node.args:
            return NUMBER
        if operators.is_tensor_cast(name) and not operators.table()["operators"].get(name):
            self.typed(arguments, name)
            return TENSOR
        return None

    def _tolist(self, node: ast.Call) -> AnyValue:
        parent = self.module.parent(node)
        if isinstance(parent, ast.AnnAssign) and parent.value is node:
            return self.annotations.type(parent.annotation)
        if isinstance(parent, ast.Return) and self.declared is not None:
            return self.declared
        if isinstance(parent, ast.Call) and self.module.dotted(parent.func) == "torch.jit.annotate":
            return UNKNOWN
        return self.report("tolist-unannotated", node, text=ast.unparse(node))


def _pair(first: AnyValue, second: AnyValue) -> AnyValue:
    return _joined([first, second])


def _joined(parts: Sequence[AnyValue]) -> AnyValue:
    if all(isinstance(part, Type) for part in parts):
        return Tuple([part for part in parts if isinstance(part, Type)])
    return TupleValue(tuple(parts))
