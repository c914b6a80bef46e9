"""Tensors that share their memory with another until one of the two is written: torch's copy-on-write storages.

A storage that cannot be resized has no allocator, as those that torch.jit read from a file: its copy, once written,
would end the process (torch 2.13). One that is resized asserts at its next write: who may resize it has to copy it.

Where torch lacks the private functions for it, or a storage does not take part (shared with other processes, mapped
from a file, made by NumPy), its memory is copied instead.

What holds (torch 2.6 to 2.15): the memory is copied at the first write through whatever view, `.data`, `detach()`,
TorchScript or `resize_`, and also where a kernel merely asks for a writable pointer (LSTM, `_weight_norm`). The other
side keeps its address, as long as nobody writes it while the copy lives.
"""

from __future__ import annotations

import torch

from scriptkit.live.torch_names import look_up

_lazy_clone = look_up("copy on write")
_is_lazy = look_up("whether a copy is unwritten")
_address = look_up("address that is not asked to be writable")


def storage_key(tensor: torch.Tensor) -> int | None:
    """What two tensors over the same memory have in common; None where a tensor has no storage of its own."""
    if tensor.layout != torch.strided or tensor.device.type == "meta" or tensor.is_quantized:
        return None  # a quantised tensor made lazily has lost its quantiser (torch 2.13)
    try:
        return int(tensor.untyped_storage()._cdata)
    except (RuntimeError, NotImplementedError):
        return None


def shared_until_written(tensor: torch.Tensor) -> torch.Tensor:
    """A tensor outside of every graph with the same memory until either is written; one with its own where it must."""
    with torch.no_grad():
        storage = tensor.untyped_storage()
        if _lazy_clone is not None and _is_lazy is not None and storage.resizable() and storage.nbytes():
            try:
                return _lazy_clone(tensor.detach())  # type: ignore[no-any-return]
            except (RuntimeError, NotImplementedError):
                pass  # a storage that does not take part
        return over(tensor, storage.clone())


def over(tensor: torch.Tensor, storage: torch.UntypedStorage) -> torch.Tensor:
    """A tensor of the dtype, sizes and strides of another, over a storage."""
    with torch.no_grad():
        made = torch.empty(0, dtype=tensor.dtype, device=storage.device)
        made.set_(storage, tensor.storage_offset(), tensor.size(), tensor.stride())
        made = made.conj() if tensor.is_conj() else made
        return made._neg_view() if tensor.is_neg() else made


def is_unwritten(tensor: torch.Tensor) -> bool:
    """Whether a tensor made by `shared_until_written` surely still has the memory it was made from."""
    return _is_lazy is not None and tensor.layout == torch.strided and bool(_is_lazy(tensor))


def is_same_memory(one: torch.Tensor, other: torch.Tensor) -> bool:
    """Whether two tensors of one shape and dtype surely hold the same, because nobody wrote what they share."""
    if _address is None or storage_key(one) is None or storage_key(other) is None:
        return False
    is_laid_out_alike = one.stride() == other.stride() and one.is_conj() == other.is_conj()
    return bool(is_laid_out_alike and one.is_neg() == other.is_neg() and _address(one) == _address(other))
