"""Every dotted name the plugin knows, as mypy spells it."""

from __future__ import annotations

SCRIPTABLE_MODULE = "scriptkit.authoring.module.ScriptableModule"

MODULE = "torch.nn.modules.module.Module"
TENSOR = "torch._tensor.Tensor"
MODULE_LIST = "torch.nn.modules.container.ModuleList"
MODULE_DICT = "torch.nn.modules.container.ModuleDict"
SEQUENTIAL = "torch.nn.modules.container.Sequential"
CONTAINERS = frozenset({MODULE_LIST, MODULE_DICT, SEQUENTIAL})

ITERATORS = frozenset({"builtins.enumerate", "builtins.zip", "builtins.reversed", "builtins.list", "builtins.tuple"})

EXPORTS = frozenset({"scriptkit.authoring.decorators.export", "torch._jit_internal.export"})

CALL = "__call__"
FORWARD = "forward"
EXAMPLE_INPUTS = "example_inputs"
