"""Functions of torch that somebody replaced: compiled code calls the operators behind them all the same.

Those of `torch.nn.functional`, which the modules of torch call: each is a place more to compare in a call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch.nn import functional

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_PLACES: dict[str, dict[str, Any]] = {"torch.nn.functional": vars(functional)}
_originals = {
    place: {name: value for name, value in names.items() if callable(value) and not isinstance(value, type)}
    for place, names in _PLACES.items()
}


def called(names: Iterable[str]) -> Iterator[tuple[dict[str, Any], str]]:
    """Where the functions of torch lie that code of these names may call."""
    for name in sorted(names):
        for place, originals in _originals.items():
            if name in originals:
                yield _PLACES[place], name


def first_patched(names: Iterable[str]) -> str | None:
    """The first function of torch among those that is another one now."""
    for name in sorted(names):
        for place, originals in _originals.items():
            if name in originals and _PLACES[place].get(name) is not originals[name]:
                return f"{place}.{name}"
    return None
