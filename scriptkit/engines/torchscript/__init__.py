"""The only room that touches `torch.jit`.

    class of a module ── lifting ──> a lifted class: the same code as the compiler accepts it
    live tree ── shadow ──> a tree of lifted classes without hooks ── compiler ──> a compiled type for each module
    compiled type + live tree ── twin ──> a C++ module bound before each call, pulled back after it
    raw error ── translation ──> diagnostics, one per failing method

`adapter` names every private part of torch this room leans on.
"""
