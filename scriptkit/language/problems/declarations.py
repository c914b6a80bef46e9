"""Annotations of parameters, results, variables and attributes."""

from __future__ import annotations

from typing import Literal, TypeAlias

from scriptkit.language.problems.kind import Kind

Place: TypeAlias = Literal["parameter", "return", "variable", "attribute"]


class UnsupportedAnnotation(Kind):
    """An annotation that names no TorchScript type; `name` is the part that is unknown."""

    text: str
    name: str
    where: Place


class MalformedAnnotation(Kind):
    """An annotation that is no type expression (`Dict[int: str]`)."""

    text: str
    where: Place


class StringAnnotationAttribute(Kind):
    """A quoted class-level annotation."""

    name: str
    text: str


class SubmoduleAnnotation(Kind):
    """A class-level annotation with a module class."""

    name: str
    annotation: str


class GenericFunction(Kind):
    """A TypeVar in a compiled signature."""

    name: str
    text: str
