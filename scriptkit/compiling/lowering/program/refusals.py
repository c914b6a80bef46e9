"""Why a line is not lowered: every reason by name, with its code and the fact behind it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scriptkit.diagnostics import Diagnostic

if TYPE_CHECKING:
    import ast

_TYPES = "every value of the program has one type of TorchScript"
_STATIC = "what decides the shape of the program has to be known when it is made"
_STATE = "a program keeps buffers, and attributes that stay a tensor or a number; anything else it would repeat"
_PYTHON = "only code whose meaning is known is evaluated; nothing is run on trust"
_SYNTAX = "TorchScript has nothing this could become"


@dataclass(frozen=True)
class Reason:
    """One kind of refusal."""

    code: str
    note: str


REASONS = {
    "branch-raises": Reason("SK901", "an arm that cannot be lowered raises, and here no arm is left"),
    "branch-values-differ": Reason("SK902", f"{_TYPES}, and the arms of a branch leave different ones"),
    "call-not-lowered": Reason("SK903", _PYTHON),
    "call-overridden": Reason("SK904", "`__call__` of `nn.Module` is what leads to `forward`"),
    "comparison-not-lowered": Reason("SK905", _SYNTAX),
    "computed-tensor-frozen": Reason("SK906", "a tensor with a history would become a constant without one"),
    "context-manager-not-lowered": Reason("SK907", _SYNTAX),
    "descriptor-not-lowered": Reason("SK908", _PYTHON),
    "dynamic-value-in-python": Reason("SK909", _STATIC),
    "example-call-raises": Reason("SK910", "lowering follows one call, and this one ends in an exception"),
    "example-run-failed": Reason("SK911", "each operation is tried on example values, to know its type"),
    "function-as-operand": Reason("SK912", _TYPES),
    "generator-function": Reason("SK913", _SYNTAX),
    "hooks": Reason("SK914", "a hook is code that is in no `forward`"),
    "identity-known-at-run-time": Reason("SK915", "whether two values are one object is not to be seen in a program"),
    "impure-call": Reason("SK916", "what comes from outside would be found once and then repeated"),
    "index-form-not-lowered": Reason("SK917", _SYNTAX),
    "index-known-at-run-time": Reason("SK918", _STATIC),
    "internal-error": Reason("SK919", "this is a mistake of scriptkit, not of the model"),
    "introspection-not-lowered": Reason("SK920", _PYTHON),
    "jump-in-nested-block": Reason("SK921", _SYNTAX),
    "length-known-at-run-time": Reason("SK922", _STATIC),
    "list-of-different-types": Reason("SK923", _TYPES),
    "loop-not-lowered": Reason("SK925", _SYNTAX),
    "loop-too-long": Reason("SK926", "a loop over Python values is unrolled"),
    "module-out-of-reach": Reason("SK927", "a program reaches the modules below the one that is compiled"),
    "numpy": Reason("SK928", "NumPy runs outside of the program"),
    "operator-not-lowered": Reason("SK929", _SYNTAX),
    "optional-not-refined": Reason("SK930", "a value that may be None has to be compared with None first"),
    "optional-result": Reason("SK931", _TYPES),
    "output-type-not-lowered": Reason("SK932", "a program returns tensors, numbers, texts and containers of them"),
    "part-boundary": Reason("SK950", "what crosses into a part that is compiled by itself is a tensor, or as it was"),
    "recursion": Reason("SK933", "every call is evaluated in place"),
    "return-in-nested-block": Reason("SK934", _SYNTAX),
    "source-unavailable": Reason("SK935", "lowering reads the source text of every function that is called"),
    "state-mutated": Reason("SK936", _STATE),
    "state-mutated-in-loop": Reason("SK937", _STATE),
    "super-out-of-place": Reason("SK938", _SYNTAX),
    "syntax-not-lowered": Reason("SK939", _SYNTAX),
    "tensor-attribute-not-lowered": Reason("SK940", _SYNTAX),
    "tensor-attribute-written": Reason("SK941", _STATE),
    "text-known-at-run-time": Reason("SK942", _STATIC),
    "too-many-paths": Reason("SK943", "each path that cannot join another becomes a copy of what follows"),
    "truth-not-lowered": Reason("SK944", _PYTHON),
    "type-without-counterpart": Reason("SK945", _TYPES),
    "value-left-its-branch": Reason("SK946", "a name of the program is defined on every path to its use"),
    "loop-variable-changes-type": Reason("SK948", f"{_TYPES}, also from round to round of a loop"),
}
BRANCH_NOT_LOWERED = Reason("SK947", "an arm that the example does not take, and that cannot be lowered, raises")
NOT_COMPILED = Reason("SK949", "the compiler of TorchScript has the last word on every lowered program")
OTHER = Reason("SK900", _PYTHON)
HELP = "compile the part in another mode, or pass example inputs that do not lead there"


def reason_of(name: str) -> Reason:
    """The reason with a name."""
    return REASONS.get(name, OTHER)


def diagnostic(path: str, node: ast.AST, name: str, message: str) -> Diagnostic:
    """A refusal as a diagnostic, where the code stands that is refused."""
    line, column = getattr(node, "lineno", 1), getattr(node, "col_offset", 0) + 1
    end_line, end = getattr(node, "end_lineno", line), getattr(node, "end_col_offset", column) + 1
    reason = reason_of(name)
    return Diagnostic(path, line, column, end_line, end, reason.code, name, message, note=reason.note, help=HELP)


def dropped(path: str, line: int, message: str) -> Diagnostic:
    """An arm that raises instead of being lowered, as a warning."""
    code, note = BRANCH_NOT_LOWERED.code, BRANCH_NOT_LOWERED.note
    return Diagnostic(path, line, 1, line, 2, code, "branch-not-lowered", message, severity="warning", note=note)


def not_compiled(error: str) -> Diagnostic:
    """What the compiler says of a program, at the place of the user's code it points to first."""
    place = re.search(r'File "([^"]+)", line (\d+)', error)
    path, line = (place[1], int(place[2])) if place else ("<unknown>", 1)
    words = [text.strip() for text in error.splitlines() if text.strip() and not text.lstrip().startswith("File ")]
    said = next((text for text in words if not text.startswith(_SAYS_NOTHING)), "RuntimeError")
    message = f"the lowered program does not compile: {said[:200]}"
    code, note = NOT_COMPILED.code, NOT_COMPILED.note
    return Diagnostic(path, line, 1, line, 2, code, "program-not-compiled", message, note=note, help=HELP)


_SAYS_NOTHING = ("Arguments for call are not valid", "The following variants are available")
