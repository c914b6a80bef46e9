"""Every statement about the language that was measured has a rule of that name, another rule, or a reason."""

from __future__ import annotations

from scriptkit.rules import all_rules

STATEMENTS = """
super-call unsupported-operator varargs-definition fstring-format-spec set-type type-ignore-comment comprehension-if
del-statement dict-expansion generator-expression lambda-expression loop-else maybe-undefined-variable nested-function
setattr-getattr-dynamic str-format-named try-statement unsupported-syntax-under-guard async-function
attribute-annotated-outside-init bytes-literal comprehension-multiple-generators declaration-without-value
ellipsis-body exported-method generator-function global-statement kwargs-call kwonly-default list-expansion
local-import malformed-annotation match-statement mutable-default print-kwargs property-compiled-even-if-unused
reannotated-variable reserved-name return-then-with-block sequential-arity type-comment-signature walrus
third-party-call global-variable-capture unsupported-builtin with-statement decorated-method
future-annotations-attribute unsupported-container unsupported-torch-function dataclass-limits recursion
closure-capture dataclass future-annotations legacy-tensor-constructor module-created-in-forward
script-class-not-instance string-annotation torch-function type-checking-only-name unsupported-annotation
module-container-dynamic-index unannotated-param-not-tensor empty-attribute-untyped implicit-bool-of-none-or-module
module-as-value optional-attribute-not-refined attribute-undefined callable-attribute class-attribute module-argument
module-introspection script-class-limits attribute-conditionally-defined default-arg-none-not-optional dict-key-type
final-constant-bad-value missing-return-path module-container-iteration-limits modules-in-python-container
tuple-index-not-constant break-in-unrolled-loop callable-argument final-declared-in-init final-reassigned
generic-function inherited-annotation-lost module-container-interface module-container-mutation
module-container-slice-call optional-buffer parameter-container submodule-annotation unused-method
zip-modulelist-with-dynamic-list attribute-unsupported-type reassign-changes-type unsupported-tensor-method
builtin-signature empty-container-untyped enum-limits optional-not-refined branch-types-differ call-unknown-kwarg
invariance return-type-mismatch star-args-call str-of-value tuple-list-mix attribute-assign-type
container-element-mismatch dtype-handling eq-none index-forms int-overflow int-pow namedtuple-method or-on-non-bool
range-forms tensor-constructor any-typed-value argument-type-mismatch dict-methods dunder-call functional-signature
index-with-tuple-variable isinstance-forms library-module number-ops optional-element-not-refined return-types-differ
starred-unpack-of-list str-operators tensor-method-signature tensor-unpack tolist-needs-annotation tuple-swap-loop
forward-hook parametrized-module data-parallel lazy-module
""".split()

# one mistake under several names: the rules that tell it
TOLD_BY = {
    "unsupported-syntax-under-guard": ("try-statement", "kwargs-call"),
    "sequential-arity": ("varargs-definition",),
    "torch-function": ("unsupported-torch-function",),
    "type-checking-only-name": ("undefined-name",),
    "module-container-dynamic-index": ("module-list-index",),
    "module-container-interface": ("module-list-index",),
    "optional-buffer": ("empty-attribute-untyped",),
    "dict-methods": ("builtin-signature",),
    "functional-signature": ("no-matching-overload", "argument-type-mismatch"),
    "library-module": ("optional-not-refined",),
    "number-ops": ("builtin-signature", "operator-types"),
    "str-operators": ("operator-types",),
}
REASONS = {
    "exported-method": "no mistake of its own: every rule looks into exported methods",
    "property-compiled-even-if-unused": "no mistake of its own: every rule looks into properties",
    "closure-capture": "a function made at run time: no text says which values it closes over; the constructor tells",
}


def test_every_statement_has_a_rule_or_a_reason() -> None:
    names = {rule.name for rule in all_rules()}
    assert len(STATEMENTS) == len(set(STATEMENTS)) == 142
    assert set(STATEMENTS) - names == set(TOLD_BY) | set(REASONS)
    assert {name for told in TOLD_BY.values() for name in told} <= names


def test_the_silent_differences_have_rules_of_their_own() -> None:
    silent = {rule.name for rule in all_rules() if any(example.torch_says is None for example in rule.INVALID)}
    assert silent >= {
        "bool-list-index",
        "decorated-method",
        "enum-identity",
        "int-wrap",
        "isinstance-abstract-number",
        "no-grad-decorator",
        "or-on-non-bool",
        "returned-tensor-converted",
        "str-format-named",
        "str-of-value",
        "tuple-swap-loop",
    }
