"""How each part of a foreign module is compiled: its mark, else script, else lowered, else trace, else by its children.

Nothing here runs the user's module itself: copies run, and the compiled forms share its parameters and buffers.
"""

from __future__ import annotations

import fnmatch
import itertools
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

import torch
from torch import nn

from scriptkit.authoring.marks import Mark, mark_of
from scriptkit.compiling import forms
from scriptkit.compiling.acceptance import headline, named, of_other_sizes, require_equal, require_reloadable
from scriptkit.compiling.examples import Call, record_examples
from scriptkit.compiling.isolation import copy_tree
from scriptkit.compiling.lowered_parts import outermost, part_of
from scriptkit.compiling.lowered_trial import try_lowered
from scriptkit.compiling.lowering import LoweredModule, LoweringError, Obstacle, lower, obstacles
from scriptkit.compiling.report import ReportRow
from scriptkit.compiling.structure import Constant, Leaf, Nest, flatten, leaves
from scriptkit.compiling.trial import Trial, refuse_hazards, try_trace
from scriptkit.compiling.wrapper import wrapped
from scriptkit.diagnostics import in_source_order
from scriptkit.engines.torchscript import tracing
from scriptkit.errors import CompilationError, ScriptkitError, TraceHazardError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from scriptkit.compiling.adapter import TracedCall
    from scriptkit.compiling.lowering.parts import Part
    from scriptkit.diagnostics import Diagnostic

Wanted = Literal["script", "lowered", "trace"]
MODES: tuple[Wanted, ...] = ("script", "lowered", "trace")
MOST_CHANGES = 3
_TAKEN = "takes for granted: "


@dataclass
class Choice:
    """One part in its compiled form; a trace has a call for each training mode it was recorded in.

    `lowered` are the lowered programs in it: what each takes for granted has to be checked before a call. `parts` are
    submodules that a lowered program calls in a compiled form of their own, by path from here.
    """

    mode: Wanted
    form: torch.jit.ScriptModule
    rows: list[ReportRow]
    traces: dict[bool, TracedCall] = field(default_factory=dict)
    eval_only: str = ""
    is_mixed: bool = False
    lowered: list[LoweredModule] = field(default_factory=list)
    parts: dict[str, Choice] = field(default_factory=dict)

    def rows_from_here(self) -> list[ReportRow]:
        """The rows with paths that begin at the part."""
        top = self.rows[0].path
        return [replace(row, path=row.path.removeprefix(top).removeprefix(".")) for row in self.rows]


