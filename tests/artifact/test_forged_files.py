"""What an attacker writes is refused in words: two readings of one file, foreign memory, floods, false manifests."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from scriptkit.artifact.container import Container, container_bytes
from scriptkit.artifact.manifest import MANIFEST_ENTRY
from scriptkit.artifact.pickle_writing import written
from scriptkit.artifact.pickles import read_pickle
from scriptkit.artifact.reading import load
from scriptkit.engines.torchscript.engine import files
from scriptkit.errors import ArtifactError
from tests.artifact.attacks import CODE, LINEAR, SETSTATE, Victim, contents_of, seal, state_type, victim


def refused(data: bytes, **arguments: Any) -> str:
    with pytest.raises(ArtifactError) as caught:
        load(io.BytesIO(data), **arguments)
    assert "internal error" not in str(caught.value)
    return str(caught.value)


@pytest.fixture
def marker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file that code of a file leaves behind when it runs."""
    monkeypatch.chdir(tmp_path)
    return tmp_path / "owned"


def evil_linear(body: str = '    torch.save([1], "owned")', mark: str = "") -> bytes:
    """The code of a layer whose `__setstate__` runs when the file is loaded."""
    text = SETSTATE.format(state=state_type(), body=body).replace("  def ", f" {mark}def " if mark else "  def ")
    return victim()[LINEAR].rstrip(b"\n") + text.encode()


# -- two readings of one file --------------------------------------------------------


@pytest.mark.parametrize("name", [LINEAR[:-2] + "PY", "CODE" + LINEAR[4:], LINEAR.replace("torch", "Torch")])
def test_a_name_that_differs_in_case_is_refused(name: str, marker: Path) -> None:
    """Torch's archive reader would find it under the name it looks for."""
    contents = victim()
    data = seal({other: value for other, value in contents.items() if other != LINEAR} | {name: evil_linear()})
    message = refused(data)
    assert "is no name of an entry" in message or "cannot load" in message or "no code" in message
    assert not marker.exists()


def test_two_names_that_differ_only_in_case_are_refused() -> None:
    name = LINEAR.replace("linear", "LINEAR")
    assert "they differ only in upper case" in refused(seal(victim() | {name: b""}))


@pytest.mark.parametrize(
    "name", ["code/__torch__/../x.py", "data/00", "x", "", "code/é.py", "data/1/", "./version", "a\nb"]
)
def test_an_unknown_name_is_refused(name: str) -> None:
    assert "is no name of an entry of a model file" in refused(seal(victim() | {name: b""}))


def test_entries_in_another_order_are_refused() -> None:
    contents = victim()
    assert "in another order" in refused(seal(dict(reversed(contents.items()))))


@pytest.mark.parametrize("mark", ["\f", "\v", "\r", "\t", "\0", "\x1c"])
def test_a_character_that_python_and_torch_read_differently_is_refused(mark: str, marker: Path) -> None:
    """A form feed before `def` makes a function beside the class for Python, a method for torch."""
    assert "a character that torch never prints" in refused(seal(victim() | {LINEAR: evil_linear(mark=mark)}))
    assert not marker.exists()


SPELLINGS = {
    "an operator bound to a name": ("    f = torch.save\n    f([1], 'owned')\n", "no use of `torch.save` like this"),
    "a module bound to a name": ("    t = torch\n", "no use of `torch` like this"),
    "a call of an unknown name": ("    y = whatever(x)\n", "no use of `whatever` like this"),
    "a comment": ("    y = x # type: int\n", "a sign that torch never prints"),
    "a continued line": ("    y = \\\n      x\n", "a sign that torch never prints"),
    "two statements": ("    y = x; z = x\n", "a sign that torch never prints"),
    "texts beside each other": ("    y = 'a' 'b'\n", "follow each other"),
    "three quotes": ("    y = '''a'''\n", "follow each other"),
    "a prefix": ("    y = r'a'\n", "follow each other"),
    "a word behind a number": ("    y = 1if True else 2\n", "a sign that torch never prints"),
    "blanks at the end": ("    y = x \n", "more blanks"),
    "two blanks": ("    y =  x\n", "more blanks"),
    "an odd indent": ("     y = x\n", "odd place"),
    "a deeper block": ("        y = x\n", "not as deep as its block"),
    "an import": ("    import os\n", "it has no place here"),
    "a lambda": ("    y = lambda: x\n", "it has no place here"),
    "brackets": ("    y = " + "(" * 200 + "x" + ")" * 200 + "\n", "nests too deep"),
    "a chain": ("    y = x" + " + x" * 2000 + "\n", "nests too deep"),
    "a chain of calls": ("    y = x" + ".t()" * 2000 + "\n", "nests too deep"),
    "negations": ("    y = " + "not " * 2000 + "True\n", "nests too deep"),
}


