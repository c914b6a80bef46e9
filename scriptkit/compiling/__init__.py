"""From a module tree to a plan: how each submodule is compiled, and why.

The parts that deal with traces, in the order in which they work:

- `examples` records the arguments every submodule gets in one eager run.
- `structure` takes nested arguments and results apart into tensors, and puts them together again.
- `rehearsal` traces a module under a `probe`, which sees every Python value that leaves a tensor, and runs trace and
  module side by side on the inputs of `perturb`.
- `trial` judges what came out; `hazards` says it in words.
"""
