"""The methods of an exported model as C++ functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from scriptkit.cpp.exported.types import ANYTHING, NOTHING, Records, common_type, cpp_type, parameter_type
from scriptkit.cpp.signatures import cpp_name
from scriptkit.cpp.types import cpp_literal

if TYPE_CHECKING:
    from collections.abc import Iterable

_LINE = 112
_SCALAR_TYPES = {
    "float32": "at::kFloat", "float64": "at::kDouble", "float16": "at::kHalf", "bfloat16": "at::kBFloat16",
    "int64": "at::kLong", "int32": "at::kInt", "int16": "at::kShort", "int8": "at::kChar", "uint8": "at::kByte",
    "bool": "at::kBool", "complex64": "at::kComplexFloat", "complex128": "at::kComplexDouble",
}  # fmt: skip


class Parameter(NamedTuple):
    """One parameter: its names in C++ and Python, its type, its default as C++ or None."""

    name: str
    python: str
    type: str
    default: str | None

    def declaration(self) -> str:
        """As it stands in the parameter list."""
        return f"{parameter_type(self.type)} {self.name}" + (f" = {self.default}" if self.default else "")


class Function(NamedTuple):
    """One method: its names in C++ and Python, its parameters, and what it returns.

    A method with `*args` or `**keywords` has no parameters here: it is called with values.
    """

    name: str
    method: str
    parameters: tuple[Parameter, ...]
    returns: str
    is_open: bool
    first: dict[str, Any]


def functions_of(manifest: dict[str, Any], records: Records) -> list[Function]:
    """The functions, in the order of the manifest."""
    return [_function(method, records) for method in manifest["methods"]]


def _function(method: dict[str, Any], records: Records) -> Function:
    programs = method["programs"]
    returns = {cpp_type(program["result"], records) for program in programs}
    is_open = any(parameter["kind"] in {"arguments", "keywords"} for parameter in method["parameters"])
    parameters = () if is_open else tuple(_parameters(method, records))
    result = "void" if returns == {NOTHING} else common_type(returns)
    return Function(cpp_name(method["name"]), method["name"], parameters, result, is_open, programs[0])


def _parameters(method: dict[str, Any], records: Records) -> list[Parameter]:
    """C++ has defaults for the last parameters only, without a gap."""
    made: list[Parameter] = []
    may_have_default = True
    for parameter in reversed(method["parameters"]):
        default = parameter["default"]
        types = set(_types(parameter["name"], default, method["programs"], records))
        cpp = common_type(types)
        literal = _default(default, cpp) if default is not None and may_have_default else None
        may_have_default = literal is not None
        made.append(Parameter(cpp_name(parameter["name"]), parameter["name"], cpp, literal))
    return made[::-1]


def _types(
    name: str, default: dict[str, Any] | None, programs: Iterable[dict[str, Any]], records: Records
) -> Iterable[str]:
    for program in programs:
        given = [argument["value"] for argument in program["arguments"] if argument["name"] == name]
        if given:
            yield cpp_type(given[0], records)
        elif default is not None:
            yield cpp_type({"kind": "value", "value": default["value"]}, records)


def _default(default: dict[str, Any], cpp: str) -> str | None:
    value = default["value"]
    if cpp == ANYTHING:
        return "scriptkit::Value()" if value is None else None
    return None if isinstance(value, (dict, list)) else cpp_literal(value, cpp)


def rendered(function: Function) -> str:
    """The function in C++."""
    if function.is_open:
        declared = (
            f"{function.returns} {function.name}(\n"
            "      const std::vector<scriptkit::Value>& arguments, const scriptkit::Model::Named& named = {}) const"
        )
        call = f'model_.call("{function.method}", arguments, named)'
        body = call if function.returns == "void" else f"return scriptkit::Typed<{function.returns}>::unpack({call})"
        return f"\n  {declared} {{\n    const c10::NoGradGuard no_grad;\n    {body};\n  }}\n"
    names = ", ".join(f'"{parameter.python}"' for parameter in function.parameters)
    given = "".join(f", {parameter.name}" for parameter in function.parameters)
    call = f'scriptkit::call<{function.returns}>(model_, "{function.method}", {{{names}}}{given})'
    return f"\n  {_declared(function)} {{\n    {'' if function.returns == 'void' else 'return '}{call};\n  }}\n"


def _declared(function: Function) -> str:
    parameters = [parameter.declaration() for parameter in function.parameters]
    line = f"{function.returns} {function.name}({', '.join(parameters)}) const"
    if len(line) <= _LINE:
        return line
    lines = ",\n      ".join(parameters)
    return f"{function.returns} {function.name}(\n      {lines}) const"


def structs(records: Records, namespace: str) -> str:
    """The structs of named tuples and objects, inner ones first, and their conversions."""
    if not records.structs:
        return ""
    declared = "".join(_struct(name, fields) for (_, fields), name in records.structs.items())
    converted = "\n".join(
        _conversion(namespace, name, fields, records) for (_, fields), name in records.structs.items()
    )
    return (
        f"namespace {namespace} {{\n\n{declared}}}  // namespace {namespace}\n\n"
        f"namespace scriptkit {{\n\n{converted}\n}}  // namespace scriptkit\n\n"
    )


def _struct(name: str, fields: tuple[tuple[str, str], ...]) -> str:
    lines = "".join(f"  {cpp} {cpp_name(field)};\n" for field, cpp in fields)
    return f"struct {name} {{\n{lines}}};\n\n"


def _conversion(namespace: str, name: str, fields: tuple[tuple[str, str], ...], records: Records) -> str:
    of = {short: f"{namespace}::{short}" for short in records.structs.values()}
    kinds = {field: f"Typed<{of.get(cpp, cpp)}>" for field, cpp in fields}
    packed = ", ".join(f'{{"{field}", {kinds[field]}::pack(value.{cpp_name(field)})}}' for field, _ in fields)
    unpacked = ", ".join(f'{kinds[field]}::unpack(value["{field}"])' for field, _ in fields)
    return f"""template <>