@pytest.mark.parametrize("what", SPELLINGS)
def test_code_that_torch_does_not_print_is_refused(what: str) -> None:
    added, message = SPELLINGS[what]
    contents = victim()
    contents[CODE] = contents[CODE].replace(b"    layer = self.layer\n", b"    layer = self.layer\n" + added.encode())
    assert message in refused(seal(contents))


# -- memory ---------------------------------------------------------------------------


def with_pickle(old: bytes, new: bytes) -> dict[str, bytes]:
    contents = victim()
    assert old in contents["data.pkl"]
    return contents | {"data.pkl": contents["data.pkl"].replace(old, new, 1)}


def number(value: int) -> bytes:
    return b"J" + value.to_bytes(4, "little")


BEYOND = {
    "more elements than the entry": (b"K\x04tQ", number(4000) + b"tQ"),
    "far more": (b"K\x04tQ", number(400_000_000) + b"tQ"),
    "a larger size": (b"K\x02K\x02\x86", number(1000) + b"K\x02\x86"),
    "a negative size": (b"K\x02K\x02\x86", number(0xFFFFFFFF) + b"K\x02\x86"),
    "larger strides": (b"K\x02K\x01\x86", number(1000) + b"K\x01\x86"),
    "an offset beyond": (b"tQK\x00", b"tQK\x63"),
    "another type": (b"FloatStorage", b"DoubleStorage"),
    "an unknown type": (b"FloatStorage", b"OtherStorage"),
    "another entry": (b"X\x01\x00\x00\x000", b"X\x01\x00\x00\x007"),
}


@pytest.mark.parametrize("what", BEYOND)
@pytest.mark.parametrize("trust", [False, True])
def test_a_tensor_that_reaches_beyond_its_entry_is_refused_even_if_trusted(what: str, trust: bool) -> None:
    message = refused(seal(with_pickle(*BEYOND[what])), trust=trust)
    assert "`data" in message
    assert "torch cannot load" not in message


def test_it_is_refused_without_a_manifest_too() -> None:
    contents = {name: data for name, data in with_pickle(*BEYOND["far more"]).items() if name != MANIFEST_ENTRY}
    assert "claims 400000000 elements" in refused(container_bytes(contents), strict=False)


MEMORY = {
    "ops.inductor._reinterpret_tensor(x, [4000], [1], 0)": "calls `ops.inductor._reinterpret_tensor`",
    "ops.inductor._alloc_from_pool(x, 100000, 6, [1000], [1])": "calls `ops.inductor._alloc_from_pool`",
    "ops.prims.as_strided(x, [4000], [1], 0)": "calls `ops.prims.as_strided`",
    "torch.as_strided_(x, [4000], [1], 0)": "calls `torch.as_strided_`",
    "torch.set_(x, x)": "calls `torch.set_`",
    "torch.resize_(x, [10000])": "calls `torch.resize_`",
    "torch._sparse_coo_tensor_unsafe(x, x, [10])": "calls `torch._sparse_coo_tensor_unsafe`",
    "ops.c10d.check_for_nan(x)": "calls `ops.c10d.check_for_nan`",
    "ops.prim.PythonOp(x)": "calls `ops.prim.PythonOp`",
}


@pytest.mark.parametrize("call", MEMORY)
def test_an_operator_that_models_have_no_need_of_is_refused(call: str) -> None:
    contents = victim()
    contents[CODE] = contents[CODE].replace(
        b"    layer = self.layer\n", f"    _0 = {call}\n    layer = self.layer\n".encode()
    )
    assert MEMORY[call] in refused(seal(contents))


