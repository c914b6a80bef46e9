"""Classes of `__main__`, of notebooks and of `exec` compile where cloudpickle or dill brought them."""

from __future__ import annotations

import ast
import importlib.util
import linecache
import pickle
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

import scriptkit
from scriptkit.live import arrived_text
from scriptkit.live.arrived_text import settle, settle_classes
from scriptkit.live.code_text import Block, definitions, is_text_of, keep_lines, names_in_text
from scriptkit.live.sent_text import KEY, SentText, collected, is_sent_by_value

HERE = Path(__file__).parent / "by_value"
LIBRARIES = [name for name in ("cloudpickle", "dill") if importlib.util.find_spec(name) is not None]
X = torch.ones(2, 4)


@pytest.mark.skipif(not LIBRARIES, reason="neither cloudpickle nor dill is installed")
def test_in_another_process_without_the_file(tmp_path: Path) -> None:
    file = tmp_path / "main.py"
    shutil.copy(HERE / "sender.py", file)
    subprocess.run([sys.executable, str(file), str(tmp_path), *LIBRARIES], check=True)
    file.unlink()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    done = subprocess.run(
        [sys.executable, str(HERE / "receiver.py"), str(tmp_path)],
        check=True,
        cwd=elsewhere,
        capture_output=True,
        text=True,
    )
    told = [f"{library}.{name}: equal" for library in LIBRARIES for name in ("class", "compiled", "instance", "whole")]
    assert done.stdout.splitlines() == told


TEXT = """
from __future__ import annotations
import math
from typing import List
import torch
from torch import nn, Tensor
from scriptkit import Final, ScriptableModule, export
TIMES: int = 3

def turned(x: Tensor, times: int) -> Tensor:
    return x * times * math.pi

class Cell(ScriptableModule):
    scale: Final[float]
    names: List[str]

    def __init__(self, scale: float = 2.0) -> None:
        super().__init__()
        self.scale = scale
        self.names = []
        self.fc = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        return turned(self.fc(x), TIMES) * self.scale

    @torch.no_grad()
    def quiet(self, x: Tensor) -> Tensor:
        return self.fc(x)

    @export
    def both(self, x: Tensor) -> List[Tensor]:
        return [self(x), self.quiet(x)]
"""


def cell(path: str, text: str = TEXT) -> Any:
    """The class, made by `exec` of a text that `linecache` knows, in a module that nobody can import."""
    linecache.cache[path] = (len(text), None, text.splitlines(keepends=True), path)
    namespace: dict[str, Any] = {"__name__": "a_notebook"}
    exec(compile(text, path, "exec"), namespace)
    return namespace["Cell"]


def through_dill(value: Any, path: str, other: str | None) -> Any:
    """What arrives in a process that has no such text, or another one."""
    dill = pytest.importorskip("dill")
    data = dill.dumps(value, recurse=True)
    linecache.cache.pop(path, None)
    if other is not None:
        linecache.cache[path] = (len(other), None, other.splitlines(keepends=True), path)
    return dill.loads(data)


@pytest.mark.parametrize("path", ["<ipython-input-3-ab>", "<string>", "/nowhere/cell.py"])
@pytest.mark.parametrize("other", [None, "# something else\n" * 40], ids=["no text", "another text"])
@pytest.mark.filterwarnings("ignore:.*Cannot locate reference.*", "ignore::Warning:dill")
def test_text_comes_with_a_class(path: str, other: str | None) -> None:
    cls = cell(path)
    module = cls()
    arrived, arrived_class = through_dill((module, cls), path, other)
    assert arrived_class is not cls
    made = arrived_class(1.0)
    made.load_state_dict(module.state_dict())
    assert torch.equal(arrived(X), module(X))
    assert torch.allclose(made(X), module(X) / 2)
    assert torch.equal(arrived.both(X)[1], module.fc(X))
    assert scriptkit.is_compiled(arrived)
    assert not scriptkit.report(arrived).eager_calls
    named = arrived_class.forward.__code__.co_filename
    assert named == (path if other is None else f"<sent {path}>")
    linecache.cache.pop(named)


def test_the_lines_are_those_of_when_the_class_was_made(tmp_path: Path) -> None:
    file = tmp_path / "cell.py"
    file.write_text(TEXT)
    namespace: dict[str, Any] = {"__name__": "a_notebook"}
    exec(compile(TEXT, str(file), "exec"), namespace)
    file.unlink()
    linecache.checkcache(str(file))
    texts = [text for _, _, text in collected([namespace["Cell"]])["blocks"]]
    assert any(text.startswith("class Cell(ScriptableModule):") for text in texts)
    assert any(text.startswith("def turned(") for text in texts)


