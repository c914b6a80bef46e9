"""A CMake project round a `.pt2` file."""

from __future__ import annotations

import re
import shutil
import zipfile
from importlib import resources
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any

import torch

from scriptkit.artifact.reading import load
from scriptkit.cpp.exported.functions import example_call, functions_of, rendered, structs
from scriptkit.cpp.exported.types import Records
from scriptkit.cpp.recording import Call, write_recording
from scriptkit.errors import ArtifactError

if TYPE_CHECKING:
    import os

    from scriptkit.cpp.exported.functions import Function

TEMPLATES = ("main.cpp.in", "model.hpp.in", "replay_test.cpp.in", "c_example.c.in", "CMakeLists.txt.in", "README.md.in")
MANIFEST = "extra/scriptkit.json"
_SEED = 0


def is_exported(file: str | os.PathLike[str]) -> bool:
    """Whether the file is a `.pt2`, by what it holds."""
    try:
        with zipfile.ZipFile(file) as archive:
            return any(name.endswith("/archive_format") for name in archive.namelist())
    except (OSError, zipfile.BadZipFile):
        return Path(file).suffix == ".pt2"


def new_exported_project(file: str | os.PathLike[str], directory: str | os.PathLike[str]) -> list[Path]:
    """Write a CMake project that loads, calls and tests the model in `file`, and return the files written.

    The file must have a manifest. Raises ArtifactError when it is refused, or when `directory` exists and is not empty.
    """
    folder = Path(directory)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ArtifactError(f"`{folder}` exists and is not an empty folder")
    model = load(file, map_location="cpu")
    manifest = model.manifest.model_dump(mode="json")
    records = Records()
    functions = functions_of(manifest, records)
    texts = _texts(manifest, functions, records)
    calls = recorded_calls(model, manifest)
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(file, folder / "model.pt2")
    write_recording(folder / "replay.zip", calls)
    copy_runtime(folder / "scriptkit")
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in ("model.pt2", "replay.zip", "scriptkit", *texts)]


def copy_runtime(folder: Path) -> None:
    """The sources of the runtime, as they are in this package."""
    with resources.as_file(resources.files("scriptkit.cpp").joinpath("runtime")) as runtime:
        shutil.copytree(runtime, folder, ignore=shutil.ignore_patterns("__pycache__"))


def recorded_calls(model: Any, manifest: dict[str, Any]) -> list[Call]:
    """Each method called once for each of its programs that fit the mode the model is in."""
    generator = torch.Generator().manual_seed(_SEED)
    calls = []
    for method in manifest["methods"]:
        is_open = any(parameter["kind"] in {"arguments", "keywords"} for parameter in method["parameters"])
        for program in method["programs"]:
            if is_open or program["training"]:  # what training draws at random is not the same again
                continue
            named = {
                argument["name"]: _made(argument["value"], program["inputs"], generator)
                for argument in program["arguments"]
            }
            with torch.no_grad():
                result = _called(model, method["name"], named)
            calls.append(Call(method["name"], (), named, result))
    return calls


def _called(model: Any, name: str, named: dict[str, Any]) -> Any:
    copied = {key: _copied(value) for key, value in named.items()}
    return _copied((model if name == "forward" else getattr(model, name))(**copied))


def _copied(value: Any) -> Any:
    """The same with tensors of its own: a method may write to what it is given, or give what it writes to later."""
    if isinstance(value, torch.Tensor):
        return value.detach().clone()
    if isinstance(value, dict):
        return {key: _copied(item) for key, item in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*map(_copied, value))
    return type(value)(map(_copied, value)) if isinstance(value, (list, tuple)) else value