def test_an_object_taken_for_one_of_another_class_is_refused() -> None:
    contents = victim()
    cast = b"    other = unchecked_cast(__torch__.torch.nn.modules.linear.Linear, self)\n    layer = self.layer\n"
    contents[CODE] = contents[CODE].replace(b"    layer = self.layer\n", cast)
    contents[CODE] = contents[CODE].replace(b"(layer).forward(x, )", b"(layer).forward(torch.add(x, other.weight), )")
    assert "takes an object for one of another class" in refused(seal(contents))


CONFUSED = {
    "a flag that is a number": (b"\x89", b"K\x01"),
    "an attribute that is not declared": (b"bias", b"biaz"),
    "a class the code does not have": (b"linear\nLinear\n", b"linear\nLinea2\n"),
}


@pytest.mark.parametrize("what", CONFUSED)
def test_an_object_that_is_not_what_its_class_declares_is_refused(what: str) -> None:
    message = refused(seal(with_pickle(*CONFUSED[what])))
    assert (
        "not of the type" in message or "other attributes" in message or "asks for" in message or "described" in message
    )


# -- floods -----------------------------------------------------------------------------

PICKLES = {
    "nested": b"\x80\x02)" + b"\x85" * 200_000 + b".",
    "marks": b"\x80\x02" + b"(" * 200_000 + b".",
    "itself": b"\x80\x02]q\x00(h\x00e.",
    "doubled": b"\x80\x02)" + b"".join(b"q" + bytes([n]) + b"h" + bytes([n]) + b"\x86" for n in range(200)) + b".",
    "a memo of four billion": b"\x80\x02)r\xff\xff\xff\xff.",
    "a text of two billion": b"\x80\x02X\xff\xff\xff\x7fa.",
    "a number of many digits": b"\x80\x02\x8a\xff" + b"\1" * 255 + b".",
    "Python": b"\x80\x02cposix\nsystem\nX\x02\x00\x00\x00ls\x85R.",
    "nothing": b"",
    "two objects": b"\x80\x02NN.",
    "bytes after the end": b"\x80\x02).x",
}


@pytest.mark.parametrize("what", PICKLES)
@pytest.mark.parametrize("name", ["data.pkl", "constants.pkl", LINEAR + ".debug_pkl"])
def test_a_hostile_pickle_is_refused(what: str, name: str) -> None:
    refused(seal(victim() | {name: PICKLES[what]}))


def test_debug_records_whose_texts_are_numbers_are_refused() -> None:
    """Each text of the table is put together from pieces, before torch sees it."""
    contents = victim()
    name = LINEAR + ".debug_pkl"
    records = read_pickle(name, contents[name])
    records.items[1].items[2] = 7
    assert "are damaged" in refused(seal(contents | {name: written(records)}))


DOUBLING = "".join(f"    s{n + 1} = torch.add(s{n}, s{n})\n" for n in range(40))
GROWING = {
    "doubled": "    s0 = 'abcdefgh'\n" + DOUBLING,
    "padded": "    s = torch.zfill('a', 3000000000)\n",
    "replaced": "    s0 = '"
    + "a" * 5000
    + "'\n    s1 = torch.replace(s0, 'a', s0)\n    s2 = torch.replace(s1, 'a', s1)\n",
    "by a method": "    s0 = 'abcdefgh'\n" + DOUBLING.replace("torch", "ops.aten"),
}


@pytest.mark.parametrize("what", GROWING)
def test_a_text_that_folding_would_make_endless_is_refused(what: str) -> None:
    """Torch computes constant texts while it loads the code."""
    contents = victim()
    contents[CODE] = contents[CODE].replace(
        b"    layer = self.layer\n", GROWING[what].encode() + b"    layer = self.layer\n"
    )
    assert "makes a text of unknown length while the file is loaded" in refused(seal(contents))


@pytest.mark.parametrize(
    "value", ["[0] * 400000000", 'len("a")', "torch.zeros([2])", "2 + 2", "[1][0]", "f(1)", "(1)(2)"]
)
def test_a_constant_that_is_computed_is_refused(value: str) -> None:
    contents = victim()
    contents[LINEAR] = contents[LINEAR].replace(
        b"in_features : Final[int] = 2", f"in_features : Final[int] = {value}".encode()
    )
    assert "`Linear` computes a value while the file is loaded" in refused(seal(contents))
    contents = victim()
    contents[CODE] = contents[CODE].replace(b"scale: float=2.", f"scale: float={value}".encode())
    message = refused(seal(contents))
    assert "a default value of `forward` is computed" in message or "no use of `f` like this" in message


