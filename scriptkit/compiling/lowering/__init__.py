"""Other people's modules, lowered: evaluated against the live instance down to what TorchScript accepts.

    module, example inputs ── evaluate ──> residual program (Python AST, one class per kind of module)
                                  │                     └── engine compiles it, positions of the user's files kept
                                  ├──> facts read, to be checked before each call
                                  └──> or diagnostics: which line, and why

`evaluate` interprets the code of `forward` and of everything it calls (`expressions`, `statements`, `control`). What
depends on static facts alone runs as Python (`calls`, `attributes`, `containers`, `builtin_functions`); what touches a
value known only at run time is written into the residual program (`operators`, `tensors`, `operations`, `residual`).
`control`, `branching`, `joining` and `loops` keep branches and loops that depend on such values. `effects` sees to it
that nothing changes that the run did not create, `state` what the call writes on modules; `facts` are what was read.
"""

from scriptkit.compiling.lowering.lowered import LoweredModule, LoweringError
from scriptkit.compiling.lowering.run import Obstacle, lower, obstacles

__all__ = ["LoweredModule", "LoweringError", "Obstacle", "lower", "obstacles"]
