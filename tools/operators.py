"""Generate the operator table of `scriptkit.language` for the installed torch: `python -m tools.operators`.

What compiled code may call is asked of the compiler itself: its schemas, its table of Python functions that stand for
operators, and, for everything else in torch's public namespaces, whether `torch.jit.script` takes it.
"""

from __future__ import annotations

import argparse
import inspect
import json
import math
import re
import runpy
import sys
import tempfile
import types
import warnings
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from scriptkit.language import operators, versions

if TYPE_CHECKING:
    from collections.abc import Iterable

NAMESPACES = {
    "torch": torch,
    "torch.nn.functional": torch.nn.functional,
    "torch._C._nn": torch._C._nn,
    "torch.functional": torch.functional,
    "torch.linalg": torch.linalg,
    "torch.fft": torch.fft,
    "torch.special": torch.special,
    "torch.nn.init": torch.nn.init,
    "torch.nn.utils.rnn": torch.nn.utils.rnn,
    "torch.autograd": torch.autograd,
    "torch._VF": torch._VF,
    "math": math,
    "torch.jit": torch.jit,
}
SPECIAL = frozenset({"torch.jit"})


def main() -> int:
    """Write the table, or with --check say whether the shipped one is what this torch gives."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    made = json.loads(json.dumps(build()))
    version = "{}.{}".format(*versions.numbers(torch.__version__))
    shipped = {known: _shipped(known) for known in versions.known()}
    if arguments.check:
        fresh = shipped.get(version) == made
        sys.stdout.write("up to date\n" if fresh else f"the table of {version} is out of date: run `make operators`\n")
        return 0 if fresh else 1
    for known, table in {**shipped, version: made}.items():
        base = made if version == operators.BASE else shipped[operators.BASE]
        _write(known, table if known == operators.BASE else operators.differing(base, table))
    size = (versions.TABLES / f"{version}{versions.ENDING}").stat().st_size
    sys.stdout.write(f"{version}: {size} bytes from torch {torch.__version__}\n")
    return 0


def _shipped(version: str) -> dict[str, Any]:
    data = operators.of_torch(version).data
    return {key: sorted(value) if key in operators.SETS else value for key, value in data.items()}


def _write(version: str, data: dict[str, Any]) -> None:
    path = versions.TABLES / f"{version}{versions.ENDING}"
    text = json.dumps(data, separators=(",", ":"), sort_keys=True)
    if (
        not path.exists() or zlib.decompress(path.read_bytes()).decode() != text
    ):  # zlib's bytes are not everywhere the same
        temporary = path.with_suffix(".part")
        temporary.write_bytes(zlib.compress(text.encode(), 9))
        temporary.replace(path)


def build() -> dict[str, Any]:
    """The table as plain data; see `scriptkit.language.operators` for how it is read."""
    functions, python, refused, constants = _functions()
    return {
        "torch": torch.__version__.partition("+")[0],
        "operators": _operators(),
        "functions": functions,
        "python_functions": python,
        "refused": sorted(refused),
        "constants": constants,
        "tensor_attributes": _tensor_attributes(),
        "tensor_methods": _tensor_methods(),
        "tensor_python_only": sorted(name for name in dir(torch.Tensor) if not name.startswith("__")),
        "modules": _modules(),
    }


def _operators() -> dict[str, list[str]]:
    names = sorted({schema.name for schema in torch._C._jit_get_all_schemas()})
    found = {}
    for name in names:
        namespace, _, short = name.partition("::")
        if namespace in ("aten", "prim"):
            overloads = [_schema(schema) for schema in torch._C._jit_get_schemas_for_operator(name)]
            found[short if namespace == "aten" else name] = overloads
    return found


def _schema(schema: Any) -> str:
    """`self Tensor;alpha number =*->Tensor`: `=` has a default, `*` keyword only, a digit the length of `int[2]`."""
    arguments = ";".join(f"{a.name} {_type(a.type)} {_flags(a)}".rstrip() for a in schema.arguments)
    vararg = "..." if "..." in str(schema) else ""
    return f"{arguments}{vararg}->{_returns(schema.returns)}"


def _flags(argument: Any) -> str:
    default, keyword = "=" if argument.has_default_value() else "", "*" if argument.kwarg_only else ""
    return f"{default}{keyword}{argument.N or ''}"


def _returns(returns: Any) -> str:
    """`values=Tensor;indices=Tensor` where a tuple comes back whose parts have names."""
    named = len(returns) > 1 and all(r.name for r in returns)
    return ";".join(f"{r.name}={_type(r.type)}" if named else _type(r.type) for r in returns)


def _type(given: Any) -> str:
    return str(given.annotation_str).replace(" ", "")


def _functions() -> tuple[dict[str, str], dict[str, list[str]], set[str], dict[str, str]]:
    table = torch.jit._builtins._get_builtin_table()
    functions: dict[str, str] = {}
    python: dict[str, list[str]] = {}
    refused: set[str] = set()
    constants: dict[str, str] = {}
    for prefix, namespace in NAMESPACES.items():
        for name in sorted(dir(namespace)):
            value, dotted = getattr(namespace, name), f"{prefix}.{name}"
            if name.startswith("__") or prefix in SPECIAL:
                continue
            if id(value) in table and callable(value):
                if not isinstance(value, type):
                    functions[dotted] = table[id(value)].removeprefix("aten::")
            elif isinstance(value, (torch.dtype, torch.layout, torch.memory_format)):
                constants[dotted] = "int"
            elif isinstance(value, (int, float)) and prefix in ("torch", "math"):
                constants[dotted] = type(value).__name__
            elif callable(value) and not isinstance(value, type) and not name.startswith("_"):
                schemas = _script(value)
                if schemas:
                    python[dotted] = schemas
                elif isinstance(value, (types.FunctionType, types.BuiltinFunctionType)):
                    refused.add(dotted)
    operators = {schema.name.removeprefix("aten::") for schema in torch._C._jit_get_all_schemas()}
    without = [name for name, operator in functions.items() if operator not in operators]
    refused.update(name for name in without if _is_unknown(name))
    return {name: op for name, op in functions.items() if name not in without}, python, refused, constants


def _is_unknown(dotted: str) -> bool:
    """Whether the compiler knows no operator for a function of its own table."""
    return "Unknown builtin op" in _say(f"{dotted}(x)")


def _say(expression: str) -> str:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "probe.py"
        path.write_text(f"import torch\ndef f(x: torch.Tensor):\n    return {expression}\n")
        try:
            torch.jit.script(runpy.run_path(str(path))["f"])
        except Exception as refusal:  # noqa: BLE001
            return str(refusal)
    return ""


def _script(function: Any) -> list[str]:
    """The schemas of a Python function compiled code may call; empty where the compiler refuses it."""
    overloads = torch.jit._script._get_overloads(function) if isinstance(function, types.FunctionType) else None
    if overloads:
        return [_schema(overload.schema) for overload in overloads]
    dispatch = torch._jit_internal.boolean_dispatched.get(function)
    if dispatch is not None:
        both = [_script(dispatch[key]) for key in ("if_false", "if_true")]
        return [f"?{dispatch['arg_name']}", *both[0], *both[1]]
    try:
        scripted = torch.jit.script(function)
    except Exception:  # noqa: BLE001 - whatever the compiler raises means no
        return []
    return [_from_graph(function, scripted.graph)]


def _from_graph(function: Any, graph: Any) -> str:
    """The schema of a scripted function. Its own `schema` fails on an int default of a `BroadcastingList2[int]`."""
    shown = []
    source = inspect.getsource(function)
    for parameter, value in zip(inspect.signature(function).parameters.values(), graph.inputs(), strict=True):
        length = re.search(rf"\b{parameter.name}: (?:Optional\[)?BroadcastingList(\d)", source)
        flags = ("" if parameter.default is parameter.empty else "=") + (length[1] if length else "")
        shown.append(f"{parameter.name} {_type(value.type())} {flags}".rstrip())
    return f"{';'.join(shown)}->{';'.join(_type(value.type()) for value in graph.outputs())}"


def _probe(expressions: Iterable[str]) -> dict[str, str]:
    """Expressions over a tensor `x` the compiler accepts, with their types."""
    found: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as folder:
        for number, expression in enumerate(expressions):
            path = Path(folder) / f"probe{number}.py"
            path.write_text(f"import torch\ndef f(x: torch.Tensor):\n    return {expression}\n")
            scope = runpy.run_path(str(path))
            try:
                found[expression] = _type(torch.jit.script(scope["f"]).schema.returns[0].type)
            except Exception:  # noqa: BLE001, S112
                continue
    return found


def _tensor_attributes() -> dict[str, str]:
    names = [name for name in dir(torch.Tensor) if not name.startswith("__")]
    return {text.removeprefix("x."): kind for text, kind in _probe(f"x.{name}" for name in names).items()}


def _tensor_methods() -> dict[str, str]:
    """Methods without a schema that take no argument (`float`, `cpu`, ...) and what they give."""
    known = {schema.name for schema in torch._C._jit_get_all_schemas()}
    names = [name for name in dir(torch.Tensor) if not name.startswith("_") and f"aten::{name}" not in known]
    calls = [f"x.{name}()" for name in names if callable(getattr(torch.Tensor, name))]
    return {text.removeprefix("x.").removesuffix("()"): kind for text, kind in _probe(calls).items()}


def _modules() -> dict[str, Any]:
    """For each class of `torch.nn`: the parameters of its forward and its class-level annotations, as text."""
    found = {}
    for name in sorted(dir(torch.nn)):
        cls = getattr(torch.nn, name)
        if isinstance(cls, type) and issubclass(cls, torch.nn.Module) and cls is not torch.nn.Module:
            found[name] = {"forward": _forward(cls), "attributes": _annotations(cls)}
    return found


def _annotations(cls: type) -> dict[str, str]:
    given: dict[str, Any] = next((vars(c)["__annotations__"] for c in cls.__mro__ if "__annotations__" in vars(c)), {})
    return {name: _spell(annotation) for name, annotation in given.items() if not name.startswith("_")}


def _spell(annotation: Any) -> str:
    if annotation is inspect.Parameter.empty:
        return ""
    if isinstance(annotation, str):
        return annotation
    return (
        annotation.__name__ if isinstance(annotation, type) and not hasattr(annotation, "__args__") else str(annotation)
    )


def _forward(cls: Any) -> dict[str, Any] | None:
    try:
        signature = inspect.signature(cls.forward)
    except (TypeError, ValueError):
        return None
    parameters = list(signature.parameters.values())[1:]
    if cls.forward is torch.nn.Module.forward:
        return None
    return {
        "parameters": [[p.name, _spell(p.annotation), p.default is not p.empty, str(p.kind.name)] for p in parameters],
        "returns": _spell(signature.return_annotation),
    }


if __name__ == "__main__":
    sys.exit(main())
