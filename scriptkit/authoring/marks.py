"""Where pickles of version 0.1.0 look for the mark of a traced part; new ones name nothing of scriptkit."""

from scriptkit.live.marks import Mark as Mark  # noqa: PLC0414  # for pickle, by this path
