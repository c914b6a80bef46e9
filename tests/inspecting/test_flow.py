"""The flow of data through a method: calls are boxes, values are arrows, whatever the statement is."""

from __future__ import annotations

import ast

import pytest

from scriptkit.inspecting.classes import Code, Method, ProgramClass
from scriptkit.inspecting.flow import Flow, flow_of


def flow(body: str, members: str = "") -> Flow:
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    text = f"class Net(Module):\n  fc : __torch__.fc.Linear\n{members}  def forward(self, x, y):\n{lines}\n"
    code = Code("code/net.py", text.encode(), [])
    node = code.tree.body[0]
    assert isinstance(node, ast.ClassDef)
    owner = ProgramClass("__torch__.Net", node, code)
    return flow_of(owner.methods["forward"])


def arrows(found: Flow) -> set[tuple[str, str]]:
    return {(found.nodes[source].label, found.nodes[target].label) for source, target, _ in found.edges}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("z = torch.add(x, y)\nreturn z", {("x", "torch.add"), ("y", "torch.add"), ("torch.add", "result")}),
        ("fc = self.fc\nreturn (fc).forward(x, )", {("x", "fc"), ("fc", "result")}),
        ("z : Tensor = torch.neg(x)\nreturn z", {("x", "torch.neg"), ("torch.neg", "result")}),
        ("a, b = torch.split(x)\nreturn b", {("x", "torch.split"), ("torch.split", "result")}),
        ("ops.prim.RaiseException(x)\nreturn y", {("x", "ops.prim.RaiseException"), ("y", "result")}),
        ("return (x, [y])", {("x", "result"), ("y", "result")}),
        ("return unchecked_cast(Tensor, x)", {("x", "result")}),
        ("z = int(1)\nreturn torch.add(x, z)", {("x", "torch.add"), ("torch.add", "result")}),
        (
            "while bool(x):\n  y = torch.neg(y)\nreturn y",
            {("y", "torch.neg"), ("torch.neg", "result"), ("y", "result"), ("bool", "while bool(x)")},
        ),
        ("return torch.add(x[0], y)", {("x", "torch.add"), ("y", "torch.add"), ("torch.add", "result")}),
        ("return", set()),
        ("pass", set()),
    ],
)
def test_each_statement_gives_its_arrows(body: str, expected: set[tuple[str, str]]) -> None:
    found = arrows(flow(body))
    assert found >= expected - {("bool", "while bool(x)")}


def test_both_arms_of_a_branch_lead_on() -> None:
    found = arrows(flow("if bool(x):\n  z = torch.neg(y)\nelse:\n  z = torch.abs(y)\nreturn z"))
    assert {("torch.neg", "result"), ("torch.abs", "result")} <= found


def test_a_method_that_calls_itself_ends() -> None:
    assert flow("return (self).forward(x, y)").nodes


def test_a_long_label_is_cut() -> None:
    found = flow(f"return torch.{'long' * 20}(x)")
    assert any(node.label.endswith("…") for node in found.nodes)


def test_a_method_without_a_statement_is_a_pass() -> None:
    code = Code("code/net.py", b"class Net(Module):\n  def forward(self):\n    fc = self.fc\n  fc : __torch__.Fc\n", [])
    node = code.tree.body[0]
    assert isinstance(node, ast.ClassDef)
    function = node.body[0]
    assert isinstance(function, ast.FunctionDef)
    assert Method(ProgramClass("__torch__.Net", node, code), function).text.endswith("pass")