def test_a_long_chain_of_classes_is_refused() -> None:
    """Torch follows it by recursion."""
    chain = (
        "".join(f"class C{n}(Module):\n  x : __torch__.C{n + 1}\n" for n in range(5000))
        + "class C5000(Module):\n  pass\n"
    )
    contents = victim()
    data = dict(sorted({**contents, "code/__torch__.py": chain.encode()}.items()))
    assert "a chain of more than 300 classes" in refused(seal(data))


def test_many_entries_that_expand_together_are_refused() -> None:
    import zipfile

    stream = io.BytesIO()
    torch.jit.save(torch.jit.script(Victim()), stream)
    with zipfile.ZipFile(stream, "a", zipfile.ZIP_DEFLATED) as archive:
        for place in range(30):
            archive.writestr(f"archive/code/__torch__/x{place}.py", b"\n" * (15 << 20))
    assert "would expand from" in refused(stream.getvalue(), strict=False)


# -- false manifests -----------------------------------------------------------------------


def edited(edit: Callable[[dict[str, Any]], object]) -> bytes:
    return seal(victim(), edit)


FALSE: dict[str, Callable[[dict[str, Any]], object]] = {
    "the class": lambda m: m.update(class_name="Other"),
    "the training flag": lambda m: m.update(training=True),
    "the operators": lambda m: m["operators"].pop(),
    "the format": lambda m: m["written_by"].update(file_format=4),
    "the tensors": lambda m: m["tensors"]["layer.weight"].update(shape=[1, 4]),
    "the constants": lambda m: m["constants"]["layer"].update(in_features="3"),
    "the methods": lambda m: m["methods"][0].update(name="other"),
    "the signature of `forward`": lambda m: m["methods"][0].update(signature="forward()"),
}


@pytest.mark.parametrize("what", FALSE)
def test_a_manifest_that_is_not_true_is_refused(what: str) -> None:
    assert f"\n  {what}: " in refused(edited(FALSE[what]))


PARAMETERS: dict[str, Callable[[dict[str, Any]], object]] = {
    "a name": lambda m: m["methods"][0]["parameters"][0].update(name="z"),
    "a type": lambda m: m["methods"][0]["parameters"][0].update(type="int"),
    "a default": lambda m: m["methods"][0]["parameters"][1].update(default="3.0"),
    "the result": lambda m: m["methods"][0].update(returns="int"),
    "one less": lambda m: m["methods"][0]["parameters"].pop(),
    "a method twice": lambda m: m["methods"].append(m["methods"][0]),
}


@pytest.mark.parametrize("what", PARAMETERS)
def test_a_signature_that_is_not_true_is_refused(what: str) -> None:
    assert "the file is not what its manifest says" in refused(edited(PARAMETERS[what]))


ODD: dict[str, Callable[[dict[str, Any]], object]] = {
    "an operator without a namespace": lambda m: m["operators"].append("nothing"),
    "an operator with a zero character": lambda m: m["operators"].append("aten::a\0b"),
    "a version of many digits": lambda m: m.update(manifest_version="1." + "9" * 5000),
    "a torch of many digits": lambda m: m["written_by"].update(torch="9" * 5000),
    "a checksum that is none": lambda m: m["checksums"].update({"version": "x"}),
    "a literal of many digits": lambda m: m["methods"][0]["parameters"][1].update(default="9" * 5000),
    "a deep example": lambda m: m["methods"][0].update(result=deep(300)),
}


def deep(levels: int) -> dict[str, Any]:
    found: dict[str, Any] = {"kind": "value", "literal": "1"}
    for _ in range(levels):
        found = {"kind": "list", "items": [found]}
    return found


@pytest.mark.parametrize("what", ODD)
@pytest.mark.filterwarnings("ignore:the file was written by torch 9:scriptkit.errors.ScriptkitWarning")
def test_an_odd_value_in_a_manifest_ends_well(what: str) -> None:
    with contextlib.suppress(ArtifactError):
        load(io.BytesIO(edited(ODD[what])))