class Chooser:
    """Chooses for one tree. `examples` are the arguments of the root; without them nothing can be traced."""

    def __init__(
        self,
        root: nn.Module,
        examples: tuple[Sequence[Any], dict[str, Any]] | None,
        modes: Mapping[str, str] | None,
        allow_baked: Mapping[str, str] | None,
    ) -> None:
        self.root = root
        self.examples = examples
        self.modes = dict(modes or {})
        self.allow_baked = allow_baked
        self._recorded: dict[str, list[Call]] | None = None
        unknown = sorted({mode for mode in self.modes.values() if mode not in MODES})
        if unknown:
            raise ValueError(f"modes are 'script', 'lowered' and 'trace', not {', '.join(map(repr, unknown))}")

    def choose(self, path: str = "") -> Choice:
        """The compiled form of a part, and why; raises `CompilationError` or `TraceHazardError`."""
        part = self.root.get_submodule(path)
        wanted = self._wanted(path, part)
        if self._has_marks_below(path):
            return self._choose_by_parts(path, part, wanted, None)
        refusal: ScriptkitError | None = None
        if wanted is None or wanted.mode == "script":
            try:
                return self._scripted(path, part, wanted)
            except CompilationError as error:
                if wanted is not None:
                    raise
                refusal = error
        return self._not_scripted(path, part, wanted, refusal)

    def lower_again(self) -> Choice:
        """The root lowered, and nothing else; raises `CompilationError`."""
        wanted = self._wanted("", self.root)
        if self._has_marks_below(""):
            return self._lowered_round_marked("", self.root, wanted)
        try:
            return self._lowered("", self.root, wanted, ["was lowered before"])
        except LoweringError:
            if wanted is not None:
                raise
            return self._lowered_round_refused("", self.root, ["was lowered before"])

    def _not_scripted(self, path: str, part: nn.Module, wanted: Mark | None, refusal: ScriptkitError | None) -> Choice:
        """Where the source does not script: the lowered form, else the trace."""
        if not self._calls(path, wanted):
            raise refusal or CompilationError(f"{named(path, part)} needs example inputs to be {_how(wanted)}")
        reasons = [f"does not script ({headline(refusal)})"] if refusal else []
        if wanted is None or wanted.mode == "lowered":
            try:
                return self._lowered(path, part, wanted, reasons)
            except CompilationError as error:
                if wanted is not None:
                    raise
                is_refused = isinstance(error, LoweringError)
                told = f"is not lowered ({headline(error)})"
            if is_refused:
                try:
                    return self._lowered_round_refused(path, part, reasons)
                except (CompilationError, TraceHazardError) as error:
                    told += f", nor round its parts ({headline(error)})"
            reasons.append(told)
        try:
            return self._traced(path, part, wanted, reasons)
        except (CompilationError, TraceHazardError) as error:
            if wanted is not None:
                raise
            return self._choose_by_parts(path, part, wanted, _with_reasons(error, reasons))

    # ---- what was asked for

    def _wanted(self, path: str, part: nn.Module) -> Mark | None:
        for pattern, mode in self.modes.items():
            if fnmatch.fnmatchcase(path, pattern):
                return Mark(next(known for known in MODES if known == mode))
        return mark_of(part)

    def _has_marks_below(self, path: str) -> bool:
        return next(self._marked(path, self.root.get_submodule(path)), None) is not None

    def _calls(self, path: str, wanted: Mark | None) -> list[Call]:
        if wanted is not None and wanted.example_inputs is not None:
            return [Call(wanted.example_inputs, wanted.example_kwargs, None)]
        if self._recorded is None:
            self._recorded = {} if self.examples is None else record_examples(self.root, *self.examples)
        found = self._recorded.get(path, [])
        if not path and found and self.examples is not None and type(self.root).__call__ is not nn.Module.__call__:
            return [
                Call(tuple(self.examples[0]), self.examples[1], found[0].result)
            ]  # what `forward` gets is what its `__call__` makes of them
        return found

    # ---- the ways

    def _scripted(self, path: str, part: nn.Module, wanted: Mark | None) -> Choice:
        reason = "marked as scripted" if wanted else "its source scripts"
        rows = _rows(path, part, "script", reason)
        try:
            self._try(path, part, wanted, forms.complete(copy_tree(part)))
            return Choice("script", forms.complete(part), rows)
        except CompilationError:
            plain = self._plain_script(path, part, wanted)
            if plain is None:
                raise
        return Choice("script", plain, rows, is_mixed=True)

    def _plain_script(self, path: str, part: nn.Module, wanted: Mark | None) -> torch.jit.ScriptModule | None:
        try:
            self._try(path, part, wanted, forms.plain_script(copy_tree(part)))
            return forms.plain_script(part)
        except CompilationError:
            return None

    def _try(self, path: str, part: nn.Module, wanted: Mark | None, form: torch.jit.ScriptModule) -> None:
        """Compare a compiled copy with the part on the arguments it gets, and write and read it."""
        for call in self._calls(path, wanted) if self.examples is not None else ():
            require_equal(path, part, form, call)
            for changed in itertools.islice(of_other_sizes(part, call), MOST_CHANGES):
                require_equal(path, part, form, changed)
        require_reloadable(path, part, form)

    def _lowered(
        self,
        path: str,
        part: nn.Module,
        wanted: Mark | None,
        reasons: Sequence[str],
        within: Mapping[str, Choice] | None = None,
    ) -> Choice:
        """The lowered form; submodules in `within` are called in the form they have."""
        calls = self._calls(path, wanted)
        if not calls:
            raise CompilationError(f"{named(path, part)} needs example inputs to be lowered")
        within = {**_compiled_already(path, part), **(within or {})}
        inner = {_below(path, p): choice for p, choice in within.items()}
        parts = {p: part_of(p, part.get_submodule(p), c, self._calls(_joined(path, p), None)) for p, c in inner.items()}
        try:
            lowered = lower(part, calls[0].args, calls[0].kwargs, parts)
        except LoweringError as error:
            if wanted is None:
                raise
            found = [one.diagnostic for one in self._obstacles(path, part, calls[0], parts)]
            raise LoweringError(error.headline, in_source_order({*error.diagnostics, *found})) from error
        except Exception as error:
            raise CompilationError(f"internal error while lowering {named(path, part)}: {error!r}") from error
        verdict = try_lowered(lowered, part, calls, trainable=_depends_on_training(part))
        require_reloadable(path, part, lowered.form)
        reason = "marked as lowered" if wanted else ", ".join([*reasons, "and its lowered program is right"])
        assumptions = (*lowered.assumptions, *(_dropped(found) for found in lowered.dropped), *verdict.limits)
        facts = lowered.facts.assumptions()
        rows = _rows(path, part, "lowered", _told(reason, assumptions), within, assumptions=(*assumptions, *facts))
        eval_only = [f"`{p}`: {choice.eval_only}" for p, choice in inner.items() if choice.eval_only]
        choice = Choice("lowered", lowered.form, rows)
        choice.eval_only, choice.lowered = next(iter(eval_only), verdict.eval_only), [lowered]
        made = {p: replace(choice, form=parts[p].form) for p, choice in inner.items()}
        choice.parts = {p: choice for p, choice in made.items() if not tracing.is_compiled(part.get_submodule(p))}
        choice.is_mixed = bool(inner)
        return choice

    def _lowered_round_refused(self, path: str, part: nn.Module, reasons: Sequence[str]) -> Choice:
        """Lowered, where the submodules that cannot be are scripted or traced by themselves."""
        refused = self._obstacles(path, part, self._calls(path, None)[0], {})
        if not refused or not all(one.path for one in refused):
            raise CompilationError(f"{named(path, part)} cannot be lowered round its parts")
        why: dict[str, str] = {}
        for one in refused:
            why.setdefault(one.path, headline(LoweringError("", [one.diagnostic])))
        within = {_joined(path, p): self._apart(_joined(path, p), why[p]) for p in outermost(why)}
        spoken = ", ".join(f"`{p}`" for p in within)
        return self._lowered(path, part, None, [*reasons, f"is lowered round {spoken}"], within)

    def _obstacles(self, path: str, part: nn.Module, call: Call, parts: Mapping[str, Part]) -> list[Obstacle]:
        """All that stands in the way of lowering."""
        inside = [name for name, _ in part.named_modules() if name]
        recorded = {name: found[0].result for name in inside if (found := self._calls(_joined(path, name), None))}
        return obstacles(part, call.args, call.kwargs, parts, recorded)

    def _apart(self, path: str, why: str) -> Choice:
        """A part that cannot be lowered, by itself."""
        part = self.root.get_submodule(path)
        try:
            return self._scripted(path, part, None)
        except CompilationError as error:
            reasons = [f"does not script ({headline(error)})", f"is not lowered ({why})"]
            return self._traced(path, part, None, reasons)

    def _lowered_round_marked(self, path: str, part: nn.Module, wanted: Mark | None) -> Choice:
        """Lowered, where the submodules that are marked otherwise have the form they are marked for."""
        marks = dict.fromkeys(self._marked(path, part))
        choices = {p: self.choose(p) for p in outermost(marks)}
        within = {p: choice for p, choice in choices.items() if choice.mode != "lowered" and self._calls(p, None)}
        return self._lowered(path, part, wanted, ["is lowered round parts that are marked"], within)

    def _marked(self, path: str, part: nn.Module) -> Iterator[str]:
        own = self._wanted(path, part)
        for name, below in part.named_modules():
            mark = self._wanted(_joined(path, name), below) if name else None
            if mark is not None and (own is None or mark.mode != own.mode):
                yield _joined(path, name)

    def _traced(self, path: str, part: nn.Module, wanted: Mark | None, reasons: Sequence[str]) -> Choice:
        first, *more = self._calls(path, wanted)
        further = [(call.args, call.kwargs) for call in more]
        trials: dict[bool, Trial] = {}
        missing = ""
        for training in (False, True):
            copy = _in_mode(part, training=training)
            try:
                trial = self._trial(path, copy, first, further)
            except (CompilationError, TraceHazardError) as error:
                if not training:
                    raise
                missing = headline(error)
                break
            tracing.adopt_buffers(trial.call.run.inner, part)
            trials[training] = trial
            if not _depends_on_training(part):
                trials[True] = trial
                break
        choice = self._choice_of_traces(path, part, trials, _reason_to_trace(wanted, reasons))
        choice.eval_only = choice.eval_only or missing
        return choice

    def _trial(self, path: str, part: nn.Module, call: Call, more: Sequence[tuple[Any, dict[str, Any]]]) -> Trial:
        """A trace without hazards; raises `TraceHazardError`, or `CompilationError` where torch cannot trace at all."""
        try:
            trial = try_trace(part, call.args, call.kwargs, more=more, allow_baked=self.allow_baked)
        except ScriptkitError:
            raise
        except Exception as error:  # torch's tracer raises errors of many types
            raise CompilationError(f"{named(path, part)} cannot be traced: {headline(error)}") from error
        refuse_hazards(trial, named(path, part))
        return trial

    def _choice_of_traces(self, path: str, part: nn.Module, trials: dict[bool, Trial], reason: str) -> Choice:
        calls = {training: trial.call for training, trial in trials.items()}
        try:
            form = wrapped(type(part).__name__, calls[False], calls.get(True))
        except CompilationError:
            if True not in calls:
                raise
            del trials[True]
            choice = self._choice_of_traces(path, part, trials, reason)
            choice.eval_only = "its result has another type in training"
            return choice
        require_reloadable(path, part, form)
        assumptions = tuple(dict.fromkeys(text for trial in trials.values() for text in trial.assumptions))
        rows = _rows(path, part, "trace", _told(reason, assumptions), assumptions=assumptions)
        return Choice("trace", form, rows, calls)

    def _choose_by_parts(
        self, path: str, part: nn.Module, wanted: Mark | None, refusal: ScriptkitError | None
    ) -> Choice:
        """Compile the children, then the part itself round them: from its source, else by a trace."""
        children = dict(self._children(path, part))
        if not children:
            raise refusal or CompilationError(f"{named(path, part)} does not compile")
        eval_only = "one of its parts was traced round scripted ones, or for evaluation only"
        if wanted is None or wanted.mode == "script":
            try:
                form = forms.complete(_with_children(part, children, path))
                self._require_parts_equal(path, part, form)
                rows = _rows(path, part, "script", "its source scripts round compiled parts", children)
                found = Choice("script", form, rows, is_mixed=True)
                found.eval_only = eval_only if any(choice.eval_only for choice in children.values()) else ""
                found.lowered = [lowered for choice in children.values() for lowered in choice.lowered]
                return found
            except CompilationError as error:
                if wanted is not None:
                    raise
                refusal = refusal or error
        if wanted is None or wanted.mode == "lowered":
            try:
                return self._lowered_round_marked(path, part, wanted)
            except CompilationError:
                if wanted is not None:
                    raise
        return self._traced_round(path, part, wanted, children, refusal)

    def _traced_round(
        self,
        path: str,
        part: nn.Module,
        wanted: Mark | None,
        children: dict[str, Choice],
        refusal: ScriptkitError | None,
    ) -> Choice:
        kept = {p: c for p, c in children.items() if _has_tensor_boundary(self._calls(p, None))}
        calls = self._calls(path, wanted)
        if not calls:
            raise refusal or CompilationError(f"{named(path, part)} needs example inputs to be traced")
        mixed = _in_mode(_with_children(part, kept, path), training=False)
        try:
            trial = self._trial(path, mixed, calls[0], ())
        except CompilationError as error:
            raise refusal or error from error
        tracing.adopt_buffers(trial.call.run.inner, mixed)
        choice = self._choice_of_traces(path, part, {False: trial}, "traced round scripted parts")
        first = choice.rows[0]
        choice.rows = _rows(path, part, "trace", first.reason, kept, assumptions=first.assumptions)
        choice.eval_only, choice.is_mixed = "a trace round scripted parts holds for evaluation only", True
        return choice

    def _children(self, path: str, part: nn.Module) -> Iterator[tuple[str, Choice]]:
        """The children that are called, compiled; those that do not compile stay part of their parent."""
        for name, child in part.named_children():
            inner = _joined(path, name)
            if not self._calls(inner, mark_of(child)):
                yield from self._children(inner, child)
                continue
            try:
                yield inner, self.choose(inner)
            except (CompilationError, TraceHazardError):
                if self._wanted(inner, child) is not None:
                    raise

    def _require_parts_equal(self, path: str, part: nn.Module, form: torch.jit.ScriptModule) -> None:
        for call in self._calls(path, None):
            require_equal(path, part, form, call)
        require_reloadable(path, part, form)


