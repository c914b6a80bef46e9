"""Rewrite what is mechanical, from `torch.jit` to scriptkit; leave, and tell, what cannot be proved.

    files ── project: who makes a module of which class ──> steps, one for each thing to rewrite
    steps ── proving: is the new text judged as the old one, and every new ScriptableModule without an error? ──> text

Only the characters that change are touched: comments and formatting stay. Nothing is imported and nothing runs.
"""

from scriptkit.migrating.files import Migrated, migrated_files
from scriptkit.migrating.steps import Left

__all__ = ["Left", "Migrated", "migrated_files"]