@pytest.mark.parametrize("version", [b"9" * 5000, b"", b"3\0", b"-1", b"3.0", b"\xff"])
def test_a_format_that_is_no_number_is_refused(version: bytes) -> None:
    assert "which format" in refused(seal(victim() | {"version": version}))


def test_another_byte_order_is_refused() -> None:
    assert "byte order" in refused(seal(victim() | {"byteorder": b"big"}))


# -- where files come from ---------------------------------------------------------------


def sources(folder: Path) -> dict[str, Any]:
    (folder / "empty").touch()
    os.mkfifo(folder / "pipe")
    closed = io.BytesIO(b"x")
    closed.close()
    return {
        "a folder": folder,
        "an empty file": folder / "empty",
        "nothing": folder / "nothing",
        "a pipe": folder / "pipe",
        "a device": "/dev/null",
        "a zero character": "a\0b",
        "an empty path": "",
        "a path of bytes": os.fsencode(folder / "empty"),
        "a number": 3,
        "None": None,
        "text": io.StringIO("x"),
        "a closed file": closed,
        "bytes": b"PK",
        "a long name": "x" * 300,
    }


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_what_is_no_file_is_refused_in_words(tmp_path: Path) -> None:
    for what, source in sources(tmp_path).items():
        with pytest.raises(ArtifactError) as caught:
            load(source)
        assert len(str(caught.value)) > 15, what


def test_a_device_that_is_none_is_refused() -> None:
    assert "names no device" in refused(seal(victim()), map_location="nowhere")


# -- what is still loaded -----------------------------------------------------------------


def test_what_was_not_changed_loads() -> None:
    assert load(io.BytesIO(seal(victim()))).manifest.class_name == "Victim"


class Holding(nn.Module):
    """Attributes of every kind that torch pickles."""

    table: dict[str, list[int]]
    nothing: int | None

    def __init__(self) -> None:
        super().__init__()
        self.table = {"a": [1, -1, 1 << 40]}
        self.nothing = None
        self.parts = (1, ("x", 2.5), [True, False])
        self.number = 1 + 2j
        self.device = torch.device("cpu")
        self.words = ["a", "ünï"]
        self.tensors = [torch.ones(2), torch.zeros(1, dtype=torch.bfloat16).expand(3)]

    def forward(self, x: Tensor) -> Tensor:
        return x + self.table["a"][0] + self.tensors[0].sum() + self.tensors[1].sum()


def test_attributes_of_every_kind_load() -> None:
    from scriptkit import to_torchscript

    contents = contents_of(to_torchscript(Holding()))
    assert load(io.BytesIO(container_bytes(contents)))(torch.zeros(1)).tolist() == [3.0]


MEASURE = """
import sys, torch
from scriptkit.artifact.pickle_writing import written
from scriptkit.artifact.pickles import read_pickle
from scriptkit.artifact.reading import load
def peak():
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))
load(sys.argv[1])
before = peak()
loaded = load(sys.argv[2])
print(peak() - before)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs the memory figures of Linux")
def test_a_file_is_loaded_without_a_second_copy_in_memory(tmp_path: Path, root: Path) -> None:
    from scriptkit.artifact.saving import save

    save(torch.jit.script(nn.Linear(2, 2)), tmp_path / "small.pt")
    save(torch.jit.script(nn.Linear(4096, 4096)), tmp_path / "large.pt")
    command = [sys.executable, "-c", MEASURE, str(tmp_path / "small.pt"), str(tmp_path / "large.pt")]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=root)
    assert int(done.stdout) * 1024 < 1.3 * (tmp_path / "large.pt").stat().st_size


def test_what_is_loaded_is_what_torch_sees() -> None:
    """The archive that torch reads is made of what was checked; an entry nobody looked at is not in it."""
    seen: list[bytes] = []
    loading = files.load_archive

    def watching(archive: Any, device: torch.device | None) -> files.Loaded:
        archive.seek(0)
        seen.append(archive.read(-1))
        archive.seek(0)
        return loading(archive, device)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "load_archive", watching)
        load(io.BytesIO(seal(victim())))
    names = set(Container(io.BytesIO(seen[0])).entries)
    assert not [name for name in names if "extra" in name]
    assert {name for name in names if name.endswith(".py")} == {f".data/ts_code/{CODE}", f".data/ts_code/{LINEAR}"}
