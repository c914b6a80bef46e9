"""Every file of the corpus with `ScriptableModule` as the base of its models: refused, or equal to eager.

What torch compiles and scriptkit refuses, what runs as Python, and what differs, is listed here with the reason.
"""

import importlib.util
import json
import re
import sys
import warnings
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import nn

from scriptkit import ScriptableModule, ScriptkitError
from scriptkit.language.versions import in_range
from tests.scenarios.comparing import assert_same
from tests.scenarios.watching import python_forwards

CORPUS = Path(__file__).parents[1] / "corpus"
CASES = [json.loads(line) for line in (CORPUS / "verdicts.jsonl").read_text().splitlines()]

DIFFERS = {"mm_int_overflow": "integers have 64 bits in compiled code"}
REFUSED = {"seed003_traced_inside_scripted": "its inner class is meant to be traced, and cannot be scripted"}
COMPILED_SINCE = {"broadcast_shapes": "2.13"}
"""Of torch; an older one refuses it, and so do we."""
PYTHON = {
    "del_list_item": "changes its argument in place",
    "del_dict_item": "changes its argument in place",
}


def load(case: str, folder: Path, *, scriptable: bool) -> ModuleType:
    """The file, as it is or with every plain `nn.Module` class made scriptable; line numbers stay."""
    text = (CORPUS / case).read_text()
    if scriptable:
        text = re.sub(r"\(nn\.Module([,)])", r"(ScriptableModule\1", text)
        text = re.sub(
            r"^import torch$", "import torch; from scriptkit import ScriptableModule", text, flags=re.MULTILINE
        )
    path = folder / f"{'scriptable' if scriptable else 'plain'}_{Path(case).name}"
    path.write_text(text)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[path.stem] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def outcome(module: nn.Module, file: ModuleType) -> Any:
    torch.manual_seed(5)
    arguments = file.inputs()
    torch.manual_seed(6)
    try:
        return comparable(module(*arguments))
    except Exception as error:  # noqa: BLE001 whatever it is: both must raise it
        return f"{type(error).__name__}: {error}"


def comparable(value: Any) -> Any:
    """The two files have a class each of the same name: they compare by name."""
    if hasattr(value, "_fields"):
        return [type(value).__name__, *map(comparable, value)]
    if isinstance(value, list | tuple):
        return type(value)(map(comparable, value))
    if isinstance(value, dict):
        return {comparable(key): comparable(item) for key, item in value.items()}
    return str(value) if type(value).__module__.startswith(("plain_", "scriptable_")) else value


@pytest.mark.parametrize("case", CASES, ids=lambda case: Path(case["file"]).stem)
def test_refused_or_equal_to_eager(case: dict[str, Any], tmp_path: Path) -> None:
    name = Path(case["file"]).stem
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            plain_file = load(case["file"], tmp_path, scriptable=False)
            plain = plain_file.make()
        except NotImplementedError:
            pytest.skip("a decorator of torch refuses it at import")
        if not isinstance(plain, nn.Module):
            pytest.skip("makes a function")
        if "torch.jit.interface" in (CORPUS / case["file"]).read_text():
            pytest.skip("an interface cannot inherit from ScriptableModule")
        try:
            file = load(case["file"], tmp_path, scriptable=True)
            net = file.make()
        except ScriptkitError:
            assert case["kind"] != "positive" or name in REFUSED or _is_refused_by_older(name)
            return
        with python_forwards(net) as entered:
            first = outcome(net, file)
        second = outcome(net, file)
        same = _equal([first, second], [outcome(plain, plain_file), outcome(plain, plain_file)])
    assert same or name in DIFFERS
    is_plain = not isinstance(net, ScriptableModule)
    assert not entered or is_plain or case["kind"] != "positive" or name in PYTHON


def _is_refused_by_older(name: str) -> bool:
    since = COMPILED_SINCE.get(name)
    return since is not None and in_range(str(torch.__version__), "", since)


def _equal(ours: Any, theirs: Any) -> bool:
    try:
        assert_same(ours, theirs)
    except AssertionError:
        return False
    return True
