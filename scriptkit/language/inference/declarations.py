"""Class-level annotations: the compiler reads those of attributes that exist, and refuses what it cannot."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.language.facts import Problem
from scriptkit.language.problems.declarations import (
    MalformedAnnotation,
    StringAnnotationAttribute,
    SubmoduleAnnotation,
    UnsupportedAnnotation,
)
from scriptkit.language.values import ContainerValue, ModuleValue

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.language.annotations import Annotations
    from scriptkit.language.facts import AttributeFacts, ClassFacts
    from scriptkit.language.members.assigned import Members
    from scriptkit.language.problems.kind import Kind


def declaration_problems(cls: ClassFacts, annotations: Annotations, members: Members) -> Iterator[Problem[Kind]]:
    """What is wrong with the annotations in the class body. Only the nearest class that has any counts."""
    owner = next((c for c in cls.mro if c.annotations), None)
    if owner is None:
        return
    for name, declaration in owner.annotations.items():
        attribute = cls.attributes.get(name)
        if attribute is not None and attribute.init and not attribute.constant:
            yield from _attribute_problems(cls, attribute, declaration, annotations, members)


def _attribute_problems(
    cls: ClassFacts, attribute: AttributeFacts, declaration: ast.AnnAssign, annotations: Annotations, members: Members
) -> Iterator[Problem[Kind]]:
    annotation, name = declaration.annotation, attribute.name
    value = members.assigned(cls, attribute)
    certain = not attribute.conditional
    quoted = isinstance(annotation, ast.Constant) and isinstance(annotation.value, str)
    if cls.module.future_annotations or quoted:
        text = str(annotation.value) if isinstance(annotation, ast.Constant) else ast.unparse(annotation)
        yield Problem(StringAnnotationAttribute(name=name, text=text), declaration, certain=certain)
        return
    if attribute.final:
        return
    text = ast.unparse(annotation)
    if isinstance(value, (ModuleValue, ContainerValue)) and not _is_interface(cls, annotation):
        yield Problem(SubmoduleAnnotation(name=name, annotation=text), declaration, certain=certain)
        return
    for bad in annotations.read(annotation)[1][:1]:
        if bad.kind == "malformed":
            yield Problem(MalformedAnnotation(text=text, where="attribute"), annotation)
        else:
            data = UnsupportedAnnotation(text=text, name=bad.text, where="attribute")
            yield Problem(data, annotation, certain=certain)


def _is_interface(cls: ClassFacts, annotation: ast.expr) -> bool:
    local = cls.module.classes.get(cls.module.dotted(annotation) or "")
    return local is None or local.kind == "interface" if not _is_library(cls, annotation) else False


def _is_library(cls: ClassFacts, annotation: ast.expr) -> bool:
    return (cls.module.dotted(annotation) or "").startswith("torch.nn.")
