"""The rule `index-forms`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.language.problems import containers
from scriptkit.rules.examples import forward
from scriptkit.rules.reading import LONGEST_LABEL
from scriptkit.rules.rule import Invalid, ProblemRule

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts, Problem


class IndexForms(ProblemRule[containers.IndexForms | containers.NotSubscriptable]):
    """A value indexed by something it does not take, or a value that takes no index."""

    code = "SK222"
    name = "index-forms"
    raw = (
        "Only ModuleList, Sequential, ModuleDict, ParameterList, and ParameterDict modules are subscriptable",
        "object is not subscriptable",
        "indexing tensor with unsupported index type",
        "Sliced expression not yet supported for subscripted assignment",
    )
    kinds = (
        containers.IndexForms,
        containers.NotSubscriptable,
    )
    note = "tensors take ints, slices, `None`, `...`, tensors and lists of ints; lists and strings take ints and slices"
    VALID = (forward("return x[:, [0, 1]]"),)
    INVALID = (
        Invalid(forward("n = x.size(0)\nreturn x * n[0]  # <-"), "'int' object is not subscriptable"),
        Invalid(
            forward("sizes[:1] = [1]  # <-\nreturn x.view(sizes)", "x: Tensor, sizes: List[int]"),
            "Sliced expression not yet supported for subscripted assignment",
        ),
        Invalid(
            forward("return x[index]  # <-", "x: Tensor, index: float"), "indexing tensor with unsupported index type"
        ),
    )

    def describe(
        self, cls: ClassFacts, problem: Problem[containers.IndexForms | containers.NotSubscriptable]
    ) -> Diagnostic:
        data = problem.data
        kind = data.type
        if isinstance(data, containers.NotSubscriptable):
            return self.about(
                cls,
                problem,
                f"a `{kind}` takes no index",
                label=f"`{kind}` here",
                help="use the value itself, or index a container",
            )
        why = data.why or f"a `{kind}` does not take it"
        return self.about(
            cls,
            problem,
            f"a `{kind}` is indexed by a `{data.index}`",
            label=why if len(why.split()) < LONGEST_LABEL else "not taken as an index",
            help="index with one of those, or with `torch.index_select` and a tensor of indices",
        )
