"""What the typing pass reports to the rules: a kind, the culprit, and the names and types involved.

A rule turns the problems of its kinds into worded diagnostics. Types in `data` are `types.Type` objects (their
`str()` is
what the user would write), names are text, nodes are `ast` nodes. A mistake is reported once, at its cause.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ast
    from collections.abc import Mapping

    from scriptkit.language.facts import FunctionFacts

KINDS: dict[str, str] = {
    # -- Optional and None ----------------------------------------------------
    "optional-attribute-not-refined": (
        "an Optional attribute (`self.bias`, `m.bias`) is used where None is not accepted. data: text "
        "('self.bias'), type, use (what needs it: 'operator +', 'argument `x` of `relu`', 'method `mul`', "
        "...). related: the check `self.bias is not None`, where there is one"
    ),
    "optional-element-not-refined": (
        "the same for an element `xs[i]` that was checked. data: text, type, use. related: the check"
    ),
    "optional-not-refined": "an Optional local or result is used where None is not accepted. data: text, type, use",
    "implicit-bool": (
        "a value without truth value is a condition. data: type, what ('module' | 'None' | 'Optional' | 'other')"
    ),
    "eq-none": "`x == None`. data: type (of the other operand), operator ('==' | '!=')",
    # -- names ----------------------------------------------------------------
    "maybe-undefined": (
        "a local is not defined on every path. data: name, missing ('true branch' | 'false branch' | 'loop'). "
        "related: the statement that defines it sometimes"
    ),
    "undefined-name": "a name nothing defines, or defined under TYPE_CHECKING only. data: name, type_checking (bool)",
    "global-capture": (
        "a module-level value is read. data: name, what ('float', 'Tensor', 'dtype', ... or ''). related: its "
        "definition"
    ),
    "module-instance-global": "an nn.Module instance at module level is used. data: name",
    # -- types of variables ---------------------------------------------------
    "reassign-changes-type": (
        "a variable of an enclosing block gets another type in a branch or loop. data: name, old, new. "
        "related: where it got its type"
    ),
    "reassign-not-first-class": (
        "a variable that holds a module, function or range is rebound in a branch or loop. data: name"
    ),
    "annotation-mismatch": "`x: T = value`, the value is no T. data: name, declared, actual",
    "reannotated-variable": "a variable of an enclosing block is annotated again. data: name",
    "branch-types-differ": (
        "a variable has another type in each branch and is used afterwards. data: name, true_type, "
        "false_type. node: the later assignment; related: the other assignment, the use"
    ),
    "ternary-types-differ": "the arms of `a if c else b` differ. data: true_type, false_type",
    "return-type-mismatch": "a returned value is not of the declared type. data: declared, actual",
    "return-types-differ": "two returns of an unannotated function. data: first, second. related: the first return",
    "missing-return-path": "a path ends without return. data: declared (Type or None)",
    "invariance": "List[T] where List[S] is needed although T is an S. data: expected, actual, use",
    "tuple-list-mix": "a list where a tuple is needed. data: expected, actual, use",
    # -- attributes -----------------------------------------------------------
    "attribute-undefined": (
        "an attribute that `__init__` never sets is read or written. data: name, write (bool), owner (class name)"
    ),
    "attribute-conditionally-defined": (
        "an attribute set under a condition in `__init__` is read without a static guard. data: name, module "
        "(bool). related: the assignment"
    ),
    "attribute-assign-type": (
        "`self.x = value` with another type. data: name, declared, actual. related: where it got its type"
    ),
    "attribute-unsupported-type": (
        "an attribute whose value has no TorchScript type is read. data: name, value_text, what ('numpy' | "
        "'lambda' | 'partial' | 'list of functions' | 'list of modules' | 'dict of modules' | 'set' | "
        "'object' | 'dtype' | ...). related: the assignment"
    ),
    "empty-attribute-untyped": (
        "`self.x = []`, `{}` or None without a class-level annotation. data: name, value ('[]'|'{}'|'None'). "
        "related: the assignment"
    ),
    "class-attribute": (
        "a class attribute that is neither Final nor set on self is read. data: name. related: its definition"
    ),
    "inherited-annotation-lost": (
        "an attribute annotated in a base while the subclass has annotations of its own. data: name, base. "
        "related: the base's annotation"
    ),
    "final-reassigned": "a Final attribute is assigned in compiled code. data: name",
    "final-bad-value": "a Final attribute holds what cannot be a constant. data: name, value_text",
    "final-in-init": "`self.x: Final = ...` in `__init__` is no constant, and a constant is needed. data: name, use",
    "attribute-not-constant": "an attribute that is not Final steers what must be static. data: name, use",
    "object-attribute": "a value of a known type has no such attribute or method. data: name, type, method (bool)",
    "unsupported-tensor-method": "Tensor has no such method or attribute in TorchScript. data: name, method (bool)",
    # -- modules --------------------------------------------------------------
    "module-container-dynamic-index": (
        "a ModuleList/Sequential/ModuleDict is indexed by what is unknown. data: container ('ModuleList'...), "
        "text (of the container), index (text)"
    ),
    "module-container-slice-call": "a module of a slice is called without .forward. data: text",
    "module-container-reversed": "reversed() or [::-1] over a module container. data: text",
    "module-container-mutation": "a module container is changed in compiled code. data: text, method",
    "module-container-method": "a method that compiled module containers lack. data: text, method",
    "parameter-container": "a ParameterList/Dict used in a way the compiler lacks. data: text, what",
    "module-as-value": "a module stands where a value is needed. data: type, use",
    "module-argument": "a module is passed to a function or method. data: type, function",
    "module-created": "a module is constructed in compiled code. data: name",
    "module-introspection": "parameters(), train(), eval(), register_buffer()... in compiled code. data: name",
    "module-not-callable": "a module with no forward the compiler knows is called. data: type",
    "break-in-unrolled-loop": (
        "break or continue in a loop that is unrolled. data: word ('break'|'continue'), iterable (text)"
    ),
    "zip-length-mismatch": (
        "a module container zipped or enumerated with a list of unknown length. data: container (text), other (text)"
    ),
    "unused-method-called": "a method marked unused is called without a guard. data: name",
    "submodule-annotation": "a class-level annotation with a module class. data: name, annotation (text)",
    # -- containers -----------------------------------------------------------
    "empty-container-untyped": (
        "an untyped [] or {} gets an element that is no Tensor. data: name, value ('[]'|'{}'|'list()'...), "
        "element (Type), key (Type or None). node: the use; related: the [] or {}"
    ),
    "container-element-mismatch": "an element of another type is added. data: container (Type), element (Type)",
    "dict-key-type": "a dict with keys the compiler lacks. data: key (Type)",
    "tuple-index-not-constant": (
        "a tuple with different elements indexed or sliced by a variable. data: type, text, slice (bool)"
    ),
    "tuple-index-out-of-range": "data: type, index",
    "index-forms": "a value is indexed by what it does not take. data: type, index (Type), why",
    "bool-list-index": "a tensor indexed by a list of bools: compiled code takes them for 0 and 1. data: text",
    "tuple-variable-index": "a tensor indexed by a tuple held in a variable. data: text, type",
    "not-subscriptable": "data: type",
    "not-iterable": "data: type",
    "tensor-unpack": "`a, b = tensor`. data: count",
    "unpack-count": "data: expected, actual, type",
    "starred-unpack-of-list": "`a, *rest = xs` where xs is a list. data: type",
    "star-args-call": "`f(*xs)` where xs is a list. data: function, type",
    # -- calls ----------------------------------------------------------------
    "external-call": (
        "a function of another library or of the standard library. data: name, root ('numpy', 'copy', ...)"
    ),
    "unsupported-builtin": "data: name",
    "builtin-signature": "a builtin in a form the compiler lacks. data: name, why",
    "unsupported-torch-function": "a torch function without TorchScript form. data: name",
    "legacy-tensor-constructor": "torch.Tensor(...) and kin. data: name",
    "unsupported-container": "OrderedDict, defaultdict, deque, set... data: name",
    "call-unknown-kwarg": "data: function, keyword, replacement (or '')",
    "missing-argument": "data: function, parameter",
    "too-many-arguments": "data: function, count, maximum",
    "argument-type-mismatch": "data: function, parameter, expected, actual",
    "no-matching-overload": "no overload takes these types. data: function, actual (list of Types), why (text)",
    "operator-types": "an operator between types it does not take. data: operator, left, right (None for unary)",
    "int-pow": "an int power is a float where an int is needed. data: use. node: the power",
    "any-typed-value": "a value typed Any (or a Union) is used before it is narrowed. data: text, type, use",
    "unannotated-param-not-tensor": (
        "a parameter without annotation is a Tensor, and is used as something else. data: name, default (text "
        "or ''), use, guess (Type or None). node: the use (the parameter itself when its default alone is the "
        "trouble); related: the parameter"
    ),
    "unannotated-param-none-default": (
        "a parameter without annotation has the default None (never certain: callers may pass it). data: "
        "name. node: the parameter"
    ),
    "default-not-of-type": (
        "a default does not have the declared type (`xs: List[Tensor] = None`). data: name, declared, default (text)"
    ),
    "callable-argument": "a function is passed as a value. data: name, use",
    "value-not-callable": "data: type, text",
    "kwargs-call": "f(**kw). data: function",
    "recursion": "data: name",
    "super-call": "super() or Base.method(self, ...). data: text, method",
    "range-forms": "range of what is no int, or a range kept as a value. data: why",
    "generator-argument": "a generator expression where it is no list. data: function",
    "isinstance-forms": "isinstance with what the compiler does not know. data: text, why",
    "getattr-dynamic": "getattr/setattr/hasattr with a name that is no literal. data: function",
    "tolist-unannotated": "x.tolist() without an annotated target. data: text",
    "tensor-constructor": "torch.tensor of mixed or tensor lists. data: element (Type)",
    "with-statement": "a context manager the compiler lacks. data: text, name",
    "dtype-attribute": "an attribute of a dtype, finfo, iinfo. data: name",
    "context-value-not-tensor": "reserved. data: text",
    # -- classes and enums ----------------------------------------------------
    "enum-limits": "data: what ('lookup' | 'is' | 'iterate' | 'method' | 'arithmetic'), text",
    "namedtuple-method": "data: name, type",
    "dataclass-not-scripted": "a dataclass without @torch.jit.script is used in compiled code. data: name",
    "dataclass-limits": "data: name, what",
    "script-class-limits": "data: name, what ('inheritance' | 'untyped-init' | 'attribute-outside-init' | ...)",
    "class-not-scriptable": "a class of this file that compiled code cannot use. data: name, why",
    # -- annotations ----------------------------------------------------------
    "unsupported-annotation": (
        "an annotation that names no TorchScript type. data: text, name (the part that is unknown), where "
        "('parameter'|'return'|'variable'|'attribute')"
    ),
    "malformed-annotation": "an annotation that is no type expression (`Dict[int: str]`). data: text, where",
    "string-annotation-attribute": "a quoted class-level annotation. data: name, text",
    "generic-function": "a TypeVar in a compiled signature. data: name, text",
}


@dataclass(frozen=True, eq=False)
class Problem:
    """One observation of the typing pass; `node` is the culprit, `related` the other ends.

    `certain` is False where it depends on the instance whether the compiler gets there (a branch on a `Final` or on an
    attribute that may be None): such a problem is worth a warning, not an error.
    """

    kind: str
    node: ast.AST
    method: FunctionFacts | None = None
    related: tuple[ast.AST, ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict)
    certain: bool = True

    def __post_init__(self) -> None:
        """Refuse a kind the rules cannot know."""
        if self.kind not in KINDS:
            msg = f"internal error: unknown kind of problem {self.kind!r}"
            raise ValueError(msg)