struct Typed<{namespace}::{name}> {{
  static Value pack(const {namespace}::{name}& value) {{
    return Value::record({{{packed}}});
  }}
  static {namespace}::{name} unpack(const Value& value) {{
    return {{{unpacked}}};
  }}
}};
"""


def example_call(function: Function) -> str:
    """The statements of `main` that call a function with zeros of the sizes it was exported with."""
    if function.is_open:
        return f'    model.{function.name}(model.model().example("{function.method}"));\n'
    given = {argument["name"]: argument["value"] for argument in function.first["arguments"]}
    lines, names = [], []
    for parameter in function.parameters:
        if parameter.python not in given and parameter.default:
            break
        value = example_of(given.get(parameter.python, {"kind": "value"}), function.first["inputs"], parameter.type)
        lines.append(f"    const {parameter.type} {parameter.name} = {value};\n")
        names.append(parameter.name)
    call = f"model.{function.name}({', '.join(names)})"
    if function.returns == "void":
        return "".join(lines) + f"    {call};\n"
    shown = " of shape \" << result.sizes() << '\\n'" if function.returns == "at::Tensor" else '\\n"'
    kind = "a tensor" if function.returns == "at::Tensor" else f"a {function.returns}"
    return "".join(lines) + (
        f"    [[maybe_unused]] const auto result = {call};\n"
        f'    std::cout << "{function.method} returned {kind}{shown};\n'
    )


def example_of(structure: dict[str, Any], inputs: list[dict[str, Any]], cpp: str) -> str:
    """An expression for an argument like that of the export."""
    kind = structure["kind"]
    if kind == "tensor":
        described = inputs[structure["index"]]
        sizes = ", ".join(str(dimension["size"]) for dimension in described["dims"])
        return f"at::zeros({{{sizes}}}, {_SCALAR_TYPES.get(described['dtype'], 'at::kFloat')}).to(model.device())"
    if kind in {"int", "float", "bool"}:
        return str(inputs[structure["index"]].get("value", 1)).lower()
    if kind == "value":
        value = structure.get("value")
        if value is None:
            return "std::nullopt" if cpp.startswith("std::optional") else "scriptkit::Value()"
        return cpp_literal(value, cpp) or "{}"
    items = [example_of(item, inputs, "") for item in structure["items"]]
    if kind == "dict" and cpp != ANYTHING:
        items = [f'{{"{key}", {item}}}' for key, item in zip(structure["keys"], items, strict=True)]
    elif cpp == ANYTHING:
        keys = ", ".join(f'"{key}"' for key in structure.get("keys", structure.get("fields", ())))
        of = {"list": "List", "tuple": "Tuple", "dict": "Dict"}.get(kind, "Record")
        return f"scriptkit::Value::container(scriptkit::Value::Kind::{of}, {{{', '.join(items)}}}, {{{keys}}})"
    return f"{cpp}{{{', '.join(items)}}}"
