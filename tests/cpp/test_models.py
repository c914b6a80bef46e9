"""A model in C++: trained, called from many threads, converted; and files that are refused, in words."""

from __future__ import annotations

import copy
import json
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn

from tests.cpp.models import Case, cases
from tests.cpp.running import exported, needs_compiler, recorded, run, saved

pytestmark = [pytest.mark.slow, needs_compiler]
STEPS = 5


def losses_in_python(case: Case) -> list[float]:
    module = exported(case).module()
    optimizer = torch.optim.SGD(module.parameters(), 0.1)
    losses = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss = module(*case.example).pow(2).mean()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


@pytest.mark.parametrize("name", ["tied", "convolutions", "attention"])
def test_five_steps_of_training_are_those_of_python(name: str, driver: Path, tmp_path: Path) -> None:
    case = cases()[name]
    program = exported(case)
    recording = recorded(program, [(case.example, {})], tmp_path / "calls")
    done = run(driver, "train", saved(program, tmp_path / "model.pt2"), recording, STEPS)
    assert [float(line) for line in done.stdout.split()] == pytest.approx(losses_in_python(case), abs=1e-6)


@pytest.mark.parametrize("name", ["attention", "scan", "branch"])
def test_sixteen_threads_get_the_same_bits(name: str, driver: Path, tmp_path: Path) -> None:
    case = cases()[name]
    program = exported(case)
    calls = [(inputs, case.named) for inputs in (case.example, *case.others)]
    recording = recorded(program, calls, tmp_path / "calls")
    done = run(
        driver, "threads", saved(program, tmp_path / "model.pt2"), recording, 16, 2000 if name == "branch" else 100
    )
    assert done.stdout == "0 different\n", done.stdout + done.stderr


@pytest.mark.parametrize(("dtype", "said"), [("float64", "Double"), ("bfloat16", "BFloat16")])
def test_a_model_is_converted(dtype: str, said: str, driver: Path, tmp_path: Path) -> None:
    case = cases()["convolutions"]
    program = exported(case)
    recording = recorded(program, [(case.example, {})], tmp_path / "calls")
    assert run(driver, "to", saved(program, tmp_path / "model.pt2"), recording, dtype).stdout.strip() == said


def test_an_operator_that_fails_names_the_line_of_the_model(driver: Path, tmp_path: Path) -> None:
    program = exported(cases()["convolutions"])
    recording = recorded(program, [((torch.ones(2, 3, 8, 8, dtype=torch.int64),), {})], tmp_path / "calls")
    said = run(driver, "replay", saved(program, tmp_path / "model.pt2"), recording).stdout
    assert said.startswith("failed ")
    assert "in torch.ops.aten.conv2d.default" in said
    assert "models.py" in said


