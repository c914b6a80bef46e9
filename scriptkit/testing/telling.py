"""What a failed assertion says: which output differs, where most, and how the module was compiled."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

import torch

from scriptkit.live.comparison import compare
from scriptkit.live.nested import Leaf, flatten, leaves
from scriptkit.runtime.compiled import source_of
from scriptkit.runtime.reading import report
from scriptkit.testing.forms import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from scriptkit.errors import VerificationError
    from scriptkit.live.comparison import Tolerance
    from scriptkit.testing.forms import Results
    from scriptkit.testing.names import FormName
    from scriptkit.verification import Comparison

MOST_ELEMENTS = 4


def told_results(module: torch.nn.Module, results: Results, tolerance: Tolerance) -> str:
    """The outputs in which forms differ from what is expected, with their worst elements; empty if none does."""
    if isinstance(results.expected, Refusal):
        return f"{_name(module)}: {results.source} refuses the arguments: {results.expected}"
    lines = [line for form, actual in results.found.items() for line in _told_form(results, form, actual, tolerance)]
    headline = f"{_name(module)} differs from {results.source}:"
    return "\n".join([headline, *lines, *_plan(module)]) if lines else ""


def _told_form(results: Results, form: FormName, actual: Any, tolerance: Tolerance) -> Iterator[str]:
    if isinstance(actual, Refusal):
        yield f"  {form}: raises {actual}"
        return
    for difference in compare(results.expected, actual, tolerance):
        yield f"  {form} {difference.path}: {difference.what}"
        ours, theirs = _tensor_at(results.expected, difference.path), _tensor_at(actual, difference.path)
        if ours is not None and theirs is not None and ours.shape == theirs.shape and ours.dtype == theirs.dtype:
            yield from _elements((results.source, ours), (form, theirs))


def _elements(one: tuple[str, torch.Tensor], other: tuple[str, torch.Tensor]) -> Iterator[str]:
    """The elements of one output that differ most, side by side."""
    (source, ours), (form, theirs) = one, other
    apart = (ours.double() - theirs.double()).abs().nan_to_num(torch.inf).flatten()
    count = int((apart > 0).sum())
    for place in apart.argsort(descending=True)[: min(count, MOST_ELEMENTS)]:
        index = tuple(int(i) for i in torch.unravel_index(place, ours.shape))
        yield f"      {list(index)}: {source} {ours[index].item():.6g}, {form} {theirs[index].item():.6g}"
    if count > MOST_ELEMENTS:
        yield f"      and {count - MOST_ELEMENTS} more"


def _tensor_at(result: Any, path: str) -> torch.Tensor | None:
    tensors, structure = flatten(result)
    for where, leaf in leaves(structure, "output"):
        if where == path and isinstance(leaf, Leaf) and not tensors[leaf.index].is_complex():
            return tensors[leaf.index].cpu()
    return None


def told_verification(error: VerificationError, module: torch.nn.Module) -> str:
    """Each output that differs, and in which comparisons."""
    made: Any = error.report
    failures = [(d.path, d.what, one) for one in made.failures for d in one.differences]
    lines = [f"{made.class_name} differs in {len(made.failures)} of {len(made.comparisons)} comparisons with eager:"]
    for path, group in groupby(sorted(failures, key=lambda f: f[0]), key=lambda f: f[0]):
        found = list(group)
        lines.append(f"  {path}: {found[0][1]}")
        lines += [f"      {form}: {', '.join(inputs)}" for form, inputs in _by_form([one for *_, one in found])]
    if made.first_submodule is not None:
        lines.append(f"  the first submodule that differs: {made.first_submodule or '(the module itself)'}")
    return "\n".join([*lines, *_plan(module)])


def _by_form(comparisons: list[Comparison]) -> Iterator[tuple[str, list[str]]]:
    def form(one: Comparison) -> str:
        return f"{one.form} {one.method}, {'train' if one.training else 'eval'}"

    for name, group in groupby(sorted(comparisons, key=form), key=form):
        yield name, list(dict.fromkeys(one.inputs for one in group))


def _name(module: torch.nn.Module) -> str:
    return type(source_of(module)).__name__


def _plan(module: torch.nn.Module) -> list[str]:
    return ["the plan:", *(f"  {line}" for line in str(report(module)).splitlines())]


def plan_differences(module: torch.nn.Module, expected: Mapping[str, str]) -> Iterator[str]:
    """The rows whose mode is another one, as a diff; and always those that do not run compiled."""
    rows = {row.path: row for row in report(module).rows}
    for path, mode in expected.items():
        row = rows.get(path)
        if row is None:
            yield f"  - {path or '(root)'}: {mode}, but there is no such submodule in {', '.join(rows) or 'the plan'}"
        elif row.mode != mode:
            yield f"  - {path or '(root)'}: {row.class_name}  {mode}"
            yield f"  + {path or '(root)'}: {row.class_name}  {row.mode}  {row.reason}"
    for path, row in rows.items():
        if path not in expected and row.mode in {"eager", "pending"}:
            yield f"  {path or '(root)'}: {row.class_name} runs as Python: {row.reason}"
