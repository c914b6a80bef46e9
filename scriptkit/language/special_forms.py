"""Builtins and torch functions that the compiler treats as syntax, and Tensor methods without a schema."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.language import operators
from scriptkit.language.body import LAZY
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
    "torch.jit.is_scripting": "test",
    "torch.jit.is_tracing": "test",
    "torch.compiler.is_compiling": "test",
    "torch.jit.fork": "fork",
    "torch.jit._fork": "fork",
    "torch.jit.wait": "wait",
    "torch.jit._wait": "wait",
    "torch.jit.isinstance": "test",
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
            if not isinstance(argument, ast.Lambda):
                self.value(argument)

    def _operator_builtin(self, name: str, node: ast.Call) -> AnyValue:
        arguments = self.arguments(node)
        for value in arguments.positional:
            if isinstance(value, Iteration):
                return self._over_iteration(name, value, node)
            if isinstance(value, (ContainerValue, ModuleValue)) and name == "len":
                return INT if isinstance(value, ContainerValue) else UNKNOWN
            if isinstance(value, TupleValue):
                return INT if name == "len" else self.report("builtin-signature", node, name=name, why=str(value))
        positional, keywords = self.typed(arguments, name)
        if arguments.open:
            return UNKNOWN
        if name == "len" and positional:
            if isinstance(positional[0], Instance):
                return self.magic(positional[0], "__len__", node)
            if isinstance(positional[0], Tuple):
                return INT
        return self._resolve_builtin(name, node, positional, keywords, arguments)

    def _over_iteration(self, name: str, value: Iteration, node: ast.Call) -> AnyValue:
        if value.kind in LAZY:
            return self.report("range-forms", node, why=value.kind)
        return INT if name == "len" else self.report("builtin-signature", node, name=name, why=value.kind)

    def _resolve_builtin(
        self, name: str, node: ast.Call, positional: list[Type], keywords: dict[str, Type], arguments: Arguments
    ) -> AnyValue:
        schemas = operators.overloads(OPERATORS[name])
        found = resolve(schemas, positional, keywords)
        if isinstance(found, Match):
            return found.returns
        if any(t.has_unknown for t in (*positional, *keywords.values())) and not keywords:
            return UNKNOWN
        if any(is_optional(t) or t is ANY for t in positional):
            return self.explain(
                attempt(node, name, schemas, positional, keywords, arguments.nodes, arguments.keyword_nodes)
            )
        if self.parameter_problem(arguments.nodes, node):
            return UNKNOWN
        why = f"keyword `{next(iter(keywords))}`" if keywords else ", ".join(map(str, positional))
        return self.report("builtin-signature", node, name=name, why=why)

    def _cast(self, name: str, node: ast.Call) -> AnyValue:
        arguments = self.arguments(node)
        positional, _ = self.typed(arguments, name)
        if len(positional) != 1 or arguments.open or name == "str":
            return CASTS[name]
        given = positional[0]
        if given.has_unknown:
            return CASTS[name]
        if isinstance(given, Instance) and given.kind != "enum":
            return self.magic(given, f"__{name}__", arguments.nodes[0])
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
        arguments = self.arguments(node)
        for value, argument in zip(arguments.positional, arguments.nodes, strict=True):
            if not self._counts(self.as_type(value, argument, "range"), argument, node):
                break
        return Iteration("range", INT)

    def _counts(self, found: Type, argument: ast.expr, node: ast.Call) -> bool:
        """Whether a bound of `range`, or the start of `enumerate`, is an int, as it must be."""
        if found.has_unknown or found is INT:
            return True
        if isinstance(argument, ast.BinOp) and isinstance(argument.op, ast.Pow) and found is FLOAT:
            self.report("int-pow", argument, use="range")
        elif self.need(found, argument, "range") and not self.parameter_problem([argument], node):
            self.report("range-forms", node, why=str(found))
        return False

    def _builtin_enumerate(self, node: ast.Call, _hint: Type | None) -> AnyValue:
        extra = [*node.args[1:], *(keyword.value for keyword in node.keywords)]
        if not node.args or len(extra) > 1 or any(keyword.arg != "start" for keyword in node.keywords):
            self.arguments_quietly(node)
            return self.report("builtin-signature", node, name="enumerate", why="its arguments")
        for start in extra:
            self._counts(self.type(start, use="range"), start, node)
        run = self.iterate(self.value(node.args[0]), node.args[0])
        items = None if run.items is None else tuple(_pair(INT, item) for item in run.items)
        kind = "unknown" if run.kind == "unknown" else "enumerate"
        return Iteration(kind, _pair(INT, run.element), unrolled=run.unrolled, items=items)

    def _builtin_zip(self, node: ast.Call, _hint: Type | None) -> AnyValue:
        if any(isinstance(a, ast.Starred) for a in node.args):
            self.arguments_quietly(node)
            return self.report("builtin-signature", node, name="zip", why="`*`")
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
        if isinstance(value, Tuple) and len(set(value.elements)) > 1:
            return self.report("builtin-signature", node, name="list", why=str(value))
        if isinstance(value, Tuple) and value.elements:
            return List(value.elements[0])
        return List(run.element) if isinstance(run.element, Type) and run.element is not UNKNOWN else UNKNOWN

    def _builtin_tuple(self, node: ast.Call, _hint: Type | None) -> AnyValue:
        if not node.args:
            return self.report("builtin-signature", node, name="tuple", why="no argument")
        if isinstance(node.args[0], ast.GeneratorExp):
            self.value(node.args[0])
            return self.report("generator-argument", node, function="tuple")
        value = self.value(node.args[0])
        if isinstance(value, (Tuple, TupleValue)):
            return value
        is_lazy = isinstance(value, Iteration) and value.kind in LAZY
        if is_lazy or isinstance(value, ContainerValue) or (isinstance(value, Type) and not value.has_unknown):
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
        if len(node.args) != 2:  # noqa: PLR2004 - the type and the value
            return self.report("builtin-signature", node, name="torch.jit.annotate", why="its arguments")
        declared = self.read_annotation(node.args[0], "variable")
        self.value(node.args[1], declared)
        return declared

    def _torch_test(self, node: ast.Call) -> AnyValue:
        return self._builtin_isinstance(node, None)

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
        if isinstance(given, Type) and is_optional(given):
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
