"""Which form for which submodule, and why."""