class WrittenApart(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("weight", torch.ones(2, 4))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.mm(x, self.weight, out=x.new_empty(3, 4))


Change = Callable[[dict[str, bytes]], None]


def rewritten(path: Path, target: Path, change: Change) -> Path:
    """The file with entries changed, its checksums right again: what a malicious writer would do."""
    with zipfile.ZipFile(path) as archive:
        folder = archive.namelist()[0].split("/")[0]
        entries = {name.removeprefix(f"{folder}/"): archive.read(name) for name in archive.namelist()}
    change(entries)
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in entries.items():
            archive.writestr(f"{folder}/{name}", content)
    return target


def replaced(old: str, new: str, entry: str = "models/model.json") -> Change:
    def change(entries: dict[str, bytes]) -> None:
        text = entries[entry].decode()
        assert old in text
        entries[entry] = text.replace(old, new).encode()

    return change


def deep(entries: dict[str, bytes]) -> None:
    entries["models/model.json"] = b"[" * 100_000


WEIGHTS = "data/weights/model_weights_config.json"
HOSTILE: dict[str, tuple[Change, str]] = {
    "another schema": (replaced('"major": 8', '"major": 9'), "version 9 of the schema"),
    "a missing operator": (replaced("aten.linear.default", "aten.linear.no"), "which this LibTorch does not have"),
    "a file is read": (replaced("aten.linear.default", "aten.from_file.default"), "reaches beyond the tensors"),
    "storage is exchanged": (replaced("aten.linear.default", "aten.set_.source_Tensor"), "reaches beyond the tensors"),
    "an inner working": (replaced("aten.linear.default", "aten._coalesced.default"), "an inner working of torch"),
    "a result in an argument": (replaced("aten.linear.default", "aten.randn.out"), "writes into an argument what no"),
    "a foreign namespace": (replaced("aten.linear.default", "mine.linear.default"), "namespaces"),
    "python": (replaced("torch.ops.aten.linear.default", "os.system"), "`os.system`, which"),
    "deep": (deep, "nested too deeply"),
    "no name": (replaced('{"name": "x"}}, "kind"', '{"name": "nothing"}}, "kind"'), "is used and never made"),
    "a pickle": (replaced('"use_pickle": false', '"use_pickle": true', WEIGHTS), "stored as a pickle, which is code"),
    "out of bounds": (replaced('"as_int": 4', '"as_int": 4000000000', WEIGHTS), "reaches beyond what is stored"),
    "another folder": (replaced('"weight_0"', '"../../etc/passwd"', WEIGHTS), "names no stored tensor"),
    "a negative size": (replaced('"as_int": 4', '"as_int": -4', WEIGHTS), "negative size"),
    "an unknown guard": (replaced('"guards_code": []', '"guards_code": ["f(1) == 1"]'), "a guard this program"),
    "arguments without a tuple": (
        replaced(
            r'{\"type\": \"builtins.tuple\", \"context\": \"null\", \"children_spec\": [{\"type\": null',
            r'{\"typo\": \"builtins.tuple\", \"context\": \"null\", \"children_spec\": [{\"type\": null',
        ),
        "no tuple and dictionary",
    ),
    "an unknown dtype": (replaced('"dtype": 7', '"dtype": 99', WEIGHTS), "a dtype this program does not know"),
}  # fmt: skip


@pytest.fixture(scope="module")
def linear(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small plain file."""
    from tests.cpp.test_guards import CASES

    return saved(exported(copy.deepcopy(CASES["linear"])), tmp_path_factory.mktemp("linear") / "model.pt2")


@pytest.mark.parametrize("name", list(HOSTILE))
def test_a_hostile_file_is_refused_in_words(name: str, linear: Path, driver: Path, tmp_path: Path) -> None:
    change, said = HOSTILE[name]
    done = run(driver, "methods", rewritten(linear, tmp_path / "model.pt2", change))
    assert done.returncode == 2, done.stdout + done.stderr
    assert said in done.stdout


def test_a_result_is_not_written_over_what_is_read(driver: Path, tmp_path: Path) -> None:
    """`mm` gives its `out` the size of the result, and would then read a matrix that has grown."""
    given = torch.ones(3, 2)
    program = exported(Case(WrittenApart(), (given,), None, ()))
    plain = saved(program, tmp_path / "plain.pt2")
    recording = recorded(program, [((given,), {})], tmp_path / "calls")
    assert run(driver, "replay", plain, recording).stdout == "equal\n"
    over = replaced('"arg": {"as_tensor": {"name": "new_empty"}}', '"arg": {"as_tensor": {"name": "x"}}')
    said = run(driver, "replay", rewritten(plain, tmp_path / "over.pt2", over), recording).stdout
    assert said.startswith("failed the result has another size than the tensor it is written into"), said


def test_a_changed_byte_is_found(linear: Path, driver: Path, tmp_path: Path) -> None:
    content = bytearray(linear.read_bytes())
    with zipfile.ZipFile(linear) as archive:
        entry = next(info for info in archive.infolist() if info.filename.endswith("weight_0"))
    name_size, extra_size = struct.unpack_from("<HH", content, entry.header_offset + 26)
    content[entry.header_offset + 30 + name_size + extra_size] ^= 1
    (tmp_path / "model.pt2").write_bytes(content)
    done = run(driver, "methods", tmp_path / "model.pt2")
    assert done.returncode == 2
    assert "`data/weights/weight_0` is not what was saved: its checksum is another" in done.stdout


@pytest.mark.parametrize("part", [0.2, 0.5, 0.9, 0.999])
def test_a_file_that_is_cut_off_is_refused(part: float, linear: Path, driver: Path, tmp_path: Path) -> None:
    content = linear.read_bytes()
    (tmp_path / "model.pt2").write_bytes(content[: int(len(content) * part)])
    done = run(driver, "methods", tmp_path / "model.pt2")
    assert done.returncode == 2
    assert "cut off" in done.stdout or "damaged" in done.stdout


def test_other_files_are_told_apart(driver: Path, tmp_path: Path) -> None:
    torch.save({"a": torch.ones(2)}, tmp_path / "pickle.pt")
    assert "not a .pt2: export the model" in run(driver, "methods", tmp_path / "pickle.pt").stdout
    assert "cannot open" in run(driver, "methods", tmp_path / "none.pt2").stdout
    (tmp_path / "text.pt2").write_text(json.dumps({}))
    assert "it is no zip file" in run(driver, "methods", tmp_path / "text.pt2").stdout