def _with_reasons(error: CompilationError | TraceHazardError, reasons: Sequence[str]) -> ScriptkitError:
    """The refusal of a trace, with what stood in the way of the better forms; a trace was the last resort."""
    if not reasons or not isinstance(error, TraceHazardError):
        return error
    return TraceHazardError(f"{error.headline}; the module {', '.join(reasons)}", error.diagnostics)


def _joined(path: str, name: str) -> str:
    return ".".join(word for word in (path, name) if word)


def _compiled_already(path: str, part: nn.Module) -> dict[str, Choice]:
    """The submodules that are TorchScript."""
    found = {_joined(path, name): below for name, below in part.named_modules() if name and tracing.is_compiled(below)}
    return {
        p: Choice("script", found[p], _rows(p, found[p], "script", "is TorchScript already")) for p in outermost(found)
    }


def _below(path: str, inner: str) -> str:
    """A path inside of a part, from the part."""
    return inner.removeprefix(f"{path}.") if path else inner


def _rows(
    path: str,
    part: nn.Module,
    mode: Wanted,
    reason: str,
    children: Mapping[str, Choice] | None = None,
    *,
    assumptions: Sequence[str] = (),
) -> list[ReportRow]:
    """One row for each submodule; parts compiled on their own bring theirs."""
    rows = {path: ReportRow(path, type(part).__name__, mode, reason, tuple(assumptions))}
    within = f"part of `{path}`" if path else "part of the whole"
    for name, below in part.named_modules():
        inner = _joined(path, name)
        rows.setdefault(inner, ReportRow(inner, type(below).__name__, mode, within))
        if children and inner in children:
            rows.update((row.path, row) for row in children[inner].rows)
    return list(rows.values())


