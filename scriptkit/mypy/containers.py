"""Modules in containers: what a `ModuleList`, `ModuleDict` or `Sequential` was built with.

torch's containers are not generic. The types of the modules travel with the type of the container, as attributes of the
instance that no source file can name: one for all of them, and one for each place where the places are known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mypy.nodes import (
    ARG_POS,
    ARG_STAR,
    CallExpr,
    DictExpr,
    IntExpr,
    ListExpr,
    RefExpr,
    StarExpr,
    StrExpr,
    TupleExpr,
    UnaryExpr,
)
from mypy.typeops import make_simplified_union
from mypy.types import (
    AnyType,
    CallableType,
    Instance,
    TupleType,
    TypeOfAny,
    UninhabitedType,
    UnionType,
    get_proper_type,
)

from scriptkit.mypy import names

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mypy.nodes import Expression
    from mypy.plugin import CheckerPluginInterface, FunctionContext, MethodContext
    from mypy.types import FunctionLike, ProperType, Type

ANY_PLACE = "scriptkit: any"
PAIR = 2
FIRST, LAST = "scriptkit: first", "scriptkit: last"


def described(ctx: FunctionContext, made: Instance) -> Instance:
    """The type of a container that is being built, with the modules it is built with."""
    with ctx.api.msg.filter_errors():
        places = _sequential_places(ctx) if made.type.fullname == names.SEQUENTIAL else _places(ctx)
    items = [item for item in places.values() if is_module(item)]
    if not items or len(items) != len(places):
        return made
    made = holding(made, make_simplified_union(items))
    for place, item in places.items():
        made = made.copy_with_extra_attr(place, item)
    return made


def holding(container: Instance, item: Type) -> Instance:
    """The type of a container of such modules, wherever they stand in it."""
    return Instance(container.type, container.args).copy_with_extra_attr(ANY_PLACE, item)


def is_module(item: Type) -> bool:
    """Whether this is the type of a module; a bare `nn.Module` says nothing."""
    item = get_proper_type(item)
    if isinstance(item, UnionType):
        return all(is_module(part) for part in item.items)
    return isinstance(item, Instance) and item.type.has_base(names.MODULE)


def _sequential_places(ctx: FunctionContext) -> dict[str, Type]:
    """Of `Sequential(a, *rest, b)`: the numbered places as long as the numbers are known, the first and the last."""
    given = list(zip(ctx.args[0], ctx.arg_types[0], ctx.arg_kinds[0], strict=True)) if ctx.args else []
    if len(given) == 1 and not is_module(given[0][1]) and given[0][2] == ARG_POS:
        return _of_pairs(given[0][0], ctx.api, by_number=True) or _of_iterable(given[0][0], ctx.api, 1)
    types = [_element(type_, 0) if kind == ARG_STAR else type_ for _, type_, kind in given]
    return _numbered(types, [kind == ARG_STAR for _, _, kind in given])


def _numbered(types: Sequence[Type | None], starred: Sequence[bool]) -> dict[str, Type]:
    found: dict[str, Type] = {}
    if any(type_ is None for type_ in types):
        return found
    for number, type_ in enumerate(types):
        certain = not any(starred[: number + 1])
        found[place(number) if certain else f"scriptkit: part {number}"] = type_  # type: ignore[assignment]
    if found:
        found[FIRST], *_, found[LAST] = [*found.values(), *found.values()]
    return found


def _places(ctx: FunctionContext) -> dict[str, Type]:
    """Of a `ModuleList` or a `ModuleDict`: the places of a display, or the type of the elements."""
    if not ctx.args or not ctx.args[0]:
        return {}
    given = ctx.args[0][0]
    if isinstance(given, (ListExpr, TupleExpr)) and given.items:
        starred = [isinstance(item, StarExpr) for item in given.items]
        types = [_type_in_display(item, ctx.api) for item in given.items]
        return _numbered(types, starred)
    if isinstance(given, DictExpr) and given.items:
        keys = [key.value if isinstance(key, StrExpr) else None for key, _ in given.items]
        if None not in keys:
            return {
                place(key): ctx.api.get_expression_type(item) for key, (_, item) in zip(keys, given.items, strict=True)
            }
    made = get_proper_type(ctx.default_return_type)
    if isinstance(made, Instance) and made.type.fullname == names.MODULE_DICT:
        return _of_pairs(given, ctx.api, by_number=False) or _of_iterable(given, ctx.api, 1)
    return _of_iterable(given, ctx.api, 0)


def _of_pairs(given: Expression, api: CheckerPluginInterface, *, by_number: bool) -> dict[str, Type]:
    """Of `OrderedDict([("a", A()), ...])`, or of that list: the places by number or by name."""
    if isinstance(given, CallExpr) and isinstance(given.callee, RefExpr) and len(given.args) == 1:
        given = given.args[0] if given.callee.fullname == "collections.OrderedDict" else given
    pairs = [item.items for item in given.items if isinstance(item, TupleExpr)] if isinstance(given, ListExpr) else []
    if not isinstance(given, ListExpr) or len(pairs) < len(given.items) or any(len(pair) != PAIR for pair in pairs):
        return {}
    if by_number:
        return _numbered([api.get_expression_type(item) for _, item in pairs], [False] * len(pairs))
    found = {place(key.value): api.get_expression_type(item) for key, item in pairs if isinstance(key, StrExpr)}
    return found if len(found) == len(pairs) else {}


def _type_in_display(item: Expression, api: CheckerPluginInterface) -> Type | None:
    if isinstance(item, StarExpr):
        return _element(api.get_expression_type(item.expr), 0)
    return api.get_expression_type(item)


def _of_iterable(given: Expression, api: CheckerPluginInterface, argument: int) -> dict[str, Type]:
    """The elements of any other expression, read without the context that widens them to `Module`."""
    element = _element(api.get_expression_type(given), argument)
    return {} if element is None else {FIRST: element, LAST: element}


def _element(collection: Type, argument: int) -> Type | None:
    """The type of the elements of a list, a tuple, a generator, a mapping, or a container of modules."""
    collection = get_proper_type(collection)
    if isinstance(collection, TupleType):
        return make_simplified_union(list(collection.items))
    if not isinstance(collection, Instance):
        return None
    inside = item_of(collection)
    if inside is None and len(collection.args) > argument:
        inside = collection.args[argument]
    return None if inside is None or isinstance(get_proper_type(inside), UninhabitedType) else inside


def place(key: object) -> str:
    """The name of the attribute that holds the type at a place."""
    return f"scriptkit: at {key}"


def item_of(container: Type, at: str = ANY_PLACE) -> Type | None:
    """What a container holds, anywhere or at a place."""
    container = get_proper_type(container)
    if isinstance(container, Instance) and container.extra_attrs and container.type.fullname in names.CONTAINERS:
        return container.extra_attrs.attrs.get(at)
    return None


def taken(ctx: MethodContext) -> Type:
    """The type of what a method of a container gives: the modules inside it instead of a bare `Module`."""
    item = item_of(ctx.type)
    container = get_proper_type(ctx.type)
    if item is None or not isinstance(container, Instance):
        return ctx.default_return_type
    key = ctx.args[0][0] if ctx.args and ctx.args[0] else None
    at = _place_of(key)
    given = get_proper_type(ctx.default_return_type)
    if at is not None and item_of(container, at) is not None:
        return item_of(container, at) or item
    if container.type.fullname == names.SEQUENTIAL and isinstance(given, UnionType):
        return item if key is not None and _is_int(ctx.arg_types[0][0]) else Instance(container.type, container.args)
    return _with_item(given, item, container)


def _place_of(key: Expression | None) -> str | None:
    if isinstance(key, (IntExpr, StrExpr)):
        return place(key.value)
    if isinstance(key, UnaryExpr) and key.op == "-" and isinstance(key.expr, IntExpr) and key.expr.value == 1:
        return LAST
    return None


def _is_int(type_: Type) -> bool:
    type_ = get_proper_type(type_)
    return isinstance(type_, Instance) and type_.type.fullname == "builtins.int"


def _with_item(given: ProperType, item: Type, container: Instance) -> Type:
    """A type with the modules of the container wherever torch says `Module`."""
    if isinstance(given, Instance):
        if given.type.fullname == names.MODULE:
            return item
        if given.type.fullname == container.type.fullname:
            return given.copy_with_extra_attr(ANY_PLACE, item)
        return given.copy_modified(args=[_with_item(get_proper_type(a), item, container) for a in given.args])
    if isinstance(given, TupleType):
        return given.copy_modified(items=[_with_item(get_proper_type(a), item, container) for a in given.items])
    return given


def iterated(ctx: FunctionContext) -> Type:
    """The type of `enumerate`, `zip`, `reversed`, `list` or `tuple` of containers."""
    given = get_proper_type(ctx.default_return_type)
    items = [item_of(type_) for group in ctx.arg_types for type_ in group]
    if not isinstance(given, Instance) or not given.args or not any(items):
        return ctx.default_return_type
    inner = get_proper_type(given.args[0])
    if isinstance(inner, TupleType) and len(inner.items) == len(items):
        parts = [item or default for item, default in zip(items, inner.items, strict=True)]
        return given.copy_modified(args=[inner.copy_modified(items=parts)])
    return given.copy_modified(args=[items[0]]) if items[0] is not None else ctx.default_return_type


def sequential_signature(
    container: Instance, signature_of: Callable[[Instance], FunctionLike | None]
) -> CallableType | None:
    """A `Sequential` takes what its first module takes and gives what its last one gives."""
    first, last = item_of(container, FIRST), item_of(container, LAST)
    if first is None or last is None:
        return None
    takes = [_one(signature, takes=True) for signature in _signatures(first, signature_of)]
    gives = [_one(signature, takes=False) for signature in _signatures(last, signature_of)]
    fallback = next((s.fallback for s in _signatures(last, signature_of) if s is not None), None)
    if fallback is None:
        return None
    taken_type = takes[0] if all(type_ == takes[0] for type_ in takes) else AnyType(TypeOfAny.special_form)
    return CallableType([taken_type], [ARG_POS], [None], make_simplified_union(gives), fallback, name="Sequential")


def _signatures(item: Type, signature_of: Callable[[Instance], FunctionLike | None]) -> list[FunctionLike | None]:
    item = get_proper_type(item)
    parts = [get_proper_type(part) for part in item.items] if isinstance(item, UnionType) else [item]
    return [signature_of(part) if isinstance(part, Instance) else None for part in parts]


def _one(signature: FunctionLike | None, *, takes: bool) -> Type:
    """The first argument or the result; whatever it is where that is not said."""
    if not isinstance(signature, CallableType) or (takes and not signature.arg_types):
        return AnyType(TypeOfAny.special_form)
    return signature.arg_types[0] if takes else signature.ret_type