def _made(structure: dict[str, Any], inputs: list[dict[str, Any]], generator: torch.Generator) -> Any:
    """An argument of the sizes it was exported with: random, whole numbers zero, for those may be places in a table."""
    kind = structure["kind"]
    if kind == "tensor":
        described = inputs[structure["index"]]
        sizes, dtype = [dimension["size"] for dimension in described["dims"]], getattr(torch, described["dtype"])
        if dtype.is_floating_point:
            return torch.randn(sizes, generator=generator).to(dtype)
        return torch.zeros(sizes, dtype=dtype)
    if kind in {"int", "float", "bool"}:
        return inputs[structure["index"]]["value"]
    if kind == "value":
        return structure.get("value")
    items = [_made(item, inputs, generator) for item in structure["items"]]
    if kind == "dict":
        return dict(zip(structure["keys"], items, strict=True))
    if kind in {"namedtuple", "object"}:
        raise ArtifactError(f"an argument is a `{structure['name']}`, which cannot be made again without its class")
    return items if kind == "list" else tuple(items)


def _texts(manifest: dict[str, Any], functions: list[Function], records: Records) -> dict[str, str]:
    name = re.sub(r"\W", "", manifest["class_name"].rpartition(".")[2]) or "Model"
    class_name = name[0].upper() + name[1:] if name[0].isalpha() else f"Model{name}"
    class_name = f"{class_name}Model" if class_name in records.structs.values() else class_name
    namespace = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", class_name).lower()
    values = {
        "class_name": class_name,
        "namespace": namespace,
        "guard": namespace.upper(),
        "structs": structs(records, namespace),
        "functions": "".join(map(rendered, functions)),
        "call": example_call(functions[0]),
        "methods": "\n".join(f"- `{function.method}`, returns `{function.returns}`" for function in functions),
        "first_method": functions[0].method,
        "arguments": _c_arguments(functions[0].first),
        "torch": manifest["written_by"]["torch"].partition("+")[0],
        "threads": torch.get_num_threads(),
    }
    texts = {template.removesuffix(".in"): _filled(f"exported/{template}", values) for template in TEMPLATES}
    texts[f"{namespace}.hpp"] = texts.pop("model.hpp")
    presets = resources.files("scriptkit.cpp").joinpath("templates", "CMakePresets.json")
    texts["CMakePresets.json"] = presets.read_text(encoding="utf-8")
    return texts


def _filled(template: str, values: dict[str, Any]) -> str:
    text = resources.files("scriptkit.cpp").joinpath("templates", template).read_text(encoding="utf-8")
    return Template(text).substitute(values)


_C_TYPES = {
    "float32": ("float", 7),
    "float64": ("double", 8),
    "int64": ("int64_t", 5),
    "int32": ("int32_t", 4),
    "bool": ("char", 12),
}


def _c_arguments(program: dict[str, Any]) -> str:
    """Statements of C that add zeros for each argument that is one tensor; containers are left to the reader."""
    lines = []
    for argument in program["arguments"]:
        structure, name = argument["value"], argument["name"]
        described = program["inputs"][structure["index"]] if "index" in structure else {}
        if structure["kind"] == "tensor" and described["dtype"] in _C_TYPES:
            cpp, code = _C_TYPES[described["dtype"]]
            sizes = [dimension["size"] for dimension in described["dims"]]
            elements = 1
            for size in sizes:
                elements *= size
            shape = ", ".join(map(str, sizes)) or "0"
            lines.append(
                f"  {{\n    static {cpp} zeros[{max(elements, 1)}];\n    const int64_t sizes[] = {{{shape}}};\n"
                f'    failed |= scriptkit_add_tensor(arguments, "{name}", zeros, {code}, sizes, {len(sizes)});\n  }}'
            )
        elif structure["kind"] == "int":
            lines.append(f'  failed |= scriptkit_add_integer(arguments, "{name}", {described["value"]});')
        elif structure["kind"] == "value" and isinstance(structure.get("value"), float):
            lines.append(f'  failed |= scriptkit_add_number(arguments, "{name}", {structure["value"]!r});')
        else:
            lines.append(f"  /* `{name}`: see scriptkit.h */")
    return "\n".join(lines)