def _told(reason: str, assumptions: Sequence[str]) -> str:
    return f"{reason}; {_TAKEN}{'; '.join(assumptions)}" if assumptions else reason


def _reason_to_trace(wanted: Mark | None, reasons: Sequence[str]) -> str:
    if wanted is not None:
        return "marked as traced"
    return ", ".join([*reasons, "and its trace is right"]) if reasons else "its trace is right"


def _dropped(diagnostic: Diagnostic) -> str:
    """An arm that raises, as an assumption."""
    return f"{diagnostic.path.rpartition('/')[2]}:{diagnostic.line}: it is not reached ({diagnostic.message})"


def _how(wanted: Mark | None) -> str:
    return "lowered" if wanted is not None and wanted.mode == "lowered" else "traced"


def _in_mode(part: nn.Module, *, training: bool) -> nn.Module:
    copy = copy_tree(part)
    return copy if part.training == training else copy.train(training)


def _with_children(part: nn.Module, children: Mapping[str, Choice], path: str) -> nn.Module:
    """A copy that shares parameters and buffers, with compiled parts in the place of Python ones."""
    memo = {id(b): b for b in part.buffers()}
    copy = copy_tree(part, memo)
    prefix = f"{path}." if path else ""
    for inner, choice in children.items():
        parent, _, name = inner.removeprefix(prefix).rpartition(".")
        copy.get_submodule(parent)._modules[name] = choice.form
    return copy


