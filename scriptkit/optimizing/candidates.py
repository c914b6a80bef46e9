"""What may make a program faster: each candidate is built on a copy of the program, and says what it asks for.

The order is from the plainest to the boldest: of two that are as fast, the earlier one is kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from scriptkit.artifact.prepared import FOR_INFERENCE, FUSION
from scriptkit.engines.torchscript.engine import making

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import torch

    Make = Callable[[making.ScriptModule, Sequence[str]], making.ScriptModule]


class NotApplicableError(Exception):
    """A candidate has nothing to work on in this program, or in this process; the text says why."""


@dataclass(frozen=True)
class Candidate:
    """One way to run a program: how it is made of a copy in evaluation mode, and what its speed asks of the process.

    `kept` makes what a file holds, where that is something else than what runs.
    """

    name: str
    what: str
    make: Make
    switches: tuple[str, ...] = ()
    after_loading: tuple[str, ...] = ()
    kept: Make | None = None


def _as_it_is(program: torch.jit.ScriptModule, methods: Sequence[str]) -> torch.jit.ScriptModule:  # noqa: ARG001
    return program


def _frozen(program: torch.jit.ScriptModule, methods: Sequence[str]) -> torch.jit.ScriptModule:
    return making.frozen(program, methods, changes_numbers=False)


def _folded(program: torch.jit.ScriptModule, methods: Sequence[str]) -> torch.jit.ScriptModule:
    return making.frozen(program, methods)


def _channels_last(program: torch.jit.ScriptModule, methods: Sequence[str]) -> torch.jit.ScriptModule:
    if not making.in_channels_last(program):
        raise NotApplicableError("no weight has four dimensions")
    return making.frozen(program, methods)


def _fused(program: torch.jit.ScriptModule, methods: Sequence[str]) -> torch.jit.ScriptModule:
    """The fuser takes batch normalisation itself, and leaves fewer operators than folding does."""
    _refuse_without_onednn()
    return making.frozen(program, methods, changes_numbers=False)


def _fused_channels_last(program: torch.jit.ScriptModule, methods: Sequence[str]) -> torch.jit.ScriptModule:
    _refuse_without_onednn()
    return _channels_last(program, methods)


def _refuse_without_onednn() -> None:
    reason = making.why_no_onednn()
    if reason:
        raise NotApplicableError(reason)


BFLOAT16 = Candidate("bfloat16", "folded, computed in bfloat16", making.in_bfloat16)
"""Where it is asked for: its results are not those of float32."""
PLAIN = Candidate("script", "the program as it was compiled", _as_it_is)
CANDIDATES = (
    PLAIN,
    Candidate("freeze", "weights as constants", _frozen),
    Candidate("fold", "frozen, batch normalisation computed into the weights", _folded),
    Candidate("channels_last", "folded, the weights of convolutions with channels last", _channels_last),
    Candidate("onednn", "frozen, groups of operators fused by oneDNN", _fused, switches=(FUSION,)),
    Candidate(
        "onednn_channels_last",
        "folded, channels last, groups of operators fused by oneDNN",
        _fused_channels_last,
        switches=(FUSION,),
    ),
    Candidate(
        "optimize_for_inference",
        "folded, convolutions and linear layers converted for this machine",
        making.for_this_machine,
        after_loading=(FOR_INFERENCE,),
        kept=_folded,
    ),
)
