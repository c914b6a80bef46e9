"""Pickles that torch never writes, tensors beyond their entries, and values that their classes do not declare."""

from __future__ import annotations

import struct

import pytest

from scriptkit.artifact.code_units import Units
from scriptkit.artifact.object_checks import check_memory, check_objects
from scriptkit.artifact.pickles import read_pickle
from scriptkit.errors import ArtifactError

REST = b"\x89ccollections\nOrderedDict\n)R"


def text(value: str) -> bytes:
    return b"X" + struct.pack("<I", len(value)) + value.encode()


def long(value: int) -> bytes:
    return b"\x8a\x08" + struct.pack("<q", value)


def tensor(
    storage: bytes = b"",
    size: bytes = b"K\x02K\x02\x86",
    stride: bytes = b"K\x02K\x01\x86",
    rest: bytes = REST,
    maker: bytes = b"_rebuild_tensor_v2",
) -> bytes:
    return b"ctorch._utils\n" + maker + b"\n(" + (storage or STORAGE) + b"K\x00" + size + stride + rest + b"tR"


STORAGE = b"(" + text("storage") + b"ctorch\nFloatStorage\n" + text("0") + text("cpu") + b"K\x04tQ"
SCALES = b"(ctorch\nper_channel_affine\n" + tensor(size=b"K\x04\x85", stride=b"K\x01\x85") * 2 + b"K\x09t"

PICKLES = {
    b"\x8f": "torch writes no instruction 0x8f",
    b"(q\x00": "a group has no end",
    b"K\x01t": "it is cut off",
    b"K\x01)R": "what it makes an object of is no class",
    b")(K\x01e": "it changes a tuple",
    b"}(K\x01K\x02K\x01K\x03u": "a key of a dictionary stands twice",
    b"}(K\x01K\x02K\x03u": "a key of a dictionary stands twice, or without a value",
    b"ca\nb\n(K\x01t\x81": "torch makes objects without arguments",
    b"(K\x01tQ": "a storage is described by",
    b"ca b\nc\n": "the name of a class has characters that none has",
    b"\x8a\x09" + b"\x01" * 9: "a number is longer than 64 bits",
    b"K\x01q\x05": "its memo is not numbered in order",
    b"K\x01K\x02": "it holds more or less than one object",
}
MEMORY = {
    b"(" + tensor() * 2 + b"t": "`data/0` is used for two storages",
    STORAGE: "elements lie in no tensor",
    tensor(size=b"N"): "a tensor is not described as torch describes one",
    tensor(rest=b"\x89N"): "a tensor is not described as torch describes one",
    tensor(rest=b"\x89"): "a tensor is not described as torch describes one",
    tensor(size=long(1 << 40) + b"\x85", stride=b"K\x00\x85"): "a tensor claims 1099511627776 elements",
    tensor(size=b"K\x00" + long(1 << 62) + b"\x86"): "a size or stride of a tensor is too large",
    tensor(size=b"K\x03K\x02\x86"): "reaches beyond the 4 elements",
    tensor(size=b"K\x03\x85"): "a tensor has other strides than sizes",
    tensor(
        rest=SCALES + b"\x89ccollections\nOrderedDict\n)R", maker=b"_rebuild_qtensor"
    ): "has other scales than channels",
    tensor(rest=b"N" + REST, maker=b"_rebuild_qtensor"): "has other scales than channels",
}
OBJECTS = {
    b"(K\x01t": "`constants.pkl` holds constants that are neither tensors nor texts",
    b"(cposix\nsystem\nt": "`constants.pkl` asks for `posix.system` while it is loaded",
    b"(}(NK\x01ut": "`constants.pkl` has a dictionary with keys of another kind than torch's",
    b"}": "`constants.pkl` holds no module",
}


@pytest.mark.parametrize("data", PICKLES, ids=PICKLES.get)
def test_a_pickle_that_torch_never_writes_is_refused(data: bytes) -> None:
    with pytest.raises(ArtifactError) as caught:
        read_pickle("data.pkl", b"\x80\x02" + data + b".")
    assert PICKLES[data] in str(caught.value)


@pytest.mark.parametrize("data", MEMORY, ids=MEMORY.get)
def test_a_tensor_stays_within_its_entry(data: bytes) -> None:
    tree = read_pickle("data.pkl", b"\x80\x02" + data + b".")
    with pytest.raises(ArtifactError) as caught:
        check_memory("data.pkl", tree, {"data/0": 16})
    assert MEMORY[data] in str(caught.value)


def test_a_tensor_as_torch_writes_it_is_read() -> None:
    assert check_memory("data.pkl", read_pickle("data.pkl", b"\x80\x02" + tensor() + b"."), {"data/0": 16}) == {
        "data/0"
    }


@pytest.mark.parametrize("data", OBJECTS, ids=OBJECTS.get)
def test_constants_are_tensors_and_texts(data: bytes) -> None:
    found = check_objects("constants.pkl", read_pickle("constants.pkl", b"\x80\x02" + data + b"."), Units())
    assert any(OBJECTS[data] in one for one in found), found