def _depends_on_training(part: nn.Module) -> bool:
    """Whether any code of a tree asks for a training flag."""
    kinds = {kind for module in part.modules() for kind in type(module).__mro__[:-1] if kind is not nn.Module}
    functions = (value for kind in kinds for value in vars(kind).values())
    return any("training" in _names_in(getattr(function, "__code__", None)) for function in functions)


def _names_in(code: Any) -> set[str]:
    if code is None:
        return set()
    return set(code.co_names).union(*(_names_in(c) for c in code.co_consts if hasattr(c, "co_names")))


def _has_tensor_boundary(calls: Sequence[Call]) -> bool:
    """Whether only tensors cross: a number that crosses from traced to scripted code would be a constant."""
    return bool(calls) and all(
        _is_of_tensors((call.args, call.kwargs)) and _is_of_tensors(call.result) for call in calls
    )


def _is_of_tensors(value: Any) -> bool:
    _, structure = flatten(value)
    plain = {"tuple", "list", "dict"}
    return all(isinstance(leaf, Leaf) for _, leaf in leaves(structure)) and _kinds(structure) <= plain


def _kinds(structure: Leaf | Constant | Nest) -> set[str]:
    if not isinstance(structure, Nest):
        return set()
    return {structure.kind}.union(*(_kinds(item) for item in structure.items))
