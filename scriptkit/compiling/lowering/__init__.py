"""Other people's modules, lowered: evaluated against the live instance down to what TorchScript accepts.

    module, example inputs ── evaluate ──> residual program (Python AST, one class per kind of module)
                                  │                     └── engine compiles it, positions of the user's files kept
                                  ├──> facts read, to be checked before each call
                                  └──> or diagnostics: which line, and why

The evaluator interprets the code of `forward` and of everything it calls. What depends on static facts alone runs as
Python; what touches a value known only at run time is written into the residual program. The rooms, each of which
imports only those before it:

    world        what the run knows of the living instance: values, calls, effects, facts, sources
    program      the residual program while it is written
    evaluator    one run; a handler asks it for what lies above, through `Semantics`
    paths        branches (both arms, and what they leave made one), conditions, the rounds of loops
    operations   operators, methods of tensors and lists, functions of torch
    objects      attributes, items, modules, what is written on them, hooks
    calling      calls: evaluated, written into the program, run natively, or refused
    code         expressions and statements, one function per kind of node

`paths/branching` follows `x = a if t > 0 else b` from source to program; `code/carrying` does so for a loop.
"""

from scriptkit.compiling.lowering.lowered import LoweredModule, LoweringError
from scriptkit.compiling.lowering.run import Obstacle, lower, obstacles

__all__ = ["LoweredModule", "LoweringError", "Obstacle", "lower", "obstacles"]
