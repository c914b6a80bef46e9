"""Loading: what was saved comes back, and calls that do not fit say so."""

from __future__ import annotations

import inspect
import io
import json
import math
import pickle
import subprocess
import sys
import warnings
from collections.abc import Mapping
from pathlib import Path

import pytest
import torch
from torch import nn

from scriptkit.artifact.container import Container, container_bytes
from scriptkit.artifact.inputs import InputError
from scriptkit.artifact.manifest import MANIFEST_ENTRY, TensorExample
from scriptkit.artifact.reading import load
from scriptkit.artifact.saving import save
from scriptkit.errors import ArtifactError, ScriptkitWarning
from tests.artifact import models
from tests.artifact.conftest import Saved

ELSEWHERE = """
import pickle, sys
sys.path.insert(0, {root!r})
from scriptkit.artifact.reading import load
results = {{}}
for name, path, examples in pickle.load(sys.stdin.buffer):
    loaded = load(path)
    assert loaded.manifest.metadata == {{"labels": ["cat", "dog"]}}
    results[name] = [getattr(loaded, method)(*arguments, **keywords) for method, arguments, keywords in examples]
assert not [name for name in sys.modules if name.startswith("tests")]
import torch
torch.save([[name, [[*r] if isinstance(r, tuple) else r for r in found]] for name, found in results.items()], {out!r})
"""


