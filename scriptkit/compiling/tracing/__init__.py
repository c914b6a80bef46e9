"""A trace that may be trusted.

- `rehearsal` traces a module under a `probe`, which sees every Python value that leaves a tensor, and runs trace and
  module side by side on varied inputs.
- `trial` judges what came out; `hazards` says it in words; `functions` does the same for plain functions.
"""
