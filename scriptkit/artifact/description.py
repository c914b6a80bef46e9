"""What `save` knows of a model beyond its compiled form; the part of the manifest that torch cannot tell."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True)
class SubmoduleChoice:
    """How one submodule was compiled ("script", "lowered" or "trace"), and why."""

    path: str
    class_name: str
    mode: str
    reason: str


@dataclass(frozen=True)
class MethodDifference:
    """The largest difference of one method's results from eager's; None where it was not measured."""

    method: str
    compiled: float | None = None
    reloaded: float | None = None


@dataclass(frozen=True)
class VerificationRecord:
    """What was compared before the file was written.

    The seed of the inputs, one row per method, and the branches that no example took: of them nothing is known.
    """

    seed: int | None = None
    differences: Sequence[MethodDifference] = ()
    unreached: Sequence[str] = ()


@dataclass(frozen=True)
class OptimizationRecord:
    """The variant that `optimize` chose, and what a loading program has to do for its speed."""

    variant: str
    switches: Sequence[str] = ()
    after_loading: Sequence[str] = ()


@dataclass(frozen=True)
class ExampleCall:
    """Arguments one method can be called with."""

    arguments: tuple[object, ...] = ()
    keywords: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Description:
    """Everything about a model that is written into its manifest and is not in its compiled form.

    `methods` names those to publish (None: all compiled ones); `examples`, `results`, `result_fields` (names of their
    parts) and `fixed_dimensions` are by method name, the last then by parameter name: the dimensions of a tensor that
    must be as in the example.
    """

    class_name: str
    constructor_arguments: Mapping[str, object] | None = None
    methods: Sequence[str] | None = None
    submodules: Sequence[SubmoduleChoice] = ()
    trace_assumptions: Sequence[str] = ()
    verification: VerificationRecord | None = None
    optimization: OptimizationRecord | None = None
    metadata: Mapping[str, object] = field(default_factory=dict)
    examples: Mapping[str, ExampleCall] = field(default_factory=dict)
    results: Mapping[str, object] = field(default_factory=dict)
    result_fields: Mapping[str, Sequence[str]] = field(default_factory=dict)
    fixed_dimensions: Mapping[str, Mapping[str, Sequence[int]]] = field(default_factory=dict)
