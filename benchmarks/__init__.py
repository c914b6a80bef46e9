"""Ratios against `torch.jit.script` of the same plain class; `python -m benchmarks` prints them beside their goals."""
