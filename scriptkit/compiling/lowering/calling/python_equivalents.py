"""Functions of C that lowering evaluates as the Python they are documented as: `itertools`, `filter`, `max(key=...)`.

What an iterator would give one by one is a list here; whoever wants it walks it once (`calls` sees to that).
"""

from __future__ import annotations

import builtins
import itertools
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FunctionType


def equivalent_of(function: Any, kwargs: dict[str, Any]) -> FunctionType | None:
    """The Python function that does the same; None where `function` is none of these, or is called otherwise."""
    if kwargs.get("key") is not None and function in (max, min, sorted):
        return _WITH_KEY[function]  # type: ignore[return-value]
    return _EQUIVALENTS.get(function)  # type: ignore[return-value]


def gives_an_iterator(function: Any) -> bool:
    """Whether what Python gives can be walked once only."""
    return function not in (divmod, max, min, sorted)


def known(value: Any) -> Any:
    """The value itself; lowering refuses one of the run here."""
    return value


def _divmod(a: Any, b: Any) -> Any:
    return a // b, a % b


def _filter(function: Any, items: Any) -> Any:
    if function is None:
        return [item for item in items if item]
    return [item for item in items if function(item)]


def _max(*items: Any, key: Any) -> Any:
    candidates = list(items[0]) if len(items) == 1 else list(items)
    best, mark = candidates[0], key(candidates[0])
    for candidate in candidates[1:]:
        new = key(candidate)
        if new > mark:
            best, mark = candidate, new
    return best


def _min(*items: Any, key: Any) -> Any:
    candidates = list(items[0]) if len(items) == 1 else list(items)
    best, mark = candidates[0], key(candidates[0])
    for candidate in candidates[1:]:
        new = key(candidate)
        if new < mark:
            best, mark = candidate, new
    return best


def _sorted(items: Any, *, key: Any, reverse: Any = False) -> Any:
    made: Any = []
    for item in items:
        mark = known(key(item))
        place = len(made)
        while place > 0 and (made[place - 1][0] < mark if reverse else mark < made[place - 1][0]):
            place -= 1
        made = [*made[:place], (mark, item), *made[place:]]
    return [item for _, item in made]


def _accumulate(items: Any, func: Any = None, *, initial: Any = None) -> Any:
    rest = list(items) if initial is None else [initial, *items]
    made = rest[:1]
    for item in rest[1:]:
        made.append(made[-1] + item if func is None else func(made[-1], item))
    return made


def _chain(*iterables: Any) -> Any:
    return [item for iterable in iterables for item in iterable]


def _chain_from_iterable(iterables: Any) -> Any:
    return [item for iterable in iterables for item in iterable]


def _combinations(items: Any, r: Any) -> Any:
    pool = list(items)
    return [tuple(pool[i] for i in chosen) for chosen in _indices(len(pool), r) if sorted(set(chosen)) == list(chosen)]


def _combinations_with_replacement(items: Any, r: Any) -> Any:
    pool = list(items)
    return [tuple(pool[i] for i in chosen) for chosen in _indices(len(pool), r) if sorted(chosen) == list(chosen)]


def _permutations(items: Any, r: Any = None) -> Any:
    pool = list(items)
    count = len(pool) if r is None else r
    return [tuple(pool[i] for i in chosen) for chosen in _indices(len(pool), count) if len(set(chosen)) == count]


def _indices(size: Any, count: Any) -> Any:
    made: Any = [()]
    for _ in range(count):
        made = [(*before, index) for before in made for index in range(size)]
    return made


def _product(*iterables: Any, repeat: Any = 1) -> Any:
    made: Any = [()]
    for pool in [list(iterable) for iterable in iterables] * repeat:
        made = [(*before, item) for before in made for item in pool]
    return made


def _islice(items: Any, *bounds: Any) -> Any:
    return list(items)[slice(*bounds)]


def _zip_longest(*iterables: Any, fillvalue: Any = None) -> Any:
    pools = [list(iterable) for iterable in iterables]
    longest = max([len(pool) for pool in pools])
    return [tuple(pool[i] if i < len(pool) else fillvalue for pool in pools) for i in range(longest)]


def _repeat(item: Any, times: Any) -> Any:
    return [item for _ in range(times)]


def _compress(items: Any, selectors: Any) -> Any:
    return [item for item, wanted in zip(items, selectors, strict=False) if wanted]


def _takewhile(function: Any, items: Any) -> Any:
    made = []
    for item in items:
        if not function(item):
            break
        made.append(item)
    return made


def _dropwhile(function: Any, items: Any) -> Any:
    pool = list(items)
    start = 0
    while start < len(pool) and function(pool[start]):
        start += 1
    return pool[start:]


def _filterfalse(function: Any, items: Any) -> Any:
    return [item for item in items if not (item if function is None else function(item))]


def _starmap(function: Any, rows: Any) -> Any:
    return [function(*row) for row in rows]


def _pairwise(items: Any) -> Any:
    pool = list(items)
    return [(pool[i], pool[i + 1]) for i in range(len(pool) - 1)]


def _groupby(items: Any, key: Any = None) -> Any:
    groups: Any = []
    for item in items:
        mark = item if key is None else key(item)
        if groups and groups[-1][0] == mark:
            groups[-1][1].append(item)
        else:
            groups.append((mark, [item]))
    return groups


_WITH_KEY: Final[dict[Any, Callable[..., Any]]] = {max: _max, min: _min, sorted: _sorted}
_EQUIVALENTS: Final[dict[Any, Callable[..., Any]]] = {
    builtins.divmod: _divmod,
    builtins.filter: _filter,
    itertools.accumulate: _accumulate,
    itertools.chain: _chain,
    itertools.chain.from_iterable: _chain_from_iterable,
    itertools.combinations: _combinations,
    itertools.combinations_with_replacement: _combinations_with_replacement,
    itertools.compress: _compress,
    itertools.dropwhile: _dropwhile,
    itertools.filterfalse: _filterfalse,
    itertools.groupby: _groupby,
    itertools.islice: _islice,
    itertools.pairwise: _pairwise,
    itertools.permutations: _permutations,
    itertools.product: _product,
    itertools.repeat: _repeat,
    itertools.starmap: _starmap,
    itertools.takewhile: _takewhile,
    itertools.zip_longest: _zip_longest,
}
