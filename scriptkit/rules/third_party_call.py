"""The rule `third-party-call`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.language.problems import calls
from scriptkit.rules.examples import forward
from scriptkit.rules.reading import quoted
from scriptkit.rules.rule import Invalid, ProblemRule

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts, Problem


class ThirdPartyCall(ProblemRule[calls.ExternalCall]):
    """A call of a function from another library, or from the standard library."""

    code = "SK415"
    name = "third-party-call"
    raw = (
        "is currently not supported in Torchscript",
        "cannot create weak reference to",
        r"prim::id\(AnyClassType\? x\) -> int: Expected a value of type .Optional",
    )
    kinds = (calls.ExternalCall,)
    note = "the compiler compiles functions of torch, of `math`, and of the project itself"
    VALID = ("import math\n\n" + forward("return x * math.sqrt(2.0)"), forward("return torch.histc(x)"))
    INVALID = (
        Invalid(
            "import numpy as np\n\n" + forward("counts = np.histogram(x)  # <-\nreturn x"),
            "cannot create weak reference to 'numpy._ArrayFunctionDispatcher' object",
        ),
        Invalid(
            "import random\n\n" + forward("return x * random.random()  # <-"),
            "is currently not supported in Torchscript",
        ),
        Invalid("import time\n\n" + forward("return x * time.time()  # <-"), "Python builtin <built-in function time>"),
    )

    def describe(self, cls: ClassFacts, problem: Problem[calls.ExternalCall]) -> Diagnostic:
        name, root = problem.data.name, problem.data.root
        help = _HELP.get(root, "use an operator of torch, or move the call to a method marked `@torch.jit.ignore`")
        return self.about(
            cls, problem, f"{quoted(name)} cannot be compiled", label=f"a Python function of `{root}`", help=help
        )


_HELP = {
    "numpy": "use the operator of torch",
    "cv2": "use operators of torch or torchvision on tensors",
    "random": "use `torch.rand` or `torch.randint`",
    "copy": "use `clone()` for a tensor, or make a new list or dict",
    "logging": "log outside the model, or use `print`",
    "warnings": "use `print`, or raise an exception",
    "time": "measure time outside the model",
    "einops": "use `view`, `permute`, `reshape` and `flatten`",
}
