"""Lowered programs as Python that torch.export follows: their branches and loops become calls of `control_flow`.

lowered program (Python AST, joined and typed) ── rewriter ──> functions for arms and bodies ── program ──> modules
"""
