"""What archived code, types, sizes and guards may say: what torch prints is read, anything else is refused in words."""

from __future__ import annotations

import pytest

from scriptkit.artifact.code_costs import MOST_REFERENCES, costs
from scriptkit.artifact.code_types import Type, type_of_text
from scriptkit.artifact.code_units import Units, read_units
from scriptkit.artifact.exported_audit import audit_program, is_guard, is_plain_tree, is_symbolic
from scriptkit.errors import ArtifactError

ENTRY = "code/__torch__/m.py"
FUNCTION = "def f(x: Tensor) -> Tensor:\n"


def units(text: str) -> Units:
    return read_units({ENTRY: text.encode()})


UNREADABLE = {
    "class A(Whatever):\n  pass\n": "a class has no such head",
    "class A(Module):\n  pass\nclass A(Module):\n  pass\n": "`A` is defined twice",
    "class A(Module):\n  x\n": "a class has no such member",
    "class A(Module):\n  x : Final[int] = 1\n  x : Final[int] = 2\n": "`x` is defined twice",
    "class A(Module):\n  x : int\n  x : int\n": "`x` has no type, or is declared twice",
    "class A(Module):\n  x : 1\n": "`x` has no type, or is declared twice",
    "class A(Module):\n  __parameters__ = [x, ]\n": "names are listed as texts",
    "class A(Module):\n  def f(self: A) -> int:\n    return 1\n" * 2: "`A` is defined twice",
    "class A(Module):\n" + "  def f(self: A) -> int:\n    return 1\n" * 2: "`f` is defined twice",
    "class A(Module):\n": "its last block is empty",
    "def f(x)\n": "a function has no such head",
    FUNCTION + "  unless x:\n    return x\n": "no block begins with `unless`",
    FUNCTION + "  return x\n" + FUNCTION + "  return x\n": "`f` is defined twice",
    FUNCTION + "".join(f"{'  ' * depth}if True:\n" for depth in range(1, 450)): "its blocks nest more than 400 deep",
}


@pytest.mark.parametrize("text", UNREADABLE, ids=lambda text: UNREADABLE[text])
def test_code_that_torch_never_prints_is_refused(text: str) -> None:
    with pytest.raises(ArtifactError) as caught:
        units(text)
    assert UNREADABLE[text] in str(caught.value)
    assert "`code/__torch__/m.py` cannot be read at line" in str(caught.value)


LITERALS = {
    "1": True,
    "-1.5": True,
    "[1, -2]": True,
    '{"a": (1, None)}': True,
    'float("inf")': True,
    'torch.device("cpu")': True,
    "annotate(List[int], [])": True,
    'annotate(Dict[str, int], {"a": 1})': True,
    "annotate(List[int])": False,
    "annotate(List[int], f)": False,
    "annotate(1, [])": False,
    "float(1, 2)": False,
    'torch.device("cpu"': False,
    "1 - 1": False,
    "x": False,
    "[1][0]": False,
    "inf": True,
}


@pytest.mark.parametrize("text", LITERALS)
def test_a_default_value_is_a_literal_or_is_told(text: str) -> None:
    try:
        found = units(f"def f(x: Any={text}) -> int:\n  return 1\n").computed
    except ArtifactError:
        assert not LITERALS[text]
        return
    assert found == (
        [] if LITERALS[text] else [f"`{ENTRY}` line 1: a default value of `f` is computed while the file is loaded"]
    )


def test_a_default_of_a_named_tuple_is_a_field_too() -> None:
    found = units("class P(NamedTuple):\n  a : int\n  b : int = 2\nclass E(Enum):\n  A = 1\n")
    assert list(found.classes["__torch__.m.P"].attributes) == ["a", "b"]
    assert found.classes["__torch__.m.E"].constants == {"A": "1"}
    assert not found.computed


TYPES = {
    "int": Type("int"),
    "Tuple[()]": Type("Tuple"),
    "Dict[str, List[Tensor]]": Type("Dict", (Type("str"), Type("List", (Type("Tensor"),)))),
    "__torch__.m.A": Type("__torch__.m.A"),
    "List[": None,
    "List[1]": None,
    "List[int int]": None,
    "List[int": None,
    "a.": None,
    "1": None,
    "é": None,
    "int\nint": None,
    "": None,
}


@pytest.mark.parametrize("text", TYPES)
def test_a_text_names_a_type_or_none(text: str) -> None:
    assert type_of_text(text) == TYPES[text]


def test_many_classes_are_no_chain() -> None:
    many = "".join(
        f"class A{number}(Module):\n  x : __torch__.m.A{number // 200 * 200 + 1}\n"
        for number in range(MOST_REFERENCES + 5)
    )
    found = units(many.replace("class A1(Module):\n  x : __torch__.m.A1\n", "class A1(Module):\n  x : int\n"))
    assert costs(found, {}) == []
    long = "".join(
        f"class A{number}(Module):\n  x : __torch__.m.A{number + 1}\n" for number in range(MOST_REFERENCES + 5)
    )
    assert "a chain of more than 300 classes" in costs(units(long), {})[0]
    assert (
        costs(
            units(long.replace("class A7(Module):\n  x : __torch__.m.A8\n", "def A7(x: int) -> int:\n  return x\n")), {}
        )
        == []
    )


SYMBOLIC = {
    "Mul(Integer(2), Symbol('s0', integer=True, positive=True))": True,
    "Float('2.5', precision=53)": True,
    "s0 + 1": True,
    "open('x')": False,
    "s0.bit_length()": False,
    "Symbol('s0', whatever=True)": False,
    "Symbol('__import__(1)')": False,
    "s0 +": False,
    "(" * 5000: False,
}
GUARDS = {
    "L['args'][0].size()[0] >= 2": True,
    "math.ceil(L['args'][0].size()[0] / 2) < 5": True,
    "max(L['args'][0].size()[0], 2) != math.inf": True,
    "math.floor(0.7*torch.sym_float(L['x'].size()[1])) >= 2": True,
    "abs((-10) + L['x'].size()[1]) >= 2": True,
    "torch.load('x') == 1": False,
    "torch.sym_float.__class__": False,
    "math.factorial(3) > 1": False,
    "math.pi > 1": False,
    "L['args'][0].size(0) == 1": False,
    "L['args'][0].data": False,
    "open('x')": False,
    "print(L)": False,
    "L[": False,
}
TREES = {
    "": True,
    '[1, {"type": null, "context": null, "children_spec": []}]': True,
    '[1, {"type": "builtins.tuple", "context": "null", "children_spec": []}]': True,
    '[1, {"type": "collections.deque", "context": "null", "children_spec": []}]': False,
    "[1]": False,
    "[1, 2]": False,
    "{": False,
    "1": False,
}


@pytest.mark.parametrize("text", SYMBOLIC, ids=lambda text: text[:40])
def test_a_size_is_an_expression_of_sizes_or_refused(text: str) -> None:
    assert is_symbolic(text) is SYMBOLIC[text]


@pytest.mark.parametrize("text", GUARDS)
def test_a_guard_asks_for_sizes_or_is_refused(text: str) -> None:
    assert is_guard(text) is GUARDS[text]


@pytest.mark.parametrize("text", TREES)
def test_values_nest_in_tuples_lists_and_dictionaries_only(text: str) -> None:
    assert is_plain_tree(text) is TREES[text]


def test_a_program_with_objects_of_classes_is_refused() -> None:
    document = {"graph_module": {"graph": {"inputs": [{"as_custom_obj": {"name": "x"}}]}}}
    assert "`p` holds objects that are no tensors" in audit_program("p", document)
