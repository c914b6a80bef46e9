"""What Python raises where TorchScript knows `RuntimeError` only."""

from __future__ import annotations

import re
from typing import Final

from scriptkit.errors import NotLoweredError, OtherCallError

_OTHER_CALL: Final = f"{OtherCallError.__name__}: "
_RAISE: Final = re.compile(r"\braise (?P<type>\w+)\(")
_RAISE_OF_CLASS: Final = re.compile(r"(?:^|[:;]\s*)raise (?P<type>\w[\w.]*)(?:\(\))?\s*(?:#.*)?$")
_UNUSED_REACHED: Final = "This Python function is annotated to be ignored and cannot be run"
_SAYS_ITSELF: Final = re.compile(  # a bare `ZeroDivisionError` is of tensors, a RuntimeError in Python too
    r"^(?!ZeroDivisionError$)(?P<type>AssertionError|KeyError|ValueError|ZeroDivisionError)(?:: ?(?P<text>.*))?$",
    re.DOTALL,
)
_TYPES: Final = (
    (re.compile(r"^Expected a proper Tensor but got None"), "TypeError"),
    (re.compile(r"^pop from empty list|^basic_string::|out of (?:range|bounds)"), "IndexError"),
    (re.compile(r"division (?:or modulo )?by (?:zero|0)|^0\.0 cannot be raised"), "ZeroDivisionError"),
    (re.compile(r"arg is an empty sequence|(?:is|x) not in list$|^range\(\) arg 3|^sto\w+$"), "ValueError"),
    (re.compile(r"^Expected \d+ elements in a list but found"), "ValueError"),
    (re.compile(r"^invalid literal for int|^could not convert string|^List slice should have non-zero"), "ValueError"),
    (re.compile(r"^factorial\(\) not defined for negative|^Cannot convert float nan to"), "ValueError"),
    (re.compile(r"^Cannot convert float -?inf to"), "OverflowError"),
    (re.compile(r"^String for ord\(\) must be 1 character"), "TypeError"),
    (re.compile(r"^Could not run 'aten::"), "NotImplementedError"),
)
_WORDS: Final = {
    re.compile(r"^division by 0$"): "integer division or modulo by zero",
    re.compile(r"^List slice should have non-zero step"): "slice step cannot be zero",
    re.compile(r"^Cannot convert float nan to"): "cannot convert float NaN to",
    re.compile(r"^Cannot convert float -?inf to"): "cannot convert float infinity to",
    re.compile(
        r"^String for ord\(\) must be 1 character, found"
    ): "ord() expected a character, but found a text of length",
    re.compile(r"^stoll$"): "invalid literal for int()",
    re.compile(r"^stod$"): "could not convert string to float",
    re.compile(r"^basic_string::.*", re.DOTALL): "string index out of range",
    re.compile(r"^Expected (\d+) elements in a list but found (\d+)$"): r"cannot unpack \2 values into \1 names",
}


def raised_type(message: str, line: str) -> tuple[str, str]:
    """The name and the message of a `RuntimeError` that was raised; a lowered program says the type in its text."""
    if message.startswith(_OTHER_CALL):
        return f"{NotLoweredError.__module__}.{NotLoweredError.__name__}", message.removeprefix(_OTHER_CALL)
    raised = _RAISE.search(line)
    if raised is not None and message.startswith(f"{raised['type']}: "):
        return raised["type"], message.removeprefix(f"{raised['type']}: ")
    return "RuntimeError", message


def true_type(message: str, line: str) -> tuple[str, str]:
    """The name and the message of the exception that Python raises at `line` where an operator failed."""
    raised_class = _RAISE_OF_CLASS.search(line)
    if not message and raised_class is not None:  # `raise NotImplementedError` without arguments loses its type
        return raised_class["type"], ""
    if message == _UNUSED_REACHED:
        return "RuntimeError", f"compiled code reached an `@unused` method: {line}"
    said = _SAYS_ITSELF.match(message)
    if said is not None:
        return said["type"], (said["text"] or "").strip()
    name = next((name for pattern, name in _TYPES if pattern.search(message)), "RuntimeError")
    for pattern, words in _WORDS.items():
        message = pattern.sub(words, message)
    return name, message
