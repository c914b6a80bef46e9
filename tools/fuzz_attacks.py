"""Attacks that `tools.fuzz_file` puts into files: each runs code, reads foreign memory or kills, if believed."""

from __future__ import annotations

OWNED = "owned"
"""The file that code of a file leaves behind when it runs."""

_STATE = """  def __setstate__(self: __torch__.torch.nn.modules.linear.Linear,
    state: {state}) -> NoneType:
    {body}
    return None
  def __getstate__(self: __torch__.torch.nn.modules.linear.Linear) -> {state}:
    return annotate({state}, {{}})"""
_BODIES = ('torch.save([1], "owned")', 'f = torch.save\n    f([1], "owned")', 'ops.aten.save([1], "owned")')
_STATES = ("Dict[str, Tensor]", "Dict[Any, Any]")

IN_CLASS = [_STATE.format(state=state, body=body) for state in _STATES for body in _BODIES]
IN_CLASS += [text.replace("  def", " \fdef") for text in IN_CLASS]
IN_CLASS += [
    '  x : Final[int] = torch.numel(torch.from_file("owned", True, 10))',
    "  y : Final[List[int]] = [0] * 400000000",
    '  z : Final[int] = len("a" * 10)',
    "  __parameters__ = [torch.save]",
    "  weight : int",
    "  first : __torch__.torch.nn.modules.normalization.LayerNorm",
    "import os",
    "class X(Y):",
    '  __annotations__["weight"] = List[int]',
]
IN_BODY = [
    '    torch.save([1], "owned")',
    "    y = ops.inductor._reinterpret_tensor(x, [4000], [1], 0)",
    "    y = torch.as_strided(CONSTANTS.c0, [4000], [1], 0)",
    "    y = torch._sparse_coo_tensor_unsafe(x, x, [10])",
    '    s = torch.zfill("a", 3000000000)',
    "\n".join(['    s0 = "abcdefgh"', *(f"    s{n + 1} = torch.add(s{n}, s{n})" for n in range(40))]),
    "    y = unchecked_cast(__torch__.torch.nn.modules.normalization.LayerNorm, self.first)",
    "    y = " + "not " * 3000 + "True",
    "    y = x" + " + x" * 3000,
    "    y = " + "(" * 300 + "x" + ")" * 300,
    "    y = x" + ".t()" * 3000,
    "    _0 = torch.manual_seed(1)",
    "    y = ops.prim.PythonOp(x)",
    "    y = ops.prim.DifferentiableGraph(x)",
    "    y = torch.set_(x, x)",
    "    while True:\n      pass",
    "    y = CONSTANTS.c99999999999999999999",
    "    y = uninitialized(Tensor)",
    "    t = torch",
    '    y = "a" "b"',
    "    y = 1if True else 2",
]
IN_HEAD = [
    ("scale: float=2.", 'scale: float=float(torch.numel(torch.from_file("owned", True, 10)))'),
    ("scale: float=2.", "scale: List[int]=[0] * 400000000"),
    ("scale: float=2.", "scale: float=" + "-" * 3000 + "2."),
    ("scale: float=2.", "scale: float=3."),
    ("name: str", "name: int"),
    ("-> Tensor", "-> int"),
    ("(Module)", "(NamedTuple)"),
    ("(Module)", "(Enum)"),
    ("(Module)", ""),
    ("class ", "class\f"),
    (" : ", " :  "),
    ("Final[int] = ", "Final[str] = "),
    ("bool", "Dict[str, Tuple[int, List[Optional[Tensor]]]]"),
    ("Optional[bool]", "Optional[" * 90 + "int" + "]" * 90),
    ("Optional[bool]", "__torch__.torch.classes.quantized.Conv2dPackedParamsBase"),
]
PICKLES = [
    b"\x80\x02)" + b"\x85" * 200_000 + b".",
    b"\x80\x02" + b"(" * 100_000 + b".",
    b"\x80\x02]q\x00(h\x00e.",
    b"\x80\x02)" + b"".join(b"q" + bytes([n]) + b"h" + bytes([n]) + b"\x86" for n in range(200)) + b".",
    b"\x80\x02)r\xff\xff\xff\xff.",
    b"\x80\x02X\xff\xff\xff\x7fa.",
    b"\x80\x02cposix\nsystem\nX\x02\x00\x00\x00ls\x85R.",
    b"\x80\x02}.",
    b"\x80\x02N.",
    b"\x80\x02).",
    b"\x80\x02K\x01.",
    b"\x80\x02(K\x01K\x02.",
    b"\x80\x02ctorch.jit._pickle\nrestore_type_tag\n]X\x09\x00\x00\x00List[int]\x86R.",
    b"\x80\x02ctorch._utils\n_rebuild_sparse_tensor\n(K\x01)\x89NNtR.",
    b"\x80\x03N.",
    b"",
]
ENTRY_NAMES = [
    "data.PKL",
    "CODE/__torch__.py",
    "code/__torch__.PY",
    "code/__torch__/../x.py",
    "code/__torch__/torch.py",
    "code/__torch__.py",
    "model.json",
    "constants.pkl",
    "data/00",
    "data/99999999999999999999",
    "data/-1",
    "extra/x",
    ".data/version",
    "attributes.pkl",
    "a\nb",
    "é",
    "",
    "/",
    "x" * 60000,
]
