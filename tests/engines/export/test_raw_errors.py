"""What torch's errors mean, told by the names of their classes and some of their words."""

from __future__ import annotations

import pytest

from scriptkit.engines.export.raw_errors import quoted, said, unwritable
from scriptkit.engines.export.run_values import NotCarriedError


def _error(name: str, text: str, base: type[Exception] = RuntimeError) -> Exception:
    made: Exception = type(name, (base,), {})(text)
    return made


MEANT = [
    (_error("DataDependentOutputException", "aten.equal.default"), "Python needs what `equal` gives here"),
    (_error("DataDependentOutputException", "aten._local_scalar_dense.default"), "what `item` gives"),
    (_error("GuardOnDataDependentSymNode", "Eq(u0, 1)"), "Python needs a value here that only a run"),
    (_error("UserError", "Could not guard on data-dependent expression u0 < 3"), "Python needs a value here"),
    (_error("DynamicOutputShapeException", "aten.linalg_lstsq.default"), "no form of `linalg_lstsq`"),
    (_error("PendingUnbackedSymbolNotFound", "Pending unbacked symbols {u0}"), "a number that depends on values"),
    (_error("UserError", "Constraints violated (s0)!"), "cannot derive which sizes are allowed"),
    (_error("UncapturedHigherOrderOpError", "HOP: Unsafe side effect"), "writes to something from outside of it"),
    (_error("UnsupportedAliasMutationException", "input might be aliasing"), "gives back a tensor it was given"),
    (_error("Unsupported", "Attempted to call function marked as skipped"), "what this branch or loop does"),
    (_error("UnsupportedOperatorException", "mine.twice.default"), "an operator has no form for torch.export (Unsup"),
    (NotImplementedError("mine::twice: attempted to run with Meta tensors"), "the operator `mine::twice` has no form"),
    (RuntimeError("We found a fake tensor in the exported program constant's list."), "would become a constant"),
    (RuntimeError("Cannot access data pointer of Tensor"), "reads the values of a tensor here"),
    (
        RuntimeError("Runtime assertion failed for expression u0 <= 5 on node 'le'"),
        "none that the program was made for",
    ),
    (RecursionError("maximum recursion depth exceeded"), "nested too deeply"),
    (_error("SpecViolationError", "Node x is missing meta", Exception), "torch.export fails by itself here (Spec"),
    (ValueError("too many values"), "this raises while torch.export follows it (ValueError: too many values)"),
    (NotCarriedError("a loop gives a list", "give a tensor"), "a loop gives a list"),
]


@pytest.mark.parametrize(("error", "words"), MEANT, ids=lambda value: type(value).__name__)
def test_an_error_of_torch_in_words(error: Exception, words: str) -> None:
    found = said(error)
    assert words in found.message
    assert "{" not in found.message
    assert found.way_out


def test_the_cause_beneath_says_more() -> None:
    outer = _error("UncapturedHigherOrderOpError", "it must be captured completely")
    outer.__cause__ = _error("PendingUnbackedSymbolNotFound", "Pending unbacked symbols {u0}")
    outer.__cause__.__cause__ = outer  # a circle ends
    assert "a number that depends on values" in said(outer).message


def test_a_quotation_is_short_and_one_line() -> None:
    text = f"\n  first https://pytorch.org/docs {'x' * 300}\nsecond"
    assert len(quoted(RuntimeError(text))) < 150
    assert "http" not in quoted(RuntimeError(text))
    assert "second" not in quoted(RuntimeError(text))
    assert quoted(RuntimeError()) == "RuntimeError"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (NotImplementedError("TODO"), "a whole number of more than 64 bits"),
        (ValueError("not enough values to unpack (expected 2, got 0)"), "a program that gives nothing"),
        (AssertionError(), "no place for something in it (AssertionError)"),
    ],
)
def test_what_no_file_holds(error: Exception, words: str) -> None:
    assert words in unwritable(error)
