"""`is` between members of an enum: compiled code makes members anew, so that no two are one object.

The rule `enum-identity` tells of it where the text shows an enum. What no text shows (an enum of an installed package,
or of `import *`) is put right here: members are compared with `==`, which is the same question.
"""

from __future__ import annotations

from typing import Any, Final

import torch

from scriptkit.engines.torchscript.torch_names.made_nodes import Before

_EQUAL: Final = {"aten::__is__": "aten::eq", "aten::__isnot__": "aten::ne"}
CONCERNS: Final = frozenset(_EQUAL)


def put_right(graph: Any) -> None:
    """Replace such questions in a compiled graph; call this before it runs."""
    for kind, equal in _EQUAL.items():
        for node in graph.findAllNodes(kind, True):  # also in blocks
            one, other = node.inputs()
            if one.type().kind() == other.type().kind() == "EnumType":
                node.output().replaceAllUsesWith(Before(graph, node)(equal, one, other))
                node.destroy()
            elif _may_be_member(one) and _may_be_member(other):
                optional, member = (one, other) if one.type().kind() == "OptionalType" else (other, one)
                if member.type().kind() == "EnumType":
                    node.output().replaceAllUsesWith(_unless_none(Before(graph, node), equal, optional, member))
                    node.destroy()


def _may_be_member(value: Any) -> bool:
    kind = value.type()
    inner = kind.getElementType() if kind.kind() == "OptionalType" else kind
    return bool(inner.kind() == "EnumType")


def _unless_none(make: Before, equal: str, optional: Any, member: Any) -> Any:
    """Whether one that may be None is the member: None is none of them."""
    nothing = make.node("prim::Constant", (), torch.NoneType.get()).output()
    choice = make.node("prim::If", (make("aten::__isnot__", optional, nothing),))
    asked, otherwise = choice.addBlock(), choice.addBlock()
    given = asked.addNode("prim::unchecked_cast", [optional])
    given.output().setType(member.type())
    compared = asked.addNode(equal, [given.output(), member])
    compared.output().setType(torch.BoolType.get())
    asked.registerOutput(compared.output())
    answer = otherwise.addNode("prim::Constant", [])
    answer.i_("value", int(equal == "aten::ne"))
    answer.output().setType(torch.BoolType.get())
    otherwise.registerOutput(answer.output())
    return choice.output()