def test_a_process_without_the_source_gets_equal_outputs(
    saved: Mapping[str, Saved], root: Path, tmp_path: Path
) -> None:
    cases = [
        (name, str(path), [(method, call.arguments, dict(call.keywords)) for method, call in examples.items()])
        for name, (_, examples, path) in saved.items()
    ]
    program = ELSEWHERE.format(root=str(root), out=str(tmp_path / "out"))
    done = subprocess.run([sys.executable, "-c", program], input=pickle.dumps(cases), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    found = dict(torch.load(tmp_path / "out"))
    assert found.keys() == saved.keys()
    for name, (_, examples, path) in saved.items():
        loaded = load(path)
        expected = [getattr(loaded, method)(*call.arguments, **call.keywords) for method, call in examples.items()]
        assert models.equal(found[name], expected), name


def test_every_method_gives_the_result_of_the_compiled_module(saved: Mapping[str, Saved]) -> None:
    for name in saved.keys() - {"nothing"}:
        module, examples, path = saved[name]
        loaded = load(path)
        for method, call in examples.items():
            expected = getattr(module, method)(*call.arguments, **call.keywords)
            assert models.equal(getattr(loaded, method)(*call.arguments, **call.keywords), expected), (name, method)


def test_state_travels(saved: Mapping[str, Saved]) -> None:
    loaded = load(saved["nothing"].path)
    start = float(loaded.count())
    loaded()
    assert float(loaded.count()) == start + 1


def test_methods_have_the_users_parameters_and_defaults(saved: Mapping[str, Saved]) -> None:
    loaded = load(saved["scripted"].path)
    assert (
        str(inspect.signature(loaded))
        == "(x: 'Tensor', scale: 'float' = 2.0, shift: 'Optional[Tensor]' = None) -> 'Tensor'"
    )
    assert list(inspect.signature(loaded.embed).parameters) == ["parts", "weights", "how"]
    x = torch.randn(2, 4)
    assert torch.equal(loaded(x, scale=3.0), loaded(x=x, scale=3.0))
    assert repr(loaded) == "LoadedModule(Scripted: forward, classify, embed, size_of)"


def test_it_serves_as_the_module_it_holds(saved: Mapping[str, Saved]) -> None:
    loaded = load(saved["sequential"].path)
    assert loaded.train() is loaded
    assert loaded.training
    assert not loaded.eval().training
    assert loaded.to(torch.float64) is loaded
    assert {parameter.dtype for parameter in loaded.parameters()} == {torch.float64}
    assert loaded(torch.zeros(2, 4, dtype=torch.float64)).dtype == torch.float64
    with pytest.raises(AttributeError):
        loaded.no_such_thing


def test_a_path_a_string_and_a_file_are_the_same(saved: Mapping[str, Saved]) -> None:
    path = saved["listed"].path
    with path.open("rb") as stream:
        manifests = [load(source).manifest for source in (path, str(path), stream)]
    assert manifests[0] == manifests[1] == manifests[2]


def test_map_location_moves_the_tensors(saved: Mapping[str, Saved]) -> None:
    loaded = load(saved["sequential"].path, map_location="meta")
    assert {parameter.device.type for parameter in loaded.parameters()} == {"meta"}


WRONG = [
    (
        (torch.zeros(2, 4, dtype=torch.float64),),
        {},
        "`x`: expected Tensor float32[?, ?] on cpu (for example [3, 4]), got Tensor float64[2, 4]",
    ),
    (
        (torch.zeros(4),),
        {"shift": torch.zeros(3, 3)},
        "`x`: expected Tensor float32[?, ?] on cpu (for example [3, 4]), got Tensor float32[4]",
    ),
    ((torch.zeros(2, 4), "two"), {}, "`scale`: expected float, got str 'two'"),
    ((), {}, "`x`: expected Tensor float32[?, ?] on cpu (for example [3, 4]), got nothing"),
    ((1, 2, 3, 4), {}, "expected at most 3 arguments (x, scale, shift), got 4"),
    ((torch.zeros(2, 4),), {"scaling": 1.0}, "`scaling`: no such parameter, expected x, scale, shift"),
    ((torch.zeros(2, 4),), {"x": torch.zeros(2, 4)}, "`x`: given twice"),
]


@pytest.mark.parametrize(("arguments", "keywords", "message"), WRONG)
def test_a_wrong_argument_is_named_with_expected_and_got(
    saved: Mapping[str, Saved], arguments: tuple[object, ...], keywords: dict[str, object], message: str
) -> None:
    with pytest.raises(InputError) as caught:
        load(saved["scripted"].path)(*arguments, **keywords)
    assert message in str(caught.value)
    assert caught.value.__cause__ is not None


def test_containers_are_looked_into(saved: Mapping[str, Saved]) -> None:
    loaded = load(saved["scripted"].path)
    with pytest.raises(InputError, match=r"`parts`: expected List\[Tensor\], got list"):
        loaded.embed([1], {"a": 1.0})
    with pytest.raises(InputError, match=r"`weights`: expected Dict\[str, float\], got dict"):
        loaded.embed([torch.zeros(4)], {"a": "b"})
    with pytest.raises(InputError, match=r"`pair`: expected Tuple\[Tensor, Optional\[int\]\], got tuple"):
        load(saved["named"].path)((torch.zeros(4), "b"))


def test_an_error_of_the_model_itself_stays_what_it_is(saved: Mapping[str, Saved]) -> None:
    with pytest.raises(torch.jit.Error, match="a batch of more than 100"):
        load(saved["scripted"].path)(torch.zeros(101, 4))


def test_fixed_dimensions_are_named() -> None:
    from scriptkit.artifact.description import Description, ExampleCall
    from scriptkit.artifact.writing import write_artifact

    stream = io.BytesIO()
    examples = {"forward": ExampleCall((torch.zeros(3, 4),))}
    description = Description("Linear", examples=examples, fixed_dimensions={"forward": {"input": [1]}})
    write_artifact(torch.jit.script(nn.Linear(4, 2)), stream, description=description)
    with pytest.raises(InputError, match=r"expected Tensor float32\[\?, 4\] on cpu .* got Tensor float32\[3, 5\]"):
        load(io.BytesIO(stream.getvalue()))(torch.zeros(3, 5))


def plain_file(module: torch.jit.ScriptModule) -> io.BytesIO:
    stream = io.BytesIO()
    torch.jit.save(module, stream)
    stream.seek(0)
    return stream


def test_a_file_of_torch_needs_strict_false() -> None:
    with pytest.raises(ArtifactError, match=r"no scriptkit manifest.*`strict=False`"):
        load(plain_file(torch.jit.script(nn.Linear(2, 2))))


def test_a_file_of_torch_loads_saying_what_is_unknown() -> None:
    module = torch.jit.script(models.Scripted().eval())
    file = plain_file(module)
    with pytest.warns(
        ScriptkitWarning, match="its class, example inputs, .* are unknown, and its contents cannot be checked"
    ) as caught:
        loaded = load(file, strict=False)
    assert caught[0].filename == __file__
    assert [method.name for method in loaded.manifest.methods] == ["forward", "classify", "embed", "size_of"]
    assert loaded.manifest.checksums == {}
    x = torch.randn(2, 4)
    assert torch.equal(loaded(x), module(x))


def test_strict_makes_no_difference_to_a_file_with_a_manifest(saved: Mapping[str, Saved]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert load(saved["listed"].path, strict=False).manifest == load(saved["listed"].path).manifest


def changed(path: Path, **fields: object) -> io.BytesIO:
    """The file with other fields in its manifest."""
    container = Container(io.BytesIO(path.read_bytes()))
    contents = {name: container.read(name) for name in container.entries}
    contents[MANIFEST_ENTRY] = json.dumps(json.loads(contents[MANIFEST_ENTRY]) | fields).encode()
    return io.BytesIO(container_bytes(contents))


def test_a_newer_major_version_is_refused_with_what_to_do(saved: Mapping[str, Saved]) -> None:
    with pytest.raises(
        ArtifactError, match=r"manifest version 2\.0, this scriptkit reads up to 1\.\d+: upgrade scriptkit, or save"
    ):
        load(changed(saved["listed"].path, manifest_version="2.0", methods="in another form"))


def test_a_newer_minor_version_loads_and_its_new_fields_are_left_alone(saved: Mapping[str, Saved]) -> None:
    loaded = load(changed(saved["listed"].path, manifest_version="1.99", colour="blue"))
    assert loaded.manifest.manifest_version == "1.99"


@pytest.mark.parametrize("version", [None, "x", "1", "-1.0", 7, ["1.0"]])
def test_a_manifest_without_a_version_is_refused(saved: Mapping[str, Saved], version: object) -> None:
    with pytest.raises(ArtifactError, match="the manifest has no version but"):
        load(changed(saved["listed"].path, manifest_version=version))


def test_a_manifest_with_fields_of_the_wrong_kind_is_refused(saved: Mapping[str, Saved]) -> None:
    with pytest.raises(ArtifactError, match="the manifest cannot be read"):
        load(changed(saved["listed"].path, training="perhaps"))


def test_a_file_of_a_newer_torch_warns(saved: Mapping[str, Saved]) -> None:
    written = {"scriptkit": "0.1.0", "torch": "99.1.0", "python": "3.13.0", "file_format": 3}
    with pytest.warns(ScriptkitWarning, match="written by torch 99.1.0, newer than the installed"):
        load(changed(saved["listed"].path, written_by=written))


def test_enumerations_and_newer_operators_are_saved() -> None:
    """Both are written in another way than everything else: the format number stands in another entry."""
    stream, module = io.BytesIO(), torch.jit.script(models.Newer())
    save(module, stream)
    loaded = load(io.BytesIO(stream.getvalue()))
    assert loaded.manifest.written_by.file_format == 10
    assert ".data/version" in loaded.manifest.checksums
    assert loaded.manifest.tensors.keys() == {"layer.weight", "layer.bias"}
    assert torch.equal(loaded(torch.ones(2)), module(torch.ones(2)))


def test_a_file_without_a_format_is_refused(saved: Mapping[str, Saved]) -> None:
    container = Container(io.BytesIO(saved["listed"].path.read_bytes()))
    contents = {name: container.read(name) for name in container.entries if name != "version"}
    manifest = json.loads(contents[MANIFEST_ENTRY])
    del manifest["checksums"]["version"]
    contents[MANIFEST_ENTRY] = json.dumps(manifest).encode()
    with pytest.raises(ArtifactError, match="does not say which format"):
        load(io.BytesIO(container_bytes(contents)))


def test_a_newer_file_format_is_refused_before_torch_sees_it(saved: Mapping[str, Saved]) -> None:
    container = Container(io.BytesIO(saved["listed"].path.read_bytes()))
    contents = {name: container.read(name) for name in container.entries}
    manifest = json.loads(contents[MANIFEST_ENTRY])
    contents["version"] = b"11\n"
    manifest["checksums"]["version"] = __import__("hashlib").sha256(b"11\n").hexdigest()
    contents[MANIFEST_ENTRY] = json.dumps(manifest).encode()
    with pytest.raises(ArtifactError, match=r"format 11 .* reads up to 10: upgrade torch"):
        load(io.BytesIO(container_bytes(contents)))


def test_a_missing_operator_is_named_with_what_to_do(saved: Mapping[str, Saved]) -> None:
    with pytest.raises(ArtifactError, match="lacks operators the model needs: torchvision::nms; import the package"):
        load(changed(saved["listed"].path, operators=["aten::add.Tensor", "torchvision::nms"]))


def test_example_inputs_are_described() -> None:
    stream = io.BytesIO()
    inputs = (torch.tensor([[1, 5], [-2, 3]]), [0.5, math.inf], {"a": (True, None)}, torch.device("cpu"))

    class Taking(nn.Module):
        def forward(
            self, ids: torch.Tensor, xs: list[float], table: dict[str, tuple[bool, int | None]], device: torch.device
        ) -> int:
            return ids.size(0)

    save(torch.jit.script(Taking()), stream, example_inputs=inputs)
    method = load(io.BytesIO(stream.getvalue())).manifest.method("forward")
    tensor, sequence, mapping, device = (parameter.model_dump()["example"] for parameter in method.parameters)
    assert tensor == TensorExample(shape=[2, 2], dtype="int64", device="cpu", minimum=-2.0, maximum=5.0).model_dump()
    assert [item["literal"] for item in sequence["items"]] == ["0.5", "inf"]
    assert mapping["keys"] == ["'a'"]
    assert [item["literal"] for item in mapping["items"][0]["items"]] == ["True", "None"]
    assert device["literal"] == "device('cpu')"
