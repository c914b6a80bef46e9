"""A CMake project round a model file."""

from __future__ import annotations

import ast
import re
import shutil
from importlib import resources
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

import torch

from scriptkit.artifact.archived_code import parsed
from scriptkit.artifact.container import Container
from scriptkit.artifact.manifest import TensorExample
from scriptkit.artifact.reading import load
from scriptkit.cpp import rendering
from scriptkit.cpp.replay import recorded_calls
from scriptkit.cpp.signatures import CppMethod, cpp_methods, named_tuples_of
from scriptkit.engines.torchscript.engine import state
from scriptkit.errors import ArtifactError

if TYPE_CHECKING:
    import os

    from scriptkit.artifact.manifest import Manifest

_TEMPLATES = (
    "main.cpp.in",
    "replay_test.cpp.in",
    "CMakeLists.txt.in",
    "README.md.in",
    "values.hpp",
    "CMakePresets.json",
)
_IMAGE_RANK = 4
_USUAL_IMAGE = (3, 224, 224)


def new_cpp_project(file: str | os.PathLike[str], directory: str | os.PathLike[str]) -> list[Path]:
    """Write a CMake project that loads, calls and tests the model in `file`, and return the files written.

    The file must have a manifest. Raises ArtifactError when it is refused, or when `directory` exists and is not empty.
    """
    folder = Path(directory)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ArtifactError(f"`{folder}` exists and is not an empty folder")
    model = load(file, map_location="cpu")
    if state.has_hooks(model.module):
        raise ArtifactError("the model has compiled forward hooks, which the functions of the wrapper would not run")
    texts = _texts(model.manifest, _classes(Path(file)))
    replay = recorded_calls(model)
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(file, folder / "model.pt")
    (folder / "replay.pt").write_bytes(replay)
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in ("model.pt", "replay.pt", *texts)]


def _classes(file: Path) -> dict[str, ast.ClassDef]:
    """The classes of the archived code by their qualified names."""
    with file.open("rb") as stream:
        container = Container(stream)
        trees = {name: parsed(name, container.read(name)) for name in container.entries if _is_code(name)}
    return {
        name.removeprefix("code/").removesuffix(".py").replace("/", ".") + f".{statement.name}": statement
        for name, tree in trees.items()
        for statement in tree.body
        if isinstance(statement, ast.ClassDef)
    }


def _is_code(name: str) -> bool:
    return name.startswith("code/") and name.endswith(".py")


def _texts(manifest: Manifest, classes: dict[str, ast.ClassDef]) -> dict[str, str]:
    """The text files of the project."""
    named_tuples = named_tuples_of(manifest, classes)
    methods = cpp_methods(manifest, named_tuples)
    class_name = _class_name(manifest.class_name, {named.name for named in named_tuples.values()})
    namespace = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", class_name).lower()
    has_image = any(_takes_an_image(method) for method in methods)
    channels, height, width = _image_size(methods)
    values = {
        "class_name": class_name,
        "namespace": namespace,
        "guard": namespace.upper(),
        "structs": rendering.structs(namespace, named_tuples),
        "methods": rendering.functions(methods),
        "members": rendering.members(methods),
        "replays": rendering.replays(methods),
        "call": rendering.example_call(methods[0]) if methods else "",
        "functions": "\n".join(f"- `{rendering.python_signature(method)}`" for method in methods),
        "torch": manifest.written_by.torch.partition("+")[0],
        "threads": torch.get_num_threads(),
        "channels": channels,
        "height": height,
        "width": width,
        **rendering.speed(manifest),
    }
    images = {"CMakeLists.txt.in": _IMAGE_PROGRAM, "README.md.in": _IMAGE_ROW}
    texts = {}
    for name in [*_TEMPLATES, *(["image_example.cpp.in"] if has_image else [])]:
        image = images.get(name, "") if has_image else ""
        texts[name.removesuffix(".in")] = _filled(name, values | {"image": image})
    texts[f"{namespace}.hpp"] = _filled("model.hpp.in", values)
    found = resources.files("scriptkit.cpp").joinpath("runtime", "cmake", "LibTorch.cmake")
    texts["LibTorch.cmake"] = found.read_text(encoding="utf-8")
    return texts


_IMAGE_PROGRAM = """add_program(image_example)

option(WITH_OPENCV "Let the image example read image files" OFF)
if(WITH_OPENCV)
  find_package(OpenCV REQUIRED COMPONENTS imgcodecs imgproc)
  target_compile_definitions(image_example PRIVATE WITH_OPENCV)
  target_link_libraries(image_example PRIVATE ${OpenCV_LIBS})
endif()
"""
_IMAGE_ROW = "| `image_example.cpp` | an image through the model; reads image files with `-DWITH_OPENCV=ON` |\n"


def _filled(template: str, values: dict[str, object]) -> str:
    text = resources.files("scriptkit.cpp").joinpath("templates", template).read_text(encoding="utf-8")
    return Template(text).substitute(values) if template.endswith(".in") else text


def _class_name(qualified: str, taken: set[str]) -> str:
    name = re.sub(r"\W", "", qualified.rpartition(".")[2]) or "Model"
    name = name[0].upper() + name[1:]
    return f"{name}Model" if name in taken or not name[0].isalpha() else name


def _takes_an_image(method: CppMethod) -> bool:
    """Whether `forward` can be called with one tensor alone, of four dimensions as far as is known, and returns one."""
    required = [parameter for parameter in method.parameters if parameter.default is None]
    one_tensor = [parameter.type for parameter in required] == ["at::Tensor"]
    if method.name != "forward" or not one_tensor or method.returns != "at::Tensor":
        return False
    example = required[0].source.example
    return not isinstance(example, TensorExample) or len(example.shape) == _IMAGE_RANK


def _image_size(methods: list[CppMethod]) -> tuple[int, int, int]:
    for method in methods:
        example = method.parameters[0].source.example if method.parameters else None
        if isinstance(example, TensorExample) and len(example.shape) == _IMAGE_RANK:
            return example.shape[1], example.shape[2], example.shape[3]
    return _USUAL_IMAGE
