"""Are the objects of a file what its classes declare? torch sets attributes to whatever the file holds, unasked.

Memory is at stake where a tensor reaches beyond its entry: that is refused always. A value of another type than its
attribute, an object of no class of the file, a function that is none of torch's for tensors and containers: that is
what a trusted file may have.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from scriptkit.artifact.code_types import type_of_text
from scriptkit.artifact.literals import literal_value
from scriptkit.artifact.pickle_writing import TYPE_TAG
from scriptkit.artifact.pickles import Instance, Mapping, Name, Reduced, Sequence, Storage, walk
from scriptkit.artifact.sparse_checks import is_sparse
from scriptkit.artifact.tensor_checks import ITEM_SIZES, check_storage, checked_view, is_no_hook, is_tensor
from scriptkit.errors import ArtifactError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Mapping as MappingOf

    from scriptkit.artifact.code_types import Type
    from scriptkit.artifact.code_units import Class, Units

_DEVICE = re.compile(r"[a-z]+(?::\d{1,3})?", re.ASCII)
_LISTS = {
    "torch.jit._pickle.build_intlist": "int",
    "torch.jit._pickle.build_doublelist": "float",
    "torch.jit._pickle.build_boollist": "bool",
    "torch.jit._pickle.build_tensorlist": "Tensor",
}
_SCALARS = {"int": int, "float": float, "bool": bool, "str": str, "NoneType": type(None)}
_MADE = {"complex": "builtins.complex", "Device": "torch.device"}


def check_memory(name: str, tree: Any, sizes: MappingOf[str, int]) -> set[str]:
    """Raise unless every tensor stays within its entry; the entries that are used. `sizes` is by entry name."""

    def refuse(why: str) -> ArtifactError:
        return ArtifactError(f"`{name}`: {why}")

    folder = name.removesuffix(".pkl")
    used: set[str] = set()
    in_tensors: set[int] = set()
    storages = []
    for node in walk(tree):
        if is_tensor(node):
            in_tensors.add(id(checked_view(node, refuse).storage))
        elif isinstance(node, Storage):
            entry = f"{folder}/{node.key}"
            check_storage(node, entry, sizes.get(entry))
            if entry in used:
                raise refuse(f"`{entry}` is used for two storages")
            used.add(entry)
            storages.append(node)
    if any(id(storage) not in in_tensors for storage in storages):
        raise refuse("elements lie in no tensor")
    return used


def check_objects(name: str, tree: Any, units: Units) -> list[str]:
    """What the objects are that a model has no need of, one sentence for each."""
    return list(dict.fromkeys(_Check(name, units).findings(tree)))


class _Check:
    def __init__(self, name: str, units: Units) -> None:
        self.name, self.units = name, units
        self.fitting: set[tuple[int, Type]] = set()

    def findings(self, tree: Any) -> Iterator[str]:
        is_root = isinstance(tree, Instance) or (self.name == "constants.pkl" and isinstance(tree, Sequence))
        if not is_root:
            yield f"`{self.name}` holds no module"
        if isinstance(tree, Sequence) and not all(is_tensor(item) or type(item) is str for item in tree.items):
            yield f"`{self.name}` holds constants that are neither tensors nor texts"
        in_tensors = self._inside_tensors(tree)
        for value in walk(tree):
            if isinstance(value, Instance):
                yield from self._instance(value)
            elif isinstance(value, Reduced):
                if id(value) not in in_tensors and not self._is_harmless(value):
                    yield f"`{self.name}` asks for `{value.function}` while it is loaded"
            elif isinstance(value, Storage):
                if value.kind not in ITEM_SIZES:
                    yield f"`{self.name}` asks for `{value.kind}` while it is loaded"
            elif isinstance(value, Name) and not value.startswith("torch.per_"):
                yield f"`{self.name}` asks for `{value}` while it is loaded"
            elif isinstance(value, Mapping) and not all(_is_key(key) for key, _ in value.pairs):
                yield f"`{self.name}` has a dictionary with keys of another kind than torch's"

    def _inside_tensors(self, tree: Any) -> set[int]:
        """The hooks of tensors, which are an empty dictionary each time."""
        made = (node for node in walk(tree) if is_tensor(node) or is_sparse(node))
        tensors = (node for node in made if isinstance(node.argument, Sequence))
        return {id(part) for node in tensors for part in node.argument.items if is_no_hook(part)}

    def _instance(self, value: Instance) -> Iterator[str]:
        cls = self.units.classes.get(value.class_name)
        if cls is None or cls.kind not in ("", "Module"):
            yield f"`{self.name}` asks for `{value.class_name}` while it is loaded"
        elif "__setstate__" not in cls.methods:
            if not isinstance(value.state, Mapping) or [key for key, _ in value.state.pairs] != [*cls.attributes]:
                yield f"`{self.name}` has an object of `{cls.name}` with other attributes than the class declares"
                return
            for key, item in value.state.pairs:
                if not self.fits(item, cls.attributes[key]):
                    yield f"`{self.name}`: the attribute `{key}` of `{cls.name}` is not of the type it declares"

    def _is_harmless(self, value: Reduced) -> bool:
        """Whether torch makes of it what it says, and nothing else."""
        items = value.argument.items if isinstance(value.argument, Sequence) and not value.argument.is_list else None
        if is_tensor(value) or is_sparse(value):
            return True
        if value.function in _LISTS:
            return items is not None and len(items) == 1 and self._all_fit(items[0], _LISTS[value.function])
        if value.function == TYPE_TAG:
            tag = type_of_text(items[1]) if items is not None and len(items) == 2 and type(items[1]) is str else None  # noqa: PLR2004
            return tag is not None and items is not None and self._fits_tag(items[0], tag)
        if value.function == "builtins.complex":
            return items is not None and [type(item) for item in items] == [float, float]
        if value.function == "torch.device":
            return items is not None and len(items) == 1 and bool(_DEVICE.fullmatch(str(items[0])))
        cls = self.units.classes.get(value.function)
        return cls is not None and cls.kind == "Enum" and _is_member(cls, value.argument)

    def _all_fit(self, value: Any, name: str) -> bool:
        is_list = isinstance(value, Sequence) and value.is_list
        kind = _SCALARS.get(name)
        return is_list and all(
            is_tensor(item) or is_sparse(item) if kind is None else type(item) is kind for item in value.items
        )

    def _fits_tag(self, value: Any, tag: Type) -> bool:
        is_container = (isinstance(value, Sequence) and value.is_list) or isinstance(value, Mapping)
        return is_container and tag.name in ("List", "Dict") and self.fits(value, tag)

    def fits(self, value: Any, declared: Type) -> bool:
        """Whether a value is of a declared type."""
        if (id(value), declared) in self.fitting:
            return True
        is_fitting = self._fits(value, declared)
        if is_fitting and isinstance(value, (Sequence, Mapping, Reduced)):
            self.fitting.add((id(value), declared))
        return is_fitting

    def _fits(self, value: Any, declared: Type) -> bool:
        name, inner = declared
        if name in _SCALARS:
            return type(value) is _SCALARS[name]
        if name in _MADE:
            return isinstance(value, Reduced) and value.function == _MADE[name]
        if name == "Tensor":
            return is_tensor(value) or is_sparse(value)
        if name == "Optional":
            return value is None or self.fits(value, inner[0])
        if name == "Union":
            return any(self.fits(value, one) for one in inner)
        if name in ("Any", "number"):
            return name == "Any" or type(value) in (int, float) or self.fits(value, declared._replace(name="complex"))
        if name in ("List", "Dict"):
            return self._fits_container(_untagged(value), name, inner)
        if name == "Tuple":
            is_tuple = isinstance(value, Sequence) and not value.is_list and len(value.items) == len(inner)
            return is_tuple and all(map(self.fits, value.items, inner))
        return self._fits_class(value, name)

    def _fits_container(self, value: Any, name: str, inner: tuple[Type, ...]) -> bool:
        if name == "List":
            is_list = isinstance(value, Sequence) and value.is_list and len(inner) == 1
            return is_list and all(self.fits(item, inner[0]) for item in value.items)
        is_mapping = isinstance(value, Mapping) and len(inner) == 2  # noqa: PLR2004 - keys and values
        return is_mapping and all(self.fits(k, inner[0]) and self.fits(v, inner[1]) for k, v in value.pairs)

    def _fits_class(self, value: Any, name: str) -> bool:
        cls = self.units.classes.get(name)
        if cls is None:
            return False
        if cls.kind == "Enum":
            return isinstance(value, Reduced) and value.function == name
        if cls.kind == "NamedTuple":
            fields = list(cls.attributes.values())
            is_tuple = isinstance(value, Sequence) and not value.is_list and len(value.items) == len(fields)
            return is_tuple and all(map(self.fits, value.items, fields))
        if not isinstance(value, Instance):
            return False
        own = self.units.classes.get(value.class_name)
        if cls.kind in ("Interface", "ModuleInterface"):
            return own is not None and cls.methods.keys() <= own.methods.keys()
        return value.class_name == name


def _untagged(value: Any) -> Any:
    """The list or dictionary within the call that gives it its type."""
    is_tagged = isinstance(value, Reduced) and (value.function in _LISTS or value.function == TYPE_TAG)
    return value.argument.items[0] if is_tagged and isinstance(value.argument, Sequence) else value


def _is_key(key: Any) -> bool:
    return type(key) in (str, int, float, bool) or is_tensor(key) or isinstance(key, Reduced)


def _is_member(cls: Class, value: Any) -> bool:
    if type(value) not in (int, float, str):
        return False
    return any(literal_value(text) == value for text in cls.constants.values())
