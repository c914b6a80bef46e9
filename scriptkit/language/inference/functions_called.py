"""What a function of the file gives where it is called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.language.inference.sink import Sink
from scriptkit.language.problems.calls import Recursion
from scriptkit.language.types import UNKNOWN

if TYPE_CHECKING:
    from scriptkit.language.abstract import AnyValue
    from scriptkit.language.facts import ClassFacts, FunctionFacts
    from scriptkit.language.inference.body import Body


def result_of(body: Body, facts: FunctionFacts, cls: ClassFacts | None) -> AnyValue:
    """What a function gives; compiles it if that has not happened yet."""
    if facts.marks & {"ignore", "unused", "overload", "abstract"}:
        return _declared(body, facts)
    # a class that is only asked keeps its problems to itself: they are told where it is the one that is checked
    reports = body.sink.cls is not None and (cls is None or cls is body.sink.cls or not cls.is_module)
    if body.session.is_active(facts, cls, reports=reports):
        if cls is body.cls or facts.owner is None:
            body.report(Recursion(name=facts.name), body.calling or body.facts.node)
        return _declared(body, facts)
    return body.session.result(facts, cls, body.sink if reports else Sink(None))


def _declared(body: Body, facts: FunctionFacts) -> AnyValue:
    return UNKNOWN if facts.node.returns is None else body.annotations.type(facts.node.returns)
