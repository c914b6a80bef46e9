"""From a module tree to a plan: how each submodule is compiled, and why.

lowering/   the partial evaluator: foreign code over its live instance, down to a typed program
tracing/    a trace that may be trusted, or the hazard in words
boundary/   what crosses the boundary of a compiled part
chosen/     a chosen form, bound to the module it stands for
plan/       which form for which submodule, and why
"""
