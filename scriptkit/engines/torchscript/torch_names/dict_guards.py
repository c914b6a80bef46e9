"""The guards with which torch.compile notices a written dictionary."""

from __future__ import annotations

import functools
import sys
from typing import TYPE_CHECKING, Any

from scriptkit.engines.torchscript.torch_names.table import look_up
from scriptkit.errors import ScriptkitError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_Guards = look_up("guards of dictionaries")


def unwritten_from_now(dictionaries: Sequence[dict[Any, Any]]) -> Callable[[], bool] | None:
    """A function that says whether none was written since; None where this torch cannot tell.

    A value that was written over itself counts as written. Nothing is imported for it: `torch._dynamo` takes a second.
    """
    if "torch._dynamo.guards" not in sys.modules or not _is_every_write_counted():
        return None
    return _counts_of(tuple(dictionaries))


def _counts_of(held: tuple[dict[Any, Any], ...]) -> Callable[[], bool] | None:
    dynamo: Any = sys.modules["torch._dynamo.guards"]
    try:
        kind = dynamo.GuardManagerType.GUARD_MANAGER
        root = _Guards()
        for number, dictionary in enumerate(held):
            manager = root.tuple_getitem_manager(number, f"dictionary {number}", dictionary, kind)
            _add_guard(manager, dictionary)
        check: Callable[[object], bool] = root.check
        assert check(held)  # noqa: S101 - a guard that does not hold at once means something else than is thought here
    except (AttributeError, TypeError, RuntimeError, AssertionError, ScriptkitError):
        return None
    return functools.partial(check, held)


def _add_guard(manager: Any, dictionary: dict[Any, Any]) -> None:
    try:
        manager.add_dict_version_guard(dictionary, ["is unwritten"], None)
    except TypeError:  # torch up to 2.9 keeps no stack of the user with it
        manager.add_dict_version_guard(dictionary, ["is unwritten"])


class _Written:
    """Something with a dictionary of its own."""

    attribute = 0


@functools.cache
def _is_every_write_counted() -> bool:
    """Whether a count tells each kind of write there is.

    From Python 3.13 on it does not: an attribute of an object is written beside the dictionary that shows it.
    """
    for write in (_write_item, _write_attribute):
        written = _Written()
        written.attribute = 1
        unwritten = _counts_of((vars(written),))
        if unwritten is None:
            return False
        write(written)
        if unwritten():
            return False
    return True


def _write_item(written: _Written) -> None:
    vars(written)["attribute"] = 2


def _write_attribute(written: _Written) -> None:
    written.attribute = 2
