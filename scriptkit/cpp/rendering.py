"""The pieces of C++ text that depend on the model."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from scriptkit.artifact.literals import literal_value
from scriptkit.artifact.manifest import MappingExample, TensorExample, ValueExample
from scriptkit.cpp.signatures import CppMethod, CppParameter, cpp_name
from scriptkit.cpp.types import NamedTupleType, cpp_literal, cpp_type

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from scriptkit.artifact.manifest import Example, Manifest

_LINE = 112
_SCALAR_TYPES = {
    "float32": "at::kFloat",
    "float64": "at::kDouble",
    "float16": "at::kHalf",
    "bfloat16": "at::kBFloat16",
    "int64": "at::kLong",
    "int32": "at::kInt",
    "int16": "at::kShort",
    "int8": "at::kChar",
    "uint8": "at::kByte",
    "bool": "at::kBool",
    "complex64": "at::kComplexFloat",
    "complex128": "at::kComplexDouble",
}


def structs(namespace: str, named_tuples: Mapping[str, NamedTupleType]) -> str:
    """A struct for each named tuple, and its conversions."""
    if not named_tuples:
        return ""
    declared = "\n".join(_struct(named, named_tuples) for named in named_tuples.values())
    converted = "\n".join(_conversion(namespace, named, named_tuples) for named in named_tuples.values())
    return (
        f"namespace {namespace} {{\n\n{declared}\n}}  // namespace {namespace}\n\n"
        f"namespace scriptkit {{\n\n{converted}\n}}  // namespace scriptkit\n\n"
    )


def _struct(named: NamedTupleType, named_tuples: Mapping[str, NamedTupleType]) -> str:
    fields = "".join(f"  {cpp_type(kind, named_tuples)} {cpp_name(name)};\n" for name, kind in named.fields.items())
    return f"struct {named.name} {{\n{fields}}};\n"


def _conversion(namespace: str, named: NamedTupleType, named_tuples: Mapping[str, NamedTupleType]) -> str:
    kinds = [
        f"Value<{qualified(cpp_type(kind, named_tuples), namespace, named_tuples)}>" for kind in named.fields.values()
    ]
    names = [cpp_name(name) for name in named.fields]
    indented = ",\n         "
    packed = indented.join(
        f"{kind}::pack(value.{name}, tuple->elements()[{place}])"
        for place, (kind, name) in enumerate(zip(kinds, names, strict=True))
    )
    unpacked = (",\n" + " " * 12).join(f"{kind}::unpack(elements[{place}])" for place, kind in enumerate(kinds))
    return f"""template <>