def test_text_that_is_not_that_of_the_code_stays_behind() -> None:
    path = "<edited>"
    cls = cell(path)
    edited = TEXT.replace("* self.scale", "* self.fc.weight").replace("math.pi", "math.tau")
    keep_lines(path)  # as it was
    linecache.cache[path] = (1, None, edited.splitlines(keepends=True), path)
    keep_lines(path)
    texts = "".join(text for _, _, text in collected([cls])["blocks"])
    assert "math.tau" not in texts


def test_a_class_whose_text_nobody_knows_is_sent_without(tmp_path: Path) -> None:
    another = tmp_path / "another.py"
    another.write_text("class Bare:\n    def twice(self):\n        return 2\n    def thrice(self):\n        return 3\n")
    keep_lines(str(another))  # of the same name, and with other methods
    namespace: dict[str, Any] = {"__name__": "a_notebook", "torch": torch, "scriptkit": scriptkit}
    exec("class Bare(scriptkit.ScriptableModule):\n def twice(self): return 2", namespace)
    content = collected([namespace["Bare"]])
    assert content["blocks"] == []
    again = pickle.loads(pickle.dumps(SentText([namespace["Bare"]])))
    assert again.arrived == content
    assert pickle.loads(pickle.dumps(again)).arrived == content


def test_another_torch_on_the_other_side_is_told() -> None:
    cls = cell("<versions>")
    content = collected([cls])
    content["versions"] = {"torch": "2.1.0", "scriptkit": "0.0.1"}
    with pytest.warns(scriptkit.ScriptkitWarning) as told:
        settle_classes([cls], content)
    (warning,) = told
    assert str(warning.message).startswith("Cell was sent from a process with torch 2.1.0, and runs here with torch ")
    assert "; scriptkit 0.0.1, and runs here with scriptkit " in str(warning.message)


def test_names_that_a_module_here_lacks_are_defined() -> None:
    path = "<names>"
    text = TEXT.replace("class Cell", "class Other:\n    pass\n\n\nclass Cell").replace(
        "super().__init__()", "super().__init__()\n        self.other = Other.__name__"
    )
    cls = cell(path, text)
    content = collected([cls])
    namespace = cls.forward.__globals__
    for name in ("math", "TIMES", "turned", "Other", "Tensor", "torch"):
        del namespace[name]
    settle_classes([cls], content)
    assert {"math", "TIMES", "turned", "Other", "Tensor", "torch"} <= namespace.keys()
    module = cls()
    assert torch.equal(module(X), module.fc(X) * 3 * namespace["math"].pi * 2.0)


def test_a_class_that_did_not_arrive_is_left_alone() -> None:
    cls = cell("<here>")
    code = cls.forward.__code__
    settle(cls)
    assert cls.forward.__code__ is code
    assert not is_sent_by_value(torch.nn.Linear)
    assert is_sent_by_value(cls)
    assert KEY in vars(cls)


FUNCTIONS = '''
class Net:
    def forward(self, x, __hidden=3, *, scale: "float" = 2.0):
        """Words."""
        class Seven: value = 7
        def inner(y): return y * self.__factor + Seven.value
        return inner(x).relu() if scale > 1.5 else x
'''


@pytest.mark.parametrize(
    ("edit", "is_text"),
    [
        (("", ""), True),
        (("relu", "tanh"), False),
        (("1.5", "1.25"), False),
        (("scale", "scales"), False),
        (("forward", "backward"), False),
        (("inner(x)", "inner(x) + other"), False),
    ],
)
def test_a_text_is_compared_with_the_code(edit: tuple[str, str], is_text: bool) -> None:
    namespace: dict[str, Any] = {}
    exec(compile(FUNCTIONS, "<functions>", "exec"), namespace)
    code = namespace["Net"].forward.__code__
    edited = FUNCTIONS.replace(*edit) if edit[0] else FUNCTIONS
    found = [node for node in definitions(edited.splitlines(keepends=True)) if node.name in {"forward", "backward"}]
    assert is_text_of(found[0], code) is is_text
    assert not is_text_of(ast.parse("class forward: pass").body[0], code)


def test_names_in_a_text() -> None:
    assert {"deco", "Tensor", "List", "x"} <= names_in_text(
        "    @deco\n    def f(x: 'List[Tensor]'):\n        return x\n"
    )
    assert definitions(["def broken(:\n"]) == []


def test_two_texts_of_one_path_have_names_of_their_own() -> None:
    block = Block("<twice>", 1, "def one(): return 1\n")
    linecache.cache["<twice>"] = (1, None, ["another = 1\n"], "<twice>")
    linecache.cache["<sent <twice>>"] = (1, None, ["a third = 1\n"], "<sent <twice>>")
    assert arrived_text._made_readable([block]) == {"<twice>": "<sent <twice> 2>"}
    assert linecache.getline("<sent <twice> 2>", 1) == block.text
