"""The manifest of a `.pt2` file, `extra/scriptkit.json`; `docs/exported-file.md` says what every field means."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, JsonValue

from scriptkit.artifact.manifest_document import Document, Part, method_named

MANIFEST_ENTRY = "extra/scriptkit.json"
MANIFEST_VERSION = "1.0"
FORMAT: Literal["scriptkit-pt2"] = "scriptkit-pt2"


class WrittenBy(Part):
    """What wrote the file."""

    scriptkit: str
    torch: str
    python: str
    schema_version: str = Field(description="of torch's programs, `major.minor`")


class Dimension(Part):
    """One dimension of an input."""

    kind: Literal["free", "range", "equal", "fixed"]
    size: int = Field(description="that of the example")
    min: int
    max: int | None = None
    to: tuple[int, int] | None = Field(default=None, description="input and dimension that it has to equal")
    reason: str = ""


class TensorInput(Part):
    """An input that is a tensor."""

    kind: Literal["tensor"] = "tensor"
    name: str
    dtype: str
    device: str
    dims: list[Dimension]


class NumberInput(Part):
    """An input that is a whole number and may vary."""

    kind: Literal["int"] = "int"
    name: str
    value: int
    min: int | None = None
    max: int | None = None
    reason: str = ""


class FixedInput(Part):
    """An input that is part of the program."""

    kind: Literal["fixed"] = "fixed"
    name: str
    value: JsonValue


Input = Annotated[TensorInput | NumberInput | FixedInput, Field(discriminator="kind")]


class Guard(Part):
    """What has to hold between sizes."""

    left: JsonValue
    op: str
    right: JsonValue
    message: str


class Argument(Part):
    """One argument of the call a program was made for."""

    name: str
    keyword: bool
    value: JsonValue = Field(description="a structure")


class FixedArgument(Part):
    """A value that is part of a program, by the argument that brings it."""

    argument: str
    value: JsonValue


class Program(Part):
    """One program."""

    name: str
    route: str
    training: bool | None
    gradients: bool = Field(default=True, description="false: the results are right, their gradients are not")
    fixed: list[FixedArgument] = Field(default_factory=list)
    guards: list[Guard] = Field(default_factory=list)
    inputs: list[Input]
    arguments: list[Argument]
    result: JsonValue = Field(description="a structure")
    notes: list[str] = Field(default_factory=list)


class Parameter(Part):
    """One parameter of a method, as Python declares it."""

    name: str
    kind: Literal["positional", "either", "keyword", "arguments", "keywords"]
    default: dict[str, JsonValue] | None = Field(default=None, description="`{value: literal}`; null: required")


class Method(Part):
    """A method, and its programs in order of trial."""

    name: str
    parameters: list[Parameter]
    programs: list[Program]


class Verification(Part):
    """What a program was compared with before the file was written."""

    program: str
    compared: list[str]


class ExportedManifest(Document):
    """What a `.pt2` file says of itself."""

    format: Literal["scriptkit-pt2"] = FORMAT
    manifest_version: str = MANIFEST_VERSION
    written_by: WrittenBy
    class_name: str
    training: bool
    methods: list[Method]
    operators: list[str]
    verification: list[Verification] = Field(default_factory=list)
    metadata: dict[str, JsonValue] = Field(default_factory=dict)
    checksums: dict[str, str] = Field(default_factory=dict, description="SHA-256 of every other entry")

    newest: ClassVar[str] = MANIFEST_VERSION
    made_by: ClassVar[str] = "export"

    def method(self, name: str) -> Method:
        """The method of that name; raises KeyError when there is none."""
        return method_named(self.methods, name)


def read_exported_manifest(data: bytes) -> ExportedManifest:
    """The manifest in these bytes; raises ArtifactError for a newer major version and for anything that is none."""
    return ExportedManifest.read(data)
