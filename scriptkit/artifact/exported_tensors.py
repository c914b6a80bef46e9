"""The tensors of the programs of a `.pt2` file: each storage once, whatever the number of programs and names."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import torch

from scriptkit.engines.export import torch_names
from scriptkit.errors import ArtifactError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from torch.export import ExportedProgram

Folder = Literal["weights", "constants"]
_PREFIX = {"weights": "weight_", "constants": "tensor_"}
_SAVED = {"parameter", "buffer"}


@dataclass
class _Storage:
    """The part of one storage that tensors use, in elements."""

    tensor: torch.Tensor
    first: int
    last: int

    def widen(self, tensor: torch.Tensor) -> None:
        first, last = _extent(tensor)
        self.first, self.last = min(self.first, first), max(self.last, last)

    def content(self) -> bytes:
        """Its bytes, little-endian."""
        whole = self.tensor.detach().as_strided((self.last - self.first,), (1,), self.first).cpu().contiguous()
        return whole.view(torch.uint8).numpy().tobytes() if whole.numel() else b""


def _extent(tensor: torch.Tensor) -> tuple[int, int]:
    """The first element of the storage that a tensor uses, and the one after the last."""
    start = int(tensor.storage_offset())
    if not tensor.numel():
        return start, start
    return start, _last(tensor.shape, tensor.stride(), start)


@dataclass
class TensorEntries:
    """Collects the tensors of one program after the other, then gives the entries of the file."""

    configs: dict[str, dict[str, Any]] = field(default_factory=dict)
    _storages: dict[tuple[Any, ...], tuple[Folder, int, _Storage]] = field(default_factory=dict)
    _held: list[tuple[str, str, torch.Tensor, bool, tuple[Any, ...]]] = field(default_factory=list)

    def add(self, name: str, program: ExportedProgram, current: Mapping[str, torch.Tensor]) -> None:
        """The tensors of a program; `current` are those that may have taken their places since, by name."""
        for held in torch_names.tensors(program):
            folder: Folder = "weights" if held.kind in _SAVED else "constants"
            tensor = current.get(held.name, held.tensor) if held.kind != "constant" else held.tensor
            _refuse_unusual(held.name, tensor)
            key = (folder, tensor.untyped_storage().data_ptr() or id(tensor), tensor.dtype, str(tensor.device))
            if key not in self._storages:
                number = sum(1 for other in self._storages.values() if other[0] == folder)
                self._storages[key] = (folder, number, _Storage(tensor, *_extent(tensor)))
            self._storages[key][2].widen(tensor)
            config = f"data/{folder}/{name}_{folder}_config.json"
            self._held.append((config, held.name, tensor, held.kind == "parameter", key))
        for folder in ("weights", "constants"):
            self.configs.setdefault(f"data/{folder}/{name}_{folder}_config.json", {})

    def entries(self) -> Iterator[tuple[str, bytes]]:
        """The storages, and what each program says of them."""
        for folder, number, storage in self._storages.values():
            yield f"data/{folder}/{_PREFIX[folder]}{number}", storage.content()
        for config, name, tensor, is_parameter, key in self._held:
            folder, number, storage = self._storages[key]
            meta = torch_names.tensor_document(tensor.detach().requires_grad_(tensor.requires_grad))
            meta["storage_offset"] = {"as_int": tensor.storage_offset() - storage.first}
            self.configs[config][name] = {
                "path_name": f"{_PREFIX[folder]}{number}",
                "is_param": is_parameter,
                "use_pickle": False,
                "tensor_meta": meta,
            }
        for config, content in self.configs.items():
            yield config, json.dumps({"config": content}).encode()


def _refuse_unusual(name: str, tensor: torch.Tensor) -> None:
    if tensor.layout != torch.strided or tensor.is_quantized or type(tensor) not in {torch.Tensor, torch.nn.Parameter}:
        raise ArtifactError(
            f"`{name}` is a {type(tensor).__name__} of layout {tensor.layout}: no `.pt2` file can hold it"
        )


class TensorReader:
    """Makes the tensors of programs again; what names one entry shares its memory."""

    def __init__(self, contents: Mapping[str, bytes], device: torch.device | None) -> None:
        self.contents = contents
        self.device = device
        self._made: dict[tuple[str, torch.dtype], torch.Tensor] = {}
        self._parameters: dict[tuple[Any, ...], torch.Tensor] = {}

    def tensors(self, folder: Folder, name: str) -> dict[str, torch.Tensor]:
        """The tensors of one program; raises ArtifactError where a description does not fit the bytes."""
        entry = f"data/{folder}/{name}_{folder}_config.json"
        if entry not in self.contents:
            raise ArtifactError(f"the file has no `{entry}`")
        try:
            config = json.loads(self.contents[entry])["config"]
            return {str(key): self._tensor(folder, key, payload) for key, payload in config.items()}
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ArtifactError(f"`{entry}` cannot be read: {error}") from error

    def _tensor(self, folder: Folder, key: str, payload: Mapping[str, Any]) -> torch.Tensor:
        if payload["use_pickle"]:
            raise ArtifactError(f"`{key}` is a pickle, which is never read: export the model again with scriptkit")
        entry = f"data/{folder}/{payload['path_name']}"
        dtype, sizes, strides, offset, requires_grad = torch_names.tensor_facts(payload["tensor_meta"])
        flat = self._flat(entry, dtype)
        if any(number < 0 for number in (*sizes, *strides, offset)) or _last(sizes, strides, offset) > flat.numel():
            raise ArtifactError(f"`{key}` does not fit the {flat.numel()} elements of `{entry}`")
        key_ = (entry, dtype, sizes, strides, offset)
        made = self._parameters.get(key_)
        if made is None:
            made = flat.as_strided(sizes, strides, offset)
            if payload["is_param"]:
                made = torch.nn.Parameter(made, requires_grad=requires_grad)
            self._parameters[key_] = made
        return made

    def _flat(self, entry: str, dtype: torch.dtype) -> torch.Tensor:
        if entry not in self.contents:
            raise ArtifactError(f"the file has no `{entry}`")
        if (entry, dtype) not in self._made:
            data = self.contents[entry]
            size = torch.empty(0, dtype=dtype).element_size()
            if len(data) % size:
                raise ArtifactError(f"`{entry}` has {len(data)} bytes, which are no whole number of {dtype}")
            made = torch.frombuffer(bytearray(data), dtype=dtype) if data else torch.empty(0, dtype=dtype)
            self._made[entry, dtype] = made if self.device is None else made.to(self.device)
        return self._made[entry, dtype]


def _last(sizes: Sequence[int], strides: Sequence[int], offset: int) -> int:
    if 0 in sizes:
        return 0
    return offset + 1 + sum((size - 1) * stride for size, stride in zip(sizes, strides, strict=True))
