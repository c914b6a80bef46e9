"""Texts in compiled graphs: an operator that works on bytes refuses a text beyond ASCII, and none hangs.

The check stands before the outermost loop that does not make the text, so that a loop over letters asks once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from scriptkit.engines.torchscript.torch_names import text_functions
from scriptkit.engines.torchscript.torch_names.copied_functions import insert, nodes_of, replace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_BY_BYTES = frozenset(
    f"aten::{name}"
    for name in (
        "len __getitem__ slice list upper lower title capitalize swapcase find rfind index rindex center ljust rjust "
        "zfill expandtabs isalpha isalnum isdigit isnumeric isdecimal islower isupper isspace isprintable isidentifier "
        "istitle splitlines ord"
    ).split()
)
_OF_WHITESPACE = frozenset({"aten::split", "aten::rsplit", "aten::strip", "aten::lstrip", "aten::rstrip"})
_LEFT_OUT = " \n\t\f\v"
"""What torch strips where nothing is said; for `split` it is None."""
_WITH_PLACES = frozenset({"aten::startswith", "aten::endswith", "aten::count"})
_PLACES_LEFT_OUT = (0, -1)
_SEPARATED = frozenset({"aten::split", "aten::rsplit", "aten::partition", "aten::rpartition"})
_REPLACED: dict[str, Callable[..., str | int]] = {
    "aten::count": text_functions.counted,
    "aten::replace": text_functions.replaced,
}
_RIGHT: dict[str, Callable[..., str | list[str] | bool]] = {
    "aten::isidentifier": text_functions.identifier,
    "aten::splitlines": text_functions.lines,
    "aten::zfill": text_functions.filled,
    "aten::center": text_functions.centered,
}
_OF_WHITESPACE_RIGHT: dict[str, Callable[..., str | list[str] | bool]] = {
    "aten::isidentifier": text_functions.identifier,
    "aten::strip": text_functions.stripped,
    "aten::lstrip": text_functions.stripped_left,
    "aten::rstrip": text_functions.stripped_right,
    "aten::split": text_functions.words,
}
_OF_EMPTY: dict[str, Callable[..., str | list[str]]] = {
    "aten::split": text_functions.parts,
    "aten::rsplit": text_functions.parts_from_the_right,
}
_FROM_A_PLACE: dict[str, Callable[..., str | int]] = {
    "aten::find": text_functions.found,
    "aten::rfind": text_functions.found_last,
    "aten::index": text_functions.place_of,
    "aten::rindex": text_functions.last_place_of,
    "aten::startswith": text_functions.begins,
    "aten::endswith": text_functions.ends,
}
CONCERNS: Final = frozenset().union(
    _BY_BYTES, _OF_WHITESPACE, _WITH_PLACES, _SEPARATED, _REPLACED, _RIGHT, _OF_WHITESPACE_RIGHT
)


def put_right(graph: Any) -> None:
    """Add the checks to a compiled graph; call this before it runs."""
    checked: dict[str, list[Any]] = {}
    for node in list(nodes_of(graph)):
        if node.kind() not in CONCERNS or not _takes_text(node):
            continue
        text = node.inputsAt(0)
        if _works_on_bytes(node) and not _is_ascii(text):
            _check_once(graph, node, text, checked)
        if node.kind() in _SEPARATED and _is_text(node.inputsAt(1)):
            _separate(graph, node)
        elif node.kind() in _REPLACED and not _is_constant(node.inputsAt(1), of_letters=True):
            replace(graph, node, _REPLACED[node.kind()])
        elif node.kind() in _FROM_A_PLACE and node.inputsAt(2).toIValue() != 0:
            replace(graph, node, _FROM_A_PLACE[node.kind()])
        elif node.kind() in _RIGHT:
            replace(graph, node, _RIGHT[node.kind()])
        elif node.kind() in _OF_WHITESPACE_RIGHT and _works_on_bytes(node):
            replace(graph, node, _OF_WHITESPACE_RIGHT[node.kind()])


def _separate(graph: Any, node: Any) -> None:
    """Have a text taken apart as Python does."""
    separator = node.inputsAt(1)
    if not _is_constant(separator, of_letters=True):
        insert(graph, node, text_functions.refuse_empty, [separator])
    function = _OF_EMPTY.get(node.kind())
    if function is not None:
        replace(graph, node, function)


def _check_once(graph: Any, node: Any, text: Any, checked: dict[str, list[Any]]) -> None:
    """Check a text before a node, unless that was done on the way to it; `checked` are the blocks where it was."""
    place = _outside_of_loops(node, text)
    known = checked.setdefault(text.debugName(), [])
    if not any(block in known for block in _blocks_round(place)):
        known.append(place.owningBlock())
        insert(graph, place, text_functions.refuse_beyond_ascii, [text])


def _blocks_round(node: Any) -> Iterator[Any]:
    while node is not None:
        yield node.owningBlock()
        node = node.owningBlock().owningNode()


def _takes_text(node: Any) -> bool:
    inputs = list(node.inputs())
    return bool(inputs) and _is_text(inputs[0])


def _is_text(value: Any) -> bool:
    return bool(value.type().kind() == "StringType")


def _works_on_bytes(node: Any) -> bool:
    kind = node.kind()
    if kind in _OF_WHITESPACE:
        given = node.inputsAt(1)
        is_left_out = kind != "aten::rsplit" and _is_constant(given) and _text_of(given) == _LEFT_OUT
        return not _is_text(given) or is_left_out
    if kind in _WITH_PLACES:
        return tuple(value.toIValue() for value in list(node.inputs())[2:]) != _PLACES_LEFT_OUT
    return kind in _BY_BYTES and not _is_true_of_bytes(node)


def _compares_with_nothing(node: Any) -> bool:
    """`len(text) > 0`: as true of bytes as of letters."""
    if node.kind() not in ("aten::gt", "aten::eq", "aten::ne"):
        return False
    other = node.inputsAt(1)
    return bool(other.node().kind() == "prim::Constant" and other.toIValue() == 0)


def _is_true_of_bytes(node: Any) -> bool:
    """Whether it is a question that bytes answer: `part in text` is `text.find(part, 0, len(text)) != -1`."""
    users = [use.user for use in node.output().uses()]
    if node.kind() == "aten::find":
        return bool(users) and all(user.kind() == "aten::ne" for user in users)
    if node.kind() == "aten::len" and users and all(map(_compares_with_nothing, users)):
        return True
    of_find = [user for user in users if user.kind() == "aten::find"]
    return node.kind() == "aten::len" and bool(users) and of_find == users and all(map(_is_true_of_bytes, of_find))


def _is_constant(value: Any, *, of_letters: bool = False) -> bool:
    is_known = value.node().kind() == "prim::Constant"
    return is_known and (not of_letters or len(_text_of(value)) > 0)


def _text_of(constant: Any) -> str:
    try:
        return str(constant.toIValue())
    except UnicodeDecodeError:  # `chr(233)` is one byte in compiled code
        return "\N{REPLACEMENT CHARACTER}"


def _is_ascii(value: Any) -> bool:
    """Whether a text is known to be, or is made of one that was checked."""
    if _is_constant(value):
        return _text_of(value).isascii()
    node = value.node()
    return node.kind() in _BY_BYTES and _takes_text(node)


def _outside_of_loops(node: Any, text: Any) -> Any:
    """The outermost loop round a node that does not make the text; the node itself where there is none."""
    place, inner = node, node
    home = _block_of(text)
    while home is not None and inner.owningBlock() != home and inner.owningBlock().owningNode() is not None:
        inner = inner.owningBlock().owningNode()
        if inner.kind() == "prim::Loop":
            place = inner
    return place


def _block_of(value: Any) -> Any:
    node = value.node()
    return None if node is None else node.owningBlock()
