"""What a rule is: one mistake, the words for it, and programs that make it or avoid it."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Generic, Literal, TypedDict, TypeVar, cast

from scriptkit.diagnostics import Diagnostic, Label
from scriptkit.language import versions

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Set as AbstractSet

    from typing_extensions import Unpack

    from scriptkit.diagnostics import Severity
    from scriptkit.language.facts import ClassFacts, Problem
    from scriptkit.language.problems.kind import Kind
    from scriptkit.language.source_text import Span

K = TypeVar("K", bound="Kind")


class Parts(TypedDict, total=False):
    """What a finding says besides its message; `also` are further places, each with its label."""

    label: str
    note: str
    help: str
    suggestion: str
    also: tuple[tuple[ast.AST | Span, str], ...]
    method: str


@dataclass(frozen=True)
class Invalid:
    """A program that makes the mistake; its culprit line ends in `# <-`.

    Of a rule of the export engine, `torch_says` are words of `scriptkit.export_program`.

    `torch_says` are words of the compiler's refusal; None means that torch accepts it and computes something
    else. With `inputs`, the text of a tuple, the compiled module is called; with `saved`, it is saved. Where torch says
    so from one version on, or up to another one, `since` and `until` name them.
    """

    source: str
    torch_says: str | None
    inputs: str = ""
    saved: bool = False
    since: str = ""
    until: str = ""

    def holds(self) -> bool:
        """Whether the torch that code is judged for says so."""
        return versions.holds(self.since, self.until)


class Rule:
    """One kind of mistake, in one file with its documentation and its examples.

    Texts that are the same for every finding are class variables; `found` takes what differs.
    """

    code: ClassVar[str]
    name: ClassVar[str]
    severity: ClassVar[Severity] = "error"
    lifted: ClassVar[bool] = False  # scriptkit makes it work: an error only as plain torch.jit sees it
    optional: ClassVar[bool] = False  # found only where a project selects it
    engine: ClassVar[Literal["torchscript", "export"]] = "torchscript"  # whose programs cannot hold it
    since: ClassVar[str] = ""  # the first torch that refuses it, as `2.10`
    until: ClassVar[str] = ""  # the first torch that no longer does
    typed: ClassVar[bool] = False  # of code that is compiled, not only parsed: a warning where instances leave it out
    supersedes: ClassVar[tuple[str, ...]] = ()  # rules whose findings are consequences of this one
    reach: ClassVar[Literal["place", "method", "class"]] = "place"  # how far from it they may lie
    VALID: ClassVar[tuple[str, ...]]
    INVALID: ClassVar[tuple[Invalid, ...]]
    once: ClassVar[bool] = False  # the same words twice in a class are one mistake, repaired in one place
    raw: ClassVar[tuple[str, ...] | None] = None  # patterns for `explain_raw`; None: the words of the examples
    label: ClassVar[str] = ""
    note: ClassVar[str] = ""
    help: ClassVar[str] = ""

    def may_find(self, observed: AbstractSet[type[Kind]]) -> bool:
        """Whether there is anything to find, by the kinds of problems that the typing pass observed in a class."""
        del observed
        return True

    def holds(self) -> bool:
        """Whether it is a mistake for the torch that code is judged for."""
        return versions.holds(self.since, self.until)

    def check(self, cls: ClassFacts) -> Iterator[Diagnostic]:
        """Every place where the class makes this mistake."""
        raise NotImplementedError

    def found(self, cls: ClassFacts, where: ast.AST | Span, message: str, **parts: Unpack[Parts]) -> Diagnostic:
        """A finding of this rule."""
        span = _span(cls, where)
        return Diagnostic(
            path=cls.module.path,
            line=span.line,
            column=span.column,
            end_line=span.end_line,
            end_column=span.end_column,
            code=self.code,
            name=self.name,
            message=_with_article(message),
            severity=self._severity_at(cls, where),
            label=_with_article(parts.get("label", self.label)),
            secondary=tuple(Label(*_span(cls, other), _with_article(text)) for other, text in parts.get("also", ())),
            note=parts.get("note", self.note),
            help=parts.get("help", self.help),
            suggestion=parts.get("suggestion", ""),
            class_name=cls.name,
            method=parts.get("method", ""),
        )

    def _severity_at(self, cls: ClassFacts, where: ast.AST | Span) -> Severity:
        is_certain = not self.typed or not isinstance(where, ast.AST) or cls.is_certain(where)
        return self.severity if is_certain else "warning"


class ProblemRule(Rule, Generic[K]):
    """A rule that puts what the typing pass observed into words; `K` is the kind it describes, or a union of them."""

    kinds: ClassVar[tuple[type[Kind], ...]]

    def may_find(self, observed: AbstractSet[type[Kind]]) -> bool:
        """Only what was observed; unless the rule looks for more by itself."""
        return type(self).check is not ProblemRule.check or not observed.isdisjoint(self.kinds)

    def check(self, cls: ClassFacts) -> Iterator[Diagnostic]:
        """Every observation of the rule's kinds that it has words for."""
        for problem in cls.problems:
            if type(problem.data) in self.kinds:
                observed = cast("Problem[K]", problem)
                finding = self.describe(cls, observed)
                if finding is not None:
                    is_sure = problem.certain or self.is_sure_in(cls, observed)
                    yield finding if is_sure else replace(finding, severity="warning")

    def is_sure_in(self, cls: ClassFacts, problem: Problem[K]) -> bool:  # noqa: ARG002 - rules know more
        """Whether what depends on the instance or the caller is an error in this class nevertheless."""
        return False

    def describe(self, cls: ClassFacts, problem: Problem[K]) -> Diagnostic | None:
        """The finding for one observation."""
        raise NotImplementedError

    def about(self, cls: ClassFacts, problem: Problem[Kind], message: str, **parts: Unpack[Parts]) -> Diagnostic:
        """A finding at the culprit of the observation."""
        if problem.method is not None:
            parts.setdefault("method", problem.method.name)
        return self.found(cls, problem.node, message, **parts)


def is_tried_for_files(cls: ClassFacts) -> bool:
    """Whether instances of a class are refused where no file can hold them: `check_save=False` is for memory alone."""
    chosen = [word.value for word in cls.node.keywords if word.arg == "check_save"]
    return cls.scriptable and not any(isinstance(value, ast.Constant) and value.value is False for value in chosen)


def related(problem: Problem[Kind], *texts: str) -> tuple[tuple[ast.AST | Span, str], ...]:
    """The other ends of an observation, each with its label."""
    return tuple(zip(problem.related, texts, strict=False))


def _with_article(text: str) -> str:
    """`an` before the name of a type that begins with a vowel."""
    return re.sub(r"\ba (?=`[aeioAEIO])", "an ", text)


def _span(cls: ClassFacts, where: ast.AST | Span) -> Span:
    return where if isinstance(where, tuple) else cls.module.span(where)
