"""The manifest: what a model file says of itself, as JSON under `extra/scriptkit/manifest.json`.

The version is `major.minor`. A minor version adds fields with defaults: older and newer files of the same major
version are read. A new major version may change anything; an older scriptkit refuses it.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, JsonValue

from scriptkit.artifact.manifest_document import Document, Part, method_named

MANIFEST_ENTRY = "extra/scriptkit/manifest.json"
MANIFEST_VERSION = "1.4"


class Versions(Part):
    """What wrote the file."""

    scriptkit: str
    torch: str
    python: str
    file_format: int = Field(description="the format number of TorchScript files; a loader has a newest one it reads")


class TensorExample(Part):
    """A tensor a method was called with."""

    kind: Literal["tensor"] = "tensor"
    shape: list[int]
    dtype: str
    device: str
    minimum: float | None = Field(
        default=None, description="smallest finite element; with `maximum`, the range of valid inputs"
    )
    maximum: float | None = None
    fixed_dimensions: list[int] = Field(
        default_factory=list, description="dimensions that must be as here; all others may differ"
    )


class ValueExample(Part):
    """A number, string, None or device a method was called with, as a Python literal."""

    kind: Literal["value"] = "value"
    literal: str


class SequenceExample(Part):
    """A list or tuple a method was called with."""

    kind: Literal["list", "tuple"]
    items: list[Example]


class MappingExample(Part):
    """A dictionary a method was called with; the keys are Python literals."""

    kind: Literal["dict"] = "dict"
    keys: list[str]
    items: list[Example]


Example = Annotated[TensorExample | ValueExample | SequenceExample | MappingExample, Field(discriminator="kind")]


class Parameter(Part):
    """One parameter of a method."""

    name: str
    type: str = Field(description="as an annotation, in TorchScript's words")
    default: str | None = Field(default=None, description="a literal, or `...`; null: an argument is required")
    keyword_only: bool = False
    example: Example | None = None


class Method(Part):
    """One method that can be called on the loaded model."""

    name: str
    signature: str = Field(description="torch's text of the schema")
    parameters: list[Parameter]
    returns: str
    result: Example | None = Field(default=None, description="what it returned for the example inputs; since 1.1")
    result_fields: list[str] = Field(
        default_factory=list, description="names of the parts of its result, in the order of their class; since 1.4"
    )


class Submodule(Part):
    """How one submodule was compiled, and why."""

    path: str
    class_name: str
    mode: str
    reason: str


class Difference(Part):
    """The largest difference of one method from eager; null where it was not measured."""

    method: str
    compiled: float | None = None
    reloaded: float | None = None


class Verification(Part):
    """What was compared before the file was written."""

    seed: int | None = None
    differences: list[Difference]
    unreached: list[str] = Field(
        default_factory=list, description="branches that no example took, `model.py:31 (x.shape[0] > 64)`; since 1.3"
    )


class Optimization(Part):
    """What `optimize` chose, and what a program that loads the file does to run it as fast; since 1.3."""

    variant: str
    switches: list[str] = Field(
        default_factory=list,
        description='what the process switches on while the first calls specialise the program: "onednn_fusion"',
    )
    after_loading: list[str] = Field(
        default_factory=list, description='what no file can hold, and is done to the program: "optimize_for_inference"'
    )


class Tensor(Part):
    """Where a parameter, buffer or tensor attribute lies."""

    entry: str
    dtype: str
    shape: list[int]


class Manifest(Document):
    """What a model file says of itself."""

    manifest_version: str = MANIFEST_VERSION
    written_by: Versions
    class_name: str
    constructor_arguments: dict[str, JsonValue] | None = Field(
        default=None, description="null: not recorded, or no JSON"
    )
    training: bool
    methods: list[Method]
    submodules: list[Submodule] = Field(default_factory=list)
    trace_assumptions: list[str] = Field(default_factory=list)
    verification: Verification | None = None
    optimization: Optimization | None = Field(default=None, description="null: the program is as it was compiled")
    operators: list[str] = Field(description="operators the loading process must have")
    constants: dict[str, dict[str, str]] = Field(description="by submodule path and name; Python literals")
    metadata: dict[str, JsonValue] = Field(default_factory=dict)
    tensors: dict[str, Tensor] = Field(default_factory=dict)
    checksums: dict[str, str] = Field(description="SHA-256 of every other entry of the file")

    newest: ClassVar[str] = MANIFEST_VERSION
    made_by: ClassVar[str] = "save"

    def method(self, name: str) -> Method:
        """The method of that name; raises KeyError when there is none."""
        return method_named(self.methods, name)


def read_manifest(data: bytes) -> Manifest:
    """The manifest in these bytes; raises ArtifactError for a newer major version and for anything that is none."""
    return Manifest.read(data)
