"""What code costs before it runs: torch folds constants, and follows from class to class, while it loads a file.

Folding runs operators whose inputs are constants and whose results are texts or numbers: forty lines that double a text
make one of a terabyte. Following is recursion: a chain of ten thousand classes overflows the stack.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.artifact.code_units import Class, Function

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from scriptkit.artifact.code_tokens import Line
    from scriptkit.artifact.code_units import Units

MOST_TEXT = 1 << 24
"""The longest text, in bytes, that folding may make, and the most that all of them may be together."""
MOST_REFERENCES = 300
_PER_NUMBER = 400
"""What formatting one number adds at most."""
_FORMATTING = frozenset({"format", "percentFormat", "str", "bin", "hex", "oct", "chr"})
_MULTIPLYING = frozenset({"replace", "join", "expandtabs"})
_PADDING = frozenset({"zfill", "ljust", "rjust", "center", "expandtabs"})
_MOST_PADDING = 4096
_PASSING = frozenset({"annotate", "unchecked_cast"})
_MAKING = (
    frozenset(
        "add __getitem__ slice lower upper strip lstrip rstrip title capitalize swapcase partition rpartition".split()
    )
    | _FORMATTING
    | _MULTIPLYING
    | _PADDING
)
_OPENING, _CLOSING = frozenset("([{"), frozenset(")]}")


def costs(units: Units, constants: Mapping[str, int]) -> list[str]:
    """What loading the code would cost that no model needs, one sentence for each; `constants` are lengths of texts."""
    texts = {
        f".{name}": len(value)
        for cls in units.classes.values()
        for name, value in cls.constants.items()
        if value.startswith(('"', "'"))
    }
    found, total = [], 0
    for function in units.every_function():
        made = _text_made(function, texts | dict(constants))
        total += made
        if made > MOST_TEXT or total > MOST_TEXT:
            found.append(f"{function.place}: `{function.name}` makes a text of unknown length while the file is loaded")
            break
    return found + list(_references(units))


def _text_made(function: Function, texts: Mapping[str, int]) -> int:
    """The length of all constant texts that a function may make, at most."""
    lengths, total = dict(texts), 0
    for line in function.body:
        made, names = _lengths(line, lengths), _assigned(line)
        total += sum(made)
        if total > MOST_TEXT:
            break
        # `a, b = x, y` gives each its own; of a call that gives several, each may have everything
        each = made if len(made) == len(names) else [sum(made)] * len(names)
        for name, length in zip(names, each, strict=True):
            lengths[name] = max(lengths.get(name, 0), length)
    return total


def _lengths(line: Line, lengths: Mapping[str, int]) -> list[int]:
    """The length of the text that each value of a line may make of constant ones; 0 where it makes none."""
    texts = [token.text for token in line.tokens]
    open_calls, sums = [""], [0]
    values: list[int] = []
    for place, token in enumerate(line.tokens):
        if token.text in {",", "="} and len(sums) == 1:  # what stands before `=` makes nothing
            values = [*values, sums[0]] if token.text == "," else []
            sums = [0]
        before = texts[place - 1] if place else ""
        if token.text in _OPENING:
            is_call = token.text == "(" and place > 0 and line.tokens[place - 1].kind == "name"
            open_calls.append(before if is_call else "")
            sums.append(0)
        elif token.text in _CLOSING:
            made = _made(open_calls.pop(), sums.pop(), line)
            sums[-1] += made
        elif token.kind == "string":
            sums[-1] += len(token.text)
        elif token.kind == "name" and texts[place + 1 : place + 2] != ["("]:
            sums[-1] += lengths.get(f".{token.text}" if before == "." else token.text, 0)
    return [*values, sums[0]]


def _made(operator: str, used: int, line: Line) -> int:
    """The length of what an operator makes of constant texts of a length; 0 where it makes no text."""
    if not operator or operator in _PASSING:
        return used
    if operator not in _MAKING or not used:
        return 0
    if operator in _PADDING and not _is_small(line):
        return MOST_TEXT + 1
    length = used + _PER_NUMBER * (operator in _FORMATTING)
    return min(length * length, MOST_TEXT + 1) if operator in _MULTIPLYING else length


def _is_small(line: Line) -> bool:
    numbers = [token.text for token in line.tokens if token.kind == "number"]
    return bool(numbers) and all(number.isdecimal() and int(number[:9]) <= _MOST_PADDING for number in numbers)


def _assigned(line: Line) -> list[str]:
    """The names before the sign of an assignment."""
    texts = [token.text for token in line.tokens]
    end = texts.index("=") if "=" in texts else 0
    return [token.text for token in line.tokens[:end] if token.kind == "name"]


def _references(units: Units) -> Iterator[str]:
    """Whether classes and functions refer to each other in too long a chain, each of which torch follows at once."""
    if len(units.classes) + len(units.functions) <= MOST_REFERENCES:
        return
    mentioned = {name: list(dict.fromkeys(_mentioned(unit, units, name))) for name, unit in _all(units)}
    if _longest(mentioned) > MOST_REFERENCES:
        yield f"a chain of more than {MOST_REFERENCES} classes and functions is followed while the file is loaded"


def _all(units: Units) -> Iterator[tuple[str, Class | Function]]:
    yield from units.classes.items()
    yield from units.functions.items()


def _mentioned(unit: Class | Function, units: Units, own: str) -> Iterator[str]:
    lines = _lines(unit)
    dotted = [name for line in lines for name in _dotted(line)]
    if isinstance(unit, Class):
        dotted += [name for declared in unit.attributes.values() for name in declared.named()]
    for name in dotted:
        while name and name not in units.classes and name not in units.functions:
            name = name.rpartition(".")[0]  # noqa: PLW2901 - a method is mentioned behind its class
        if name and name != own:
            yield name


def _lines(unit: Class | Function) -> Iterator[Line]:
    functions = [unit] if isinstance(unit, Function) else unit.methods.values()
    for function in functions:
        yield function.head
        yield from function.body


def _dotted(line: Line) -> Iterator[str]:
    """The names that begin with `__torch__`, with everything behind dots."""
    texts = [token.text for token in line.tokens]
    for place, text in enumerate(texts):
        if text == "__torch__":
            end = place + 1
            while end + 1 < len(texts) and texts[end] == ".":
                end += 2
            yield "".join(texts[place:end])


def _longest(mentioned: Mapping[str, list[str]]) -> int:
    """The length of the longest chain, or more than allowed where chains have no end."""
    lengths: dict[str, int] = {}
    for root in mentioned:
        path, open_names = [root], {root}
        while path:
            name = path[-1]
            waiting = next((other for other in mentioned[name] if other not in lengths), None)
            if waiting is not None and (waiting in open_names or len(path) > MOST_REFERENCES):
                return MOST_REFERENCES + 1
            if waiting is None:
                lengths[name] = 1 + max((lengths[other] for other in mentioned[name]), default=0)
                open_names.discard(path.pop())
            else:
                path.append(waiting)
                open_names.add(waiting)
    return max(lengths.values(), default=0)
