"""What the manifests of both kinds of files have in common: one JSON text, and a version that says who can read it."""

from __future__ import annotations

import json
from typing import Any, ClassVar, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from typing_extensions import Self

from scriptkit.errors import ArtifactError


class Part(BaseModel):
    """An object of a manifest; fields of a newer minor version are left out."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class _Named(Protocol):
    @property
    def name(self) -> str: ...


M = TypeVar("M", bound=_Named)


def method_named(methods: list[M], name: str) -> M:
    """The method of that name; raises KeyError when there is none."""
    for method in methods:
        if method.name == name:
            return method
    raise KeyError(name)


class Document(Part):
    """A whole manifest; `made_by` is the verb for how such a file comes to be."""

    newest: ClassVar[str]
    made_by: ClassVar[str]

    def to_bytes(self) -> bytes:
        """The one JSON text of this manifest."""
        return json.dumps(self.model_dump(mode="json"), sort_keys=True, indent=1).encode() + b"\n"

    @classmethod
    def read(cls, data: bytes) -> Self:
        """The manifest in these bytes; raises ArtifactError for a newer major version and for anything that is none."""
        try:
            document = json.loads(data)
            cls._refuse_newer(document)
            return cls.model_validate(document)
        except (ValueError, ValidationError, RecursionError) as error:
            raise ArtifactError(f"the manifest cannot be read: {error}") from error

    @classmethod
    def _refuse_newer(cls, document: Any) -> None:
        version = str(document.get("manifest_version", "")) if isinstance(document, dict) else ""
        major, _, minor = version.partition(".")
        if not (major.isdecimal() and minor.isdecimal()):
            raise ArtifactError(f"the manifest has no version but {version!r}")
        if int(major) > int(cls.newest.partition(".")[0]):
            raise ArtifactError(
                f"the file has manifest version {version}, this scriptkit reads up to {cls.newest}: "
                f"upgrade scriptkit, or {cls.made_by} the model again with the scriptkit you have"
            )
