"""Do tensors stay within the entries they lie in? Asked before torch, which believes the numbers of the file."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from scriptkit.artifact.pickles import Name, Reduced, Sequence, Storage
from scriptkit.errors import ArtifactError

if TYPE_CHECKING:
    from collections.abc import Callable

_SIZES = {
    1: "Byte Char Bool QInt8 QUInt8 QUInt4x2 QUInt2x4 Float8_e5m2 Float8_e4m3fn Float8_e5m2fnuz Float8_e4m3fnuz "
    "Float8_e8m0fnu Bits8 Bits1x8 Bits2x4 Bits4x2",
    2: "Short Half BFloat16 UInt16 Bits16",
    4: "Int Float QInt32 UInt32 ComplexHalf",
    8: "Long Double UInt64 ComplexFloat",
    16: "ComplexDouble",
}
ITEM_SIZES = {f"torch.{kind}Storage": size for size, kinds in _SIZES.items() for kind in kinds.split()}
DENSE, QUANTISED = "torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_qtensor"
MOST_ELEMENTS = 1 << 40
"""More than any machine holds; a tensor may have more elements than its entry, when it is expanded by strides of 0."""
MOST_EXPANSION = 1 << 20
_DEVICE = re.compile(r"[a-z]+(?::\d{1,3})?", re.ASCII)
_KEY = re.compile(r"0|[1-9]\d{0,8}", re.ASCII)
_BY_TENSOR = frozenset({"torch.per_tensor_affine"})
_BY_CHANNEL = frozenset({"torch.per_channel_affine", "torch.per_channel_affine_float_qparams"})


class View(NamedTuple):
    """A tensor as the file describes it."""

    storage: Storage
    size: list[int]


def is_tensor(value: Any) -> bool:
    """Whether a value is made by the functions that make dense or quantised tensors."""
    return isinstance(value, Reduced) and value.function in (DENSE, QUANTISED)


def check_storage(storage: Storage, entry: str, size: int | None) -> None:
    """Raise unless the entry exists and holds exactly as many elements as the storage claims."""
    item = ITEM_SIZES.get(storage.kind)
    if item is None or _KEY.fullmatch(storage.key) is None or _DEVICE.fullmatch(storage.device) is None:
        message = f"`{entry}`: no elements of the kind {storage.kind!r} lie in an entry, on {storage.device!r}"
        raise ArtifactError(message)
    if size != storage.count_of_elements * item:
        found = "is not there" if size is None else f"has {size} bytes"
        message = f"`{entry}` {found}, but the file claims {storage.count_of_elements} elements of {item} bytes in it"
        raise ArtifactError(message)


def checked_view(node: Reduced, refuse: Callable[[str], ArtifactError]) -> View:
    """The tensor these arguments describe; raises when it reaches beyond its storage."""
    given = node.argument.items if isinstance(node.argument, Sequence) and not node.argument.is_list else []
    is_quantised = node.function == QUANTISED
    match given:
        case [Storage() as storage, int() as offset, Sequence() as size, Sequence() as stride, *rest]:
            pass
        case _:
            raise refuse("a tensor is not described as torch describes one")
    if len(rest) != 2 + is_quantised or not isinstance(rest[-2], bool) or not is_no_hook(rest[-1]):
        raise refuse("a tensor is not described as torch describes one")
    sizes, strides = _numbers(size, refuse), _numbers(stride, refuse)
    _check_bounds(storage.count_of_elements, offset, sizes, strides, refuse)
    if is_quantised:
        _check_quantiser(rest[0], sizes, refuse)
    return View(storage, sizes)


def is_no_hook(value: Any) -> bool:
    """Whether a value is the empty dictionary that stands for the hooks of a tensor."""
    is_made = isinstance(value, Reduced) and value.function == "collections.OrderedDict"
    return is_made and isinstance(value.argument, Sequence) and not value.argument.items


def _numbers(node: Sequence, refuse: Callable[[str], ArtifactError]) -> list[int]:
    if node.is_list or any(type(item) is not int or item < 0 for item in node.items):
        raise refuse("a size or stride of a tensor is no number")
    return node.items


def _check_bounds(
    count: int, offset: int, sizes: list[int], strides: list[int], refuse: Callable[[str], ArtifactError]
) -> None:
    if len(sizes) != len(strides) or isinstance(offset, bool) or not 0 <= offset <= count:
        raise refuse("a tensor has other strides than sizes, or begins beyond its elements")
    elements = math.prod(sizes)
    if elements > MOST_ELEMENTS or elements > MOST_EXPANSION * max(count, 1):
        raise refuse(f"a tensor claims {elements} elements, of {count} that the file has")
    last = offset + sum((size - 1) * stride for size, stride in zip(sizes, strides, strict=True))
    if elements and last >= count:
        raise refuse(f"a tensor of size {sizes} reaches beyond the {count} elements that the file has")
    if any(size >= 1 << 62 for size in (*sizes, *strides)):
        raise refuse("a size or stride of a tensor is too large")


def _check_quantiser(given: Any, sizes: list[int], refuse: Callable[[str], ArtifactError]) -> None:
    match given.items if isinstance(given, Sequence) else []:
        case [Name() as scheme, float(), int()] if scheme in _BY_TENSOR:
            return
        case [Name() as scheme, Reduced() as scales, Reduced() as zeros, int() as axis] if scheme in _BY_CHANNEL:
            if 0 <= axis < len(sizes) and is_tensor(scales) and is_tensor(zeros):
                views = [checked_view(scales, refuse), checked_view(zeros, refuse)]
                if all(view.size == [sizes[axis]] for view in views):
                    return
    raise refuse("a quantised tensor has other scales than channels")
