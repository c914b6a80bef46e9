"""What scriptkit does and why, on request: `SCRIPTKIT_LOG=plan,lowered` prints it to stderr.

Each topic is a logger of Python's own `logging` (`scriptkit.plan`, ...) that speaks at level DEBUG, so that a program
with its own handlers hears it without the variable. A topic that nobody listens to costs one question where something
is made or changed, and nothing in a call of a module that did not change.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

VARIABLE: Final = "SCRIPTKIT_LOG"
ALL: Final = "all"
TOPICS: Final = {
    "plan": "each way that was tried for each submodule, and how it ended",
    "lifted": "your methods and functions as they are handed to the compiler",
    "lowered": "the program each lowered module became",
    "facts": "the values of the Python world that a program takes for granted",
    "bind": "what a call found changed, why a twin was made anew, what ran as Python",
    "compile": "each type and function that is compiled",
    "export": "what torch said, in its own words, of each way to export a method that failed",
}

_package = logging.getLogger("scriptkit")
_package.addHandler(logging.NullHandler())  # a library is silent until it is asked to speak
plan, lifted, lowered, facts, bind, compile_, export = (_package.getChild(topic) for topic in TOPICS)


def is_heard(topic: logging.Logger) -> bool:
    """Whether anybody listens to a topic: ask before making a text that costs something."""
    return topic.isEnabledFor(logging.DEBUG)


def block(text: str) -> str:
    """A text of several lines under a headline."""
    return "".join(f"\n    {line}" if line else "\n" for line in text.strip("\n").splitlines())


class _ToStderr(logging.Handler):
    """Prints to what is stderr at the moment; its topics go nowhere else, lest they are printed twice."""

    def emit(self, record: logging.LogRecord) -> None:
        """Print `scriptkit[topic] text`."""
        topic = record.name.rpartition(".")[2]
        sys.stderr.write(f"scriptkit[{topic}] {record.getMessage()}\n")


def turn_on(asked: str) -> None:
    """Print the topics in a list such as `plan,bind`; `all` is every one, a name that is none is told."""
    names = [name for word in asked.split(",") if (name := word.strip())]
    wanted = TOPICS if ALL in names else dict.fromkeys(name for name in names if name in TOPICS)
    handler = _ToStderr()
    for name in wanted:
        topic = _package.getChild(name)
        topic.handlers[:] = [handler]
        topic.propagate = False
        topic.setLevel(logging.DEBUG)
    unknown = [name for name in names if name not in (*TOPICS, ALL)]
    if unknown:
        told = ", ".join(f"`{name}`" for name in unknown)
        known = ", ".join((*TOPICS, ALL))
        sys.stderr.write(f"scriptkit: {VARIABLE} names {told}, which is no topic; write some of: {known}\n")


@contextlib.contextmanager
def heard(name: str) -> Iterator[list[str]]:
    """What is said on a topic in this block, each text once."""
    topic, texts = _package.getChild(name), _Texts()
    before = topic.level
    topic.addHandler(texts)
    topic.setLevel(logging.DEBUG)
    try:
        yield texts.found
    finally:
        topic.removeHandler(texts)
        topic.setLevel(before)


class _Texts(logging.Handler):
    """Keeps what is said."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a text that was not said before."""
        text = record.getMessage()
        if text not in self.found:
            self.found.append(text)


turn_on(os.environ.get(VARIABLE, ""))