struct Value<{namespace}::{named.name}> {{
  static c10::IValue pack(const {namespace}::{named.name}& value, const c10::TypePtr& type) {{
    const auto tuple = type->expect<c10::TupleType>();
    return c10::ivalue::Tuple::createNamed(
        {{{packed}}},
        tuple);
  }}
  static {namespace}::{named.name} unpack(const c10::IValue& value) {{
    const auto& elements = value.toTupleRef().elements();
    return {{{unpacked}}};
  }}
}};
"""


def qualified(cpp: str, namespace: str, named_tuples: Mapping[str, NamedTupleType]) -> str:
    """The type as it is written outside the namespace of the model."""
    for named in named_tuples.values():
        cpp = re.sub(rf"\b{named.name}\b", f"{namespace}::{named.name}", cpp)
    return cpp


def functions(methods: Iterable[CppMethod]) -> str:
    """One member function for each method."""
    return "".join(_function(method) for method in methods)


def _function(method: CppMethod) -> str:
    declared = _declared(method)
    given = "".join(f", {parameter.name}" for parameter in method.parameters)
    result = "" if method.returns == "void" else "return "
    return (
        f"\n  // {python_signature(method)}\n"
        f"  {declared} {{\n"
        f"    {result}scriptkit::call<{method.returns}>({method.name}_method_{given});\n  }}\n"
    )


def _declared(method: CppMethod) -> str:
    """The function head; with a line for each parameter when one line is not enough."""
    parameters = [parameter.declaration() for parameter in method.parameters]
    head = f"{method.returns} {method.name}"
    line = f"{head}({', '.join(parameters)})"
    if len(line) <= _LINE:
        return line
    lines = ",\n      ".join(parameters)
    return f"{head}(\n      {lines})"


def python_signature(method: CppMethod) -> str:
    """The method as Python declares it."""
    parameters = ", ".join(
        f"{parameter.name}: {parameter.type}" + (f" = {parameter.default}" if parameter.default else "")
        for parameter in method.source.parameters
    )
    signature = f"{method.source.name}({parameters}) -> {method.source.returns}".replace("NoneType", "None")
    return re.sub(r"__torch__\.(?:\w+\.)*", "", signature)


def members(methods: Iterable[CppMethod]) -> str:
    """The methods of the module, looked up once."""
    return "".join(
        f'  torch::jit::Method {method.name}_method_ = module_.get_method("{method.source.name}");\n'
        for method in methods
    )


def replays(methods: Iterable[CppMethod]) -> str:
    """For each method: unpack the recorded arguments, call, pack the result."""
    return "\n".join(_replay(method) for method in methods)


def _replay(method: CppMethod) -> str:
    arguments = ", ".join(
        f"scriptkit::Value<{parameter.type}>::unpack(given[{place}])"
        for place, parameter in enumerate(method.parameters)
    )
    call = f"model.{method.name}({arguments})"
    if method.returns == "void":
        body = f"    {call};\n    return c10::IValue();"
    else:
        body = f"    return scriptkit::Value<{method.returns}>::pack({call}, result_type);"
    return f'  if (method == "{method.source.name}") {{\n{body}\n  }}'


def speed(manifest: Manifest) -> dict[str, str]:
    """What the program does to run an optimised model at its speed: a header, a switch, a conversion after loading."""
    made = {"fusion_header": "", "switched_on": "", "after_loading": ""}
    optimization = manifest.optimization
    if optimization is not None and "onednn_fusion" in optimization.switches:
        made["fusion_header"] = "#include <torch/csrc/jit/codegen/onednn/interface.h>\n"
        made["switched_on"] = (
            "      // for every program of this process whose first calls come after this\n"
            "      if (at::hasMKLDNN()) torch::jit::RegisterLlgaFuseGraph::setEnabled(true);\n"
        )
    if optimization is not None and "optimize_for_inference" in optimization.after_loading:
        others = ", ".join(f'"{method.name}"' for method in manifest.methods if method.name != "forward")
        made["after_loading"] = f"      module = torch::jit::optimize_for_inference(module, {{{others}}});\n"
    return made


def example_call(method: CppMethod) -> str:
    """The statements of `main` that call a method with arguments such as were recorded."""
    lines = [
        f"    const {parameter.type} {parameter.name} = {_example(parameter)};"
        for parameter in method.parameters
        if parameter.default is None
    ]
    given = ", ".join(parameter.name for parameter in method.parameters if parameter.default is None)
    call = f"model.{method.name}({given})"
    if method.returns == "void":
        lines += [f"    {call};", f'    std::cout << "{method.source.name} returned\\n";']
    elif method.returns == "at::Tensor":
        lines += [f"    const at::Tensor result = {call};"]
        lines += [f"    std::cout << \"{method.source.name} returned a tensor of shape \" << result.sizes() << '\\n';"]
    else:
        lines += [f"    [[maybe_unused]] const auto result = {call};"]
        lines += [f'    std::cout << "{method.source.name} returned a {method.returns}\\n";']
    return "\n".join(lines)


def _example(parameter: CppParameter) -> str:
    if parameter.source.example is not None:
        made = _example_value(parameter.source.example, parameter.type)
        if made is not None:
            return made
    return f"{parameter.type}{{}} /* no example was recorded: put yours here */"


def _example_value(example: Example, cpp: str) -> str | None:
    if isinstance(example, TensorExample):
        return _example_tensor(example)
    if isinstance(example, ValueExample):
        return cpp_literal(literal_value(example.literal), cpp)
    items = [_example_value(item, "") for item in example.items]
    if isinstance(example, MappingExample):
        keys = [cpp_literal(literal_value(key), "") for key in example.keys]
        items = [f"{{{key}, {item}}}" if key and item else None for key, item in zip(keys, items, strict=True)]
    known = [item for item in items if item is not None]
    return f"{cpp}{{{', '.join(known)}}}" if len(known) == len(items) else None


def _example_tensor(example: TensorExample) -> str | None:
    if example.dtype not in _SCALAR_TYPES:
        return None
    shape = "{" + ", ".join(map(str, example.shape)) + "}"
    kind = _SCALAR_TYPES[example.dtype]
    if "Float" in kind or kind in ("at::kDouble", "at::kHalf"):
        return f"at::rand({shape}, {kind}).to(model.device())"
    most = 2**63 - 1  # more is no literal of a C++ integer
    low, high = max(int(example.minimum or 0), -most), min(int(example.maximum or 0) + 1, most)
    return f"at::randint({low}, {high}, {shape}, {kind}).to(model.device())"
