"""What torch means by the errors it raises while it exports a module, traces a branch, or writes a file.

They are told by the names of their classes, which differ from version to version less than their words. Of the words
of torch only a short quotation is left, and none where the meaning is known.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scriptkit.engines.export.run_values import NotCarriedError

if TYPE_CHECKING:
    from collections.abc import Iterator

_LONGEST = 120


@dataclass(frozen=True)
class Said:
    """What is wrong, and the way out; "" where none is known."""

    message: str
    way_out: str


@dataclass(frozen=True)
class _Kind:
    """`classes` and `text` are patterns, one for the names of the classes of an error and one for its words.

    `{name}` in a message is what the pattern of the text found in brackets, `{quoted}` the beginning of the words.
    """

    classes: str
    text: str
    message: str
    way_out: str


_COMPUTE = "compute it with functions of torch that take and give tensors"
_NEEDED = "Python needs a value here that only a run of the program knows"
_KEEP = "write it with `torch.where` or `torch.cond`, or keep the value a tensor"
_OUTSIDE = "let it return what is new, and assign that behind it"
_KINDS = (
    _Kind(
        "DataDependentOutputException",
        r"(?:aten|prims)[.:]+(?P<name>\w+)",
        "Python needs what `{name}` gives here, which only a run of the program knows",
        "keep it a tensor, and decide with `torch.where` or `torch.cond`",
    ),
    _Kind(
        "GuardOnDataDependentSymNode",
        "",
        _NEEDED,
        _KEEP,
    ),
    _Kind(
        ".*",
        r"data-dependent expression|data-dependent branching|[Dd]ynamic control flow",
        _NEEDED,
        _KEEP,
    ),
    _Kind(
        "DynamicOutputShapeException",
        r"(?:aten|prims)[.:]+(?P<name>\w+)",
        "torch.export has no form of `{name}` for sizes that are free",
        "write it with other functions, or leave it out of the exported method",
    ),
    _Kind(
        "PendingUnbackedSymbolNotFound",
        "",
        "a number that depends on values is made here, and no result has it",
        "return it, or let it decide about a tensor that is returned",
    ),
    _Kind(
        "ConstraintViolationError|UserError",
        r"[Cc]onstraint|CONSTRAINT",
        "torch.export cannot derive which sizes are allowed",
        "say which dimensions are to be free: `dynamic={{'x': [0]}}`, or `dynamic=False`",
    ),
    _Kind(
        "UncapturedHigherOrderOpError|Unsupported|UserError|InternalTorchDynamoError",
        r"side effect|[Mm]utat|STORE_ATTR|store_attr",
        "a branch or a loop that only a run decides writes to something from outside of it",
        _OUTSIDE,
    ),
    _Kind(
        "UnsupportedAliasMutationException|UncapturedHigherOrderOpError|RuntimeError|Unsupported",
        r"might be (?:aliasing|modif)|input.{0,20}alias|in-place",
        "a branch or a loop that only a run decides gives back a tensor it was given",
        "give back a copy (`x.clone()`)",
    ),
    _Kind(
        "UncapturedHigherOrderOpError|Unsupported|ObservedException|Observed.*|TorchRuntimeError",
        "",
        "torch.export cannot follow what this branch or loop does",
        "let it compute tensors from tensors, and do the rest before or behind it",
    ),
    _Kind(
        ".*",
        r"fake tensor in the exported program constant|is not tracked with proxy",
        "a tensor that is computed on the way would become a constant of the program",
        "compute without `autograd.grad`, and make no parameters or tensors with `requires_grad_` in the call",
    ),
    _Kind(
        ".*",
        r"\.numpy\(\)|got FakeTensor|data pointer|access storage|data_ptr",
        "Python code reads the values of a tensor here, which only a run of the program has",
        _COMPUTE,
    ),
    _Kind(
        "UnsupportedOperatorException|NotImplementedError|RuntimeError",
        r"(?P<name>\w+::\w+(?:\.\w+)?)(?=.*(?:fake impl|[Mm]eta|abstract impl|not implemented|no kernel))",
        "the operator `{name}` has no form for torch.export",
        "register one (`torch.library.register_fake`), or leave it out of the exported method",
    ),
    _Kind(
        "UnsupportedOperatorException|NotImplementedError",
        "",
        "an operator has no form for torch.export ({quoted})",
        "write it with other functions, or leave it out of the exported method",
    ),
    _Kind(
        "RuntimeError",
        r"[Rr]untime assertion failed for expression",
        "a number that the values give is none that the program was made for",
        "say what holds of it: `torch._check(n >= 0)`",
    ),
    _Kind("RecursionError", "", "it is nested too deeply to be followed", "let the method call itself less often"),
)
_INTERNAL = frozenset(
    "SpecViolationError AssertionError InternalTorchDynamoError InternalError SerializeError KeyError".split()
)


def said(error: BaseException, *, what: str = "torch.export") -> Said:
    """An error in scriptkit's words; `what` is who failed, where nothing better is known."""
    if isinstance(error, NotCarriedError):
        return Said(str(error), error.way_out)
    for one in reversed([*_chain(error)]):
        for kind in _KINDS:
            found = re.search(kind.text, str(one), re.DOTALL)
            if found and any(re.fullmatch(kind.classes, cls.__name__) for cls in type(one).__mro__):
                name = found.groupdict().get("name") or ""
                shown = {"_local_scalar_dense": "item"}.get(name, name)
                return Said(kind.message.format(name=shown, quoted=quoted(one)), kind.way_out.format())
    if any(cls.__name__ in _INTERNAL for cls in type(error).__mro__):
        return Said(f"{what} fails by itself here ({quoted(error)})", "write the line otherwise, or report it to torch")
    return Said(f"this raises while {what} follows it ({quoted(error)})", "write the line otherwise, or leave it out")


_UNWRITABLE = (
    (r"\ATODO\Z", "torch's format has no place for a whole number of more than 64 bits"),
    (
        r"\Anot enough values to unpack",
        "torch's format has no place for a program that gives nothing",
    ),
    (r"data_ptr|Tensor subclass|Unsupported tensor", "torch's format has no place for a tensor of a class of its own"),
    (r"[Cc]annot pickle|custom obj|ScriptObject", "torch's format has no place for an object that is no tensor"),
)


def unwritable(error: BaseException) -> str:
    """Why torch cannot write a program."""
    for pattern, words in _UNWRITABLE:
        if re.search(pattern, str(error)):
            return words
    return f"torch's format has no place for something in it ({quoted(error)})"


def quoted(error: BaseException) -> str:
    """The type of an error, and the beginning of what it says, on one line."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    text = re.sub(r"https?://\S+", "", lines[0]).strip() if lines else ""
    short = text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3].rstrip()}..."
    return f"{type(error).__name__}: {short}" if short else type(error).__name__


def _chain(error: BaseException) -> Iterator[BaseException]:
    """An error, and those it was raised from; torch wraps what it says itself."""
    seen: list[BaseException] = []
    found: BaseException | None = error
    while found is not None and found not in seen:
        seen.append(found)
        yield found
        found = found.__cause__
