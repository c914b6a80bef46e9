"""Repairs that can be proved: one file each, applied one after the other, each checked again before it stays.

    text ── analyze ──> problems ── a fix ──> edits ── editing ──> new text ── analyze: fewer findings, no new one?

A fix that cannot be sure leaves the code alone. Formatting and comments stay as they are.
"""

from scriptkit.fixing.applying import Proposal, fix_file, fixed_text, is_repaired, proposals

__all__ = ["Proposal", "fix_file", "fixed_text", "is_repaired", "proposals"]
