"""Every module of torch beside its compiled form and its file: `python -m tools.torch_modules`.

torch's own database of modules ──┐
                                  cases ── judging ──> values, state and gradients of six calls ── table
options that write to the module ─┘
"""
