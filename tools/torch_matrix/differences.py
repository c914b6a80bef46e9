"""What a user of scriptkit meets on one torch or Python and not on another; the tests of each version hold it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Difference:
    """Something that is so from a version on; before it, `before`."""

    since: str
    what: str
    before: str


DIFFERENCES = (
    Difference(
        "torch 2.15",
        "torch reads the annotations of a class only, not of an instance. A container that was filled once and is "
        "empty now keeps its type all the same: scriptkit declares it.",
        "the same result, by an annotation of the instance",
    ),
    Difference(
        "torch 2.15",
        "the loader checks the type of the state that a `__setstate__` in a file is given. scriptkit refuses every "
        "file with one, whatever torch does.",
        "any state was handed over",
    ),
    Difference(
        "torch 2.14",
        "`autograd.Function.apply` is a built-in method that the compiler refuses: "
        "[custom-backward](rules/custom-backward.md), an error. In other people's code it is lowered, and "
        "differentiating through it raises.",
        "it stayed a call into Python, which cannot be saved: [python-call](rules/python-call.md), a warning",
    ),
    Difference(
        "torch 2.14",
        "whether `torch.fx` is tracing is a matter of the thread: compiled modules keep running compiled in the "
        "others.",
        "while one thread traced, all of them ran Python",
    ),
    Difference(
        "torch 2.14",
        "torch says with a `FutureWarning` at each call of `torch.jit` that it is deprecated. Who calls scriptkit only "
        "never hears it.",
        "2.13: a `DeprecationWarning`; older ones said nothing",
    ),
    Difference(
        "torch 2.13",
        "an exported loop over time gives the gradients of what each round reads.",
        "torch gives those of the last round only: the loop is written out for the length of the example, or the "
        "program is for inference, and its report says which",
    ),
    Difference(
        "torch 2.11",
        "an exported program keeps branches and loops that stand in one another and write the same tensor.",
        "the export is refused and says where; 2.8 refuses any branch inside a loop that only a run ends",
    ),
    Difference(
        "torch 2.9",
        "an exported program keeps what it asks of its inputs, and `torch.export.load` reads the files that scriptkit "
        "writes.",
        "scriptkit asks it of the tracer, and checks it at each call; `scriptkit.load` reads the files, torch does not",
    ),
    Difference(
        "torch 2.9",
        "other threads may call modules while one thread exports.",
        "until the export is done, a call of an exported module in another thread may raise: torch's tracer takes it "
        "for one of its own",
    ),
    Difference(
        "Python 3.11",
        "plain torch.jit reads `value: Any` in the body of a class as the type it is.",
        "torch takes it for `Final`, and refuses what is no constant; in a `ScriptableModule` the attribute is of type "
        "`Any` all the same",
    ),
    Difference(
        "Python 3.13",
        "the attributes of an object are written beside its dictionary, so that no count tells whether one was: each "
        "call of a lowered model reads what it depends on.",
        "from the ninth call on, counts of the writes are compared, which is faster",
    ),
)
