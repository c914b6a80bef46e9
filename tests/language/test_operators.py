"""The table of operators: made from the installed torch, complete enough to be trusted."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import torch

from scriptkit.language import operators
from scriptkit.language.types import FLOAT, INT, List


def test_the_shipped_table_is_what_the_installed_torch_gives() -> None:
    program = "import json; from tools.operators import build; print(json.dumps(build()))"
    root = Path(__file__).parents[2]  # in a process of its own: other people's operators may be registered in this one
    done = subprocess.run([sys.executable, "-c", program], cwd=root, check=True, capture_output=True, text=True)
    made = json.loads(done.stdout)
    assert {key: made[key] for key in ("torch", "operators", "functions")} == {
        key: operators.table()[key] for key in ("torch", "operators", "functions")
    }
    assert operators.torch_version() == torch.__version__.partition("+")[0]


def test_every_schema_parses() -> None:
    assert all(operators.overloads(name) for name in operators.table()["operators"])
    assert all(operators.python_function(name) for name in operators.table()["python_functions"])


def test_reading_the_language_imports_neither_torch_nor_mypy() -> None:
    code = "import sys, scriptkit.language.inference.classes, scriptkit.language.operators as o; o.table(); "
    code += "assert not {'torch', 'mypy'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_functions_methods_and_constants_are_found() -> None:
    assert operators.operator_of("torch.add") == "add"
    assert operators.operator_of("math.sqrt") == "sqrt"
    assert operators.python_function("torch.nn.functional.relu")
    assert operators.dispatch_argument("torch.nn.functional.max_pool2d") == "return_indices"
    assert operators.is_refused("torch.is_tensor")
    assert operators.constant_type("torch.float32") is INT
    assert operators.constant_type("math.pi") is FLOAT
    assert operators.tensor_attribute("shape") == List(INT)
    assert operators.is_tensor_cast("float")
    assert not operators.is_tensor_cast("bool")
